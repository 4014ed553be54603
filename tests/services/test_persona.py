"""Personas: their versions, their names, where they are assigned and who answers."""

import pytest
from sqlalchemy import select

from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.persona import (
    FALLBACK_PERSONA_ID,
    Persona,
    PersonaVersion,
    ResolutionReason,
    SubforumPersona,
)
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.storage.database import Database
from tests.builders import NOW, FixedClock, a_subforum
from tests.recorder import Recorder


def versions(database: Database, persona_id: int) -> list[tuple[int, str, str]]:
    with database.read() as session:
        found = session.scalars(
            select(PersonaVersion)
            .where(PersonaVersion.persona_id == persona_id)
            .order_by(PersonaVersion.version)
        )
        return [(one.version, one.name, one.prompt_instructions) for one in found]


def switch_off(database: Database, persona: Persona, **changes: object) -> None:
    with database.write() as session:
        stored = session.get_one(Persona, persona.persona_id)
        for name, value in (changes or {"is_active": False}).items():
            setattr(stored, name, value)


def test_new_persona_has_its_first_version(
    personas: PersonaService, database: Database, recorder: Recorder
) -> None:
    made = personas.create(" Ada  Lovelace ", "You are Ada.", " Counts. ")
    assert (made.name, made.description, made.version, made.created_at) == ("Ada Lovelace", "Counts.", 1, NOW)
    assert versions(database, made.persona_id) == [(1, "Ada Lovelace", "You are Ada.")]
    assert recorder.take() == [("personas_changed",)]
    assert [persona.name for persona in personas.personas()] == ["Ada Lovelace", "Assistant"]


def test_each_change_keeps_a_version(
    personas: PersonaService, database: Database, clock: FixedClock, recorder: Recorder
) -> None:
    made = personas.create("Ada", "One")
    recorder.take()
    clock.advance()
    changed = personas.change(made.persona_id, instructions="Two")
    personas.change(made.persona_id, name="ADA", description="Counts.")
    assert changed.updated_at == clock.now
    assert versions(database, made.persona_id) == [(1, "Ada", "One"), (2, "Ada", "Two"), (3, "ADA", "Two")]
    assert recorder.take() == [("personas_changed",)] * 2


def test_change_without_a_difference_writes_nothing(
    personas: PersonaService, database: Database, recorder: Recorder
) -> None:
    made = personas.create("Ada", "One")
    recorder.take()
    personas.change(made.persona_id, name=" Ada ", instructions="One")
    assert len(versions(database, made.persona_id)) == 1
    assert recorder.take() == []


@pytest.mark.parametrize("name", ["ada", "ADA ", "Ａda", "assistant"])
def test_taken_name_is_refused(personas: PersonaService, database: Database, name: str) -> None:
    personas.create("Ada", "One")
    other = personas.create("Bo", "Two")
    with pytest.raises(InvalidInput, match="already a persona named"):
        personas.create(name, "x")
    with pytest.raises(InvalidInput, match="already a persona named"):
        personas.change(other.persona_id, name=name)
    assert len(personas.personas()) == 3
    assert versions(database, other.persona_id) == [(1, "Bo", "Two")]


@pytest.mark.parametrize(
    ("name", "instructions", "description"),
    [("", "x", ""), ("\u200b", "x", ""), ("x" * 201, "x", ""), ("Ada", " \n", ""), ("Ada", "x", "d" * 2001)],
)
def test_persona_that_cannot_be_used_is_refused(
    personas: PersonaService, name: str, instructions: str, description: str
) -> None:
    with pytest.raises(InvalidInput):
        personas.create(name, instructions, description)
    with pytest.raises(InvalidInput):
        personas.change(FALLBACK_PERSONA_ID, name=name, instructions=instructions, description=description)
    assert [persona.name for persona in personas.personas()] == ["Assistant"]


def test_half_characters_are_replaced(personas: PersonaService) -> None:
    made = personas.create("A\ud800", "You \udcff are.", "\ud83d\ude00\udc00")
    assert (made.name, made.prompt_instructions) == ("A\ufffd", "You \ufffd are.")
    assert personas.persona(made.persona_id).description == "\U0001f600\ufffd"


def test_persona_is_found_without_regard_to_case(personas: PersonaService) -> None:
    made = personas.create("Ada", "x")
    assert [persona.persona_id for persona in personas.find("ADA")] == [made.persona_id]
    assert personas.find("nobody") == []


