"""What estimates of texts are like, for a model nothing is known of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.llm.tokens import (
    TOKENS_PER_MESSAGE,
    TextSize,
    estimate_text,
    estimate_tokens,
    measure,
    measure_messages,
)
from tests.counted_texts import KINDS

CHARACTERS_PER_TOKEN = {
    "english": (4.4, 4.8),
    "german": (3.5, 4.0),
    "french": (3.6, 4.0),
    "russian": (3.0, 3.4),
    "chinese": (1.35, 1.6),
    "korean": (1.5, 1.9),
    "code": (3.3, 4.0),
    "data": (2.5, 3.1),
    "chat": (3.4, 4.2),
}
"""What current tokenizers have at the median, by published counts over equal texts and vendors' own rules."""


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_typical_texts_are_within_a_fifth_of_what_tokenizers_count(kind):
    low, high = CHARACTERS_PER_TOKEN[kind]
    text = KINDS[kind] * 5
    assert len(text) / high / 1.2 <= estimate_text(text) <= len(text) / low * 1.2


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("a", 1, 1),
        (" ", 0, 1),
        ("\n\n\n", 1, 3),
        ("Hello, world!", 4, 5),
        ("12345", 2, 5),
        ("THE WHOLE WORLD", 3, 6),
        ("getElementById", 3, 5),
        ("👍🏽", 3, 6),
        ("\u2028\u0085\ud800", 0, 4),
    ],
)
def test_short_texts_have_a_plausible_number(text, least, most):
    assert least <= estimate_text(text) <= most


def test_what_tokenizers_treat_differently_is_told_apart():
    assert measure("abc").kinds[1:] == (0, 0, 0)
    assert measure("1+1=2\n").kinds == (0, measure("1+1=2\n").marks, 0, 0)
    assert measure("слово").scripts == measure("слово").total
    assert measure("schön").words == measure("schn").words


@given(st.text(), st.text())
def test_a_longer_text_never_has_fewer_tokens(one, other):
    assert estimate_text(one + other) >= estimate_text(one) - 1e-9
    assert estimate_text(f"{one}\n\n{other}") <= estimate_text(one) + estimate_text(other) + 2


@given(st.text(alphabet="theof and to is that \n", max_size=60))
def test_no_text_has_less_than_nothing(text):
    assert estimate_text(text) >= 0


def test_each_turn_adds_what_the_template_puts_around_it():
    turns = [{"role": "system", "content": "abc"}, {"role": "user", "content": "abcd"}]
    assert measure_messages(turns).turns == 2 * TOKENS_PER_MESSAGE
    assert measure_messages(turns).words == measure("abc").words + measure("abcd").words
    assert estimate_tokens([]) == 0


def test_sizes_add_up_by_kind():
    assert TextSize(1, 2, 3, 4) + TextSize(10, 20, 30, 40) == TextSize(11, 22, 33, 44)


@pytest.mark.parametrize("text", ["a", "{", " ", "中", "the ", "\n", "aB", "👍"])
def test_megabytes_of_anything_are_measured_in_proportion(text):
    short, long = (measure(text * length).total for length in (1_000, 1_000_000))
    assert long == pytest.approx(1_000 * short, rel=0.05) or long < 10
