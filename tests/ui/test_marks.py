"""Markdown marks around and before text."""

from forllm_desktop.ui.editor.marks import toggle_around, toggle_before_lines, toggle_code


def test_bold_goes_around_the_selection_and_away_again():
    marked = toggle_around("a word here", 2, 6, "**")
    assert marked == ("a **word** here", 4, 8)
    assert toggle_around(*marked, "**") == ("a word here", 2, 6)


def test_code_in_a_line_is_inline_and_over_lines_a_fence():
    assert toggle_code("call f() now", 5, 8).text == "call `f()` now"
    assert toggle_code("one\ntwo\nthree", 1, 5).text == "```\none\ntwo\n```\nthree"


def test_a_quote_marks_every_line_of_the_selection_and_takes_the_marks_away():
    marked = toggle_before_lines("one\ntwo\nthree", 1, 5, "> ")
    assert marked.text == "> one\n> two\nthree"
    assert toggle_before_lines(marked.text, marked.start, marked.end, "> ").text == "one\ntwo\nthree"
