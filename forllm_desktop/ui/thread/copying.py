"""Plain text of a part of the page: boxes as [x], table cells with tabs, no soft line separators."""

from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument

from forllm_desktop.ui.thread.bidi import without_isolates
from forllm_desktop.ui.thread.specs import Kind
from forllm_desktop.ui.thread.typeset import CELL, GAP, KIND, TASK

_WITH_NAMES = (Kind.TITLE.value, Kind.HEADER.value, Kind.NOTE.value, Kind.FILE.value)


def plain_text(document: QTextDocument, start: int, end: int) -> str:
    """Return the text from one position of the document to another as it is pasted elsewhere."""
    lines: list[str] = []
    block = document.findBlock(start)
    row: tuple[int, int] | None = None
    while block.isValid() and block.position() <= end:
        kind = block.blockFormat().property(KIND)
        if kind != GAP:
            text = _slice(block, start, end)
            cell = _row(block) if kind == CELL else None
            if cell is not None and cell == row:
                lines[-1] += f"\t{text}"
            else:
                lines.append(text)
            row = cell
        block = block.next()
    return "\n".join(lines)


def _slice(block: QTextBlock, start: int, end: int) -> str:
    cursor = QTextCursor(block)
    cursor.setPosition(max(start, block.position()))
    last = block.position() + block.length() - 1
    cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
    text = cursor.selectedText().replace("\u2028", "\n").replace("\u00a0", " ")
    if block.blockFormat().property(KIND) in _WITH_NAMES:
        text = without_isolates(text)
    if block.blockFormat().property(TASK) is not None and start <= block.position():
        return text.replace("\t", " ", 1)
    return text


def _row(block: QTextBlock) -> tuple[int, int]:
    cursor = QTextCursor(block)
    table = cursor.currentTable()
    if table is None:
        return (-1, block.blockNumber())
    return (table.firstPosition(), table.cellAt(cursor).row())
