"""Sets one block spec as formatted text of the document."""

from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextOption,
    QTextTable,
    QTextTableCellFormat,
    QTextTableFormat,
)

from forllm_desktop.ui.thread.bidi import isolated
from forllm_desktop.ui.thread.specs import Block, Kind, Run
from forllm_desktop.ui.thread.specs import Style as Bits
from forllm_desktop.ui.thread.style import Style

_USER = QTextFormat.Property.UserProperty.value
KIND, PLACE, LANGUAGE, QUOTE, PILLS, TASK, PAD, IS_CODE, TEXT_LEFT, IS_TAG = range(_USER + 1, _USER + 11)
"""Properties of blocks that the decorations read; IS_CODE and IS_TAG are of characters."""
CELL, GAP = 101, 102
"""Values of KIND beside those of `Kind`: a cell of a table, and the block that must follow a table."""

_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
_FIXED = QTextBlockFormat.LineHeightTypes.FixedHeight.value
_HEADINGS = {1: ("heading", 1.16), 2: ("heading", 1.06), 3: ("heading", 0.96)}
_HEADING_TOPS = {1: 20, 2: 18, 3: 16}
_TOKENS = {"keyword": "accent_text", "number": "warn", "string": "ok", "comment": "text_3"}
_ALIGN = {
    "l": Qt.AlignmentFlag.AlignLeft,
    "c": Qt.AlignmentFlag.AlignHCenter,
    "r": Qt.AlignmentFlag.AlignRight,
}
FILE_LEFT, FILE_PAD = 30, 10
"""Room in px at 100 % that the row of a file has around its text: at its left with the icon, and else."""
_MOST_PILLS = 60
"""Stretches of inline code and tags of one block that get a ground."""


class State(NamedTuple):
    """A state on the head line: a word, its icon and the token of its colour."""

    word: str
    icon: str
    colour: str


class Mark(NamedTuple):
    """A quiet mark on the head line: a word with its icon in a token's colour; `link` is what it opens.

    `short` is the word where there is little room, `said` what a screen reader says instead.
    """

    word: str
    icon: str
    colour: str = "text_3"
    link: str = ""
    short: str = ""
    said: str = ""


class Head(NamedTuple):
    """The head line of a post: who, what is known about it, its state, and what follows the state.

    `to` is whom it answers, where that cannot be seen; `shortens` is the index of the detail that may be
    shortened where there is little room; `version` is the detail that opens the persona at that version;
    `marks` say what is unusual about it.
    """

    author: str
    details: tuple[str, ...] = ()
    state: State | None = None
    tail: str = ""
    is_edited: bool = False
    is_muted: bool = False
    link: str = ""
    shortens: int = -1
    version: str = ""
    to: str = ""
    marks: tuple[Mark, ...] = ()


