"""The X-ray as a reader uses it: by pointer, by keys, and by ear."""

import json
from typing import TypeVar

import pytest
from PySide6.QtCore import QAbstractItemModel, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPlainTextEdit, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.ui.theme import Look
from forllm_desktop.ui.widgets.labels import PlainLabel
from forllm_desktop.ui.widgets.token_bar import TokenBar
from forllm_desktop.ui.xray.message_list import MOST_OPEN, MessageList
from forllm_desktop.ui.xray.model import XrayModel
from forllm_desktop.ui.xray.rows import RowKind
from forllm_desktop.ui.xray.view import XrayView
from tests.ui.xray.support import a_long_prompt, a_part, a_prompt, an_xray

W = TypeVar("W", bound=QWidget | QAbstractItemModel)


@pytest.fixture
def view(started_look: Look, qtbot: QtBot) -> XrayView:
    """Return a shown view whose model is watched."""
    made = XrayView("Prompt")
    qtbot.addWidget(made, before_close_func=XrayView.stop)
    made.resize(700, 700)
    made.show()
    qtbot.waitExposed(made)
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    QAbstractItemModelTester(child(made, XrayModel), mode, made)
    return made


def the_list(view: XrayView) -> MessageList:
    return child(view, MessageList)


def child(widget: QWidget, kind: type[W]) -> W:
    found = widget.findChild(kind)
    assert found is not None
    return found


def said(view: XrayView) -> str:
    return " ".join(label.text() for label in view.findChildren(PlainLabel) if label.isVisible())


def find(view: XrayView, text: str, qtbot: QtBot) -> QLineEdit:
    view.find()
    field = child(view, QLineEdit)
    QTest.keyClicks(field, text)
    qtbot.waitUntil(lambda: not view.is_busy)
    return field


def choose(word: str) -> None:
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text().startswith(word)).trigger()
    menu.close()


def test_it_shows_sizes_messages_and_what_was_left_out(view: XrayView) -> None:
    view.show_xray(a_prompt(error=0.08, total=6_705))
    assert "~6,705 of 16,384 tokens" in said(view)
    assert "± 8 %" in said(view)
    rows = the_list(view).rows
    assert next(row.role for row in rows if row.kind is RowKind.PART) == "system"
    assert rows[-1].role == "What was left out (2)"
    assert "tokens" in child(view, TokenBar).accessibleName()


def test_loading_errors_and_content_replace_each_other(view: XrayView) -> None:
    view.show_loading()
    assert "Reading the prompt" in said(view)
    assert not the_list(view).isVisible()
    view.show_error(ForllmError("The topic is gone", "Choose another."))
    assert "The topic is gone. Choose another." in said(view)
    view.show_xray(a_prompt())
    assert "The topic is gone" not in said(view)
    assert the_list(view).isVisible()


def test_a_part_of_the_bar_and_its_rows_light_up_together(view: XrayView) -> None:
    view.show_xray(a_prompt())
    bar, rows = child(view, TokenBar), the_list(view)
    bar.pointed.emit(2)
    assert rows._delegate.lit == range(2, 4)
    rows.pointed.emit(3)
    assert (bar._lit, rows._delegate.lit) == (2, range(3, 4))


def test_the_bar_is_walked_by_the_arrow_keys(view: XrayView) -> None:
    view.show_xray(a_prompt())
    bar = child(view, TokenBar)
    bar.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(bar, Qt.Key.Key_Right)
    QTest.keyClick(bar, Qt.Key.Key_Right)
    assert the_list(view)._delegate.lit == range(1, 2)
    assert bar.accessibleDescription().startswith("other threads, ~")
    QTest.keyClick(bar, Qt.Key.Key_Left)
    assert the_list(view)._delegate.lit == range(1)


def test_enter_opens_messages_and_esc_closes_them(view: XrayView) -> None:
    view.show_xray(a_prompt())
    rows = the_list(view)
    rows.setFocus()
    QTest.keyClick(rows, Qt.Key.Key_Return)
    full = child(rows, QPlainTextEdit)
    assert full.toPlainText() == "You are Ada, a patient physics tutor."
    QTest.keyClick(full, Qt.Key.Key_Escape)
    assert rows.full_text(0) is None
    assert rows.hasFocus()
    rows.open(0)
    rows.open(2)
    assert rows.full_text(0) is not None
    assert rows.full_text(2) is not None


