"""Tags in posts: found wherever they are meant, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.tags import (
    FileTag,
    PersonaTag,
    broken_chains,
    chain_key,
    chains,
    file_tag_text,
    file_tags,
    persona_tag_text,
    plain,
    plain_excerpt,
    plain_start,
    resolve_typed,
    spans,
)

ADA, BOB = "[@Ada](persona:12)", "[@Bob](persona:7)"
NOTES = "[#notes.md](folder:3/sub%20dir/notes.md)"
NAMES = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("[]()\\`*_:@#\"'<>&|~!\n\u202e😀")),
    min_size=1,
    max_size=60,
)
PATHS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60
).filter(lambda path: path.strip("/"))


def keys(text: str) -> list[str]:
    return [chain_key(chain) for chain in chains(text)]


def one_line(name: str) -> str:
    return plain(persona_tag_text(1, name)).removeprefix("@")


def test_a_tag_is_a_persona_and_its_name() -> None:
    text = f"Ask {ADA}, please."
    assert chains(text) == [(PersonaTag(12, "Ada"),)]
    assert spans(text) == [(4, 4 + len(ADA), PersonaTag(12, "Ada"))]
    assert plain(text) == "Ask @Ada, please."


def test_colons_join_a_chain_and_a_persona_may_answer_twice() -> None:
    assert keys(f"{ADA}:{BOB}:{ADA} {BOB}") == ["12:7:12", "7"]
    assert plain(f"{ADA}:{BOB}") == "@Ada:@Bob"


def test_a_chain_that_stands_there_twice_counts_once() -> None:
    assert keys(f"{BOB} {ADA}:{BOB} {BOB}") == ["7", "12:7"]
    assert keys(f"{ADA}:{BOB} {BOB} and {ADA}:{BOB}") == ["12:7", "7"]


def test_a_colon_before_prose_is_prose() -> None:
    for text in (
        f"Ask {ADA}: what?",
        f"{ADA}:",
        f"{ADA}:\n{BOB}",
        f"{ADA}: {BOB}",
        f"{ADA}:: x",
        f"{ADA}:@ 5",
    ):
        assert broken_chains(text) == []
        assert "12" in keys(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"x {ADA}:@Nobody y", "@Ada:@Nobody"),
        (f"{ADA}::{BOB}", "@Ada::@Bob"),
        (f"{ADA}::@Bob", "@Ada::@Bob"),
        (f"{ADA}:{BOB}:@Nobody", "@Bob:@Nobody"),
        (f"@Nobody:{ADA}", "@Nobody:@Ada"),
        (f"{ADA}:[@Bob](http://x)", "@Ada:@Bob"),
    ],
)
def test_a_chain_with_a_missing_link_is_found(text: str, shown: str) -> None:
    assert broken_chains(text) == [shown]


def test_an_address_before_a_colon_breaks_no_chain() -> None:
    assert broken_chains(f"me@example.com:{ADA}") == []


@pytest.mark.parametrize(
    "text",
    [
        f"`{ADA}`",
        f"``a ` {ADA}``",
        f"`a\n{ADA}`",
        f"```\n{ADA}\n```",
        f"~~~ py\n{ADA}\n~~~~",
        f"> ```\n> {ADA}\n> ```",
        f"- ```\n  {ADA}\n  ```",
        f"```\n{ADA}",
        f"\\\\`{ADA}`",
        f"```\n``\n~~~\n``` no\n{ADA}",
        f"\\{ADA}",
        "[@Ada](persona:)",
        "[@Ada](persona:12 )",
        "[@Ada](persona:-1)",
        "[@A[d]a](persona:12)",
        "[@Ad\na](persona:12)",
        "[Ada](persona:12)",
        "[@Ada](persona:1234567890123456789)",
    ],
)
def test_code_and_other_links_are_no_tags(text: str) -> None:
    assert spans(text) == []
    assert plain(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"`code` {ADA} `code`",
        f"it`s {ADA}",
        f"``a` {ADA}",
        f"- it`s\n- {ADA}\n- that`s",
        f"it`s\n\n{ADA} that`s",
        f"# it`s\n# {ADA}`",
        f"```\ncode\n```\n{ADA}",
        f"> ```\n> code\n\n{ADA}",
        f"``` a`b\n{ADA}",
        f"- ```\n  code\n\n{ADA}",
        f"~~~\n~~~\n- ~~~\n  ~~~\n{ADA}",
        f"1. > ```\n```\n```\n{ADA}",
        f"``{ADA}\\```",
        f"\\`{ADA}`",
        f"`a\\` {ADA}",
        f"x{ADA}x",
        f"\\\\{ADA}",
        f"*{ADA}* ![{ADA}",
    ],
)
def test_tags_beside_code_are_tags(text: str) -> None:
    assert keys(text) == ["12"]


def test_a_file_is_a_folder_and_a_path() -> None:
    assert file_tags(f"See {NOTES} and {NOTES}") == [FileTag(3, "sub dir/notes.md", "notes.md")]
    assert file_tag_text(3, "sub dir/notes.md") == NOTES
    assert plain(f"See {NOTES}") == "See #notes.md"
    assert chains(NOTES) == []


def test_what_a_tag_was_cut_off_to_still_shows_its_name() -> None:
    text = f"Ask {persona_tag_text(12, 'Ada [1]')}"
    for cut in range(len("Ask [@Ada"), len(text) + 1):
        shown = plain_start(text[:cut])
        assert shown.startswith("Ask @Ada")
        assert "persona" not in shown
    assert plain_start("a list [x") == "a list [x"


@pytest.mark.parametrize(
    ("excerpt", "shown"),
    [
        (f"…ask {ADA} or {NOTES}…", "…ask @Ada or #notes.md…"),
        ("…Lovelace](persona:12) says", "…Lovelace says"),
        ("…persona:12) says", "… says"),
        ("…ask [@Ada Love…", "…ask @Ada Love…"),
        ("…ask [@Ada](persona…", "…ask @Ada"),
        ("[@<Ada> Lovelace](<persona>:12) x", "@<Ada> Lovelace x"),
        ("…(see below) a [list] of (things)", "…(see below) a [list] of (things)"),
        ("a [link](http://x) stays", "a [link](http://x) stays"),
    ],
)
def test_an_excerpt_names_its_tags_also_those_that_are_cut(excerpt: str, shown: str) -> None:
    assert plain_excerpt(excerpt, "<>") == shown


@given(NAMES, st.integers(1, 10**17), NAMES, st.integers(1, 10**17))
def test_any_name_makes_a_tag_and_comes_back(name: str, one: int, other: str, two: int) -> None:
    pair = f"{persona_tag_text(one, name)}:{persona_tag_text(two, other)}"
    (chain,) = chains(f"word {pair} word")
    assert [tag.persona_id for tag in chain] == [one, two]
    shown = one_line(name)
    assert chain[0].label == shown
    assert "\n" not in shown
    if not set(name) & set("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"):
        assert shown == name
    assert persona_tag_text(one, chain[0].label) == persona_tag_text(one, name)


@given(PATHS, st.integers(0, 10**17))
def test_any_path_makes_a_tag_and_comes_back(path: str, folder: int) -> None:
    (tag,) = file_tags(f"a {file_tag_text(folder, path)}")
    assert (tag.folder_id, tag.path) == (folder, path)


def test_a_path_that_is_no_text_comes_back() -> None:
    assert file_tags(file_tag_text(1, "caf\udce9.txt"))[0].path == "caf\udce9.txt"


@given(st.text(st.sampled_from("`~\n\\[]()@:> -1persona2folder/"), max_size=200))
def test_any_text_is_read(text: str) -> None:
    text = text.replace("p", "persona:").replace("f", ADA)
    for span in spans(text):
        assert chains(text[span.start : span.end]) or file_tags(text[span.start : span.end])
    assert chains(plain(text)) == [] or "\\" in text or "`" in text
    assert "](persona:12)" not in "".join(broken_chains(text))
    assert plain(resolve_typed(text, {"1": 1, "per": 2})) is not None


NAMED = {"Ada": 12, "Ada Lovelace": 13, "Bob": 7, "C:D": 4, "Zoë": 5, "Jürgen [2]": 6}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("@Ada", ADA),
        ("@ada lovelace, hi", "[@Ada Lovelace](persona:13), hi"),
        ("(@Bob)", f"({BOB})"),
        ("@Ada:@Bob:@Ada", f"{ADA}:{BOB}:{ADA}"),
        ("@Ada: what?", f"{ADA}: what?"),
        ("@Ada's", f"{ADA}'s"),
        ("@Ada.", f"{ADA}."),
        ("@C:D:@Bob", f"[@C:D](persona:4):{BOB}"),
        ("@ZOË", "[@Zoë](persona:5)"),
        ("@Jürgen [2]!", "[@Jürgen \\[2\\]](persona:6)!"),
        (f"{ADA}:@Bob", f"{ADA}:{BOB}"),
        ("**@Ada**", f"**{ADA}**"),
    ],
)
def test_typed_names_become_tags(typed: str, stored: str) -> None:
    assert resolve_typed(typed, NAMED) == stored


@pytest.mark.parametrize(
    "text",
    [
        "me@Ada",
        "me@ada.example",
        "@Adam",
        "@Ada_x",
        "@ada.example",
        "@ada@host",
        "\\@Ada",
        "`@Ada`",
        "```\n@Ada\n```",
        ADA,
        "[ask @Ada](http://x)",
        "https://x.example/?q=(@Ada)",
        "@ Ada",
        "@Nobody",
        "@",
    ],
)
def test_other_signs_stay_as_they_are(text: str) -> None:
    assert resolve_typed(text, NAMED) == text


@given(st.text(st.sampled_from("@AdaBob:LovelC [](\n`\\.é"), max_size=80))
def test_typing_is_resolved_once(text: str) -> None:
    once = resolve_typed(text, NAMED)
    assert plain(once).casefold() == plain(text).casefold() or "\\" in text
    assert resolve_typed(once, NAMED) == once


@pytest.mark.parametrize(
    "piece",
    [
        "word ",
        f"{ADA} ",
        f"{ADA}:",
        "`",
        "` a ``b ",
        "\\`",
        "[@",
        "[@\\",
        "\\[@a",
        "[](",
        "[@Ada](persona:",
        "@Ada:",
        "@",
        ":",
        "~~~\n",
        "> ```\n",
        "> ```\na\n",
        "\n",
        "- ```\n\n",
        "a://",
    ],
)
def test_a_long_text_costs_no_more_than_its_length(piece: str) -> None:
    """A hang and not a slow machine is what this finds: worse than linear takes hours here."""
    text = (piece * (200_000 // len(piece))) + ADA
    for read in (chains, broken_chains, plain, plain_start, lambda text: resolve_typed(text, NAMED)):
        read(text)
