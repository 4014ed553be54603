"""The rows of the plan that personas were made from, one test each: `assignment`, `fallback` and so on."""

import itertools
import threading
from dataclasses import replace

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from forllm_desktop.domain.errors import ForllmError, InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.persona import (
    FALLBACK_PERSONA_ID,
    Origin,
    Persona,
    PersonaOptions,
    PersonaVersion,
    ResolutionReason,
    Source,
    SubforumPersona,
)
from forllm_desktop.domain.queue import Job
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.job_view import JobView, job_views
from forllm_desktop.services.persona import PersonaService, StaleVersion
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database
from tests.builders import FixedClock, a_request, a_subforum, a_wish
from tests.recorder import Recorder


@pytest.fixture
def physics(forum: ForumService) -> int:
    return a_subforum(forum).subforum_id


@pytest.fixture
def ada(personas: PersonaService) -> int:
    return personas.create("Ada", "One").persona_id


@pytest.fixture
def bo(personas: PersonaService) -> int:
    return personas.create("Bo", "One").persona_id


def claimed(queue: QueueService) -> Claim:
    claim = queue.claim()
    assert claim is not None
    return claim


def view(database: Database, job: Job) -> JobView:
    return job_views(database, [job.request_id])[0]


def stored_versions(database: Database, persona_id: int) -> list[tuple]:
    with database.read() as session:
        found = session.scalars(select(PersonaVersion).where(PersonaVersion.persona_id == persona_id))
        return sorted((one.version, one.content, one.created_at, one.note) for one in found)


# -- personas table


def test_persona_keeps_who_made_it_when_and_from_what(personas: PersonaService, clock: FixedClock) -> None:
    origin = Origin(Source.FROM_NAME, {"name": "Ada"}, "llama3.2")
    made = personas.create("Ada", "x", origin=origin)
    assert (made.generation_source, made.generation_input_details) == (
        "llm_generated_from_name",
        {"name": "Ada"},
    )
    assert (made.created_at, made.created_by_user, made.is_active) == (clock.now, 1, True)
    assert personas.version(made.persona_id, 1).author == "llama3.2"
    clock.advance()
    changed = personas.change(made.persona_id, instructions="y")
    assert changed.created_at < changed.updated_at
    assert personas.version(made.persona_id, 2).author == ""


def test_name_is_unique_among_the_living_without_regard_to_case(
    personas: PersonaService, ada: int, bo: int
) -> None:
    with pytest.raises(InvalidInput, match="already a persona named “ADA”"):
        personas.create("ADA", "x")
    with pytest.raises(InvalidInput, match="already a persona named “ada”"):
        personas.change(bo, name=" ada")
    assert personas.change(ada, name="aDa").name == "aDa", "its own name is free to it"
    personas.delete(ada)
    assert personas.create("Ada", "x").persona_id != ada, "a deleted name may be used again"


# -- assignment


def test_assignment_of_any_number_with_their_order(
    personas: PersonaService, physics: int, clock: FixedClock
) -> None:
    ids = []
    for number in range(30):
        clock.advance()
        ids.append(personas.create(f"P{number}", "x").persona_id)
        personas.assign(physics, ids[-1])
    personas.set_default(physics, ids[20])
    listed = [member.card.persona_id for member in personas.members(physics)]
    assert listed == [ids[20], *(one for one in ids if one != ids[20])]
    assert len(personas.choices(physics)) == 30


def test_assignment_twice_is_one(
    personas: PersonaService, database: Database, physics: int, ada: int
) -> None:
    personas.assign(physics, [ada, ada])
    personas.assign(physics, ada)
    with database.read() as session:
        assert len(session.scalars(select(SubforumPersona)).all()) == 1


def test_assignment_is_listed_also_while_the_persona_is_switched_off(
    personas: PersonaService, physics: int, ada: int
) -> None:
    personas.assign(physics, ada)
    personas.set_active(ada, False)
    assert [member.card.is_active for member in personas.members(physics)] == [False]
    assert ada not in [choice.persona_id for choice in personas.choices(physics)]
    assert personas.assigned() == {}
    personas.delete(ada)
    assert personas.members(physics) == []


# -- default rules


def test_default_of_an_unassigned_persona_assigns_it_in_the_same_transaction(
    personas: PersonaService, database: Database, physics: int, ada: int, recorder: Recorder
) -> None:
    recorder.take()
    undo = personas.set_default(physics, ada)
    assert undo.label == "Ada is assigned to Physics and is its default"
    assert recorder.take() == [("subforums_changed",)], "one commit, one announcement"
    with pytest.raises(NotFound):
        personas.assign(physics, [ada, 77], default=True)
    assert personas.resolve(physics).persona_id == ada


