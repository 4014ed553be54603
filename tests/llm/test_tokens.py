import pytest

from forllm_desktop.llm.tokens import (
    TOKENS_PER_MESSAGE,
    estimate_text,
    estimate_tokens,
    reply_bound,
    was_shortened,
)
from tests.llm.support import chat_request


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abc", 1), ("abcd", 2), ("ä" * 300, 100)])
def test_three_characters_count_as_a_token_rounded_up(text, tokens):
    assert estimate_text(text) == tokens


def test_each_turn_adds_what_the_template_puts_around_it():
    turns = [{"role": "system", "content": "abc"}, {"role": "user", "content": "abcd"}]
    assert estimate_tokens(turns) == 3 + 2 * TOKENS_PER_MESSAGE
    assert estimate_tokens([]) == 0


def test_the_reply_may_fill_what_the_prompt_leaves_and_has_one_token_at_least():
    assert reply_bound(chat_request(ctx=4096, n_prompt_estimate=1000, max_tokens=500)) == 500
    assert reply_bound(chat_request(ctx=4096, n_prompt_estimate=4000, max_tokens=500)) == 96
    assert reply_bound(chat_request(ctx=4096, n_prompt_estimate=5000, max_tokens=500)) == 1


@pytest.mark.parametrize(
    ("ours", "is_exact", "reported", "shortened"),
    [
        (1000, True, 600, False),
        (1000, True, 599, True),
        (1000, False, 400, False),
        (1000, False, 399, True),
        (256, False, 102, True),
        (255, False, 10, False),
        (1000, False, None, False),
        (1000, True, None, False),
    ],
)
def test_a_prompt_counts_as_shortened_when_the_server_read_far_less(ours, is_exact, reported, shortened):
    request = chat_request(n_prompt_estimate=ours, is_exact_count=is_exact)
    assert was_shortened(request, reported) is shortened
