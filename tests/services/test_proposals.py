"""A new text for a persona is a proposal: compared, accepted whole or in parts, or dropped."""

from typing import Any

import pytest

from forllm_desktop.domain.errors import InvalidInput, NotPossible
from forllm_desktop.domain.generation import GenerationResult, GenerationType, PersonaGenerationRequest, Stage
from forllm_desktop.domain.persona import Origin, Persona, Source
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.templates import Template, TemplateScore
from forllm_desktop.events import Events
from forllm_desktop.services.generation import GenerationService
from forllm_desktop.services.persona import PersonaService, StaleVersion
from forllm_desktop.services.proposals import ProposalService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.ratings import RatingService
from forllm_desktop.storage.database import Database
from tests.builders import a_server

OLD = "## Persona Name: Signe\n\n## Core Identity:\nYou are the old Signe."
NEW = "## Persona Name: Signe Dahl\n\n## Core Identity:\nYou are the new Signe."
TEMPLATE = Template("expansion/from_name_and_description", "Think about {{name_hint}}.", "own v2", True)


class Desk:
    """The services that regenerating needs, over one database."""

    def __init__(self, database: Database, events: Events, personas: PersonaService, queue: QueueService):
        self.database, self.personas, self.queue = database, personas, queue
        self.generation = GenerationService(database, events, personas)
        self.proposals = ProposalService(database, events, personas)
        self.ratings = RatingService(database, events)
        self.model = ModelChoice(a_server(database).server_id, "tiny")

    def signe(self, **details: Any) -> Persona:
        used = {"expansion": {"name": TEMPLATE.name, "version": "own v1"}}
        origin = Origin(Source.FROM_NAME, {"templates": used, **details}, "tiny")
        return self.personas.create("Signe", OLD, origin=origin)

    def propose(self, persona_id: int, text: str = NEW, name: str = "Signe Dahl") -> int:
        """Regenerate a persona and return the request, complete, with its proposal."""
        request = PersonaGenerationRequest(
            GenerationType.FROM_NAME_AND_DESCRIPTION, {"description_hint": "A biologist"}, self.model
        )
        job = self.generation.regenerate(persona_id, request)
        assert self.queue.claim() is not None
        self.generation.keep_stage(job.request_id, Stage.EXPANSION, "Much.", "", [], TEMPLATE)
        assert self.generation.finish(job.request_id, GenerationResult(name, text), {})
        return job.request_id


@pytest.fixture
def desk(database: Database, events: Events, personas: PersonaService, queue: QueueService) -> Desk:
    return Desk(database, events, personas, queue)


def test_accepted_whole_it_is_the_next_version_under_the_old_name(desk: Desk) -> None:
    persona_id = desk.signe().persona_id
    request = desk.propose(persona_id)
    assert desk.personas.persona(persona_id).prompt_instructions == OLD
    accepted = desk.proposals.accept(request)
    assert (accepted.version, accepted.name) == (2, "Signe")
    assert accepted.prompt_instructions == NEW.replace("Signe Dahl", "Signe")
    assert desk.personas.version(persona_id, 2).note == f"Generated anew (request {request})"


def test_name_is_taken_when_wished(desk: Desk) -> None:
    request = desk.propose(desk.signe().persona_id)
    accepted = desk.proposals.accept(request, takes_name=True)
    assert (accepted.name, accepted.prompt_instructions) == ("Signe Dahl", NEW)


def test_chosen_sections_become_the_next_version(desk: Desk) -> None:
    request = desk.propose(desk.signe().persona_id)
    accepted = desk.proposals.accept(request, instructions="## Core Identity:\nBoth.")
    assert accepted.prompt_instructions == "## Core Identity:\nBoth."


def test_inputs_of_the_new_text_are_kept_and_the_old_rating_stays_counted(desk: Desk) -> None:
    persona_id = desk.signe(assign_to=7).persona_id
    desk.ratings.rate(persona_id, 1, "Good.")
    desk.proposals.accept(desk.propose(persona_id))
    details = desk.personas.persona(persona_id).generation_input_details or {}
    assert (details["input_details"]["description_hint"], details["assign_to"]) == ("A biologist", 7)
    inputs = desk.generation.inputs_of(persona_id)
    assert inputs is not None
    assert inputs.input_details["description_hint"] == "A biologist"
    assert desk.ratings.rating(persona_id) is None, "nobody has rated the new text yet"
    assert desk.ratings.scores() == [
        TemplateScore(TEMPLATE.name, "own v1", 1, 0, 0),
        TemplateScore(TEMPLATE.name, "own v2", 0, 0, 1),
    ]


def test_proposal_that_was_dropped_changes_nothing_and_its_text_stays_with_the_request(desk: Desk) -> None:
    persona_id = desk.signe().persona_id
    request = desk.propose(persona_id)
    desk.proposals.drop(request)
    assert desk.personas.persona(persona_id).version == 1
    assert desk.proposals.proposals() == []
    assert (desk.queue.job(request).output or {})["result"]["prompt_instructions"] == NEW
    with pytest.raises(NotPossible, match="no open proposal"):
        desk.proposals.accept(request)


def test_persona_that_changed_meanwhile_is_not_overwritten_unseen(desk: Desk) -> None:
    persona_id = desk.signe().persona_id
    request = desk.propose(persona_id)
    desk.personas.change(persona_id, instructions="By hand.")
    (proposal,) = desk.proposals.proposals(persona_id)
    assert (proposal.based_on, desk.personas.persona(persona_id).version) == (1, 2)
    with pytest.raises(StaleVersion):
        desk.proposals.accept(request, based_on=1)
    assert desk.proposals.proposals(persona_id), "it still waits"
    assert desk.proposals.accept(request, based_on=2).version == 3


def test_name_that_another_has_is_told_and_the_proposal_waits(desk: Desk) -> None:
    persona_id = desk.signe().persona_id
    desk.personas.create("Signe Dahl", "You are.")
    request = desk.propose(persona_id)
    with pytest.raises(InvalidInput):
        desk.proposals.accept(request, takes_name=True)
    assert desk.proposals.proposal(request) is not None


def test_proposals_are_listed_by_persona_the_newest_first(desk: Desk) -> None:
    ada, signe = desk.personas.create("Ada", "You are.").persona_id, desk.signe().persona_id
    requests = [desk.propose(ada), desk.propose(signe), desk.propose(ada)]
    assert [p.request_id for p in desk.proposals.proposals()] == requests[::-1]
    assert [p.request_id for p in desk.proposals.proposals(ada)] == [requests[2], requests[0]]
