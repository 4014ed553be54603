"""Personas under any sequence of steps: whatever happens, their rules hold and somebody answers."""

import itertools
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.persona import (
    FALLBACK_PERSONA_ID,
    Persona,
    PersonaOptions,
    PersonaVersion,
    SubforumPersona,
    resolve,
)
from forllm_desktop.domain.undo import PersonaUndo
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService, StaleVersion
from forllm_desktop.storage.database import Database, open_database
from forllm_desktop.storage.persona import candidates
from tests.builders import FixedClock

NAMES = st.sampled_from(
    ["Ada", "ADA", "Ａda", "Bo", "Assistant", "Ada (2)", "\U0001f469\u200d\U0001f4bb" * 66]
)
TEXTS = st.sampled_from(["One", "Two", "{{user}}"])
WARMTH = st.sampled_from([None, 0.0, 1.0])


class PersonaMachine(RuleBasedStateMachine):
    """Takes steps of a user in any order. Refusals in words are fine, anything else is not."""

    template: Path
    folder: Path
    numbers = itertools.count()

    undos = Bundle("undos")

    @initialize()
    def open(self) -> None:
        path = shutil.copy(self.template, self.folder / f"{next(self.numbers)}.db")
        self.database: Database = open_database(Path(path))
        self.events, self.clock = Events(), FixedClock()
        self.personas = PersonaService(self.database, self.events, self.clock)
        self.forum = ForumService(self.database, self.events, self.clock)
        self.places = [self.forum.create_subforum(name).subforum_id for name in ("Physics", "Poetry")]
        self.written: dict[int, list[tuple]] = {}
        self.personas.create("Ada", "One")

    def teardown(self) -> None:
        if hasattr(self, "database"):
            assert self.database.check() == []
            self.database.close()

    def all(self) -> list[Persona]:
        with self.database.read() as session:
            return list(session.scalars(select(Persona).order_by(Persona.persona_id)))

    def one(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from([persona.persona_id for persona in self.all()]))

    def place(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(self.places))

    # -- personas

    @rule(name=NAMES, text=TEXTS)
    def create(self, name: str, text: str) -> None:
        is_free = not self.personas.find(name)
        try:
            self.personas.create(name, text)
            assert is_free
        except InvalidInput:
            assert not is_free

    @rule(data=st.data(), name=st.none() | NAMES, text=st.none() | TEXTS, warmth=WARMTH, stale=st.booleans())
    def edit(
        self, data: st.DataObject, name: str | None, text: str | None, warmth: float | None, stale: bool
    ) -> None:
        number = self.one(data)
        before = self.personas.persona(number)
        try:
            after = self.personas.change(
                number,
                name=name,
                instructions=text,
                options=PersonaOptions(None, warmth),
                based_on=before.version - stale,
            )
        except StaleVersion:
            assert stale
            return
        except NotFound:
            assert before.deleted_at is not None
            return
        except InvalidInput:
            assert self.personas.find(name or "")
            return
        assert not stale
        assert after.version - before.version == (after.content != before.content)

    @rule(data=st.data(), number=st.integers(1, 4))
    def revert(self, data: st.DataObject, number: int) -> None:
        persona = self.personas.persona(self.one(data))
        try:
            back = self.personas.revert(persona.persona_id, number)
        except NotFound:
            assert persona.deleted_at or number > persona.version
            return
        old = self.personas.version(persona.persona_id, number)
        assert back.prompt_instructions == old.prompt_instructions
        assert back.options == old.options
        assert back.name in (old.name, persona.name)

    @rule(data=st.data())
    def duplicate(self, data: st.DataObject) -> None:
        try:
            self.personas.duplicate(self.one(data))
        except NotFound:
            return

    @rule(target=undos, data=st.data())
    def delete(self, data: st.DataObject) -> PersonaUndo | object:
        try:
            return self.personas.delete(self.one(data))
        except (NotFound, NotPossible):
            return multiple()

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        persona = self.personas.persona(self.one(data))
        try:
            self.personas.restore(persona.persona_id)
            assert persona.deleted_at is not None
        except NotPossible:
            assert persona.deleted_at is None

    @rule(target=undos, data=st.data(), is_active=st.booleans())
    def switch(self, data: st.DataObject, is_active: bool) -> PersonaUndo | object:
        try:
            return self.personas.set_active(self.one(data), is_active)
        except (NotFound, NotPossible):
            return multiple()

    # -- places

    @rule(target=undos, data=st.data(), n=st.integers(1, 3), default=st.booleans())
    def assign(self, data: st.DataObject, n: int, default: bool) -> PersonaUndo | object:
        ids = [self.one(data) for _ in range(n)]
        try:
            undo = self.personas.assign(self.place(data), ids, default=default)
        except (NotFound, NotPossible):
            assert not all(self.personas.persona(number).is_usable for number in ids)
            return multiple()
        if default:
            assert self.personas.resolve(undo.subforum_id).persona_id == ids[0]
        return undo

    @rule(target=undos, data=st.data())
    def unassign(self, data: st.DataObject) -> PersonaUndo | object:
        try:
            return self.personas.unassign(self.place(data), self.one(data))
        except NotPossible:
            return multiple()

    @rule(target=undos, data=st.data())
    def clear_default(self, data: st.DataObject) -> PersonaUndo:
        return self.personas.set_default(self.place(data), None)

    @rule(target=undos, data=st.data(), clears=st.booleans())
    def choose_global_default(self, data: st.DataObject, clears: bool) -> PersonaUndo | object:
        try:
            return self.personas.set_global_default(None if clears else self.one(data))
        except NotPossible:
            return multiple()

    # -- taking back, early, late and twice

    @rule(undo=undos)
    def undo(self, undo: PersonaUndo) -> None:
        try:
            assert self.personas.undo(undo).message
        except (NotFound, NotPossible):
            return

    @rule()
    def pass_time(self) -> None:
        self.clock.advance()

    # -- what holds after every step

    @invariant()
    def versions_are_contiguous_and_never_rewritten(self) -> None:
        with self.database.read() as session:
            found = session.scalars(
                select(PersonaVersion).order_by(PersonaVersion.persona_id, PersonaVersion.version)
            ).all()
        versions = {
            number: [(one.version, one.content, one.created_at, one.note) for one in ones]
            for number, ones in itertools.groupby(found, key=lambda one: one.persona_id)
        }
        personas = self.all()
        assert versions.keys() == {persona.persona_id for persona in personas}
        for persona in personas:
            mine = versions[persona.persona_id]
            assert [one[0] for one in mine] == list(range(1, persona.version + 1))
            assert mine[-1][1] == persona.content
            known = self.written.get(persona.persona_id, [])
            assert mine[: len(known)] == known
            assert all(a[1] != b[1] for a, b in itertools.pairwise(mine)), "a version that changed nothing"
        self.written = versions

    @invariant()
    def names_are_unique_among_the_living(self) -> None:
        living = [persona for persona in self.all() if persona.deleted_at is None]
        assert all(persona.name_key == name_key(persona.name) for persona in living)
        assert all(count == 1 for count in Counter(persona.name_key for persona in living).values())
        assert [card.name for card in self.personas.cards()] == [
            persona.name for persona in sorted(living, key=lambda one: one.name_key)
        ]

    @invariant()
    def somebody_usable_answers_everywhere(self) -> None:
        with self.database.read() as session:
            rows = session.scalars(select(SubforumPersona)).all()
        defaults = Counter(row.subforum_id for row in rows if row.is_default_for_subforum)
        assert all(count == 1 for count in defaults.values())
        personas = {persona.persona_id: persona for persona in self.all()}
        assert personas[FALLBACK_PERSONA_ID].is_usable
        with self.database.read() as session:
            gathered = [candidates(session, place, None) for place in self.places]
        for each in gathered:
            assert personas[resolve(each).persona_id or 0].is_usable
            for number, persona in personas.items():
                chosen = resolve(replace(each, chosen=number)).persona_id
                assert chosen in (None, number)
                assert chosen is None or persona.is_usable


def test_personas_keep_their_rules_under_any_sequence_of_steps(
    database_template: Path, tmp_path: Path
) -> None:
    machine = type("Machine", (PersonaMachine,), {"template": database_template, "folder": tmp_path})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
