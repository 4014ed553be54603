"""Completes tags while they are typed: personas behind an @, files behind a #."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QApplication

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.domain.tags import PersonaTag
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.offer_list import OfferList
from forllm_desktop.ui.editor.offers import MOST, Offer, file_offers, persona_offers
from forllm_desktop.ui.editor.tag_text import TagText
from forllm_desktop.ui.editor.tag_typing import beginning, finished_name, is_in_code
from forllm_desktop.ui.editor.units import characters
from forllm_desktop.ui.latest import Latest

ASK_AFTER = 80
"""Milliseconds without a key before files are looked for."""
_LOOKED_AT = 100_000
"""Characters before and behind a sign that are looked at for code."""
_CLINGS = frozenset(",.;:!?)")
"""What stands right behind a tag: the space that came with it goes."""
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class Completing(QObject):
    """Belongs to one field; keys go to its list only while that is shown.

    files_requested()    the user wants to say whose files may be tagged
    """

    files_requested = Signal()

    def __init__(self, field: TagText, workspace: Workspace) -> None:
        super().__init__(field)
        self._field, self._workspace = field, workspace
        self._subforum_id = 0
        self._cards: Sequence[PersonaCard] | None = None
        self._list: OfferList | None = None
        self._start = self._dismissed = self._spaced = -1
        self._sign = self._typed = ""
        self._finder = Latest("files-offered", self)
        self._finder.done.connect(self._show_found)
        self._timer = QTimer(self, singleShot=True, interval=ASK_AFTER)
        self._timer.timeout.connect(self._find)
        field.typed_in.connect(self._note_typed)
        field.cursorPositionChanged.connect(self._follow_caret)
        field.installEventFilter(self)
        events = workspace.events
        events.personas_changed.connect(self._forget_cards)
        events.subforums_changed.connect(self._forget_cards)
        QApplication.instance().aboutToQuit.connect(self._finder.stop)  # pyright: ignore[reportOptionalMemberAccess]

    @property
    def offers(self) -> list[Offer]:
        """What is offered now."""
        return self._list.offers if self._list is not None else []

    @property
    def current(self) -> Offer | None:
        """What Enter would put into the text."""
        return self._list.current if self._list is not None and self._list.isVisible() else None

    def show_subforum(self, subforum_id: int) -> None:
        """Offer the personas of this subforum first."""
        self._subforum_id = subforum_id
        self._forget_cards()

    def close(self) -> None:
        """Offer nothing until a tag is begun anew."""
        self._timer.stop()
        self._start = -1
        if self._list is not None:
            self._list.hide()

    def stop(self) -> None:
        """Stop all work."""
        self.close()
        self._finder.stop()

    # -- keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self.close()
        elif isinstance(event, QKeyEvent) and self._list is not None and self._list.isVisible():
            if event.type() == QEvent.Type.ShortcutOverride and self._is_own(event):
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and self._is_own(event):
                self._take(event)
                return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            self._cling(event)
        return False

    def _is_own(self, event: QKeyEvent) -> bool:
        key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if modifiers != Qt.KeyboardModifier.NoModifier:
            return False
        accepts = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab) and self.current is not None
        return accepts or key in _STEPS or key == Qt.Key.Key_Escape

    def _take(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _STEPS and self._list is not None:
            self._list.step(_STEPS[key])
        elif key == Qt.Key.Key_Escape:
            self._dismissed = self._start
            self.close()
        elif self.current is not None:
            self._accept(self.current)

    def _cling(self, event: QKeyEvent) -> None:
        """Let a comma or a colon stand right behind a tag, not behind the space that came with it."""
        cursor = self._field.textCursor()
        if event.text() in _CLINGS and cursor.position() == self._spaced and not cursor.hasSelection():
            self._field.textCursor().deletePreviousChar()
        if event.text():
            self._spaced = -1

    # -- what is being typed

    def _note_typed(self, typed: str) -> None:
        if typed == "\b" or not self._finish_name(typed):
            self._look()

    def _follow_caret(self) -> None:
        if self._list is not None and self._list.isVisible():
            self._look()

    def _look(self) -> None:
        cursor = self._field.textCursor()
        line = self._line()
        found = beginning(line)
        if found is None or cursor.hasSelection():
            self._dismissed = -1
            self.close()
            return
        # The place of the sign, in UTF-16 units as the document counts.
        start = (
            cursor.position() - len(line[len(line) - found.back :].encode("utf-16-le", "surrogatepass")) // 2
        )
        if start != self._start:
            self.close()
            if start == self._dismissed or self._is_taken(start):
                return
            self._start = start
        self._sign, self._typed = found.sign, found.typed
        if found.sign == "@":
            self._offer(persona_offers(self._known(), self._subforum_id, found.typed))
        else:
            self._timer.start()

    def _line(self) -> str:
        cursor = self._field.textCursor()
        text = cursor.block().text()
        return text[: characters(text, cursor.positionInBlock())]

    def _is_taken(self, start: int) -> bool:
        """Say whether the sign is that of a tag that stands already, or is in code."""
        if any(token.start == start for token in self._field.tokens.within(start, start)):
            return True
        text = self._field.toPlainText()
        at = characters(text, start)
        # Of a book only the last pages are looked at.
        near = text[max(0, at - _LOOKED_AT) : at + _LOOKED_AT]
        return ("`" in near or "~~~" in near) and is_in_code(near, min(at, _LOOKED_AT))

    def _find(self) -> None:
        files, place = self._workspace.files, (self._start, self._typed)

        def find() -> object:
            has_folders = bool(files.folders())
            found = files.complete(place[1], MOST) if has_folders else []
            return place, file_offers(found, has_folders=has_folders)

        self._finder.ask(find)

    def _show_found(self, result: object) -> None:
        place, offers = result  # type: ignore[misc]
        if place == (self._start, self._typed) and self._sign == "#":
            self._offer(offers)

    def _offer(self, offers: Sequence[Offer]) -> None:
        if not offers or not self._field.hasFocus():
            # Typing on may find something again, so the place is kept.
            if self._list is not None:
                self._list.hide()
            return
        if self._list is None:
            self._list = OfferList(self._field)
            self._list.chosen.connect(self._accept)
            self._field.destroyed.connect(self._list.deleteLater)
        name = "Personas" if self._sign == "@" else "Files"
        highlights = bool(self._typed) and offers[0].tag is not None
        self._list.show_offers(name, offers, self._place(), highlights=highlights)

    def _place(self) -> QRect:
        """Return where the sign stands, in the window."""
        cursor = QTextCursor(self._field.document())
        cursor.setPosition(self._start)
        box = self._field.cursorRect(cursor)
        corner = self._field.viewport().mapTo(self._field.window(), QPoint(box.left(), box.top()))
        return QRect(corner, box.size())

    # -- tags

    def _accept(self, offer: Offer) -> None:
        start, end = self._start, self._field.textCursor().position()
        self.close()
        if offer.tag is None:
            self.files_requested.emit()
            return
        following = self._field.document().characterAt(end)
        is_free = following not in (" ", ":", ",", ".")
        self._field.put_tag(start, end, offer.tag, behind=" " if is_free else "")
        self._spaced = self._field.textCursor().position() if is_free else -1

    def _finish_name(self, typed: str) -> bool:
        """Turn a whole name that was typed by hand into a tag; Ctrl+Z takes that back."""
        line = self._line()
        is_new_line = not line and typed[-1:] in ("\r", "\n")
        cursor = self._field.textCursor()
        if is_new_line:
            line, cursor = f"{cursor.block().previous().text()}\n", QTextCursor(cursor.block().previous())
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        at = line.rfind("@")
        if at < 0 or len(line) - at > 200:
            return False
        before, name = line[:at], line[at + 1 :]
        names = self._names()
        found = finished_name(name, names)
        if found is None or beginning(f"{before}@") is None:
            return False
        end = cursor.position() - _units(name[len(found[0]) :].rstrip("\n"))
        start = end - _units(found[0]) - 1
        if self._is_taken(start):
            return False
        card = next(card for card in self._known() if card.persona_id == found[1])
        self.close()
        self._field.put_tag(start, end, PersonaTag(card.persona_id, card.name))
        return True

    def _names(self) -> dict[str, int]:
        """Return the personas by the key of their name; a name that two share is nobody's."""
        found: dict[str, int] = {}
        for card in self._known():
            key = name_key(card.name)
            found[key] = 0 if key in found else card.persona_id
        return {key: id for key, id in found.items() if id}

    def _known(self) -> Sequence[PersonaCard]:
        if self._cards is None:
            self._cards = [card for card in self._workspace.personas.cards() if card.is_active]
        return self._cards

    def _forget_cards(self) -> None:
        self._cards = None


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
