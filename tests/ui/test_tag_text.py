"""Tags in the text field: shown by name, kept by id, and one thing for every key."""

import time

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QInputMethodEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.tags import PersonaTag
from forllm_desktop.ui.editor.tag_text import OWN_TYPE, TagText

ADA = "[@Ada Lovelace](persona:12)"
BOB = "[@Bob](persona:7)"
NOTES = "[#notes.md](folder:3/sub%20dir/notes.md)"
MOVE, KEEP = QTextCursor.MoveMode.MoveAnchor, QTextCursor.MoveMode.KeepAnchor
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def field(started_look, qtbot: QtBot) -> TagText:
    made = TagText()
    qtbot.addWidget(made)
    made.resize(600, 100)
    made.show()
    made.setFocus()
    return made


def shown(field: TagText, stored: str, caret: int | None = None) -> None:
    field.show_stored(stored)
    place(field, len(field.toPlainText()) if caret is None else caret)


def place(field: TagText, position: int, anchor: int | None = None) -> None:
    cursor = field.textCursor()
    cursor.setPosition(position if anchor is None else anchor)
    cursor.setPosition(position, KEEP)
    field.setTextCursor(cursor)


def press(field: TagText, *keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier):
    for key in keys:
        QTest.keyClick(field, key, modifier)


@pytest.mark.parametrize(
    "stored",
    [
        f"Ask {ADA} and {BOB}.",
        f"{ADA}:{BOB}:{ADA}",
        f"read {NOTES} first",
        f"\U0001f600 {ADA} \U0001f680 {BOB}\nnext \U0001f600{NOTES}",
        f"{ADA}{ADA}",
        "plain text",
        "",
    ],
)
def test_what_is_stored_is_shown_by_name_and_stored_again(field: TagText, stored: str) -> None:
    field.show_stored(stored)
    assert "persona:" not in field.toPlainText()
    assert field.stored_text() == stored


def test_names_are_shown_as_they_are_and_escaped_only_in_what_is_stored(field: TagText) -> None:
    field.put_tag(0, 0, PersonaTag(5, "A [b] \\ *c*"), behind=" ")
    assert field.toPlainText() == "@A [b] \\ *c* "
    assert field.stored_text() == "[@A \\[b\\] \\\\ \\*c\\*](persona:5) "


def test_the_caret_passes_a_tag_in_one_step(field: TagText) -> None:
    shown(field, f"x {ADA} y", 2)
    press(field, Qt.Key.Key_Right)
    assert field.textCursor().position() == 15
    press(field, Qt.Key.Key_Left)
    assert field.textCursor().position() == 2
    press(field, Qt.Key.Key_Right, modifier=SHIFT)
    assert field.textCursor().selectedText() == "@Ada Lovelace"
    place(field, 16)
    press(field, Qt.Key.Key_Left, Qt.Key.Key_Left, modifier=CTRL)
    assert field.textCursor().position() <= 2