def test_only_so_many_messages_are_open_at_once(view: XrayView) -> None:
    view.show_xray(a_long_prompt(30, 10_000))
    rows = the_list(view)
    for at in range(MOST_OPEN + 3):
        rows.open(at)
    assert sum(rows.full_text(at) is not None for at in range(31)) == MOST_OPEN
    assert rows.full_text(0) is None


def test_an_open_message_follows_its_text(view: XrayView) -> None:
    view.show_xray(a_prompt())
    the_list(view).open(0)
    view.show_xray(an_xray(*(a_part(f"new {at}") for at in range(6))))
    text = the_list(view).full_text(0)
    assert text is not None
    assert text.toPlainText() == "new 0"


def test_sections_fold_and_a_left_out_post_is_shown(view: XrayView, qtbot: QtBot) -> None:
    view.show_xray(a_prompt())
    rows = the_list(view)
    rows.setFocus()
    rows.setCurrentIndex(rows.model().index(6, 0))
    QTest.keyClick(rows, Qt.Key.Key_Return)
    assert [row.role for row in rows.rows[7:]] == ["Jonas", "Skeptic"]
    rows.setCurrentIndex(rows.model().index(7, 0))
    with qtbot.waitSignal(view.post_requested) as shown:
        QTest.keyClick(rows, Qt.Key.Key_Return)
    assert shown.args == [5]
    rows.toggle(6)
    assert len(rows.rows) == 7


def test_a_click_on_a_section_opens_it_once(view: XrayView) -> None:
    view.show_xray(a_prompt())
    rows = the_list(view)
    place = rows.visualRect(rows.model().index(6, 0)).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert len(rows.rows) == 9


def test_changes_since_the_previous_prompt(view: XrayView, qtbot: QtBot) -> None:
    now = a_prompt()
    before = an_xray(*now.parts[:4], a_part("And if I spin it twice as fast?", "post", post_id=13))
    view.show_xray(now, before)
    qtbot.waitUntil(lambda: view.changes is not None)
    rows = the_list(view)
    head = next(at for at, row in enumerate(rows.rows) if row.section == "changes")
    assert rows.rows[head].text == "1 new, 1 changed"
    assert "are those of the previous prompt" in said(view)
    rows.toggle(head)
    changed = next(at for at, row in enumerate(rows.rows) if row.role == "changed")
    rows.open(changed)
    qtbot.waitUntil(lambda: not view.is_busy)
    diff = next(e for e in rows.findChildren(QTextEdit) if e.accessibleName().startswith("What changed"))
    assert "half" in diff.toPlainText()
    assert "twice" in diff.toPlainText()
    view.show_xray(now)
    assert not any(row.section == "changes" for row in rows.rows)


def test_search_counts_steps_and_opens_what_it_finds(view: XrayView, qtbot: QtBot) -> None:
    view.show_xray(a_prompt())
    field = find(view, "spin", qtbot)
    assert "2" in said(view)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert the_list(view).full_text(2) is not None
    assert field.hasFocus()
    QTest.keyClick(field, Qt.Key.Key_Return)
    last = the_list(view).full_text(5)
    assert last is not None
    assert last.textCursor().position() == "And if I spin".index("spin")
    assert len(last.extraSelections()) == 1
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert "1 of 2" in said(view)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not child(view, QLineEdit).text()


def test_ctrl_f_opens_the_search(view: XrayView) -> None:
    view.show_xray(a_prompt())
    the_list(view).setFocus()
    QTest.keyClick(the_list(view), Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert child(view, QLineEdit).isVisible()


def test_a_hit_deep_in_a_long_message_is_found(view: XrayView, qtbot: QtBot) -> None:
    text = "word 😀 " * 60_000 + "needle"
    view.show_xray(an_xray(a_part(text)))
    field = find(view, "needle", qtbot)
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not view.is_busy)
    full = the_list(view).full_text(0)
    assert full is not None
    marks = full.extraSelections()
    assert marks[0].cursor.selectedText() == "needle"
    full.setTextCursor(marks[0].cursor)
    full.copy()
    assert QGuiApplication.clipboard().text() == "needle"
    full.selectAll()
    full.copy()
    assert QGuiApplication.clipboard().text() == text


