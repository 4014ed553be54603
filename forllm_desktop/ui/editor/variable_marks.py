"""Marks variables in instructions like chips, and what is odd about the text."""

from collections import defaultdict
from collections.abc import Iterable

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from forllm_desktop.domain.persona_text import Fault, Finding
from forllm_desktop.domain.prompt_variables import CLOCKS, find_variables
from forllm_desktop.ui.theme import look, theme

_SEEN_BY_ITSELF = frozenset({Fault.EMPTY, Fault.TOO_LONG, Fault.UNKNOWN_VARIABLE, Fault.CLOCK_ON_TOP})
Span = tuple[int, int]


class VariableMarks(QSyntaxHighlighter):
    """Known variables on accent ground, unknown and costly ones on warn ground, as soon as they are typed.

    What findings say besides is marked when they come, a moment later.
    """

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._clocks_cost = False
        self._odd: dict[int, list[Span]] = {}
        look().changed.connect(self.rehighlight)

    def show_findings(self, findings: Iterable[Finding]) -> None:
        """Mark the places of findings; only the lines that look different are painted anew."""
        findings = list(findings)
        costs = any(finding.fault is Fault.CLOCK_ON_TOP for finding in findings)
        spans = [s for f in findings if f.fault not in _SEEN_BY_ITSELF for s in f.spans]
        odd = self._by_block(spans)
        changed = {number for number in {*odd, *self._odd} if odd.get(number) != self._odd.get(number)}
        self._odd = odd
        if costs != self._clocks_cost:
            self._clocks_cost = costs
            self.rehighlight()
            return
        for number in changed:
            self.rehighlightBlock(self.document().findBlockByNumber(number))

    def highlightBlock(self, text: str) -> None:
        for variable in find_variables(text):
            is_good = variable.name is not None and not (self._clocks_cost and variable.name in CLOCKS)
            self._mark(text, (variable.start, variable.end), is_good=is_good)
        for span in self._odd.get(self.currentBlock().blockNumber(), ()):
            self._mark(text, span, is_good=False)

    def _mark(self, text: str, span: Span, *, is_good: bool) -> None:
        style = QTextCharFormat()
        style.setBackground(QColor(theme().colour("accent_soft" if is_good else "warn_soft")))
        style.setForeground(QColor(theme().colour("accent_text" if is_good else "warn")))
        if not is_good:
            # Not by colour alone.
            style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
            style.setUnderlineColor(theme().colour("warn"))
        start, end = (units(text, place) for place in span)
        self.setFormat(start, end - start, style)

    def _by_block(self, spans: list[Span]) -> dict[int, list[Span]]:
        """Turn places in the whole text into places in its lines."""
        found: dict[int, list[Span]] = defaultdict(list)
        if not spans:
            return found
        starts, at = [], 0
        block = self.document().begin()
        while block.isValid():
            starts.append(at)
            at += len(block.text()) + 1
            block = block.next()
        number = 0
        for start, end in sorted(spans):
            while number + 1 < len(starts) and starts[number + 1] <= start:
                number += 1
            found[number].append((start - starts[number], end - starts[number]))
        return found


def units(text: str, characters: int) -> int:
    """Return how many UTF-16 units, by which Qt counts, the first characters of a text have."""
    head = text[:characters]
    return len(head) if head.isascii() else len(head.encode("utf-16-le", "surrogatepass")) // 2
