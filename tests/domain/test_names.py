"""Names, titles and texts as they are stored, whatever is typed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.forum import (
    NAME_LIMIT,
    Post,
    checked_description,
    checked_name,
    checked_text,
    in_tree_order,
    numbered_name,
    title_from,
)

# All of Unicode, half characters too, and often what makes trouble.
TYPED = st.text(
    st.one_of(
        st.characters(codec=None),
        st.characters(categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp", "Mn"]),
        st.sampled_from("aA1 \n\0#…ẞß"),
    ),
    max_size=NAME_LIMIT * 2,
)
INVISIBLE = [
    "",
    " ",
    "\n\t",
    "\0",
    "\x07\x1b",
    "\u200b",
    "\u2060\ufeff",
    "\u00ad",
    "\u3164",
    "\u2800",
    "\ufe0f",
]


@pytest.mark.parametrize("typed", INVISIBLE)
def test_nothing_to_see_is_no_name_and_no_text(typed: str) -> None:
    if "\0" not in typed:
        with pytest.raises(InvalidInput) as refusal:
            checked_text(typed)
        assert refusal.value.field == "text"
    with pytest.raises(InvalidInput, match="needs a name") as refusal:
        checked_name(typed, "subforum")
    assert refusal.value.field == "name"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Physics ", "Physics"),
        ("two\nlines\r\n", "two lines"),
        ("tab\tand\u00a0hard space", "tab and hard space"),
        ("bell\x07 null\0 escape\x1b[31m", "bell null escape [31m"),
        ("half \ud83d character", "half \ufffd character"),
        ("pair \ud83d\ude00", "pair 😀"),
        ("👩\u200d🔬 family", "👩\u200d🔬 family"),
        ("नमस्ते", "नमस्ते"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_name_is_one_line_that_can_be_stored(typed: str, stored: str) -> None:
    assert checked_name(typed, "topic") == stored


def test_text_is_kept_as_typed_save_for_what_cannot_be_stored() -> None:
    assert checked_text("  a\r\n\tb\x07  \n") == "  a\r\n\tb\x07  \n"
    assert checked_text("a\0b\ud800c\udc00") == "a\ufffdb\ufffdc\ufffd"
    assert checked_text("\ud83d\ude00") == "😀"


def test_description_may_be_empty() -> None:
    assert checked_description(" \n") == ""
    assert checked_description(" a\nb\0\udfff ") == "a\nb\ufffd\ufffd"


@given(TYPED)
def test_stored_name_is_clean_and_stays_itself(typed: str) -> None:
    try:
        name = checked_name(typed, "topic")
    except InvalidInput:
        return
    assert 0 < len(name) <= NAME_LIMIT
    assert name.encode()
    assert name == name.strip()
    assert len(name.splitlines()) == 1
    assert "\0" not in name
    assert checked_name(name, "topic") == name


@given(TYPED)
def test_stored_text_stays_itself_and_gives_a_title(typed: str) -> None:
    try:
        text = checked_text(typed)
    except InvalidInput:
        return
    assert text.encode()
    assert "\0" not in text
    assert checked_text(text) == text
    title = title_from(text)
    assert len(title) <= NAME_LIMIT
    assert checked_name(title, "topic")


@given(TYPED)
def test_key_of_a_key_is_itself_and_ignores_outer_space(typed: str) -> None:
    key = name_key(typed)
    assert name_key(key) == key
    assert name_key(f" {typed} ") == key


@pytest.mark.parametrize("same", ["STRASSE", "straße", "Straẞe", "Ｓtraße", "Straſſe "])
def test_key_of_a_name_ignores_case_and_width(same: str) -> None:
    assert name_key(same) == "strasse"


@given(TYPED, st.integers(2, 10_000))
def test_numbered_name_fits_and_differs(typed: str, number: int) -> None:
    try:
        name = checked_name(typed, "subforum")
    except InvalidInput:
        return
    numbered = numbered_name(name, number)
    assert len(numbered) <= NAME_LIMIT
    assert name_key(numbered) != name_key(name)
    assert checked_name(numbered, "subforum") == numbered


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Why?\nBecause.", "Why?"),
        ("\n \n\u200b\n# What *is* light?  \n", "What *is* light?"),
        ("#", "#"),
        ("- ", "-"),
        ("a" * 300, "a" * (NAME_LIMIT - 1) + "…"),
        ("", ""),
    ],
)
def test_title_is_the_first_line_to_see(text: str, title: str) -> None:
    assert title_from(text) == title


@given(st.integers(1, 60), st.randoms(use_true_random=False))
def test_tree_order_puts_every_post_once_below_its_parent(count: int, dice: random.Random) -> None:
    posts = [
        Post(post_id=number, parent_post_id=dice.choice([None, *range(1, number)]))
        for number in range(1, count + 1)
    ]
    ordered = in_tree_order(dice.sample(posts, count))
    assert sorted(entry.post.post_id for entry in ordered) == list(range(1, count + 1))
    path: list[int] = []
    for entry in ordered:
        del path[entry.depth :]
        assert entry.post.parent_post_id == (path[-1] if path else None)
        path.append(entry.post.post_id)
