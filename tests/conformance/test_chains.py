"""Chains of tags through queue, worker and a server: each link is sent the reply of the one before."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import persona_tag_text
from tests.builders import a_subforum
from tests.conformance.harness import Desk
from tests.fakes import Answer, FakeOllama, Silence, json_answer, ollama_delta, ollama_reply

NAMES = ["Ada", "Bob", "Ada", "Carl", "Carl", "Bob"]


def asked(desk: Desk, server: FakeOllama, names: list[str]) -> list[int]:
    """Post a chain, and return its requests."""
    personas = desk.workspace.personas
    ids = {name: personas.create(name, f"You are {name}.").persona_id for name in dict.fromkeys(names)}
    model = ModelChoice(desk.workspace.models.server_at(server.url).server_id, "llama3.2")
    chain = ":".join(persona_tag_text(ids[name], name) for name in names)
    place = a_subforum(desk.workspace.forum).subforum_id
    new = NewPost(place, title="Garden", text=f"What waits? {chain}", model=model)
    return [job.request_id for job in desk.workspace.submitting.submit(new).jobs]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6])
def test_every_prompt_ends_with_the_reply_before(desk: Desk, ollama: FakeOllama, length: int) -> None:
    names = NAMES[:length]
    ollama.script(*(Answer(ollama_reply(f"{place}. {name} says so")) for place, name in enumerate(names)))
    requests = asked(desk, ollama, names)
    replies = [desk.completed(request) for request in requests]
    assert [reply.content for reply in replies] == [f"{n}. {name} says so" for n, name in enumerate(names)]
    sent = [exchange.body["messages"] for exchange in ollama.chats]
    shown = ":".join(f"@{name}" for name in names)
    assert sent[0][-1]["content"].endswith(f"What waits? {shown}")
    for place in range(1, length):
        assert sent[place][0]["content"] == f"You are {names[place]}."
        assert sent[place][-1]["content"].endswith(f"{place - 1}. {names[place - 1]} says so")
        assert replies[place].parent_post_id == replies[place - 1].post_id
    assert len(sent) == length


def test_a_failed_link_is_skipped_and_the_next_is_sent_what_it_was_to_answer(
    desk: Desk, ollama: FakeOllama
) -> None:
    ollama.script(Answer(ollama_reply("From Ada")), json_answer({"error": "model not found"}, 404))
    ada, bob, carl = asked(desk, ollama, ["Ada", "Bob", "Carl"])
    desk.failed(bob)
    desk.quiet()
    assert desk.job(carl).status == JobStatus.PENDING_DEPENDENCY
    ollama.script(Answer(ollama_reply("From Carl")))
    desk.queue.skip(bob)
    assert desk.completed(carl).parent_post_id == desk.job(ada).reply_post_id
    assert ollama.chats[-1].body["messages"][-1]["content"].endswith("From Ada")


def test_a_failed_link_is_tried_again_and_releases_the_next(desk: Desk, ollama: FakeOllama) -> None:
    ollama.script(json_answer({"error": "model not found"}, 404))
    ada, bob = asked(desk, ollama, ["Ada", "Bob"])
    desk.failed(ada)
    ollama.script(Answer(ollama_reply("From Ada")), Answer(ollama_reply("From Bob")))
    desk.queue.retry(ada)
    assert desk.completed(bob).parent_post_id == desk.completed(ada).post_id


def test_cancelling_a_running_link_ends_the_chain(desk: Desk, ollama: FakeOllama) -> None:
    ollama.script(Answer(ollama_reply("From Ada")), Answer([ollama_delta("From B"), Silence()]))
    _ada, bob, carl = asked(desk, ollama, ["Ada", "Bob", "Carl"])
    desk.streaming(bob, "From B")
    desk.queue.cancel(bob)
    desk.ended(bob, JobStatus.CANCELLED)
    assert desk.job(carl).status == JobStatus.CANCELLED
    desk.quiet()
    assert len(ollama.chats) == 2


def test_taking_a_tag_out_while_its_reply_is_written_stops_it(desk: Desk, ollama: FakeOllama) -> None:
    ollama.script(Answer([ollama_delta("From A"), Silence()]))
    (ada,) = asked(desk, ollama, ["Ada"])
    desk.streaming(ada, "From A")
    post_id = desk.job(ada).tagged_post_id or 0
    desk.workspace.submitting.edit(post_id, "What waits?")
    desk.ended(ada, JobStatus.CANCELLED)
    reply = desk.reply(ada)
    assert reply is not None
    assert (reply.content, reply.is_incomplete) == ("From A", True)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_kill_between_two_links_loses_and_doubles_nothing(
    make_desk: Callable[..., Desk], ollama: FakeOllama, tmp_path: Path
) -> None:
    desk = make_desk(starts=False)
    requests = asked(desk, ollama, NAMES[:4])
    folder = desk.workspace.folder
    desk.close()
    for place in range(4):
        # The link before is complete, this one has begun: killed here, again and again.
        ollama.script(Answer([ollama_delta(f"{place}. begun"), Silence()]))
        command = [sys.executable, "-m", "forllm_desktop", "--data-dir", str(folder), "run-queue"]
        root = Path(__file__).parents[2]
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(root)}, cwd=root)
        ollama.wait_for("/api/chat", len(ollama.chats) + 1, 60)
        process.send_signal(signal.SIGKILL)
        process.wait()
        ollama.script(Answer(ollama_reply(f"{place}. done")))
        _run_one(folder, requests[place])
    again = Desk(folder)
    try:
        replies = [again.completed(request) for request in requests]
        assert [reply.content for reply in replies] == [f"{place}. done" for place in range(4)]
        topic = again.workspace.forum.thread(replies[0].topic_id)
        assert len(topic) == 5
        assert [entry.depth for entry in topic] == list(range(5))
    finally:
        again.close()


def _run_one(folder: Path, request: int) -> None:
    """Let one request run to its end, and no other one begin."""
    desk = Desk(folder, starts=False)
    try:
        from forllm_desktop.cli.running import run_requests

        desk.queue.recover()
        run_requests(desk.workspace, [request], shows_reply=False)
        assert desk.job(request).status == JobStatus.COMPLETE
    finally:
        desk.close()
