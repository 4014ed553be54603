"""Prompts as a server receives them: what is shown is sent and kept, and never larger than it may be."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from forllm_desktop.domain.files import PostFile, StoredFile
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import JobStatus, Wish
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.tags import persona_tag_text
from forllm_desktop.domain.xray import DraftQuestion, Reason, Xray
from tests.conformance.harness import LLAMACPP, OLLAMA, Desk
from tests.fake_server import Exchange
from tests.fakes import Answer, FakeOllama, FakeOpenAI, json_answer

THREADS = 12
"""Random threads of one test."""


class CountingServer(FakeOpenAI):
    """A llama-server that counts every prompt in its own way: a token for two characters, ten a message."""

    def answer(self, exchange: Exchange) -> Answer:
        if exchange.path.endswith("/input_tokens"):
            return json_answer({"input_tokens": size(exchange.body["messages"])})
        return super().answer(exchange)


def size(messages: list[dict[str, str]]) -> int:
    return sum(len(message["content"]) // 2 + 10 for message in messages)


@pytest.fixture
def counting() -> Iterator[CountingServer]:
    with CountingServer() as server:
        yield server


class Thread:
    """A random topic, made in a place of its own, with a post to be answered by Ada."""

    def __init__(self, desk: Desk, chance: random.Random, ada: int) -> None:
        self.desk, self.chance, self.ada = desk, chance, ada
        forum = desk.workspace.forum
        place = forum.create_subforum(f"Place {chance.random()}")
        self.subforum_id = place.subforum_id
        desk.workspace.personas.assign(place.subforum_id, ada)
        desk.workspace.context.set_own(
            place.subforum_id,
            ambient_share=chance.choice([0, 25, 60]),
            ambient_posts=chance.choice([0, 3, 12]),
            ambient_topics=chance.choice([0, 2]),
            answer_tokens=chance.choice([64, 300, 4_000]),
        )
        forum.create_topic(place.subforum_id, "Another", self.words())
        self.topic, first = forum.create_topic(place.subforum_id, "Main", self.words())
        self.posts = [first]
        for _ in range(chance.randrange(30)):
            self.posts.append(self.post())

    def words(self) -> str:
        tag = persona_tag_text(self.ada, "Ada") if self.chance.random() < 0.2 else "äöü"
        return f"{tag} {self.chance.random()} " + "word " * self.chance.randrange(60)

    def post(self) -> Post:
        # Mostly at the end of a branch, so that threads get deep.
        parent = self.posts[-1] if self.chance.random() < 0.7 else self.chance.choice(self.posts)
        made = self.desk.workspace.forum.add_post(self.topic.topic_id, self.words(), parent.post_id)
        with self.desk.workspace.database.write() as session:
            session.add(made)
            if self.chance.random() < 0.4:
                made.llm_persona_id, made.persona_version = self.chance.choice([1, self.ada]), 1
            rules = ["auto"] * 8 + ["left_out", "pinned"]
            made.prompt_rule = self.chance.choice(rules)
            made.is_incomplete = self.chance.random() < 0.1
            if self.chance.random() < 0.2:
                give(session, made, f"file {made.post_id} " * self.chance.randrange(1, 40))
        return made


def give(session, post: Post, text: str) -> None:
    digest = f"{post.post_id:064}"
    session.merge(StoredFile(digest=digest, size=len(text), encoding="utf-8", text=text, content=b""))
    session.flush()
    session.add(PostFile(post_id=post.post_id, position=0, digest=digest, name="a.txt", note=""))


def same(sent: Xray, shown: Xray) -> None:
    """Check that a prompt that was sent is the one that was shown, whatever only the server could say."""
    assert json.dumps(sent.messages) == json.dumps(shown.messages)
    assert sent.parts == shown.parts
    assert sent.left_out == shown.left_out
    assert (sent.total, sent.window, sent.answer) == (shown.total, shown.window, shown.answer)


def known(desk: Desk, server: FakeOllama | FakeOpenAI, model: str) -> ModelChoice:
    """Ask once, so that it is known what the model can."""
    desk.completed(desk.ask(server, model))
    return desk.wish(server.url, model).model


def test_what_is_shown_is_what_is_sent_and_kept(make_desk: Callable[..., Desk], ollama: FakeOllama) -> None:
    desk = make_desk(context_window=1_024)
    model = known(desk, ollama, OLLAMA.model)
    personas, prompts = desk.workspace.personas, desk.workspace.prompts
    ada = personas.create("Ada", "You are {{char}} in {{topic}}.").persona_id
    left_out = set()
    for seed in range(THREADS):
        thread = Thread(desk, random.Random(seed), ada)
        asked = next(post for post in reversed(thread.posts) if not post.is_incomplete)
        shown = prompts.preview(asked.post_id, ada, personas.persona(ada).content, model)
        request = desk.queue.ask_about(asked.post_id, Wish(model, ada)).request_id
        desk.ended(request)
        sent = prompts.sent(request)
        assert sent is not None
        same(sent, shown)
        left_out |= {left.reason for left in sent.left_out}
        if shown.fits:
            assert ollama.chats[-1].body["messages"] == list(shown.messages)
            assert ollama.chats[-1].body["options"]["num_predict"] >= shown.answer
        else:
            assert desk.job(request).error_kind == "context_exceeded"
    assert left_out >= {Reason.NO_ROOM, Reason.BY_HAND, Reason.INCOMPLETE}


def test_what_is_shown_of_a_draft_is_what_its_post_sends(
    make_desk: Callable[..., Desk], ollama: FakeOllama
) -> None:
    desk = make_desk(context_window=2_048)
    model = known(desk, ollama, OLLAMA.model)
    ada = desk.workspace.personas.create("Ada", "You are {{char}} in {{topic}}.").persona_id
    for seed in range(100, 106):
        thread = Thread(desk, random.Random(seed), ada)
        parent = next(post for post in reversed(thread.posts) if not post.is_incomplete)
        draft = DraftQuestion(
            thread.subforum_id, thread.topic.topic_id, parent.post_id, "And now?", (), ada, None, model
        )
        shown = desk.workspace.prompts.preview_draft(draft)
        post = desk.workspace.forum.add_post(thread.topic.topic_id, "And now?", parent.post_id)
        request = desk.queue.ask_about(post.post_id, Wish(model, ada)).request_id
        desk.ended(request)
        sent = desk.workspace.prompts.sent(request)
        assert sent is not None
        same(replace(sent, parts=()), replace(shown, parts=()))


def test_what_a_server_counts_decides_and_is_never_exceeded(
    make_desk: Callable[..., Desk], counting: CountingServer
) -> None:
    desk = make_desk(context_window=1_024)
    model = known(desk, counting, LLAMACPP.model)
    ada = desk.workspace.personas.create("Ada", "You are {{char}}.").persona_id
    n_sent = 0
    for seed in range(200, 200 + THREADS):
        thread = Thread(desk, random.Random(seed), ada)
        asked = next(post for post in reversed(thread.posts) if not post.is_incomplete)
        request = desk.queue.ask_about(asked.post_id, Wish(model, ada)).request_id
        desk.ended(request)
        sent = desk.workspace.prompts.sent(request)
        assert sent is not None
        assert sent.is_exact
        assert sent.total == size(list(sent.messages)) == sum(part.tokens for part in sent.parts)
        assert sent.parts[-1].text in sent.messages[-1]["content"]
        if desk.job(request).status == JobStatus.COMPLETE:
            n_sent += 1
            body = counting.chats[-1].body
            assert body["messages"] == list(sent.messages)
            assert size(body["messages"]) + body["max_tokens"] <= sent.window
            assert sent.total + sent.answer <= sent.window
        else:
            assert sent.over > 0
            assert {part.source for part in sent.parts if not part.is_pinned} <= {"persona", "post", "files"}
    assert n_sent > THREADS // 2


def test_what_cannot_fit_is_not_sent_and_says_what_could_go(desk: Desk, ollama: FakeOllama) -> None:
    model = known(desk, ollama, OLLAMA.model)
    desk.workspace.settings.change(context_window=512)
    forum = desk.workspace.forum
    _, first = forum.create_topic(forum.create_subforum("Long").subforum_id, "Long", "word " * 400)
    n_chats = len(ollama.chats)
    request = desk.queue.ask_about(first.post_id, Wish(model)).request_id
    error = desk.ended(request, JobStatus.ERROR)
    assert error.error_kind == "context_exceeded"
    assert "tokens too many" in (error.error_message or "")
    assert "shorten the post (" in (error.error_message or "")
    assert len(ollama.chats) == n_chats
    kept = desk.workspace.prompts.sent(request)
    assert kept is not None
    assert (kept.over > 0, kept.is_sent) == (True, False)


def test_prompt_before_is_the_last_one_of_the_same_persona_in_the_same_topic(
    desk: Desk, ollama: FakeOllama
) -> None:
    model = known(desk, ollama, OLLAMA.model)
    forum, prompts = desk.workspace.forum, desk.workspace.prompts
    personas = desk.workspace.personas
    subforum = forum.create_subforum("Physics").subforum_id
    ada, bo = (personas.create(name, f"You are {name}.").persona_id for name in ("Ada", "Bo"))
    for persona_id in (ada, bo):
        personas.assign(subforum, persona_id)
    topic, first = forum.create_topic(subforum, "Light", "Why is the sky blue?")
    other = forum.create_topic(subforum, "Heat", "What is heat?")[1]
    second = forum.add_post(topic.topic_id, "And red?", first.post_id)
    asked = [(first, ada), (first, bo), (other, ada), (second, ada)]
    requests = [desk.queue.ask_about(post.post_id, Wish(model, one)).request_id for post, one in asked]
    for request in requests:
        desk.completed(request)
    assert [prompts.before(request) for request in requests[:3]] == [None, None, None]
    before, sent = prompts.before(requests[3]), prompts.sent(requests[0])
    assert before == sent
    waiting = desk.queue.ask_about(second.post_id, Wish(model, bo))
    desk.completed(waiting.request_id)
    assert prompts.before(waiting.request_id) == prompts.sent(requests[1])
    assert prompts.sent(requests[0]) == before, "what was sent stays as it was"


def test_of_a_request_of_an_earlier_version_the_messages_are_shown(desk: Desk, ollama: FakeOllama) -> None:
    request = desk.ask(ollama)
    desk.completed(request)
    with desk.workspace.database.write() as session:
        job = session.merge(desk.job(request))
        job.prompt_parts = None
        job.token_breakdown = {"persona": 3, "thread": 0, "post": 9, "total": 12, "is_exact": False,
                               "answer": 2048, "window": 8192}  # fmt: skip
    shown = desk.workspace.prompts.sent(request)
    assert shown is not None
    assert [part.source for part in shown.parts] == ["persona", "post"]
    assert [part.text for part in shown.parts] == [message["content"] for message in shown.messages]
    assert (shown.total, sum(part.tokens for part in shown.parts), shown.window) == (12, 12, 8192)
    assert (shown.is_sent, shown.reported, shown.left_out) == (
        True,
        desk.job(request).metrics["prompt_tokens"],
        (),
    )
