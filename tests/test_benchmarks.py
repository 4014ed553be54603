"""The benchmarks in miniature, so that they cannot rot: counts are asserted, times are not."""

from collections.abc import Callable

import pytest

from forllm_desktop.ui.theme import Look
from tests.benchmarks import (
    asking,
    drain,
    first_byte,
    idle,
    indexing,
    personas,
    prompts,
    starting,
    streaming,
    tree,
)
from tests.benchmarks.table import Count, Measure, Result, table
from tests.ui.conftest import started_look  # noqa: F401


@pytest.mark.parametrize(
    "measure",
    [
        lambda: asking.measure(3),
        lambda: first_byte.measure(2),
        lambda: drain.measure(2, seconds=0.03),
        lambda: starting.measure(times=1),
        lambda: tree.measure(topics=300, posts=300, times=1),
        lambda: personas.measure(personas=60, subforums=9, times=1),
        lambda: prompts.measure(posts=80, ancestors=12, times=1),
        lambda: streaming.measure(tokens=60, posts=8, seconds=0.6, times=1),
        lambda: indexing.measure(files=300, times=1),
        lambda: idle.measure(watched=1.2),
    ],
    ids=[
        "asking",
        "first_byte",
        "drain",
        "starting",
        "tree",
        "personas",
        "prompts",
        "streaming",
        "indexing",
        "idle",
    ],
)
def test_benchmarks_count_what_they_must(measure: Callable[[], Result], started_look: Look) -> None:  # noqa: F811
    result = measure()
    assert [count for count in result.counts if count.goal is not None and count.value != count.goal] == []
    assert all(measured.ours > 0 and measured.bare != 0 for measured in result.measures)


def test_table_says_which_goals_are_missed() -> None:
    met = Result([Count("commits", 1, 1)], [Measure("drain", 2.0, 1.05, "s", bare=2.0)])
    missed = Result([Count("commits", 2, 1)], [Measure("first byte", 80.0, 50, "ms")])
    shown = table([met, missed]).splitlines()
    assert [line.endswith("MISSED") for line in shown] == [False, False, True, False, True]
    assert "1.000" in shown[3]
    assert "80.0 ms" in shown[4]
