"""A text as an editor can hold it without a stall: very long lines are cut, and every place is known."""

from bisect import bisect_left, bisect_right

LINE = 2_000
"""Characters of a line at most: one of a million takes an editor a second."""
CHUNK = 40_000
"""Characters that an editor is given at once."""


def one_character_ends(text: str) -> str:
    """Return a text in which every line end is one character, as an editor counts them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2029", "\n")


class LongText:
    """`text` is what is meant, `shown` what an editor is given; both count places differently."""

    def __init__(self, text: str) -> None:
        self.text = one_character_ends(text)
        self._breaks: list[int] = []
        """Places in `text` before which a line was cut."""
        self.shown = self._cut()
        # Qt counts in units of UTF-16, Python in characters: the same where none is beyond U+FFFF.
        self._is_wide = not self.shown.isascii() and max(self.shown) > "\uffff"

    def chunks(self) -> list[str]:
        """Return `shown` in pieces, each of whole lines."""
        pieces, start = [], 0
        while len(self.shown) - start > CHUNK:
            end = self.shown.rfind("\n", start, start + CHUNK) + 1 or start + CHUNK
            pieces.append(self.shown[start:end])
            start = end
        return [*pieces, self.shown[start:]]

    def place(self, at: int) -> int:
        """Return where a character of `text` stands in the editor."""
        in_shown = at + bisect_right(self._breaks, at)
        return len(self.shown[:in_shown].encode("utf-16-le")) // 2 if self._is_wide else in_shown

    def selected(self, start: int, end: int) -> str:
        """Return what stands in `text` between two places of the editor."""
        return self.text[self._original(start) : self._original(end)]

    def _original(self, place: int) -> int:
        if self._is_wide:
            place = len(self.shown.encode("utf-16-le")[: 2 * place].decode("utf-16-le", "ignore"))
        ends = [at + number for number, at in enumerate(self._breaks)]
        return place - bisect_left(ends, place)

    def _cut(self) -> str:
        whole = self.text.split("\n")
        if max(map(len, whole)) <= LINE:
            return self.text
        lines, at = [], 0
        for line in whole:
            start = 0
            while len(line) - start > LINE:
                end = line.rfind(" ", max(start, start + LINE - 200), start + LINE) + 1 or start + LINE
                lines.append(line[start:end])
                self._breaks.append(at + end)
                start = end
            lines.append(line[start:])
            at += len(line) + 1
        return "\n".join(lines)
