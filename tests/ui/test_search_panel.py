"""The search panel: what is typed is found, walked with the arrows and opened with Enter."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLineEdit, QListView, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.icons import load_icons
from forllm_desktop.ui.item_models.search_results import Entry, EntryKind, SearchResults, near_first_hit
from forllm_desktop.ui.panes.search import SearchPanel
from forllm_desktop.ui.theme import ColourScheme, Look
from tests.builders import a_subforum, a_topic
from tests.ui.gui_loop import clear_away


class Shell(QWidget):
    """A window with a place for the panel and something else that can have the focus."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.resize(1000, 700)
        self.anchor = QPushButton("Search", self)
        self.anchor.setGeometry(300, 8, 400, 28)
        self.text = QLineEdit(self)
        self.text.setGeometry(20, 300, 200, 28)
        self.panel = SearchPanel(workspace.search, self)
        self.actions_given = [QAction("&Settings", self), QAction("Open &data folder", self)]
        for action, name in zip(self.actions_given, ("settings", "open_data_folder"), strict=True):
            action.setObjectName(name)
        self.actions_given[0].setShortcut("Ctrl+,")
        self.panel.set_commands(self.actions_given)


@pytest.fixture
def shell(started_look: Look, workspace: Workspace, qtbot: QtBot) -> Iterator[Shell]:
    clear_away()
    load_icons()
    made = Shell(workspace)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitActive(made)
    made.text.setFocus()
    yield made
    made.panel._worker.stop()


def field(shell: Shell) -> QLineEdit:
    return shell.panel.findChild(QLineEdit)


def results(shell: Shell) -> list[str]:
    model = shell.panel._model
    return [model.entry(row).text for row in range(model.rowCount())]


def search(shell: Shell, qtbot: QtBot, typed: str) -> list[str]:
    with qtbot.waitSignal(shell.panel._worker.found):
        field(shell).clear()
        qtbot.keyClicks(field(shell), typed)
    return results(shell)


def press(shell: Shell, qtbot: QtBot, key: Qt.Key) -> None:
    qtbot.keyClick(field(shell), key)


def test_groups_come_in_their_order_with_marks(shell: Shell, workspace: Workspace, qtbot: QtBot) -> None:
    subforum = a_subforum(workspace.forum, "Data", "Everything about data")
    a_topic(workspace.forum, subforum, "Where is my data?", "I look for data.")
    workspace.personas.create("Data", "You are Data.")
    shell.panel.open_below(shell.anchor)
    assert search(shell, qtbot, "data") == [
        "Commands",
        "Open data folder",
        "Subforums",
        "Data",
        "Topics",
        "Where is my data?",
        "Posts",
        "I look for data.",
        "Personas",
        "Data",
    ]
    post = shell.panel._model.entry(7)
    assert [post.text[start:end] for start, end in post.marks] == ["data"]


def test_recent_topics_are_shown_before_anything_is_typed(
    shell: Shell, workspace: Workspace, qtbot: QtBot
) -> None:
    topic, _post = a_topic(workspace.forum)
    shell.panel.open_below(shell.anchor)
    assert results(shell) == ["Recent topics", topic.title]
    with qtbot.waitSignal(shell.panel.topic_requested) as asked:
        press(shell, qtbot, Qt.Key.Key_Return)
    assert asked.args == [topic.topic_id]
    assert not shell.panel.isVisible()


