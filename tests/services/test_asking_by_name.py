"""Asking personas by name: with which model, whom it assigns, how it is taken back; several at once."""

import pytest

from forllm_desktop.domain.errors import NotFound, NotPossible
from forllm_desktop.domain.persona import FALLBACK_PERSONA_ID, PersonaOptions
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.events import Events
from forllm_desktop.services.asking import PersonaAskingService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from tests.builders import a_server, a_topic


@pytest.fixture
def asking(database: Database, events: Events, queue: QueueService) -> PersonaAskingService:
    return PersonaAskingService(database, events, queue)


@pytest.fixture
def default(database: Database, events: Events) -> ModelChoice:
    server = a_server(database)
    SettingsService(database, events).change(default_server_id=server.server_id, default_model="tiny")
    return ModelChoice(server.server_id, "tiny")


def test_the_preferred_model_answers_else_the_default_one(
    asking: PersonaAskingService, personas: PersonaService, database: Database, default: ModelChoice
) -> None:
    other = ModelChoice(a_server(database, "http://127.0.0.1:8080", name="big").server_id, "large")
    picky = personas.create("Picky", "Be picky.", options=PersonaOptions(model=other))
    gone = personas.create("Gone", "Be gone.", options=PersonaOptions(model=ModelChoice(99, "gone")))
    plain = personas.create("Plain", "Be plain.")
    wishes = asking.wishes([picky.persona_id, gone.persona_id, plain.persona_id, plain.persona_id])
    assert [wish.model for wish in wishes] == [other, default, default]
    assert all(wish.assigns for wish in wishes)


def test_without_a_model_nobody_is_asked(asking: PersonaAskingService, personas: PersonaService) -> None:
    ada = personas.create("Ada", "Be Ada.")
    with pytest.raises(NotPossible, match="No model is set up"):
        asking.wishes([ada.persona_id])


def test_a_deleted_persona_is_not_asked(
    asking: PersonaAskingService, personas: PersonaService, default: ModelChoice
) -> None:
    ada = personas.create("Ada", "Be Ada.")
    personas.delete(ada.persona_id)
    with pytest.raises(NotPossible, match="Ada cannot answer"):
        asking.wishes([ada.persona_id])
    with pytest.raises(NotFound):
        personas.usable([99])


def test_asking_assigns_and_undo_takes_both_back(
    asking: PersonaAskingService,
    personas: PersonaService,
    forum: ForumService,
    queue: QueueService,
    default: ModelChoice,
) -> None:
    topic, post = a_topic(forum)
    ada, ben = (personas.create(name, "Be yourself.").persona_id for name in ("Ada", "Ben"))
    undo = asking.ask(post.post_id, asking.wishes([ada, ben]))
    assert undo.label == "Ada and Ben will answer in “Why is the sky blue?”, now assigned to Physics"
    assert [m.card.name for m in personas.members(topic.subforum_id)] == ["Ada", "Ben"]
    assert asking.undo(undo).message == "The requests are cancelled"
    assert personas.members(topic.subforum_id) == []
    assert {job.status for job in queue.jobs()} == {JobStatus.CANCELLED}


def test_several_personas_are_deleted_and_switched_at_once(personas: PersonaService) -> None:
    ids = [personas.create(name, "Be yourself.").persona_id for name in ("Ada", "Ben", "Cleo")]
    off = personas.set_active(ids[:2], False)
    assert off.label == "Ada and Ben are switched off"
    again = personas.set_active(ids, False)
    assert again.persona_ids == (ids[2],), "only who was on is switched on again"
    personas.undo(again)
    assert [personas.card(id).is_active for id in ids] == [False, False, True]
    assert personas.undo(off).message == "Ada and Ben are switched on"
    gone = personas.delete(ids)
    assert gone.label == "3 personas deleted"
    assert personas.undo(gone).message == "3 personas restored"
    assert len(personas.cards()) == 4
    with pytest.raises(NotPossible):
        personas.delete([ids[0], FALLBACK_PERSONA_ID])
    assert len(personas.cards()) == 4, "all or none"
