"""Builds the prompts of requests; preview and worker call the same functions."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.forum import User, storable
from forllm_desktop.domain.persona import Persona, PersonaContent, PersonaOptions, PersonaVersion, resolve
from forllm_desktop.domain.prompt_variables import resolve_variables
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ModelChoice, Server, model_word
from forllm_desktop.domain.xray import DraftQuestion, Xray
from forllm_desktop.llm.backend import Message, TokenCount
from forllm_desktop.llm.estimator import Estimator
from forllm_desktop.prompting.fitting import Budget, Count, compose, fitted, too_long, too_many
from forllm_desktop.prompting.material import Material, Turn, TurnFile
from forllm_desktop.prompting.prompt import SizedPrompt
from forllm_desktop.services import job_steps as steps
from forllm_desktop.services import material
from forllm_desktop.services.material import Place
from forllm_desktop.services.posting import WRITER, live_topic
from forllm_desktop.services.sent_prompts import sent_xray
from forllm_desktop.storage import context as context_rows
from forllm_desktop.storage import counting as counting_rows
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage import persona as persona_rows
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.database import Database, Session

Exact = Callable[[ModelChoice, Sequence[Message], PersonaOptions], Awaitable[TokenCount | None]]
"""Counts a prompt as it would be sent to a model with these options; None when the model is not loaded."""

_CLOSE = 0.75
"""Share of the room from which on an estimate of what must be sent is not relied on, if there is a count."""

FilesOf = Callable[[DraftQuestion], Sequence[AttachedFile | TurnFile]]


@dataclass(frozen=True)
class Target:
    """The model that a prompt is for; `window` is how many tokens prompt and answer may have together."""

    name: str
    window: int
    has_system_role: bool
    estimator: Estimator
    was_asked: bool = True


class PromptService:
    """From a post and a persona to one prompt. Everything may be called from any thread.

    `estimator` leads from a model to what estimates its tokens, `files` from a draft to its files; `exact`
    counts with a model that is loaded anyway.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime] = utc_now,
        estimator: Callable[[ModelChoice | None], Estimator] = lambda _: Estimator(),
        files: FilesOf = lambda draft: draft.files,
        exact: Exact | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._estimator = estimator
        self._files = files
        self._exact = exact

    # -- before it is sent

    def preview(
        self, post_id: int, persona_id: int, content: PersonaContent, model: ModelChoice | None
    ) -> Xray:
        """Return what would be sent if this persona, as it is or as it is being edited, answered a post now.

        No server is asked: sizes are estimates, and what a model can do is what it last said. Raises
        NotFound.
        """
        content = replace(content, name=storable(content.name), instructions=storable(content.instructions))
        version = PersonaVersion(persona_id=persona_id, version=0)
        version.take(content)
        estimator = self._estimator(model)
        with self._database.read() as session:
            place = material.place_of(session, post_id)
            target = _target(session, model, estimator)
            gathered = self._filled(
                session, material.for_post(session, place, post_id, version), target, place
            )
        budget = Budget.of(target.window, place.options, version.max_reply_tokens)
        return _xray(compose(gathered, budget, target.estimator, system_role=target.has_system_role), target)

    def preview_post(
        self,
        post_id: int,
        persona_id: int | None = None,
        version: int | None = None,
        model: ModelChoice | None = None,
    ) -> Xray:
        """Return what would be sent if a post was answered now; who is not named is as when asking.

        No server is asked, as in `preview`. Raises NotFound.
        """
        with self._database.read() as session:
            subforum_id = material.place_of(session, post_id).subforum_id
            persona = _answering(session, subforum_id, persona_id, version)
            model = model or _model_of(session, persona)
        return self.preview(post_id, persona.persona_id, persona.content, model)

    def preview_draft(self, draft: DraftQuestion) -> Xray:
        """Return what would be sent for a post that is being written, were it posted now.

        Nothing is stored and no server is asked, as in `preview`; files that it tags are read. Raises
        NotFound.
        """
        gathered, budget, target, _ = self._of_draft(draft)
        return _xray(compose(gathered, budget, target.estimator, system_role=target.has_system_role), target)

    def counted_draft(
        self, draft: DraftQuestion, exact: Exact, is_wanted: Callable[[], bool] = lambda: True
    ) -> Xray | None:
        """Return what `preview_draft` shows by exact counts, as it will be sent; None when `exact` has none.

        None too once it is not wanted any more: a handful of counts is made, each as fast as its server.
        Called in a thread that has no event loop; `exact` makes its calls in one of its own. Raises NotFound.
        """
        gathered, budget, target, asked = self._of_draft(draft)

        async def count(messages: Sequence[Message]) -> TokenCount:
            model = asked.model if is_wanted() else None
            counted = await exact(model, messages, asked.options) if model else None
            if counted is None:
                raise _NotLoaded
            return counted

        made = fitted(gathered, budget, target.estimator, count, system_role=target.has_system_role)
        try:
            # The window's own kind of loop would be taken otherwise, which belongs to its thread.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                prompt = runner.run(made)
        except _NotLoaded:
            return None
        return _xray(prompt, target)

    def require_fit(self, draft: DraftQuestion) -> None:
        """Raise InvalidInput, with the numbers and what to drop, when a post has no room in the window.

        Where the estimate is close a loaded model decides, as when it is sent; called in a thread like
        `counted_draft`.
        """
        found = self.preview_draft(draft)
        if self._exact is not None and _is_close(found):
            found = self.counted_draft(draft, self._exact) or found
        if not found.fits:
            count = TokenCount(found.total, found.is_exact)
            raise InvalidInput(
                "text",
                too_many(count, found.window, found.answer),
                too_long(found.parts, count, found.window, found.answer),
            )

    def answered_post(self, topic_id: int) -> int:
        """Return the post of a topic that a persona answers when none is named: its newest whole one."""
        with self._database.read() as session:
            live_topic(session, topic_id)
            found = rows.newest_whole_post(session, topic_id)
        if found is None:
            raise NotFound("The topic has no post to answer", "Write one first.")
        return found

    # -- sending

    async def to_send(
        self, post_id: int, persona: PersonaVersion, target: Target, count: Count
    ) -> SizedPrompt:
        """Return the prompt that asks a persona to answer a post: what `preview` shows, by real counts.

        It may be too long, if what must be in it is; `require_fit` says so. Raises NotFound.
        """
        with self._database.read() as session:
            place = material.place_of(session, post_id)
            gathered = self._filled(
                session, material.for_post(session, place, post_id, persona), target, place
            )
        budget = Budget.of(target.window, place.options, persona.max_reply_tokens)
        return await fitted(gathered, budget, target.estimator, count, system_role=target.has_system_role)

    async def to_try(
        self, content: PersonaContent, question: str, target: Target, count: Count
    ) -> SizedPrompt:
        """Return the prompt that asks a persona one question outside of every topic, as `to_send`."""
        persona = PersonaVersion(persona_id=0, version=0)
        persona.take(content)
        with self._database.read() as session:
            asked = Turn(session.get_one(User, WRITER).username, question)
            alone = Material(persona.prompt_instructions, asked, persona=persona.name)
            gathered = self._filled(session, alone, target, None)
            options = material.default_options(session)
        budget = Budget.of(target.window, options, persona.max_reply_tokens)
        return await fitted(gathered, budget, target.estimator, count, system_role=target.has_system_role)

    # -- after it was sent

    def sent(self, request_id: int) -> Xray | None:
        """Return the prompt that a request sent; None when it has sent none yet. Raises NotFound."""
        with self._database.read() as session:
            job = steps.existing(session, request_id)
        return sent_xray(job, self._error(job))

    def before(self, request_id: int) -> Xray | None:
        """Return the prompt that the same persona was sent in the same topic before; None for the first."""
        with self._database.read() as session:
            job = context_rows.prompt_before(session, steps.existing(session, request_id))
        return sent_xray(job, self._error(job)) if job is not None else None

    # -- inside

    def _of_draft(self, draft: DraftQuestion) -> tuple[Material, Budget, Target, "_Asked"]:
        files = self._files(draft)
        with self._database.read() as session:
            place = material.place_of_draft(session, draft)
            persona = _answering(session, place.subforum_id, draft.persona_id, draft.version)
            model = draft.model or _model_of(session, persona)
        estimator = self._estimator(model)
        with self._database.read() as session:
            target = _target(session, model, estimator)
            gathered = self._filled(
                session, material.for_draft(session, place, draft, files, persona), target, place
            )
        budget = Budget.of(target.window, place.options, persona.max_reply_tokens)
        return gathered, budget, target, _Asked(model, persona.options)

    def _filled(self, session: Session, gathered: Material, target: Target, place: Place | None) -> Material:
        """Fill the variables of the persona's text; outside of a topic two of them stand for nothing."""
        now = self._clock().astimezone()
        values = {
            "char": gathered.persona,
            "user": session.get_one(User, WRITER).username,
            "date": f"{now:%Y-%m-%d}",
            "time": f"{now:%H:%M}",
            "weekday": _WEEKDAYS[now.weekday()],
            "model": model_word(target.name),
        }
        if place is not None:
            values["topic"] = place.topic
            if place.subforum_id:
                values["subforum"] = place.subforum
        return replace(gathered, instructions=resolve_variables(gathered.instructions, values))

    def _error(self, job: Job) -> float | None:
        return self._estimator(ModelChoice(job.server_id, job.llm_model) if job.server_id else None).error


