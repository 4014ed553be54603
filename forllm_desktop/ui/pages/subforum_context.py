"""What a subforum sets itself about what is sent to a model, on its page."""

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.events import Events
from forllm_desktop.services.context import NAMES, OPTIONS, ContextService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui.context_words import context_sentence
from forllm_desktop.ui.widgets.fold import Fold
from forllm_desktop.ui.widgets.framed import RowList
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.own_option import OwnOptionRow
from forllm_desktop.ui.words import counted


class ContextPart(QWidget):
    """A row for each option, empty as long as it is left to the settings; open when any is not.

    undo_offered(undo)    something was changed; how to take it back
    failed(error)         it could not be stored, for another reason than what was typed
    """

    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        subforum_id: int,
        context: ContextService,
        settings: SettingsService,
        events: Events,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._subforum_id = subforum_id
        self._context = context
        self._settings = settings
        self._own: dict[str, Any] = {}
        self._sentence = plain_label("", "small", "text_2", wraps=True)
        self._rows = {name: OwnOptionRow(OPTIONS[name]) for name in NAMES}
        body = QWidget()
        lines = QVBoxLayout(body)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(4)
        lines.addWidget(self._sentence)
        rows = RowList()
        lines.addWidget(rows)
        self._fold = Fold("What is sent", body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._fold)
        self.setFocusProxy(self._fold)
        for name, row in self._rows.items():
            rows.add(row)
            row.edited.connect(partial(self._store, name))
            row.typing.connect(partial(self._follow, name))
        events.subforums_changed.connect(self.refresh)
        events.settings_changed.connect(self.refresh)
        self.refresh()
        self._fold.open(bool(self._stored()))

    def refresh(self) -> None:
        """Show what is stored; a row that is typed in, or holds something wrong, keeps it."""
        try:
            own = self._stored()
        except ForllmError:
            return
        general = self._settings.current()
        for name, row in self._rows.items():
            row.show_general(getattr(general, name))
            if not (row.is_wrong or row.is_typing):
                row.show_value(own.get(name))
        words = f"{counted(len(own), 'own value')}, the rest as in Settings" if own else "as in Settings"
        self._fold.summarize(words)

    def _stored(self) -> dict[str, int]:
        return self._context.own(self._subforum_id)

    def _store(self, name: str, typed: Any) -> None:
        row = self._rows[name]
        value = typed if isinstance(typed, str) and typed.strip() else None
        try:
            before = self._stored().get(name)
            if value == (None if before is None else str(before)):
                row.show_value(before)
                return
            undo = self._context.set_own(self._subforum_id, **{name: value})
        except InvalidInput as error:
            row.show_error(error)
        except ForllmError as error:
            self.failed.emit(error)
        else:
            self._take_over(name)
            self.undo_offered.emit(undo)

    def _take_over(self, name: str) -> None:
        self._rows[name].show_value(self._stored().get(name))

    def _follow(self, name: str, value: Any) -> None:
        """Say what would be sent with what is being typed."""
        self._own[name] = value
        own = {name: value for name, value in self._own.items() if value is not None}
        sentence = context_sentence(replace(self._settings.current(), **own))
        self._sentence.setText(f"{sentence} What is left empty is as in Settings.")
