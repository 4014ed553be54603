"""`forllm persona`: every verb with and without --json, names and numbers, warnings, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from forllm_desktop.services.workspace import open_workspace
from tests.cli.conftest import Run
from tests.fakes import FakeOllama

pytestmark = pytest.mark.usefixtures("made")

PERSONA = {
    "id", "name", "description", "instructions", "model", "temperature", "max_reply_tokens", "think",
    "version", "tags", "is_active", "is_fallback", "is_global_default", "subforums", "source", "created_at",
    "updated_at", "deleted_at",
}  # fmt: skip
ONE = PERSONA | {"message", "warnings"}


@pytest.fixture
def physics(made: Path) -> int:
    """Return a subforum with one topic."""
    workspace = open_workspace(made)
    number = workspace.forum.create_subforum("Physics").subforum_id
    workspace.forum.create_topic(number, "Why is the sky blue?", "I wonder about {{char}}.")
    workspace.close()
    return number


def document(run: Run, *arguments: str, stdin: bytes = b"") -> Any:
    done = run("persona", *arguments, "--json", stdin=stdin)
    assert done.code == 0, done.out
    return done.document


def make(run: Run, name: str = "Ada", instructions: str = "You are Ada.") -> int:
    return document(run, "create", "--name", name, "--instructions", instructions)["id"]


def refused(run: Run, *arguments: str, code: int = 1) -> dict[str, str]:
    done = run("persona", *arguments, "--json")
    assert done.code == code
    return done.document["error"]


# -- making and changing


def test_persona_is_made_with_all_that_can_be_said_of_it(run: Run, server: FakeOllama) -> None:
    made = document(
        run, "create", "--name", " Ada ", "--instructions", "You are Ada.", "--description", "Counts.",
        "--tag", "maths", "--tag", "Maths", "--tag", "poetry", "--note", "first",
        "--model", "llama3.2", "--server", server.url, "--temperature", "0.5", "--max-reply-tokens", "300",
        "--think", "off",
    )  # fmt: skip
    assert set(made) == ONE
    assert (made["name"], made["version"], made["tags"]) == ("Ada", 1, ["maths", "poetry"])
    assert (made["model"]["name"], made["model"]["server_id"]) == ("llama3.2", 1)
    assert (made["temperature"], made["max_reply_tokens"], made["think"]) == (0.5, 300, False)
    assert (made["message"], made["warnings"]) == ("Persona 2, Ada, is made", [])
    assert document(run, "show", "ada") == {**made, "message": ""}
    assert document(run, "versions", "2")[0]["note"] == "first"
    assert run("ask", "x", "--subforum", "S", "--json").code == 1, "a persona's model is not everybody's"


def test_instructions_come_from_standard_input(run: Run) -> None:
    made = document(run, "create", "--name", "A", "--instructions", "-", stdin="Bé\nbrief.\n".encode())
    assert made["instructions"] == "Bé\nbrief."
    assert run("persona", "edit", "A", "--instructions", "-", stdin=b"Two").code == 0
    assert document(run, "show", "A")["instructions"] == "Two"


def test_edit_keeps_what_is_not_named(run: Run) -> None:
    make(run)
    edited = document(run, "edit", "Ada", "--temperature", "1", "--note", "warmer")
    assert (edited["version"], edited["temperature"], edited["instructions"]) == (2, 1.0, "You are Ada.")
    assert edited["message"] == "Ada is now v2"
    edited = document(run, "edit", "Ada", "--name", "Bo", "--description", "Terse.")
    assert (edited["version"], edited["name"], edited["temperature"]) == (3, "Bo", 1.0)
    assert document(run, "edit", "Bo", "--temperature", "none")["temperature"] is None


def test_edit_without_a_difference_makes_no_version(run: Run) -> None:
    make(run)
    edited = document(run, "edit", "Ada", "--instructions", "You are Ada.", "--note", "again")
    assert (edited["version"], edited["message"]) == (1, "Ada stays as it was")
    edited = document(run, "edit", "Ada", "--tag", "maths")
    assert (edited["version"], edited["tags"], edited["message"]) == (1, ["maths"], "Ada has new tags")
    assert document(run, "edit", "Ada", "--tag", "")["tags"] == []


def test_preferred_model_is_cleared_and_used(run: Run, server: FakeOllama) -> None:
    make(run)
    document(run, "edit", "Ada", "--model", "llama3.2", "--server", server.url)
    document(run, "default", "Ada")
    asked = run("ask", "Why?", "--subforum", "New", "--json").document
    assert (asked["persona"], asked["model"]) == ("Ada", "llama3.2")
    assert document(run, "edit", "Ada", "--model", "none")["model"] is None
    assert run("ask", "Why?", "--subforum", "New", "--json").document["error"]["field"] == "model"


@pytest.mark.parametrize(
    ("arguments", "field", "words"),
    [
        (("create", "--name", "", "--instructions", "x"), "name", "needs a name"),
        (("create", "--name", "A\u202eb", "--instructions", "x"), "name", "cannot be seen"),
        (("create", "--name", "assistant", "--instructions", "x"), "name", "already a persona"),
        (("create", "--name", "A", "--instructions", " "), "instructions", "are empty"),
        (("create", "--name", "A", "--instructions", "a\x1bb"), "instructions", "control characters"),
        (("create", "--name", "A", "--instructions", "word " * 20_000), "instructions", "too long"),
        (("create", "--name", "A", "--instructions", "x", "--description", "d" * 3_000), "description", ""),
        (("create", "--name", "A", "--instructions", "x", "--tag", "t" * 41), "tags", "tag is too long"),
        (("create", "--name", "A", "--instructions", "x", "--temperature", "3"), "temperature", ""),
        (("create", "--name", "A", "--instructions", "x", "--max-reply-tokens", "0"), "max_reply_tokens", ""),
        (("create", "--name", "A", "--instructions", "x", "--server", "http://a"), "model", "Which model"),
        (("edit", "1", "--tag", "t" * 41, "--name", "B"), "tags", "tag is too long"),
    ],
)
def test_error_names_the_field_and_changes_nothing(
    run: Run, arguments: tuple[str, ...], field: str, words: str
) -> None:
    error = refused(run, *arguments)
    assert error["field"] == field
    assert words in error["title"]
    assert [(one["name"], one["version"]) for one in document(run, "list")] == [("Assistant", 1)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--name", "A"),
        ("create", "--name", "A", "--instructions", "x", "--temperature", "warm"),
        ("create", "--name", "A", "--instructions", "x", "--temperature", "nan"),
        ("create", "--name", "A", "--instructions", "x", "--max-reply-tokens", "1.5"),
        ("create", "--name", "A", "--instructions", "x", "--think", "perhaps"),
        ("revert", "1", "first"),
        ("default", "1", "--none"),
        ("list", "--deleted", "--subforum", "1"),
        ("assign", "1"),
        (),
    ],
)
def test_wrong_arguments_end_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert refused(run, *arguments, code=2)["title"]


def test_what_is_odd_but_kept_is_told(run: Run) -> None:
    made = document(run, "create", "--name", "A", "--instructions", "At {{time}} be \u200bsly. {{mood}} }}")
    assert {warning["kind"] for warning in made["warnings"]} == {
        "invisible",
        "unknown_variable",
        "broken_variable",
        "clock_on_top",
    }
    assert {warning["field"] for warning in made["warnings"]} == {"instructions"}
    shown = run("persona", "show", "A")
    assert "forllm: instructions: {{mood}} is no variable" in shown.err
    assert "forllm:" not in shown.out


# -- history and trash


def test_versions_and_revert(run: Run) -> None:
    make(run)
    run("persona", "edit", "Ada", "--instructions", "Two", "--note", "shorter")
    back = document(run, "revert", "Ada", "v1")
    assert (back["version"], back["instructions"], back["message"]) == (
        3,
        "You are Ada.",
        "Ada is back to v1, as v3",
    )
    versions = document(run, "versions", "Ada")
    assert [(v["version"], v["changed"], v["note"], v["is_newest"], v["posts"]) for v in versions] == [
        (3, ["instructions"], "Back to v1", True, 0),
        (2, ["instructions"], "shorter", False, 0),
        (1, [], "", False, 0),
    ]
    assert "no different" in document(run, "revert", "Ada", "3")["message"]
    assert refused(run, "revert", "Ada", "9")["title"] == "Ada has no v9"
    lines = run("persona", "versions", "Ada").out.splitlines()
    assert lines[0].split() == ["VERSION", "TIME", "(UTC)", "POSTS", "CHANGED", "NOTE"]
    assert lines[2].split()[0] == "v2"


def test_deleted_persona_is_listed_and_restored(run: Run) -> None:
    make(run)
    gone = document(run, "delete", "Ada")
    assert gone["deleted_at"] is not None
    assert gone["message"] == "Persona “Ada” deleted"
    assert [one["name"] for one in document(run, "list")] == ["Assistant"]
    assert [one["name"] for one in document(run, "list", "--deleted")] == ["Ada"]
    assert refused(run, "edit", "2", "--name", "B")["title"] == "The persona “Ada” is deleted"
    make(run, "ADA")
    back = document(run, "restore", "ada")
    assert (back["name"], back["version"], back["deleted_at"]) == ("Ada (2)", 2, None)
    assert "taken meanwhile" in back["message"]
    assert refused(run, "restore", "2")["title"] == "The persona is not in the trash"
    assert refused(run, "restore", "nobody")["title"] == "The persona is not in the trash"
    assert run("persona", "list", "--deleted").out == "The trash holds no persona.\n"


def test_several_deleted_of_one_name_are_told_apart_by_number(run: Run) -> None:
    for _ in range(2):
        document(run, "delete", str(make(run)))
    assert "3, 2" in refused(run, "restore", "Ada")["message"]
    assert document(run, "restore", "3")["id"] == 3


def test_fallback_is_edited_and_not_deleted(run: Run) -> None:
    assert document(run, "edit", "1", "--name", "Bo")["is_fallback"] is True
    assert refused(run, "delete", "Bo")["title"] == "The fallback cannot be deleted"


# -- places


@pytest.mark.usefixtures("physics")
def test_assigned_are_listed_with_the_default_marked(run: Run) -> None:
    for name in ("Ada", "Bo"):
        make(run, name)
        assigned = document(run, "assign", name, "--subforum", "physics")
    assert assigned["message"] == "Bo is assigned to Physics"
    assert assigned["subforums"] == [{"id": 1, "name": "Physics", "default": False}]
    chosen = document(run, "default", "Bo", "--subforum", "1")
    assert chosen["message"] == "Bo is now the default of Physics"
    listed = document(run, "list", "--subforum", "Physics")
    assert [(one["name"], one["default"]) for one in listed] == [("Bo", True), ("Ada", False)]
    assert set(listed[0]) == PERSONA | {"default"}
    assert "default here" in run("persona", "list", "--subforum", "1").out.splitlines()[1]
    gone = document(run, "unassign", "Bo", "--subforum", "1")
    assert "Physics has no default now" in gone["message"]
    assert refused(run, "unassign", "Bo", "--subforum", "1")["title"] == "Bo is not assigned to Physics"
    document(run, "unassign", "Ada", "--subforum", "1")
    assert run("persona", "list", "--subforum", "1").out == "No persona is assigned there.\n"


@pytest.mark.usefixtures("physics")
def test_defaults_are_shown_chosen_and_cleared(run: Run) -> None:
    make(run)
    nothing = document(run, "default")
    assert (nothing["subforum"], nothing["default"], nothing["message"]) == (None, None, "")
    assert nothing["answers"] == {"id": 1, "name": "Assistant", "version": 1, "reason": "fallback"}
    assert run("persona", "default").out == "There is no global default; Assistant answers.\n"
    run("persona", "default", "Ada")
    assert run("persona", "default").out == "Ada is the global default.\n"
    here = document(run, "default", "--subforum", "Physics")
    assert set(here) == set(nothing)
    assert (here["default"], here["answers"]["reason"]) == (None, "global_default")
    assert run("persona", "default", "--subforum", "1").out == "Physics has no default; Ada answers.\n"
    assert "assigned to Physics" in document(run, "default", "1", "--subforum", "1")["message"]
    assert document(run, "default", "--none", "--subforum", "1")["default"] is None
    assert document(run, "default", "--none")["message"] == "There is no global default now"
    document(run, "default", "Ada")
    document(run, "delete", "Ada")
    shown = document(run, "default")
    assert (shown["default"]["name"], shown["answers"]["name"]) == ("Ada", "Assistant")
    assert refused(run, "default", "2")["title"] == "Ada cannot answer"


@pytest.mark.usefixtures("physics")
@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        (("show", "77"), "The persona does not exist"),
        (("show", "9" * 5_000), "does not exist"),
        (("show", "nobody"), "The persona does not exist"),
        (("show", ""), "The persona needs a name"),
        (("assign", "1", "--subforum", "77"), "The subforum does not exist"),
        (("assign", "1", "--subforum", "nowhere"), "The subforum does not exist"),
        (("preview", "1", "--topic", "77"), "The topic does not exist"),
        (("preview", "1", "--topic", "no such"), "The topic does not exist"),
    ],
)
def test_unknown_things_are_told_in_words(run: Run, arguments: tuple[str, ...], title: str) -> None:
    assert title in refused(run, *arguments)["title"]


# -- preview


@pytest.mark.usefixtures("physics")
def test_preview_shows_the_messages_with_their_sizes(run: Run) -> None:
    make(run, instructions="You are {{char}} in {{subforum}}.")
    shown = document(run, "preview", "Ada", "--topic", "why is the SKY blue?")
    assert shown["messages"] == [
        {"role": "system", "content": "You are Ada in Physics."},
        {"role": "user", "content": "User wrote:\n\nI wonder about {{char}}."},
    ]
    assert (shown["persona"], shown["topic"], shown["post"]) == (
        {"id": 2, "name": "Ada", "version": 1},
        1,
        1,
    )
    assert set(shown["sizes"]) == {"persona", "thread", "other", "files", "post"}
    assert shown["fits"] is True
    assert shown["model"] is None
    words = run("persona", "preview", "Ada", "--topic", "1").out
    assert words.startswith("[system]\nYou are Ada in Physics.\n\n[user]\n")
    assert "tokens (persona ~" in words
    assert "2,048 in a window of 8,192." in words


def test_title_in_several_subforums_needs_a_number(run: Run, folder: Path, physics: int) -> None:
    workspace = open_workspace(folder)
    other = workspace.forum.create_subforum("Other").subforum_id
    workspace.forum.create_topic(other, "Why is the sky blue?", "x")
    workspace.close()
    assert "1, 2" in refused(run, "preview", "1", "--topic", "Why is the sky blue?")["message"]


# -- what all have in common


@pytest.mark.usefixtures("physics")
def test_every_verb_prints_words_without_json(run: Run) -> None:
    for arguments in (
        ("create", "--name", "Ada", "--instructions", "One"),
        ("edit", "Ada", "--instructions", "Two"),
        ("revert", "Ada", "1"),
        ("assign", "Ada", "--subforum", "Physics"),
        ("default", "Ada", "--subforum", "Physics"),
        ("default", "Ada"),
        ("unassign", "Ada", "--subforum", "Physics"),
        ("delete", "Ada"),
        ("restore", "Ada"),
        ("show", "Ada"),
        ("list",),
        ("versions", "Ada"),
        ("preview", "Ada", "--topic", "1"),
    ):
        done = run("persona", *arguments)
        assert done.code == 0, (arguments, done.err)
        assert done.out.strip()
        assert '"id"' not in done.out
        assert done.err == ""


def test_odd_characters_stay_one_document_and_reach_no_terminal(run: Run, folder: Path) -> None:
    name = "\U0001f469\u200d\U0001f4bb “Zoë” \\ \"quoted\" 'x' \u2028"
    text = "Tab\tand\r\nlines \u2028 \U0001f600 </script> \\u0000 \ufffe"
    made = run("persona", "create", "--name", name.strip(), "--instructions", text, "--json")
    assert made.code == 0, made.out
    assert made.document["instructions"] == text
    shown = run("persona", "show", "2", "--json").document
    assert shown["instructions"] == text
    assert json.loads(run("persona", "list", "--json").out)[1]["name"] == shown["name"]


def test_version_that_is_asked_for_is_kept_with_the_request(run: Run, server: FakeOllama) -> None:
    make(run)
    run("persona", "edit", "Ada", "--instructions", "Two")
    run("persona", "default", "Ada")
    question = ("ask", "Why?", "--subforum", "S", "--model", "llama3.2", "--server", server.url)
    asked = run(*question, "--persona", "Ada", "--persona-version", "v1", "--wait", "--json")
    assert (asked.document["persona_version"], asked.document["status"]) == (1, "complete")
    assert server.chats[0].body["messages"][0]["content"] == "You are Ada."
    assert run(*question, "--persona", "Ada", "--persona-version", "7", "--json").code == 1
    lone = run(*question, "--persona-version", "1", "--json")
    assert lone.document["error"]["field"] == "persona"
    assert len(run("queue", "list", "--json").document) == 1


def test_what_is_piped_in_may_be_anything(run: Run) -> None:
    done = run("persona", "create", "--name", "A", "--instructions", "-", "--json", stdin=b"a\0b")
    assert done.document["error"]["field"] == "instructions"
    assert run("persona", "create", "--name", "A", "--instructions", "-", "--json", stdin=b"").code == 1
    huge = run("persona", "create", "--name", "A", "--instructions", "-", "--json", stdin=b"word " * 300_000)
    assert (huge.code, huge.document["error"]["title"]) == (1, "The instructions are too long")
    kept = run("persona", "create", "--name", "A", "--instructions", "-", "--json", stdin=b"caf\xc3")
    assert kept.code == 0
    assert run("persona", "show", "A", "--json").document["instructions"].startswith("caf")


def test_another_process_may_read_while_one_writes(run: Run, folder: Path) -> None:
    workspace = open_workspace(folder)
    try:
        workspace.personas.create("Ada", "x")
        assert run("persona", "show", "Ada", "--json").document["version"] == 1
        busy = run("persona", "edit", "Ada", "--instructions", "y", "--json")
        assert busy.code == 1
        assert busy.document["error"]["title"]
        assert workspace.personas.persona(2).version == 1
    finally:
        workspace.close()
