"""Which persona answers, which step may follow which, which options fit, which time blocks can be kept."""

import itertools
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.errors import InvalidInput, NotPossible
from forllm_desktop.domain.persona import FALLBACK_PERSONA_ID, Candidates, ResolutionReason, resolve
from forllm_desktop.domain.queue import OPEN_STATUSES, STEPS, Job, JobStatus, may_become
from forllm_desktop.domain.schedule import TimeBlock
from forllm_desktop.domain.settings import Settings, checked_option
from forllm_desktop.storage.database import Database, IntegrityError

CHOSEN, HERE, EVERYWHERE = 7, 8, 9


@pytest.mark.parametrize(
    ("chosen", "assigned", "here", "everywhere", "answers", "reason"),
    [
        (None, (), None, None, FALLBACK_PERSONA_ID, ResolutionReason.FALLBACK),
        (None, (), None, EVERYWHERE, EVERYWHERE, ResolutionReason.GLOBAL_DEFAULT),
        (None, (HERE,), HERE, EVERYWHERE, HERE, ResolutionReason.SUBFORUM_DEFAULT),
        (None, (HERE,), None, None, FALLBACK_PERSONA_ID, ResolutionReason.FALLBACK),
        (CHOSEN, (CHOSEN, HERE), HERE, EVERYWHERE, CHOSEN, ResolutionReason.CHOSEN),
        (CHOSEN, (HERE,), HERE, EVERYWHERE, None, ResolutionReason.CHOSEN),
        (CHOSEN, (), None, None, None, ResolutionReason.CHOSEN),
        (EVERYWHERE, (HERE,), HERE, EVERYWHERE, EVERYWHERE, ResolutionReason.CHOSEN),
        (FALLBACK_PERSONA_ID, (HERE,), HERE, EVERYWHERE, FALLBACK_PERSONA_ID, ResolutionReason.CHOSEN),
    ],
)
def test_who_answers(
    chosen: int | None,
    assigned: tuple[int, ...],
    here: int | None,
    everywhere: int | None,
    answers: int | None,
    reason: ResolutionReason,
) -> None:
    found = resolve(Candidates(chosen, frozenset(assigned), here, everywhere))
    assert (found.persona_id, found.reason) == (answers, reason)


def test_requests_take_the_allowed_steps_and_no_others() -> None:
    assert set(STEPS) == set(JobStatus)
    for now, then in itertools.product(JobStatus, JobStatus):
        job = Job(status=now.value)
        if may_become(now, then):
            job.step_to(then)
            assert job.status == then
        else:
            with pytest.raises(NotPossible):
                job.step_to(then)
            assert job.status == now
        assert Job(status=now.value).is_open is (now in OPEN_STATUSES)


def test_complete_is_the_end_and_everything_else_can_go_on() -> None:
    assert [status for status in JobStatus if not STEPS[status]] == [JobStatus.COMPLETE]


# -- options


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("context_window", "512", 512),
        ("context_window", 4_194_304, 4_194_304),
        ("context_window", 8192.0, 8192),
        ("think", "False", False),
        ("think", True, True),
        ("stall_limit", "1.5", 1.5),
        ("default_model", " llama 3 ", " llama 3 "),
        ("color_scheme", "dark", "dark"),
    ],
)
def test_option_is_kept_in_its_own_type(name: str, value: object, kept: object) -> None:
    result = checked_option(name, value)
    assert (result, type(result)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("context_window", 511),
        ("context_window", 4_194_305),
        ("context_window", 8192.5),
        ("context_window", "many"),
        ("context_window", float("inf")),
        ("context_window", None),
        ("stall_limit", "nan"),
        ("stall_limit", "inf"),
        ("stall_limit", 0.5),
        ("think", 1),
        ("think", "yes"),
        ("think", None),
        ("default_model", None),
        ("default_model", 5),
        ("default_model", "\ud800"),
        ("color_scheme", "pink"),
        ("engine_threads", -1),
        ("nothing", 1),
    ],
)
def test_option_that_does_not_fit_is_refused_in_words(name: str, value: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_option(name, value)
    assert refused.value.field == name
    assert refused.value.title


@given(st.sampled_from(fields(Settings)), st.one_of(st.text(), st.integers(), st.floats(), st.booleans()))
def test_whatever_is_kept_is_read_back_from_its_text(option: object, value: object) -> None:
    name = option.name  # type: ignore[attr-defined]
    try:
        kept = checked_option(name, value)
    except InvalidInput:
        return
    assert checked_option(name, str(kept)) == kept


def test_every_option_is_described_and_its_default_fits() -> None:
    for option in fields(Settings):
        assert option.metadata["label"]
        assert option.metadata["help"]
        assert checked_option(option.name, option.default) == option.default


# -- time blocks


@pytest.mark.parametrize("values", [(0, 0, 0), (1439, 1440, 127), (1320, 360, 16)])
def test_time_blocks_are_kept_also_across_midnight(database: Database, values: tuple[int, int, int]) -> None:
    start, end, days = values
    _keep(database, TimeBlock(start_minute=start, end_minute=end, days=days))
    with database.read() as session:
        kept = session.get_one(TimeBlock, 1)
    assert (kept.start_minute, kept.end_minute, kept.days, kept.enabled, kept.name) == (*values, True, "")


@pytest.mark.parametrize(
    "values", [(-1, 0, 0), (1440, 0, 0), (0, 1441, 0), (0, -1, 0), (0, 0, 128), (0, 0, -1)]
)
def test_time_block_that_is_no_time_is_refused(database: Database, values: tuple[int, int, int]) -> None:
    start, end, days = values
    with pytest.raises(IntegrityError):
        _keep(database, TimeBlock(start_minute=start, end_minute=end, days=days))


def _keep(database: Database, block: TimeBlock) -> None:
    with database.write() as session:
        session.add(block)
