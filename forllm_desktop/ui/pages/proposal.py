"""The page on which a new text for a persona is compared with its current one, and decided on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.sections import Choice, SectionPair, chosen_text, paired_sections
from forllm_desktop.domain.servers import model_word
from forllm_desktop.domain.word_diff import Stretch, counts, word_diff
from forllm_desktop.services.persona import StaleVersion
from forllm_desktop.services.proposals import Proposal
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui import words
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.framed import RowList
from forllm_desktop.ui.widgets.grounds import on_surface
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.pane_head import PaneHead
from forllm_desktop.ui.widgets.quiet_bar import QuietBar
from forllm_desktop.ui.widgets.section_choice import BESIDE, SectionChoice

SHORT = 6_000
"""Characters of both texts up to which they are compared at once; longer ones in a thread."""
MARGIN = 24
_AFTER = 60
"""Milliseconds in which changes are gathered before the persona is read again."""
Key = tuple[str, int]


@dataclass(frozen=True)
class _Compared:
    current: str
    pairs: Sequence[SectionPair]
    stretches: Sequence[Sequence[Stretch]]


class ProposalPage(Page):
    """Section by section; what is chosen is kept until it is decided.

    failed(error)
    finished()                               it is decided; the page is done with
    persona_requested(persona_id, version)   the persona is to be shown
    saved(words)                             what was decided, for the status line
    """

    failed = Signal(object)
    finished = Signal()
    persona_requested = Signal(int, int)
    saved = Signal(str)

    def __init__(self, request_id: int, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ws = workspace
        self._request_id = request_id
        self._proposal: Proposal | None = None
        self._persona: Persona | None = None
        self._shown: _Compared | None = None
        self._choices: dict[Key, Choice] = {}
        self._is_stale = False
        self._title = plain_label("", "heading", elides=True)
        self._line = plain_label("", "small", "text_3", wraps=True)
        self._drop = push_button("Drop", "quiet")
        self._accept = push_button("Accept", "primary")
        self._take_none = push_button("All current", "quiet", small=True)
        self._take_all = push_button("All proposed", "quiet", small=True)
        self._rename = QCheckBox()
        self._bar = QuietBar()
        self._lack = plain_label("", "small", "warn", wraps=True)
        self._rows = RowList()
        self._heads = (
            plain_label("", "small_medium", "text_3"),
            plain_label("Proposed", "small_medium", "text_3"),
        )
        self._head = QWidget()
        self._gone = EmptyPane("check", "This text is decided on", "", "Show the persona")
        self._scroll = QScrollArea()
        self._stack = QStackedWidget()
        self._worker = Latest("proposal diff", self)
        self._timer = QTimer(self, singleShot=True, interval=_AFTER)
        self._lay_out()
        self._connect()
        self._read()

    @property
    def is_busy(self) -> bool:
        """Say whether the texts are being read or compared."""
        return self._timer.isActive() or self._worker.is_busy

    def closeEvent(self, event: QCloseEvent) -> None:
        self._worker.stop()
        self._timer.stop()
        super().closeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._read()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().colour("surface"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._head.setVisible(self.width() - 2 * MARGIN >= theme().px(BESIDE))

    # -- what can be done

    def accept(self) -> None:
        """Make what is chosen the persona's next version."""
        proposal, persona, shown = self._proposal, self._persona, self._shown
        if proposal is None or persona is None or shown is None:
            return
        is_whole = all(choice is Choice.PROPOSED for choice in self._choices.values())
        try:
            after = self._ws.proposals.accept(
                self._request_id,
                instructions=None if is_whole else chosen_text(shown.pairs, self._choices),
                takes_name=self._rename.isChecked(),
                based_on=persona.version,
            )
        except StaleVersion:
            self._read()
            return
        except ForllmError as error:
            self._bar.say_error(error)
            return
        self._end(f"{after.name} is now v{after.version}")

    def drop(self) -> None:
        """Leave the persona as it is."""
        if self._proposal is None or self._persona is None:
            return
        try:
            self._ws.proposals.drop(self._request_id)
        except ForllmError as error:
            self._bar.say_error(error)
            return
        self._end(f"The new text for {self._persona.name} is dropped; it stays with its request")

    def _end(self, said: str) -> None:
        self._forget_choices()
        self.saved.emit(said)
        if self._persona is not None:
            self.persona_requested.emit(self._persona.persona_id, 0)
        self.finished.emit()

    # -- reading

    def _read(self) -> None:
        self._is_stale = False
        self._timer.stop()
        proposal = self._ws.proposals.proposal(self._request_id)
        if proposal is None:
            self._proposal = None
            self._stack.setCurrentWidget(self._gone)
            return
        is_first = self._proposal is None
        self._proposal = proposal
        self._persona = self._ws.personas.persona(proposal.persona_id)
        if is_first:
            self._recall_choices()
        self._show_facts(proposal, self._persona)
        current, proposed = self._persona.prompt_instructions, proposal.result.prompt_instructions
        if self._shown is not None and self._shown.current == current:
            return
        if len(current) + len(proposed) <= SHORT:
            self._show_compared(_compared(current, proposed))
        else:
            self._worker.ask(lambda: _compared(current, proposed))

    def _show_facts(self, proposal: Proposal, persona: Persona) -> None:
        self._title.setText(f"A new text for {persona.name}")
        when = words.clock(proposal.made_at, self._ws.clock()) if proposal.made_at else ""
        self._facts = " · ".join(filter(None, (model_word(proposal.model), when)))
        self._accept.setText(f"Accept as v{persona.version + 1}   Ctrl+Enter")
        self._accept.setAccessibleName(f"Accept as v{persona.version + 1}")
        self._rename.setText(f"Take the name {proposal.result.persona_name} too".replace("&", "&&"))
        self._rename.setVisible(proposal.result.persona_name != persona.name)
        self._heads[0].setText(f"Current, v{persona.version}")
        missing = ", ".join(proposal.result.missing)
        self._lack.setText(f"The new text lacks: {missing}." if missing else "")
        self._lack.setVisible(bool(missing))
        if persona.deleted_at is not None:
            self._bar.say(f"{persona.name} is in the trash. Restore it to accept a new text.", kind="warn")
        elif proposal.based_on and proposal.based_on != persona.version:
            self._bar.say(
                f"{persona.name} was changed meanwhile: it was v{proposal.based_on} when this text was asked "
                f"for and is v{persona.version} now. You compare with v{persona.version}.",
                kind="warn",
            )
        self._accept.setEnabled(persona.deleted_at is None)

    def _show_compared(self, result: object) -> None:
        assert isinstance(result, _Compared)
        self._shown = result
        keys = {pair.key for pair in result.pairs if not pair.is_same and not pair.is_name}
        self._choices = {key: self._choices.get(key, Choice.PROPOSED) for key in keys}
        self._rows.clear()
        for pair, stretches in zip(result.pairs, result.stretches, strict=True):
            row = SectionChoice(pair, stretches, self._choices.get(pair.key, Choice.PROPOSED))
            row.chosen.connect(self._choose)
            self._rows.add(row)
            row.show()
        came, went = (sum(pair) for pair in zip(*map(counts, map(list, result.stretches)), strict=True))
        changed = f"{words.counted(came, 'word')} more, {words.counted(went, 'word')} less"
        self._line.setText(" · ".join(filter(None, (self._facts, changed if keys else "nothing differs"))))
        for button in (self._take_all, self._take_none):
            button.setVisible(bool(keys))

    # -- what is chosen

    def _choose(self, key: Key, choice: Choice) -> None:
        self._choices[key] = choice
        self._keep_choices()

    def _choose_all(self, choice: Choice) -> None:
        self._choices = dict.fromkeys(self._choices, choice)
        for row in self._rows.rows:
            if isinstance(row, SectionChoice):
                row.choose(choice)
        self._keep_choices()

    @property
    def _place(self) -> str:
        return f"proposal:{self._request_id}"

    def _keep_choices(self) -> None:
        rows = [[title, number, choice.value] for (title, number), choice in self._choices.items()]
        try:
            self._ws.drafts.save(self._place, json.dumps(rows))
        except ForllmError as error:
            self.failed.emit(error)

    def _recall_choices(self) -> None:
        draft = self._ws.drafts.draft(self._place)
        if draft is None:
            return
        try:
            self._choices = {
                (title, number): Choice(value) for title, number, value in json.loads(draft.content)
            }
        except (ValueError, TypeError):
            self._choices = {}

    def _forget_choices(self) -> None:
        try:
            self._ws.drafts.discard(self._place)
        except ForllmError as error:
            self.failed.emit(error)

    # -- building

    def _note_change(self, *_ids: int) -> None:
        if self.isVisible():
            self._timer.start()
        else:
            self._is_stale = True

    def _show_persona(self) -> None:
        if self._persona is not None:
            self.persona_requested.emit(self._persona.persona_id, 0)

    def _connect(self) -> None:
        self._accept.clicked.connect(self.accept)
        self._drop.clicked.connect(self.drop)
        self._gone.button_pressed.connect(self._show_persona)
        self._take_all.clicked.connect(lambda: self._choose_all(Choice.PROPOSED))
        self._take_none.clicked.connect(lambda: self._choose_all(Choice.CURRENT))
        self._timer.timeout.connect(self._read)
        self._worker.done.connect(self._show_compared)
        self._ws.events.personas_changed.connect(self._note_change)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            key = QShortcut(QKeySequence(keys), self)
            key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            key.activated.connect(self.accept)

    def _lay_out(self) -> None:
        heads = QHBoxLayout(self._head)
        heads.setContentsMargins(0, 0, 0, 0)
        heads.setSpacing(24)
        for head in self._heads:
            heads.addWidget(head, 1)
        column = QWidget()
        on_surface(column)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(MARGIN, 12, MARGIN, 24)
        layout.setSpacing(12)
        choices = FlowLayout(gap=8)
        choices.addWidget(self._take_all)
        choices.addWidget(self._take_none)
        choices.addWidget(self._rename)
        layout.addWidget(PaneHead((self._title, self._line), (self._drop, self._accept)))
        layout.addWidget(self._lack)
        layout.addLayout(choices)
        layout.addWidget(self._head)
        layout.addWidget(self._rows)
        layout.addStretch()
        self._scroll.setWidget(column)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.viewport().setAutoFillBackground(False)
        self._stack.addWidget(self._scroll)
        self._stack.addWidget(self._gone)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._bar)
        whole.addWidget(self._stack, 1)
        self.setAccessibleName("A new text for a persona")
        self.setFocusProxy(self._accept)


def _compared(current: str, proposed: str) -> _Compared:
    """Compare two texts section by section; what only one has came or went as a whole."""
    pairs = paired_sections(current, proposed)
    texts = [
        (pair.current.words if pair.current else "", pair.proposed.words if pair.proposed else "")
        for pair in pairs
    ]
    return _Compared(current, pairs, [word_diff(*both) for both in texts])