def test_a_click_into_a_tag_puts_the_caret_beside_it(field: TagText) -> None:
    shown(field, f"x {ADA} y")
    cursor = field.textCursor()
    cursor.setPosition(5)
    point = field.cursorRect(cursor).center()
    QTest.mouseClick(field.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert field.textCursor().position() == 2
    QTest.mouseDClick(field.viewport(), Qt.MouseButton.LeftButton, pos=point + QPoint(2, 0))
    assert field.textCursor().selectedText() == "@Ada Lovelace"


@pytest.mark.parametrize("modifier", [Qt.KeyboardModifier.NoModifier, CTRL])
def test_backspace_and_delete_take_a_whole_tag_and_undo_brings_it_back(field: TagText, modifier) -> None:
    stored = f"x {ADA} y"
    for key, caret in ((Qt.Key.Key_Backspace, 15), (Qt.Key.Key_Delete, 2)):
        shown(field, stored, caret)
        press(field, key, modifier=modifier)
        assert field.toPlainText().strip("x ") == "y"
        assert "Ada" not in field.toPlainText()
        press(field, Qt.Key.Key_Z, modifier=CTRL)
        assert field.stored_text() == stored
        field.redo()
        assert "Ada" not in field.toPlainText()


def test_what_is_typed_beside_a_tag_is_not_part_of_it(field: TagText) -> None:
    shown(field, ADA)
    QTest.keyClicks(field, "!")
    place(field, 0)
    QTest.keyClicks(field, "Oh ")
    assert field.stored_text() == f"Oh {ADA}!"
    press(field, Qt.Key.Key_Z, modifier=CTRL)
    press(field, Qt.Key.Key_Z, modifier=CTRL)
    assert field.stored_text() == ADA


def test_a_new_line_behind_a_tag_is_plain(field: TagText) -> None:
    shown(field, ADA)
    press(field, Qt.Key.Key_Return)
    QTest.keyClicks(field, "and")
    assert field.stored_text() == f"{ADA}\nand"


def test_a_changed_name_is_plain_text(field: TagText) -> None:
    shown(field, f"{ADA} and {BOB}")
    cursor = QTextCursor(field.document())
    cursor.setPosition(5)
    cursor.insertText("x")
    assert field.stored_text() == f"@Ada xLovelace and {BOB}"
    field.undo()
    assert field.stored_text() == f"{ADA} and {BOB}"


def test_typing_replaces_a_selected_tag(field: TagText) -> None:
    shown(field, f"x {ADA} y")
    place(field, 15, 2)
    QTest.keyClicks(field, "z")
    assert field.stored_text() == "x z y"
    press(field, Qt.Key.Key_Z, modifier=CTRL)
    assert field.stored_text() == f"x {ADA} y"


def test_copy_keeps_the_tag_inside_and_is_plain_outside(field: TagText) -> None:
    shown(field, f"x {ADA}:{BOB} y")
    field.selectAll()
    press(field, Qt.Key.Key_C, modifier=CTRL)
    assert QApplication.clipboard().text() == "x @Ada Lovelace:@Bob y"
    shown(field, "> ")
    press(field, Qt.Key.Key_V, modifier=CTRL)
    assert field.stored_text() == f"> x {ADA}:{BOB} y"
    press(field, Qt.Key.Key_Z, modifier=CTRL)
    assert field.stored_text() == "> "
    other = QPlainTextEdit()
    other.paste()
    assert other.toPlainText() == "x @Ada Lovelace:@Bob y"


def test_cut_takes_tags_along(field: TagText) -> None:
    shown(field, f"x {ADA} y")
    place(field, 15, 1)
    press(field, Qt.Key.Key_X, modifier=CTRL)
    assert field.stored_text() == "x y"
    press(field, Qt.Key.Key_End)
    press(field, Qt.Key.Key_V, modifier=CTRL)
    assert field.stored_text() == f"x y {ADA}"


def test_bad_bytes_of_another_program_do_no_harm(field: TagText) -> None:
    data = QMimeData()
    data.setData(OWN_TYPE, b"\xff\xfe[@Ada](persona:99999999999999999999)[@B](persona:1)")
    field.insertFromMimeData(data)
    assert "[@B](persona:1)" in field.stored_text()


def test_the_stored_form_pasted_as_text_becomes_a_tag(field: TagText) -> None:
    QApplication.clipboard().setText(f"ask {ADA}")
    field.paste()
    assert field.toPlainText() == "ask @Ada Lovelace"
    assert field.stored_text() == f"ask {ADA}"


def test_a_tag_that_comes_to_stand_in_code_is_only_its_words(field: TagText) -> None:
    shown(field, f"x {ADA} {BOB}")
    for position in (15, 2):
        place(field, position)
        QTest.keyClicks(field, "`")
    assert field.stored_text() == f"x `@Ada Lovelace` {BOB}"


def test_in_a_book_code_is_found_around_each_tag(field: TagText) -> None:
    page = "A page of `code` and words.\n\n" * 3000
    expected = f"{page}```\n@Ada Lovelace\n```\n\n`x @Bob`\n\n{ADA}\n{page}{BOB}"
    field.insert_stored(f"{page}\n{ADA}\n\n\nx {BOB}\n\n{ADA}\n{page}{BOB}")
    text = field.toPlainText()
    for at, mark in ((text.index("x @Bob") + 6, "`"), (text.index("x @Bob"), "`")):
        place(field, at)
        QTest.keyClicks(field, mark)
    for line, mark in ((text.index("@Ada") + 14, "```"), (len(page), "```")):
        place(field, line)
        QTest.keyClicks(field, mark)
    assert field.stored_text() == expected


def test_marks_keep_the_tags_they_go_around(field: TagText) -> None:
    from functools import partial

    from forllm_desktop.ui.editor.marks import toggle_around, toggle_before_lines

    shown(field, f"one {ADA}\ntwo {BOB}")
    field.selectAll()
    field.apply(partial(toggle_before_lines, mark="> "))
    assert field.stored_text() == f"> one {ADA}\n> two {BOB}"
    field.undo()
    place(field, 17, 4)
    field.apply(partial(toggle_around, mark="**"))
    assert field.stored_text() == f"one **{ADA}**\ntwo {BOB}"


def test_an_input_method_writes_beside_a_tag(field: TagText) -> None:
    shown(field, f"{ADA} {BOB}", 13)
    QApplication.sendEvent(field, QInputMethodEvent("に", []))
    field.grab()
    done = QInputMethodEvent()
    done.setCommitString("日本")
    QApplication.sendEvent(field, done)
    assert field.stored_text() == f"{ADA}日本 {BOB}"


def test_a_text_of_two_megabytes_is_edited_around_its_tags_without_a_stall(field: TagText) -> None:
    line = "some words of a line that go on and on\n"
    stored = line * 27_000 + f"ask {ADA}\n" + line * 27_000 + BOB
    field.show_stored(stored)
    assert field.stored_text() == stored
    costs = []
    for position in (len(line) * 27_000 + 4, 3, len(field.toPlainText())):
        place(field, position)
        for _ in range(10):
            began = time.thread_time()
            QTest.keyClicks(field, "y")
            costs.append(time.thread_time() - began)
    assert sorted(costs)[len(costs) // 2] < 0.05
    assert field.stored_text().count(ADA) == 1
    field.selectAll()
    field.cut()
    assert field.tokens.all == []
    field.undo()
    assert len(field.tokens.all) == 2
