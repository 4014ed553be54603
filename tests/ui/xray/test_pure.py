"""What needs no widget: rows, changes, hits, long lines, copies."""

import json

from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.word_diff import Change
from forllm_desktop.ui.xray.changes import ChangeKind, compare, compared_texts
from forllm_desktop.ui.xray.copying import as_json, as_text
from forllm_desktop.ui.xray.finding import MOST_HITS, find_hits
from forllm_desktop.ui.xray.long_text import LINE, LongText, one_character_ends
from forllm_desktop.ui.xray.rows import RowKind, change_rows, left_out_rows, part_rows, prefix_words
from forllm_desktop.ui.xray.xray_words import (
    error_words,
    over_words,
    reported_words,
    shortened_words,
    total_words,
)
from tests.ui.xray.support import a_part, a_prompt, an_xray


def test_each_part_has_a_row_with_role_author_and_size() -> None:
    rows = part_rows(a_prompt())
    assert [row.role for row in rows] == ["system", "user", "user", "assistant", "file", "user"]
    assert [row.label for row in rows][3:5] == ["Ada", "notes.md"]
    assert rows[0].size.startswith("~")
    assert [row.is_pinned for row in rows].count(True) == 1
    assert not part_rows(a_prompt(is_exact=True))[0].size.startswith("~")


def test_parts_of_one_message_are_told_from_its_beginning() -> None:
    xray = an_xray(a_part("one"), a_part("two"))
    joined = type(xray)(
        ({"role": "user", "content": "one\n\ntwo"},),
        tuple(type(part)(**{**part.__dict__, "message": 0}) for part in xray.parts),
        (),
        2,
        100,
        10,
    )
    assert [row.begins for row in part_rows(joined)] == [True, False]


def test_what_was_left_out_is_counted_and_says_why() -> None:
    head, first, second = left_out_rows(a_prompt().left_out)
    assert (head.kind, head.role, head.tokens) == (RowKind.HEAD, "What was left out (2)", 520)
    assert "1 no room in the window" in head.text
    assert (first.role, first.text, first.post_id) == ("Jonas", "no room in the window", 5)
    assert second.text == "left out by hand"
    assert left_out_rows(()) == []


def test_the_same_prompt_has_no_changes() -> None:
    changes = compare(a_prompt(), a_prompt())
    assert [item.kind for item in changes.items] == [ChangeKind.SAME]
    assert changes.same_tokens == a_prompt().total
    assert change_rows(changes)[1].role == "6 parts are the same"


def test_what_came_went_and_changed_is_told_apart() -> None:
    before = an_xray(
        a_part("You are Ada.", "persona", "system", "Ada"),
        a_part("old news", "other", label="Bob", post_id=1),
        a_part("the weather is fine", post_id=2),
        a_part("question", "post", post_id=3),
    )
    now = an_xray(
        a_part("You are Ada.", "persona", "system", "Ada"),
        a_part("the weather was fine", post_id=2),
        a_part("question", "thread", post_id=3),
        a_part("another question", "post", post_id=4),
    )
    changes = compare(before, now)
    kinds = [item.kind for item in changes.items]
    assert kinds == [
        ChangeKind.SAME,
        ChangeKind.REMOVED,
        ChangeKind.CHANGED,
        ChangeKind.SAME,
        ChangeKind.ADDED,
    ]
    stretches = compared_texts(changes.items[2])
    assert [s.text for s in stretches if s.change is Change.ADDED] == ["was"]
    assert changes.same_tokens == 4
    assert "first ~4 tokens" in prefix_words(changes, now)
    assert change_rows(changes)[0].text == "1 new, 1 changed, 1 gone"


def test_a_beginning_that_differs_is_said() -> None:
    changes = compare(an_xray(a_part("abc")), an_xray(a_part("xyz")))
    assert "reads all of it anew" in prefix_words(changes, an_xray(a_part("xyz")))


def test_a_grown_part_counts_its_beginning() -> None:
    before, now = an_xray(a_part("a" * 400)), an_xray(a_part("a" * 400 + "b" * 400))
    assert compare(before, now).same_tokens == now.parts[0].tokens // 2


def test_words_of_sizes() -> None:
    assert total_words(a_prompt(total=6_705)) == "~6,705 of 16,384 tokens"
    assert total_words(a_prompt(total=6_705, is_exact=True)) == "6,705 of 16,384 tokens"
    assert error_words(a_prompt(error=0.08)) == "± 8 %"
    assert error_words(a_prompt(error=0.08, is_exact=True)) == ""
    assert reported_words(a_prompt(reported=3_012)) == "read by the server: 3,012"
    assert total_words(a_prompt(total=12, window=0)) == "~12 tokens"
    assert "read 1,020 of about 3,400 tokens" in shortened_words(a_prompt(total=3_400, reported=1_020))
    assert over_words(a_prompt(total=13_000)).startswith("About 712 tokens too many")


def test_copies_hold_the_messages_and_nothing_else() -> None:
    xray = an_xray(a_part("Hi\n“you”", role="system"), a_part("ho"))
    secret = type(xray)(
        tuple({**one, "api_key": "sk-1"} for one in xray.messages), xray.parts, (), 1, 100, 10
    )
    assert as_text(secret) == "[system]\nHi\n“you”\n\n[user]\nho"
    assert json.loads(as_json(secret)) == [
        {"role": "system", "content": "Hi\n“you”"},
        {"role": "user", "content": "ho"},
    ]


def test_hits_are_found_in_every_message_whatever_their_case() -> None:
    assert find_hits(["a Top", "no", "top\r\ntOp"], "top") == [(0, 2, 5), (2, 0, 3), (2, 4, 7)]
    assert find_hits(["(x"], "(") == [(0, 0, 1)]
    assert len(find_hits(["a" * (MOST_HITS + 9)], "a")) == MOST_HITS


@given(st.text(alphabet=st.sampled_from("ab \n\r😀é"), max_size=60), st.integers(1, 12))
def test_places_in_a_cut_text_lead_back_to_what_was_meant(text: str, line: int) -> None:
    import forllm_desktop.ui.xray.long_text as module

    was, module.LINE = module.LINE, line
    try:
        long = LongText(text)
    finally:
        module.LINE = was
    meant = one_character_ends(text)
    units = long.shown.encode("utf-16-le")
    for at in range(len(meant)):
        start = long.place(at)
        shown = units[2 * start :].decode("utf-16-le", "replace")
        assert shown.startswith(meant[at]) or meant[at] == "\n"
        assert long.selected(start, long.place(at) + len(meant[at].encode("utf-16-le")) // 2) == meant[at]
    assert long.selected(0, len(units) // 2) == meant
    assert "".join(long.chunks()) == long.shown


def test_a_line_of_a_million_characters_is_cut() -> None:
    long = LongText("x" * 1_000_000)
    assert max(map(len, long.shown.split("\n"))) <= LINE
    assert max(map(len, long.chunks())) <= 60_000
