"""Trials run before what waits, each in its turn."""

from forllm_desktop.domain.persona import PersonaContent
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.events import Events
from forllm_desktop.services.asking import PersonaAskingService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database
from tests.builders import a_request, a_server


def test_trials_run_before_the_others_the_first_one_first(
    database: Database, events: Events, queue: QueueService, forum: ForumService
) -> None:
    waiting = a_request(queue, forum, database)
    model = ModelChoice(a_server(database, "http://127.0.0.1:1").server_id, "tiny")
    asking = PersonaAskingService(database, events, queue)
    ada = PersonaContent("Ada", "You are Ada.")
    trials = [asking.try_persona(1, ada, text, model).request_id for text in ("One?", "Two?", "Three?")]
    assert [job.request_id for job in queue.jobs()] == [*trials, waiting.request_id]
