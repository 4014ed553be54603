"""The signals: thousands of them do not wear out the interpreter."""

import os
import subprocess
import sys
from pathlib import Path

from forllm_desktop.events import Events
from tests.recorder import SIGNALS

# PySide6 6.12.0 on Python 3.11 took a reference of None or True with every emit or call that returns nothing,
# and aborted the interpreter once they had run out.
SCRIPT = """
import sys
from PySide6.QtCore import QCoreApplication
from forllm_desktop.events import Events

app = QCoreApplication([])
events, received = Events(), []
events.reply_grew.connect(lambda *args: received.append(args[0]))
events.job_changed.connect(lambda number: None)
events.subforums_changed.connect(lambda: True)
immortal = sys.version_info >= (3, 12)
before = sys.getrefcount(None), sys.getrefcount(True)
for number in range(2_000):
    events.reply_grew.emit(number, 0, "text")
    events.job_changed.emit(number)
    events.subforums_changed.emit()
    app.processEvents()
    events.blockSignals(False)
after = sys.getrefcount(None), sys.getrefcount(True)
drift = [abs(then - now) for then, now in zip(before, after)]
assert received == list(range(2_000))
assert immortal or max(drift) < 500, drift
"""


def test_thousands_of_signals_cost_no_references() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_recorder_knows_every_signal() -> None:
    signals = [name for name, value in vars(Events).items() if type(value).__name__ == "Signal"]
    assert sorted(signals) == sorted(SIGNALS)


def test_every_signal_is_described() -> None:
    assert Events.__doc__ is not None
    for name in SIGNALS:
        assert f"    {name}(" in Events.__doc__
