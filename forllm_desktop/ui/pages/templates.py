"""The Templates page: the texts that personas are written with, to be read, changed and compared."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QPainter, QPaintEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.template_editor import TemplateEditor
from forllm_desktop.ui.editor.template_work import TemplateWork
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.panes.template_side import Shown, TemplateSide
from forllm_desktop.ui.template_words import STAGES, WHEN, kind_words, score_words, stage_of, title_of
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.folding_panes import FoldingPanes
from forllm_desktop.ui.widgets.grounds import on_surface
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.pane_head import PaneHead
from forllm_desktop.ui.widgets.quiet_bar import QuietBar
from forllm_desktop.ui.widgets.row_view import Row, RowView

_AFTER = 60
"""Milliseconds in which changes are gathered before the facts around the template are read again."""
_REMEMBERED = "template"


class TemplatesPage(Page):
    """The list, the editor of one template, and what is beside it.

    failed(error)
    saved(words)    what was kept, for the status line
    """

    failed = Signal(object)
    saved = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        ws = self._ws = workspace
        self._work = TemplateWork(ws.templates, ws.drafts, self)
        self._opened = ""
        self._is_stale = False
        self._list = RowView("Templates")
        self._title = plain_label("", "heading", elides=True)
        self._line = plain_label("", "small", "text_3", wraps=True)
        self._when = plain_label("", "ui", "text_2", wraps=True)
        self._show_list = icon_button("Templates", "list")
        self._show_side = icon_button("Preview, changes and versions", "eye")
        self._reset = push_button("Reset", "quiet", "arrow-counter-clockwise")
        self._discard = push_button("Discard", "quiet")
        self._save = push_button("Save", "primary")
        self._bar = QuietBar()
        self._editor = TemplateEditor()
        self._side = TemplateSide(ws.clock)
        self._scroll = QScrollArea()
        self._panes = FoldingPanes(self._list, self._scroll, self._side)
        self._facts_timer = QTimer(self, singleShot=True, interval=_AFTER)
        self._lay_out()
        self._connect()
        self._open(self._last_name())

    @property
    def is_busy(self) -> bool:
        """Say whether something is still being read or compared."""
        return self._facts_timer.isActive() or self._side.is_busy

    def flush(self) -> None:
        self._work.flush()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._work.flush()
        self._side.stop()
        self._facts_timer.stop()
        super().closeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._read_facts()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().colour("surface"))

    # -- which template

    def _last_name(self) -> str:
        names, wanted = self._ws.templates.names(), self._ws.settings.recall(_REMEMBERED)
        return wanted if isinstance(wanted, str) and wanted in names else names[0]

    def _open(self, name: str) -> None:
        self._bar.hide()
        self._panes.close_drawer()
        self._work.open(name)
        try:
            self._ws.settings.remember(_REMEMBERED, name)
        except ForllmError as error:
            self.failed.emit(error)

    # -- what can be done

    def _keep(self) -> None:
        if self._work.save():
            self.saved.emit(f"{title_of(self._work.name)}: saved as {self._work.stored.version}")

    def _reset_to_built_in(self) -> None:
        former = self._work.typed
        if self._work.use(None):
            self._offer_back("The built-in template is used again.", former)

    def _restore(self, version: int) -> None:
        former = self._work.typed
        texts = {own.version: own.text for own in self._ws.templates.versions(self._work.name)}
        if self._work.use(texts.get(version)):
            words = f"v{version} is used again, as {self._work.stored.version}." if version else ""
            self._offer_back(words or "The built-in template is used again.", former)

    def _offer_back(self, words: str, former: str) -> None:
        def take_back() -> None:
            if self._work.use(former):
                return
            # It could not be used as it was typed; it is typed again.
            self._editor.replace(former)
            self._work.type(former)

        undo: Callable[[], None] | None = take_back if former != self._work.stored.text else None
        self._bar.say(words, icon="arrow-counter-clockwise", action="Undo" if undo else "", on_action=undo)

    # -- keeping up

    def _show_opened(self) -> None:
        work, templates = self._work, self._ws.templates
        if self._opened != work.name:
            self._opened = work.name
            known, required = templates.placeholders(work.name), templates.required(work.name)
            self._editor.show_template(work.typed, known, required)
            self._scroll.verticalScrollBar().setValue(0)
        else:
            self._editor.replace(work.typed)
        self._read_facts()

    def _show_state(self) -> None:
        work = self._work
        self._editor.show_findings(work.findings)
        self._save.setText("Save   Ctrl+S")
        self._save.setAccessibleName("Save")
        self._save.setEnabled(work.can_save)
        self._discard.setEnabled(work.has_changes)
        self._reset.setEnabled(work.stored.is_own or work.has_changes)
        self._facts_timer.start()

    def _note_facts(self) -> None:
        if self.isVisible():
            self._facts_timer.start()
        else:
            self._is_stale = True

    def _note_settings(self) -> None:
        self._work.refresh()
        self._note_facts()

    def _read_facts(self) -> None:
        """Read what is around the template: versions, scores, what is in use."""
        self._is_stale = False
        self._facts_timer.stop()
        work, templates = self._work, self._ws.templates
        scores = [score for score in self._ws.ratings.scores() if score.name == work.name]
        self._list.show_rows(self._rows())
        self._list.choose(work.name)
        self._title.setText(title_of(work.name))
        used = next((score for score in scores if score.version == work.stored.version), None)
        state = f"{work.stored.version} · {score_words(used)}"
        self._line.setText(f"{'not saved · ' if work.has_changes else ''}{state}")
        self._when.setText(WHEN[stage_of(work.name)])
        is_usable = not any(finding.is_blocking for finding in work.findings)
        self._side.show_template(
            Shown(
                work.typed,
                templates.built_in(work.name),
                work.stored,
                templates.preview(work.name, work.typed) if is_usable else None,
                templates.versions(work.name),
                scores,
            )
        )

    def _rows(self) -> list[Row]:
        rows, templates = [], self._ws.templates
        stage = None
        for name in templates.names():
            if stage_of(name) is not stage:
                stage = stage_of(name)
                rows.append(Row("", STAGES[stage]))
            used = templates.template(name)
            is_typed = self._ws.drafts.draft(f"template:{name}") is not None
            words = "not saved" if is_typed else ""
            rows.append(Row(name, kind_words(name), used.version if used.is_own else "built-in", words))
        return rows

    def _note_folded(self) -> None:
        self._show_list.setVisible(not self._panes.has_left)
        self._show_side.setVisible(not self._panes.has_right)

    # -- building

    def _connect(self) -> None:
        work, events = self._work, self._ws.events
        self._discard.clicked.connect(work.discard)
        self._editor.edited.connect(work.type)
        self._facts_timer.timeout.connect(self._read_facts)
        self._list.chosen.connect(self._open)
        self._panes.folded.connect(self._note_folded)
        self._reset.clicked.connect(self._reset_to_built_in)
        self._save.clicked.connect(self._keep)
        self._show_list.clicked.connect(self._panes.open_left)
        self._show_side.clicked.connect(self._panes.open_right)
        self._side.restore_requested.connect(self._restore)
        events.personas_changed.connect(self._note_facts)
        events.settings_changed.connect(self._note_settings)
        work.changed.connect(self._show_state)
        work.failed.connect(self.failed)
        work.opened.connect(self._show_opened)
        key = QShortcut(QKeySequence.StandardKey.Save, self)
        key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        key.activated.connect(self._keep)

    def _lay_out(self) -> None:
        self._note_folded()
        buttons = (self._show_list, self._show_side, self._reset, self._discard, self._save)
        column = QWidget()
        on_surface(column)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(24, 12, 24, 24)
        layout.setSpacing(12)
        layout.addWidget(self._bar)
        layout.addWidget(PaneHead((self._title, self._line), buttons))
        layout.addWidget(self._when)
        layout.addWidget(self._editor)
        layout.addStretch()
        self._scroll.setWidget(column)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.viewport().setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._panes)
        self.setAccessibleName("Templates")
        self.setFocusProxy(self._list)
