"""The composer's picker of models: those used before at once, those of the servers as they answer."""

from functools import partial

from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QAction, QPainter
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.servers import ModelChoice, ServerKind, model_word
from forllm_desktop.services.model_sources import Source
from forllm_desktop.services.models import ModelsService
from forllm_desktop.ui.background import Background
from forllm_desktop.ui.editor.pickers import Picker
from forllm_desktop.ui.icons import icon, paint_icon
from forllm_desktop.ui.server_words import asking, no_answer
from forllm_desktop.ui.widgets.tips import plain_tip


class ModelPicker(Picker):
    """Picks the model; without a choice it is the one that the persona prefers, else the default one.

    The servers are asked when its menu opens.

    settings_requested()    the user wants to set up a server or a model
    changed()               another model would answer now
    """

    settings_requested = Signal()
    changed = Signal()

    def __init__(self, models: ModelsService, parent: QWidget | None = None) -> None:
        super().__init__("Model", parent)
        self._models = models
        self._sources: list[Source] = []
        self._problem = ""
        self._is_asking = False
        self._background = Background(self, self._note_problem)
        self.chosen: ModelChoice | None = None
        self._preferred: ModelChoice | None = None
        self._shown: ModelChoice | None = None
        self._persona = ""
        self.refresh()

    @property
    def answering(self) -> ModelChoice | None:
        """The model that would answer now; None when there is none yet."""
        return self.chosen or self._usual()

    def needed(self) -> ModelChoice:
        """Return the model that would answer now. Raises InvalidInput when there is none."""
        choice = self.answering
        if choice is None:
            raise InvalidInput("model", "No model is chosen", "Set up a server or pick a GGUF file first.")
        return choice

    def refresh(self) -> None:
        """Read again which model would answer."""
        choice = self.answering
        if choice != self._shown:
            self._shown = choice
            self.changed.emit()
        self.set_word(model_word(choice.name) if choice else "Choose a model")
        why = self._why(choice) if choice else ""
        self.setToolTip(plain_tip(f"Model: {model_word(choice.name)}, {why}" if choice else "Choose a model"))
        self.setAccessibleDescription(why)

    def prefer(self, choice: ModelChoice | None, persona: str) -> None:
        """Use the model that a persona prefers, unless another one is chosen; None for no preference."""
        self._preferred, self._persona = choice, persona
        self.refresh()

    def choose(self, choice: ModelChoice | None) -> None:
        """Use this model; None is the one that the persona prefers, else the default one."""
        self.chosen = choice
        self.refresh()

    def _usual(self) -> ModelChoice | None:
        return self._preferred or self._models.default_choice()

    def _why(self, choice: ModelChoice) -> str:
        if choice == self._preferred:
            return f"preferred by {self._persona}"
        return "the default model" if choice == self._models.default_choice() else "chosen for this request"

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        paint_icon(painter, box, "cpu", "text_2")

    # -- asking

    def _open(self) -> None:
        self._is_asking, self._problem = True, ""
        self._background.cancel()
        self._background.start(self._ask)
        super()._open()

    async def _ask(self) -> None:
        self._sources = await self._models.known_models()
        self._is_asking = False
        self._show_answers()

    def _note_problem(self, error: ForllmError) -> None:
        self._is_asking, self._problem = False, error.title
        self._show_answers()

    def _show_answers(self) -> None:
        """Put what is known now into the open menu, which grows upwards."""
        if self._menu.isVisible():
            self._fill()
            self._menu.move(self._place())

    # -- the menu

    def _fill(self) -> None:
        self._menu.clear()
        default = self._models.default_choice()
        for choice, server in self._choices():
            words = f"{model_word(choice.name)}   {server}" + ("   default" if choice == default else "")
            if choice == self._preferred:
                words = f"{self._persona}’s preferred ({model_word(choice.name)})   {server}"
            action = QAction(words.replace("&", "&&"), self._menu)
            action.setCheckable(True)
            action.setChecked(choice == self.answering)
            action.triggered.connect(partial(self._pick, choice))
            self._menu.addAction(action)
        news = self._news()
        if not self._menu.isEmpty():
            self._menu.addSeparator()
        if news:
            line = QAction(news.replace("&", "&&"), self._menu)
            line.setEnabled(False)
            self._menu.addAction(line)
        is_stuck = news and not self._is_asking
        setup = QAction(icon("gear-six"), "Open settings…" if is_stuck else "Servers and models…", self._menu)
        setup.triggered.connect(self.settings_requested)
        self._menu.addAction(setup)

    def _choices(self) -> list[tuple[ModelChoice, str]]:
        """List models with their server's name: the persona's preferred, the default, those used before.

        Then come those of the servers that have answered.
        """
        found: dict[ModelChoice, str] = {}
        if self._preferred is not None:
            found[self._preferred] = self._models.server(self._preferred.server_id).name
        for choice, server in self._models.known_choices():
            found.setdefault(choice, server)
        for source in self._sources:
            for model in source.models if source.is_ready else ():
                found.setdefault(ModelChoice(source.server_id, model.id), source.name)
        return list(found.items())

    def _news(self) -> str:
        """Return how asking the servers goes, if there is something to say."""
        names = [server.name for server in self._models.servers() if server.kind != ServerKind.ENGINE]
        if self._problem:
            return self._problem
        if self._is_asking and names:
            return asking(names)
        if names and not any(source.is_ready and not source.is_engine for source in self._sources):
            return no_answer(names)
        return "No model yet" if self._menu.isEmpty() else ""

    def _pick(self, choice: ModelChoice, _checked: bool = False) -> None:
        if not choice.server_id:
            choice = ModelChoice(self._models.engine().server_id, choice.name)
        self.choose(None if choice == self._usual() else choice)
