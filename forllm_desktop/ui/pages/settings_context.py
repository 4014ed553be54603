"""What is sent to a model, in the settings: the window, the answer, the thread and other threads."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.events import Events
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui.context_help import PARAGRAPHS
from forllm_desktop.ui.context_words import context_sentence
from forllm_desktop.ui.widgets.fold import Fold
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.settings_form import SettingsForm, options_of

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Window of the model": ("context_window", "facts_hours"),
    "Answer": ("answer_tokens",),
    "Other threads": ("ambient_share", "ambient_posts_per_branch", "ambient_posts", "ambient_topics"),
}
"""The options of the section below their headings."""
_TOLD = "how a prompt is made help history thread budget room chain tilde estimate pin left out shortened"


class ContextSection(QWidget):
    """The options in groups, below a sentence that says with numbers what they do together.

    changed(label, name, before), failed(error)    as those of SettingsForm
    """

    changed = Signal(str, str, object)
    failed = Signal(object)

    def __init__(self, settings: SettingsService, events: Events, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._typed = settings.current()
        self._sentence = plain_label("", "ui", "text_2", wraps=True)
        self._groups: dict[str, tuple[QWidget, SettingsForm]] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(24)
        layout.addWidget(self._sentence)
        self._help = Fold("How a prompt is made", _help())
        layout.addWidget(self._help)
        options = {option.name: option for option in options_of("Context")}
        for title, names in GROUPS.items():
            form = SettingsForm(settings, events, [options[name] for name in names])
            part = QWidget()
            lines = QVBoxLayout(part)
            lines.setContentsMargins(0, 0, 0, 0)
            lines.setSpacing(4)
            lines.addWidget(plain_label(title, "heading", wraps=True))
            lines.addWidget(form)
            layout.addWidget(part)
            self._groups[title] = (part, form)
            form.changed.connect(self.changed)
            form.failed.connect(self.failed)
            form.typing.connect(self._follow)
        self._say()

    def filter(self, text: str) -> bool:
        """Show the options that match a text, with their headings; returns whether any does."""
        found = False
        for title, (part, form) in self._groups.items():
            is_named = bool(text.strip()) and text.casefold().strip() in title.casefold()
            matches = form.filter("" if is_named else text)
            part.setVisible(matches)
            found = found or matches
        self._sentence.setVisible(not text.strip())
        is_told = all(word in _TOLD for word in text.casefold().split())
        self._help.setVisible(is_told)
        return found or is_told

    def _follow(self, name: str, value: Any) -> None:
        self._typed = replace(self._typed, **{name: value})
        self._say()

    def _say(self) -> None:
        self._sentence.setText(context_sentence(self._typed))


def _help() -> QWidget:
    body = QWidget()
    lines = QVBoxLayout(body)
    lines.setContentsMargins(0, 0, 0, 0)
    lines.setSpacing(2)
    for title, text in PARAGRAPHS.items():
        lines.addWidget(plain_label(title, "ui_medium", wraps=True))
        lines.addWidget(plain_label(text, "ui", "text_2", wraps=True))
        lines.addSpacing(10)
    return body