def test_unknown_things_are_told_in_words(personas: PersonaService, forum: ForumService) -> None:
    subforum = a_subforum(forum).subforum_id
    for verb in (
        lambda: personas.persona(77),
        lambda: personas.change(77, name="x"),
        lambda: personas.assign(subforum, 77),
        lambda: personas.assign(77, FALLBACK_PERSONA_ID),
        lambda: personas.set_global_default(77),
        lambda: personas.require_answerable(subforum, 77),
    ):
        with pytest.raises(NotFound):
            verb()


def test_assigning_twice_is_one_assignment(
    personas: PersonaService, forum: ForumService, database: Database, recorder: Recorder
) -> None:
    subforum = a_subforum(forum).subforum_id
    ada = personas.create("Ada", "x").persona_id
    recorder.take()
    personas.assign(subforum, ada)
    personas.assign(subforum, ada)
    with database.read() as session:
        assert len(session.scalars(select(SubforumPersona)).all()) == 1
    assert recorder.take() == [("subforums_changed",)] * 2


def test_one_persona_is_the_default_of_a_subforum(
    personas: PersonaService, forum: ForumService, database: Database
) -> None:
    subforum = a_subforum(forum).subforum_id
    ada, bo = (personas.create(name, "x").persona_id for name in ("Ada", "Bo"))
    personas.assign(subforum, ada, default=True)
    personas.assign(subforum, bo, default=True)
    personas.assign(subforum, ada)
    assert personas.resolve(subforum).persona_id == bo
    with database.read() as session:
        rows = session.scalars(select(SubforumPersona)).all()
    assert [row.persona_id for row in rows if row.is_default_for_subforum] == [bo]


@pytest.mark.parametrize("changes", [{"is_active": False}, {"deleted_at": NOW}])
def test_persona_that_may_not_answer_cannot_be_made_a_default(
    personas: PersonaService, forum: ForumService, database: Database, changes: dict[str, object]
) -> None:
    subforum = a_subforum(forum).subforum_id
    ada = personas.create("Ada", "x")
    switch_off(database, ada, **changes)
    with pytest.raises(NotPossible, match="Ada cannot answer"):
        personas.set_global_default(ada.persona_id)
    with pytest.raises(NotPossible, match="Ada cannot answer"):
        personas.assign(subforum, ada.persona_id, default=True)


def test_deleted_subforum_gets_no_persona(personas: PersonaService, forum: ForumService) -> None:
    subforum = a_subforum(forum).subforum_id
    forum.delete_subforum(subforum)
    with pytest.raises(NotFound, match="is deleted"):
        personas.assign(subforum, FALLBACK_PERSONA_ID)


def test_who_answers_and_why(personas: PersonaService, forum: ForumService, database: Database) -> None:
    subforum = a_subforum(forum).subforum_id
    ada, bo, cy = (personas.create(name, "x") for name in ("Ada", "Bo", "Cy"))

    def answers(chosen: int | None = None) -> tuple[int | None, ResolutionReason]:
        found = personas.resolve(subforum, chosen)
        return found.persona_id, found.reason

    assert answers() == (FALLBACK_PERSONA_ID, ResolutionReason.FALLBACK)
    personas.set_global_default(bo.persona_id)
    assert answers() == (bo.persona_id, ResolutionReason.GLOBAL_DEFAULT)
    personas.assign(subforum, ada.persona_id, default=True)
    assert answers() == (ada.persona_id, ResolutionReason.SUBFORUM_DEFAULT)
    for chosen in (ada.persona_id, bo.persona_id, FALLBACK_PERSONA_ID):
        assert answers(chosen) == (chosen, ResolutionReason.CHOSEN)
    assert answers(cy.persona_id) == (None, ResolutionReason.CHOSEN)
    switch_off(database, ada)
    assert answers() == (bo.persona_id, ResolutionReason.GLOBAL_DEFAULT)
    assert answers(ada.persona_id) == (None, ResolutionReason.CHOSEN)
    switch_off(database, bo, deleted_at=NOW)
    assert answers() == (FALLBACK_PERSONA_ID, ResolutionReason.FALLBACK)
    personas.set_global_default(None)
    assert answers() == (FALLBACK_PERSONA_ID, ResolutionReason.FALLBACK)


def test_choice_for_a_subforum_yet_to_be_made(personas: PersonaService) -> None:
    ada = personas.create("Ada", "x").persona_id
    personas.require_answerable(None, FALLBACK_PERSONA_ID)
    with pytest.raises(NotPossible, match="Ada cannot answer here"):
        personas.require_answerable(None, ada)
    personas.set_global_default(ada)
    personas.require_answerable(None, ada)
