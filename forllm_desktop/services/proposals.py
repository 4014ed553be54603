"""New texts for personas that exist: each waits with its request until the user accepts or drops it."""

from dataclasses import dataclass
from datetime import datetime

from forllm_desktop.domain.errors import NotPossible
from forllm_desktop.domain.generation import GenerationResult
from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.sections import with_name
from forllm_desktop.domain.templates import PersonaRating
from forllm_desktop.events import Events
from forllm_desktop.services import job_steps
from forllm_desktop.services.generation_steps import made_from
from forllm_desktop.services.news import change
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.storage import generation as rows
from forllm_desktop.storage.database import Database, Session


@dataclass(frozen=True)
class Proposal:
    """A new text for a persona that exists; it lives with its request until it is accepted or dropped.

    `based_on` is the version that the persona had when the text was asked for; 0 when that is not known.
    """

    request_id: int
    persona_id: int
    result: GenerationResult
    made_at: datetime | None
    model: str
    based_on: int


class ProposalService:
    """Decides on proposals."""

    def __init__(self, database: Database, events: Events, personas: PersonaService) -> None:
        self._database = database
        self._events = events
        self._personas = personas

    def proposals(self, persona_id: int | None = None) -> list[Proposal]:
        """List the new texts that wait for a decision, the newest first; of one persona if given."""
        with self._database.read() as session:
            found = [_proposal(job) for job in rows.proposed(session, persona_id)]
        return [proposal for proposal in found if proposal is not None]

    def proposal(self, request_id: int) -> Proposal | None:
        """Return the proposal of a request; None when it has none, or it was decided. Raises NotFound."""
        with self._database.read() as session:
            return _proposal(job_steps.existing(session, request_id))

    def accept(
        self,
        request_id: int,
        *,
        instructions: str | None = None,
        takes_name: bool = False,
        based_on: int | None = None,
    ) -> Persona:
        """Make a proposal the next version of its persona: whole, or with the text the user put together.

        The line that says the name says that of the persona, which is kept unless `takes_name`. `based_on`
        is the version that the user compared it with. Raises what `PersonaService.change` raises, and
        NotPossible when it was decided before.
        """
        proposal = self._open(request_id)
        now = self._personas.persona(proposal.persona_id)
        name = proposal.result.persona_name if takes_name else now.name
        persona = self._personas.change(
            proposal.persona_id,
            name=name,
            instructions=with_name(instructions or proposal.result.prompt_instructions, name),
            note=f"Generated anew (request {request_id})",
            based_on=based_on,
        )
        self._decide(request_id, "accepted")
        return persona

    def drop(self, request_id: int) -> None:
        """Leave the persona as it is; the text stays with its request."""
        self._open(request_id)
        self._decide(request_id, "dropped")

    def _open(self, request_id: int) -> Proposal:
        with self._database.read() as session:
            proposal = _proposal(job_steps.existing(session, request_id))
        if proposal is None:
            raise NotPossible("There is no open proposal", "It was accepted or dropped before.")
        return proposal

    def _decide(self, request_id: int, decision: str) -> None:
        with change(self._database, self._events) as (session, news):
            job = job_steps.existing(session, request_id)
            if decision == "accepted":
                _take_inputs(session, job)
            job.output = {**(job.output or {}), "decision": decision}
            news.tell(self._events.job_changed, request_id)
            news.tell(self._events.personas_changed)


def _proposal(job: Job) -> Proposal | None:
    output, params = job.output or {}, job.request_params or {}
    if output.get("decision") != "proposed" or "result" not in output:
        return None
    return Proposal(
        job.request_id,
        params["regenerates"],
        GenerationResult.from_json(output["result"]),
        job.finished_at,
        job.llm_model,
        params.get("regenerates_version") or 0,
    )


def _take_inputs(session: Session, job: Job) -> None:
    """Note on a persona what its new text was made from; what the former text was rated stays counted."""
    persona = session.get(Persona, (job.request_params or {})["regenerates"])
    if persona is None:
        return
    before = persona.generation_input_details or {}
    rated = list(before.get("rated_before", []))
    rating = session.get(PersonaRating, persona.persona_id)
    if rating is not None:
        rated.append({"thumbs": rating.thumbs, "note": rating.note, "templates": before.get("templates", {})})
        session.delete(rating)
    place = {"assign_to": before["assign_to"]} if before.get("assign_to") is not None else {}
    persona.generation_input_details = {**made_from(job), **place, "rated_before": rated}
