"""The context windows of models, in the settings: what is used of each, and a number of the user's own."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.model_sources import Source
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.background import Background
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.framed import RowList
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.model_picker import ModelPicker
from forllm_desktop.ui.widgets.window_row import WindowRow
from forllm_desktop.ui.window_words import WindowFacts

STEP = 12
"""So many rows are shown, and so many more each time."""
HALF_MINUTE = 30_000
"""Milliseconds after which "asked 2 min ago" is said anew while it is seen."""

_WORDS = "context windows of models tokens num_ctx own override limit estimates calibration ask again refresh"


class WindowsSection(QWidget):
    """A row for each model that was ever asked or used; others can be picked.

    said(sentence, undo)    something was done; `undo` is a function without arguments
    failed(error)           something could not be done
    """

    said = Signal(str, object)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        ws = workspace
        self._windows, self._counting = ws.windows, ws.counting
        self._models, self._settings = ws.models, ws.settings
        self._background = Background(self, self.failed.emit)
        self._rows: dict[ModelChoice, WindowRow] = {}
        self._picked: list[ModelChoice] = []
        self._most = STEP
        self._sources: Sequence[Source] = ()
        self._list = RowList()
        self._more = push_button("", "quiet", "caret-down", small=True)
        self._others = ModelPicker("Another model")
        self._others.setPlaceholderText("Another model…")
        self._others.hide()
        self._minute = QTimer(self, interval=HALF_MINUTE)
        words = (
            "How many tokens prompt and answer may have together with one model. An empty field leaves it to "
            "“Largest context window” under “What is sent”; no server is asked for more than it allows."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(plain_label("Context windows", "heading"))
        layout.addWidget(plain_label(words, "ui", "text_3", wraps=True))
        layout.addWidget(self._list)
        layout.addWidget(self._more)
        layout.addWidget(self._others)
        self._more.clicked.connect(self._show_more)
        self._others.picked.connect(self._pick)
        self._minute.timeout.connect(self._show_time)
        for signal in (ws.events.models_changed, ws.events.settings_changed, ws.events.servers_changed):
            signal.connect(self._refresh_if_shown)

    def offer(self, sources: Sequence[Source]) -> None:
        """Offer the models of sources that answered, those that have no row."""
        self._sources = sources
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Show what is known and set by now."""
        servers = {server.server_id: server.name for server in self._models.servers()}
        ordered = [choice for choice, _ in self._models.known_choices()]
        wanted = dict.fromkeys([*self._picked, *ordered, *self._windows.known()])
        known = [choice for choice in wanted if choice.server_id in servers]
        shown = known[: self._most]
        for gone in [choice for choice in self._rows if choice not in shown]:
            self._list.remove(self._rows.pop(gone))
        for choice in shown:
            if choice not in self._rows:
                self._add_row(choice, servers[choice.server_id])
            self._show(choice)
        self._list.setVisible(bool(self._rows))
        left = len(known) - len(shown)
        self._more.setText(f"Show {min(left, STEP)} more")
        self._more.setVisible(left > 0)
        self._fill_others(set(known))

    def filter(self, text: str) -> bool:
        """Say whether a text is about windows or one of these models."""
        own = " ".join([_WORDS, *(row.words() for row in self._rows.values())]).casefold()
        return all(word in own for word in text.casefold().split())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self.refresh()
            self._minute.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._minute.stop()

    def _refresh_if_shown(self) -> None:
        if self.isVisible():
            self.refresh()

    def _add_row(self, choice: ModelChoice, server: str) -> None:
        row = WindowRow(choice, server)
        row.edited.connect(partial(self._store, choice))
        row.refresh_requested.connect(partial(self._background.start, self._ask, choice))
        self._rows[choice] = row
        self._list.add(row)

    def _show(self, choice: ModelChoice) -> None:
        facts = self._windows.facts(choice)
        known = WindowFacts(
            window=self._windows.window(choice),
            own=self._windows.override(choice),
            largest=facts.ctx if facts else None,
            error=self._counting.estimator(choice).error,
            asked_at=facts.seen_at if facts else None,
        )
        self._rows[choice].show_facts(known, self._settings.current().context_window, utc_now())

    def _show_time(self) -> None:
        now = utc_now()
        for row in self._rows.values():
            row.show_time(now)

    def _show_more(self) -> None:
        self._most += STEP
        self.refresh()

    def _fill_others(self, known: set[ModelChoice]) -> None:
        """Offer what answers and has no row."""
        offered = [
            (source, [model for model in source.models if _choice(source, model.id) not in known])
            for source in self._sources
            if source.is_ready and source.server_id
        ]
        self._others.clear()
        for source, models in offered:
            if models:
                self._others.add_head(source.name)
                for model in models:
                    self._others.add(model.label or model.id, _choice(source, model.id))
        self._others.setCurrentIndex(-1)
        self._others.setVisible(any(models for _, models in offered))

    def _pick(self, choice: ModelChoice) -> None:
        self._picked.insert(0, choice)
        self.refresh()
        self._background.start(self._ask, choice)

    def _store(self, choice: ModelChoice, typed: Any) -> None:
        row = self._rows[choice]
        wish = typed.strip() if isinstance(typed, str) else ""
        before = self._windows.override(choice)
        if wish == ("" if before is None else str(before)):
            row.show_own(before)
            return
        try:
            self._windows.set_override(choice, wish or None)  # pyright: ignore[reportArgumentType]
        except InvalidInput as error:
            row.show_error(error)
            return
        except ForllmError as error:
            self.failed.emit(error)
            return
        after = self._windows.override(choice)
        row.show_own(after)
        words = "its window is as in Settings" if after is None else f"its window has {after:,} tokens now"
        self.said.emit(f"{row.name}: {words}", partial(self._take_back, choice, before))

    def _take_back(self, choice: ModelChoice, before: int | None) -> None:
        self._windows.set_override(choice, before)

    async def _ask(self, choice: ModelChoice) -> None:
        if choice in self._rows:
            self._rows[choice].show_asking()
        try:
            await self._windows.refresh(choice, always=True)
        finally:
            if choice in self._rows:
                self._show(choice)


def _choice(source: Source, model: str) -> ModelChoice:
    return ModelChoice(source.server_id, model)
