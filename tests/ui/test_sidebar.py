"""The sidebar by mouse and keys: what it asks for, what it changes, what it keeps."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QMouseEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.undo import Kind, UndoKind
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.storage.database import Database
from forllm_desktop.ui.delegates.name_editor import NameEditor
from forllm_desktop.ui.item_models.forum_rows import SubforumRow, TreeRow
from forllm_desktop.ui.item_models.forum_tree import ForumTreeModel
from forllm_desktop.ui.panes.forum_view import ForumTreeView
from forllm_desktop.ui.panes.sidebar import Sidebar
from forllm_desktop.ui.panes.sidebar_entry import SidebarEntry
from forllm_desktop.ui.panes.tree_drops import Hover
from forllm_desktop.ui.theme import start_look
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from tests.builders import FixedClock, a_job, a_model_reply
from tests.ui.forum_support import HOSTILE_NAMES, Forum, readings

KEY, NONE = Qt.Key, Qt.KeyboardModifier.NoModifier
CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


@pytest.fixture
def filled(database: Database, events: Events, forum: ForumService, clock: FixedClock) -> Forum:
    return Forum(database, events, forum, clock)


class Shown:
    """A shown sidebar, and what it asked for."""

    def __init__(self, sidebar: Sidebar) -> None:
        self.sidebar = sidebar
        self.view = sidebar.findChild(ForumTreeView)
        self.model: ForumTreeModel = self.view.model()
        self.asked: list[tuple] = []
        self.undos: list = []
        self.errors: list[ForllmError] = []
        sidebar.topic_requested.connect(lambda id, tab: self.asked.append(("topic", id, tab)))
        sidebar.page_requested.connect(lambda page: self.asked.append(("page", page)))
        sidebar.new_topic_requested.connect(lambda id: self.asked.append(("new topic", id)))
        sidebar.undo_offered.connect(self.undos.append)
        sidebar.failed.connect(self.errors.append)

    def index(self, title: str) -> QModelIndex:
        for row in range(self.model.rowCount()):
            parent = self.model.index(row, 0)
            below = range(self.model.rowCount(parent))
            for index in (parent, *(self.model.index(at, 0, parent) for at in below)):
                if index.data() == title:
                    return index
        raise AssertionError(f"no row {title}")

    def titles(self) -> list[str]:
        """Return what can be seen, from the top."""
        found, index = [], self.view.indexAt(QPoint(40, 10))
        while index.isValid():
            found.append(index.data())
            index = self.view.indexBelow(index)
        return found

    def id(self, title: str) -> int:
        row = self.model.row(self.index(title))
        return row.entry.subforum_id if isinstance(row, SubforumRow) else row.entry.topic_id

    def point(self, title: str, x: int = 60) -> QPoint:
        return QPoint(x, self.view.visualRect(self.index(title)).center().y())

    def click(self, title: str, button=LEFT, modifiers=NONE, x: int = 60) -> None:
        QTest.mouseClick(self.view.viewport(), button, modifiers, self.point(title, x))

    def select(self, title: str) -> None:
        self.view.setFocus()
        self.view.setCurrentIndex(self.index(title))

    def key(self, key: Qt.Key, modifiers=NONE) -> None:
        QTest.keyClick(self.view, key, modifiers)

    def editor(self) -> NameEditor:
        editor = self.view.editor()
        assert editor is not None
        return editor

    def type(self, text: str, key: Qt.Key | None = KEY.Key_Return) -> None:
        editor = self.editor()
        editor.selectAll()
        QTest.keyClicks(editor, text)
        if key is not None:
            QTest.keyClick(editor, key)

    def menu(self) -> dict[str, QAction]:
        menu = self.sidebar._commands.menu()
        assert isinstance(menu, QMenu)
        return {action.text(): action for action in menu.actions() if action.text()}

    def entry(self, word: str) -> SidebarEntry:
        return next(entry for entry in self.sidebar.findChildren(SidebarEntry) if entry.text() == word)


@pytest.fixture
def show(qtbot, qapp, filled: Forum) -> Callable[[], Shown]:
    start_look(qapp)

    def make() -> Shown:
        sidebar = Sidebar(filled.forum, filled.queue, filled.personas, filled.events)
        qtbot.addWidget(sidebar)
        sidebar.resize(272, 700)
        with qtbot.waitActive(sidebar):
            sidebar.show()
            sidebar.activateWindow()
        return Shown(sidebar)

    return make


@pytest.fixture
def shown(show: Callable[[], Shown], filled: Forum) -> Shown:
    """Return a sidebar with two open subforums."""
    filled.subforum("Physics", "Top", "Bicycle")
    filled.subforum("Cooking", "Risotto")
    made = show()
    made.view.expandAll()
    return made


# -- several topics


def titles_of(shown: Shown) -> list[str]:
    return [row.title for row in shown.view.selected_topics()]


def test_clicks_with_ctrl_and_shift_select_topics_and_open_nothing(shown: Shown) -> None:
    shown.click("Top")
    shown.asked.clear()
    shown.click("Risotto", modifiers=CTRL)
    assert titles_of(shown) == ["Top", "Risotto"]
    shown.click("Top", modifiers=CTRL)
    assert titles_of(shown) == ["Risotto"]
    shown.click("Bicycle", modifiers=SHIFT)
    assert titles_of(shown) == ["Bicycle", "Top", "Risotto"]
    assert shown.asked == []


def test_del_moves_all_selected_topics_to_the_trash_with_one_undo(shown: Shown, filled: Forum) -> None:
    shown.select("Bicycle")
    shown.key(KEY.Key_Down, SHIFT)
    assert titles_of(shown) == ["Bicycle", "Top"]
    shown.key(KEY.Key_Delete)
    assert shown.titles() == ["Physics", "Cooking", "Risotto"]
    (undo,) = shown.undos
    assert undo.label == "2 topics deleted"
    assert filled.forum.undo(undo).message == "2 topics restored"
    shown.model.refresh()
    assert shown.titles() == ["Physics", "Bicycle", "Top", "Cooking", "Risotto"]


def test_menu_over_one_of_several_topics_is_for_all_of_them(shown: Shown, filled: Forum) -> None:
    shown.select("Bicycle")
    shown.click("Top", modifiers=CTRL)
    shown.view.choose_for_menu(shown.index("Top"))
    menu = shown.menu()
    assert list(menu) == ["Open 2 topics in tabs", "Move 2 topics to", "Mark as read", "Delete 2 topics"]
    (cooking,) = menu["Move 2 topics to"].menu().actions()
    cooking.trigger()
    assert sorted(shown.titles()[2:]) == ["Bicycle", "Risotto", "Top"]
    (undo,) = shown.undos
    filled.forum.undo(undo)
    shown.model.refresh()
    assert shown.titles() == ["Physics", "Bicycle", "Top", "Cooking", "Risotto"]
    shown.view.choose_for_menu(shown.index("Risotto"))
    assert titles_of(shown) == ["Risotto"]


def test_several_topics_are_dragged_together(shown: Shown, filled: Forum, monkeypatch) -> None:
    shown.select("Bicycle")
    shown.click("Top", modifiers=CTRL)
    dragged = Dragged(shown, shown.model.mimeData(shown.view.selectedIndexes()))
    assert dragged.drop(shown.point("Risotto"))
    (undo,) = shown.undos
    assert undo.label == "2 topics moved to “Cooking”"


def test_marking_as_read_can_be_taken_back(shown: Shown, filled: Forum) -> None:
    (entry,) = filled.forum.thread(shown.id("Top"))
    filled.events.post_changed.emit(a_model_reply(filled.database, entry.post).post_id)
    shown.model.refresh()
    shown.select("Top")
    shown.menu()["Mark as read"].trigger()
    (undo,) = shown.undos
    assert undo.label == "Topic “Top” marked as read"
    shown.select("Top")
    assert not shown.menu()["Mark as read"].isEnabled()
    filled.forum.undo(undo)
    shown.model.refresh()
    shown.select("Top")
    assert shown.menu()["Mark as read"].isEnabled()


# -- opening


def test_click_opens_a_topic_and_middle_click_opens_it_in_a_tab(shown: Shown) -> None:
    top = shown.id("Top")
    shown.click("Top")
    shown.click("Top", MIDDLE)
    assert shown.asked == [("topic", top, False), ("topic", top, True)]
    shown.click("Physics")
    shown.click("Top", Qt.MouseButton.RightButton)
    assert len(shown.asked) == 2


def test_enter_opens_a_topic_and_ctrl_enter_opens_it_in_a_tab(shown: Shown) -> None:
    shown.select("Risotto")
    assert shown.asked == []
    shown.key(KEY.Key_Return)
    shown.key(KEY.Key_Enter)
    shown.key(KEY.Key_Return, CTRL)
    risotto = shown.id("Risotto")
    assert shown.asked == [("topic", risotto, False), ("topic", risotto, False), ("topic", risotto, True)]


def test_caret_double_click_and_enter_open_and_close_a_subforum(shown: Shown) -> None:
    physics = shown.index("Physics")
    shown.click("Physics", x=18)
    assert shown.titles() == ["Physics", "Cooking", "Risotto"]
    assert shown.sidebar.selected_subforum() == 0
    shown.click("Physics", x=18)
    assert shown.view.isExpanded(physics)
    QTest.mouseDClick(shown.view.viewport(), LEFT, NONE, shown.point("Physics"))
    assert not shown.view.isExpanded(physics)
    shown.select("Physics")
    shown.key(KEY.Key_Return)
    assert shown.view.isExpanded(physics)
    shown.key(KEY.Key_Left)
    assert not shown.view.isExpanded(physics)


def test_typing_ahead_goes_to_a_title(shown: Shown) -> None:
    shown.select("Physics")
    QTest.keyClicks(shown.view, "ris")
    assert shown.view.currentIndex().data() == "Risotto"


def test_selected_subforum_is_that_of_the_current_row(shown: Shown) -> None:
    assert shown.sidebar.selected_subforum() == 0
    shown.select("Risotto")
    assert shown.sidebar.selected_subforum() == shown.id("Cooking")
    shown.select("Physics")
    assert shown.sidebar.selected_subforum() == shown.id("Physics")


def test_shown_topic_is_selected_below_its_opened_subforum_and_asks_for_nothing(shown: Shown) -> None:
    shown.view.collapseAll()
    shown.sidebar.show_current(shown.id("Risotto"))
    assert shown.view.currentIndex().data() == "Risotto"
    assert shown.titles() == ["Physics", "Cooking", "Risotto"]
    assert shown.asked == []
    shown.sidebar.show_current(0, "queue")
    assert not shown.view.selectionModel().hasSelection()
    assert [shown.entry(word).isChecked() for word in ("Queue", "Trash")] == [True, False]
    shown.sidebar.show_current(4711)
    assert not shown.view.selectionModel().hasSelection()


def test_next_unread_walks_all_subforums_and_comes_around(shown: Shown, filled: Forum) -> None:
    for title in ("Top", "Risotto"):
        (entry,) = filled.forum.thread(shown.id(title))
        a_model_reply(filled.database, entry.post)
    for title in ("Top", "Risotto", "Top"):
        shown.sidebar.next_unread()
        assert shown.asked[-1] == ("topic", shown.id(title), False)
        shown.sidebar.show_current(shown.id(title))
    filled.forum.mark_topics_read([shown.id("Top"), shown.id("Risotto")])
    shown.asked.clear()
    shown.sidebar.next_unread()
    assert shown.asked == []


def test_entries_ask_for_their_page_and_count(shown: Shown, filled: Forum, qtbot) -> None:
    queue, trash = shown.entry("Queue"), shown.entry("Trash")
    assert (queue.accessibleName(), trash.accessibleName()) == ("Queue", "Trash")
    QTest.mouseClick(queue, LEFT)
    trash.setFocus()
    QTest.keyClick(trash, KEY.Key_Return)
    assert shown.asked == [("page", "queue"), ("page", "trash")]
    (entry,) = filled.forum.thread(shown.id("Top"))
    for status in (JobStatus.PENDING, JobStatus.PROCESSING, JobStatus.ERROR):
        filled.events.job_changed.emit(a_job(filled.database, entry.post, status).request_id)
    filled.forum.delete_topic(shown.id("Bicycle"))
    qtbot.waitUntil(lambda: (queue.count, trash.count) == (2, 1), timeout=2000)
    assert (queue.accessibleName(), trash.accessibleName()) == ("Queue, 2 open", "Trash, 1 deleted")


# -- names


def test_f2_renames_a_topic_in_its_row(shown: Shown, filled: Forum) -> None:
    shown.select("Top")
    shown.key(KEY.Key_F2)
    assert (shown.editor().text(), shown.editor().selectedText()) == ("Top", "Top")
    shown.type("Spinning top")
    assert shown.view.editor() is None
    assert shown.titles() == ["Physics", "Bicycle", "Spinning top", "Cooking", "Risotto"]
    assert [undo.kind for undo in shown.undos] == [UndoKind.TOPIC_RENAMED]
    filled.forum.undo(shown.undos[0])
    shown.model.refresh()
    assert "Top" in shown.titles()


def test_escape_leaves_the_name_as_it_was(shown: Shown) -> None:
    shown.select("Physics")
    shown.key(KEY.Key_F2)
    shown.type("Something else", KEY.Key_Escape)
    assert shown.view.editor() is None
    assert shown.titles()[0] == "Physics"
    assert shown.undos == []


def test_refused_name_stays_in_the_field_with_the_reason_below(shown: Shown) -> None:
    shown.select("Cooking")
    shown.key(KEY.Key_F2)
    shown.type("physics")
    editor = shown.editor()
    assert editor.text() == "physics"
    assert editor.reason == "There is already a subforum named “Physics”. Choose another name."
    assert editor.accessibleDescription() == editor.reason
    assert shown.errors == []
    QTest.keyClicks(editor, " of food")
    assert editor.reason == ""
    QTest.keyClick(editor, KEY.Key_Return)
    assert "physics of food" in shown.titles()


def test_refused_name_survives_the_loss_of_focus(shown: Shown) -> None:
    shown.select("Cooking")
    shown.key(KEY.Key_F2)
    shown.type("physics", None)
    shown.entry("Trash").setFocus()
    assert shown.editor().text() == "physics"
    assert "already" in shown.editor().reason


def test_name_is_kept_when_the_user_clicks_elsewhere(shown: Shown) -> None:
    shown.select("Cooking")
    shown.key(KEY.Key_F2)
    shown.type("Kitchen", None)
    shown.entry("Trash").setFocus()
    assert shown.view.editor() is None
    assert "Kitchen" in shown.titles()


def test_field_keeps_what_is_typed_while_rows_change_around_it(shown: Shown, filled: Forum) -> None:
    shown.select("Top")
    shown.key(KEY.Key_F2)
    shown.type("Half a na", None)
    filled.topic(filled.forum.subforum(shown.id("Physics")), "Coriolis")
    filled.forum.move_subforum(shown.id("Cooking"), 0)
    filled.forum.add_post(shown.id("Top"), "More")
    reply = a_model_reply(filled.database, filled.forum.thread(shown.id("Top"))[0].post)
    filled.events.post_changed.emit(reply.post_id)
    shown.model.refresh()
    QApplication.processEvents()
    editor = shown.editor()
    assert editor.text() == "Half a na"
    assert editor.hasFocus()
    assert shown.titles() == ["Cooking", "Risotto", "Physics", "Top", "Coriolis", "Bicycle"]
    assert shown.view.visualRect(shown.index("Top")).contains(editor.geometry().center())
    QTest.keyClick(editor, KEY.Key_Return)
    assert "Half a na" in shown.titles()


def test_field_closes_when_its_row_is_gone(shown: Shown, filled: Forum) -> None:
    shown.select("Top")
    shown.key(KEY.Key_F2)
    shown.type("Half a na", None)
    filled.forum.delete_topic(shown.id("Top"))
    shown.model.refresh()
    QApplication.processEvents()
    assert shown.view.editor() is None
    assert shown.errors == []


def test_name_for_what_was_deleted_meanwhile_is_told(shown: Shown, filled: Forum) -> None:
    shown.select("Top")
    shown.key(KEY.Key_F2)
    filled.forum.delete_topic(shown.id("Top"))
    shown.type("New name")
    assert [error.title for error in shown.errors] == ["The topic “Top” is deleted"]
    assert shown.view.editor() is None


# -- new subforum


def test_first_subforum_is_typed_in_place_of_the_hint(show: Callable[[], Shown], filled: Forum) -> None:
    shown = show()
    hint = shown.sidebar.findChild(EmptyPane)
    assert hint.isVisible()
    button = hint.findChild(QPushButton)
    assert button.text() == "New subforum"
    QTest.mouseClick(button, LEFT)
    assert not hint.isVisible()
    assert shown.editor().accessibleName() == "Name of the subforum"
    shown.type("Physics")
    assert [subforum.name for subforum in filled.forum.subforums()] == ["Physics"]
    assert shown.titles() == ["Physics"]
    assert shown.sidebar.selected_subforum() == shown.id("Physics")
    assert shown.view.hasFocus()


def test_escape_brings_the_hint_back(show: Callable[[], Shown], filled: Forum) -> None:
    shown = show()
    shown.sidebar.add_subforum()
    shown.type("Phys", KEY.Key_Escape)
    assert shown.sidebar.findChild(EmptyPane).isVisible()
    assert filled.forum.subforums() == []


def test_plus_adds_a_row_and_a_taken_name_is_refused_in_it(shown: Shown, filled: Forum) -> None:
    plus = shown.sidebar.findChild(QToolButton)
    assert plus.accessibleName() == "New subforum"
    QTest.mouseClick(plus, LEFT)
    shown.type("COOKING")
    assert "already a subforum" in shown.editor().reason
    assert shown.editor().text() == "COOKING"
    shown.type("Garden")
    assert shown.titles()[-1] == "Garden"
    assert len(filled.forum.subforums()) == 3


def test_empty_name_makes_no_subforum(shown: Shown, filled: Forum) -> None:
    shown.sidebar.add_subforum()
    shown.type("  ")
    assert shown.editor().reason.startswith("The subforum needs a name")
    shown.entry("Trash").setFocus()
    assert shown.view.editor() is None
    assert shown.titles()[-1] == "Risotto"
    assert len(filled.forum.subforums()) == 2


def test_second_wish_for_a_name_finds_the_field_of_the_first(shown: Shown, filled: Forum) -> None:
    shown.select("Top")
    shown.key(KEY.Key_F2)
    shown.type("Half a name", None)
    shown.sidebar.add_subforum()
    assert "Half a name" in shown.titles()
    shown.type("Gar", None)
    shown.sidebar.add_subforum()
    assert (shown.editor().text(), shown.editor().hasFocus()) == ("Gar", True)
    shown.type("physics")
    shown.view.edit_name(shown.index("Risotto"))
    assert shown.editor().text() == "Risotto"
    assert "" not in shown.titles()


# -- commands


def test_del_moves_to_the_trash_and_offers_to_undo(shown: Shown, filled: Forum) -> None:
    shown.select("Top")
    shown.key(KEY.Key_Delete)
    assert shown.titles() == ["Physics", "Bicycle", "Cooking", "Risotto"]
    shown.select("Cooking")
    shown.key(KEY.Key_Delete)
    assert shown.titles() == ["Physics", "Bicycle"]
    assert [undo.kind for undo in shown.undos] == [UndoKind.TOPIC_DELETED, UndoKind.SUBFORUM_DELETED]
    for undo in shown.undos:
        filled.forum.undo(undo)
    shown.model.refresh()
    assert shown.titles() == ["Physics", "Bicycle", "Top", "Cooking"]


@pytest.mark.parametrize("modifiers", [ALT, CTRL | SHIFT])
def test_keys_move_a_subforum_and_stop_at_the_ends(shown: Shown, modifiers) -> None:
    shown.select("Physics")
    shown.key(KEY.Key_Up, modifiers)
    assert shown.undos == []
    shown.key(KEY.Key_Down, modifiers)
    assert shown.titles() == ["Cooking", "Risotto", "Physics", "Bicycle", "Top"]
    assert shown.view.currentIndex().data() == "Physics"
    shown.key(KEY.Key_Down, modifiers)
    assert shown.titles()[0] == "Cooking"
    assert [undo.kind for undo in shown.undos] == [UndoKind.SUBFORUM_MOVED]


def test_keys_of_rows_do_not_reach_the_shortcuts_of_the_window(shown: Shown) -> None:
    stolen: list[int] = []
    for keys in ("Del", "F2", "Alt+Down"):
        action = QAction(shown.sidebar)
        action.setShortcut(keys)
        action.triggered.connect(lambda: stolen.append(1))
        shown.sidebar.addAction(action)
    shown.select("Physics")
    shown.key(KEY.Key_Down, ALT)
    shown.key(KEY.Key_Delete)
    assert stolen == []
    assert shown.titles() == ["Cooking", "Risotto"]


def test_menu_of_a_topic(shown: Shown, filled: Forum) -> None:
    shown.select("Top")
    menu = shown.menu()
    assert list(menu) == [
        "Open", "Open in a new tab", "Ask a persona…", "Rename", "Move to", "Mark as read", "Delete",
    ]  # fmt: skip
    assert not menu["Mark as read"].isEnabled()
    (cooking,) = menu["Move to"].menu().actions()
    assert cooking.text() == "Cooking"
    cooking.trigger()
    assert shown.titles() == ["Physics", "Bicycle", "Cooking", "Risotto", "Top"]
    assert [undo.kind for undo in shown.undos] == [UndoKind.TOPIC_MOVED]
    assert shown.menu()["Delete"].shortcut().toString() == "Del"


def test_menu_of_a_subforum(shown: Shown, filled: Forum) -> None:
    (entry,) = filled.forum.thread(shown.id("Top"))
    filled.events.post_changed.emit(a_model_reply(filled.database, entry.post).post_id)
    shown.model.refresh()
    shown.select("Physics")
    menu = shown.menu()
    assert list(menu) == [
        "Close", "New topic here", "Assign personas…", "Rename", "Name and description",
        "Subforum settings…", "Generate experts…", "Move up", "Move down", "Mark all as read", "New subforum",
        "Mark everything as read", "Open all subforums", "Close all subforums", "Delete",
    ]  # fmt: skip
    assert (menu["Move up"].isEnabled(), menu["Move down"].isEnabled()) == (False, True)
    menu["New topic here"].trigger()
    assert shown.asked == [("new topic", shown.id("Physics"))]
    menu["Mark all as read"].trigger()
    assert filled.forum.unread() == {}
    menu["Close all subforums"].trigger()
    assert shown.titles() == ["Physics", "Cooking"]
    menu["Open all subforums"].trigger()
    assert len(shown.titles()) == 5


@pytest.mark.parametrize(
    ("reason", "title", "first"),
    [
        (QContextMenuEvent.Reason.Mouse, "Physics", "Close"),
        (QContextMenuEvent.Reason.Keyboard, "Physics", "Open"),
        (QContextMenuEvent.Reason.Mouse, "", "New subforum"),
    ],
)
def test_menu_is_for_the_row_under_the_pointer_or_by_key_for_the_current_one(
    shown: Shown, reason: QContextMenuEvent.Reason, title: str, first: str
) -> None:
    shown.select("Top")
    point = shown.point(title) if title else QPoint(100, 500)
    event = QContextMenuEvent(reason, point, shown.view.viewport().mapToGlobal(point))
    QApplication.sendEvent(shown.view.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu.actions()[0].text() == first
    menu.close()


def test_menu_shows_hostile_names_as_they_are(show: Callable[[], Shown], filled: Forum) -> None:
    filled.subforum("Physics", "Top")
    for name in HOSTILE_NAMES:
        filled.subforum(name)
    shown = show()
    shown.view.expandAll()
    shown.select("Top")
    texts = [action.text().replace("&&", "&") for action in shown.menu()["Move to"].menu().actions()]
    assert [text for text, name in zip(texts, HOSTILE_NAMES, strict=True) if text != name] == [
        text for text in texts if text.endswith("…")
    ]
    shown.sidebar.grab()


def test_description_is_changed_in_the_sidebar(shown: Shown, filled: Forum) -> None:
    shown.select("Physics")
    shown.key(KEY.Key_Return, ALT)
    name, description = _panel_fields(shown)
    assert (name.text(), description.toPlainText()) == ("Physics", "")
    QTest.keyClicks(description, "All that falls.")
    name.setText("cooking")
    QTest.keyClick(description, KEY.Key_Return, CTRL)
    assert name.isVisible()
    assert "already a subforum named" in _texts(shown.sidebar)
    name.setText("Mechanics")
    QTest.keyClick(name, KEY.Key_Return)
    assert not name.isVisible()
    subforum = filled.forum.subforum(shown.id("Mechanics"))
    assert (subforum.name, subforum.description) == ("Mechanics", "All that falls.")
    assert [undo.kind for undo in shown.undos] == [UndoKind.SUBFORUM_RENAMED, UndoKind.SUBFORUM_DESCRIBED]
    assert shown.view.hasFocus()


def test_escape_closes_the_description_unchanged(shown: Shown, filled: Forum) -> None:
    shown.select("Physics")
    shown.key(KEY.Key_Return, ALT)
    name, description = _panel_fields(shown)
    QTest.keyClicks(description, "Something")
    QTest.keyClick(description, KEY.Key_Escape)
    assert not name.isVisible()
    assert filled.forum.subforum(shown.id("Physics")).description == ""
    filled.forum.delete_subforum(shown.id("Physics"))
    shown.sidebar._commands.describe_requested.emit(shown.id("Physics"))
    assert len(shown.errors) == 1


def _panel_fields(shown: Shown) -> tuple[QLineEdit, QPlainTextEdit]:
    fields = [field for field in shown.sidebar.findChildren(QLineEdit) if field.isVisible()]
    return fields[0], shown.sidebar.findChild(QPlainTextEdit)


def _texts(widget: QWidget) -> str:
    return " ".join(child.accessibleName() for child in widget.findChildren(QWidget) if child.isVisible())


# -- dragging


class Dragged:
    """What is dragged over the tree, with the events a drag sends."""

    def __init__(self, shown: Shown, data: QMimeData) -> None:
        self.view, self.data = shown.view, data

    def _sent(self, kind: type, point: QPoint, modifiers=NONE) -> bool:
        where = QPointF(point) if kind is QDropEvent else point
        event = kind(where, Qt.DropAction.MoveAction, self.data, LEFT, modifiers)
        QApplication.sendEvent(self.view.viewport(), event)
        return event.isAccepted()

    def move(self, point: QPoint) -> bool:
        self._sent(QDragEnterEvent, point)
        return self._sent(QDragMoveEvent, point)

    def drop(self, point: QPoint) -> bool:
        self._sent(QDragEnterEvent, point)
        return self._sent(QDropEvent, point)


def test_topic_is_dragged_onto_another_subforum(shown: Shown) -> None:
    dragged = Dragged(shown, shown.model.mimeData([shown.index("Top")]))
    assert not dragged.move(shown.point("Bicycle"))
    assert dragged.move(shown.point("Risotto"))
    assert shown.view._delegate.drop_target == shown.index("Cooking")
    shown.sidebar.grab()
    assert dragged.drop(shown.point("Risotto"))
    assert not shown.view._delegate.drop_target.isValid()
    assert shown.titles() == ["Physics", "Bicycle", "Cooking", "Risotto", "Top"]
    assert [undo.kind for undo in shown.undos] == [UndoKind.TOPIC_MOVED]


def test_subforum_is_dragged_between_others(shown: Shown, filled: Forum) -> None:
    filled.subforum("Garden")
    shown.model.refresh()
    dragged = Dragged(shown, shown.model.mimeData([shown.index("Garden")]))
    assert dragged.move(shown.point("Physics"))
    place = shown.view._place
    assert (place.row, place.line_y) == (0, shown.view.visualRect(shown.index("Physics")).top())
    assert dragged.move(shown.point("Top"))
    place = shown.view._place
    assert (place.row, place.line_y) == (1, shown.view.visualRect(shown.index("Cooking")).top())
    shown.sidebar.grab()
    assert dragged.drop(shown.point("Top"))
    assert [title for title in shown.titles() if title in ("Physics", "Garden", "Cooking")] == [
        "Physics", "Garden", "Cooking",
    ]  # fmt: skip
    far_below = QPoint(60, shown.view.viewport().height() - 4)
    assert Dragged(shown, shown.model.mimeData([shown.index("Physics")])).drop(far_below)
    assert shown.titles()[-3:] == ["Physics", "Bicycle", "Top"]


def test_closed_subforum_opens_under_a_waiting_drag(shown: Shown, qtbot) -> None:
    shown.view.collapse(shown.index("Cooking"))
    Dragged(shown, shown.model.mimeData([shown.index("Top")])).move(shown.point("Cooking"))
    qtbot.waitUntil(lambda: shown.view.isExpanded(shown.index("Cooking")), timeout=3000)


def test_pressing_and_moving_starts_a_drag_and_opens_nothing(shown: Shown, monkeypatch) -> None:
    started: list[tuple[bytes, bool]] = []

    def exec_(drag: QDrag, actions: Qt.DropAction) -> Qt.DropAction:
        data = drag.mimeData()
        started.append((bytes(data.data(data.formats()[0]).data()), drag.pixmap().isNull()))
        return Qt.DropAction.IgnoreAction

    monkeypatch.setattr(QDrag, "exec", exec_)
    view, start = shown.view.viewport(), shown.point("Top")
    QTest.mousePress(view, LEFT, NONE, start)
    far = start + QPoint(0, 3 * QApplication.startDragDistance())
    for point in (far, far + QPoint(0, 5)):
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(point), view.mapToGlobal(QPointF(point)), LEFT, LEFT, NONE
        )
        QApplication.sendEvent(view, event)
    assert started == [(f"[{shown.id('Top')}]".encode(), False)]
    assert shown.asked == []


class Handler:
    """Takes text drops on subforums."""

    def __init__(self) -> None:
        self.told: list[tuple] = []

    def wants(self, data: QMimeData, row: TreeRow) -> bool:
        return data.hasText() and isinstance(row, SubforumRow)

    def hover(self, data: QMimeData, row: TreeRow, place, modifiers) -> Hover:
        self.told.append(("hover", row.title))
        return Hover()

    def leave(self) -> None:
        self.told.append(("leave",))

    def drop(self, data: QMimeData, row: TreeRow, modifiers) -> bool:
        self.told.append(("drop", row.title, data.text()))
        return True


def test_other_drops_go_to_the_handlers(shown: Shown) -> None:
    data = QMimeData()
    data.setText("a persona")
    dragged = Dragged(shown, data)
    assert not dragged.move(shown.point("Cooking"))
    handler = Handler()
    shown.sidebar.drop_handlers.append(handler)
    assert not dragged.move(shown.point("Top"))
    assert dragged.move(shown.point("Cooking"))
    assert shown.view._delegate.drop_target == shown.index("Cooking")
    assert dragged.drop(shown.point("Cooking"))
    assert handler.told[-2:] == [("leave",), ("drop", "Cooking", "a persona")]
    assert ("hover", "Cooking") in handler.told


# -- what survives


def test_open_subforums_survive_a_restart(shown: Shown, show: Callable[[], Shown], filled: Forum) -> None:
    shown.view.collapse(shown.index("Physics"))
    state = shown.sidebar.state()
    assert state == {"expanded": [shown.id("Cooking")]}
    again = show()
    again.sidebar.restore({"expanded": [*state["expanded"], 4711]})
    assert again.titles() == ["Physics", "Cooking", "Risotto"]
    again.sidebar.restore({})


def test_selection_and_open_subforums_survive_changes(shown: Shown, filled: Forum) -> None:
    shown.select("Risotto")
    cooking, risotto = shown.id("Cooking"), shown.id("Risotto")
    filled.forum.move_subforum(cooking, 0)
    filled.topic(filled.forum.subforum(cooking), "Bread")
    filled.persona("Nonna", filled.forum.subforum(cooking), default=True)
    shown.model.refresh()
    assert shown.titles() == ["Cooking", "Bread", "Risotto", "Physics", "Bicycle", "Top"]
    assert shown.view.currentIndex().data() == "Risotto"
    assert shown.view.selectionModel().isSelected(shown.index("Risotto"))
    filled.forum.move_topic(risotto, shown.id("Physics"))
    shown.model.refresh()
    assert shown.view.currentIndex() == shown.index("Risotto")
    filled.forum.delete_subforum(cooking)
    filled.forum.restore(Kind.SUBFORUM, cooking)
    shown.model.refresh()
    assert shown.errors == []


def test_scrolling_fetches_further_topics(
    show: Callable[[], Shown], filled: Forum, database: Database
) -> None:
    filled.fill(topics=5_000, posts=5_000)
    shown = show()
    with readings(database) as sent:
        shown.view.expand(shown.index("Everything"))
        for _ in range(5):
            shown.sidebar.grab()
            QApplication.processEvents()
    fetched = shown.model.rowCount(shown.index("Everything"))
    assert (fetched, len(sent)) == (100, 1)
    bar = shown.view.verticalScrollBar()
    bar.setValue(bar.maximum())
    assert shown.model.rowCount(shown.index("Everything")) > fetched
    shown.sidebar.show_current(4_000)
    assert shown.view.currentIndex().data() == "Topic 4000"
    assert shown.view.viewport().rect().contains(shown.view.visualRect(shown.view.currentIndex()).center())


# -- by keyboard, by ear


def test_every_control_has_a_name(shown: Shown) -> None:
    shown.select("Physics")
    shown.key(KEY.Key_Return, ALT)
    controls = [
        child
        for child in shown.sidebar.findChildren(QWidget)
        if child.focusPolicy() != Qt.FocusPolicy.NoFocus and child.isVisible()
    ]
    assert len(controls) >= 8
    assert [child for child in controls if not child.accessibleName()] == []


def test_tab_walks_through_all_parts(shown: Shown) -> None:
    shown.entry("Queue").setFocus()
    seen = []
    for _ in range(5):
        focused = QApplication.focusWidget()
        seen.append(focused.accessibleName())
        QTest.keyClick(focused, KEY.Key_Tab)
    assert seen == ["Queue", "Personas", "New subforum", "Subforums and topics", "Trash"]


def test_focus_ring_shows_only_after_keys(shown: Shown) -> None:
    shown.click("Top")
    assert not shown.view._delegate.shows_focus
    shown.key(KEY.Key_Down)
    assert shown.view._delegate.shows_focus
    shown.click("Top")
    assert not shown.view._delegate.shows_focus