def test_messages_are_copied_one_by_one_and_all(view: XrayView) -> None:
    view.show_xray(a_prompt())
    rows, clipboard = the_list(view), QGuiApplication.clipboard()
    rows.setFocus()
    rows.setCurrentIndex(rows.model().index(3, 0))
    QTest.keyClick(rows, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "Gravity does pull it over, with a torque."
    view._pop_up_copy()
    choose("Copy all")
    assert clipboard.text().startswith("[system]\nYou are Ada")
    view._pop_up_copy()
    choose("Copy as JSON")
    assert json.loads(clipboard.text())[0]["role"] == "system"


def test_the_menu_of_a_row_offers_rules_and_its_post(view: XrayView, qtbot: QtBot) -> None:
    view.show_xray(a_prompt())
    rows = the_list(view)
    rows.menu_requested.emit(2, QPoint(9, 9))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    offered = [action.text() for action in menu.actions()]
    assert "Leave out of prompts" in offered
    assert "As usual in prompts" in offered
    assert "Pin into prompts" not in offered
    with qtbot.waitSignal(view.rule_requested) as wished:
        choose("Leave out")
    assert wished.args == [11, "left_out"]
    rows.menu_requested.emit(3, QPoint(9, 9))
    with qtbot.waitSignal(view.post_requested) as shown:
        choose("Show the post")
    assert shown.args == [12]


def test_a_shortened_prompt_says_both_numbers_and_what_to_do(view: XrayView) -> None:
    view.show_xray(a_prompt(total=3_400, reported=1_020, is_sent=True, is_shortened=True))
    assert "read 1,020 of about 3,400 tokens" in said(view)
    assert "larger context window on the server" in said(view)
    assert "read by the server: 1,020" in said(view)


def test_what_does_not_fit_is_said_before_sending(view: XrayView) -> None:
    view.show_xray(a_prompt(total=13_000))
    assert "too many: this would not be sent" in said(view)


def test_a_screen_reader_hears_role_source_author_and_pin(view: XrayView) -> None:
    view.show_xray(a_prompt())
    model = the_list(view).model()
    heard = model.index(2, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert heard.startswith("user, thread, Jonas, pinned, ~13 tokens: Why does gravity")
    heard = model.index(6, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert heard.startswith("What was left out (2), ~520 tokens, closed")


def test_opening_a_long_prompt_looks_at_the_rows_on_screen_alone(view: XrayView, monkeypatch) -> None:
    looked: list[int] = []
    data = XrayModel.data

    def counted(self, index, role=Qt.ItemDataRole.DisplayRole):
        if role == Qt.ItemDataRole.DisplayRole:
            looked.append(index.row())
        return data(self, index, role)

    monkeypatch.setattr(XrayModel, "data", counted)
    view.show_xray(a_long_prompt())
    view.grab()
    assert looked
    assert len(set(looked)) <= 12
    assert len(the_list(view).rows) == 202


def test_a_text_of_a_megabyte_is_put_in_step_by_step(view: XrayView, qtbot: QtBot) -> None:
    text = "some words\n" * 100_000
    view.show_xray(an_xray(a_part(text)))
    the_list(view).open(0)
    full = the_list(view).full_text(0)
    assert full is not None
    assert not full.is_filled
    assert full.document().characterCount() < 60_000
    qtbot.waitUntil(lambda: full.is_filled)
    assert full.toPlainText() == text


def test_texts_are_plain_whatever_they_say(view: XrayView) -> None:
    view.show_xray(
        an_xray(a_part("<b>bold</b>", label="<img src=x>"), a_part("\u202eevil", label="\u202eAda"))
    )
    the_list(view).open(0)
    full = the_list(view).full_text(0)
    assert full is not None
    assert full.toPlainText() == "<b>bold</b>"
    view.grab()
