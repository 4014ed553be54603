"""The page on which a model writes a persona: wishes at the left, the text, and at the right the result."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QPainter, QPaintEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.queue import Job
from forllm_desktop.services.generation_view import generation_view
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.generator.arrival_words import arrival, heading_marks, planned, planned_text
from forllm_desktop.ui.generator.columns import TEXT, Columns, scrolled
from forllm_desktop.ui.generator.followed import FollowedRequest
from forllm_desktop.ui.generator.form import WishForm
from forllm_desktop.ui.generator.live import LiveView
from forllm_desktop.ui.generator.outcome import Outcome
from forllm_desktop.ui.generator.plan_table import PlanTable
from forllm_desktop.ui.generator.wishes import Kind, Ordering, Wishes, fitted
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.theme import theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.labels import plain_label

KEEP_AFTER = 800
"""Milliseconds after typing before it is kept."""


class NewPersonaPage(Page):
    """Without a request it begins with what was typed last; with one it shows that, however far it is.

    With `regenerates` it begins with what that persona was made from, and writes a new text for it.

    failed(error)
    page_requested(key)                       another request is to be shown
    persona_requested(persona_id, version)    the persona is to be shown
    undo_offered(undo)                        a subforum was described; how to take it back
    """

    failed = Signal(object)
    page_requested = Signal(str)
    persona_requested = Signal(int, int)
    undo_offered = Signal(object)

    def __init__(
        self,
        workspace: Workspace,
        *,
        request_id: int = 0,
        subforum_id: int = 0,
        regenerates: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        ws = self._ws = workspace
        self._regenerates = regenerates
        self._kept_as = _kept_as(request_id, subforum_id, regenerates)
        self._is_of_request = bool(request_id)
        self._followed = FollowedRequest(ws, self)
        self._ordering = Ordering(ws)
        self._form = WishForm(ws.forum, ws.models)
        self._generate = push_button("Generate", "primary", "magic-wand")
        self._stop = push_button("Stop", "", "stop")
        self._anew = push_button("New one", "quiet", "plus")
        self._leave = plain_label(
            "You can leave this page. The work goes on in the queue and survives a restart.",
            "small",
            "text_3",
            wraps=True,
        )
        self._middle = QStackedWidget()
        self._empty = EmptyPane(
            "magic-wand", "Nothing is written yet", "Press Generate: the text appears here as it is written."
        )
        self._plan, self._live, self._outcome = PlanTable(), LiveView(), Outcome()
        self._live_area = scrolled(self._live)
        self._keeper = QTimer(self, singleShot=True, interval=KEEP_AFTER)
        self._columns = Columns(self._form, self._foot(), self._padded(), self._outcome)
        self._lay_out()
        self._connect()
        self._come_back(request_id, subforum_id)

    # -- what the window asks of it

    @property
    def is_busy(self) -> bool:
        """Say whether a change is still to be shown or kept."""
        return self._followed.is_busy or self._keeper.isActive()

    def flush(self) -> None:
        self._keep()

    # -- generating

    def _order(self) -> None:
        """Queue what is typed, or say below its field what is wrong with it."""
        wishes = self._form.wishes
        wishes.plan = self._plan.plan() if wishes.kind is Kind.SEVERAL else wishes.plan
        try:
            described = self._ordering.describe(wishes)
            if described is not None:
                self.undo_offered.emit(described)
            jobs = self._ordering.order(wishes, self._regenerates)
        except InvalidInput as error:
            if not self._form.show_error(error):
                self.failed.emit(error)
            return
        except ForllmError as error:
            self.failed.emit(error)
            return
        first = jobs[0].request_id
        if self._is_of_request:
            self.page_requested.emit(f"generation:{first}")
            return
        self._show_request(first)
        self._keep()
        self._columns.show_column(TEXT)

    def _cancel(self) -> None:
        self._do(lambda: self._ws.queue.cancel(self._followed.request_id))

    def _retry(self) -> None:
        self._do(lambda: self._ws.queue.retry(self._followed.request_id))

    def _cancel_batch(self) -> None:
        batch_id = self._followed.view.job.batch_id if self._followed.view else None
        self._do(lambda: self._ws.queue.cancel_batch(batch_id or 0))

    def _accept(self) -> None:
        self._do(lambda: self._ws.generation.accept(self._persona_id))

    def _mend(self) -> None:
        jobs: list[Job] = []
        self._do(lambda: jobs.append(self._ws.generation.mend(self._persona_id)))
        if jobs:
            self._show_request(jobs[0].request_id)
            self._keep()

    def _do(self, step: Callable[[], object]) -> None:
        try:
            step()
        except ForllmError as error:
            self.failed.emit(error)
        self._followed.read()

    @property
    def _persona_id(self) -> int:
        view = self._followed.view
        return (view.regenerates or view.persona_id) if view is not None else 0

    def _open_persona(self) -> None:
        view = self._followed.view
        if view is not None and view.decision == "proposed":
            self.page_requested.emit(f"proposal:{view.job.request_id}")
            return
        self.persona_requested.emit(self._persona_id, 0)

    def _start_anew(self) -> None:
        """Show the form alone, ready for the next one."""
        self._show_request(0)
        self._keep()
        self._form.setFocus()

    # -- showing

    def _show_request(self, request_id: int, *, chooses: bool = True) -> None:
        self._followed.follow(request_id, chooses=chooses)

    def _refresh(self) -> None:
        shown = self._followed
        self.setProperty("request_id", shown.request_id)
        if shown.view is None:
            self._show_wishes_alone()
        else:
            is_paused = self._ws.settings.current().queue_paused
            self._live.show_batch(
                shown.members, shown.request_id, shown.batch_said, is_open=shown.batch_is_open
            )
            self._live.show_view(shown.view, is_paused=is_paused, now=utc_now())
            self._middle.setCurrentWidget(self._live_area)
            self._outcome.marks.show_headings(heading_marks(shown.view, shown.found))
            self._outcome.show_arrival(arrival(shown.view, shown.found, self._ws))
            self.setProperty("persona_id", shown.view.persona_id)
        self._show_buttons()

    def _show_wishes_alone(self) -> None:
        wishes = self._form.wishes
        self.setProperty("persona_id", 0)
        self._middle.setCurrentWidget(self._plan if wishes.kind is Kind.SEVERAL else self._empty)
        headings = [(heading, "") for heading, is_wanted in wishes.headings if is_wanted]
        self._outcome.marks.show_headings(headings)
        if self._regenerates:
            self._outcome.show_arrival(planned_text(self._regenerates, self._ws))
        else:
            self._outcome.show_arrival(planned(wishes, self._form.places))

    def _show_buttons(self) -> None:
        is_open, has_request = self._followed.is_open, bool(self._followed.request_id)
        self._generate.setEnabled(not is_open or self._is_of_request)
        self._generate.setText("Generate again" if has_request else "Generate")
        self._generate.setAccessibleName(self._generate.text())
        self._stop.setVisible(is_open)
        self._anew.setVisible(has_request and not self._is_of_request)
        self._leave.setVisible(is_open)

    # -- keeping what is typed

    def _note_typing(self) -> None:
        self._keeper.start()
        if self._followed.view is None:
            self._show_wishes_alone()

    def _note_kind(self) -> None:
        wishes = self._form.wishes
        self._plan.show_plan(fitted(wishes.plan, wishes.count))
        if self._followed.view is None:
            self._show_wishes_alone()

    def _note_plan(self) -> None:
        self._form.wishes.plan = self._plan.plan()
        self._note_typing()

    def _keep(self) -> None:
        self._keeper.stop()
        if not self._kept_as:
            return
        state = {"wishes": self._form.wishes.to_json(), "request": self._followed.request_id}
        try:
            self._ws.settings.remember(self._kept_as, state)
        except ForllmError as error:
            self.failed.emit(error)

    def _come_back(self, request_id: int, subforum_id: int) -> None:
        kept = self._ws.settings.recall(self._kept_as) if self._kept_as else None
        state = kept if isinstance(kept, dict) else {}
        if self._is_of_request:
            view = generation_view(self._ws.queue.job(request_id), None)
            self._regenerates = view.regenerates or 0
            wishes = Wishes.of_request(view.request, view.assign_to) if view.request else Wishes()
        else:
            wishes = Wishes.from_json(state.get("wishes")) if state else self._first_wishes()
            request_id = state["request"] if isinstance(state.get("request"), int) else 0
        self._form.show_wishes(wishes)
        if self._regenerates:
            self._form.regenerate(self._ws.personas.persona(self._regenerates).name)
        if subforum_id:
            self._form.choose_subforum(subforum_id)
            self._keeper.stop()
        self._form.look_up_brainstorms(self._ordering.last_brainstorm)
        self._show_request(request_id, chooses=not self._is_of_request)

    def _first_wishes(self) -> Wishes:
        """Return what the form begins with when nothing was typed: what a persona was made from."""
        if not self._regenerates:
            return Wishes()
        persona = self._ws.personas.persona(self._regenerates)
        details = persona.generation_input_details or {}
        request = self._ws.generation.inputs_of(self._regenerates)
        return Wishes.of_request(request, details.get("assign_to")) if request is not None else Wishes()

    # -- Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._followed.set_awake(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._followed.set_awake(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().colour("surface"))

    # -- how it is made

    def _foot(self) -> QWidget:
        made = QWidget()
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self._generate, self._stop, self._anew):
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(made)
        layout.setContentsMargins(24, 12, 24, 16)
        layout.setSpacing(8)
        layout.addLayout(buttons)
        layout.addWidget(self._leave)
        return made

    def _padded(self) -> QWidget:
        for part in (self._empty, self._plan, self._live_area):
            self._middle.addWidget(part)
        made = QWidget()
        layout = QVBoxLayout(made)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.addWidget(self._middle)
        return made

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._columns)
        self.setObjectName("new_persona")
        self.setAccessibleName("New persona")
        self.setFocusProxy(self._form)

    def _connect(self) -> None:
        events, live, outcome = self._ws.events, self._live, self._outcome
        events.subforums_changed.connect(self._form.refresh_subforums)
        self._followed.changed.connect(self._refresh)
        self._form.edited.connect(self._note_typing)
        self._form.templates_requested.connect(lambda: self.page_requested.emit("templates"))
        self._form.kind_changed.connect(self._note_kind)
        self._plan.edited.connect(self._note_plan)
        self._generate.clicked.connect(self._order)
        self._stop.clicked.connect(self._cancel)
        self._anew.clicked.connect(self._start_anew)
        live.member_chosen.connect(lambda id: self._show_request(id, chooses=False))
        live.batch_cancel_requested.connect(self._cancel_batch)
        live.retry_requested.connect(self._retry)
        outcome.open_requested.connect(self._open_persona)
        outcome.accept_requested.connect(self._accept)
        outcome.mend_requested.connect(self._mend)
        self._keeper.timeout.connect(self._keep)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(
                QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut
            )
            shortcut.activated.connect(self._generate.click)


def _kept_as(request_id: int, subforum_id: int, regenerates: int) -> str:
    """Return under which name the form is kept; empty for one that only shows a request."""
    if request_id:
        return ""
    if regenerates:
        return f"regenerate_{regenerates}"
    return f"experts_{subforum_id}" if subforum_id else "new_persona"
