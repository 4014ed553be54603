"""What is skipped in every indexed folder, to be read in the settings."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.ui.widgets.fold import Fold
from forllm_desktop.ui.widgets.labels import plain_label

_WORDS = "always skipped files folders defaults binaries pictures secrets"


class SkippedPart(QWidget):
    """Folded: names of folders, names of files and endings, in groups."""

    def __init__(self, skipped: Mapping[str, Sequence[str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = " ".join([_WORDS, *(name for names in skipped.values() for name in names)]).casefold()
        body = QWidget()
        lines = QVBoxLayout(body)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(4)
        words = (
            "Each of these can be taken back under “Never these files” with a line such as !dist/ or !*.svg."
        )
        lines.addWidget(plain_label(words, "small", "text_2", wraps=True))
        for title, names in skipped.items():
            lines.addSpacing(4)
            lines.addWidget(plain_label(title, "small_medium", "text_2", wraps=True))
            lines.addWidget(plain_label(" ".join(names), "small", "text_3", wraps=True))
        fold = Fold("What is always skipped", body)
        fold.summarize(".git, node_modules, pictures, programs, secrets and more")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(fold)

    def filter(self, text: str) -> bool:
        """Say whether a text is about this, or one of the names."""
        return all(word in self._words for word in text.casefold().split())