@dataclass(frozen=True)
class _Asked:
    """Which model would be asked, and how."""

    model: ModelChoice | None
    options: PersonaOptions


class _NotLoaded(Exception):
    """The model that would count is not loaded."""


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _target(session: Session, model: ModelChoice | None, estimator: Estimator) -> Target:
    """Return what is known of a model without asking its server."""
    facts = counting_rows.facts(session, model) if model else None
    return Target(
        model.name if model else "",
        counting_rows.window(session, model),
        facts is None or facts.supports_system is not False,
        estimator,
        facts is not None,
    )


def _answering(session: Session, subforum_id: int, chosen: int | None, version: int | None) -> PersonaVersion:
    persona_id = chosen or resolve(persona_rows.candidates(session, subforum_id, None)).persona_id
    persona = session.get(Persona, persona_id)
    if persona is None:
        raise NotFound("The persona does not exist", f"There is none with the number {persona_id}.")
    found = persona_rows.version(session, persona.persona_id, version or persona.version)
    if found is None:
        raise NotFound(f"{persona.name} has no v{version}", f"The newest is v{persona.version}.")
    return found


def _model_of(session: Session, persona: PersonaVersion) -> ModelChoice | None:
    """Return the model that a persona is asked with when none is named."""
    preferred = persona.options.model
    if preferred is not None and session.get(Server, preferred.server_id):
        return preferred
    settings = setting_rows.load(session)
    default = ModelChoice(settings.default_server_id, settings.default_model)
    return default if default.name and session.get(Server, default.server_id) else None


def _is_close(found: Xray) -> bool:
    """Say whether an estimate may be wrong about what must be sent having room."""
    around = [part for part in found.parts if part.source in ("thread", "other") and not part.is_pinned]
    can_go = {part.post_id for part in around}
    fixed = sum(part.tokens for part in found.parts if part.post_id is None or part.post_id not in can_go)
    return fixed > _CLOSE * (found.window - found.answer)


def _xray(prompt: SizedPrompt, target: Target) -> Xray:
    return Xray(
        messages=tuple(prompt.messages),
        parts=tuple(prompt.parts),
        left_out=prompt.left_out,
        total=prompt.count.value,
        window=target.window,
        answer=prompt.answer,
        is_exact=prompt.count.is_exact,
        error=None if prompt.count.is_exact else target.estimator.error,
        is_known_model=target.was_asked,
    )
