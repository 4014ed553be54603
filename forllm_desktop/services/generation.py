"""Lets models write personas: asks for them, keeps what each stage wrote, makes personas of the results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forllm_desktop.domain.base import name_key, utc_now
from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.generation import (
    GenerationResult,
    GenerationType,
    OutputPreferences,
    PersonaGenerationRequest,
    Stage,
)
from forllm_desktop.domain.persona import Persona, PersonaContent
from forllm_desktop.domain.persona_text import instruction_findings
from forllm_desktop.domain.queue import Job, JobKind, JobStatus
from forllm_desktop.domain.servers import ModelChoice, model_word
from forllm_desktop.domain.templates import Template
from forllm_desktop.domain.variation import Angle, too_alike, variation_plan
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import Message
from forllm_desktop.services import job_steps, mending
from forllm_desktop.services import persona_steps as steps
from forllm_desktop.services.generation_steps import made_from
from forllm_desktop.services.generation_words import note_of, one_line
from forllm_desktop.services.news import News, change
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.posting import live_subforum
from forllm_desktop.storage import generation as rows
from forllm_desktop.storage import queue as queue_rows
from forllm_desktop.storage.database import Database, Session


@dataclass(frozen=True)
class Batch:
    """Requests that were made together."""

    batch_id: int
    jobs: tuple[Job, ...]

    @property
    def done(self) -> int:
        """How many have ended, in whatever way."""
        return sum(not job.is_open for job in self.jobs)


class GenerationService:
    """Requests that write personas."""

    def __init__(
        self,
        database: Database,
        events: Events,
        personas: PersonaService,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._events = events
        self._personas = personas
        self._clock = clock

    # -- asking

    def generate(
        self,
        request: PersonaGenerationRequest,
        *,
        assign_to: int | None = None,
        regenerates: int | None = None,
        reuse: int | None = None,
    ) -> Job:
        """Queue a request for a persona.

        It is assigned to the subforum `assign_to` when it arrives. With `regenerates` the result becomes a
        proposal for that persona. `reuse` is a request whose brainstorm is taken over. Raises NotFound and
        NotPossible.
        """
        with change(self._database, self._events) as (session, news):
            return self._insert(session, news, request, assign_to, regenerates, reuse)

    def subforum_request(
        self,
        subforum_id: int,
        model: ModelChoice,
        *,
        directives: str = "",
        preferences: OutputPreferences | None = None,
        name: str = "",
        has_critique: bool = False,
    ) -> PersonaGenerationRequest:
        """Return the request for an expert of a subforum. Raises InvalidInput for one without description."""
        with self._database.read() as session:
            subforum = live_subforum(session, subforum_id)
        return PersonaGenerationRequest(
            GenerationType.SUBFORUM_EXPERT,
            {
                "subforum_name": subforum.name,
                "subforum_description": subforum.description,
                "additional_directives": directives,
            },
            model,
            preferences or OutputPreferences(),
            name,
            has_critique,
        )

    def generate_experts(
        self,
        subforum_id: int,
        model: ModelChoice,
        count: int,
        *,
        angles: Sequence[Angle] | None = None,
        directives: str = "",
        preferences: OutputPreferences | None = None,
        has_critique: bool = False,
    ) -> list[Job]:
        """Queue several experts for one subforum, each with an angle of its own, in one commit.

        `angles` is the variation plan as the user left it; without one it is made. Raises InvalidInput.
        """
        plan = list(angles) if angles is not None else variation_plan(count)
        if len(plan) != count:
            raise InvalidInput("count", "The plan has another number of experts", f"It has {len(plan)}.")
        alike = too_alike(plan)
        if alike is not None:
            raise InvalidInput(
                "angles",
                f"Expert {alike[0] + 1} and expert {alike[1] + 1} are too alike",
                "Let them share at most one of field, temperament, audience and method.",
            )
        requests = [
            self.subforum_request(
                subforum_id,
                model,
                directives="\n".join(
                    filter(None, [directives.strip(), angle.directive if count > 1 else ""])
                ),
                preferences=preferences,
                has_critique=has_critique,
            )
            for angle in plan
        ]
        with change(self._database, self._events) as (session, news):
            jobs = [self._insert(session, news, request, subforum_id, None, None) for request in requests]
            if count > 1:
                for job in jobs:
                    job.batch_id = jobs[0].request_id
        return jobs

    def regenerate(self, persona_id: int, request: PersonaGenerationRequest) -> Job:
        """Queue a new text for a persona, made from the inputs it had or others."""
        return self.generate(request, regenerates=persona_id)

    def inputs_of(self, persona_id: int) -> PersonaGenerationRequest | None:
        """Return what a persona was generated from; None when it was not generated."""
        details = self._personas.persona(persona_id).generation_input_details
        if not details or "generation_type" not in details:
            return None
        return PersonaGenerationRequest.from_params(details)

    def last_brainstorm(self, request: PersonaGenerationRequest) -> int | None:
        """Return the newest request with the same inputs and model that has a brainstorm already."""
        wanted = request.to_params()
        same = ("generation_type", "input_details", "llm_model_for_generation")
        with self._database.read() as session:
            for request_id, params in rows.with_brainstorm(session, request.llm_model_for_generation):
                if all(params.get(key) == wanted[key] for key in same):
                    return request_id
        return None

    # -- reading

    def request_of(self, job: Job) -> PersonaGenerationRequest:
        """Return what a request asks for. Raises InvalidInput when its row cannot be read."""
        if job.request_params is None:
            raise InvalidInput("request_params", "The request is empty", "Make it anew.")
        return PersonaGenerationRequest.from_params(job.request_params)

    def done(self, job: Job) -> dict[Stage, str]:
        """Return what the stages of a request wrote, as far as they are done."""
        stages = (job.output or {}).get("stages", {})
        return {Stage(name): kept["text"] for name, kept in stages.items()}

    def batches(self) -> list[Batch]:
        """List the batches of which something is still open, the newest first."""
        with self._database.read() as session:
            found: dict[int, list[Job]] = {}
            for job in rows.generations(session):
                if job.batch_id is not None:
                    found.setdefault(job.batch_id, []).insert(0, job)
        return [Batch(id, tuple(jobs)) for id, jobs in found.items() if any(job.is_open for job in jobs)]

    # -- running (called from the worker)

    def begin_stage(self, request_id: int, stage: Stage) -> None:
        """Note which stage of a running request is written now."""
        self._note(request_id, {"stage": stage.value, "text": "", "thinking": ""})

    def keep_stage(
        self,
        request_id: int,
        stage: Stage,
        text: str,
        thinking: str,
        messages: Sequence[Message],
        template: Template,
        tokens: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Keep what a stage wrote: the prompt as sent, the template it was made with, and what it took."""
        kept = {
            "tokens": tokens,
            "seconds": seconds,
            "text": text,
            "thinking": thinking,
            "prompt": list(messages),
            "template": template.name,
            "template_version": template.version,
        }
        self._note(request_id, {"text": "", "thinking": ""}, stage, kept)

    def finish(self, request_id: int, result: GenerationResult, metrics: dict[str, Any]) -> bool:
        """Complete a running request: make its persona, or keep the proposal; False if it has ended."""
        now = self._clock()
        with change(self._database, self._events) as (session, news):
            job = job_steps.existing(session, request_id)
            if job.status != JobStatus.PROCESSING:
                return False
            output = {**(job.output or {}), "result": result.to_json()}
            params = job.request_params or {}
            if params.get("regenerates"):
                output["decision"] = "proposed"
            elif params.get("mends"):
                output["persona_id"] = params["mends"]
                persona = mending.mend(session, job, result, now)
                persona.attention = _attention(result, persona.prompt_instructions)
                if persona.attention is None:
                    self._place(session, news, persona, persona.generation_input_details or {}, now)
            else:
                output["persona_id"] = self._make_persona(session, news, job, result, now)
            job.output, job.metrics = output, metrics
            job_steps.end(job, JobStatus.COMPLETE, now)
            news.tell(self._events.personas_changed)
            news.tell(self._events.job_changed, request_id)
        return True

    # -- deciding

    def accept(self, persona_id: int) -> None:
        """Let a persona that needed attention answer, and give it the place it was made for."""
        with change(self._database, self._events) as (session, news):
            persona = steps.live(session, persona_id)
            persona.attention = None
            self._place(session, news, persona, persona.generation_input_details or {}, self._clock())
            news.tell(self._events.personas_changed)

    def mend(self, persona_id: int) -> Job:
        """Ask once more for what a generated persona lacks; its other sections stay as they were written.

        A persona that was changed since gets a proposal instead. Raises NotPossible.
        """
        now = self._clock()
        with change(self._database, self._events) as (session, news):
            job = mending.request_for(session, persona_id, queue_rows.last_position(session) + 1, now)
            news.tell(self._events.job_changed, job.request_id)
        return job

    # -- inside

    def _insert(
        self,
        session: Session,
        news: News,
        request: PersonaGenerationRequest,
        assign_to: int | None,
        regenerates: int | None,
        reuse: int | None,
    ) -> Job:
        model = request.llm_model_for_generation
        job_steps.require_server(session, model.server_id)
        if assign_to is not None:
            live_subforum(session, assign_to)
        target = steps.live(session, regenerates) if regenerates is not None else None
        now = self._clock()
        job = Job(
            request_type=JobKind.GENERATE_PERSONA.value,
            request_params={
                **request.to_params(),
                "assign_to": assign_to,
                "regenerates": regenerates,
                "regenerates_version": target.version if target is not None else None,
            },
            position=queue_rows.last_position(session) + 1,
            llm_model=model.name,
            server_id=model.server_id,
            requested_at=now,
            status=JobStatus.PENDING.value,
            output=_brainstorm(session, reuse) if reuse is not None else None,
        )
        job_steps.park_with_server(session, job, now)
        session.add(job)
        session.flush()
        news.tell(self._events.job_changed, job.request_id)
        return job

    def _note(
        self,
        request_id: int,
        values: dict[str, Any],
        stage: Stage | None = None,
        kept: dict[str, Any] | None = None,
    ) -> None:
        with change(self._database, self._events) as (session, news):
            job = job_steps.existing(session, request_id)
            output = {**(job.output or {}), **values}
            if stage is not None:
                output["stages"] = {**output.get("stages", {}), stage.value: kept}
            job.output = output
            news.tell(self._events.job_changed, request_id)

    def _make_persona(
        self, session: Session, news: News, job: Job, result: GenerationResult, now: datetime
    ) -> int:
        request = self.request_of(job)
        details = made_from(job)
        name = steps.free_name(session, result.persona_name)
        text = result.prompt_instructions.replace("\0", "\ufffd")
        if name != result.persona_name:
            text = text.replace(f": {result.persona_name}", f": {name}", 1)
        persona = Persona(
            name_key=name_key(name),
            created_at=now,
            updated_at=now,
            created_by_user=steps.OWNER,
            version=1,
            generation_source=request.source.value,
            generation_input_details=details,
            attention=_attention(result, text),
            is_unseen=True,
            tags=[],
        )
        persona.take(PersonaContent(name, text, one_line(request)))
        session.add(persona)
        session.flush()
        steps.add_version(session, persona, now, note_of(request), model_word(job.llm_model)[:200])
        if persona.attention is None:
            self._place(session, news, persona, details, now)
        return persona.persona_id

    def _place(
        self, session: Session, news: News, persona: Persona, details: dict[str, Any], now: datetime
    ) -> None:
        """Assign a persona to the subforum it was made for, if that is still there."""
        subforum_id = details.get("assign_to")
        if subforum_id is None:
            return
        try:
            live_subforum(session, subforum_id)
        except NotFound:
            return
        steps.assign(session, subforum_id, persona.persona_id, now)
        news.tell(self._events.subforums_changed)


def _brainstorm(session: Session, request_id: int) -> dict[str, Any]:
    """Return an output that begins with the brainstorm of another request."""
    other = job_steps.existing(session, request_id)
    kept = (other.output or {}).get("stages", {}).get(Stage.EXPANSION.value)
    if kept is None:
        raise NotPossible("That request has no brainstorm", "Begin with a new one.")
    return {"stages": {Stage.EXPANSION.value: kept}}


def _attention(result: GenerationResult, text: str) -> str | None:
    """Say what keeps a generated text from being used as it is."""
    faults = [finding.message for finding in instruction_findings(text) if finding.is_blocking]
    if result.missing:
        faults.insert(0, f"Missing: {', '.join(result.missing)}.")
    return " ".join(faults) or None
