"""Measures the prompt of what is being written, a moment after each change, in a thread."""

import asyncio
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.xray import DraftQuestion
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.background import Background
from forllm_desktop.ui.latest import Latest

MEASURE_AFTER = 300
"""Milliseconds without a change before a prompt is measured."""
COUNT_AFTER = 900
"""Milliseconds after that before a model that is loaded anyway is asked for the exact number."""

Question = Callable[[], DraftQuestion | None]


class Measuring(QObject):
    """`question` tells what is written now; None where nothing would be asked.

    measured(xray)    an Xray; None when nothing can be said
    """

    measured = Signal(object)

    def __init__(self, workspace: Workspace, question: Question, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._question = workspace, question
        self._work = Latest("prompt-measured", self)
        self._work.done.connect(self._take)
        self._work.failed.connect(lambda _error: self.measured.emit(None))
        self._counting = Background(self, lambda _error: None)
        self._is_awake = False
        self._asked: DraftQuestion | None = None
        self._counted: DraftQuestion | None = None
        self._soon = QTimer(self, singleShot=True, interval=MEASURE_AFTER)
        self._soon.timeout.connect(self.measure)
        self._later = QTimer(self, singleShot=True, interval=COUNT_AFTER)
        self._later.timeout.connect(lambda: self._counting.start(self._count))

    @property
    def is_busy(self) -> bool:
        """Say whether a number is still to come; an exact one may follow."""
        return self._soon.isActive() or self._work.is_busy

    def wake(self, is_awake: bool) -> None:
        """Measure only while somebody can see it."""
        self._is_awake = is_awake
        if is_awake:
            self.note_change()
        else:
            self._rest()

    def note_change(self) -> None:
        """Something is different: measure soon."""
        if self._is_awake:
            self._rest()
            self._soon.start()

    def measure(self) -> None:
        """Measure what is written now."""
        question = self._asked = self._question()
        if question is None:
            self.measured.emit(None)
            return
        prompts = self._workspace.prompts
        self._work.ask(lambda: (question, prompts.preview_draft(question)))

    def stop(self) -> None:
        """Stop all work."""
        self._is_awake = False
        self._rest()
        self._work.stop()

    def _rest(self) -> None:
        self._soon.stop()
        self._later.stop()
        self._counting.cancel()
        self._counted = None

    def _take(self, result: object) -> None:
        question, found = result  # type: ignore[misc]
        if question is not self._asked:
            return
        self.measured.emit(found)
        if not found.is_exact and found.messages and not self._soon.isActive():
            self._later.start()

    async def _count(self) -> None:
        question, workspace = self._asked, self._workspace
        self._counted = question
        if question is None:
            return
        counted, exact = workspace.prompts.counted_draft, workspace.counting.exact
        try:
            found = await asyncio.to_thread(counted, question, exact, lambda: question is self._counted)
        except ForllmError:
            return
        if found is not None:
            self.measured.emit(found)
