"""Instructions are cut into sections, set beside each other, and put together as chosen."""

from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.sections import Choice, chosen_text, paired_sections, split_sections, with_name

CURRENT = """## Persona Name: Ada

## Core Identity:
You are Ada, a tutor.

## Speaking Style:
Short sentences.

## Habits:
Draws a sketch first.
"""
PROPOSED = """## Persona Name: Ada Byron

## Core Identity:
You are Ada Byron, a patient tutor.

## Forbidden Actions:
Never do the homework.

## Speaking Style:
Short sentences.
"""


def test_sections_are_cut_at_headings_of_the_second_level_only() -> None:
    text = "Intro\n## One:\n# no\n### no\n##no\n```\n## not here\n```\n## Two\nend"
    assert [(s.heading, s.text) for s in split_sections(text)] == [
        ("", "Intro\n"),
        ("One:", "## One:\n# no\n### no\n##no\n```\n## not here\n```\n"),
        ("Two", "## Two\nend"),
    ]


LINES = st.lists(st.sampled_from(["## A:", "## B: x", "```", "~~~", "text", "", "## ", " ## C"]), max_size=12)


@given(LINES)
def test_sections_make_up_the_text_again(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert "".join(section.text for section in split_sections(text)) == text


@given(LINES, LINES)
def test_one_side_chosen_for_all_keeps_every_line_of_it(one: list[str], other: list[str]) -> None:
    current, proposed = "\n".join(one), "\n".join(other)
    pairs = paired_sections(current, proposed)
    for choice, text in ((Choice.CURRENT, current), (Choice.PROPOSED, proposed)):
        chosen = chosen_text(pairs, {pair.key: choice for pair in pairs})
        assert _lines(chosen) == _lines(text)


def _lines(text: str) -> list[str]:
    return sorted(line.strip() for line in text.splitlines() if line.strip())


def test_sections_stand_beside_each_other_by_their_titles() -> None:
    pairs = paired_sections(CURRENT, PROPOSED)
    assert [(p.title, p.current is not None, p.proposed is not None, p.is_same) for p in pairs] == [
        ("Persona Name", True, True, False),
        ("Core Identity", True, True, False),
        ("Forbidden Actions", False, True, False),
        ("Speaking Style", True, True, True),
        ("Habits", True, False, False),
    ]


def test_text_is_put_together_as_chosen() -> None:
    pairs = paired_sections(CURRENT, PROPOSED)
    choices = {
        ("persona name", 0): Choice.CURRENT,
        ("core identity", 0): Choice.BOTH,
        ("habits", 0): Choice.CURRENT,
    }
    assert chosen_text(pairs, choices) == (
        "## Persona Name: Ada\n\n"
        "## Core Identity:\nYou are Ada, a tutor.\nYou are Ada Byron, a patient tutor.\n\n"
        "## Forbidden Actions:\nNever do the homework.\n\n"
        "## Speaking Style:\nShort sentences.\n\n"
        "## Habits:\nDraws a sketch first."
    )


def test_name_line_follows_the_persona() -> None:
    assert with_name(PROPOSED, "Ada").startswith("## Persona Name: Ada\n")
    assert with_name("You are Ada.", "Bo") == "You are Ada."
    assert with_name(r"## Persona Name: x", r"\1") == r"## Persona Name: \1"


def test_section_that_only_says_the_name_follows_the_persona() -> None:
    name, identity, *_ = paired_sections(CURRENT, PROPOSED)
    assert (name.is_name, identity.is_name) == (True, False)
    assert (name.current and name.current.words, name.proposed and name.proposed.words) == (
        "Ada",
        "Ada Byron",
    )
