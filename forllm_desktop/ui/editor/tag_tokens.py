"""Tags in the document of a text field: the text is what is shown, what it stands for is in its format."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QTextBlock, QTextCharFormat, QTextCursor, QTextDocument, QTextFormat

from forllm_desktop.domain import tags
from forllm_desktop.domain.tags import PersonaTag, Tag
from forllm_desktop.ui.editor.units import characters_of, units, units_of

NUMBER = QTextFormat.Property.UserProperty.value + 40
"""Property of characters: the number of the token that they belong to."""
_BOOK = 60_000
"""Characters from which on a text is not looked through as a whole for code."""
_FENCE = re.compile(r"^[ >]{0,8}(?:`{3,}[^`\n]*|~{3,}[^\n]*)$", re.MULTILINE)
_FEW_BLOCKS = 300
"""Blocks up to which a change is looked through one by one; a longer one is searched as a whole."""


class Token(NamedTuple):
    """A tag in the document: the characters from `start` to `end`, in UTF-16 units."""

    start: int
    end: int
    tag: Tag


class Piece(NamedTuple):
    """A stretch of a stored text: plain words, or a tag."""

    text: str
    tag: Tag | None = None


class TagTokens(QObject):
    """Follows every change of a document, also undo and redo, and never changes it by itself.

    Each token has a number of its own, so that two of one persona beside each other stay two. Characters
    with a number that no longer spell their tag are plain text.

    changed()    tokens came, went or moved
    """

    changed = Signal()

    def __init__(self, document: QTextDocument, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._tags: dict[int, Tag] = {}
        self._numbers = count(1)
        self._tokens: list[Token] = []
        document.contentsChange.connect(self._follow)

    @property
    def all(self) -> list[Token]:
        """The tokens in their order."""
        return self._tokens

    def format_of(self, tag: Tag) -> QTextCharFormat:
        """Return the format for the characters of one new token."""
        number = next(self._numbers)
        self._tags[number] = tag
        made = QTextCharFormat()
        made.setProperty(NUMBER, number)
        return made

    def forget(self) -> None:
        """Forget all tags: the document was emptied and nothing can be undone."""
        self._tags.clear()
        self._tokens = []
        self.changed.emit()

    # -- where they are

    def around(self, position: int) -> Token | None:
        """Return the token that a position is inside of; its two ends are outside."""
        at = bisect_left(self._tokens, position, key=lambda token: token.start) - 1
        return self._tokens[at] if at >= 0 and position < self._tokens[at].end else None

    def touching(self, position: int) -> Token | None:
        """Return a token that a position is inside of or at an end of."""
        return next(iter(self.within(position, position)), None)

    def within(self, start: int, end: int) -> list[Token]:
        """Return the tokens that a stretch touches."""
        first = bisect_left(self._tokens, start, key=lambda token: token.end)
        last = bisect_right(self._tokens, end, key=lambda token: token.start)
        return self._tokens[first:last]

    def whole(self, start: int, end: int) -> tuple[int, int]:
        """Return a stretch grown so that no token is cut by its ends."""
        first, last = self.around(start), self.around(end)
        return first.start if first else start, last.end if last else end

    # -- what is stored

    def stored(self) -> str:
        """Return the text as it is stored; a tag that stands in code is just its words."""
        text = self._text()
        return _stored(text, self._tokens, 0, _length(text)) if self._tokens else text

    def stored_between(self, start: int, end: int) -> str:
        """Return a stretch as it is stored; tokens that its ends cut are words."""
        whole = [token for token in self._tokens if token.start >= start and token.end <= end]
        return _stored(self._text(), whole, start, end)

    def _text(self) -> str:
        return self._document.toPlainText()

    # -- following

    def _follow(self, position: int, removed: int, added: int) -> None:
        if not self._tags:
            return
        before, moved = self._tokens, added - removed
        first = self._document.findBlock(position)
        last = self._document.findBlock(min(position + added, self._document.characterCount() - 1))
        if last.blockNumber() - first.blockNumber() > _FEW_BLOCKS:
            self._tokens = list(self._searched())
            self.changed.emit()
            return
        size = self._document.characterCount()
        start, end = first.position(), last.position() + last.length() - 1
        kept = [one for one in before if one.end <= position and one.end < start]
        behind = [
            Token(one.start + moved, one.end + moved, one.tag)
            for one in before
            if one.start >= position + removed and one.start + moved > end and one.end + moved < size
        ]
        self._tokens = [*kept, *self._found(first, last), *behind]
        if self._tokens != before:
            self.changed.emit()

    def _found(self, first: QTextBlock, last: QTextBlock) -> Iterator[Token]:
        block = first
        while block.isValid() and block.blockNumber() <= last.blockNumber():
            text = block.text()
            if "@" in text or "#" in text:
                yield from self._in_block(block)
            block = block.next()

    def _in_block(self, block: QTextBlock) -> Iterator[Token]:
        pieces = block.begin()
        while not pieces.atEnd():
            piece = pieces.fragment()
            token = self._spelled(piece.charFormat(), piece.text(), piece.position())
            if token is not None:
                yield token
            pieces += 1

    def _spelled(self, form: QTextCharFormat, text: str, position: int) -> Token | None:
        """Return the token that a stretch of one format spells; what was typed at its ends is not part."""
        tag = self._tags.get(form.intProperty(NUMBER))
        at = text.find(tag.words) if tag is not None else -1
        if tag is None or at < 0:
            return None
        start = position + units(text, at)
        return Token(start, start + units(tag.words, len(tag.words)), tag)

    def _searched(self) -> Iterator[Token]:
        """Look through the whole document by the words of the tags, which is faster than by its blocks."""
        text, cursor = self._text(), QTextCursor(self._document)
        words = "|".join(re.escape(word) for word in {tag.words for tag in self._tags.values()})
        hits = [match.span() for match in re.finditer(words, text)]
        ends = units_of(text, [place for hit in hits for place in hit])
        for start, end in zip(ends[::2], ends[1::2], strict=True):
            cursor.setPosition(end)
            tag = self._tags.get(cursor.charFormat().intProperty(NUMBER))
            cursor.setPosition(start + 1)
            if tag is not None and self._tags.get(cursor.charFormat().intProperty(NUMBER)) is tag:
                yield Token(start, end, tag)


def pieces_of(text: str) -> list[Piece]:
    """Return a stored text as plain stretches and tags."""
    pieces, at = [], 0
    for span in tags.spans(text):
        pieces += [Piece(text[at : span.start]), Piece(span.tag.words, span.tag)]
        at = span.end
    pieces.append(Piece(text[at:]))
    return [piece for piece in pieces if piece.text]


def stored_form(tag: Tag) -> str:
    """Return a tag as it stands in a stored text."""
    if isinstance(tag, PersonaTag):
        return tags.persona_tag_text(tag.persona_id, tag.label)
    return tags.file_tag_text(tag.folder_id, tag.path, tag.label)


def _stored(text: str, tokens: list[Token], start: int, end: int) -> str:
    places = characters_of(text, [start, *(place for one in tokens for place in one[:2]), end])
    stored, starts = _joined(text, tokens, places, frozenset())
    known = _tag_starts(stored, starts)
    in_code = frozenset(at for at, place in enumerate(starts) if place not in known)
    return _joined(text, tokens, places, in_code)[0] if in_code else stored


def _tag_starts(stored: str, starts: list[int]) -> set[int]:
    """Return where tags stand in a stored text, of those places; in a book only around each place.

    Code in a line ends with its paragraph, so that is all that must be looked at, besides fences.
    """
    if len(stored) <= _BOOK:
        return {span.start for span in tags.spans(stored)}
    fences = [match.start() for match in _FENCE.finditer(stored)] if _has_fence(stored) else []
    found = set()
    for place in starts:
        first = max(stored.rfind("\n\n", 0, place), place - _BOOK // 2, 0)
        last = stored.find("\n\n", place)
        last = min(last if last >= 0 else len(stored), place + _BOOK // 2)
        is_fenced = bisect_right(fences, place) % 2
        if not is_fenced and any(first + span.start == place for span in tags.spans(stored[first:last])):
            found.add(place)
    return found


def _has_fence(text: str) -> bool:
    return "```" in text or "~~~" in text


def _joined(
    text: str, tokens: list[Token], places: list[int], as_words: frozenset[int]
) -> tuple[str, list[int]]:
    """Return a text with its tokens as stored, and where these begin; some of them stay words."""
    pieces, starts, length, at = [], [], 0, places[0]
    for index, token in enumerate(tokens):
        start, end = places[1 + 2 * index], places[2 + 2 * index]
        form = token.tag.words if index in as_words else stored_form(token.tag)
        length += start - at
        starts.append(length)
        length += len(form)
        pieces += [text[at:start], form]
        at = end
    return "".join([*pieces, text[at : places[-1]]]), starts


def _length(text: str) -> int:
    return units(text, len(text))
