"""The context window of each model: what its server says, what the user set, what may be used."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.servers import ModelChoice, ModelFacts, ModelOptions, ServerKind
from forllm_desktop.domain.settings import checked_option
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import Limits, ModelInfo
from forllm_desktop.llm.prompt_size import bucket
from forllm_desktop.services.models import ModelsService
from forllm_desktop.storage import counting as rows
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.database import Database, IntegrityError

MISS_FOR = timedelta(minutes=5)
"""How long it counts that a server said nothing of a model's window: it may have been loading."""
SEEN_EVERY = timedelta(minutes=5)
"""How old a fact gets before hearing it again is written down: this lies before a request's first byte."""


class WindowSource(StrEnum):
    """Where a model's window comes from: its server's limit, the user's number for it, or the settings."""

    SERVER = "server"
    OWN = "own"
    SETTINGS = "settings"


class WindowService:
    """Windows in tokens. All but `refresh` answer from what is stored, and ask no server."""

    def __init__(
        self,
        database: Database,
        events: Events,
        models: ModelsService,
        limits: Limits,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._events = events
        self._models = models
        self._limits = limits
        self._clock = clock

    def window(self, choice: ModelChoice | None) -> int:
        """Return how many tokens prompt and answer may have together.

        That is the smaller of what the server said the model can and what is wanted: the user's number for
        this model, else that of the settings. What a server said counts until it says something else.
        """
        with self._database.read() as session:
            return rows.window(session, choice)

    def source(self, choice: ModelChoice) -> WindowSource:
        """Say where the window of a model comes from."""
        with self._database.read() as session:
            facts, wanted = rows.facts(session, choice), rows.wanted(session, choice)
            options = rows.options(session, choice)
        if facts is not None and facts.ctx and facts.ctx <= wanted:
            return WindowSource.SERVER
        is_own = options is not None and options.context_window is not None
        return WindowSource.OWN if is_own else WindowSource.SETTINGS

    def wanted(self, choice: ModelChoice | None) -> int:
        """Return the window to ask the server for: the user's number for the model, else the settings'."""
        with self._database.read() as session:
            return rows.wanted(session, choice)

    def facts(self, choice: ModelChoice) -> ModelFacts | None:
        """Return what the server last said of a model, be it long ago; None when it was never asked."""
        with self._database.read() as session:
            return rows.facts(session, choice)

    def known(self) -> list[ModelChoice]:
        """List the models of which something is known, or for which a window is set."""
        with self._database.read() as session:
            return rows.known_choices(session)

    def is_fresh(self, choice: ModelChoice) -> bool:
        """Say whether what is known need not be asked again; that nothing was said is soon asked again."""
        with self._database.read() as session:
            facts = rows.facts(session, choice)
            hours = setting_rows.load(session).facts_hours
        if facts is None:
            return False
        lasts = timedelta(hours=hours) if facts.ctx else min(MISS_FOR, timedelta(hours=hours))
        return timedelta(0) <= self._clock() - facts.seen_at < lasts

    def override(self, choice: ModelChoice) -> int | None:
        """Return the window that the user set for a model."""
        with self._database.read() as session:
            options = rows.options(session, choice)
        return options.context_window if options else None

    def set_override(self, choice: ModelChoice, tokens: int | None) -> None:
        """Set the window of a model, or go back to that of the settings with None.

        Raises InvalidInput when it is larger than what the server says the model can, and NotFound.
        """
        if tokens is not None:
            tokens = checked_option("context_window", tokens)
        self._models.server(choice.server_id)
        with self._database.write() as session:
            facts = rows.facts(session, choice)
            if tokens is not None and facts is not None and facts.ctx and tokens > facts.ctx:
                raise InvalidInput(
                    "context_window",
                    "The window is larger than the model allows",
                    f"{tokens:,} tokens were typed; its server says that {facts.ctx:,} are the most.",
                )
            key = {"server_id": choice.server_id, "model": choice.name}
            session.merge(ModelOptions(**key, context_window=tokens))
        self._events.models_changed.emit()

    def note(self, choice: ModelChoice, model: ModelInfo) -> None:
        """Keep what a server says of a model; the same again is written down only now and then.

        What it does not say this time counts as before until that has expired.
        """
        largest = min((size for size in (model.ctx_trained, model.ctx_allocated) if size), default=None)
        now, known = self._clock(), self.facts(choice)
        # Some is told only while a model is loaded.
        system = known.supports_system if known and model.supports_system is None else model.supports_system
        said = _Said(largest, system)
        before = _Said(known.ctx, known.supports_system) if known is not None else None
        if known is not None and said == before and timedelta(0) <= now - known.seen_at < SEEN_EVERY:
            return
        seen_at = now
        if known is not None and before is not None and self.is_fresh(choice):
            seen_at = known.seen_at if said.ctx is None else now
            said = replace(said, ctx=said.ctx or before.ctx)
        # The server may have been removed meanwhile.
        with suppress(IntegrityError), self._database.write() as session:
            key = {"server_id": choice.server_id, "model": choice.name}
            session.merge(
                ModelFacts(**key, ctx=said.ctx, supports_system=said.supports_system, seen_at=seen_at)
            )
        if known is None or known.ctx != said.ctx:
            self._events.models_changed.emit()

    def bucket(self, choice: ModelChoice, needed: int, most: int, loaded: int | None) -> int:
        """Return the window to ask an Ollama for (see `prompt_size.bucket`), and remember it."""
        facts = self.facts(choice)
        last = facts.bucket if facts is not None else None
        size = bucket(needed, most, last, loaded)
        if facts is not None and size != last:
            with self._database.write() as session:
                kept = rows.facts(session, choice)
                if kept is not None:
                    kept.bucket = size
        return size

    async def refresh(self, choice: ModelChoice, *, always: bool = False) -> ModelFacts | None:
        """Ask a server what a model can, unless that is known; nothing is loaded, started or woken.

        Returns what is known then. Raises BackendError and NotFound.
        """
        if not always and self.is_fresh(choice):
            return self.facts(choice)
        self.note(choice, await self._described(choice))
        return self.facts(choice)

    async def _described(self, choice: ModelChoice) -> ModelInfo:
        profile = await asyncio.to_thread(self._models.profile, choice.server_id)
        if profile.kind is ServerKind.ENGINE:
            from forllm_desktop.llm.gguf_header import read_gguf_header

            header = await asyncio.to_thread(read_gguf_header, choice.name)
            return ModelInfo(choice.name, ctx_trained=header.ctx_trained)
        from forllm_desktop.llm.connect import connect

        backend = await connect(profile, self._limits)
        try:
            return await backend.describe(choice.name)
        finally:
            await backend.aclose()


@dataclass(frozen=True)
class _Said:
    """What a server says of a model; None where it says nothing."""

    ctx: int | None
    supports_system: bool | None
