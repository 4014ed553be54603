"""How many tokens texts have for a model: estimates that learn from replies, and free exact counts."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.servers import ModelChoice, TokenSample
from forllm_desktop.llm.backend import Limits, Message, TokenCount
from forllm_desktop.llm.estimator import Estimator, Lesson, is_stuck, learnt
from forllm_desktop.llm.tokens import TextSize
from forllm_desktop.services.models import ModelsService
from forllm_desktop.storage import counting as rows
from forllm_desktop.storage.database import Database, IntegrityError

SAMPLES_KEPT = 50


class CountingService:
    """Counts and estimates, by model. `estimator` and `note` may be called in any thread."""

    def __init__(
        self,
        database: Database,
        models: ModelsService,
        limits: Limits,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._models = models
        self._limits = limits
        self._clock = clock
        self._learnt: dict[ModelChoice, Estimator] = {}
        self._lock = threading.Lock()

    def estimator(self, choice: ModelChoice | None) -> Estimator:
        """Return what estimates prompts for a model; None stands for a model nothing is known of."""
        if choice is None:
            return Estimator()
        with self._lock:
            known = self._learnt.get(choice)
        if known is None:
            known = learnt(self._lessons(choice))
            with self._lock:
                self._learnt[choice] = known
        return known

    def note(
        self,
        choice: ModelChoice,
        size: TextSize,
        expected: int,
        reported: int,
        *,
        was_shortened: bool = False,
    ) -> None:
        """Learn from a reply: the estimate of its prompt by kind, what was expected, what the server counted.

        A prompt that was shortened teaches nothing; it is kept as evidence against the next ones.
        """
        sample = TokenSample(
            server_id=choice.server_id,
            model=choice.name,
            raw=round(size.total),
            kinds=[round(tokens, 2) for tokens in size.kinds],
            expected=expected,
            reported=reported,
            was_shortened=was_shortened,
            taken_at=self._clock(),
        )
        # The server may have been removed while it answered.
        with suppress(IntegrityError), self._database.write() as session:
            rows.add_sample(session, sample, SAMPLES_KEPT)
        with self._lock:
            self._learnt.pop(choice, None)

    def is_stuck(self, choice: ModelChoice, size: TextSize, reported: int) -> bool:
        """Say whether the server counted as many tokens for a far smaller prompt before."""
        return is_stuck(self._lessons(choice), size, reported)

    async def exact(self, choice: ModelChoice, messages: Sequence[Message]) -> TokenCount | None:
        """Count a prompt with a model that is loaded and awake, as it would be sent to it now.

        None in all other cases: nothing is loaded, started or woken for it, and failures are no news.
        """
        return None

    def _lessons(self, choice: ModelChoice) -> list[Lesson]:
        with self._database.read() as session:
            return [
                Lesson(TextSize(*sample.kinds), sample.expected, sample.reported, sample.was_shortened)
                for sample in rows.samples(session, choice)
            ]
