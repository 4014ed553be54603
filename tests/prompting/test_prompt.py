"""The rules by which posts become one prompt: roles, names, merging, and what fits."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.llm.backend import BackendError, ErrorKind
from forllm_desktop.prompting.prompt import Prompt, Turn, assemble, require_fit, window
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database
from forllm_desktop.storage.persona import version
from tests.builders import NOW, a_chain, a_model_reply, a_server, a_topic

ADA = "You are Ada."
QUESTION = Turn("User", "Why?")


def turns(prompt: Prompt) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in prompt.messages]


def own(text: str) -> Turn:
    return Turn("Ada", text, is_own=True)


def test_question_alone_is_one_user_turn_behind_the_persona() -> None:
    prompt = assemble(ADA, [], QUESTION, system_role=True)
    assert turns(prompt) == [("system", ADA), ("user", "User wrote:\n\nWhy?")]


def test_only_the_answering_personas_posts_are_assistant_turns() -> None:
    history = [Turn("User", "One"), own("Two"), Turn("Bo", "Three"), own("Four")]
    prompt = assemble(ADA, history, QUESTION, system_role=True)
    assert turns(prompt) == [
        ("system", ADA),
        ("user", "User wrote:\n\nOne"),
        ("assistant", "Two"),
        ("user", "Bo wrote:\n\nThree"),
        ("assistant", "Four"),
        ("user", "User wrote:\n\nWhy?"),
    ]


def test_neighbours_of_one_role_become_one_turn() -> None:
    history = [Turn("User", "One"), Turn("Bo", "Two"), own("Three"), own("Four"), Turn("Bo", "Five")]
    prompt = assemble(ADA, history, QUESTION, system_role=True)
    assert turns(prompt) == [
        ("system", ADA),
        ("user", "User wrote:\n\nOne\n\nBo wrote:\n\nTwo"),
        ("assistant", "Three\n\nFour"),
        ("user", "Bo wrote:\n\nFive\n\nUser wrote:\n\nWhy?"),
    ]


def test_first_turn_after_the_persona_is_a_user_turn_even_if_it_is_its_own() -> None:
    prompt = assemble(ADA, [own("One"), own("Two")], QUESTION, system_role=True)
    assert [role for role, _ in turns(prompt)] == ["system", "user", "assistant", "user"]
    assert turns(prompt)[1] == ("user", "Ada wrote:\n\nOne")


def test_own_post_that_is_asked_about_is_a_user_turn() -> None:
    prompt = assemble(ADA, [Turn("User", "One")], own("Two"), system_role=True)
    assert turns(prompt)[-1] == ("user", "User wrote:\n\nOne\n\nAda wrote:\n\nTwo")


def test_without_a_system_role_the_persona_opens_the_first_user_turn() -> None:
    history = [Turn("User", "One"), own("Two")]
    prompt = assemble(ADA, history, QUESTION, system_role=False)
    assert turns(prompt) == [
        ("user", f"{ADA}\n\nUser wrote:\n\nOne"),
        ("assistant", "Two"),
        ("user", "User wrote:\n\nWhy?"),
    ]
    assert turns(assemble(ADA, [own("One")], QUESTION, system_role=False))[0][0] == "user"


def test_persona_without_instructions_makes_no_empty_turn() -> None:
    prompt = assemble(" \n", [], QUESTION, system_role=True)
    assert turns(prompt) == [("user", "User wrote:\n\nWhy?")]


@pytest.mark.parametrize("text", ["{{speaker}}", "{{ text }} {{text}}", "\\1 \\g<0> {{", "{{unknown}}"])
def test_what_looks_like_a_placeholder_in_a_post_or_a_name_stays(text: str) -> None:
    prompt = assemble(text, [Turn(text, text)], Turn(text, text), system_role=True)
    assert prompt.messages[0]["content"] == text
    assert prompt.messages[1]["content"] == f"{text} wrote:\n\n{text}\n\n{text} wrote:\n\n{text}"


def test_parts_say_where_each_stretch_comes_from() -> None:
    prompt = assemble(ADA, [Turn("User", "One"), own("Two")], QUESTION, system_role=True)
    assert [part.source for part in prompt.parts] == ["persona", "thread", "thread", "post"]


TEXTS = st.text(max_size=20).filter(str.strip)
TURNS = st.builds(Turn, speaker=st.sampled_from(["Ada", "Bo", "User"]), text=TEXTS, is_own=st.booleans())


@given(TEXTS, st.lists(TURNS, max_size=8), TURNS, st.booleans())
def test_roles_alternate_and_nothing_is_lost(
    instructions: str, history: list[Turn], question: Turn, system_role: bool
) -> None:
    messages = assemble(instructions, history, question, system_role=system_role).messages
    roles = [message["role"] for message in messages]
    if system_role:
        assert roles.pop(0) == "system"
        assert messages[0]["content"] == instructions
    assert roles[0] == roles[-1] == "user"
    assert all(before != after for before, after in itertools.pairwise(roles))
    assert set(roles) <= {"user", "assistant"}
    assert messages[-1]["content"].endswith(question.text)
    said, position = "\n\n".join(message["content"] for message in messages), 0
    for text in [instructions, *(turn.text for turn in history), question.text]:
        position = said.index(text, position) + len(text)


# -- the window


@pytest.mark.parametrize(
    ("trained", "allocated", "wanted", "size"),
    [
        (4096, None, 8192, 4096),
        (131072, 4096, 8192, 4096),
        (None, None, 8192, 8192),
        (32768, 16384, 8192, 8192),
    ],
)
def test_window_is_the_smallest_that_is_known(
    trained: int | None, allocated: int | None, wanted: int, size: int
) -> None:
    assert window(trained, allocated, wanted) == size


def test_a_quarter_is_kept_for_the_answer() -> None:
    require_fit(3072, 4096, is_exact=True)
    with pytest.raises(BackendError) as refused:
        require_fit(3073, 4096, is_exact=True)
    error = refused.value
    assert error.kind is ErrorKind.CONTEXT_EXCEEDED
    assert (error.n_prompt, error.n_ctx) == (3073, 4096)
    assert "3,073 tokens; 3,072 fit" in error.message


def test_estimated_number_is_told_as_one() -> None:
    with pytest.raises(BackendError, match="about 9,000 tokens"):
        require_fit(9000, 4096, is_exact=False)


# -- from the store


def test_prompt_holds_the_ancestors_and_no_other_branch(
    forum: ForumService, database: Database, queue: QueueService, personas: PersonaService
) -> None:
    topic, first = a_topic(forum, text="First")
    chain = a_chain(forum, topic, first, 2)
    forum.add_post(topic.topic_id, "Elsewhere", first.post_id)
    said = _said(database, chain[-1].post_id)
    assert said == [("user", "User wrote:\n\nFirst\n\nUser wrote:\n\nReply 1\n\nUser wrote:\n\nReply 2")]


def test_deleted_and_unfinished_ancestors_are_left_out(forum: ForumService, database: Database) -> None:
    topic, first = a_topic(forum, text="First")
    half = a_model_reply(database, first, "Half", is_incomplete=True)
    gone = forum.add_post(topic.topic_id, "Gone", half.post_id)
    empty = a_model_reply(database, gone, " \n")
    question = forum.add_post(topic.topic_id, "Why?", empty.post_id)
    forum.delete_post(gone.post_id)
    assert _said(database, question.post_id) == [("user", "User wrote:\n\nFirst\n\nUser wrote:\n\nWhy?")]


def test_persona_is_named_as_it_was_when_it_wrote(
    forum: ForumService, database: Database, personas: PersonaService
) -> None:
    topic, first = a_topic(forum, text="First")
    bo = personas.create("Bo", "x")
    reply = a_model_reply(database, first, "Hello", llm_persona_id=bo.persona_id, persona_version=1)
    personas.change(bo.persona_id, name="Bodo")
    own_reply = a_model_reply(database, reply, "Mine", llm_persona_id=1, persona_version=1, created_at=NOW)
    question = forum.add_post(topic.topic_id, "Why?", own_reply.post_id)
    assert _said(database, question.post_id) == [
        ("user", "User wrote:\n\nFirst\n\nBo wrote:\n\nHello"),
        ("assistant", "Mine"),
        ("user", "User wrote:\n\nWhy?"),
    ]


def _said(database: Database, post_id: int) -> list[tuple[str, str]]:
    """Return the turns after the system message of the prompt for the built-in persona."""
    with database.read() as session:
        persona = version(session, 1, 1)
    assert persona is not None
    system, *rest = turns(PromptService(database).build(post_id, persona))
    assert system == ("system", persona.prompt_instructions)
    return rest


def test_what_a_server_says_again_is_not_written_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = ModelChoice(a_server(database).server_id, "tiny")
    prompts, writes = PromptService(database), []
    write = database.write
    monkeypatch.setattr(database, "write", lambda: writes.append(1) or write())
    for ctx in (4096, 4096, 8192):
        prompts.note_model(choice, ctx=ctx, supports_system=True)
    assert len(writes) == 2
