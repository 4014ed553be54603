"""`kill -9` while files are attached and drafts are saved: what was saved is there after the next start."""

import os
import select
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from forllm_desktop.services.workspace import open_workspace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills by signal")

KILLS = 6
SILENCE_ALLOWED = 30.0
"""Seconds the app may say nothing."""
APP = """
import sys
from pathlib import Path
from forllm_desktop.services.workspace import open_workspace
workspace = open_workspace(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    place = f"topic:{number % 3}"
    file = workspace.attachments.add_text(f"{number}.txt", f"text {number}")
    files = [*workspace.drafts.files(place)[-4:], file]
    workspace.drafts.save(place, f"draft {number}", files=files)
    print(number, flush=True)
    workspace.attachments.clean()
    number += 1
"""


def test_files_of_drafts_survive(tmp_path: Path) -> None:
    folder, last = tmp_path / "data", -1
    for kill in range(KILLS):
        last = killed_after(folder, last + 1, saves=5 + 7 * kill)
        with closing(open_workspace(folder)) as workspace:
            assert workspace.database.check() == []
            while workspace.attachments.clean():
                pass
            for number in range(last - 2, last + 1):
                check_draft(workspace, number)


def killed_after(folder: Path, first: int, saves: int) -> int:
    """Run the app from a number on, kill it after some saves, and return the last one that it told."""
    app = subprocess.Popen(
        [sys.executable, "-c", APP, str(folder), str(first)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    with app:
        assert app.stdout is not None
        said = b""
        while said.count(b"\n") < saves:
            assert select.select([app.stdout], [], [], SILENCE_ALLOWED)[0], "the app says nothing"
            piece = os.read(app.stdout.fileno(), 4096)
            assert piece, "the app has ended"
            said += piece
        app.send_signal(signal.SIGKILL)
        said += app.stdout.read()
    return int(said.split(b"\n")[-2])


def check_draft(workspace, number: int) -> None:
    """Check the draft of a place: that of a number, or the next one, which was not told any more."""
    draft = workspace.drafts.draft(f"topic:{number % 3}")
    files = workspace.drafts.files(f"topic:{number % 3}")
    shown = int(draft.content.removeprefix("draft "))
    assert shown in (number, number + 3)
    assert files[-1].name == f"{shown}.txt"
    texts = workspace.attachments.texts([file.digest for file in files])
    assert [texts[file.digest].text for file in files] == [f"text {file.name[:-4]}" for file in files]
