"""The screens of the personas dock and of personas that are dragged."""

from PySide6.QtCore import QItemSelectionModel, QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from forllm_desktop.ui.delegates.persona_row import PersonaRowDelegate
from forllm_desktop.ui.panes.forum_view import ForumTreeView
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.panes.personas import PersonaDock
from forllm_desktop.ui.thread.view import ThreadView
from forllm_desktop.ui.widgets.persona_capsule import capsule
from tests.screenshots.content import Filled
from tests.screenshots.scenes import scene
from tests.screenshots.stage import Stage

NO_KEYS, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def _dock(stage: Stage) -> PersonaListView:
    if not stage.window.panes.shows_personas:
        stage.trigger("show_personas")
    dock = stage.find(PersonaDock)
    dock._filter.clear()
    return dock.findChild(PersonaListView)


def _picked(stage: Stage, *names: str) -> tuple[QMimeData, list[tuple[int, str]]]:
    """Select personas in the dock and return them as they are dragged."""
    view = _dock(stage)
    view.clearSelection()
    cards = [card for card in stage.workspace.personas.cards() if card.name in names]
    cards.sort(key=lambda card: names.index(card.name))
    indexes = [view.model().index_of(card.persona_id) for card in cards]
    for index in indexes:
        view.selectionModel().select(index, QItemSelectionModel.SelectionFlag.Select)
    delegate = view.itemDelegate()
    assert isinstance(delegate, PersonaRowDelegate)
    delegate.dragged = {card.persona_id for card in cards}
    return view.model().mimeData(indexes), [(card.persona_id, card.name) for card in cards]


def _drag(stage: Stage, target: QWidget, point: QPoint, *names: str, keys=NO_KEYS) -> None:
    """Hold personas over a point of a viewport, with what is seen under the pointer."""
    data, who = _picked(stage, *names)
    stage.window.grab()
    for kind in (QDragEnterEvent, QDragMoveEvent):
        event = kind(point, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, keys)
        QApplication.sendEvent(target, event)
    picture = QLabel(stage.window)
    picture.setObjectName("under the pointer")
    picture.setAccessibleName("Under the pointer")
    picture.setPixmap(capsule(who, 1.0))
    picture.setToolTip("Under the pointer")
    picture.adjustSize()
    picture.move(target.mapTo(stage.window, point) + QPoint(10, 8))
    picture.show()


def _end(stage: Stage) -> None:
    for label in stage.window.findChildren(QLabel, "under the pointer"):
        label.deleteLater()
    stage.desk._personas.drops.leave()
    view = stage.window.findChild(PersonaDock).findChild(PersonaListView)
    view.itemDelegate().dragged = ()
    stage.window.findChild(ForumTreeView)._leave_drag()


def _tree(stage: Stage) -> ForumTreeView:
    if not stage.window.panes.shows_sidebar:
        stage.trigger("show_sidebar")
    return stage.find(ForumTreeView)


def _row(tree: ForumTreeView, title: str) -> QPoint:
    model = tree.model()
    index = next(model.index(at, 0) for at in range(model.rowCount()) if model.index(at, 0).data() == title)
    tree.collapse(index)
    rect = tree.visualRect(index)
    return QPoint(rect.left() + 90, rect.center().y())


@scene()
def dragging_onto_a_subforum(stage: Stage, filled: Filled) -> None:
    stage.read(filled.main_topic, filled.table_post)
    _picked(stage, "Captain Hale", "Skeptic")
    tree = _tree(stage)
    _drag(stage, tree.viewport(), _row(tree, "Cooking"), "Captain Hale", "Skeptic")


@scene()
def dragging_with_shift(stage: Stage, filled: Filled) -> None:
    _end(stage)
    stage.read(filled.main_topic, filled.table_post)
    _picked(stage, "Captain Hale", "Skeptic", "Nonna")
    tree = _tree(stage)
    names = ("Captain Hale", "Skeptic", "Nonna", "Ada", "Emmy", "Mira", "Tobias")
    _drag(stage, tree.viewport(), _row(tree, "Cooking"), *names, keys=SHIFT)


@scene()
def dragging_onto_a_post(stage: Stage, filled: Filled) -> None:
    _end(stage)
    stage.read(filled.main_topic, filled.table_post)
    stage.settle()
    view = stage.find(ThreadView)
    slot = view.visible()[1]
    point = QPoint(340, max(60, round(view.top_of(slot)) - view.offset + 40))
    _drag(stage, view.viewport(), point, "Captain Hale")


@scene()
def dragging_refused(stage: Stage, filled: Filled) -> None:
    _end(stage)
    ws = stage.workspace
    settings = ws.settings.current()
    stage.read(filled.main_topic, filled.table_post)
    _picked(stage, "Emmy")
    tree = _tree(stage)
    point = _row(tree, "Cooking")
    ws.personas.set_active([ws.personas.find("Emmy")[0].persona_id], False)
    stage.settle()
    _drag(stage, tree.viewport(), point, "Emmy")
    ws.personas.set_active([ws.personas.find("Emmy")[0].persona_id], True)
    assert settings == ws.settings.current()


@scene()
def personas_dock(stage: Stage, filled: Filled) -> None:
    _end(stage)
    stage.read(filled.main_topic)
    ws = stage.workspace
    ids = {card.name: card.persona_id for card in ws.personas.cards()}
    ws.personas.set_global_default(ids["Ada"])
    ws.personas.set_active(ids["Tobias"], False)
    ws.personas.set_avatar(ids["Mira"], "teal")
    stage.settle()
    view = _dock(stage)
    view.setFocus(Qt.FocusReason.TabFocusReason)
    view.setCurrentIndex(view.model().index(2, 0))


@scene()
def personas_dock_menu(stage: Stage, filled: Filled) -> None:
    stage.read(filled.main_topic)
    view = _dock(stage)
    view.setCurrentIndex(view.model().index(2, 0))
    view.menu_requested.emit(view.visualRect(view.currentIndex()).center(), False)


@scene()
def personas_dock_nobody(stage: Stage, filled: Filled) -> None:
    stage.read(filled.main_topic)
    _dock(stage)
    stage.find(PersonaDock)._filter.setText("zebra")


@scene("empty")
def personas_dock_empty(stage: Stage, filled: Filled) -> None:
    _dock(stage)


@scene()
def personas_dock_as_a_drawer(stage: Stage, filled: Filled) -> None:
    stage.window.resize(960, 700)
    stage.settle()
    stage.read(filled.main_topic)
    _dock(stage)
