"""The window as a whole: panes, tabs, what is remembered, and what it says."""

import itertools

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMainWindow, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.pages.new_topic import NewTopicPage
from forllm_desktop.ui.pages.topic import TopicPage
from forllm_desktop.ui.pages.welcome import WelcomePage
from forllm_desktop.ui.panes.queue import QueuePane
from forllm_desktop.ui.panes.search import SearchPanel
from forllm_desktop.ui.panes.sidebar import Sidebar
from forllm_desktop.ui.tabs import CentreTabs
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.thread.find import FindBar
from tests.builders import a_subforum, a_topic

PAGES = ("queue", "personas", "trash", "settings", "keyboard", "about")


def tabs(window: MainWindow) -> CentreTabs:
    return window.findChild(CentreTabs)


def trigger(window: MainWindow, id: str) -> None:
    window.actions_by_id[id].trigger()


def press(qtbot: QtBot, window: MainWindow, keys: str) -> None:
    """Press keys as the user does, wherever the keyboard is."""
    QTest.keySequence(QApplication.focusWidget() or window, keys)


def ask(workspace: Workspace, title: str = "Why?") -> int:
    found = workspace.forum.find_subforum("Physics")
    subforum = found[0] if found else workspace.forum.create_subforum("Physics")
    choice = workspace.models.choose("tiny", "http://127.0.0.1:9")
    return workspace.queue.ask_in_new_topic(subforum.subforum_id, title, "Why?", Wish(choice))[2].request_id


# -- tabs


