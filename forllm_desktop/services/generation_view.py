"""What a request that writes a persona looks like to a reader: its stages, and which headings are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.generation import GenerationResult, PersonaGenerationRequest, Stage
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.prompting.persona_parser import parse_persona
from forllm_desktop.services.running import Progress

_AFTER = {JobStatus.ERROR: "failed", JobStatus.CANCELLED: "stopped", JobStatus.PROCESSING: "running"}


@dataclass(frozen=True)
class StageView:
    """One call: `state` is "done", "running", "failed", "stopped" or "waiting".

    `text` is what it wrote so far. `tokens` and `seconds` are 0 while nothing is known; `rate` is in tokens
    per second, and `phase` says what the server does, of a running one.
    """

    stage: Stage
    state: str
    text: str = ""
    thinking: str = ""
    tokens: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    phase: str = ""
    fraction: float | None = None


@dataclass(frozen=True)
class GenerationView:
    """A request with its stages in their order; those that may not be needed only once they begin.

    `request` is None when the row cannot be read. `persona_id` is the persona that was made, or 0.
    """

    job: Job
    request: PersonaGenerationRequest | None
    stages: tuple[StageView, ...]
    result: GenerationResult | None = None
    persona_id: int = 0
    assign_to: int | None = None
    regenerates: int | None = None
    decision: str = ""

    @property
    def current(self) -> StageView:
        """The stage that is under way, or the last one."""
        return next((stage for stage in self.stages if stage.state != "done"), self.stages[-1])

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings that were asked for, the name's first."""
        return self.request.output_preferences.headings if self.request else ()


@dataclass(frozen=True)
class Written:
    """What a text holds so far: the name ("" when it says none), the headings with text, and the last one."""

    name: str = ""
    headings: tuple[str, ...] = ()
    last: str = ""


def generation_view(job: Job, running: Progress | None) -> GenerationView:
    """Return a request as it stands, with what it has written by now if it runs."""
    params, output = job.request_params or {}, job.output or {}
    try:
        request = PersonaGenerationRequest.from_params(params)
    except (ForllmError, KeyError, TypeError):
        request = None
    result = output.get("result")
    return GenerationView(
        job=job,
        request=request,
        stages=tuple(_stages(job, request, output, running)),
        result=GenerationResult.from_json(result) if result else None,
        persona_id=output.get("persona_id") or 0,
        assign_to=params.get("assign_to"),
        regenerates=params.get("regenerates"),
        decision=output.get("decision") or "",
    )


def written(view: GenerationView) -> Written:
    """Read which headings the text of a request has by now."""
    texts = {stage.stage: stage.text for stage in view.stages}
    if view.result is not None:
        return _read([view.result.prompt_instructions], view.headings)
    kept = texts.get(Stage.CRITIQUE) or texts.get(Stage.REFINEMENT, "")
    return _read([kept, texts.get(Stage.REPAIR, "")], view.headings)


def _read(texts: Sequence[str], wanted: Sequence[str]) -> Written:
    name, found, last = "", set[str](), ""
    for text in texts:
        if text.strip():
            parsed = parse_persona(text, wanted)
            name = name or parsed.name
            found |= set(parsed.sections)
            last = next(reversed(parsed.sections), "")
    return Written(name, tuple(heading for heading in wanted[1:] if heading in found), last)


def _stages(
    job: Job, request: PersonaGenerationRequest | None, output: dict[str, Any], running: Progress | None
) -> list[StageView]:
    done = output.get("stages", {})
    begun = (running.stage if running else "") or output.get("stage", "")
    usual = [Stage.EXPANSION, Stage.REFINEMENT]
    if request is not None and request.has_critique:
        usual.append(Stage.CRITIQUE)
    order = [stage for stage in Stage if stage in usual or stage in done or stage == begun]
    at = next((stage for stage in order if stage not in done), None)
    return [
        _done(stage, done[stage])
        if stage in done
        else _under_way(stage, job, output, running)
        if stage is at
        else StageView(stage, "waiting")
        for stage in order
    ]


def _done(stage: Stage, kept: dict[str, Any]) -> StageView:
    tokens, seconds = kept.get("tokens") or 0, kept.get("seconds") or 0.0
    return StageView(stage, "done", kept.get("text", ""), kept.get("thinking", ""), tokens, seconds)


def _under_way(stage: Stage, job: Job, output: dict[str, Any], running: Progress | None) -> StageView:
    state = _AFTER.get(JobStatus(job.status), "waiting")
    if running is not None and state == "running":
        is_here = running.stage in ("", stage)
        return StageView(
            stage,
            state,
            running.text if is_here else "",
            running.thinking if is_here else "",
            running.pieces if is_here else 0,
            rate=running.rate if is_here else 0.0,
            phase=running.phase if is_here else "queued",
            fraction=running.fraction if is_here else None,
        )
    is_here = output.get("stage") == stage
    text, thinking = (output.get("text", ""), output.get("thinking", "")) if is_here else ("", "")
    return StageView(stage, state, text, thinking)
