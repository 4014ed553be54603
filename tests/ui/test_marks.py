"""Markdown marks around and before text."""

from functools import partial

from forllm_desktop.ui.editor.marks import (
    Marking,
    make_link,
    toggle_around,
    toggle_before_lines,
    toggle_code,
    toggle_numbers,
)


def marked(text: str, start: int, end: int, marking: Marking) -> tuple[str, int, int]:
    done = marking(text, start, end)
    return done.applied(text), done.start, done.end


def test_bold_goes_around_the_selection_and_away_again():
    bold = partial(toggle_around, mark="**")
    assert marked("a word here", 2, 6, bold) == ("a **word** here", 4, 8)
    assert marked("a **word** here", 4, 8, bold) == ("a word here", 2, 6)


def test_italic_within_bold_does_not_take_a_star_of_bold():
    italic = partial(toggle_around, mark="*")
    assert marked("**word**", 2, 6, italic) == ("***word***", 3, 7)
    assert marked("***word***", 3, 7, italic) == ("**word**", 2, 6)
    assert marked("*word*", 1, 5, italic) == ("word", 0, 4)


def test_code_in_a_line_is_inline_and_over_lines_a_fence():
    assert marked("call f() now", 5, 8, toggle_code)[0] == "call `f()` now"
    text, start, end = marked("one\ntwo\nthree", 1, 5, toggle_code)
    assert text == "```\none\ntwo\n```\nthree"
    assert text[start:end] == "```\none\ntwo\n```"


def test_a_quote_marks_every_line_of_the_selection_and_takes_the_marks_away():
    quote = partial(toggle_before_lines, mark="> ")
    text, start, end = marked("one\ntwo\nthree", 1, 5, quote)
    assert text == "> one\n> two\nthree"
    assert marked(text, start, end, quote)[0] == "one\ntwo\nthree"


def test_lines_are_numbered_and_lose_their_numbers_again():
    text, start, end = marked("one\ntwo\nthree", 0, 13, toggle_numbers)
    assert text == "1. one\n2. two\n3. three"
    assert marked(text, start, end, toggle_numbers)[0] == "one\ntwo\nthree"


def test_what_a_link_lacks_is_selected():
    text, start, end = marked("see here", 4, 8, make_link)
    assert (text, text[start:end]) == ("see [here](https://)", "https://")
    assert marked("", 0, 0, make_link) == ("[](https://)", 1, 1)
    assert marked("https://a.org", 0, 13, make_link) == ("[](https://a.org)", 1, 1)
