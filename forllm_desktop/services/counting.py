"""How many tokens texts have for a model: estimates that learn from replies, and free exact counts."""

from collections.abc import Callable, Sequence
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.servers import ModelChoice, TokenSample
from forllm_desktop.llm.backend import Limits, Message, TokenCount
from forllm_desktop.llm.estimator import Estimator
from forllm_desktop.services.models import ModelsService
from forllm_desktop.storage import counting as rows
from forllm_desktop.storage.database import Database

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

    def estimator(self, choice: ModelChoice | None) -> Estimator:
        """Return what estimates prompts for a model; None stands for a model nothing is known of."""
        return Estimator()

    def note(self, choice: ModelChoice, raw: int, expected: int, reported: int) -> None:
        """Learn from a reply: the estimate without and with what was known, and what the server counted."""
        sample = TokenSample(
            server_id=choice.server_id,
            model=choice.name,
            raw=raw,
            expected=expected,
            reported=reported,
            taken_at=self._clock(),
        )
        with self._database.write() as session:
            rows.add_sample(session, sample, SAMPLES_KEPT)

    async def exact(self, choice: ModelChoice, messages: Sequence[Message]) -> TokenCount | None:
        """Count a prompt with a model that is loaded and awake, as it would be sent to it now.

        None in all other cases: nothing is loaded, started or woken for it, and failures are no news.
        """
        return None
