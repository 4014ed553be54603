"""Which model writes a persona: those that are known at once, those of the servers as they answer."""

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.servers import ModelChoice, model_word
from forllm_desktop.services.models import ModelsService
from forllm_desktop.ui.background import Background
from forllm_desktop.ui.widgets.combo_box import ComboBox
from forllm_desktop.ui.widgets.tips import plain_tip


class ModelBox(ComboBox):
    """Shows a model, once it is told which.

    edited()    the user chose a model
    """

    edited = Signal()

    def __init__(self, models: ModelsService, parent: QWidget | None = None) -> None:
        super().__init__("Written by", parent)
        self._models = models
        self._found: list[tuple[ModelChoice, str]] = []
        self._has_asked = False
        self._background = Background(self, self._note_problem)
        self.setPlaceholderText("No model yet")
        self.activated.connect(lambda _row: self.edited.emit())

    def choice(self) -> ModelChoice | None:
        """Return the model that is shown; None when there is none yet."""
        found = self.currentData()
        if isinstance(found, ModelChoice) and not found.server_id:
            return ModelChoice(self._models.engine().server_id, found.name)
        return found

    def show_choice(self, choice: ModelChoice | None) -> None:
        """Show a model, be it one that is not known any more; None is the default one."""
        wanted = choice or self._models.default_choice()
        self.blockSignals(True)
        self.clear()
        shown: dict[ModelChoice, str] = {}
        for known, server in (*self._models.known_choices(), *self._found):
            shown.setdefault(known, server)
        for known, server in shown.items():
            self.add(model_word(known.name), known, server)
        if wanted is not None and not self.choose(wanted):
            self.add(model_word(wanted.name), wanted, "not known any more")
            self.choose(wanted)
        self.blockSignals(False)
        if wanted is None:
            self.setCurrentIndex(0 if self.count() else -1)
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._has_asked:
            self._has_asked = True
            self._background.start(self._ask)

    async def _ask(self) -> None:
        self._found = list(_listed(await self._models.known_models()))
        self.show_choice(self.choice())

    def _note_problem(self, error: ForllmError) -> None:
        self.setToolTip(plain_tip(f"{error.title}. {error.message}"))


def _listed(sources: Iterable) -> Iterable[tuple[ModelChoice, str]]:
    for source in sources:
        for model in source.models if source.is_ready else ():
            yield ModelChoice(source.server_id, model.id), source.name
