"""The files in the composer: read in the background, ordered, noted, taken away and brought back."""

import threading

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from forllm_desktop.domain.files import AttachedFile, ShownFile
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.services.files import FilesService
from forllm_desktop.ui.editor.attachment_chip import AttachmentChip
from forllm_desktop.ui.editor.attachment_row import AttachmentRow
from forllm_desktop.ui.icons import load_icons
from forllm_desktop.ui.theme import start_look
from forllm_desktop.ui.widgets.long_text import LongText

ALT, NONE = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def attachments(database, events, clock, tmp_path):
    return AttachmentService(database, FilesService(database, events, tmp_path), clock)


@pytest.fixture
def page(qapp, qtbot):
    start_look(qapp)
    load_icons()
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(700, 300)
    return made


@pytest.fixture
def row(page, attachments):
    made = AttachmentRow(attachments, page)
    made.resize(700, 120)
    page.show()
    return made


@pytest.fixture
def filled(row, attachments):
    """Return the row with three files."""
    row.show_files([attachments.add_text(f"{name}.txt", name) for name in "abc"])
    return row


def names(row):
    return [file.name for file in row.files]


def chips(row):
    return [chip for chip in row.findChildren(AttachmentChip) if chip.isVisibleTo(row)]


def chip_of(row, name):
    return next(chip for chip in chips(row) if chip.accessibleName().startswith(name))


def told(row):
    return "\n".join(label.text() for label in row.findChildren(type(row._refused)) if label.isVisibleTo(row))


def test_an_empty_row_is_hidden(row, attachments):
    assert row.isHidden()
    row.show_files([attachments.add_text("a.txt", "a")])
    assert not row.isHidden()
    row.show_files([])
    assert row.isHidden()


def test_files_come_in_the_order_they_were_given(row, qtbot, tmp_path):
    for name in ("b.txt", "a.md"):
        (tmp_path / name).write_text(f"text of {name}")
    with qtbot.waitSignals([row.changed, row.changed]):
        row.add_paths([tmp_path / "b.txt", str(tmp_path / "a.md")])
        assert row.is_reading
        row.add_text("pasted.txt", "more")
    qtbot.waitUntil(lambda: not row.is_reading)
    assert names(row) == ["b.txt", "a.md", "pasted.txt"]


def test_what_cannot_be_sent_is_told_and_the_others_go_in(row, qtbot, tmp_path):
    (tmp_path / "good.txt").write_text("good")
    (tmp_path / "bad.bin").write_bytes(bytes(range(256)))
    with qtbot.waitSignal(row.failed):
        row.add_paths([tmp_path / "bad.bin", tmp_path / "gone.txt", tmp_path / "good.txt"])
    qtbot.waitUntil(lambda: not row.is_reading)
    assert names(row) == ["good.txt"]
    assert "bad.bin" in told(row)
    assert "gone.txt" in told(row)
    row.add_text("next.txt", "next")
    assert "bad.bin" not in told(row), "a new try forgets what was refused before"
    qtbot.waitUntil(lambda: not row.is_reading)


def test_a_huge_file_is_refused_at_once(row, qtbot, tmp_path):
    with (tmp_path / "huge.txt").open("wb") as huge:
        huge.truncate(2_000_000_000)
    with qtbot.waitSignal(row.failed) as failed:
        row.add_paths([tmp_path / "huge.txt"])
    assert "too large" in failed.args[0].title
    assert "huge.txt" in told(row)


def test_reading_can_be_stopped_and_does_not_hold_up_the_next(row, qtbot, attachments, monkeypatch):
    may_go_on = threading.Event()
    real = attachments.add_path
    monkeypatch.setattr(attachments, "add_path", lambda path: may_go_on.wait(10) and real(path))
    row.add_paths(["/slow/report.pdf"])
    row.add_text("quick.txt", "quick")
    qtbot.keyClick(chip_of(row, "report.pdf"), Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: names(row) == ["quick.txt"])
    may_go_on.set()
    assert told(row) == ""


def test_a_note_is_written_in_place(filled, qtbot):
    chip = chip_of(filled, "b.txt")
    chip.setFocus()
    qtbot.keyClick(chip, Qt.Key.Key_Return)
    editor = chip.findChild(QLineEdit)
    assert editor.hasFocus()
    qtbot.keyClicks(editor, "the second")
    with qtbot.waitSignal(filled.changed):
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert [file.note for file in filled.files] == ["", "the second", ""]
    assert "note: the second" in chip.accessibleName()
    assert chip.hasFocus()


def test_escape_gives_a_note_up(filled, qtbot):
    chip = chip_of(filled, "b.txt")
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, NONE, QPoint(10, 10))
    editor = chip.findChild(QLineEdit)
    qtbot.keyClicks(editor, "nothing")
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert [file.note for file in filled.files] == ["", "", ""]
    assert chip.hasFocus()


def test_alt_and_arrows_move_a_file_and_arrows_walk(filled, qtbot):
    chip = chip_of(filled, "a.txt")
    chip.setFocus()
    qtbot.keyClick(chip, Qt.Key.Key_Right, ALT)
    assert names(filled) == ["b.txt", "a.txt", "c.txt"]
    qtbot.keyClick(chip, Qt.Key.Key_Right, ALT)
    qtbot.keyClick(chip, Qt.Key.Key_Right, ALT)
    assert names(filled) == ["b.txt", "c.txt", "a.txt"]
    qtbot.keyClick(chip, Qt.Key.Key_Left)
    assert chip_of(filled, "c.txt").hasFocus()


