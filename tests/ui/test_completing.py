"""Tags are completed while they are typed, and whole names typed by hand are taken for them."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.found_files import FoundFile
from forllm_desktop.domain.tags import FileTag, PersonaTag, persona_tag_text
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.editor.completing import Completing
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.editor.offer_list import OfferList
from forllm_desktop.ui.editor.offers import is_meant
from forllm_desktop.ui.editor.tag_text import TagText
from forllm_desktop.ui.editor.tag_typing import beginning
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.pages.settings import SettingsPage
from tests.builders import a_subforum, a_topic

NAMES = ("Ada Lovelace", "Ada", "Bob", "Marie Curie", "Zoe")


class Writing:
    """A topic of Physics, where Marie and Bob are assigned, with the keyboard in the composer."""

    def __init__(self, desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot) -> None:
        self.workspace, self.window, self.qtbot = workspace, window, qtbot
        make = workspace.personas.create
        self.ids = {name: make(name, "You.", f"{name} explains").persona_id for name in NAMES}
        physics = a_subforum(workspace.forum, "Physics")
        workspace.personas.assign(physics.subforum_id, self.ids["Marie Curie"], default=True)
        workspace.personas.assign(physics.subforum_id, self.ids["Bob"])
        self.topic, _ = a_topic(workspace.forum, physics)
        desk.show_topic(self.topic.topic_id)
        self.composer = window.findChild(Composer)
        self.field: TagText = self.composer._text
        self.completing: Completing = self.composer._completing
        window.activateWindow()
        self.composer.focus_text()
        qtbot.waitUntil(self.field.hasFocus)

    def type(self, text: str) -> None:
        for character in text:
            if character == "\n":
                QTest.keyClick(self.field, Qt.Key.Key_Return)
            else:
                QTest.keyClicks(self.field, character)

    def press(self, *keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        for key in keys:
            QTest.keyClick(self.field, key, modifier)

    @property
    def names(self) -> list[str]:
        return [offer.name for offer in self.completing.offers]

    def tag(self, name: str) -> str:
        return persona_tag_text(self.ids[name], name)

    @property
    def stored(self) -> str:
        return self.field.stored_text()


@pytest.fixture
def writing(desk: Desk, window: MainWindow, workspace: Workspace, qtbot: QtBot) -> Writing:
    return Writing(desk, window, workspace, qtbot)


# -- personas


def test_an_at_sign_offers_the_personas_of_the_subforum_first(writing: Writing) -> None:
    writing.type("Ask @")
    assert writing.names[:4] == ["Marie Curie", "Bob", "Ada", "Ada Lovelace"]
    assert writing.completing.current is None
    assert writing.completing.offers[0].word == "default"


def test_typing_filters_by_any_word_of_the_name(writing: Writing) -> None:
    writing.type("@cur")
    assert writing.names == ["Marie Curie"]
    writing.press(Qt.Key.Key_Return)
    assert writing.stored == f"{writing.tag('Marie Curie')} "
    assert writing.names == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab])
def test_arrows_choose_and_enter_or_tab_accepts(writing: Writing, key: Qt.Key) -> None:
    writing.type("@ad")
    assert writing.completing.current.name == "Ada"
    writing.press(Qt.Key.Key_Down)
    assert writing.completing.current.name == "Ada Lovelace"
    writing.press(key)
    assert writing.stored == f"{writing.tag('Ada Lovelace')} "
    assert writing.field.hasFocus()
    assert writing.field.textCursor().position() == len("@Ada Lovelace ")


def test_up_goes_to_the_last(writing: Writing) -> None:
    writing.type("@")
    writing.press(Qt.Key.Key_Up)
    assert writing.completing.current.name == "Zoe"


def test_a_name_of_several_words_is_typed_on(writing: Writing) -> None:
    writing.type("@marie c")
    assert writing.names == ["Marie Curie"]
    writing.press(Qt.Key.Key_Tab)
    assert writing.stored == f"{writing.tag('Marie Curie')} "


def test_a_click_accepts(writing: Writing) -> None:
    writing.type("@zo")
    view = writing.window.findChild(OfferList).findChild(QListView)
    place = view.visualRect(view.model().index(0, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert writing.stored == f"{writing.tag('Zoe')} "
    assert writing.field.hasFocus()


def test_escape_closes_the_list_alone_and_it_stays_closed_for_this_tag(writing: Writing) -> None:
    writing.type("x @ad")
    writing.press(Qt.Key.Key_Escape)
    assert writing.names == []
    assert writing.field.hasFocus()
    writing.type("a")
    assert writing.names == []
    writing.type(" @b")
    assert writing.names == ["Bob"]


def test_enter_is_a_new_line_while_nothing_is_highlighted(writing: Writing) -> None:
    writing.type("so @")
    assert writing.names
    writing.press(Qt.Key.Key_Return)
    assert writing.field.toPlainText() == "so @\n"
    assert writing.names == []


@pytest.mark.parametrize("text", ["me@a", "a.b@b", "`x @a", "https://x.org/@a", "\\@a", "@ a"])
def test_it_does_not_open_in_code_addresses_or_behind_a_backslash(writing: Writing, text: str) -> None:
    writing.type(text)
    assert writing.names == []


def test_it_does_not_open_in_a_fence(writing: Writing) -> None:
    writing.type("```\nx @a")
    assert writing.names == []


def test_it_closes_when_the_caret_leaves_and_when_nothing_fits(writing: Writing) -> None:
    writing.type("xx @ad")
    writing.press(Qt.Key.Key_Home)
    assert writing.names == []
    writing.press(Qt.Key.Key_End)
    writing.type("x")
    assert writing.names == []
    writing.press(Qt.Key.Key_Backspace)
    assert writing.names == ["Ada", "Ada Lovelace"]


def test_a_colon_clings_to_a_tag_so_that_chains_are_typed(writing: Writing) -> None:
    writing.type("@bo\t:@zo\t, why?")
    assert writing.stored == f"{writing.tag('Bob')}:{writing.tag('Zoe')}, why?"


def test_the_list_lies_in_the_window_at_twice_the_text_size_and_in_a_narrow_window(
    writing: Writing, workspace: Workspace
) -> None:
    workspace.settings.change(text_size=200)
    writing.window.resize(480, 500)
    writing.type("@")
    shown = writing.window.findChild(OfferList)
    assert shown.isVisible()
    assert writing.window.rect().contains(shown.geometry())
    assert shown.parentWidget() is writing.window


def test_it_goes_when_the_window_changes_its_size_or_the_keyboard_goes_elsewhere(writing: Writing) -> None:
    writing.type("@")
    writing.window.resize(900, 700)
    writing.qtbot.waitUntil(lambda: writing.names == [])
    writing.type("a")
    assert writing.names
    writing.composer._form.post.setFocus()
    assert writing.names == []


def test_names_are_plain_text_and_deleted_personas_are_not_offered(writing: Writing) -> None:
    personas = writing.workspace.personas
    odd = personas.create("<b>Odd</b> [x]:@", "You.")
    personas.delete(writing.ids["Zoe"])
    writing.type("@")
    assert "Zoe" not in writing.names
    writing.type("odd")
    writing.press(Qt.Key.Key_Tab)
    assert writing.field.toPlainText() == "@<b>Odd</b> [x]:@ "
    assert writing.field.tokens.all[0].tag == PersonaTag(odd.persona_id, "<b>Odd</b> [x]:@")


# -- names typed by hand


def test_a_whole_name_typed_by_hand_becomes_a_tag(writing: Writing) -> None:
    writing.type("@bob, and @MARIE curie and")
    assert writing.stored == f"{writing.tag('Bob')}, and {writing.tag('Marie Curie')} and"


def test_a_name_that_begins_a_longer_one_waits_until_it_is_clear(writing: Writing) -> None:
    writing.type("@Ada ")
    assert writing.stored == "@Ada "
    writing.type("w")
    assert writing.stored == f"{writing.tag('Ada')} w"
    writing.type(" @Ada Lovelace ")
    assert writing.stored == f"{writing.tag('Ada')} w {writing.tag('Ada Lovelace')} "


def test_a_name_at_the_end_of_a_line_becomes_a_tag(writing: Writing) -> None:
    writing.type("ask @Bob")
    writing.press(Qt.Key.Key_Escape)
    writing.type("\nnow")
    assert writing.stored == f"ask {writing.tag('Bob')}\nnow"


def test_undo_takes_the_tag_back_and_it_stays_so(writing: Writing) -> None:
    writing.type("@Bob ")
    writing.press(Qt.Key.Key_Z, modifier=Qt.KeyboardModifier.ControlModifier)
    assert writing.stored == "@Bob "
    writing.type("or")
    assert writing.stored == "@Bob or"


@pytest.mark.parametrize("text", ["me@Bob ", "`@Bob` ", "`a @Bob ", "@Bobby ", "@Robert "])
def test_what_is_no_name_stays(writing: Writing, text: str) -> None:
    writing.type(text)
    assert writing.stored == text


def test_two_of_one_name_are_not_guessed(writing: Writing) -> None:
    assert is_meant("Marie Curie", "cur mar")
    assert not is_meant("Marie Curie", "cur x")
    assert beginning("x @a b").typed == "a b"
    assert beginning("#") is not None
    assert beginning("# h") is None


# -- files


@pytest.fixture
def files(writing: Writing, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Let one folder be indexed, with two files that are found whatever is typed."""
    folder = tmp_path / "notes"
    folder.mkdir()
    id = writing.workspace.files.add_folder(str(folder)).folder_id
    found = [
        FoundFile(id, "sub dir/top.md", "top.md", "notes/sub dir", 1200),
        FoundFile(id, "b", "b", "n", 1),
    ]
    monkeypatch.setattr(
        type(writing.workspace.files),
        "complete",
        lambda self, typed, most=20: [one for one in found if one.name.startswith(typed)],
    )
    return writing.workspace


