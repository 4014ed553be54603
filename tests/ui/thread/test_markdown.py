"""What Markdown looks like: every kind of block, links that are followed, and texts that must not be lost."""

import sys

import pytest

from forllm_desktop.ui.thread.limits import DEFAULT
from forllm_desktop.ui.thread.markdown import blocks_of
from forllm_desktop.ui.thread.specs import LINE_BREAK, Block, Kind, Run, Style


def only(text: str) -> Block:
    blocks = blocks_of(text)
    assert len(blocks) == 1, blocks
    return blocks[0]


def shapes(text: str) -> list[tuple[str, int, int, str]]:
    return [(block.text, block.indent, block.quote, block.marker) for block in blocks_of(text)]


def test_styles_nest() -> None:
    runs = only("plain **bold *both* ~~gone~~** `code`").runs
    assert runs == (
        Run("plain "),
        Run("bold ", Style.BOLD),
        Run("both", Style.BOLD | Style.ITALIC),
        Run(" ", Style.BOLD),
        Run("gone", Style.BOLD | Style.STRIKE),
        Run(" "),
        Run("code", Style.CODE),
    )


def test_headings_have_levels() -> None:
    blocks = blocks_of("# One\n\nTwo\n---\n\n###### Six\n")
    assert [(block.kind, block.level, block.text) for block in blocks] == [
        (Kind.HEADING, 1, "One"),
        (Kind.HEADING, 2, "Two"),
        (Kind.HEADING, 6, "Six"),
    ]


def test_single_newline_is_a_line_break() -> None:
    assert only("one\ntwo  \nthree\\\nfour").text == LINE_BREAK.join(["one", "two", "three", "four"])


def test_lists_have_markers_and_indents() -> None:
    assert shapes("- a\n  - b\n\n    more\n3. c\n4. d\n") == [
        ("a", 1, 0, "•"),
        ("b", 2, 0, "•"),
        ("more", 2, 0, ""),
        ("c", 1, 0, "3."),
        ("d", 1, 0, "4."),
    ]


def test_ordered_list_counts_and_keeps_its_sign() -> None:
    assert [shape[3] for shape in shapes("7) a\n7) b\n9) c\n")] == ["7)", "8)", "9)"]


def test_tasks_are_markers() -> None:
    text = "- [ ] open\n- [x] done\n- [X]\n- [y] no\n\n[ ] no item"
    assert [(shape[0], shape[3]) for shape in shapes(text)] == [
        ("open", "[ ]"),
        ("done", "[x]"),
        ("", "[x]"),
        ("[y] no", "•"),
        ("[ ] no item", ""),
    ]


def test_item_that_begins_with_code_has_a_line_for_its_marker() -> None:
    blocks = blocks_of("- ```\n  x\n  ```\n-\n- - in\n")
    assert [(block.kind, block.text, block.indent, block.marker) for block in blocks] == [
        (Kind.TEXT, "", 1, "•"),
        (Kind.CODE, "x", 1, ""),
        (Kind.TEXT, "", 1, "•"),
        (Kind.TEXT, "", 1, "•"),
        (Kind.TEXT, "in", 2, "•"),
    ]


def test_quotes_have_levels() -> None:
    assert shapes("> a\n> > b\n>\n> - c\n") == [("a", 0, 1, ""), ("b", 0, 2, ""), ("c", 1, 1, "•")]


def test_code_is_a_block_for_each_line() -> None:
    blocks = blocks_of("```text here\na\n\n  b\n```\n")
    assert [(block.text, block.place, block.language) for block in blocks] == [
        ("a", "first", "text"),
        ("", "middle", "text"),
        ("  b", "last", "text"),
    ]
    assert all(block.kind is Kind.CODE for block in blocks)
    assert [block.place for block in blocks_of("    indented")] == ["only"]
    assert [(block.place, block.text) for block in blocks_of("```\n```")] == [("only", "")]


def test_table_has_rows_and_alignment() -> None:
    table = only("| a | b | c |\n|:-:|--:|---|\n| 1 | **2** |\n")
    assert table.kind is Kind.TABLE
    assert table.align == "crl"
    assert table.rows == (
        ((Run("a"),), (Run("b"),), (Run("c"),)),
        ((Run("1"),), (Run("2", Style.BOLD),), ()),
    )


def test_break_tag_breaks_a_line_in_a_cell_only() -> None:
    assert only("|a|\n|-|\n|x<br>y<BR />z|").rows[1][0][0].text == LINE_BREAK.join("xyz")
    assert only("x<br>y").text == "x<br>y"


def test_rule() -> None:
    assert only("***").kind is Kind.RULE


def test_html_shows_as_text() -> None:
    text = '<img src="http://x.y/z.png"><script>alert(1)</script>'
    assert only(text).text == text
    assert only("<div>\n\n").text == "<div>"