@pytest.mark.parametrize(
    ("steps", "signal"),
    [
        (0, "command"),
        (1, "subforum"),
        (2, "topic"),
        (3, "post"),
        (4, "persona"),
        (5, "command"),
        (-1, "persona"),
    ],
)
def test_arrows_go_from_result_to_result_round_the_ends(
    shell: Shell, workspace: Workspace, qtbot: QtBot, steps: int, signal: str
) -> None:
    subforum = a_subforum(workspace.forum, "Data")
    topic, post = a_topic(workspace.forum, subforum, "Data here", "data there")
    persona = workspace.personas.create("Data", "You are Data.")
    ids = {
        "command": "open_data_folder",
        "subforum": subforum.subforum_id,
        "topic": topic.topic_id,
        "post": post.post_id,
        "persona": persona.persona_id,
    }
    shell.panel.open_below(shell.anchor)
    search(shell, qtbot, "data")
    for _ in range(abs(steps)):
        press(shell, qtbot, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
    with qtbot.waitSignal(getattr(shell.panel, f"{signal}_requested")) as asked:
        press(shell, qtbot, Qt.Key.Key_Return)
    assert asked.args == [ids[signal]]


def test_enter_before_the_answer_opens_the_first_one_when_it_comes(
    shell: Shell, workspace: Workspace, qtbot: QtBot
) -> None:
    topic, _post = a_topic(workspace.forum, title="Auroras")
    shell.panel.open_below(shell.anchor)
    with qtbot.waitSignal(shell.panel.topic_requested) as asked:
        qtbot.keyClicks(field(shell), "auro")
        press(shell, qtbot, Qt.Key.Key_Return)
    assert asked.args == [topic.topic_id]


def test_result_is_opened_with_the_mouse(shell: Shell, workspace: Workspace, qtbot: QtBot) -> None:
    topic, _post = a_topic(workspace.forum, title="Auroras")
    shell.panel.open_below(shell.anchor)
    view = shell.panel.findChild(QListView)
    spot = view.visualRect(view.model().index(1, 0)).center()
    with qtbot.waitSignal(shell.panel.topic_requested) as asked:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert asked.args == [topic.topic_id]


def test_escape_closes_and_gives_the_focus_back(shell: Shell, qtbot: QtBot) -> None:
    shell.panel.open_below(shell.anchor)
    assert field(shell).hasFocus()
    with qtbot.waitSignal(shell.panel.closed):
        press(shell, qtbot, Qt.Key.Key_Escape)
    assert shell.text.hasFocus()


def test_panel_closes_when_the_focus_goes_elsewhere(shell: Shell, qtbot: QtBot) -> None:
    shell.panel.open_below(shell.anchor)
    shell.text.setFocus()
    qtbot.waitUntil(lambda: not shell.panel.isVisible())
    assert shell.text.hasFocus()


def test_nothing_found_is_said(shell: Shell, qtbot: QtBot) -> None:
    shell.panel.open_below(shell.anchor)
    assert search(shell, qtbot, "xyzzy") == []
    assert "Nothing found for “xyzzy”" in shell.panel._nothing.text()
    assert shell.panel._nothing.isVisible()
    press(shell, qtbot, Qt.Key.Key_Return)
    assert shell.panel.isVisible()


def test_disabled_command_is_not_offered(shell: Shell, qtbot: QtBot) -> None:
    shell.actions_given[0].setEnabled(False)
    shell.panel.open_below(shell.anchor)
    assert "Settings" not in search(shell, qtbot, "settings")


def test_only_the_last_of_what_is_typed_is_searched_for(
    shell: Shell, workspace: Workspace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    before = shell.panel._worker._search
    shell.panel._worker._search = lambda typed: (asked.append(typed), before(typed))[1]
    shell.panel.open_below(shell.anchor)
    search(shell, qtbot, "auroras")
    assert asked == ["auroras"]


def test_emptied_field_shows_the_recent_topics_again(
    shell: Shell, workspace: Workspace, qtbot: QtBot
) -> None:
    topic, _post = a_topic(workspace.forum)
    shell.panel.open_below(shell.anchor)
    search(shell, qtbot, "xyzzy")
    field(shell).clear()
    qtbot.waitUntil(lambda: results(shell) == ["Recent topics", topic.title])


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_panel_stays_inside_the_window(
    shell: Shell, workspace: Workspace, started_look: Look, qtbot: QtBot, scale: float
) -> None:
    subforum = a_subforum(workspace.forum)
    for number in range(12):
        a_topic(workspace.forum, subforum, f"Topic {number}")
    started_look.apply(ColourScheme.DARK, "blue", scale)
    shell.anchor.setGeometry(850, 8, 140, 28)
    shell.panel.open_below(shell.anchor)
    search(shell, qtbot, "topic")
    assert shell.rect().contains(shell.panel.geometry())
    assert not shell.grab().isNull()


def test_model_obeys_the_rules_of_qt() -> None:
    model = SearchResults()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    entries = [Entry(EntryKind.TOPIC, number, f"Topic {number}") for number in range(40)]
    model.show_groups([("Empty", []), ("Topics", entries[:20]), ("Posts", entries[20:])])
    assert model.rowCount() == 42
    model.show_groups([])
    assert (model.rowCount(), model.next_result(-1, 1)) == (0, -1)
    del tester


def test_far_hit_is_brought_near() -> None:
    text = "word " * 20 + "hit and more"
    entry = near_first_hit(Entry(EntryKind.POST, 1, text, marks=((100, 103),)))
    assert entry.text.startswith("…word ")
    assert len(entry.text) < 60
    assert [entry.text[start:end] for start, end in entry.marks] == ["hit"]
    long_word = near_first_hit(Entry(EntryKind.POST, 1, "x" * 100 + "hit", marks=((100, 103),)))
    assert [long_word.text[start:end] for start, end in long_word.marks] == ["hit"]


def test_everything_has_an_accessible_name(shell: Shell) -> None:
    for widget in (shell.panel, field(shell), shell.panel.findChild(QListView)):
        assert widget.accessibleName()


def test_personas_are_found_by_name_description_and_tag(
    shell: Shell, workspace: Workspace, qtbot: QtBot
) -> None:
    workspace.personas.create("Emmy", "You are Emmy.", "Symmetry and conserved things", tags=["Maths"])
    workspace.personas.create("Symmetric Sam", "You are Sam.")
    gone = workspace.personas.create("Symmetry Sue", "You are Sue.")
    workspace.personas.delete(gone.persona_id)
    shell.panel.open_below(shell.anchor)
    assert search(shell, qtbot, "symm") == ["Personas", "Symmetric Sam", "Emmy"]
    entry = shell.panel._model.entry(1)
    assert [entry.text[start:end] for start, end in entry.marks] == ["Symm"]
    assert search(shell, qtbot, "maths conserved") == ["Personas", "Emmy"]


def test_enter_opens_a_persona_and_ctrl_enter_asks_it(
    shell: Shell, workspace: Workspace, qtbot: QtBot
) -> None:
    emmy = workspace.personas.create("Emmy", "You are Emmy.").persona_id
    shell.panel.open_below(shell.anchor)
    search(shell, qtbot, "emmy")
    with qtbot.waitSignal(shell.panel.persona_requested) as opened:
        press(shell, qtbot, Qt.Key.Key_Return)
    assert opened.args == [emmy]
    shell.panel.open_below(shell.anchor)
    qtbot.keyClicks(field(shell), "emmy")
    with qtbot.waitSignal(shell.panel.persona_asked) as asked:
        qtbot.keyClick(field(shell), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == [emmy]
