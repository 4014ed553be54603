"""How many tokens texts have for a model: estimates that learn from replies, and free exact counts."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import NotFound
from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.domain.servers import ModelChoice, ServerKind, TokenSample
from forllm_desktop.llm.backend import Limits, Message, ServerProfile, TokenCount, think_of
from forllm_desktop.llm.estimator import Estimator, Lesson, is_stuck, learnt
from forllm_desktop.llm.tokens import TextSize
from forllm_desktop.services.engine_board import EngineBoard
from forllm_desktop.services.models import ModelsService
from forllm_desktop.storage import counting as rows
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.database import Database, IntegrityError

SAMPLES_KEPT = 50
EXACT_WITHIN = 3.0
"""Seconds after which a server that is asked while somebody types has not answered."""


class CountingService:
    """Counts and estimates, by model. `estimator` and `note` may be called in any thread."""

    def __init__(
        self,
        database: Database,
        models: ModelsService,
        limits: Limits,
        clock: Callable[[], datetime] = utc_now,
        *,
        engine: EngineBoard | None = None,
    ) -> None:
        self._database = database
        self._models = models
        self._limits = limits
        self._clock = clock
        self._engine = engine or EngineBoard()
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

    async def exact(
        self, choice: ModelChoice, messages: Sequence[Message], options: PersonaOptions | None = None
    ) -> TokenCount | None:
        """Count a prompt with a model that is loaded and awake, as it would be sent to it now.

        `options` are those of the persona. None in all other cases: nothing is loaded, started or woken for
        it, and failures are no news.
        """
        profile = await asyncio.to_thread(self._counting_profile, choice)
        if profile is None:
            return None
        from forllm_desktop.llm.llama_counting import count_if_awake
        from forllm_desktop.llm.transport import Transport

        with self._database.read() as session:
            settings = setting_rows.load(session)
        transport = Transport(profile, replace(self._limits, read=EXACT_WITHIN))
        try:
            async with asyncio.timeout(EXACT_WITHIN):
                think = think_of(options.think if options is not None else None, is_on=settings.think)
                counted = await count_if_awake(transport, choice.name, messages, think)
        except TimeoutError:
            return None
        finally:
            await transport.aclose()
        return TokenCount(counted, is_exact=True) if counted is not None else None

    def _counting_profile(self, choice: ModelChoice) -> ServerProfile | None:
        """Return how to reach a server that can count; may block on the keyring."""
        try:
            profile = self._models.profile(choice.server_id)
        except NotFound:
            return None
        if profile.kind is ServerKind.ENGINE:
            served = self._engine.served(choice.name)
            if served is None:
                return None
            return replace(profile, base_url=served.url, api_key=served.api_key, use_proxy=False)
        return profile if profile.kind is ServerKind.LLAMACPP else None

    def _lessons(self, choice: ModelChoice) -> list[Lesson]:
        with self._database.read() as session:
            return [
                Lesson(TextSize(*sample.kinds), sample.expected, sample.reported, sample.was_shortened)
                for sample in rows.samples(session, choice)
            ]
