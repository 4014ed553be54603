"""Two thousand personas with twenty versions each, against twenty: what is not asked for must not matter."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtWidgets import QLineEdit
from sqlalchemy import insert

from forllm_desktop.domain.forum import Subforum
from forllm_desktop.domain.persona import Persona, PersonaVersion, SubforumPersona
from forllm_desktop.events import Events
from forllm_desktop.services.asking import PersonaAskingService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database, open_database
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.panes.personas import PersonaDock
from forllm_desktop.ui.persona_acts import PersonaActs
from tests.benchmarks.own_time import OwnTime
from tests.benchmarks.screen import application, wait_for_paint
from tests.benchmarks.table import Count, Measure, Result
from tests.ui.forum_support import readings

FEW = 20
VERSIONS = 20
ASSIGNED = 4
"""Personas assigned to each subforum, on both sides: what a picker there lists is the same."""
GOAL = 1.5
INSTANT = 50
"""Milliseconds that nothing in the window may exceed."""


@dataclass(frozen=True)
class Crowd:
    """A forum full of personas."""

    database: Database
    personas: PersonaService
    forum: ForumService
    asking: PersonaAskingService
    prompts: PromptService
    events: Events
    count: int


def measure(personas: int = 2_000, subforums: int = 500, times: int = 30) -> Result:
    """Look up, list and filter on both sides in turn; the quickest of `times` counts."""
    application()
    with _a_crowd(FEW, subforums) as few, _a_crowd(personas, subforums) as many:
        measures = [
            _measured("resolution", lambda crowd: crowd.personas.resolve(subforums // 2), few, many, times),
            _measured("resolution in words", lambda crowd: crowd.personas.answering(2), few, many, times),
            _measured("members of a subforum", lambda crowd: crowd.personas.members(1), few, many, times),
            _measured("choices in a subforum", lambda crowd: crowd.personas.choices(1), few, many, times),
            _measured("one version", lambda crowd: crowd.personas.version(FEW, 7), few, many, times),
            _measured("history of a persona", lambda crowd: crowd.personas.versions(FEW), few, many, times),
            _measured("find by name", lambda crowd: crowd.personas.find("Persona 9"), few, many, times),
            *_at_once("dock open and painted", few, many, times, _opened),
            *_at_once("filter typed and painted", few, many, times, _filtered),
        ]
        counts = [
            Count(f"personas: statements to {what}", _statements(many, step), _statements(few, step))
            for what, step in (
                ("list them", lambda crowd: crowd.personas.cards()),
                ("resolve", lambda crowd: crowd.personas.resolve(1)),
            )
        ]
    return Result(counts, measures)


def _measured(what: str, step: Callable[[Crowd], object], few: Crowd, many: Crowd, times: int) -> Measure:
    def seconds(crowd: Crowd) -> float:
        # Nothing here waits for anything but the processor.
        started = time.thread_time()
        step(crowd)
        return time.thread_time() - started

    return _timed(what, few, many, times, seconds)


def _timed(what: str, few: Crowd, many: Crowd, times: int, seconds: Callable[[Crowd], float]) -> Measure:
    for crowd in (few, many):
        seconds(crowd)
    pairs = [(seconds(many), seconds(few)) for _ in range(times)]
    ours, bare = (min(each) * 1_000 for each in zip(*pairs, strict=True))
    return Measure(f"{what}, {many.count:,} personas against {few.count}", ours, GOAL, "ms", bare)


def _at_once(
    what: str, few: Crowd, many: Crowd, times: int, seconds: Callable[[Crowd], float]
) -> list[Measure]:
    """Measure what reads every persona there is: it must feel instant, and the ratio explains itself."""
    ratio = _timed(what, few, many, max(1, times // 3), seconds)
    return [Measure(f"{what}, {many.count:,} personas", ratio.ours, INSTANT, "ms"), replace(ratio, goal=None)]


def _statements(crowd: Crowd, step: Callable[[Crowd], object]) -> int:
    with readings(crowd.database) as found:
        step(crowd)
    return len(found)


def _opened(crowd: Crowd) -> float:
    """Return the seconds from nothing to the painted dock."""
    with _a_dock(crowd) as (_, seconds):
        return seconds


def _filtered(crowd: Crowd) -> float:
    """Return the seconds from a typed word to the painted rows that have it."""
    with _a_dock(crowd) as (dock, _):
        clock = OwnTime()
        started = clock()
        dock.findChildren(QLineEdit)[0].setText("persona 1")
        wait_for_paint(dock.findChildren(PersonaListView)[0].viewport())
        spent = clock() - started
        clock.close()
        return spent


@contextmanager
def _a_dock(crowd: Crowd) -> Iterator[tuple[PersonaDock, float]]:
    """Open the dock; yields it with the seconds until its list was painted."""
    clock = OwnTime()
    started = clock()
    acts = PersonaActs(crowd.personas, crowd.asking, crowd.prompts)
    dock = PersonaDock(crowd.personas, crowd.forum, crowd.events, acts)
    dock.resize(300, 900)
    dock.show()
    view = dock.findChildren(PersonaListView)[0]
    wait_for_paint(view.viewport())
    spent = clock() - started
    clock.close()
    assert view.model().rowCount() == crowd.count
    try:
        yield dock, spent
    finally:
        dock.close()
        dock.deleteLater()


@contextmanager
def _a_crowd(count: int, subforums: int) -> Iterator[Crowd]:
    """Make a forum, written straight into the tables; the fallback is one of the personas."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_database(Path(folder, "forllm.db"))) as database,
    ):
        _fill(database, range(2, count + 1), range(1, subforums + 1))
        events = Events()
        queue = QueueService(database, events)
        yield Crowd(
            database,
            PersonaService(database, events),
            ForumService(database, events),
            PersonaAskingService(database, events, queue),
            PromptService(database),
            events,
            count,
        )


def _fill(database: Database, ids: range, places: range) -> None:
    text = "You are {{char}}. Answer in two sentences. " * 10
    with database.write() as session:
        add = session.execute
        add(
            insert(Persona),
            [
                {**_content(id, text), "persona_id": id, "name_key": f"persona {id}", "version": VERSIONS,
                 "tags": ["a", f"tag {id % 7}"]}
                for id in ids
            ],
        )  # fmt: skip
        add(
            insert(PersonaVersion),
            [
                {**_content(id, f"{text}{number}"), "persona_id": id, "version": number}
                for id in ids
                for number in range(1, VERSIONS + 1)
            ],
        )
        add(
            insert(Subforum),
            [
                {"subforum_id": id, "name": f"Subforum {id}", "name_key": f"subforum {id}", "position": id}
                for id in places
            ],
        )
        add(
            insert(SubforumPersona),
            [
                {
                    "subforum_id": place,
                    "persona_id": ids[(place * ASSIGNED + nth) % len(ids)],
                    "is_default_for_subforum": nth == 0,
                }
                for place in places
                for nth in range(ASSIGNED)
            ],
        )


def _content(persona_id: int, text: str) -> dict[str, str]:
    return {"name": f"Persona {persona_id}", "prompt_instructions": text, "description": "Answers."}