def test_a_hash_offers_files_with_folder_and_size(writing: Writing, files: Workspace) -> None:
    writing.type("read #to")
    writing.qtbot.waitUntil(lambda: writing.names == ["top.md"])
    offer = writing.completing.offers[0]
    assert (offer.line, offer.word) == ("notes/sub dir", "1.2 kB")
    writing.press(Qt.Key.Key_Return)
    assert writing.stored == "read [#top.md](folder:1/sub%20dir/top.md) "
    assert isinstance(writing.field.tokens.all[0].tag, FileTag)


def test_an_answer_that_comes_late_is_dropped(writing: Writing, files: Workspace) -> None:
    writing.type("#to")
    writing.completing._timer.stop()
    writing.completing._find()
    writing.type(" ")
    writing.press(Qt.Key.Key_Backspace, Qt.Key.Key_Backspace, Qt.Key.Key_Backspace, Qt.Key.Key_Backspace)
    writing.qtbot.waitUntil(lambda: not writing.completing._finder.is_busy)
    assert writing.names == []


def test_a_heading_offers_nothing(writing: Writing, files: Workspace) -> None:
    writing.type("# top")
    writing.qtbot.waitUntil(lambda: not writing.completing._timer.isActive())
    writing.qtbot.waitUntil(lambda: not writing.completing._finder.is_busy)
    assert writing.names == []


def test_without_a_folder_the_one_line_opens_the_settings_of_files(writing: Writing) -> None:
    writing.type("#x")
    writing.qtbot.waitUntil(lambda: writing.names == ["No folder is indexed yet"])
    assert writing.completing.current is None
    writing.press(Qt.Key.Key_Down, Qt.Key.Key_Return)
    page = writing.window.findChild(SettingsPage)
    writing.qtbot.waitUntil(page.isVisible)
    assert page._list.currentItem().text() == "Files"
