"""Loads what the first thread page needs, before somebody waits for it: lexers, fonts, the parser."""

from PySide6.QtGui import QTextDocument

from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.thread.markdown import blocks_of
from forllm_desktop.ui.thread.style import Style
from forllm_desktop.ui.thread.typeset import Head
from forllm_desktop.ui.thread.writer import Writer

_SAMPLE = "# Title\n\nSome *text*, **bold**, `code`.\n\n```python\nx = 1\n```\n\n| a |\n|--|\n| 1 |\n"


class _Nobody:
    def before(self, start: int, end: int) -> None:
        pass

    def after(self) -> None:
        pass


def warm_up() -> None:
    """Parse and lay out a small post that nobody sees. Takes 30 to 50 ms; call it after the first frame."""
    document = QTextDocument()
    document.setUndoRedoEnabled(False)
    writer = Writer(document, Style(theme()), _Nobody())
    writer.set_title("Title", "Subforum")
    writer.insert(0, 1, 0, Head("Ada", ("v1",)), blocks_of(_SAMPLE))
    document.size()
