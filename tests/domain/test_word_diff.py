"""The difference of two texts, word by word."""

import time

from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.word_diff import Change, Stretch, counts, word_diff


def test_words_and_punctuation_are_compared_apart() -> None:
    found = word_diff("Show every step. Be strict.", "Show every step, one per line. Be patient.")
    assert found == [
        Stretch(Change.SAME, "Show every step"),
        Stretch(Change.ADDED, ", one per line"),
        Stretch(Change.SAME, ". Be "),
        Stretch(Change.REMOVED, "strict"),
        Stretch(Change.ADDED, "patient"),
        Stretch(Change.SAME, "."),
    ]
    assert counts(found) == (4, 1)


def test_a_long_text_is_compared_in_good_time() -> None:
    old = " ".join(f"word{number}" for number in range(4_000))
    began = time.perf_counter()
    found = word_diff(old, old.replace("word7 ", "WORD "))
    assert counts(found) == (1, 1)
    assert time.perf_counter() - began < 2


def test_only_space_that_changed_is_said_to_have_changed() -> None:
    assert word_diff("a b\n", "a  b") == [
        Stretch(Change.SAME, "a"),
        Stretch(Change.REMOVED, " "),
        Stretch(Change.ADDED, "  "),
        Stretch(Change.SAME, "b"),
        Stretch(Change.REMOVED, "\n"),
    ]


def test_neighbouring_changes_are_one() -> None:
    found = word_diff("red green blue", "one two blue")
    assert [s.text for s in found] == ["red green", "one two", " blue"]


@given(st.text(alphabet="ab \n.", max_size=40), st.text(alphabet="ab \n.", max_size=40))
def test_stretches_make_up_both_texts(old: str, new: str) -> None:
    found = word_diff(old, new)
    assert "".join(s.text for s in found if s.change is not Change.ADDED) == old
    assert "".join(s.text for s in found if s.change is not Change.REMOVED) == new


def test_a_text_that_repeats_itself_is_compared_as_a_whole() -> None:
    old, new = "so " * 20_000, "so " * 20_001
    assert word_diff(old, new) == [Stretch(Change.REMOVED, old), Stretch(Change.ADDED, new)]
