"""Taking back what was done to personas: each action, also late, twice, and after others have changed it."""

import pytest

from forllm_desktop.domain.errors import NotFound, NotPossible
from forllm_desktop.domain.persona import FALLBACK_PERSONA_ID
from forllm_desktop.domain.undo import PersonaUndo, Restored
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from tests.builders import FixedClock, a_subforum
from tests.recorder import Recorder

Places = list[tuple[str, bool]]


@pytest.fixture
def physics(forum: ForumService) -> int:
    return a_subforum(forum).subforum_id


@pytest.fixture
def ids(personas: PersonaService) -> dict[str, int]:
    return {name: personas.create(name, "x").persona_id for name in ("Ada", "Bo", "Cy")}


def places(personas: PersonaService, subforum_id: int) -> Places:
    return [(member.card.name, member.is_default) for member in personas.members(subforum_id)]


def test_assignment_of_several_is_taken_back_at_once(
    personas: PersonaService, physics: int, ids: dict[str, int], recorder: Recorder
) -> None:
    personas.assign(physics, ids["Bo"], default=True)
    undo = personas.assign(physics, list(ids.values()), default=True)
    assert undo.label == "Ada and Cy are assigned to Physics; Ada is its default"
    recorder.take()
    assert personas.undo(undo).message == "Physics has its personas back as they were"
    assert recorder.take() == [("subforums_changed",)]
    assert places(personas, physics) == [("Bo", True)]


def test_unassigned_persona_comes_back_at_its_place_and_as_the_default(
    personas: PersonaService, physics: int, ids: dict[str, int], clock: FixedClock
) -> None:
    for name in ids:
        clock.advance()
        personas.assign(physics, ids[name])
    before = personas.members(physics)
    for name in ids:
        clock.advance()
        undo = personas.unassign(physics, ids[name])
        personas.undo(undo)
        assert personas.members(physics) == before
    personas.set_default(physics, ids["Bo"])
    clock.advance()
    undo = personas.unassign(physics, ids["Bo"])
    assert undo.label == "Bo is no longer assigned to Physics; Physics has no default now"
    personas.undo(undo)
    assert places(personas, physics) == [("Bo", True), ("Ada", False), ("Cy", False)]


def test_default_is_taken_back(personas: PersonaService, physics: int, ids: dict[str, int]) -> None:
    personas.assign(physics, ids["Ada"], default=True)
    undo = personas.set_default(physics, ids["Bo"])
    assert undo.label == "Bo is assigned to Physics and is its default"
    personas.undo(undo)
    assert places(personas, physics) == [("Ada", True)]
    undo = personas.set_default(physics, None)
    assert undo.label == "Physics has no default now"
    assert places(personas, physics) == [("Ada", False)]
    personas.undo(undo)
    assert places(personas, physics) == [("Ada", True)]


def test_default_that_was_chosen_since_stays(
    personas: PersonaService, physics: int, ids: dict[str, int]
) -> None:
    first = personas.assign(physics, ids["Ada"], default=True)
    personas.set_default(physics, ids["Bo"])
    personas.undo(first)
    assert places(personas, physics) == [("Bo", True)]
    assigned = personas.assign(physics, ids["Cy"])
    personas.set_default(physics, ids["Cy"])
    personas.undo(assigned)
    assert places(personas, physics) == [("Cy", True), ("Bo", False)], "it was made the default since"


def test_undo_of_what_changed_nothing_changes_nothing(
    personas: PersonaService, physics: int, ids: dict[str, int]
) -> None:
    personas.assign(physics, ids["Ada"], default=True)
    for undo in (
        personas.assign(physics, ids["Ada"]),
        personas.set_default(physics, ids["Ada"]),
        personas.set_active(ids["Ada"], True),
    ):
        personas.undo(undo)
    assert places(personas, physics) == [("Ada", True)]
    assert personas.persona(ids["Ada"]).is_active


