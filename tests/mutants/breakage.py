"""One breakage of the product: which line, how, and which tests must turn red."""

from dataclasses import dataclass
from pathlib import Path

PACKAGE = "forllm_desktop"


@dataclass(frozen=True)
class Mutant:
    """Replaces `old`, which stands exactly once in `file` (below the package), by `new`.

    `tests` are files or node ids below `tests/`; each of these runs must fail with the breakage and pass
    without it.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def path(self, tree: Path) -> Path:
        return tree / PACKAGE / self.file

    def broken(self, tree: Path) -> str:
        """Return the broken text of the file. Raises LookupError unless `old` stands in it exactly once."""
        text = self.path(tree).read_text(encoding="utf-8")
        found = text.count(self.old)
        if found != 1:
            raise LookupError(f"{self.file} holds the line to break {found} times")
        return text.replace(self.old, self.new)


def mutant(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    """Return a mutant."""
    return Mutant(name, file, old, new, tests)
