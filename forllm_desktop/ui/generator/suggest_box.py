"""A combo box that suggests words and takes any others."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from forllm_desktop.ui.theme import look
from forllm_desktop.ui.widgets.combo_box import ComboBox


class SuggestBox(ComboBox):
    """The first suggestion stands for no wish at all: it is shown in grey, and its text is empty.

    edited()    the user chose or typed something
    """

    edited = Signal()

    def __init__(self, name: str, suggestions: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._none = suggestions[0]
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for word in suggestions:
            self.add(word, word)
        field = self.lineEdit()
        assert field is not None
        field.setAccessibleName(name)
        field.setPlaceholderText(self._none)
        field.textEdited.connect(lambda _text: self.edited.emit())
        self.activated.connect(self._choose)
        look().changed.connect(self._dress_field)
        self._dress_field()
        self.set_text("")

    def text(self) -> str:
        """Return the wish; empty when there is none."""
        return self.currentText().strip()

    def set_text(self, text: str) -> None:
        """Show a wish."""
        row = self.findText(text) if text else -1
        self.setCurrentIndex(row)
        self.setEditText(text)

    def _choose(self, row: int) -> None:
        if row == 0:
            self.set_text("")
        self.edited.emit()

    def _dress_field(self) -> None:
        field = self.lineEdit()
        if field is not None:
            field.setFont(self.font())
            field.setStyleSheet(
                "QLineEdit { border: none; padding: 0; background: transparent; min-height: 0; }"
            )
