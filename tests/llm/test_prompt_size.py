"""What the size of a prompt means: the window to ask for, the room for the reply, a shortened prompt."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.llm.prompt_size import bucket, is_size_of_a_cut, reply_bound, was_shortened
from tests.llm.support import chat_request


def test_the_reply_may_fill_what_the_prompt_leaves_and_has_one_token_at_least():
    assert reply_bound(chat_request(ctx=4096, n_prompt_estimate=1000, max_tokens=500)) == 500
    assert reply_bound(chat_request(ctx=4096, n_prompt_estimate=4000, max_tokens=500)) == 96
    assert reply_bound(chat_request(ctx=4096, n_prompt_estimate=5000, max_tokens=500)) == 1


@pytest.mark.parametrize(
    ("needed", "most", "last", "loaded", "size"),
    [
        (100, 131072, None, None, 4096),
        (4096, 131072, None, None, 4096),
        (4097, 131072, None, None, 8192),
        (9000, 40960, None, None, 16384),
        (33000, 40960, None, None, 40960),
        (9000, 10000, None, None, 10000),
        (100, 2048, None, None, 2048),
        (50000, 8192, None, None, 8192),
        (100, 131072, 16384, None, 16384),
        (100, 8192, 16384, None, 8192),
        (20000, 131072, 16384, None, 32768),
        (100, 131072, None, 40960, 40960),
        (100, 131072, 16384, 40960, 40960),
        (100, 8192, None, 40960, 4096),
        (100, 131072, 16384, 6000, 16384),
        (5000, 131072, None, 6000, 6000),
        (7000, 131072, None, 6000, 8192),
    ],
)
def test_the_window_asked_for_is_the_smallest_step_that_loads_nothing_anew_without_need(
    needed, most, last, loaded, size
):
    assert bucket(needed, most, last, loaded) == size


@given(
    st.lists(st.integers(1, 200_000), min_size=1, max_size=60), st.sampled_from([2048, 6000, 40960, 131072])
)
def test_a_run_of_requests_loads_a_model_only_for_a_larger_window(needs, most):
    last = loaded = None
    loads = []
    for needed in needs:
        size = bucket(needed, most, last, loaded)
        assert size <= most
        assert size >= min(needed, most)
        if size != loaded:
            loads.append(size)
        last = loaded = size
    assert loads == sorted(set(loads))
    assert len(loads) <= 7


@pytest.mark.parametrize(
    ("reported", "is_shortened"), [(1000, False), (980, False), (979, True), (500, True), (1100, False)]
)
def test_less_than_an_exact_count_is_a_shortened_prompt(reported, is_shortened):
    request = chat_request(n_prompt_estimate=1000, is_exact_count=True)
    assert was_shortened(request, reported) is is_shortened


@pytest.mark.parametrize(
    ("ours", "least", "reported", "is_shortened"),
    [
        (3000, 2500, 2500, False),
        (3000, 2500, 2499, True),
        (3000, 1800, 1801, False),
        (3000, 1800, 2050, True),  # half of 4,096, and two
        (3000, 1800, 2048, True),  # all of 2,048
        (2100, 1500, 2050, False),
        (1000, None, 600, False),
        (1000, None, 599, True),
        (255, None, 10, False),
        (255, 200, 10, False),
    ],
)
def test_less_than_a_whole_prompt_can_have_is_a_shortened_prompt(ours, least, reported, is_shortened):
    request = chat_request(n_prompt_estimate=ours, n_prompt_least=least, ctx=30_000)
    assert was_shortened(request, reported) is is_shortened


def test_a_server_that_does_not_count_shows_nothing():
    assert not was_shortened(chat_request(n_prompt_estimate=1000, is_exact_count=True), None)


def test_what_cuts_leave_is_known_for_usual_windows_and_for_the_one_that_was_asked_for():
    assert is_size_of_a_cut(4098, 8192)
    assert is_size_of_a_cut(2050, 16384)
    assert is_size_of_a_cut(10241, 20480)
    assert is_size_of_a_cut(20480, 20480)
    dice = random.Random(6)
    numbers = [dice.randrange(300, 60_000) for _ in range(10_000)]
    assert sum(is_size_of_a_cut(number, 20480) for number in numbers) < 20
