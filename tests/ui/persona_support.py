"""What the tests of dragging share: a filled window, and a drag with the events that it sends."""

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.drop_plans import DropPlan
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.panes.forum_view import ForumTreeView
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.panes.personas import PersonaDock
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.view import ThreadView
from forllm_desktop.ui.widgets.drop_hint import DropHint
from tests.builders import a_subforum, a_topic

NONE, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


class Forum:
    """A window over Physics (Ada is its default; a topic) and Cooking; Nonna and Skeptic are nowhere."""

    def __init__(self, desk: Desk, window: MainWindow, workspace: Workspace) -> None:
        self.desk, self.window, self.workspace = desk, window, workspace
        ws = workspace
        self.physics = a_subforum(ws.forum, "Physics").subforum_id
        self.cooking = a_subforum(ws.forum, "Cooking").subforum_id
        self.topic, self.post = a_topic(ws.forum, ws.forum.subforum(self.physics))
        self.ids = {
            name: ws.personas.create(name, "Be yourself.").persona_id for name in ("Ada", "Nonna", "Skeptic")
        }
        ws.personas.assign(self.physics, self.ids["Ada"], default=True)
        self.tree = window.findChild(ForumTreeView)
        self.tree.model().refresh()
        self.list = window.findChild(PersonaDock).findChild(PersonaListView)
        self.list.model().refresh()
        self.hint = window.findChild(DropHint)

    def set_up_model(self) -> ModelChoice:
        """Let the requests have a model; its server never answers."""
        models = self.workspace.models
        server = models.server_at("http://127.0.0.1:9", "Ollama", ServerKind.OLLAMA)
        models.use(ModelChoice(server.server_id, "tiny"))
        return ModelChoice(server.server_id, "tiny")

    def data(self, *names: str) -> QMimeData:
        """Return these personas as the list itself gives them to a drag."""
        model = self.list.model()
        return model.mimeData([model.index_of(self.ids[name]) for name in names])

    def over_tree(self, *names: str) -> "Drag":
        return Drag(self.tree.viewport(), self.data(*names))

    def row(self, title: str) -> QPoint:
        """Return a point of a row of the tree."""
        model = self.tree.model()
        for at in range(model.rowCount()):
            parent = model.index(at, 0)
            if parent.data() == title:
                return self.tree.visualRect(parent).center()
            self.tree.expand(parent)
            for below in range(model.rowCount(parent)):
                if model.index(below, 0, parent).data() == title:
                    return self.tree.visualRect(model.index(below, 0, parent)).center()
        raise AssertionError(f"no row {title}")

    def thread(self, qtbot: QtBot) -> ThreadView:
        """Show the topic and return its view."""
        self.desk.show_topic(self.topic.topic_id)
        page = self.window.findChild(ThreadPage)
        assert page is not None
        qtbot.waitUntil(lambda: page.is_complete)
        return page.findChild(ThreadView)

    @property
    def plan(self) -> DropPlan:
        """What the hint says now."""
        assert self.hint.plan is not None, "no hint is shown"
        return self.hint.plan

    def status(self) -> str:
        return self.window.status._left.text()

    def said(self) -> str:
        return self.window.bar.accessibleName() if self.window.bar.isVisible() else ""

    def members(self, subforum_id: int) -> list[str]:
        """Return who is assigned, the default with a star."""
        found = self.workspace.personas.members(subforum_id)
        return sorted(f"{member.card.name}{'*' if member.is_default else ''}" for member in found)

    def asked(self) -> list[tuple[int | None, int | None, str]]:
        """Return the open requests: persona, post, model."""
        jobs = [job for job in self.workspace.queue.jobs() if job.is_open]
        return [(job.llm_persona, job.post_id_to_respond_to, job.llm_model) for job in jobs]

    def undo(self) -> None:
        self.window.actions_by_id["undo"].trigger()


class Drag:
    """A drag over a viewport, with the events the platform would send."""

    def __init__(self, viewport: QWidget, data: QMimeData) -> None:
        self._viewport, self._data = viewport, data

    def move(self, point: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> bool:
        """Enter and move; returns whether a drop would be taken there."""
        self._send(QDragEnterEvent(point, COPY, self._data, LEFT, modifiers))
        return self._send(QDragMoveEvent(point, COPY, self._data, LEFT, modifiers))

    def drop(self, point: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> bool:
        """Move there and drop, whether it is taken or not."""
        self.move(point, modifiers)
        return self._send(QDropEvent(QPointF(point), COPY, self._data, LEFT, modifiers))

    def leave(self) -> None:
        """Leave the viewport, which is also what Esc means to it."""
        QApplication.sendEvent(self._viewport, QDragLeaveEvent())

    def _send(self, event: QEvent) -> bool:
        QApplication.sendEvent(self._viewport, event)
        return event.isAccepted()


COPY, LEFT = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