def test_a_topic_opens_in_the_tab_of_the_one_before(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    subforum = a_subforum(workspace.forum)
    first, second = (a_topic(workspace.forum, subforum, title)[0].topic_id for title in ("one", "two"))
    desk.show_topic(first)
    desk.show_topic(second)
    assert tabs(window).open_keys() == [f"topic:{second}"]
    assert window.windowTitle() == "two – FORLLM"


def test_a_topic_opens_in_a_new_tab_when_asked(desk: Desk, window: MainWindow, workspace: Workspace) -> None:
    subforum = a_subforum(workspace.forum)
    first, second = (a_topic(workspace.forum, subforum, title)[0].topic_id for title in ("one", "two"))
    desk.show_topic(first)
    desk.show_topic(second, in_new_tab=True)
    assert tabs(window).open_keys() == [f"topic:{first}", f"topic:{second}"]


def test_an_open_topic_is_shown_and_not_opened_twice(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    desk.show_page("trash")
    desk.show_topic(topic.topic_id)
    assert tabs(window).open_keys() == [f"topic:{topic.topic_id}", "page:trash"]
    assert tabs(window).current_key() == f"topic:{topic.topic_id}"


def test_a_page_is_made_only_when_it_is_shown(desk: Desk, window: MainWindow, workspace: Workspace) -> None:
    state = {"groups": [["page:about", "page:keyboard"], []], "shown": ["page:keyboard", ""], "sizes": []}
    tabs(window).restore({**state, "current": "page:keyboard"})
    assert tabs(window).open_keys() == ["page:about", "page:keyboard"]
    assert len(tabs(window).pages()) == 1


def test_close_reopen_and_step(desk: Desk, window: MainWindow, qtbot: QtBot) -> None:
    for name in ("queue", "trash", "about"):
        desk.show_page(name)
    trigger(window, "close_tab")
    assert tabs(window).open_keys() == ["page:queue", "page:trash"]
    trigger(window, "reopen_tab")
    assert tabs(window).current_key() == "page:about"
    trigger(window, "next_tab")
    assert tabs(window).current_key() == "page:queue"
    trigger(window, "previous_tab")
    assert tabs(window).current_key() == "page:about"


def test_a_middle_click_closes_a_tab(desk: Desk, window: MainWindow, qtbot: QtBot) -> None:
    desk.show_page("trash")
    desk.show_page("about")
    bar = tabs(window)._groups[0].bar
    qtbot.mouseClick(bar, Qt.MouseButton.MiddleButton, pos=bar.tabRect(0).center())
    assert tabs(window).open_keys() == ["page:about"]


def test_the_button_of_a_tab_closes_it(desk: Desk, window: MainWindow, qtbot: QtBot) -> None:
    desk.show_page("trash")
    close = tabs(window)._groups[0].bar.findChild(QAbstractButton)
    assert close.accessibleName() == "Close “Trash”"
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert tabs(window).open_keys() == []


def test_two_tabs_beside_each_other_and_back(desk: Desk, window: MainWindow) -> None:
    desk.show_page("trash")
    assert not window.actions_by_id["split"].isEnabled()
    desk.show_page("about")
    trigger(window, "split")
    left, right = tabs(window)._groups
    assert (left.bar.open_keys(), right.bar.open_keys()) == (["page:trash"], ["page:about"])
    assert left.isVisible()
    assert right.isVisible()
    assert window.actions_by_id["split"].isChecked()
    trigger(window, "split")
    assert tabs(window).open_keys() == ["page:trash", "page:about"]
    assert not right.isVisible()
    assert tabs(window).current_key() == "page:about"


def test_without_room_for_two_the_side_that_is_used_is_shown(desk: Desk, window: MainWindow) -> None:
    desk.show_page("trash")
    desk.show_page("about")
    trigger(window, "split")
    left, right = tabs(window)._groups
    window.resize(600, 600)
    assert (left.isVisible(), right.isVisible()) == (False, True)
    trigger(window, "next_tab")
    assert (left.isVisible(), right.isVisible()) == (True, False)
    window.resize(1440, 900)
    assert (left.isVisible(), right.isVisible()) == (True, True)


def test_tabs_that_came_back_can_be_seen(desk: Desk, window: MainWindow, qtbot: QtBot) -> None:
    state = {"groups": [["page:about", "page:trash"], []], "shown": ["page:trash", ""], "sizes": []}
    tabs(window).restore({**state, "current": "page:trash"})
    desk.show_page("about")
    qtbot.wait(20)
    bar = tabs(window)._groups[0].bar
    assert bar.height() == theme().row(36)
    assert bar.visibleRegion().contains(bar.tabRect(0).center())


def test_closing_one_side_ends_the_split(desk: Desk, window: MainWindow) -> None:
    desk.show_page("trash")
    desk.show_page("about")
    trigger(window, "split")
    tabs(window).close_tab("page:trash")
    assert not tabs(window).is_split
    assert tabs(window).current_key() == "page:about"


def test_the_tab_of_a_deleted_topic_closes(desk: Desk, window: MainWindow, workspace: Workspace) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    workspace.forum.delete_topic(topic.topic_id)
    assert tabs(window).open_keys() == []
    trigger(window, "reopen_tab")
    assert tabs(window).open_keys() == []


def test_tabs_of_a_deleted_subforum_close(desk: Desk, window: MainWindow, workspace: Workspace) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    workspace.forum.delete_subforum(topic.subforum_id)
    assert tabs(window).open_keys() == []


def test_a_renamed_topic_renames_tab_and_window(desk: Desk, window: MainWindow, workspace: Workspace) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    workspace.forum.rename_topic(topic.topic_id, "R&D <b>")
    bar = tabs(window)._groups[0].bar
    assert bar.title(0) == "R&D <b>"
    assert bar.tabText(0) == "R&&D <b>"
    assert window.windowTitle() == "R&D <b> – FORLLM"


# -- panes


def test_the_pane_switches_fold_and_unfold(desk: Desk, window: MainWindow) -> None:
    sidebar, queue = window.findChild(Sidebar), window.findChild(QueuePane)
    for id, pane in (("show_sidebar", sidebar), ("show_queue", queue)):
        assert window.actions_by_id[id].isChecked()
        trigger(window, id)
        assert not pane.isVisible()
        trigger(window, id)
        assert pane.isVisible()


def test_the_queue_folds_while_its_page_is_shown(desk: Desk, window: MainWindow) -> None:
    dock = window.findChild(QueuePane)
    desk.show_page("queue")
    assert not dock.isVisible()
    assert not window.actions_by_id["show_queue"].isChecked()
    desk.show_page("trash")
    assert dock.isVisible()


def test_a_narrow_window_has_the_sidebar_as_a_drawer(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    topic, _ = a_topic(workspace.forum)
    sidebar = window.findChild(Sidebar)
    window.resize(700, 600)
    assert not sidebar.isVisible()
    trigger(window, "show_sidebar")
    assert sidebar.isVisible()
    assert window.panes.is_narrow
    desk.show_topic(topic.topic_id)
    assert not sidebar.isVisible(), "choosing something closes the drawer"
    assert not window.actions_by_id["show_sidebar"].isChecked()
    window.resize(1440, 900)
    assert sidebar.isVisible()


def test_escape_closes_the_drawer(desk: Desk, window: MainWindow, qtbot: QtBot) -> None:
    window.resize(700, 600)
    trigger(window, "show_sidebar")
    qtbot.keyClick(window.panes, Qt.Key.Key_Escape)
    assert not window.findChild(Sidebar).isVisible()


def test_twice_the_text_size_makes_the_sidebar_a_drawer(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    workspace.settings.change(text_size=200)
    assert window.panes.is_narrow
    assert not window.findChild(Sidebar).isVisible()


@pytest.mark.parametrize("size", [(1440, 900), (900, 700), (560, 480)])
@pytest.mark.parametrize("text_size", [100, 200])
def test_nothing_of_the_tool_bar_is_cut(
    desk: Desk, window: MainWindow, workspace: Workspace, size: tuple[int, int], text_size: int
) -> None:
    workspace.settings.change(text_size=text_size, queue_paused=True)
    ask(workspace)
    window.resize(*size)
    QApplication.processEvents()
    toolbar = window.toolbar
    shown = [w for w in toolbar.findChildren(QWidget) if w.parent() is toolbar and w.isVisible()]
    places = sorted((w.geometry() for w in shown), key=lambda place: place.left())
    assert places[-1].right() <= toolbar.width()
    assert all(a.right() < b.left() for a, b in itertools.pairwise(places))


# -- what is remembered


def test_layout_tabs_and_split_come_back(
    desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    desk.show_page("trash")
    desk.show_page("about")
    trigger(window, "split")
    trigger(window, "show_queue")
    desk.flush()
    again = MainWindow()
    qtbot.addWidget(again, before_close_func=lambda window: setattr(window, "_may_close", True))
    again.resize(1440, 900)
    other = Desk(again, workspace)
    assert tabs(again).state()["groups"] == [[f"topic:{topic.topic_id}", "page:trash"], ["page:about"]]
    assert tabs(again).current_key() == "page:about"
    assert not again.panes.shows_queue
    assert not again.actions_by_id["show_queue"].isChecked()
    other.close()


def test_a_topic_that_is_gone_does_not_come_back(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    topic, _ = a_topic(workspace.forum)
    workspace.forum.delete_topic(topic.topic_id)
    state = {"groups": [[f"topic:{topic.topic_id}", "page:about"]], "shown": ["page:about"], "sizes": []}
    tabs(window).restore({**state, "current": f"topic:{topic.topic_id}"})
    assert tabs(window).open_keys() == ["page:about"]


@pytest.mark.parametrize("stored", [17, "text", {}, {"groups": 3}, {"groups": [[1]], "shown": [2]}])
def test_a_state_that_makes_no_sense_is_ignored(
    window: MainWindow, workspace: Workspace, stored: object
) -> None:
    workspace.settings.remember("tabs", stored)
    workspace.settings.remember("panes", stored)
    desk = Desk(window, workspace)
    assert tabs(window).open_keys() == []
    desk.close()


def test_the_window_comes_back_to_its_size(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(700, 500)
    window.show()
    text = window.geometry_text()
    again = MainWindow()
    qtbot.addWidget(again, before_close_func=lambda window: setattr(window, "_may_close", True))
    again.restore_geometry(text)
    again.restore_geometry("no geometry")
    again.restore_geometry(None)
    assert again.size() == window.size()


# -- wishes


def test_new_topic_without_a_subforum_asks_for_one(desk: Desk, window: MainWindow) -> None:
    trigger(window, "new_topic")
    assert not tabs(window).open_keys()
    assert QApplication.focusWidget() is not None
    assert window.findChild(Sidebar).isAncestorOf(QApplication.focusWidget())


def test_a_new_topic_replaces_the_page_it_was_written_on(
    desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    subforum = a_subforum(workspace.forum)
    trigger(window, "new_topic")
    page = tabs(window).current()
    assert isinstance(page, NewTopicPage)
    assert tabs(window).open_keys() == [f"new:{subforum.subforum_id}"]
    page._composer._text.setPlainText("Why is the sky blue?")
    with qtbot.waitSignal(page._composer.topic_made):
        page._composer.post()
    (topic,) = workspace.forum.topics(subforum.subforum_id)
    assert tabs(window).open_keys() == [f"topic:{topic.topic_id}"]


def test_ask_puts_the_keyboard_into_the_composer(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    trigger(window, "ask")
    page = tabs(window).current()
    assert isinstance(page, TopicPage)
    assert page._composer.isAncestorOf(QApplication.focusWidget())


def test_a_request_is_shown_in_the_queue_and_its_post_in_the_thread(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    request = ask(workspace)
    trigger(window, "show_queue")
    desk.show_request(request)
    assert window.findChild(QueuePane).isVisible()
    post = workspace.queue.job(request).post_id_to_respond_to
    assert post is not None
    desk.show_post(post)
    assert tabs(window).current_key() == f"topic:{workspace.forum.post(post).topic_id}"


def test_a_post_that_is_gone_is_said(desk: Desk, window: MainWindow) -> None:
    desk.show_post(4711)
    assert "does not exist" in window.bar.accessibleName()
    assert window.bar.isVisible()


def test_a_failure_that_belongs_to_no_row_is_said(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    workspace.events.failed.emit("The disk is full", "Make room.")
    assert window.bar.accessibleName() == "The disk is full. Make room."


def test_undo_takes_back_one_after_the_other(desk: Desk, window: MainWindow, workspace: Workspace) -> None:
    subforum = a_subforum(workspace.forum)
    first, second = (a_topic(workspace.forum, subforum, title)[0].topic_id for title in ("one", "two"))
    assert not window.actions_by_id["undo"].isEnabled()
    for topic_id in (first, second):
        window.findChild(Sidebar).undo_offered.emit(workspace.forum.delete_topic(topic_id))
    assert window.bar.accessibleName() == "Topic “two” deleted"
    trigger(window, "undo")
    assert window.bar.accessibleName() == "Topic “two” restored"
    trigger(window, "undo")
    assert {topic.title for topic in workspace.forum.topics(subforum.subforum_id)} == {"one", "two"}
    assert not window.actions_by_id["undo"].isEnabled()


def test_an_undo_that_is_no_longer_possible_is_said(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    topic, _ = a_topic(workspace.forum)
    undo = workspace.forum.delete_topic(topic.topic_id)
    window.findChild(Sidebar).undo_offered.emit(undo)
    workspace.forum.undo(undo)
    trigger(window, "undo")
    assert "not in the trash" in window.bar.accessibleName()


def test_a_link_says_where_it_leads_before_it_opens(
    desk: Desk, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    desk._maker.link_opened.emit("https://example.org/a")
    assert window.bar.accessibleName() == "Leads to https://example.org/a"
    assert opened == []
    next(b for b in window.bar.findChildren(QPushButton) if b.isVisible()).click()
    assert opened == ["https://example.org/a"]


@pytest.mark.parametrize("address", ["file:///etc/passwd", "javascript:alert(1)", "smb://host/share", "x"])
def test_a_link_to_something_else_is_not_opened(
    desk: Desk, window: MainWindow, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    desk._maker.link_opened.emit(address)
    for offered in window.bar.findChildren(QPushButton):
        offered.click()
    assert opened == []


def test_where_a_link_leads_is_in_the_status_line(desk: Desk, window: MainWindow) -> None:
    window.status.say("Saved")
    desk._maker.link_hovered.emit("https://example.org")
    assert window.status._left.text() == "https://example.org"
    desk._maker.link_hovered.emit("")
    assert window.status._left.text() == "Saved"


def test_text_is_enlarged_in_steps_within_limits(
    desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    trigger(window, "larger_text")
    assert workspace.settings.current().text_size == 110
    assert theme().scale == pytest.approx(1.1)
    for _ in range(20):
        trigger(window, "larger_text")
    assert workspace.settings.current().text_size == 200
    trigger(window, "usual_text")
    assert workspace.settings.current().text_size == 100
    for _ in range(20):
        trigger(window, "smaller_text")
    assert workspace.settings.current().text_size == 80


def test_the_look_follows_the_settings_at_once(desk: Desk, window: MainWindow, workspace: Workspace) -> None:
    workspace.settings.change(color_scheme="dark")
    assert theme().is_dark
    workspace.settings.change(color_scheme="light", accent="teal")
    assert not theme().is_dark
    assert theme().tokens.accent == "#0B7A75"


def test_a_change_of_another_option_dresses_nothing_anew(
    desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    from forllm_desktop.ui.theme import look

    with qtbot.assertNotEmitted(look().changed):
        workspace.settings.change(think=False)


# -- keys and the menu


def test_the_menu_opens_by_key(desk: Desk, window: MainWindow, qtbot: QtBot) -> None:
    for open_it in (
        lambda: qtbot.keyClick(window, Qt.Key.Key_F10),
        lambda: qtbot.keyClick(window, Qt.Key.Key_Alt),
    ):
        open_it()
        assert window.menu.isVisible()
        assert window.menu.activeAction() is not None
        window.menu.close()


def test_alt_with_another_key_does_not_open_the_menu(desk: Desk, window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyPress(window, Qt.Key.Key_Alt)
    qtbot.keyClick(window, Qt.Key.Key_X, Qt.KeyboardModifier.AltModifier)
    qtbot.keyRelease(window, Qt.Key.Key_Alt)
    assert not window.menu.isVisible()


def test_n_is_a_letter_while_writing(desk: Desk, window: MainWindow, workspace: Workspace) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    trigger(window, "ask")
    page = tabs(window).current()
    assert isinstance(page, TopicPage)
    QTest.keyClicks(QApplication.focusWidget(), "no")
    assert page._composer._text.toPlainText() == "no"


def test_f6_walks_through_the_panes(desk: Desk, window: MainWindow, workspace: Workspace) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    desk._sidebar.setFocus()
    seen = []
    for _ in range(6):
        trigger(window, "next_pane")
        focus = QApplication.focusWidget()
        assert focus is not None
        panes = {
            "centre": tabs(window),
            "personas": desk._personas.dock,
            "queue": desk._queue,
            "bar": window.toolbar,
            "side": desk._sidebar,
        }
        seen.append(next(name for name, pane in panes.items() if pane.isAncestorOf(focus)))
    assert set(seen) == {"centre", "personas", "queue", "bar", "side"}


def test_no_pane_has_a_key_of_the_window(desk: Desk, window: MainWindow, workspace: Workspace) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    for name in PAGES:
        desk.show_page(name)
    of_window = {key.toString() for action in window.actions_by_id for key in action.shortcuts()}
    for action in window.findChildren(QAction):
        if action.parent() is not window:
            doubled = of_window & {key.toString() for key in action.shortcuts()}
            assert not doubled, f"{action.text()}: {doubled}"


@pytest.mark.parametrize("in_thread", [True, False])
def test_ctrl_f_finds_in_the_page(
    desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot, in_thread: bool
) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_topic(topic.topic_id)
    page = tabs(window).current()
    assert isinstance(page, TopicPage)
    (page if in_thread else desk._sidebar).setFocus()
    press(qtbot, window, "Ctrl+F")
    assert page.findChild(FindBar).isVisible()


def test_closing_asks_first_and_closes_when_told(window: MainWindow, qtbot: QtBot) -> None:
    window.show()
    with qtbot.waitSignal(window.close_requested):
        window.close()
    assert window.isVisible()
    window.close_for_good()
    assert not window.isVisible()


# -- screen readers


@pytest.mark.parametrize("page", [*PAGES, "topic", "new topic", "nothing"])
def test_every_control_has_a_name(desk: Desk, window: MainWindow, workspace: Workspace, page: str) -> None:
    ask(workspace)
    topic, _ = a_topic(workspace.forum, workspace.forum.subforums()[0])
    if page == "topic":
        desk.show_topic(topic.topic_id)
    elif page == "new topic":
        trigger(window, "new_topic")
    elif page != "nothing":
        desk.show_page(page)
        assert tabs(window).current_key() == f"page:{page}"
    QApplication.processEvents()
    nameless = [widget for widget in window.findChildren(QWidget) if needs_a_name(widget)]
    assert [described(widget) for widget in nameless] == []


def needs_a_name(widget: QWidget) -> bool:
    is_control = widget.focusPolicy() != Qt.FocusPolicy.NoFocus or isinstance(widget, QAbstractButton)
    # What Qt puts inside of its own controls is named by them.
    is_inner = widget.objectName().startswith("qt_") or widget.objectName().startswith("ScrollLeft")
    is_hidden = not widget.isVisible() or isinstance(widget, QMainWindow)
    text = getattr(widget, "text", None)
    has_text = callable(text) and isinstance(text(), str) and bool(text())
    return is_control and not is_inner and not is_hidden and not widget.accessibleName() and not has_text


def described(widget: QWidget) -> str:
    names, parent = [], widget
    while parent is not None:
        names.append(type(parent).__name__)
        parent = parent.parentWidget()
    return " < ".join(names[:4])


def test_failures_of_any_part_are_shown_in_the_window(desk: Desk, window: MainWindow) -> None:
    for part in (desk._sidebar, desk._queue, desk._maker):
        part.failed.emit(ForllmError("This is not possible", "Do that."))
        assert window.bar.accessibleName() == "This is not possible. Do that."
        window.bar.hide()


# -- the welcome and the search


def test_an_empty_forum_is_welcomed(first_desk: Desk, window: MainWindow) -> None:
    assert window.findChild(WelcomePage).isVisible()
    assert not window.panes.isVisible()
    assert window.toolbar.is_bare


def test_the_first_question_ends_the_welcome(
    first_desk: Desk, window: MainWindow, workspace: Workspace
) -> None:
    topic, _ = a_topic(workspace.forum)
    window.findChild(WelcomePage).started.emit(topic.topic_id)
    assert window.panes.isVisible()
    assert window.findChild(Sidebar).isVisible()
    assert tabs(window).current_key() == f"topic:{topic.topic_id}"


def test_who_skips_the_welcome_does_not_see_it_again(
    first_desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    window.findChild(WelcomePage).skipped.emit()
    assert window.panes.isVisible()
    again = MainWindow()
    qtbot.addWidget(again, before_close_func=lambda window: setattr(window, "_may_close", True))
    other = Desk(again, workspace)
    assert not again.findChildren(WelcomePage)
    other.close()


def test_a_forum_with_something_in_it_is_not_welcomed(window: MainWindow, workspace: Workspace) -> None:
    a_subforum(workspace.forum)
    desk = Desk(window, workspace)
    assert not window.findChildren(WelcomePage)
    desk.close()


def test_search_finds_a_topic_and_opens_it(
    desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    topic, _ = a_topic(workspace.forum)
    desk.show_page("about")
    press(qtbot, window, "Ctrl+K")
    panel = window.findChild(SearchPanel)
    assert panel.isVisible()
    QTest.keyClicks(QApplication.focusWidget(), "blue")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tabs(window).current_key() == f"topic:{topic.topic_id}")


def test_search_finds_a_command(desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot) -> None:
    a_subforum(workspace.forum)
    desk.show_page("about")
    press(qtbot, window, "Ctrl+K")
    QTest.keyClicks(QApplication.focusWidget(), "keyboard")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tabs(window).current_key() == "page:keyboard")


def test_nothing_ticks_when_all_is_quiet(
    desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot
) -> None:
    topic, _ = a_topic(workspace.forum)
    for name in PAGES:
        desk.show_page(name)
    desk.show_topic(topic.topic_id)

    def quick() -> list[QTimer]:
        timers = window.findChildren(QTimer)
        return [timer for timer in timers if timer.isActive() and timer.interval() < 1_000]

    qtbot.waitUntil(lambda: not quick(), timeout=5_000)
