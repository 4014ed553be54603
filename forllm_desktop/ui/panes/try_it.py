"""One question to a persona as it is typed, without posting; the answer streams in below."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.persona import PersonaContent
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.servers import ModelChoice, model_word
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui import words
from forllm_desktop.ui.editor.growing_text import GrowingText
from forllm_desktop.ui.editor.model_picker import ModelPicker
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.fold import Fold
from forllm_desktop.ui.widgets.labels import plain_label


class TryIt(QWidget):
    """Keeps the last trial of each persona while the page is open.

    settings_requested()    a model is wanted that is not set up yet
    """

    settings_requested = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ws = workspace
        self._persona_id = -1
        self._content: Callable[[], PersonaContent] = lambda: PersonaContent("", "")
        self._preferred: ModelChoice | None = None
        self._trials: dict[int, int] = {}
        self._typed: dict[int, str] = {}
        self._may_ask = False
        self._on_action: Callable[[], object] = lambda: None
        self._question = QLineEdit()
        self._model = ModelPicker(workspace.models)
        self._ask = push_button("Ask", "", "chat-centered-text")
        self._stop = push_button("Stop", "", "stop")
        self._state = plain_label("", "small", "text_2", wraps=True)
        self._action = push_button("", "quiet", small=True)
        self._thoughts = _Answer("Thoughts")
        self._fold = Fold("Thoughts", self._thoughts)
        self._answer = _Answer("Answer")
        self._lay_out()
        self._ask.clicked.connect(self.ask)
        self._stop.clicked.connect(self._cancel)
        self._action.clicked.connect(lambda: self._on_action())
        self._question.returnPressed.connect(self.ask)
        self._question.textChanged.connect(self._note_question)
        self._model.settings_requested.connect(self.settings_requested)
        workspace.events.job_changed.connect(self._note_job)
        workspace.events.settings_changed.connect(self._note_settings)
        self._show_trial()

    # -- what others ask of it

    @property
    def request_id(self) -> int:
        """The request of the trial that is shown; 0: there was none."""
        return self._trials.get(self._persona_id, 0)

    def show_persona(
        self, persona_id: int, preferred: ModelChoice | None, content: Callable[[], PersonaContent]
    ) -> None:
        """Try this persona from now on; `content` returns it as it is typed then."""
        self._content = content
        if preferred != self._preferred or persona_id != self._persona_id:
            self._preferred = preferred
            self._model.choose(None)
            self._model.prefer(preferred, self._content().name)
        if persona_id != self._persona_id:
            self._persona_id = persona_id
            self._question.setText(self._typed.get(persona_id, ""))
            self._show_trial()

    def focus_question(self) -> None:
        """Put the keyboard where the question is typed."""
        self._question.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def let_ask(self, may_ask: bool) -> None:
        """Let the persona be asked, or not while it could not be saved either."""
        self._may_ask = may_ask
        self._show_buttons()

    def ask(self) -> None:
        """Ask the question."""
        question = self._question.text()
        model = self._model.answering
        if not self._ask.isEnabled() or not question.strip():
            return
        if model is None:
            self._say("Choose a model first.", "danger", "Settings", self.settings_requested.emit)
            return
        try:
            job = self._ws.asking.try_persona(self._persona_id, self._content(), question, model)
        except ForllmError as error:
            self._say(f"{error.title}. {error.message}", "danger")
            return
        self._trials[self._persona_id] = job.request_id
        self._show_trial()

    # -- keeping up

    def _note_question(self, text: str) -> None:
        self._typed[self._persona_id] = text
        self._show_buttons()

    def _note_job(self, request_id: int) -> None:
        is_waiting = self._job is not None and self._job.status == JobStatus.PENDING
        if request_id == self.request_id:
            self._show_trial()
        elif is_waiting:
            self._show_state(self._job)

    def _note_settings(self) -> None:
        self._model.refresh()
        job = self._job
        if job is not None and job.is_open:
            self._show_state(job)

    @property
    def _job(self) -> Job | None:
        """The trial that is shown, as it is now."""
        if not self.request_id:
            return None
        try:
            return self._ws.queue.job(self.request_id)
        except ForllmError:
            return None

    def _show_trial(self) -> None:
        """Show the text so far, or all of it."""
        # In this order: a trial that ends in between is then found with its whole text in the store.
        progress = self._ws.queue.running.get(self.request_id)
        job = self._job
        if progress is not None:
            text, thinking = progress.text, progress.thinking
        elif job is not None and job.status == JobStatus.PROCESSING:
            self._show_state(job)
            return
        else:
            output = job.output if job is not None and job.output else {}
            text, thinking = str(output.get("text", "")), str(output.get("thinking", ""))
        self._answer.grow_to(text)
        self._answer.setVisible(bool(text))
        self._thoughts.grow_to(thinking)
        self._fold.setVisible(bool(thinking))
        self._show_state(job)

    def _show_state(self, job: Job | None) -> None:
        self._show_buttons(job)
        if job is None:
            self._say("", "text_2")
            return
        model = model_word(job.llm_model)
        match JobStatus(job.status):
            case JobStatus.PROCESSING:
                progress = self._ws.queue.running.get(job.request_id)
                phase = words.phase(progress.phase, progress.fraction) if progress else "starting"
                self._say(f"{model}: {phase}", "accent_text")
            case JobStatus.COMPLETE:
                self._say(f"Answered by {model}{_took(job)}. Not posted.", "text_3")
            case JobStatus.ERROR:
                told = " ".join(filter(None, (f"{words.reason(job)}.", words.cure(job))))
                self._say(told, "danger", "Try again", lambda: self._do(self._ws.queue.retry))
            case JobStatus.CANCELLED:
                self._say("Stopped.", "text_3")
            case _:
                self._say_waiting(job)

    def _say_waiting(self, job: Job) -> None:
        """Say why the trial does not run yet, and offer what helps."""
        if self._ws.settings.current().queue_paused:
            self._say("Waits: the queue is paused.", "warn", "Run the queue", self._run_queue)
        elif job.is_parked:
            told = " ".join(filter(None, (f"Waits: {words.reason(job)}.", words.cure(job))))
            self._say(told, "warn", "Try now", self._release)
        else:
            running = self._ws.queue.standing()[0]
            self._say("Waits until the reply before it is written." if running else "Starts.", "text_2")

    def _say(
        self, sentence: str, colour: str, action: str = "", step: Callable[[], object] | None = None
    ) -> None:
        self._state.setText(sentence)
        self._state.set_colour(colour)
        self._state.setVisible(bool(sentence))
        self._action.setText(action)
        self._action.setAccessibleName(action)
        self._action.setVisible(bool(action))
        self._on_action = step or (lambda: None)

    def _show_buttons(self, job: Job | None = None) -> None:
        job = job or self._job
        is_open = job is not None and job.is_open
        self._ask.setVisible(not is_open)
        self._stop.setVisible(is_open)
        self._ask.setEnabled(self._may_ask and bool(self._question.text().strip()))
        self._ask.setToolTip("" if self._may_ask else "The instructions cannot be used as they are")

    # -- doing

    def _do(self, step: Callable[[int], object]) -> None:
        try:
            step(self.request_id)
        except ForllmError as error:
            self._say(f"{error.title}. {error.message}", "danger")

    def _cancel(self) -> None:
        self._do(self._ws.queue.cancel)

    def _run_queue(self) -> None:
        self._ws.settings.change(queue_paused=False)

    def _release(self) -> None:
        job = self._job
        if job is not None and job.server_id is not None:
            self._ws.queue.release_server(job.server_id)

    # -- building

    def _lay_out(self) -> None:
        self._question.setPlaceholderText("A question, not posted")
        self._question.setAccessibleName("Question to try")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._model)
        row.addStretch()
        row.addWidget(self._ask)
        row.addWidget(self._stop)
        state = QHBoxLayout()
        state.addWidget(self._state, 1)
        state.addWidget(self._action, alignment=Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(plain_label("Try it", "ui_strong"))
        layout.addWidget(self._question)
        layout.addLayout(row)
        layout.addLayout(state)
        layout.addWidget(self._fold)
        layout.addWidget(self._answer)


class _Answer(GrowingText):
    """A text that is only read; it grows at its end without laying out what is there."""

    bounds = (1, 24)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setAccessibleName(name)
        self.setUndoRedoEnabled(False)
        self._shown = ""

    def grow_to(self, text: str) -> None:
        """Show a text; what is there already stays untouched."""
        if text == self._shown:
            return
        if self._shown and text.startswith(self._shown):
            cursor = QTextCursor(self.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(text[len(self._shown) :])
        else:
            self.setPlainText(text)
        self._shown = text


def _took(job: Job) -> str:
    if job.started_at is None or job.finished_at is None:
        return ""
    return f" in {words.duration((job.finished_at - job.started_at).total_seconds())}"
