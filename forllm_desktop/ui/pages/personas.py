"""The Personas page: a list, the editor with preview and trial, the versions of the one that is edited."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.generated_part import GeneratedPart
from forllm_desktop.ui.editor.persona_editor import PersonaEditor
from forllm_desktop.ui.editor.persona_work import PersonaWork
from forllm_desktop.ui.item_models.version_list import DRAFT, VersionRow, draft_row, row_from
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.panes.persona_list import PersonaListPane
from forllm_desktop.ui.panes.prompt_preview import PromptPreview
from forllm_desktop.ui.panes.try_it import TryIt
from forllm_desktop.ui.panes.versions import VersionsPane
from forllm_desktop.ui.persona_commands import Entry, PersonaCommands
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.folding_panes import FoldingPanes
from forllm_desktop.ui.widgets.grounds import on_surface
from forllm_desktop.ui.widgets.labels import hairline

_AFTER = 60
"""Milliseconds in which changes are gathered before the facts around the persona are read again."""
_REMEMBERED = "persona"
"""What is remembered under this key: the persona that was edited last, 0 for a new one."""


class PersonasPage(Page):
    """Everything about personas; nothing typed here is ever lost.

    asked(persona_id, version, topic_id)    a version is to be asked in the topic that was shown last
    failed(error)
    page_requested(key)       a page that goes with a persona is to be shown
    post_requested(post_id)   a post of the preview is to be shown
    saved(words)              what was kept, for the status line
    settings_requested()      a model is wanted that is not set up yet
    undo_offered(undo)        something was done that can be taken back
    """

    asked = Signal(int, int, int)
    failed = Signal(object)
    page_requested = Signal(str)
    post_requested = Signal(int)
    saved = Signal(str)
    settings_requested = Signal()
    undo_offered = Signal(object)

    def __init__(
        self,
        workspace: Workspace,
        shown_topic: Callable[[], int] = lambda: 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        ws = self._ws = workspace
        self._is_stale = self._knows_facts = False
        self._shown_topic = shown_topic
        self._wanted_version = 0
        self._remembered = -1
        self._work = PersonaWork(ws.personas, ws.drafts, self)
        self._commands = PersonaCommands(ws, self)
        self._list = PersonaListPane(ws.personas, ws.events)
        self._editor = PersonaEditor(self._work)
        self._generated = GeneratedPart(ws)
        self._preview = PromptPreview(ws.prompts, ws.search, ws.models, shown_topic)
        self._try = TryIt(ws)
        self._versions = VersionsPane(utc_now)
        self._rows: list[VersionRow] = []
        self._facts_timer = QTimer(self, singleShot=True)
        self._scroll = QScrollArea()
        self._panes = FoldingPanes(self._list, self._scroll, self._versions)
        self._lay_out()
        self._connect()
        self._come_back()

    # -- what the window asks of it

    @property
    def is_busy(self) -> bool:
        """Say whether something is still being read, checked or compared."""
        parts = (self._work, self._preview, self._versions)
        return self._facts_timer.isActive() or any(part.is_busy for part in parts)

    def show_persona(self, persona_id: int, version: int = 0) -> None:
        if not persona_id:
            self.start_persona()
            return
        self._wanted_version = version
        self._open(persona_id)

    def start_persona(self) -> None:
        """Let the user write a new persona, or go on with the one that was begun."""
        self._open(0)
        self._editor.form.focus_name()

    def ask(self, persona_id: int | None = None, version: int | None = None) -> None:
        if persona_id is not None:
            self._open(persona_id)
        self._try.focus_question()

    def flush(self) -> None:
        self._work.flush()
        self._generated.keep_note()

    def closeEvent(self, event: QCloseEvent) -> None:
        for part in (self._work, self._preview, self._versions, self._commands):
            part.stop()
        self._facts_timer.stop()
        super().closeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._read_facts()
        self._preview.refresh_topics()
        self._versions.let_ask(bool(self._shown_topic()))

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().colour("surface"))

    # -- which persona

    def _open(self, persona_id: int) -> None:
        try:
            self._work.open(persona_id)
        except ForllmError as error:
            self.failed.emit(error)
            self._list.show_persona(self._work.persona_id)
            return
        self._panes.close_drawer()
        self._scroll.verticalScrollBar().setValue(0)
        if persona_id:
            self._ws.personas.mark_seen(persona_id)

    def _come_back(self) -> None:
        """Show the persona that was edited last, or the first."""
        wanted = self._ws.settings.recall(_REMEMBERED)
        for persona_id in (wanted, self._list.first()):
            if isinstance(persona_id, int) and (persona_id or self._ws.drafts.draft("persona:new")):
                try:
                    self._work.open(persona_id)
                    return
                except ForllmError:
                    continue

    def _delete(self, persona_ids: list[int]) -> None:
        following = self._list.neighbour(self._work.persona_id)
        self._commands.delete(persona_ids)
        if self._work.persona_id in persona_ids and following not in persona_ids:
            self._leave_deleted(following)

    def _leave_deleted(self, following: int) -> None:
        persona = self._ws.personas.persona(self._work.persona_id)
        if persona.deleted_at is not None:
            self._open(following or self._list.first())

    # -- keeping up

    def _note_opened(self) -> None:
        """Show what is around the persona in a step of its own: switching must not make the window wait."""
        self._list.show_persona(self._work.persona_id)
        self._knows_facts = False
        self._facts_timer.start(0)

    def _note_personas(self) -> None:
        self._work.refresh()
        if self._work.persona is not None:
            self._leave_deleted(self._list.neighbour(self._work.persona_id))
        self._note_facts()

    def _note_facts(self) -> None:
        if self.isVisible():
            self._facts_timer.start(_AFTER)
        else:
            self._is_stale = True

    def _note_topic(self, _id: int) -> None:
        if self.isVisible():
            self._preview.rebuild()

    def _note_settings(self) -> None:
        self._note_facts()
        self._preview.rebuild()

    def _read_facts(self) -> None:
        """Read what is around the persona: assignments, models, versions."""
        self._is_stale, self._knows_facts = False, True
        self._facts_timer.stop()
        work, form, ws = self._work, self._editor.form, self._ws
        form.show_models(ws.models.known_choices(), {server.server_id for server in ws.models.servers()})
        card = self._commands.card(work.persona_id)
        form.chips.show_seats(self._commands.seats(card), may_assign=not work.is_new)
        entries = ws.personas.versions(work.persona_id) if work.persona is not None else []
        self._rows = [row_from(entry) for entry in entries]
        self._editor.show_facts(card, entries[0] if entries else None)
        self._generated.show_persona(work.persona)
        if self._generated.origin:
            form.show_source("")
        self._editor.head.fill_menu(self._entries(card))
        self._show_typed()
        self._show_wanted()
        self._remember(work.persona_id)

    def _show_typed(self) -> None:
        """Let everything beside the fields follow what is typed."""
        if not self._knows_facts:
            return
        work = self._work
        content = work.typed.content
        has_draft = not work.is_new and work.differs
        rows = [draft_row(content, work.typed_at), *self._rows] if has_draft else self._rows
        self._versions.show_versions(work.persona_id, rows)
        self._preview.show_persona(work.persona_id, content)
        self._try.show_persona(work.persona_id, content.options.model, lambda: self._work.typed.content)
        self._try.let_ask(not any(finding.is_blocking for finding in work.findings))

    def _show_wanted(self) -> None:
        """Show the version that was asked for, once it is in the list."""
        if self._wanted_version:
            self._versions.select(self._wanted_version)
            self._panes.open_right()
            self._wanted_version = 0

    def _remember(self, persona_id: int) -> None:
        if persona_id != self._remembered:
            self._remembered = persona_id
            try:
                self._ws.settings.remember(_REMEMBERED, persona_id)
            except ForllmError as error:
                self.failed.emit(error)

    def _compare_with_newest(self) -> None:
        self._show_typed()
        self._versions.select(DRAFT, self._work.newest)
        self._panes.open_right()

    def _restore(self, number: int) -> None:
        persona_id = self._work.persona_id
        if self._commands.restore_version(persona_id, number):
            self._read_facts()
            newest = self._ws.personas.persona(persona_id).version
            self._versions.select(newest)
            self.saved.emit(f"v{number} is back as v{newest}")

    def _ask_again(self, number: int) -> None:
        self.asked.emit(self._work.persona_id, number, self._shown_topic())

    def _entries(self, card: PersonaCard | None) -> list[Entry]:
        ids = [card.persona_id] if card is not None else []
        return self._commands.entries(card, open=self.show_persona, delete=lambda: self._delete(ids))

    def _pop_up(self, persona_id: int, at: QPoint) -> None:
        self._commands.pop_up(self._entries(self._commands.card(persona_id)), at)

    def _note_folded(self) -> None:
        self._editor.head.show_folded(has_list=self._panes.has_left, has_versions=self._panes.has_right)

    # -- building

    def _connect(self) -> None:
        work, head, chips = self._work, self._editor.head, self._editor.form.chips
        commands, events = self._commands, self._ws.events
        chips.assign_requested.connect(lambda id: commands.assign(id, work.persona_id))
        chips.default_requested.connect(lambda id, on: commands.set_default(id, work.persona_id, on))
        chips.unassign_requested.connect(lambda id: commands.unassign(id, work.persona_id))
        commands.failed.connect(self.failed)
        commands.page_requested.connect(self.page_requested)
        commands.undo_offered.connect(self.undo_offered)
        events.personas_changed.connect(self._note_personas)
        events.servers_changed.connect(self._note_facts)
        for happened in (events.settings_changed, events.subforums_changed, events.models_changed):
            happened.connect(self._note_settings)
        events.topic_changed.connect(self._note_topic)
        self._generated.compare_requested.connect(lambda id: self.page_requested.emit(f"proposal:{id}"))
        self._generated.failed.connect(self.failed)
        self._generated.regenerate_requested.connect(lambda id: self.page_requested.emit(f"regenerate:{id}"))
        head.avatar.colour_chosen.connect(lambda name: commands.set_colour(work.persona_id, name))
        head.avatar.picture_removed.connect(lambda: commands.remove_picture(work.persona_id))
        head.avatar.picture_wanted.connect(lambda: commands.choose_picture(work.persona_id, self))
        head.list_requested.connect(self._panes.open_left)
        head.versions_requested.connect(self._panes.open_right)
        self._editor.compare_requested.connect(self._compare_with_newest)
        self._editor.form.active.clicked.connect(lambda is_on: commands.set_active(work.persona_id, is_on))
        self._editor.save_key(self)
        self._facts_timer.timeout.connect(self._read_facts)
        self._list.chosen.connect(self._open)
        self._list.delete_requested.connect(self._delete)
        self._list.generate_requested.connect(lambda: self.page_requested.emit("new-persona"))
        self._list.menu_requested.connect(self._pop_up)
        self._list.new_requested.connect(self.start_persona)
        self._list.opened.connect(self._edit)
        self._list.rename_requested.connect(self._rename)
        self._panes.folded.connect(self._note_folded)
        self._preview.post_requested.connect(self.post_requested)
        self._preview.rule_requested.connect(self._set_rule)
        events.post_changed.connect(self._note_topic)
        self._try.settings_requested.connect(self.settings_requested)
        self._versions.ask_requested.connect(self._ask_again)
        self._versions.restore_requested.connect(self._restore)
        work.checked.connect(self._show_typed)
        work.failed.connect(self.failed)
        work.opened.connect(self._note_opened)
        work.saved.connect(self.saved)

    def _edit(self, persona_id: int) -> None:
        self._open(persona_id)
        self._editor.form.instructions.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _set_rule(self, post_id: int, rule: str) -> None:
        try:
            self.undo_offered.emit(self._ws.prompt_rules.set_rule([post_id], PromptRule(rule)))
        except ForllmError as error:
            self.failed.emit(error)

    def _rename(self, persona_id: int) -> None:
        self._open(persona_id)
        self._editor.form.focus_name()

    def _lay_out(self) -> None:
        column = QWidget()
        on_surface(column)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(24, 12, 24, 24)
        layout.setSpacing(16)
        layout.addWidget(self._editor)
        self._editor.put_below_head(self._generated)
        layout.addWidget(hairline())
        layout.addWidget(self._preview)
        layout.addWidget(hairline())
        layout.addWidget(self._try)
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
        self.setAccessibleName("Personas")
        self.setFocusProxy(self._list)