def test_default_is_one_at_most_by_the_database_itself(
    personas: PersonaService, database: Database, physics: int, ada: int, bo: int
) -> None:
    personas.assign(physics, [ada, bo], default=True)
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(update(SubforumPersona).values(is_default_for_subforum=True))
    assert personas.resolve(physics).persona_id == ada


def test_default_races_leave_exactly_one(personas: PersonaService, physics: int, ada: int, bo: int) -> None:
    failures: list[BaseException] = []

    def choose(persona_id: int) -> None:
        for _ in range(15):
            try:
                personas.set_default(physics, persona_id)
            except ForllmError as error:
                failures.append(error)

    threads = [threading.Thread(target=choose, args=(persona_id,)) for persona_id in (ada, bo)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [member.is_default for member in personas.members(physics)] == [True, False]


def test_unassigning_the_default_leaves_none_and_says_so(
    personas: PersonaService, physics: int, ada: int
) -> None:
    personas.set_default(physics, ada)
    assert "Physics has no default now" in personas.unassign(physics, ada).label
    assert personas.answering(physics).words == "Assistant, the fallback: no default is set"
    with pytest.raises(NotPossible, match="Ada is not assigned to Physics"):
        personas.unassign(physics, ada)


def test_default_that_is_deleted_comes_back_with_the_persona(
    personas: PersonaService, physics: int, ada: int
) -> None:
    personas.set_default(physics, ada)
    personas.set_global_default(ada)
    personas.delete(ada)
    assert personas.resolve(physics).reason is ResolutionReason.FALLBACK
    personas.restore(ada)
    assert personas.resolve(physics).reason is ResolutionReason.SUBFORUM_DEFAULT
    assert personas.card(ada).is_global_default


def test_newer_default_stays_when_the_old_one_is_restored(
    personas: PersonaService, physics: int, ada: int, bo: int
) -> None:
    personas.set_default(physics, ada)
    personas.set_global_default(ada)
    personas.delete(ada)
    personas.set_default(physics, bo)
    personas.set_global_default(bo)
    personas.restore(ada)
    assert [(m.card.name, m.is_default) for m in personas.members(physics)] == [("Bo", True), ("Ada", False)]
    assert personas.global_default() == bo


# -- global default


def test_global_default_answers_where_no_default_is_set(
    personas: PersonaService, physics: int, ada: int, bo: int
) -> None:
    assert personas.set_global_default(ada).label == "Ada is the global default"
    assert personas.answering(physics).words == "Ada, the global default"
    personas.set_default(physics, bo)
    assert personas.answering(physics).words == "Bo, the default of Physics"
    assert personas.set_global_default(None).label == "There is no global default now"


# -- fallback


def test_fallback_answers_when_nobody_else_is_set_and_is_editable(
    personas: PersonaService, physics: int
) -> None:
    personas.change(FALLBACK_PERSONA_ID, name="Helper", instructions="Help.")
    assert personas.answering(physics).words == "Helper, the fallback: no default is set"


@pytest.mark.parametrize("verb", ["deleted", "switched"])
def test_fallback_is_neither_deleted_nor_switched_off(personas: PersonaService, ada: int, verb: str) -> None:
    both = [ada, FALLBACK_PERSONA_ID]
    steps = {"deleted": lambda: personas.delete(both), "switched": lambda: personas.set_active(both, False)}
    with pytest.raises(NotPossible, match=f"fallback cannot be {verb}"):
        steps[verb]()
    assert personas.persona(FALLBACK_PERSONA_ID).is_usable
    assert personas.persona(ada).is_usable, "nothing is done by halves"


# -- override


def test_override_at_request_time_must_be_valid_for_the_subforum(
    personas: PersonaService, queue: QueueService, forum: ForumService, database: Database, physics: int,
    ada: int, bo: int,
) -> None:  # fmt: skip
    personas.set_default(physics, bo)
    with pytest.raises(NotPossible, match="Ada cannot answer here"):
        a_request(queue, forum, database, a_wish(database, ada))
    personas.assign(physics, ada)
    a_request(queue, forum, database, a_wish(database, ada))
    assert claimed(queue).persona.persona_id == ada
    personas.unassign(physics, ada)
    personas.set_global_default(ada)
    a_request(queue, forum, database, a_wish(database, ada))
    assert claimed(queue).persona.persona_id == ada


@pytest.mark.parametrize("usable", [False, True])
def test_override_that_assigns_is_one_commit_and_refused_as_a_whole(
    personas: PersonaService, queue: QueueService, forum: ForumService, database: Database, physics: int,
    ada: int, recorder: Recorder, usable: bool,
) -> None:  # fmt: skip
    wish = replace(a_wish(database, ada), assigns=True)
    personas.set_active(ada, usable)
    recorder.take()
    if not usable:
        with pytest.raises(NotPossible, match="switched off"):
            a_request(queue, forum, database, wish)
        assert personas.members(physics) == []
        assert queue.jobs() == []
        return
    a_request(queue, forum, database, wish)
    assert [member.card.persona_id for member in personas.members(physics)] == [ada]
    assert ("subforums_changed",) in recorder.take()


@pytest.mark.parametrize("way", ["unassigned", "switched off", "deleted"])
def test_choice_that_became_unusable_while_waiting_ends_in_error_with_the_reason(
    personas: PersonaService, queue: QueueService, forum: ForumService, database: Database, physics: int,
    ada: int, way: str,
) -> None:  # fmt: skip
    personas.assign(physics, ada)
    job = a_request(queue, forum, database, a_wish(database, ada))
    if way == "unassigned":
        personas.unassign(physics, ada)
    elif way == "deleted":
        personas.delete(ada)
    else:
        personas.set_active(ada, False)
    assert queue.claim() is None
    ended = queue.job(job.request_id)
    assert ended.status == "error"
    assert (ended.error_title or "").startswith("Ada cannot answer")
    assert ended.error_message
    assert ended.reply_post_id is None
    if way == "deleted":
        personas.restore(ada)
    elif way == "unassigned":
        personas.assign(physics, ada)
    else:
        personas.set_active(ada, True)
    queue.retry(job.request_id)
    assert claimed(queue).persona.persona_id == ada


# -- versioning


def test_versioning_of_every_change_and_of_no_unchanged_save(personas: PersonaService, ada: int) -> None:
    options = PersonaOptions(None, 0.5, 200, False)
    changes: list[dict] = [
        {"name": "Ada L."},
        {"instructions": "Two"},
        {"description": "Counts."},
        {"options": options},
        {"options": replace(options, think=None)},
    ]
    for number, change in enumerate(changes, start=2):
        assert personas.change(ada, **change, note=f"n{number}").version == number
        assert personas.change(ada, **change, note="again").version == number
    assert personas.change(ada).version == 6
    entries = personas.versions(ada)
    assert [(e.version.version, e.changed, e.version.note) for e in entries] == [
        (6, ("thinking",), "n6"),
        (5, ("temperature", "longest reply", "thinking"), "n5"),
        (4, ("description",), "n4"),
        (3, ("instructions",), "n3"),
        (2, ("name",), "n2"),
        (1, (), ""),
    ]


def test_versioning_refuses_a_save_that_was_overtaken(personas: PersonaService, ada: int) -> None:
    personas.change(ada, instructions="Two", based_on=1)
    with pytest.raises(StaleVersion, match="v2 was saved after v1") as refused:
        personas.change(ada, instructions="Mine", based_on=1)
    assert refused.value.newest == 2
    assert personas.persona(ada).prompt_instructions == "Two"
    assert personas.change(ada, instructions="Mine", based_on=2).version == 3


def test_versioning_by_two_threads_is_contiguous(personas: PersonaService, ada: int) -> None:
    def save(letter: str) -> None:
        for number in range(15):
            personas.change(ada, instructions=f"{letter}{number}")

    threads = [threading.Thread(target=save, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.version.version for entry in personas.versions(ada)] == list(range(31, 0, -1))


# -- revert


def test_revert_is_a_new_version_and_rewrites_none(
    personas: PersonaService, database: Database, ada: int, clock: FixedClock
) -> None:
    personas.change(ada, instructions="Two", name="Ada L.")
    before = stored_versions(database, ada)
    clock.advance()
    back = personas.revert(ada, 1)
    assert (back.version, back.name, back.prompt_instructions) == (3, "Ada", "One")
    assert stored_versions(database, ada)[:2] == before
    assert personas.revert(ada, 3).version == 3, "nothing differs"
    with pytest.raises(NotFound, match="Ada has no v9"):
        personas.revert(ada, 9)
    personas.delete(ada)
    with pytest.raises(NotFound, match="is deleted"):
        personas.revert(ada, 1)


# -- audit


def test_audit_says_who_will_be_used_as_things_stand(
    personas: PersonaService, queue: QueueService, forum: ForumService, database: Database, physics: int,
    ada: int, bo: int,
) -> None:  # fmt: skip
    job = a_request(queue, forum, database)
    assert (view(database, job).persona, view(database, job).is_ahead) == ("Assistant", True)
    personas.set_global_default(bo)
    assert view(database, job).persona == "Bo"
    personas.set_default(physics, ada)
    assert (view(database, job).persona, view(database, job).version) == ("Ada", 1)
    personas.change(ada, name="Ada L.")
    assert (view(database, job).persona, view(database, job).version) == ("Ada L.", 2)
    personas.delete(ada)
    assert view(database, job).persona == "Bo"


def test_audit_keeps_name_and_version_from_the_start_of_the_job(
    personas: PersonaService, queue: QueueService, forum: ForumService, database: Database, physics: int,
    ada: int, bo: int,
) -> None:  # fmt: skip
    personas.set_default(physics, ada)
    job = a_request(queue, forum, database)
    claim = claimed(queue)
    personas.change(ada, name="Someone else", instructions="Two")
    personas.set_default(physics, bo)
    assert queue.finish(job.request_id, "So.", "", {})
    for _ in range(2):
        seen = view(database, job)
        assert (seen.persona, seen.job.persona_version, seen.is_ahead) == ("Ada", 1, False)
        personas.set_active(ada, False)
    assert claim.reply is not None
    reply = forum.post(claim.reply.post_id)
    assert (reply.llm_persona_id, reply.persona_version) == (ada, 1)
    assert personas.names([(ada, 1)]) == {(ada, 1): "Ada"}
    assert personas.versions(ada)[-1].n_posts == 1


def test_audit_of_a_repeated_request_uses_the_persona_of_then(
    personas: PersonaService, queue: QueueService, forum: ForumService, database: Database, physics: int,
    ada: int, bo: int,
) -> None:  # fmt: skip
    personas.set_default(physics, ada)
    job = a_request(queue, forum, database)
    claimed(queue)
    queue.fail(job.request_id, "x", ForllmError("No", "Try."), "half")
    personas.set_default(physics, bo)
    queue.retry(job.request_id)
    assert claimed(queue).persona.name == "Bo"
    assert view(database, job).persona == "Bo"


def test_audit_of_a_chosen_version_stays_with_it(
    personas: PersonaService, queue: QueueService, forum: ForumService, database: Database, physics: int,
    ada: int,
) -> None:  # fmt: skip
    personas.assign(physics, ada)
    personas.change(ada, instructions="Two", name="Ada L.")
    job = a_request(queue, forum, database, replace(a_wish(database, ada), version=1))
    assert (view(database, job).persona, view(database, job).version) == ("Ada", 1)
    claim = claimed(queue)
    assert (claim.persona.version, claim.persona.prompt_instructions) == (1, "One")
    queue.fail(job.request_id, "x", ForllmError("No", "Try."))
    queue.retry(job.request_id)
    assert claimed(queue).persona.version == 1
    with pytest.raises(NotFound, match="no v7"):
        a_request(queue, forum, database, replace(a_wish(database, ada), version=7))


def test_persona_that_is_deleted_while_it_writes_finishes_its_reply(
    personas: PersonaService, queue: QueueService, forum: ForumService, database: Database, physics: int,
    ada: int,
) -> None:  # fmt: skip
    personas.set_default(physics, ada)
    job = a_request(queue, forum, database)
    claim = claimed(queue)
    personas.delete(ada)
    assert queue.finish(job.request_id, "So.", "", {})
    assert claim.reply is not None
    assert not forum.post(claim.reply.post_id).is_incomplete
    assert view(database, job).persona == "Ada"


# -- multiple personas, and the words of a resolution


def test_choices_say_who_answers_and_why(personas: PersonaService, physics: int, ada: int, bo: int) -> None:
    personas.assign(physics, [bo, ada])
    personas.set_global_default(personas.create("Cy", "x").persona_id)
    assert [(c.name, c.is_default) for c in personas.choices(physics)] == [
        ("Ada", False),
        ("Bo", False),
        ("Cy", True),
    ]
    personas.set_default(physics, bo)
    assert next((c.name, c.is_default) for c in personas.choices(physics)) == ("Bo", True)


def test_nobody_who_is_not_usable_ever_answers(
    personas: PersonaService, database: Database, physics: int, ada: int, bo: int
) -> None:
    personas.set_default(physics, ada)
    personas.set_global_default(bo)
    for ada_on, bo_on in itertools.product((False, True), repeat=2):
        personas.set_active(ada, ada_on)
        personas.set_active(bo, bo_on)
        expected = ada if ada_on else bo if bo_on else FALLBACK_PERSONA_ID
        assert personas.resolve(physics).persona_id == expected
        for chosen, is_on in ((ada, ada_on), (bo, bo_on)):
            assert personas.resolve(physics, chosen).persona_id == (chosen if is_on else None)


def test_a_persona_that_was_used_can_never_be_lost(
    personas: PersonaService, database: Database, physics: int, ada: int
) -> None:
    personas.assign(physics, ada)
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(delete(Persona).where(Persona.persona_id == ada))
    assert personas.persona(ada).name == "Ada"
