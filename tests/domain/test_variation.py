"""Each expert of a batch has an angle of its own."""

from dataclasses import astuple, replace
from itertools import combinations

import pytest

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.variation import (
    AUDIENCES,
    FIELDS,
    METHODS,
    MOST,
    TEMPERAMENTS,
    Angle,
    too_alike,
    variation_plan,
)


@pytest.mark.parametrize("count", range(1, MOST + 1))
def test_no_two_experts_share_more_than_one_part(count: int) -> None:
    plan = variation_plan(count)
    assert len(plan) == count
    for one, other in combinations(plan, 2):
        assert sum(a == b for a, b in zip(astuple(one), astuple(other), strict=True)) <= 1
    assert too_alike(plan) is None


def test_small_batch_differs_in_every_part() -> None:
    plan = variation_plan(len(FIELDS))
    for part in zip(*map(astuple, plan), strict=True):
        assert len(set(part)) == len(plan)


def test_longer_plan_begins_with_the_shorter_one() -> None:
    assert variation_plan(MOST)[:10] == variation_plan(10)


@pytest.mark.parametrize("count", [0, -1, MOST + 1, 10**9])
def test_number_that_does_not_work_is_refused(count: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        variation_plan(count)
    assert caught.value.field == "count"


@pytest.mark.parametrize("words", [FIELDS, TEMPERAMENTS, AUDIENCES, METHODS])
def test_parts_are_distinct_and_as_many_as_a_prime(words: tuple[str, ...]) -> None:
    assert len(set(words)) == len(words) == 11


def test_directive_names_every_part() -> None:
    for angle in variation_plan(5):
        assert all(part in angle.directive for part in astuple(angle))


def test_angles_that_share_two_parts_are_found_whatever_their_case() -> None:
    one = Angle("knots", "calm", "children", "asks")
    other = Angle("KNOTS", "wild", "sailors", "Asks")
    assert too_alike([one, replace(one, field="a", method="b", audience="c"), other]) == (0, 2)
    assert too_alike([one, replace(other, method="tells")]) is None
    assert too_alike([one]) is None
    assert too_alike([]) is None


def test_spaces_make_no_difference_and_parts_left_empty_are_the_same() -> None:
    one = Angle("knots", "calm", "children", "asks")
    assert too_alike([one, Angle(" knots ", "wild", "sailors", "asks  ")]) == (0, 1)
    assert too_alike([Angle("knots", "", "", "asks"), Angle("ropes", "", "", "tells")]) == (0, 1)


def test_directive_leaves_out_what_is_empty() -> None:
    assert Angle("knots", "", " ", "asks").directive == "Special field: knots. Method: asks."