def test_undo_in_a_deleted_subforum_is_refused_in_words(
    personas: PersonaService, forum: ForumService, physics: int, ids: dict[str, int]
) -> None:
    undo = personas.assign(physics, ids["Ada"])
    forum.delete_subforum(physics)
    with pytest.raises(NotFound, match="is deleted"):
        personas.undo(undo)


def test_global_default_is_taken_back_unless_it_was_changed_again(
    personas: PersonaService, ids: dict[str, int], recorder: Recorder
) -> None:
    first = personas.set_global_default(ids["Ada"])
    second = personas.set_global_default(ids["Bo"])
    with pytest.raises(NotPossible, match="changed again"):
        personas.undo(first)
    recorder.take()
    personas.undo(second)
    assert personas.global_default() == ids["Ada"]
    assert recorder.take() == [("personas_changed",)]
    personas.undo(first)
    assert personas.global_default() is None


def test_global_default_that_was_switched_off_comes_back_too(
    personas: PersonaService, ids: dict[str, int]
) -> None:
    personas.set_global_default(ids["Ada"])
    personas.delete(ids["Ada"])
    undo = personas.set_global_default(ids["Bo"])
    personas.undo(undo)
    assert personas.global_default() == ids["Ada"]


def test_deletion_is_taken_back(personas: PersonaService, physics: int, ids: dict[str, int]) -> None:
    personas.assign(physics, ids["Ada"], default=True)
    personas.set_global_default(ids["Ada"])
    undo = personas.delete(ids["Ada"])
    assert places(personas, physics) == []
    assert personas.resolve(physics).persona_id == FALLBACK_PERSONA_ID
    assert personas.undo(undo).message == "Persona “Ada” restored"
    assert places(personas, physics) == [("Ada", True)]
    assert personas.card(ids["Ada"]).is_global_default
    assert personas.persona(ids["Ada"]).version == 1
    with pytest.raises(NotPossible, match="not in the trash"):
        personas.undo(undo)


def test_deletion_of_several_is_taken_back_where_it_was_not_already(
    personas: PersonaService, ids: dict[str, int]
) -> None:
    undo = personas.delete(list(ids.values()))
    personas.restore(ids["Bo"])
    assert personas.undo(undo).message == "2 personas restored"
    with pytest.raises(NotPossible, match="not in the trash"):
        personas.undo(undo)
    undo = personas.set_active(list(ids.values()), True)
    personas.undo(undo)
    assert all(personas.persona(number).is_active for number in ids.values())


@pytest.mark.parametrize("is_active", [False, True])
def test_switch_is_taken_back_to_what_it_was(
    personas: PersonaService, ids: dict[str, int], is_active: bool
) -> None:
    personas.set_active(ids["Ada"], not is_active)
    undo = personas.set_active(ids["Ada"], is_active)
    personas.set_active(ids["Ada"], not is_active)
    personas.undo(undo)
    assert personas.persona(ids["Ada"]).is_active is not is_active
    personas.undo(undo)
    assert personas.persona(ids["Ada"]).is_active is not is_active


def test_every_undo_says_what_it_did(
    personas: PersonaService, physics: int, ids: dict[str, int], clock: FixedClock
) -> None:
    done: list[PersonaUndo] = [
        personas.assign(physics, ids["Ada"]),
        personas.set_default(physics, ids["Ada"]),
        personas.set_default(physics, None),
        personas.unassign(physics, ids["Ada"]),
        personas.set_global_default(ids["Ada"]),
        personas.set_active(ids["Ada"], False),
        personas.delete(ids["Ada"]),
    ]
    for undo in reversed(done):
        assert undo.label
        restored = personas.undo(undo)
        assert isinstance(restored, Restored)
        assert restored.message
    assert places(personas, physics) == []
    assert personas.global_default() is None
    assert personas.persona(ids["Ada"]).is_usable


def test_nobody_cannot_be_assigned(personas: PersonaService, physics: int) -> None:
    for default in (False, True):
        with pytest.raises(NotPossible, match="No persona"):
            personas.assign(physics, [], default=default)
