"""A window that nobody touches comes to rest: what asks to be painted while it is painted would never."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from forllm_desktop.ui.desk import Desk


class Paints(QObject):
    """Counts how often widgets are painted."""

    number = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.number += event.type() == QEvent.Type.Paint
        return False


def test_nothing_is_painted_when_all_is_quiet(desk: Desk, qtbot: QtBot) -> None:
    for name in ("queue", "settings", "trash", "about", "keyboard"):
        desk.show_page(name)
        comes_to_rest(qtbot)


def test_nothing_is_painted_when_the_welcome_is_quiet(first_desk: Desk, qtbot: QtBot) -> None:
    comes_to_rest(qtbot)


def comes_to_rest(qtbot: QtBot) -> None:
    """Wait until nothing has been painted for a moment."""
    paints = Paints()
    app = QApplication.instance()
    assert app is not None
    app.installEventFilter(paints)

    def is_at_rest() -> bool:
        paints.number = 0
        qtbot.wait(60)
        return paints.number == 0

    qtbot.waitUntil(is_at_rest, timeout=5_000)
    app.removeEventFilter(paints)
