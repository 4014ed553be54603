"""What personas may be made of, and that old ones never lock themselves: names, notes, pictures, trials."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, update

from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.persona import Persona, PersonaContent, PersonaOptions, PersonaVersion
from forllm_desktop.domain.persona_text import PICTURE_LIMIT
from forllm_desktop.domain.servers import ModelChoice, Server
from forllm_desktop.events import Events
from forllm_desktop.services.asking import PersonaAskingService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from tests.builders import a_topic, a_wish

TRICK = "Ada\u202e"
COUPLE = "\U0001f469\u200d\U0001f4bb"
PNG = b"\x89PNG\r\n\x1a\n"


def named_long_ago(database: Database, persona_id: int, name: str) -> None:
    """Give a persona a name that would not be taken today, in all its versions too."""
    with database.write() as session:
        session.execute(update(Persona).where(Persona.persona_id == persona_id).values(name=name))
        session.execute(
            update(PersonaVersion).where(PersonaVersion.persona_id == persona_id).values(name=name)
        )


def test_name_of_long_ago_keeps_nothing_else_from_being_changed(
    personas: PersonaService, database: Database
) -> None:
    ada = personas.create("Ada", "One").persona_id
    named_long_ago(database, ada, TRICK)
    assert personas.change(ada, instructions="Two").version == 2
    assert personas.revert(ada, 1).version == 3
    personas.delete(ada)
    personas.create("Ada", "x")
    personas.restore(ada)
    with pytest.raises(InvalidInput, match="cannot be seen"):
        personas.change(ada, name="Bo\u202e")
    assert personas.change(ada, name="Bo").name == "Bo"


@pytest.mark.parametrize("before", ["", "a", "ab"])
def test_restored_and_duplicated_names_of_emoji_stay_whole(personas: PersonaService, before: str) -> None:
    name = (before + COUPLE * 67)[:200].rstrip("\u200d")
    ada = personas.create(name, "x").persona_id
    copy = personas.duplicate(ada)
    assert personas.change(copy.persona_id, instructions="y").version == 2
    personas.delete(ada)
    personas.create(name, "x")
    assert "taken meanwhile" in personas.restore(ada).message
    assert len({persona.name for persona in personas.personas()}) == 4


def test_what_fitted_when_it_was_saved_can_be_brought_back(
    personas: PersonaService, database: Database, events: Events
) -> None:
    ada = personas.create("Ada", "word " * 3_000).persona_id
    personas.change(ada, instructions="short")
    SettingsService(database, events).change(context_window=2_048)
    with pytest.raises(InvalidInput, match="too long"):
        personas.change(ada, instructions="word " * 2_999)
    assert personas.revert(ada, 1).prompt_instructions == "word " * 3_000
    assert personas.change(ada, description="Still editable").version == 4


def test_revert_keeps_the_present_name_where_the_old_one_is_taken(personas: PersonaService) -> None:
    ada = personas.create("Ada", "One").persona_id
    personas.change(ada, name="Bo", instructions="Two")
    personas.create("ADA", "x")
    back = personas.revert(ada, 1)
    assert (back.name, back.prompt_instructions, back.version) == ("Bo", "One", 3)
    assert personas.versions(ada)[0].version.note == "Back to v1"


def test_note_is_stored_whatever_is_typed(personas: PersonaService) -> None:
    ada = personas.create("Ada", "One", note="half \ud83d").persona_id
    personas.change(ada, instructions="Two", note="a\0b")
    with pytest.raises(InvalidInput, match="note is too long"):
        personas.change(ada, instructions="Three", note="n" * 100_000)
    assert [entry.version.note for entry in personas.versions(ada)] == ["a\ufffdb", "half \ufffd"]


@pytest.mark.parametrize("text", ["\0", "a\0b", "\x1b[2J", "\x7f", "\x9b"])
def test_control_characters_are_refused_in_name_and_instructions(personas: PersonaService, text: str) -> None:
    with pytest.raises(InvalidInput):
        personas.create(f"Ada{text}x", "x")
    with pytest.raises(InvalidInput, match="control"):
        personas.create("Ada", text + "x")
    with pytest.raises(InvalidInput):
        personas.create("Ada", "x", tags=[f"a{text}b"])


def test_description_is_one_line_without_commands(personas: PersonaService) -> None:
    assert personas.create("Ada", "x", " one\n\ttwo \ud800").description == "one two \ufffd"
    with pytest.raises(InvalidInput, match="control characters") as refused:
        personas.create("Bo", "x", "red \x1b[31m")
    assert refused.value.field == "description"


def test_instructions_of_a_megabyte(personas: PersonaService, database: Database, events: Events) -> None:
    with pytest.raises(InvalidInput, match="too long"):
        personas.create("Ada", "word " * 200_000)
    SettingsService(database, events).change(context_window=1_000_000)
    huge = "word " * 200_000
    ada = personas.create("Ada", huge).persona_id
    assert personas.version(ada, 1).prompt_instructions == huge
    with pytest.raises(InvalidInput, match="1,000,001 characters are too many"):
        personas.change(ada, instructions=huge + "w")


def test_picture_up_to_a_megabyte(personas: PersonaService) -> None:
    ada = personas.create("Ada", "x").persona_id
    whole = PNG + b"x" * (PICTURE_LIMIT - len(PNG))
    personas.set_avatar(ada, png=whole)
    assert personas.pictures() == {ada: whole}
    assert personas.card(ada).has_picture
    for odd in (whole + b"x", b"", b"GIF89a", b"\x89PNG"):
        with pytest.raises(InvalidInput, match="picture"):
            personas.set_avatar(ada, png=odd)
    assert personas.pictures() == {ada: whole}
    copy = personas.duplicate(ada).persona_id
    assert personas.pictures([copy]) == {copy: whole}
    personas.set_avatar(ada, "teal")
    assert personas.pictures([ada]) == {}
    assert personas.card(ada).colour == "teal"
    assert personas.persona(ada).version == 1, "the look has no versions"


def test_duplicate_takes_everything_but_the_history(personas: PersonaService) -> None:
    options = PersonaOptions(None, 0.3, 300, True)
    ada = personas.create("Ada", "One", "Counts.", options=options, tags=["maths"]).persona_id
    personas.change(ada, instructions="Two")
    copy = personas.duplicate(ada)
    assert (copy.name, copy.version, copy.prompt_instructions) == ("Ada (2)", 1, "Two")
    assert (copy.description, copy.options, copy.tags) == ("Counts.", options, ["maths"])
    assert [entry.version.note for entry in personas.versions(copy.persona_id)] == ["Copy of Ada v2"]
    assert personas.duplicate(ada).name == "Ada (3)"


def test_tags_are_kept_without_a_version(personas: PersonaService) -> None:
    ada = personas.create("Ada", "x", tags=[" maths ", "Maths", "", "poetry"]).persona_id
    assert personas.card(ada).tags == ("maths", "poetry")
    personas.set_tags(ada, ["new"])
    assert personas.card(ada).tags == ("new",)
    assert personas.persona(ada).version == 1
    with pytest.raises(InvalidInput, match="too many tags"):
        personas.set_tags(ada, [str(n) for n in range(21)])
    with pytest.raises(NotFound):
        personas.set_tags(77, [])


def test_preferred_model_has_a_name_and_may_lose_its_server(
    personas: PersonaService, database: Database
) -> None:
    server_id = a_wish(database).model.server_id
    ada = personas.create("Ada", "x").persona_id
    blank = PersonaOptions(ModelChoice(server_id, " "))
    assert personas.change(ada, options=blank).version == 1, "no model is no difference"
    half = PersonaOptions(ModelChoice(server_id, "a\ud800"))
    assert personas.change(ada, options=half).preferred_model == "a\ufffd"
    with database.write() as session:
        session.execute(delete(Server))
    later = replace(personas.persona(ada).options, temperature=0.5)
    assert personas.change(ada, options=later).version == 3, "a server that is gone locks nothing"
    assert personas.preferred_model(0, ada) is None


def test_what_no_database_can_hold_is_refused_or_replaced(personas: PersonaService) -> None:
    ada = personas.create("Ada", "x").persona_id
    personas.set_avatar(ada, "te\ud800al")
    assert personas.card(ada).colour == "te\ufffdal"
    with pytest.raises(InvalidInput, match="no colour"):
        personas.set_avatar(ada, "x" * 17)
    assert personas.find("\ud800") == []


def test_preview_of_half_characters_shows_what_is_sent(
    personas: PersonaService, forum: ForumService, database: Database
) -> None:
    post = a_topic(forum)[1].post_id
    content = PersonaContent("A\ud800", "{{char}} \udcff")
    messages = PromptService(database).preview(post, 1, content, None).messages
    assert messages[0]["content"] == "A\ufffd \ufffd"


def test_nothing_is_done_to_nobody(personas: PersonaService) -> None:
    for verb in (personas.delete, lambda ids: personas.set_active(ids, False)):
        with pytest.raises(NotPossible, match="No persona is chosen"):
            verb([])


# -- asking


def test_asking_nobody_is_refused(
    asking: PersonaAskingService, forum: ForumService, queue: QueueService, database: Database
) -> None:
    post = a_topic(forum)[1].post_id
    wish = a_wish(database)
    with pytest.raises(NotPossible, match="No persona is chosen"):
        asking.ask(post, [])
    with pytest.raises(NotPossible, match="Whose version"):
        asking.ask(post, [replace(wish, version=3)])
    assert queue.jobs() == []
    assert asking.ask(post, [wish]).label == "Whoever is the default will answer in “Why is the sky blue?”"


def test_undo_of_asking_leaves_assigned_whom_another_request_needs(
    asking: PersonaAskingService, personas: PersonaService, forum: ForumService, queue: QueueService,
    database: Database,
) -> None:  # fmt: skip
    topic, post = a_topic(forum)
    ada = personas.create("Ada", "x").persona_id
    wish = replace(a_wish(database, ada), assigns=True)
    first, second = (asking.ask(post.post_id, [wish]) for _ in range(2))
    asking.undo(first)
    assert len(personas.members(topic.subforum_id)) == 1
    claim = queue.claim()
    assert claim is not None
    assert claim.persona.persona_id == ada
    assert second.persona_ids == ()


# -- trials


@pytest.fixture
def asking(database: Database, events: Events, queue: QueueService) -> PersonaAskingService:
    return PersonaAskingService(database, events, queue)


def test_trial_of_an_unknown_persona_is_told_in_words(
    asking: PersonaAskingService, database: Database
) -> None:
    model = a_wish(database).model
    with pytest.raises(NotFound, match="persona does not exist"):
        asking.try_persona(77, PersonaContent("A", "x"), "Why?", model)


def test_trial_is_stored_whatever_is_typed(
    asking: PersonaAskingService, database: Database, queue: QueueService
) -> None:
    model = a_wish(database).model
    content = PersonaContent("A\ud800", "half \udcff")
    job = asking.try_persona(0, content, "Why \udcff?", model)
    params = queue.job(job.request_id).request_params or {}
    assert (params["name"], params["instructions"], params["question"]) == (
        "A\ufffd",
        "half \ufffd",
        "Why \ufffd?",
    )
    assert job.llm_persona is None
