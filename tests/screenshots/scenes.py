"""The screens, each set up by one function; its name is the name of the picture."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListView, QPlainTextEdit, QPushButton, QTreeView, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.ui.pages.refusal import RefusalPage
from forllm_desktop.ui.pages.settings import SettingsPage
from forllm_desktop.ui.pages.welcome import WelcomePage
from forllm_desktop.ui.panes.queue import QueuePane
from forllm_desktop.ui.panes.search import SearchPanel
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.widgets.persona_menu import PersonaMenu
from tests.screenshots import texts
from tests.screenshots.content import Filled
from tests.screenshots.stage import Stage


@dataclass(frozen=True)
class Scene:
    """A picture: in which data folder it plays, and what is done before it is taken."""

    name: str
    folder: str
    set_up: Callable[[Stage, Filled], None]


SCENES: list[Scene] = []


def scene(folder: str = "filled") -> Callable[[Callable[[Stage, Filled], None]], None]:
    """Register a scene; `folder` is "filled", "empty" or "welcome"."""

    def register(function: Callable[[Stage, Filled], None]) -> None:
        number = len(SCENES) + 1
        SCENES.append(Scene(f"{number:02}-{function.__name__.replace('_', '-')}", folder, function))

    return register


# -- reading


@scene()
def topic_from_the_top(stage: Stage, filled: Filled) -> None:
    page = stage.read(filled.main_topic)
    stage.desk.show_post(stage.workspace.forum.thread(filled.main_topic)[0].post.post_id)
    page.setFocus()


@scene()
def topic_streaming(stage: Stage, filled: Filled) -> None:
    stage.read(filled.main_topic, filled.streaming_post)


@scene()
def topic_streaming_out_of_sight(stage: Stage, filled: Filled) -> None:
    stage.read(filled.main_topic, filled.table_post)
    stage.workspace.events.reply_grew.emit(filled.streaming_post, 0, "")


@scene()
def topic_table_and_lists(stage: Stage, filled: Filled) -> None:
    stage.read(filled.main_topic, filled.lists_post)


@scene()
def topic_incomplete_reply(stage: Stage, filled: Filled) -> None:
    stage.desk.show_post(filled.partial_post)


@scene()
def topic_failed_without_text(stage: Stage, filled: Filled) -> None:
    topic = next(row.topic_id for row in stage.workspace.queue.table() if "Chapter 9" in row.title)
    stage.read(topic)


@scene()
def topic_waiting_for_a_server(stage: Stage, filled: Filled) -> None:
    stage.read(stage.workspace.queue.table([filled.parked_request])[0].topic_id)


@scene()
def topic_long_title(stage: Stage, filled: Filled) -> None:
    stage.read(filled.other_topics[1])


@scene()
def topic_find(stage: Stage, filled: Filled) -> None:
    stage.read(filled.main_topic)
    stage.trigger("find")
    field = stage.find(ThreadPage).findChild(QLineEdit)
    QTest.keyClicks(field, "spin")


@scene()
def topic_post_menu(stage: Stage, filled: Filled) -> None:
    page = stage.read(filled.main_topic, filled.table_post)
    stage.settle()
    thread = page.findChild(ThreadPage)
    thread._pop_up(filled.table_post, stage.window.mapToGlobal(QPoint(700, 200)))


# -- writing


@scene()
def composer_long_draft(stage: Stage, filled: Filled) -> None:
    page = stage.read(filled.other_topics[0])
    page.ask()
    field = stage.find(QPlainTextEdit, "Text of the post")
    field.setPlainText(texts.DRAFT)


@scene()
def composer_reply_and_error(stage: Stage, filled: Filled) -> None:
    page = stage.read(filled.main_topic, filled.table_post)
    page._write_to(filled.table_post)
    stage.find(QPlainTextEdit, "Text of the post").setPlainText("   ")
    stage.find(QPushButton, "Post and ask").click()


@scene()
def composer_edit(stage: Stage, filled: Filled) -> None:
    first = stage.workspace.forum.thread(filled.main_topic)[0].post.post_id
    stage.read(filled.main_topic, first)._edit(first)


@scene()
def new_topic(stage: Stage, filled: Filled) -> None:
    stage.desk.start_topic(filled.physics)
    stage.find(QPlainTextEdit, "Text of the post").setPlainText("Why is the sky dark at night?")


@scene()
def new_topic_personas(stage: Stage, filled: Filled) -> None:
    stage.desk.start_topic(filled.physics)
    stage.settle()
    stage.find(QPushButton, "Persona that answers").click()


@scene()
def new_topic_models(stage: Stage, filled: Filled) -> None:
    stage.desk.start_topic(filled.physics)
    stage.settle()
    stage.find(QPushButton, "Model").click()


def _narrow(stage: Stage) -> None:
    """Make the window so narrow that the sidebar is a drawer."""
    stage.resize(700 if stage.workspace.settings.current().text_size == 100 else 900, 700)
    stage.settle()


# -- the forum tree


def _tree(stage: Stage) -> QTreeView:
    if not stage.window.panes.shows_sidebar:
        stage.trigger("show_sidebar")
    return stage.find(QTreeView)


@scene()
def sidebar_rename(stage: Stage, filled: Filled) -> None:
    stage.read(filled.other_topics[0])
    tree = _tree(stage)
    tree.setFocus()
    QTest.keyClick(tree, Qt.Key.Key_F2)


@scene()
def sidebar_new_subforum(stage: Stage, filled: Filled) -> None:
    stage.trigger("new_subforum")


@scene()
def sidebar_menu(stage: Stage, filled: Filled) -> None:
    stage.read(filled.other_topics[0])
    tree = _tree(stage)
    tree.customContextMenuRequested.emit(tree.visualRect(tree.currentIndex()).center())


@scene()
def sidebar_description(stage: Stage, filled: Filled) -> None:
    _tree(stage)
    stage.desk._sidebar._describe(filled.physics)


# -- the queue


@scene()
def queue_page(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page("queue")


@scene()
def queue_failed(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page("queue")
    page = stage.find(QueuePane)
    page._filter("Failed")
    stage.settle()
    page._view.selectRow(0)
    page._view.setFocus()


@scene()
def queue_parked_in_the_dock(stage: Stage, filled: Filled) -> None:
    stage.read(filled.other_topics[0])
    stage.desk.show_request(filled.parked_request)


@scene("empty")
def queue_empty(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page("queue")


# -- settings


def settings_section(stage: Stage, name: str) -> SettingsPage:
    stage.desk.show_page("settings")
    page = stage.current(SettingsPage)
    page.show_section(name)
    stage.settle()
    return page


@scene()
def settings_servers(stage: Stage, filled: Filled) -> None:
    settings_section(stage, "Servers")


@scene()
def settings_server_tested(stage: Stage, filled: Filled) -> None:
    page = settings_section(stage, "Servers")
    for button in page.findChildren(QPushButton):
        if button.isVisible() and button.text() == "Test":
            button.click()


@scene()
def settings_add_server(stage: Stage, filled: Filled) -> None:
    page = settings_section(stage, "Servers")
    next(b for b in page.findChildren(QPushButton) if b.text() == "Add a server").click()


@scene("empty")
def settings_servers_empty(stage: Stage, filled: Filled) -> None:
    settings_section(stage, "Servers")


@scene()
def settings_replies(stage: Stage, filled: Filled) -> None:
    page = settings_section(stage, "Replies")
    field = next(f for f in page.findChildren(QLineEdit) if f.isVisible() and f.text().isdigit())
    field.setText("12")
    field.editingFinished.emit()


@scene()
def settings_appearance(stage: Stage, filled: Filled) -> None:
    settings_section(stage, "Appearance")


@scene()
def settings_editor(stage: Stage, filled: Filled) -> None:
    settings_section(stage, "Editor")


@scene()
def settings_data(stage: Stage, filled: Filled) -> None:
    settings_section(stage, "Data")


@scene()
def settings_search(stage: Stage, filled: Filled) -> None:
    settings_section(stage, "Editor")._search.setText("text")


@scene()
def settings_search_nothing(stage: Stage, filled: Filled) -> None:
    settings_section(stage, "Editor")._search.setText("zebra crossing")


# -- other pages


@scene()
def trash(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page("trash")


@scene("empty")
def trash_empty(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page("trash")


@scene()
def keyboard(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page("keyboard")


@scene()
def about(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page("about")


@scene("empty")
def empty_forum(stage: Stage, filled: Filled) -> None:
    assert not stage.tabs.open_keys()


@scene()
def no_topic_open(stage: Stage, filled: Filled) -> None:
    assert not stage.tabs.open_keys()


# -- search


def _search(stage: Stage, typed: str) -> None:
    stage.trigger("search")
    stage.settle()
    panel = stage.window.findChild(SearchPanel)
    if panel is None:
        panel = SearchPanel(stage.workspace.search, stage.window)
        panel.set_commands([action for action in stage.window.actions_by_id if action.text()])
        panel.open_below(stage.window.toolbar.search)
    QTest.keyClicks(panel._field, typed)
    stage.settle(lambda: not panel._worker.is_busy if hasattr(panel._worker, "is_busy") else True)


@scene()
def search_recent(stage: Stage, filled: Filled) -> None:
    _search(stage, "")


@scene()
def search_hits(stage: Stage, filled: Filled) -> None:
    _search(stage, "spin")


@scene()
def search_nothing(stage: Stage, filled: Filled) -> None:
    _search(stage, "zebra crossing")


# -- the window


@scene()
def menu(stage: Stage, filled: Filled) -> None:
    stage.read(filled.other_topics[0])
    stage.window.pop_up_menu()
    first = stage.window.menu.actions()[0]
    submenu = first.menu()
    submenu.popup(stage.window.menu.mapToGlobal(stage.window.menu.actionGeometry(first).topRight()))


@scene()
def bar_undo(stage: Stage, filled: Filled) -> None:
    stage.read(filled.other_topics[0])
    bar = stage.window.bar
    bar.say("Topic “An idea that was not one” deleted", icon="trash", action="Undo", on_action=bar.hide)


@scene()
def bar_warning(stage: Stage, filled: Filled) -> None:
    stage.read(filled.other_topics[0])
    stage.window.bar.say(
        "workshop-pc is away. 1 request waits.", kind="warn", icon="moon", action="Look again"
    )


@scene()
def bar_error(stage: Stage, filled: Filled) -> None:
    stage.read(filled.other_topics[0])
    words = (
        "Nothing more can be saved: make room on the disk that holds " + "/home/someone/.local/share/forllm"
    )
    stage.window.bar.say_error(ForllmError("The disk is full", words))


@scene()
def split_tabs(stage: Stage, filled: Filled) -> None:
    stage.desk.show_topic(filled.main_topic)
    stage.desk.show_topic(filled.other_topics[0], in_new_tab=True)
    stage.settle()
    stage.trigger("split")


@scene()
def many_tabs(stage: Stage, filled: Filled) -> None:
    for topic in (filled.main_topic, *filled.other_topics):
        stage.desk.show_topic(topic, in_new_tab=True)
    for page in ("queue", "settings", "trash"):
        stage.desk.show_page(page)
    stage.desk.show_topic(filled.other_topics[1])


@scene()
def narrow_topic(stage: Stage, filled: Filled) -> None:
    stage.resize(900, 700)
    stage.settle()
    stage.read(filled.main_topic, filled.table_post)


@scene()
def narrow_drawer(stage: Stage, filled: Filled) -> None:
    _narrow(stage)
    stage.read(filled.main_topic, filled.table_post)
    stage.settle()
    _tree(stage)


@scene()
def narrow_queue(stage: Stage, filled: Filled) -> None:
    stage.resize(900, 700)
    stage.desk.show_page("queue")


@scene()
def narrow_settings(stage: Stage, filled: Filled) -> None:
    stage.resize(900, 700)
    settings_section(stage, "Servers")


@scene()
def narrow_new_topic(stage: Stage, filled: Filled) -> None:
    _narrow(stage)
    stage.desk.start_topic(filled.physics)


# -- the first start


def _welcome(stage: Stage) -> WelcomePage:
    page = stage.window.findChild(WelcomePage)
    if page is None or not page.isVisible():
        ws = stage.workspace
        page = WelcomePage(ws.forum, ws.queue, ws.personas, ws.models, ws.settings, ws.events)
        stage.window.show_welcome(page)
    stage.settle(lambda: page._models._is_done)
    return page


@scene("empty")
def welcome_without_servers(stage: Stage, filled: Filled) -> None:
    _welcome(stage)


@scene("welcome")
def welcome_with_servers(stage: Stage, filled: Filled) -> None:
    _welcome(stage)


@scene("welcome")
def welcome_add_server(stage: Stage, filled: Filled) -> None:
    _welcome(stage)._models.open_editor()


@scene("welcome")
def welcome_narrow(stage: Stage, filled: Filled) -> None:
    _narrow(stage)
    _welcome(stage)


@scene("empty")
def refusal(stage: Stage, filled: Filled) -> None:
    error = ForllmError(
        "Another FORLLM uses this data folder",
        "Close it first, or start this one with --data-dir and another folder.",
    )
    page: QWidget = RefusalPage(error)
    stage.window.show_welcome(page)


# -- who answers


@scene()
def subforum(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page(f"subforum:{filled.physics}")
    stage.find(QListView, "Personas of this subforum").setFocus()


@scene()
def subforum_assign(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page(f"subforum:{filled.physics}")
    stage.settle()
    stage.find(QPushButton, "Assign").click()


@scene("empty")
def subforum_without_personas(stage: Stage, filled: Filled) -> None:
    made = stage.workspace.forum.create_subforum("Garden", "What grows, and what does not.")
    stage.desk.show_page(f"subforum:{made.subforum_id}")


@scene()
def composer_assign_another(stage: Stage, filled: Filled) -> None:
    stage.desk.start_topic(filled.physics)
    stage.settle()
    stage.find(QPushButton, "Persona that answers").click()
    menu = stage.find(QPushButton, "Persona that answers")._menu
    others = next(action.menu() for action in menu.actions() if isinstance(action.menu(), PersonaMenu))
    others.popup(stage.window.mapToGlobal(QPoint(300, 240)))


@scene()
def topic_ask_menu(stage: Stage, filled: Filled) -> None:
    page = stage.read(filled.main_topic, filled.table_post)
    stage.settle()
    page._ask_about(filled.table_post)


@scene()
def topic_ask_again(stage: Stage, filled: Filled) -> None:
    page = stage.read(filled.main_topic, filled.table_post)
    stage.settle()
    page._ask_again(filled.table_post)


@scene()
def settings_personas(stage: Stage, filled: Filled) -> None:
    settings_section(stage, "Personas")


@scene()
def queue_with_a_trial(stage: Stage, filled: Filled) -> None:
    ws = stage.workspace
    card = ws.personas.cards()[0]
    model = ws.models.default_choice()
    content = ws.personas.persona(card.persona_id).content
    job = ws.asking.try_persona(card.persona_id, content, "How would you explain a gyroscope?", model)
    ws.queue.finish(ws.queue.claim([job.request_id]).job.request_id, texts.DRAFT, "", {})
    stage.desk.show_page("queue")
    stage.settle()
    stage.find(QueuePane).show_request(job.request_id)
