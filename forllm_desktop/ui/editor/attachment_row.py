"""The files that go with what is being written: chips in lines, what was refused, and an undo."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.files import (
    AttachedFile,
    FileFacts,
    ShownFile,
    checked_file_name,
    checked_file_note,
)
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.ui.editor.attachment_chip import AttachmentChip
from forllm_desktop.ui.editor.file_peek import FilePeek
from forllm_desktop.ui.file_reading import FileReading
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.labels import plain_label

_MOST_HEIGHT = 120
"""Px for the files as long as nobody says how high the page is."""
_REFUSALS = 3
"""Refusals that are told in full; the others are counted."""


class AttachmentRow(QWidget):
    """Hidden while there is nothing to show. Files are read in the background, in the order they were given.

    changed()           other files, notes or another order; also when a file has been read
    failed(error)       a file could not be added; the row says so itself
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, attachments: AttachmentService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._attachments = attachments
        self._chips: list[AttachmentChip] = []
        self._tickets: dict[int, AttachmentChip] = {}
        self._removed: list[tuple[int, AttachedFile, FileFacts | None]] = []
        self._refusals: list[ForllmError] = []
        self._folder = str(Path.home())
        self._most = _MOST_HEIGHT
        self._reading = FileReading(self)
        self._reading.added.connect(self._take)
        self._reading.refused.connect(self._refuse)
        self._make_widgets()
        self._show_state()

    # -- what is there

    @property
    def files(self) -> tuple[AttachedFile, ...]:
        """The files in their order, without those that are still being read."""
        return tuple(chip.file for chip in self._chips if chip.file is not None)

    @property
    def names(self) -> set[str]:
        """The names of all files, also of those that are still being read."""
        return {chip.name for chip in self._chips}

    @property
    def is_reading(self) -> bool:
        """Say whether files are still being read."""
        return bool(self._tickets)

    def show_files(self, files: Sequence[AttachedFile]) -> None:
        """Show these files and nothing else, as of another text; nothing is announced."""
        self._attachments.hold(files)
        self._refusals = [_left_behind(chip.name) for chip in self._tickets.values()]
        for ticket in self._tickets:
            self._reading.cancel(ticket)
        self._tickets.clear()
        self._removed.clear()
        for chip in self._chips:
            self._drop(chip)
        self._chips = []
        facts = self._attachments.facts({file.digest for file in files}) if files else {}
        for file in files:
            chip = self._new_chip(file.name)
            chip.show_file(file, facts.get(file.digest))
            self._chips.append(chip)
        self._arrange()

    # -- adding

    def add_paths(self, paths: Iterable[str | Path]) -> None:
        """Read these files and add them; each that cannot be sent is refused in words."""
        self._forget_refusals()
        for path in paths:
            self._read(str(path), lambda path=path: self._attachments.add_path(path))

    def add_text(self, name: str, text: str) -> None:
        """Add a text as a file."""
        self._forget_refusals()
        self._read(name, lambda: self._attachments.add_text(name, text))

    def pick(self) -> None:
        """Let the user choose files."""
        dialog = QFileDialog(self, "Attach files", self._folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.directoryEntered.connect(self._note_folder)
        dialog.filesSelected.connect(self.add_paths)
        dialog.open()

    def _read(self, name: str, add: Callable[[], AttachedFile]) -> None:
        chip = self._new_chip(checked_file_name(name))
        self._chips.append(chip)

        def work() -> tuple[AttachedFile, FileFacts | None]:
            file = add()
            return file, self._attachments.facts({file.digest}).get(file.digest)

        self._tickets[self._reading.start(work)] = chip
        self._arrange()

    def _take(self, ticket: int, file: AttachedFile, facts: FileFacts | None) -> None:
        chip = self._tickets.pop(ticket)
        chip.show_file(file, facts)
        self._arrange()
        self.changed.emit()

    def _refuse(self, ticket: int, error: ForllmError) -> None:
        chip = self._tickets.pop(ticket)
        self._chips.remove(chip)
        self._drop(chip)
        self._refusals.append(error)
        self._arrange()
        self.failed.emit(error)

    def _note_folder(self, folder: str) -> None:
        self._folder = folder

    # -- changing

    def _change_note(self, chip: AttachmentChip, typed: str) -> None:
        if chip.file is not None:
            chip.show_file(replace(chip.file, note=checked_file_note(typed)), chip.facts)
            self._arrange()
            self.changed.emit()

    def _move_by(self, chip: AttachmentChip, step: int) -> None:
        self._move(chip, self._chips.index(chip) + step)

    def _move(self, chip: AttachmentChip, place: int) -> None:
        if not 0 <= place < len(self._chips) or self._chips[place] is chip:
            return
        self._chips.remove(chip)
        self._chips.insert(place, chip)
        self._arrange()
        if chip.file is not None:
            self.changed.emit()

    def _drag(self, chip: AttachmentChip, position: QPoint) -> None:
        over = self._strip.childAt(chip.mapTo(self._strip, position))
        while over is not None and over not in self._chips:
            over = over.parentWidget() if over is not self._strip else None
        # A wide chip that changes places with a narrow one would lie under the pointer and go back at once.
        if (
            isinstance(over, AttachmentChip)
            and over is not chip
            and not self._is_crossing(chip, over, position)
        ):
            self._move(chip, self._chips.index(over))

    def _is_crossing(self, chip: AttachmentChip, over: AttachmentChip, position: QPoint) -> bool:
        if over.y() != chip.y():
            return False
        x = chip.mapTo(self._strip, position).x()
        is_later = self._chips.index(over) > self._chips.index(chip)
        return x < over.geometry().center().x() if is_later else x > over.geometry().center().x()

    def _walk(self, chip: AttachmentChip, step: int) -> None:
        place = self._chips.index(chip) + step
        if 0 <= place < len(self._chips):
            self._chips[place].setFocus(Qt.FocusReason.TabFocusReason)

    def _remove(self, chip: AttachmentChip) -> None:
        place = self._chips.index(chip)
        had_focus = chip.hasFocus()
        self._chips.remove(chip)
        ticket = next((number for number, one in self._tickets.items() if one is chip), 0)
        if ticket:
            self._reading.cancel(ticket)
            del self._tickets[ticket]
        if chip.file is not None:
            self._removed.append((place, chip.file, chip.facts))
        self._drop(chip)
        self._arrange()
        if had_focus:
            neighbour = self._chips[min(place, len(self._chips) - 1)] if self._chips else self._undo
            neighbour.setFocus(Qt.FocusReason.TabFocusReason)
        self.changed.emit()

    def take_out(self, name: str) -> None:
        """Remove the last file of this name for good: its text is elsewhere again."""
        for chip in reversed(self._chips):
            if chip.file is not None and chip.file.name == name:
                self._chips.remove(chip)
                self._drop(chip)
                self._arrange()
                self.changed.emit()
                return

    def undo_remove(self) -> None:
        """Bring the file back that was removed last."""
        if not self._removed:
            return
        place, file, facts = self._removed.pop()
        chip = self._new_chip(file.name)
        chip.show_file(file, facts)
        self._chips.insert(min(place, len(self._chips)), chip)
        self._arrange()
        chip.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def show_text(self, shown: ShownFile) -> FilePeek:
        """Open a window with the text of a file, as models read it."""
        peek = FilePeek(shown, self._attachments, self)
        peek.open()
        return peek

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._undoes(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._undoes(event):
            self.undo_remove()
        else:
            super().keyPressEvent(event)

    def _undoes(self, event: QKeyEvent) -> bool:
        """Say whether a key brings a file back, and not something elsewhere."""
        return bool(self._removed) and event.matches(QKeySequence.StandardKey.Undo)

    def _open_menu(self, chip: AttachmentChip, position: QPoint) -> None:
        menu, place, last = QMenu(self), self._chips.index(chip), len(self._chips) - 1
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if (file := chip.file) is not None:
            shown = ShownFile(file, chip.facts)
            menu.addAction(icon("eye"), "Show its text", lambda: self.show_text(shown))
            menu.addAction(icon("pencil-simple"), "Write a note", chip.edit_note)
            menu.addSeparator()
        menu.addAction("Move before", lambda: self._move_by(chip, -1)).setEnabled(place > 0)
        menu.addAction("Move behind", lambda: self._move_by(chip, 1)).setEnabled(place < last)
        menu.addAction(icon("x"), "Remove" if chip.file else "Stop reading", lambda: self._remove(chip))
        menu.popup(position)

    # -- how high it is

    def fit_into(self, height: int) -> None:
        """Take at most an eighth of a page of this height, in px, for the files; more of them scroll."""
        self._most = height // 8
        self._fit_strip()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_strip()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._strip and event.type() == QEvent.Type.LayoutRequest:
            self._fit_strip()
        elif event.type() == QEvent.Type.FocusIn and isinstance(watched, AttachmentChip):
            self._scroller.ensureWidgetVisible(watched, 0, 0)
        return super().eventFilter(watched, event)

    def _fit_strip(self) -> None:
        """Let all lines of files be seen that have room, but always one."""
        line = theme().row(24, "small")
        wanted = max(line, self._flow.heightForWidth(self._scroller.viewport().width()))
        self._scroller.setFixedHeight(min(wanted, max(line, self._most)))

    # -- how it is made

    def _make_widgets(self) -> None:
        self._strip = QWidget()
        self._flow = FlowLayout(self._strip, 4)
        self._strip.setAccessibleName("Attached files")
        self._strip.installEventFilter(self)
        self._scroller = QScrollArea()
        self._scroller.setWidgetResizable(True)
        self._scroller.setFrameShape(QFrame.Shape.NoFrame)
        self._scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroller.viewport().setAutoFillBackground(False)
        self._scroller.setWidget(self._strip)
        self._strip.setAutoFillBackground(False)
        self._told = plain_label("", "small", "text_3", elides=True)
        self._undo = push_button("Undo", "link", small=True)
        self._undo.clicked.connect(self.undo_remove)
        self._back = QWidget()
        back = QHBoxLayout(self._back)
        back.setContentsMargins(0, 0, 0, 0)
        back.addWidget(self._told, 1)
        back.addWidget(self._undo)
        self._refused = plain_label("", "small", "danger", wraps=True)
        self._close = icon_button("Close this message", "x")
        self._close.clicked.connect(self._forget_refusals)
        self._trouble = QWidget()
        trouble = QHBoxLayout(self._trouble)
        trouble.setContentsMargins(0, 0, 0, 0)
        trouble.addWidget(self._refused, 1)
        trouble.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self._scroller, self._back, self._trouble):
            layout.addWidget(part)

    def _new_chip(self, name: str) -> AttachmentChip:
        chip = AttachmentChip(name, self._strip)
        chip.note_changed.connect(lambda note: self._change_note(chip, note))
        chip.remove_wished.connect(lambda: self._remove(chip))
        chip.moved.connect(lambda step: self._move_by(chip, step))
        chip.walked.connect(lambda step: self._walk(chip, step))
        chip.dragged.connect(lambda position: self._drag(chip, position))
        chip.installEventFilter(self)
        chip.menu_wished.connect(lambda position: self._open_menu(chip, position))
        return chip

    def _drop(self, chip: AttachmentChip) -> None:
        self._flow.removeWidget(chip)
        chip.hide()
        chip.deleteLater()

    def _arrange(self) -> None:
        """Put the chips in their order, and the focus order with them."""
        for chip in self._chips:
            self._flow.removeWidget(chip)
        for place, chip in enumerate(self._chips, start=1):
            self._flow.addWidget(chip)
            chip.tell_place(place, len(self._chips))
            chip.show()
        for before, after in zip(self._chips, self._chips[1:], strict=False):
            self.setTabOrder(before, after)
        self._show_state()

    def _forget_refusals(self) -> None:
        self._refusals.clear()
        self._show_state()

    def _show_state(self) -> None:
        self._scroller.setVisible(bool(self._chips))
        self._fit_strip()
        if self._removed:
            self._told.setText(f"“{self._removed[-1][1].name}” was removed")
            self._undo.setAccessibleName(f"Bring {self._removed[-1][1].name} back")
        self._back.setVisible(bool(self._removed))
        said = [f"{error.title}. {error.message}".strip() for error in self._refusals[:_REFUSALS]]
        more = len(self._refusals) - _REFUSALS
        self._refused.setText("\n".join([*said, f"{more} more could not be added"] if more > 0 else said))
        self._trouble.setVisible(bool(said))
        self.setVisible(bool(self._chips or self._removed or said))
        self.updateGeometry()


def _left_behind(name: str) -> InvalidInput:
    return InvalidInput(
        "file",
        f"{name} was not attached",
        "It was still being read when you went on to another text. Attach it again there.",
    )