@pytest.mark.parametrize("target", ["http://a.b/c?d=e", "HTTPS://a.b", "mailto:ada@example.org"])
def test_addresses_of_the_web_are_links(target: str) -> None:
    runs = only(f"see [here]({target})").runs
    assert runs[1].text == "here"
    assert runs[1].link.lower() == target.lower()


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "vbscript:x",
        "act:rest",
        "ftp://a.b",
        "/etc/passwd",
        "notes.md",
        "#top",
        "//host/share",
        "http:",
        "http:///x",
        "https:/etc/passwd",
        "mailto:",
        "qrc:/x",
        r"\\\\host\\share",
    ],
)
def test_other_targets_are_shown_and_not_followed(target: str) -> None:
    for text in (f"[here]({target})", f"![here]({target})", f"[here][r]\n\n[r]: {target}"):
        runs = [run for block in blocks_of(text) for run in block.runs]
        assert not any(run.link for run in runs), text
        shown = "".join(run.text for run in runs)
        assert "here" in shown
        assert target.lower().rstrip("\\").split("\\")[-1] in shown.lower()


def test_link_without_text_shows_its_target() -> None:
    assert only("[](http://a.b/)").runs == (Run("http://a.b/", link="http://a.b/"),)


def test_text_that_looks_like_an_address_does_not_hide_where_it_leads() -> None:
    text = "[http://good.org](http://bad.org) [http://a.b](http://a.b/c)"
    assert only(text).text == "http://good.org (http://bad.org) http://a.b"


def test_bare_addresses_are_links_without_the_punctuation_behind() -> None:
    runs = only("(see https://a.b/c_(d)), http://x.y!").runs
    assert [run.link for run in runs if run.link] == ["https://a.b/c_(d)", "http://x.y"]
    assert "".join(run.text for run in runs) == "(see https://a.b/c_(d)), http://x.y!"
    assert not any(run.link for run in only("`http://x.y` xhttp://x.y http:// https://?").runs)


def test_images_are_words() -> None:
    assert only("![a *cat*](http://a.b/c.png)").runs == (Run("image: a *cat*", link="http://a.b/c.png"),)
    linked = only("[![cat](http://a.b/c.png)](http://d.e/)").runs
    assert linked == (Run("image: cat (http://a.b/c.png)", link="http://d.e/"),)


def test_definitions_stay_visible() -> None:
    blocks = blocks_of('See [it].\n\n[it]: http://a.b/ "title"\n[2]: nowhere\n')
    assert blocks[0].runs[1] == Run("it", link="http://a.b/")
    assert [block.text for block in blocks[1:]] == ["[it]: http://a.b/ title", "[2]: nowhere"]
    assert blocks[1].runs[1].link == "http://a.b/"
    assert not blocks[2].runs[0].link


@pytest.mark.parametrize("text", [">", "> >", "[", "**", "&amp;", "-", "#", "| |", "\\", "```", "[ ]"])
def test_signs_alone_are_not_lost(text: str) -> None:
    blocks = blocks_of(text)
    assert blocks
    assert len(blocks) == 1


@pytest.mark.parametrize("text", ["", "\n\n", "   ", "\r\n", "\u2028"])
def test_nothing_is_nothing(text: str) -> None:
    assert blocks_of(text) == []


def test_characters_that_qt_takes_for_its_own_are_replaced() -> None:
    text = only("a\u2028b\u2029c\0d\ud800e\ufdd0f\ufffcg\x0bh\ud83d\ude00").text
    assert text == f"a{LINE_BREAK}b{LINE_BREAK}c\ufffdd\ufffde\ufffdf\ufffdg h\U0001f600"
    assert [block.text for block in blocks_of("```\na\u2028b\u2029c\0\n```")] == ["a", "b", "c\ufffd"]
    text.encode()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end(end: str) -> None:
    assert [block.text for block in blocks_of(end.join(["# a", "b", "c", "", "    d", "    e"]))] == [
        "a",
        f"b{LINE_BREAK}c",
        "d",
        "e",
    ]


def test_too_deep_nesting_is_shown_as_typed() -> None:
    for text in (">" * 3_000 + " deep", "\n".join("  " * depth + f"- at {depth}" for depth in range(60))):
        shown = "".join(block.text for block in blocks_of(f"# before\n\n{text}\n\nafter"))
        assert "deep" in shown or all(f"- at {depth}" in shown for depth in range(60))
        assert shown.startswith("before")
        assert shown.endswith("after")


def test_usual_nesting_is_kept() -> None:
    text = "\n".join("  " * depth + f"- {depth}" for depth in range(11))
    assert [shape[1] for shape in shapes(text)] == list(range(1, 12))
    assert shapes("> " * 12 + "x") == [("x", 0, 12, "")]


def test_pieces_of_a_long_paragraph_are_joined() -> None:
    blocks = blocks_of("word " * 1_000)
    assert [block.joined for block in blocks] == [False, True, True]
    assert "".join(block.text for block in blocks) == ("word " * 1_000).rstrip()
    assert all(len(block.text) <= DEFAULT.text for block in blocks)


def test_no_part_of_qt_is_needed() -> None:
    import subprocess

    code = (
        "import sys; from forllm_desktop.ui.thread import markdown, incremental, diff;"
        "markdown.blocks_of('# a'); print([name for name in sys.modules if 'PySide' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
