"""One question to a persona without posting: it runs next, is steered like any request, and makes no post."""

import json
from collections.abc import Callable

import pytest

from forllm_desktop.cli.main import main
from forllm_desktop.domain.persona import PersonaContent, PersonaOptions
from forllm_desktop.services.job_view import job_views
from tests.builders import NOW
from tests.conformance.harness import OLLAMA, Desk, Dialect
from tests.fakes import FakeOllama, FakeOpenAI, Gate, Silence, json_answer

Server = FakeOllama | FakeOpenAI
MakeDesk = Callable[..., Desk]
ADA = PersonaContent("Ada", "You are {{char}}, {{user}}'s friend. {{topic}}", "", PersonaOptions(None, 0.5))


def tried(desk: Desk, server: Server, dialect: Dialect, persona_id: int = 0) -> int:
    model = desk.wish(server.url, dialect.model).model
    return desk.workspace.asking.try_persona(persona_id, ADA, "Who are you?", model).request_id


def posts(desk: Desk) -> int:
    forum = desk.workspace.forum
    topics = [topic for place in forum.subforums() for topic in forum.topics(place.subforum_id)]
    return sum(len(forum.thread(topic.topic_id)) for topic in topics)


def test_trial_answers_and_makes_no_post(desk: Desk, dialect: Dialect, server: Server) -> None:
    server.script(dialect.reply("I am ", "Ada."))
    request = tried(desk, server, dialect)
    job = desk.ended(request)
    assert (job.status, job.output, job.reply_post_id) == (
        "complete",
        {"text": "I am Ada.", "thinking": ""},
        None,
    )
    assert posts(desk) == 0
    assert (
        desk.announced("post_added") == desk.announced("reply_grew") == desk.announced("post_changed") == []
    )
    messages = server.chats[0].body["messages"]
    assert messages[0] == {"role": "system", "content": "You are Ada, User's friend. {{topic}}"}
    assert messages[-1]["content"].endswith("Who are you?")
    assert job.prompt == messages
    assert job.token_breakdown is not None
    assert job.metrics is not None


def test_trial_runs_next_and_streams(make_desk: MakeDesk, dialect: Dialect, server: Server) -> None:
    desk = make_desk(starts=False)
    waiting = [desk.ask(server, dialect.model) for _ in range(2)]
    gate = Gate()
    server.script(dialect.begun("I am", then=[gate, *dialect.whole(" Ada.")]))
    request = tried(desk, server, dialect)
    second = tried(desk, server, dialect)
    places = [desk.job(number).position for number in (request, second, *waiting)]
    assert places == sorted(places)
    desk.worker.start()
    desk.streaming(request, "I am")
    assert desk.queue.running.get(request) is not None
    assert set(desk.announced("job_changed")) >= {("job_changed", request)}
    gate.open()
    for number in (request, second, *waiting):
        desk.ended(number)
    ran = [desk.job(number).started_at or NOW for number in (request, second, *waiting)]
    assert ran == sorted(ran)
    assert desk.queue.running.get(request) is None


def test_cancelled_trial_keeps_what_came(desk: Desk, dialect: Dialect, server: Server) -> None:
    server.script(dialect.begun("I am", then=[Silence()]))
    request = tried(desk, server, dialect)
    desk.streaming(request, "I am")
    desk.queue.cancel(request)
    job = desk.ended(request)
    desk.until(lambda: desk.job(request).output, "kept")
    assert (job.status, desk.job(request).output) == ("cancelled", {"text": "I am", "thinking": ""})
    assert server.chats[0].closed.wait(5)
    assert posts(desk) == 0


def test_waiting_trial_is_cancelled(make_desk: MakeDesk, dialect: Dialect, server: Server) -> None:
    desk = make_desk(starts=False)
    request = tried(desk, server, dialect)
    desk.queue.cancel(request)
    desk.worker.start()
    desk.quiet()
    assert (desk.job(request).status, server.chats) == ("cancelled", [])


def test_failed_trial_says_why_and_is_tried_again(desk: Desk, ollama: FakeOllama) -> None:
    ollama.script(json_answer({"error": "model 'llama3.2' not found"}, 404))
    request = tried(desk, ollama, OLLAMA)
    job = desk.failed(request)
    assert job.output is None
    desk.queue.retry(request)
    desk.ended(request)
    assert desk.job(request).status == "complete"
    assert desk.job(request).error_title is None


def test_parked_trial_goes_on_when_its_server_is_back(desk: Desk, dialect: Dialect, server: Server) -> None:
    desk.completed(desk.ask(server, dialect.model))
    server.refuse()
    request = tried(desk, server, dialect)
    desk.until(lambda: desk.job(request).is_parked, "parked")
    server.accept_again()
    assert desk.ended(request).status == "complete"


def test_interrupted_trial_survives_a_restart(desk: Desk, dialect: Dialect, server: Server) -> None:
    server.script(dialect.begun("I am", then=[Silence()]))
    request = tried(desk, server, dialect)
    desk.streaming(request, "I am")
    desk.stop_worker()
    job = desk.job(request)
    assert (job.status, job.output) == ("pending", {"text": "I am", "thinking": ""})
    server.script(dialect.reply("I am Ada."))
    desk.start_worker()
    assert (desk.ended(request).output or {})["text"] == "I am Ada."


def test_trial_of_a_dead_process_runs_again(make_desk: MakeDesk, dialect: Dialect, server: Server) -> None:
    desk = make_desk(starts=False)
    request = tried(desk, server, dialect)
    assert desk.queue.claim() is not None
    desk.queue.save_text(request, "Half", "")
    desk.worker.start()
    desk.until(lambda: desk.job(request).status == "complete", "complete")
    assert (desk.job(request).output or {})["text"] == "Hello from the fake."


def test_trial_waits_while_the_queue_is_paused(desk: Desk, dialect: Dialect, server: Server) -> None:
    desk.workspace.settings.change(queue_paused=True)
    desk.quiet()
    request = tried(desk, server, dialect)
    desk.until(lambda: desk.state == "paused", "paused")
    assert desk.job(request).status == "pending"
    assert server.chats == []
    desk.workspace.settings.change(queue_paused=False)
    assert desk.ended(request).status == "complete"


@pytest.mark.parametrize("is_saved", [False, True])
def test_trial_is_listed_with_the_others(
    desk: Desk, dialect: Dialect, server: Server, is_saved: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    persona_id = desk.workspace.personas.create("Somebody", "x").persona_id if is_saved else 0
    request = tried(desk, server, dialect, persona_id)
    desk.ended(request)
    (view,) = job_views(desk.workspace.database, [request])
    assert (view.persona, view.reply, view.title) == ("Ada", "Hello from the fake.", "Who are you?")
    (row,) = desk.queue.table([request])
    assert (row.persona, row.topic_id, row.post_id) == ("Ada", 0, 0)
    folder = str(desk.workspace.folder)
    assert main(["--data-dir", folder, "queue", "list", "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert (document["persona"], document["post"], document["reply"]) == ("Ada", None, "Hello from the fake.")
    assert main(["--data-dir", folder, "queue", "list"]) == 0
    assert "Hello from the fake." in capsys.readouterr().out


def test_trial_of_a_persona_that_is_deleted_meanwhile_runs(
    make_desk: MakeDesk, dialect: Dialect, server: Server
) -> None:
    desk = make_desk(starts=False)
    persona_id = desk.workspace.personas.create("Somebody", "x").persona_id
    request = tried(desk, server, dialect, persona_id)
    desk.workspace.personas.delete(persona_id)
    desk.worker.start()
    assert desk.ended(request).status == "complete"
