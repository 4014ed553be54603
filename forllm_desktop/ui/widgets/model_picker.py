"""A combo box with all models of the servers that answered and of the built-in engine, in groups."""

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.model_sources import Source
from forllm_desktop.ui.server_words import size_text
from forllm_desktop.ui.widgets.combo_box import ComboBox


class ModelPicker(ComboBox):
    """Shows sources of models.

    picked(choice)    the user chose a ModelChoice; `server_id` 0 means a source that is not stored yet
    """

    picked = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.setPlaceholderText("No model yet")
        self.activated.connect(self._announce)

    def show_sources(
        self,
        sources: Iterable[Source],
        chosen: ModelChoice | None,
        *,
        news: str = "",
        is_asking: bool = False,
    ) -> None:
        """Fill the list anew. A chosen model that no source has is kept in a group of its own.

        `news` is a line above all: how asking the servers goes.
        """
        self.clear()
        if news:
            self.add_head(news)
        for source in sources:
            if source.is_ready and source.models:
                self.add_head(source.name)
                for model in source.models:
                    choice = ModelChoice(source.server_id, model.id)
                    self.add(model.label or model.id, choice, size_text(model.size))
        if chosen is None or not chosen.name:
            self.setCurrentIndex(-1)
        elif not self.choose(chosen):
            self.add_head("Chosen" if is_asking else "Chosen, does not answer now")
            self.add(chosen.name, chosen)
            self.choose(chosen)

    def _announce(self, row: int) -> None:
        choice = self.itemData(row)
        if isinstance(choice, ModelChoice):
            self.picked.emit(choice)
