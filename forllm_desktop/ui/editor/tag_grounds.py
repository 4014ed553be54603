"""The soft grounds behind the tags of a text field; a chain has one ground."""

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QTextBlock, QTextCharFormat, QTextCursor, QTextLine
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from forllm_desktop.domain.tags import PersonaTag
from forllm_desktop.ui.editor.tag_tokens import TagTokens, Token
from forllm_desktop.ui.theme import look, theme

_SIDE, _RADIUS = 3, 4
"""How far a ground goes beyond its words, and its corners, in px at 100 %."""
_MOST_COLOURED = 400
"""Tags whose words are coloured; the grounds are painted for all."""


class TagGrounds(QObject):
    """Paints what is on screen; the words themselves get their colour from the field."""

    def __init__(self, field: QPlainTextEdit, tokens: TagTokens) -> None:
        super().__init__(field)
        self._field, self._tokens = field, tokens
        tokens.changed.connect(self._colour)
        look().changed.connect(self._colour)

    def paint(self, event: QPaintEvent) -> None:
        """Paint the grounds; called before the text is painted."""
        if not self._tokens.all:
            return
        now, painter = theme(), QPainter(self._field.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for group in self._groups(*self._on_screen(event)):
            is_persona = isinstance(group[0].tag, PersonaTag)
            painter.setBrush(now.colour("accent_soft" if is_persona else "neutral_soft"))
            for box in self._boxes(group[0].start, group[-1].end):
                painter.drawRoundedRect(box, now.px(_RADIUS), now.px(_RADIUS))

    def _colour(self) -> None:
        """Let the words of tags have their colour; the user's selection is painted over it."""
        colours = {}
        for name in ("accent_text", "text_2"):
            colours[name] = QTextCharFormat()
            colours[name].setForeground(theme().colour(name))
        coloured = []
        for token in self._tokens.all[:_MOST_COLOURED]:
            one = QTextEdit.ExtraSelection()
            one.cursor = QTextCursor(self._field.document())
            one.cursor.setPosition(token.start)
            one.cursor.setPosition(token.end, QTextCursor.MoveMode.KeepAnchor)
            one.format = colours["accent_text" if isinstance(token.tag, PersonaTag) else "text_2"]
            coloured.append(one)
        self._field.setExtraSelections(coloured)
        self._field.viewport().update()

    def _on_screen(self, event: QPaintEvent) -> tuple[int, int]:
        field = self._field
        first = field.firstVisibleBlock()
        last, bottom = first, event.rect().bottom()
        offset = field.contentOffset()
        while last.next().isValid() and field.blockBoundingGeometry(last).translated(offset).top() <= bottom:
            last = last.next()
        return first.position(), last.position() + last.length()

    def _groups(self, start: int, end: int) -> Iterator[list[Token]]:
        """Yield the tokens on screen, those of a chain together."""
        document, group = self._field.document(), list[Token]()
        for token in self._tokens.within(start, end):
            if group:
                is_joined = token.start == group[-1].end + 1 and document.characterAt(group[-1].end) == ":"
                if not (is_joined and isinstance(token.tag, PersonaTag)):
                    yield group
                    group = []
            group.append(token)
        if group:
            yield group

    def _boxes(self, start: int, end: int) -> Iterator[QRectF]:
        """Yield where a stretch of one block is, one box for each line."""
        block = self._field.document().findBlock(start)
        layout, place = block.layout(), self._field.blockBoundingGeometry(block)
        corner = place.translated(self._field.contentOffset()).topLeft()
        first, last = (self._in_layout(block, position) for position in (start, end))
        side = theme().px(_SIDE)
        for index in range(layout.lineCount()):
            line = layout.lineAt(index)
            begins, ends = line.textStart(), line.textStart() + line.textLength()
            if last <= begins or first >= ends:
                continue
            left, right = sorted((_x(line, max(first, begins)), _x(line, min(last, ends))))
            yield QRectF(
                corner.x() + left - side,
                corner.y() + line.y() + 0.5,
                right - left + 2 * side,
                line.height() - 1,
            )

    def _in_layout(self, block: QTextBlock, position: int) -> int:
        """Return a position in the lines of a block, where a word that is being composed stands too."""
        layout, at = block.layout(), position - block.position()
        composed = layout.preeditAreaText()
        is_behind = composed and at >= layout.preeditAreaPosition() and at > 0
        return at + len(composed) if is_behind and at != layout.preeditAreaPosition() else at


def _x(line: QTextLine, position: int) -> float:
    place: Any = line.cursorToX(position)
    return float(place[0] if isinstance(place, tuple) else place)
