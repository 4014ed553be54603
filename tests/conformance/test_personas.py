"""Personas as a server meets them: the preview is what is sent, and their own options are in the request."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from forllm_desktop.domain.persona import PersonaContent, PersonaOptions
from forllm_desktop.domain.queue import Wish
from forllm_desktop.domain.servers import ModelChoice
from tests.builders import NOW, FixedClock
from tests.conformance.harness import LLAMACPP, LMSTUDIO, OLLAMA, Desk, Dialect
from tests.fakes import FakeOllama, FakeOpenAI

Server = FakeOllama | FakeOpenAI
MakeDesk = Callable[..., Desk]

LOCAL = NOW.astimezone()
EVERY_VARIABLE = (
    "{{char}}, {{user}}, {{date}}, {{time}}, {{weekday}}, {{subforum}}, {{topic}}, {{model}}, "
    "{{CURRENT_DATE}}, {{ User_Name }}, {{nobody}}, {{, }}, “Zoë” <b>&amp;</b> \u2028 \U0001f600"
)


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk(clock=FixedClock())


@pytest.fixture(params=["ollama", "llamacpp", "without a system role", "lmstudio"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[Dialect, Server]]:
    """Return servers in turn, among them one whose model's template knows no system role."""
    dialect = {"ollama": OLLAMA, "lmstudio": LMSTUDIO}.get(request.param, LLAMACPP)
    with dialect.make() as server:
        if isinstance(server, FakeOpenAI) and request.param == "without a system role":
            server.props = "no_system_props.json"
        yield dialect, server


def a_conversation(desk: Desk, persona_id: int) -> int:
    """Make a topic in which a persona has answered, and return the post to be answered next."""
    forum = desk.workspace.forum
    place = forum.find_subforum("Garden")
    subforum = place[0] if place else forum.create_subforum("Garden")
    desk.workspace.personas.set_default(subforum.subforum_id, persona_id)
    topic, first = forum.create_topic(subforum.subforum_id, "Of {{date}} & dates", "What is {{char}}?")
    reply = forum.add_post(topic.topic_id, "A {{variable}} of mine.", first.post_id)
    with desk.workspace.database.write() as session:
        session.add(reply)
        reply.llm_persona_id, reply.persona_version, reply.is_llm_response = persona_id, 1, True
    return forum.add_post(topic.topic_id, "And {{time}}? “Ö” \U0001f4bb", reply.post_id).post_id


def test_preview_equals_byte_for_byte_what_the_server_receives(
    desk: Desk, served: tuple[Dialect, Server]
) -> None:
    dialect, server = served
    desk.completed(desk.ask(server, dialect.model))  # only a model that was asked before is known
    personas, prompts = desk.workspace.personas, desk.workspace.prompts
    ada = personas.create("Ada", EVERY_VARIABLE)
    post_id = a_conversation(desk, ada.persona_id)
    model = desk.wish(server.url, dialect.model).model

    def check(content: PersonaContent) -> list[dict]:
        shown = list(prompts.preview(post_id, ada.persona_id, content, model).messages)
        assert shown == list(prompts.preview(post_id, ada.persona_id, content, model).messages)
        request = desk.queue.ask_about(post_id, Wish(model, ada.persona_id)).request_id
        desk.completed(request)
        assert json.dumps(shown, ensure_ascii=False).encode() in server.chats[-1].raw
        assert server.chats[-1].body["messages"] == shown
        assert desk.job(request).prompt == shown
        return list(shown)

    messages = check(ada.content)
    is_without = isinstance(server, FakeOpenAI) and server.props != "props.json"
    assert [message["role"] for message in messages] == (
        ["user", "assistant", "user"] if is_without else ["system", "user", "assistant", "user"]
    )
    assert messages[0]["content"].startswith(
        f"Ada, User, {LOCAL:%Y-%m-%d}, {LOCAL:%H:%M}, {LOCAL:%A}, Garden, Of {{{{date}}}} & dates, "
    )
    assert "{{nobody}}, {{, }}" in messages[0]["content"], "what is unknown is sent as typed"
    sent = json.dumps(messages, ensure_ascii=False)
    for quoted in ("What is {{char}}?", "A {{variable}} of mine.", "And {{time}}?"):
        assert quoted in sent, "posts are never filled"
    edited = replace(ada.content, name="Bo", instructions="{{CHAR}} of {{topic}}, {{weekday}}.")
    shown = list(prompts.preview(post_id, ada.persona_id, edited, model).messages)
    personas.change(ada.persona_id, name=edited.name, instructions=edited.instructions)
    assert check(edited) == shown, "the preview of what was being edited"
    assert "Bo of Of {{date}} & dates" in shown[0]["content"]


