"""What a thread page reads at once: the requests of a topic, the names of persona versions."""

import pytest
from sqlalchemy.exc import SQLAlchemyError

from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database
from tests.builders import a_job, a_subforum, a_topic


def test_requests_of_a_topic_come_without_prompts(
    database: Database, events: Events, forum: ForumService
) -> None:
    subforum = a_subforum(forum)
    topic, question = a_topic(forum, subforum)
    _, elsewhere = a_topic(forum, subforum, title="Another")
    first = a_job(database, question, prompt=[{"role": "user", "content": "long"}])
    second = a_job(database, forum.add_post(topic.topic_id, "More?", question.post_id))
    a_job(database, elsewhere)
    found = QueueService(database, events).requests_of_topic(topic.topic_id)
    assert [job.request_id for job in found] == [first.request_id, second.request_id]
    assert found[0].llm_model == "tiny"
    with pytest.raises(SQLAlchemyError):
        _ = found[0].prompt


def test_names_are_those_of_the_versions(database: Database, events: Events) -> None:
    personas = PersonaService(database, events)
    ada, bob = personas.create("Ada", "x"), personas.create("Bob", "y")
    personas.change(ada.persona_id, name="Ada Lovelace")
    wanted = [(ada.persona_id, 1), (ada.persona_id, 2), (bob.persona_id, 1), (bob.persona_id, 9)]
    assert personas.names(wanted) == {
        (ada.persona_id, 1): "Ada",
        (ada.persona_id, 2): "Ada Lovelace",
        (bob.persona_id, 1): "Bob",
    }
    assert personas.names([]) == {}