def test_a_file_is_dragged_to_another_place(filled, qtbot):
    qtbot.waitUntil(lambda: chip_of(filled, "c.txt").x() > 0)
    chip = chip_of(filled, "c.txt")
    target = chip_of(filled, "a.txt")
    qtbot.mousePress(chip, Qt.MouseButton.LeftButton, NONE, QPoint(10, 10))
    qtbot.mouseMove(chip, chip.mapFrom(filled, target.mapTo(filled, QPoint(5, 10))))
    qtbot.mouseRelease(chip, Qt.MouseButton.LeftButton, NONE, QPoint(10, 10))
    assert names(filled) == ["c.txt", "a.txt", "b.txt"]
    assert chip.findChild(QLineEdit) is None, "the end of a drag is no click"


def test_what_was_removed_comes_back_where_it_was(filled, qtbot):
    chip_of(filled, "a.txt").setFocus()
    qtbot.keyClick(chip_of(filled, "a.txt"), Qt.Key.Key_Delete)
    assert chip_of(filled, "b.txt").hasFocus()
    qtbot.keyClick(chip_of(filled, "b.txt"), Qt.Key.Key_Delete)
    assert names(filled) == ["c.txt"]
    undo = next(b for b in filled.findChildren(QPushButton) if b.text() == "Undo")
    qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    qtbot.keyClick(chip_of(filled, "b.txt"), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert names(filled) == ["a.txt", "b.txt", "c.txt"]
    assert not undo.isVisible()


def test_keys_of_the_window_do_not_take_those_of_a_chip(filled, page, qtbot):
    taken = []
    for key in ("Ctrl+Z", "Del", "Alt+Right"):
        action = QAction(page, shortcut=key)
        action.triggered.connect(lambda _=False, key=key: taken.append(key))
        page.addAction(action)
    chip = chip_of(filled, "a.txt")
    page.activateWindow()
    chip.setFocus()
    qtbot.waitUntil(chip.hasFocus)
    qtbot.keyClick(chip, Qt.Key.Key_Right, ALT)
    assert names(filled) == ["b.txt", "a.txt", "c.txt"]
    qtbot.keyClick(chip, Qt.Key.Key_Delete)
    qtbot.keyClick(chip_of(filled, "c.txt"), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert names(filled) == ["b.txt", "a.txt", "c.txt"]
    assert taken == []
    qtbot.keyClick(chip_of(filled, "a.txt"), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert taken == ["Ctrl+Z"], "nothing is left to bring back here"


def test_many_long_names_wrap_into_lines(row, attachments, qtbot):
    long = "a name that is so long that nobody reads all of it " * 3
    row.show_files([attachments.add_text(f"{long}{number}.txt", f"{number}") for number in range(6)])
    qtbot.waitUntil(lambda: len({chip.y() for chip in chips(row)}) > 1)
    assert all(chip.geometry().right() <= row.width() for chip in chips(row))
    assert row.sizeHint().height() <= 130, "many lines scroll"
    chips(row)[5].setFocus(Qt.FocusReason.TabFocusReason)
    assert row.rect().contains(chips(row)[5].mapTo(row, QPoint(5, 5)))
    assert names(row)[5].endswith("5.txt")


def test_a_draft_shows_what_is_no_longer_stored_too(row):
    row.show_files([AttachedFile("0" * 64, 'odd "<b>name</b>"\n.txt')])
    assert len(row.files) == 1
    assert chips(row)[0].toolTip().startswith("<p>")


def test_the_text_of_a_file_can_be_read_before_it_is_posted(filled, qtbot, attachments):
    file = filled.files[1]
    peek = filled.show_text(ShownFile(file, None))
    qtbot.waitUntil(lambda: peek.is_complete)
    assert peek.findChild(LongText).toPlainText() == "b"
    with qtbot.waitSignal(peek.destroyed):
        qtbot.keyClick(peek, Qt.Key.Key_Escape)


def test_another_text_says_what_was_still_being_read(row, qtbot, attachments, monkeypatch):
    may_go_on, file = threading.Event(), attachments.add_text("a.txt", "a")
    monkeypatch.setattr(attachments, "add_path", lambda path: may_go_on.wait(10) and file)
    row.add_paths(["/slow/report.pdf"])
    row.show_files([])
    may_go_on.set()
    assert "report.pdf was not attached" in told(row)
    row.add_text("b.txt", "b")
    qtbot.waitUntil(lambda: names(row) == ["b.txt"])


def test_closing_while_a_file_is_read_is_safe(qapp, qtbot, attachments, monkeypatch):
    start_look(qapp)
    may_go_on, file = threading.Event(), attachments.add_text("a.txt", "a")
    monkeypatch.setattr(attachments, "add_path", lambda path: may_go_on.wait(10) and file)
    closing = AttachmentRow(attachments)
    closing.add_paths(["/slow/report.pdf"])
    closing.deleteLater()
    with qtbot.waitSignal(closing.destroyed):
        pass
    may_go_on.set()