class Typesetter:
    """Writes heads, blocks and tables in one style."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self._formats: dict[tuple[str, int, str, str], QTextCharFormat] = {}

    # -- characters

    def char(self, base: str, bits: Bits = Bits.PLAIN, token: str = "", colour: str = "") -> QTextCharFormat:
        """Return the format of a stretch of text; `base` is a font's name, with a factor: "reading*1.35"."""
        key = (base, int(bits), token, colour)
        made = self._formats.get(key)
        if made is None:
            made = self._formats[key] = self._made(base, bits, token, colour)
        return made

    def _made(self, base: str, bits: Bits, token: str, colour: str) -> QTextCharFormat:
        name, _, factor = base.partition("*")
        if Bits.META in bits:
            name = "small"
        font = QFont(self.style.font(name, float(factor or 1)))
        if Bits.CODE in bits and name != "code":
            points = font.pointSizeF()
            font = QFont(self.style.font("code"))
            font.setPointSizeF(points * 0.9)
        if Bits.BOLD in bits:
            font.setWeight(QFont.Weight.DemiBold)
        font.setItalic(Bits.ITALIC in bits)
        font.setStrikeOut(Bits.STRIKE in bits)
        made = QTextCharFormat()
        made.setFont(font)
        made.setForeground(self._ink(bits, token, colour))
        if Bits.CODE in bits and name != "code":
            made.setProperty(IS_CODE, True)
        return made

    def _ink(self, bits: Bits, token: str, colour: str) -> QColor:
        if Bits.HIDDEN in bits:
            return QColor(Qt.GlobalColor.transparent)
        if Bits.DANGER in bits:
            return self.style.colour("danger")
        if Bits.MUTED in bits or Bits.META in bits:
            return self.style.colour("text_3")
        return self.style.colour(_TOKENS.get(token) or colour or "text")

    def _linked(self, base: str, run: Run) -> QTextCharFormat:
        made = QTextCharFormat(self.char(base, run.style, run.token, "accent_text"))
        made.setForeground(self.style.colour("accent_text"))
        made.setAnchor(True)
        made.setAnchorHref(run.link)
        return made

    def _tagged(self, base: str, run: Run) -> QTextCharFormat:
        """Return the format of a tag; a struck one has lost what it stands for."""
        made = self._linked(base, run)
        if Bits.STRIKE in run.style:
            made.setForeground(self.style.colour("text_3"))
        else:
            made.setProperty(IS_TAG, True)
        return made

    def _form(self, base: str, run: Run, colour: str) -> QTextCharFormat:
        if Bits.TAG in run.style:
            return self._tagged(base, run)
        return self._linked(base, run) if run.link else self.char(base, run.style, run.token, colour)

    def write_runs(self, cursor: QTextCursor, runs: tuple[Run, ...], base: str, colour: str = "") -> int:
        """Write runs at the cursor; returns how many of them have a ground: inline code and tags."""
        pills = 0
        for index, run in enumerate(runs):
            form = self._form(base, run, colour)
            follows = runs[index + 1].style if index + 1 < len(runs) else Bits.PLAIN
            is_pill = _has_ground(run.style) and base != "code"
            pills += is_pill
            if run.text and (is_pill or (_has_ground(follows) and base != "code")):
                # Room for the sides of the pill, without any character that a copy would contain.
                cursor.insertText(run.text[:-1], form)
                spaced = QTextCharFormat(form)
                spaced.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
                spaced.setFontLetterSpacing(self.style.px(4))
                cursor.insertText(run.text[-1:], spaced)
            else:
                cursor.insertText(run.text, form)
        return pills

    # -- heads

    def title_format(self) -> QTextBlockFormat:
        """Return the format of the page's title."""
        made = QTextBlockFormat()
        made.setProperty(KIND, Kind.TITLE.value)
        made.setLeftMargin(self.style.left)
        self._set_right(made, self.style.title_right, 0)
        return made

    def write_title(self, cursor: QTextCursor, title: str, subtitle: str) -> None:
        """Write the title line at the cursor."""
        cursor.insertText(isolated(title), self.char("title"))
        cursor.insertText(" ", self._gap("title", 8))
        cursor.insertText(subtitle, self.char("small", Bits.META))

    def head_format(self, depth: int, *, is_first: bool) -> QTextBlockFormat:
        """Return the format of a post's head line."""
        style = self.style
        made = QTextBlockFormat()
        made.setProperty(KIND, Kind.HEADER.value)
        made.setLeftMargin(style.text_left(depth))
        made.setTopMargin(style.px(14 if is_first else 18))
        made.setProperty(TEXT_LEFT, style.text_left(depth))
        self._set_right(made, style.head_right, 0)
        return made

    def write_head(self, cursor: QTextCursor, head: Head) -> None:
        """Write a head line at the cursor."""
        author = self.char("ui_strong", Bits.MUTED if head.is_muted else Bits.PLAIN)
        if head.link:
            author = self._linked("ui_medium", Run(head.author, link=head.link))
        cursor.insertText(isolated(head.author), author)
        meta = self.char("small", Bits.META)
        if head.to:
            cursor.insertText(" ", self._gap("small", 5))
            cursor.insertText(f"to {isolated(head.to)}", self._linked("small", Run("", link="act:parent")))
        for detail in head.details:
            cursor.insertText(" ", self._gap("small", 5))
            how = self._quiet_link("act:persona") if detail == head.version else meta
            cursor.insertText(isolated(detail), how)
        if head.is_edited:
            cursor.insertText(" ", self._gap("small", 5))
            cursor.insertText("edited", self._quiet_link("act:edits"))
        for mark in head.marks:
            cursor.insertText(" ", self._gap("small", 24, PLACE, mark.icon, mark.colour))
            how = self._linked("small_medium", Run("", link=mark.link)) if mark.link else QTextCharFormat()
            how.merge(self.char("small_medium", colour=mark.colour))
            cursor.insertText(mark.word, how)
        if head.state is not None:
            # The icon is painted into this space.
            cursor.insertText(" ", self._gap("small", 24, PLACE, head.state.icon, head.state.colour))
            cursor.insertText(head.state.word, self.char("small_medium", colour=head.state.colour))
        if head.tail:
            cursor.insertText(" ", self._gap("small", 5))
            cursor.insertText(head.tail, meta)

    def _quiet_link(self, target: str) -> QTextCharFormat:
        made = QTextCharFormat(self.char("small", Bits.META))
        made.setAnchor(True)
        made.setAnchorHref(target)
        made.setFontUnderline(True)
        made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        return made

    def _gap(
        self, base: str, width: float, prop: int = 0, icon: str = "", colour: str = ""
    ) -> QTextCharFormat:
        made = QTextCharFormat(self.char(base, Bits.META))
        made.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
        made.setFontLetterSpacing(self.style.px(width))
        if prop:
            made.setProperty(prop, f"{icon} {colour}")
        return made

    # -- blocks

    def append(self, cursor: QTextCursor, block: Block, depth: int, *, is_first: bool) -> None:
        """Write a block below the one the cursor ends; the cursor then ends the new one."""
        if block.kind is Kind.TABLE:
            self._append_table(cursor, block, depth)
            return
        base, colour = self.base(block)
        form = self.block_format(block, depth, is_first=is_first)
        cursor.insertBlock(form, self.char(base, colour=colour))
        if block.marker:
            is_task = block.marker.startswith("[")
            bits = Bits.HIDDEN if is_task else Bits.MUTED
            cursor.insertText(f"{block.marker}\t", self.char(base, bits, colour=colour))
        pills = self.write_runs(cursor, block.runs, base, colour)
        if 0 < pills <= _MOST_PILLS:
            form.setProperty(PILLS, pills)
            cursor.setBlockFormat(form)

    def base(self, block: Block) -> tuple[str, str]:
        """Return the font and the colour of a block's plain text."""
        if block.kind is Kind.CODE:
            return "code", "text"
        if block.kind is Kind.NOTE:
            return "ui", "text_3"
        if block.kind is Kind.FILE:
            return "ui", "text"
        if block.kind is Kind.HEADING:
            name, factor = _HEADINGS.get(block.level, ("ui_strong", 1.08))
            return f"{name}*{factor}", "text"
        return "reading", "text_2" if block.quote else "text"

    def block_format(self, block: Block, depth: int, *, is_first: bool) -> QTextBlockFormat:
        """Return the format of any block but a table."""
        style, px = self.style, self.style.px
        made = QTextBlockFormat()
        made.setProperty(KIND, block.kind.value)
        left = self._left(block, depth)
        made.setProperty(TEXT_LEFT, left)
        pad = 0.0
        top = 0 if block.joined else 7 if is_first else 8
        if block.kind is Kind.CODE:
            made.setProperty(PLACE, block.place)
            made.setProperty(LANGUAGE, block.language)
            left, pad = left + px(12), px(12)
            top = 17 if block.place in ("first", "only") else 0
            if block.place in ("last", "only"):
                made.setBottomMargin(px(17))
            made.setLineHeight(112, _PROPORTIONAL)
        elif block.kind is Kind.HEADING:
            top = 4 if is_first else _HEADING_TOPS.get(block.level, 14)
            made.setLineHeight(125, _PROPORTIONAL)
        elif block.kind is Kind.FILE:
            made.setProperty(PLACE, block.place)
            left, pad = left + px(FILE_LEFT), px(FILE_PAD)
            top = 13
            made.setBottomMargin(px(25 if block.level else 0))
        elif block.kind is Kind.RULE:
            top = 12
            made.setBottomMargin(px(4))
            made.setLineHeight(px(1), _FIXED)
        else:
            made.setLineHeight(132, _PROPORTIONAL)
            if block.marker and not is_first:
                top = 6
        if block.marker:
            made.setProperty(TASK, block.marker if block.marker.startswith("[") else "")
            left = max(left, style.text_left(depth) + px(22))
            made.setProperty(TEXT_LEFT, left - px(22))
            made.setTextIndent(-px(22))
            made.setTabPositions([QTextOption.Tab(px(22), QTextOption.TabType.LeftTab)])
        if block.quote:
            made.setProperty(QUOTE, block.quote)
        made.setLeftMargin(left)
        made.setTopMargin(px(top))
        self._set_right(made, style.text_right(depth), pad)
        return made

    def _left(self, block: Block, depth: int) -> float:
        px = self.style.px
        indent = min(block.indent, 6) * px(22)
        return self.style.text_left(depth) + indent + min(block.quote, 6) * px(16)

    def _set_right(self, form: QTextBlockFormat | QTextTableFormat, right: float, pad: float) -> None:
        form.setProperty(PAD, pad)
        form.setRightMargin(self.style.document_width - right + pad)

    # -- tables

    def _append_table(self, cursor: QTextCursor, block: Block, depth: int) -> None:
        style, px = self.style, self.style.px
        form = QTextTableFormat()
        form.setBorder(0)
        form.setCellSpacing(0)
        form.setCellPadding(0)
        form.setBorderCollapse(False)
        form.setWidth(QTextLength())
        form.setLeftMargin(self._left(block, depth))
        form.setTopMargin(px(8))
        form.setBottomMargin(px(2))
        self._set_right(form, style.text_right(depth), 0)
        columns = max(len(row) for row in block.rows)
        table = cursor.insertTable(len(block.rows), columns, form)
        for number, row in enumerate(block.rows):
            for column, runs in enumerate(row):
                self._write_cell(table, number, column, runs, block)
        end = table.lastPosition() + 1
        cursor.setPosition(end)
        gap = QTextBlockFormat()
        gap.setProperty(KIND, GAP)
        gap.setLineHeight(1, _FIXED)
        tiny = QTextCharFormat()
        tiny.setFontPointSize(1)
        cursor.setBlockFormat(gap)
        cursor.setBlockCharFormat(tiny)

    def _write_cell(
        self, table: QTextTable, row: int, column: int, runs: tuple[Run, ...], block: Block
    ) -> None:
        px = self.style.px
        cell = table.cellAt(row, column)
        form = QTextTableCellFormat()
        form.setTopPadding(px(3))
        form.setBottomPadding(px(3))
        form.setRightPadding(px(20))
        form.setBottomBorder(1)
        form.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        form.setBottomBorderBrush(QBrush(self.style.colour("line_strong" if row == 0 else "line")))
        cell.setFormat(form)
        cursor = cell.firstCursorPosition()
        paragraph = QTextBlockFormat()
        paragraph.setProperty(KIND, CELL)
        paragraph.setLineHeight(118, _PROPORTIONAL)
        align = block.align[column] if column < len(block.align) else "l"
        paragraph.setAlignment(_ALIGN.get(align, _ALIGN["l"]))
        base, colour = ("ui_strong", "text_2") if row == 0 else ("reading", "text")
        # The format of a cell's first character is the cell's own, so it is left alone.
        cursor.setBlockFormat(paragraph)
        pills = self.write_runs(cursor, runs, base, colour)
        if 0 < pills <= _MOST_PILLS:
            paragraph.setProperty(PILLS, pills)
            cursor.setBlockFormat(paragraph)


def _has_ground(style: Bits) -> bool:
    return Bits.CODE in style or (Bits.TAG in style and Bits.STRIKE not in style)