def test_variables_are_filled_when_the_request_runs(make_desk: MakeDesk, ollama: FakeOllama) -> None:
    clock = FixedClock()
    desk = make_desk(clock=clock, starts=False)
    personas = desk.workspace.personas
    personas.set_global_default(personas.create("Ada", "{{char}} at {{time}}").persona_id)
    request = desk.ask(ollama)
    clock.advance(7_200)
    personas.change(2, name="Bo")
    desk.worker.start()
    desk.completed(request)
    later = clock.now.astimezone()
    assert ollama.chats[0].body["messages"][0]["content"] == f"Bo at {later:%H:%M}"
    assert (desk.job(request).prompt or [])[0]["content"] == f"Bo at {later:%H:%M}", "the result is recorded"
    assert personas.version(2, 2).prompt_instructions == "{{char}} at {{time}}"


OPTIONS = PersonaOptions(None, 0.25, 77, True)


def test_options_of_a_persona_arrive_in_the_request(desk: Desk, dialect: Dialect, server: Server) -> None:
    desk.workspace.settings.change(think=False)
    personas = desk.workspace.personas
    personas.set_global_default(personas.create("Ada", "x", options=OPTIONS).persona_id)
    model = "qwen3" if dialect is OLLAMA else dialect.model
    if isinstance(server, FakeOllama):
        known = next(iter(server.models.values()))
        server.models["qwen3:latest"] = {**known, "capabilities": ["completion", "thinking"]}
    desk.completed(desk.ask(server, model))
    body = server.chats[-1].body
    if dialect is OLLAMA:
        assert (body["options"]["temperature"], body["options"]["num_predict"]) == (0.25, 77)
        assert body["think"] is True
    else:
        assert (body["temperature"], body["max_tokens"]) == (0.25, 77)
    if dialect is LLAMACPP:
        assert body["chat_template_kwargs"] == {"enable_thinking": True}
    personas.change(2, options=replace(OPTIONS, think=False, temperature=0.0))
    desk.completed(desk.ask(server, model))
    body = server.chats[-1].body
    assert body["options"]["temperature"] == 0.0 if dialect is OLLAMA else body["temperature"] == 0.0
    if dialect is OLLAMA:
        assert body["think"] is False
    if dialect is LLAMACPP:
        assert body["chat_template_kwargs"] == {"enable_thinking": False}


def test_without_options_the_request_names_none(desk: Desk, dialect: Dialect, server: Server) -> None:
    desk.completed(desk.ask(server, dialect.model))
    body = server.chats[-1].body
    assert "temperature" not in (body["options"] if dialect is OLLAMA else body)


def test_longest_reply_never_exceeds_the_room_in_the_window(desk: Desk, ollama: FakeOllama) -> None:
    personas = desk.workspace.personas
    options = PersonaOptions(max_reply_tokens=4_000_000)
    personas.set_global_default(personas.create("Ada", "x", options=options).persona_id)
    desk.workspace.settings.change(context_window=2_048)
    desk.completed(desk.ask(ollama))
    assert ollama.chats[0].body["options"]["num_predict"] < 2_048


def test_options_of_an_earlier_version_are_those_of_then(desk: Desk, ollama: FakeOllama) -> None:
    personas = desk.workspace.personas
    ada = personas.create("Ada", "One", options=OPTIONS).persona_id
    personas.change(ada, instructions="Two", options=PersonaOptions())
    personas.set_global_default(ada)
    desk.completed(desk.ask(ollama))
    post_id = desk.job(1).post_id_to_respond_to or 0
    wish = Wish(ModelChoice(1, "llama3.2"), ada, 1)
    desk.completed(desk.queue.ask_about(post_id, wish).request_id)
    bodies = [exchange.body for exchange in ollama.chats]
    assert [body["messages"][0]["content"] for body in bodies] == ["Two", "One"]
    assert [body["options"].get("temperature") for body in bodies] == [None, 0.25]
