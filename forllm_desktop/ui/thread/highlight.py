"""Colours for code: Pygments' tokens as runs, one tuple of runs for each line."""

from forllm_desktop.ui.thread.specs import Run

CodeLine = tuple[Run, ...]


def coloured(code: str, language: str) -> list[CodeLine]:
    """Return code as lines of runs; all plain when the language is not known."""
    return plain(code)


def plain(code: str) -> list[CodeLine]:
    """Return code as lines without colours."""
    return [(Run(line),) if line else () for line in code.split("\n")]
