"""`python -m tests.drag_app FOLDER`: a window on a real screen, for a test that drags with a real mouse.

It prints a line of JSON for every change of what can be seen: who is assigned to Cooking, what the card
beside a target says, what an open menu offers, where the rows are. It ends with its standard input.
"""

import json
import sys
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSocketNotifier, QTimer
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMenu

from forllm_desktop.services.workspace import open_workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.icons import load_icons
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.panes.forum_view import ForumTreeView
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.panes.personas import PersonaDock
from forllm_desktop.ui.theme import start_look
from forllm_desktop.ui.widgets.drop_hint import DropHint


def main(folder: Path) -> int:
    """Show the window until standard input ends."""
    app = QApplication(["drag_app"])
    start_look(app)
    load_icons()
    workspace = open_workspace(folder)
    workspace.settings.remember("welcome_skipped", True)
    subforums = [workspace.forum.create_subforum(name).subforum_id for name in ("Physics", "Cooking")]
    for name in ("Ada", "Nonna", "Skeptic"):
        workspace.personas.create(name, "Be yourself.")
    window = MainWindow()
    window.setGeometry(0, 0, 1280, 800)
    desk = Desk(window, workspace)
    window.show()
    hint = window.findChild(DropHint)
    known: dict[str, object] = {}

    def tell() -> None:
        members = [
            f"{member.card.name}{'*' if member.is_default else ''}"
            for member in workspace.personas.members(subforums[1])
        ]
        words = hint.accessibleName() if hint.isVisible() else ""
        menus = [menu for menu in window.findChildren(QMenu) if menu.isVisible()]
        offered = [action.text() for menu in menus for action in menu.actions() if action.text()]
        now = {"members": members, "hint": words, "menu": offered, "places": _places(window)}
        if now != known:
            known.update(now)
            _print(now)

    looks = QTimer(app, interval=20)
    looks.timeout.connect(tell)
    QTimer.singleShot(300, app, looks.start)
    ended = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, app)
    ended.activated.connect(app.quit)
    app.exec()
    desk.close()
    window.close_for_good()
    workspace.close()
    return 0


def _places(window: MainWindow) -> dict[str, list[int]]:
    views = [window.findChild(PersonaDock).findChild(PersonaListView), window.findChild(ForumTreeView)]
    return {name: place for view in views for name, place in _rows(view).items()}


def _rows(view: QAbstractItemView) -> dict[str, list[int]]:
    model, found = view.model(), {}
    for row in range(model.rowCount()):
        rect: QRect = view.visualRect(model.index(row, 0))
        point = view.viewport().mapToGlobal(rect.center() + QPoint(-20, 0))
        found[model.index(row, 0).data()] = [point.x(), point.y()]
    return found


def _print(told: dict[str, object]) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
