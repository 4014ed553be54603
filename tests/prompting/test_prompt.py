"""The rules by which posts become one prompt: roles, names, merging, and what fits."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.prompting.material import Material, Turn, TurnFile
from forllm_desktop.prompting.prompt import Prompt, assemble, fenced, window
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.storage.database import Database
from forllm_desktop.storage.persona import version
from tests.builders import NOW, a_chain, a_model_reply, a_topic

ADA = "You are Ada."
QUESTION = Turn("User", "Why?")


def turns(prompt: Prompt) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in prompt.messages]


def made(instructions: str, history: Sequence[Turn], question: Turn, *, system_role: bool = True) -> Prompt:
    return assemble(Material(instructions, question, history), system_role=system_role)


def own(text: str) -> Turn:
    return Turn("Ada", text, is_own=True)


def test_question_alone_is_one_user_turn_behind_the_persona() -> None:
    prompt = made(ADA, [], QUESTION)
    assert turns(prompt) == [("system", ADA), ("user", "User wrote:\n\nWhy?")]


def test_only_the_answering_personas_posts_are_assistant_turns() -> None:
    history = [Turn("User", "One"), own("Two"), Turn("Bo", "Three"), own("Four")]
    prompt = made(ADA, history, QUESTION)
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
    prompt = made(ADA, history, QUESTION)
    assert turns(prompt) == [
        ("system", ADA),
        ("user", "User wrote:\n\nOne\n\nBo wrote:\n\nTwo"),
        ("assistant", "Three\n\nFour"),
        ("user", "Bo wrote:\n\nFive\n\nUser wrote:\n\nWhy?"),
    ]


def test_first_turn_after_the_persona_is_a_user_turn_even_if_it_is_its_own() -> None:
    prompt = made(ADA, [own("One"), own("Two")], QUESTION)
    assert [role for role, _ in turns(prompt)] == ["system", "user", "assistant", "user"]
    assert turns(prompt)[1] == ("user", "Ada wrote:\n\nOne")


def test_own_post_that_is_asked_about_is_a_user_turn() -> None:
    prompt = made(ADA, [Turn("User", "One")], own("Two"))
    assert turns(prompt)[-1] == ("user", "User wrote:\n\nOne\n\nAda wrote:\n\nTwo")


def test_without_a_system_role_the_persona_opens_the_first_user_turn() -> None:
    history = [Turn("User", "One"), own("Two")]
    prompt = made(ADA, history, QUESTION, system_role=False)
    assert turns(prompt) == [
        ("user", f"{ADA}\n\nUser wrote:\n\nOne"),
        ("assistant", "Two"),
        ("user", "User wrote:\n\nWhy?"),
    ]
    assert turns(made(ADA, [own("One")], QUESTION, system_role=False))[0][0] == "user"


def test_persona_without_instructions_makes_no_empty_turn() -> None:
    prompt = made(" \n", [], QUESTION)
    assert turns(prompt) == [("user", "User wrote:\n\nWhy?")]


@pytest.mark.parametrize("text", ["{{speaker}}", "{{ text }} {{text}}", "\\1 \\g<0> {{", "{{unknown}}"])
def test_what_looks_like_a_placeholder_in_a_post_or_a_name_stays(text: str) -> None:
    prompt = made(text, [Turn(text, text)], Turn(text, text))
    assert prompt.messages[0]["content"] == text
    assert prompt.messages[1]["content"] == f"{text} wrote:\n\n{text}\n\n{text} wrote:\n\n{text}"


def test_parts_say_where_each_stretch_comes_from() -> None:
    prompt = made(ADA, [Turn("User", "One"), own("Two")], QUESTION)
    assert [part.source for part in prompt.parts] == ["persona", "thread", "thread", "post"]


@pytest.mark.parametrize(
    ("text", "fence"), [("one\n", "```"), ("``", "```"), ("a ```` b\n```", "`````"), ("", "```")]
)
def test_nothing_in_a_file_closes_its_fence(text: str, fence: str) -> None:
    shown = fenced(TurnFile("a\n“b”.txt", text))
    assert shown == f"File “a “b”.txt”:\n\n{fence}\n{text.removesuffix(chr(10))}\n{fence}"


def test_note_of_a_file_stands_beside_its_name_on_one_line() -> None:
    assert fenced(TurnFile("a.txt", "x", "from\nBo")) == "File “a.txt” (from Bo):\n\n```\nx\n```"


TEXTS = st.text(max_size=20).filter(str.strip)
TURNS = st.builds(Turn, speaker=st.sampled_from(["Ada", "Bo", "User"]), text=TEXTS, is_own=st.booleans())


@given(TEXTS, st.lists(TURNS, max_size=8), TURNS, st.booleans())
def test_roles_alternate_and_nothing_is_lost(
    instructions: str, history: list[Turn], question: Turn, system_role: bool
) -> None:
    messages = made(instructions, history, question, system_role=system_role).messages
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


# -- from the store


def test_prompt_holds_the_ancestors_behind_what_was_written_beside_them(
    forum: ForumService, database: Database
) -> None:
    topic, first = a_topic(forum, text="First")
    chain = a_chain(forum, topic, first, 2)
    forum.add_post(topic.topic_id, "Elsewhere", first.post_id)
    said = _said(database, chain[-1].post_id)
    assert said == [
        (
            "user",
            "From other branches of this topic, as background:\n\nUser wrote:\n\nElsewhere\n\n"
            "That was the background. Now the conversation itself:\n\n"
            "User wrote:\n\nFirst\n\nUser wrote:\n\nReply 1\n\nUser wrote:\n\nReply 2",
        )
    ]


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
    shown = PromptService(database).preview(post_id, 1, persona.content, None)
    system, *rest = [(message["role"], message["content"]) for message in shown.messages]
    assert system == ("system", persona.prompt_instructions)
    return rest
