"""Marks the placeholders of a template like chips: known ones on accent ground, others on warn ground."""

from collections.abc import Collection

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from forllm_desktop.domain.templates import PLACEHOLDER, find_braces
from forllm_desktop.ui.editor.variable_marks import units
from forllm_desktop.ui.theme import look, theme


class PlaceholderMarks(QSyntaxHighlighter):
    """As soon as they are typed."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._known: frozenset[str] = frozenset()
        look().changed.connect(self.rehighlight)

    def show_known(self, known: Collection[str]) -> None:
        """Say which placeholders stand for something."""
        if self._known != frozenset(known):
            self._known = frozenset(known)
            self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        for start, end in find_braces(text):
            match = PLACEHOLDER.fullmatch(text[start:end])
            first, last = units(text, start), units(text, end)
            self.setFormat(first, last - first, _style(match is not None and match.group(1) in self._known))


def _style(is_known: bool) -> QTextCharFormat:
    style = QTextCharFormat()
    style.setBackground(QColor(theme().colour("accent_soft" if is_known else "warn_soft")))
    style.setForeground(QColor(theme().colour("accent_text" if is_known else "warn")))
    if not is_known:
        # Not by colour alone.
        style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        style.setUnderlineColor(theme().colour("warn"))
    return style
