"""What the benchmarks of the window share: the application, and waiting without a pause of their own."""

import os
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from tests.benchmarks.paints import Paints

PATIENCE = 60.0
"""Seconds."""


def application() -> QApplication:
    """Return the application, on a screen that only exists in memory unless another is chosen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    from forllm_desktop.ui.theme import start_look

    app = QApplication(["benchmarks"])
    app.setQuitOnLastWindowClosed(False)
    start_look(app)
    return app


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Let the window work until something holds. Raises TimeoutError when it never does."""
    loop, look = QEventLoop(), QTimer(interval=20)
    look.timeout.connect(lambda: loop.quit() if condition() else None)
    look.start()
    QTimer.singleShot(round(seconds * 1_000), loop, loop.quit)
    loop.exec()
    if not condition():
        raise TimeoutError("the window did not come so far")


def wait_for_paint(widget: QWidget) -> None:
    """Let the window work until a widget has been painted."""
    loop = QEventLoop()
    paints = Paints(widget, loop.quit)
    QTimer.singleShot(round(PATIENCE * 1_000), loop, loop.quit)
    loop.exec()
    paints.deleteLater()
