"""What is typed into a template: checked as it is typed, kept as a draft, saved as an own version."""

from PySide6.QtCore import QObject, QTimer, Signal

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.templates import Template, TemplateFinding
from forllm_desktop.services.drafts import DraftService
from forllm_desktop.services.templates import TemplateService

KEEP_AFTER = 300
"""Milliseconds without a key before a draft is kept."""


class TemplateWork(QObject):
    """One template at a time.

    opened()           another text is to be shown than the one that is typed
    changed()          what is typed or stored is different now
    failed(error)
    """

    opened = Signal()
    changed = Signal()
    failed = Signal(object)

    def __init__(self, templates: TemplateService, drafts: DraftService, parent: QObject) -> None:
        super().__init__(parent)
        self._templates, self._drafts = templates, drafts
        self._keep_timer = QTimer(self, singleShot=True, interval=KEEP_AFTER)
        self._keep_timer.timeout.connect(self.flush)
        self._is_kept = True
        self.name = templates.names()[0]
        self.stored: Template = templates.template(self.name)
        self.typed = self.stored.text
        self.findings: list[TemplateFinding] = []

    @property
    def has_changes(self) -> bool:
        """Say whether something is typed that is not saved."""
        return self.typed != self.stored.text

    @property
    def can_save(self) -> bool:
        """Say whether what is typed can become a version."""
        return self.has_changes and not any(finding.is_blocking for finding in self.findings)

    def open(self, name: str) -> None:
        """Go on with a template, where it was left. Raises NotFound."""
        stored = self._templates.template(name)
        self.flush()
        self.name, self.stored = name, stored
        draft = self._drafts.draft(self._place)
        self.typed = draft.content if draft is not None else stored.text
        self._is_kept = True
        self.opened.emit()
        self._check()

    def type(self, text: str) -> None:
        """Take note of what is typed."""
        if text != self.typed:
            self.typed, self._is_kept = text, False
            self._keep_timer.start()
            self._check()

    def discard(self) -> None:
        """Go back to what is stored."""
        self._show(self.stored.text)

    def save(self) -> bool:
        """Keep what is typed as a version; False when that is not possible."""
        return self.can_save and self._store(self.typed)

    def use(self, text: str | None) -> bool:
        """Keep this text as the newest version, None is the built-in one; False when that failed."""
        return self._store(text)

    def refresh(self) -> None:
        """Read what is stored anew; what is typed stays."""
        has_changes, self.stored = self.has_changes, self._templates.template(self.name)
        if not has_changes and self.typed != self.stored.text:
            self._show(self.stored.text)
        else:
            self._check()

    def flush(self) -> None:
        """Keep the draft now."""
        self._keep_timer.stop()
        if self._is_kept:
            return
        try:
            if self.has_changes:
                self._drafts.save(self._place, self.typed)
            else:
                self._drafts.discard(self._place)
            self._is_kept = True
        except ForllmError as error:
            self.failed.emit(error)

    @property
    def _place(self) -> str:
        return f"template:{self.name}"

    def _store(self, text: str | None) -> bool:
        try:
            if text is None:
                self.stored = self._templates.reset(self.name)
            else:
                self.stored = self._templates.save(self.name, text)
        except ForllmError as error:
            self.failed.emit(error)
            return False
        self._show(self.stored.text)
        return True

    def _show(self, text: str) -> None:
        self.typed, self._is_kept = text, False
        self.flush()
        self.opened.emit()
        self._check()

    def _check(self) -> None:
        self.findings = self._templates.findings(self.name, self.typed)
        self.changed.emit()
