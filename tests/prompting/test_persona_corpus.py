"""What models write as personas, read as a person would read it; nothing of it gets lost."""

import json
import re
import unicodedata

import pytest

from forllm_desktop.domain.generation import DEFAULT_HEADINGS, NAME_HEADING
from forllm_desktop.paths import resources_dir
from forllm_desktop.prompting.parsed_persona import ParsedPersona, normal_form
from forllm_desktop.prompting.persona_name import clean_name
from forllm_desktop.prompting.persona_parser import parse_persona
from tests.prompting.persona_corpus import FOLDERS, Sample, faults, samples

EVERY = [sample for folder in FOLDERS for sample in samples(folder)]
HEADING_WORDS = frozenset(
    word.casefold()
    for names in json.loads((resources_dir() / "heading_words.json").read_text(encoding="utf-8")).items()
    for word in re.findall(r"\w+", unicodedata.normalize("NFKC", f"{names[0]} {' '.join(names[1])}"))
) | {
    "your",
    "text",
    "the",
    "insert",
    "first",
    "final",
    "behaviours",
    "character",
    "by",
    "place",
    "primary",
    "areas",
}
"""Words that may go because they stand in a line that was recognised as a heading, or in the skeleton."""
THOUGHT = re.compile(r"<think>.*?</think>|^.*</think>|^<\|channel\|>analysis.*final<\|message\|>", re.DOTALL)
MARKS = re.compile(
    r"(?<=\w) \([^()\n]*\):$|<\|im_start\|>\w*|<\|start_header_id\|>\w*|<\|\w+\|>|</?\w{1,40}>"
    r"|^### Response:$|^[IVX]+\.|\[/?INST\]|^\s*```\w*",
    re.MULTILINE,
)


def words(text: str) -> set[str]:
    """Return the words of a text as they are compared: without case, marks, entities and numbers."""
    for code, sign in (("\\n", " "), ('\\"', " "), ("&amp;", " "), ("_", " ")):
        text = text.replace(code, sign)
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return {word.casefold() for word in re.findall(r"[^\W\d_]+", text)}


def everything(parsed: ParsedPersona) -> str:
    return "\n".join(
        [
            parsed.name,
            parsed.preamble,
            parsed.trailing,
            *parsed.notes,
            *parsed.sections,
            *parsed.sections.values(),
        ]
    )


def lost_words(raw: str, parsed: ParsedPersona) -> set[str]:
    said = MARKS.sub(" ", THOUGHT.sub(" ", raw))
    if not said.strip():
        return set()
    kept = words(everything(parsed))
    lost = words(said) - kept - HEADING_WORDS
    # A repetition that was cut off ends in the beginning of a word.
    return {word for word in lost if not any(other.startswith(word) for other in kept)}


def by_name(sample: Sample) -> str:
    return sample.file


def test_corpus_is_large_and_names_each_of_its_files() -> None:
    assert len(samples("corpus")) >= 60


@pytest.mark.parametrize("sample", EVERY, ids=by_name)
def test_output_is_read_as_expected(sample: Sample) -> None:
    assert faults(sample) == []


@pytest.mark.parametrize("sample", EVERY, ids=by_name)
def test_no_word_gets_lost(sample: Sample) -> None:
    lost = lost_words(sample.raw, sample.parsed())
    assert not lost or any("repeated itself" in note for note in sample.parsed().notes)


@pytest.mark.parametrize("sample", EVERY, ids=by_name)
def test_normal_form_is_strict_and_reads_as_itself(sample: Sample) -> None:
    parsed = sample.parsed()
    name = parsed.name or "Assistant"
    kept = normal_form(name, parsed)
    lines = kept.splitlines()
    assert lines[0] == f"## {NAME_HEADING}: {name}"
    headings = [line for line in lines[1:] if re.fullmatch(r"## .+:", line)]
    assert headings == [f"## {h}:" for h in sample.wanted[1:] if h in parsed.sections]
    again = parse_persona(kept, sample.wanted)
    assert again.name == name
    assert again.sections == parsed.sections
    assert normal_form(name, again) == kept


@pytest.mark.parametrize("sample", samples("corpus"), ids=by_name)
def test_line_ends_and_invisible_marks_change_nothing(sample: Sample) -> None:
    parsed = sample.parsed()
    for other in (
        sample.raw.replace("\r\n", "\n").replace("\n", "\r\n"),
        "\ufeff" + sample.raw,
        sample.raw + "\n\n\n",
    ):
        again = parse_persona(other, sample.wanted)
        assert again.name == parsed.name
        assert again.sections == parsed.sections


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("**Ada Lovelace**", "Ada Lovelace"),
        ('"Ada Lovelace"', "Ada Lovelace"),
        ("“Ada”", "Ada"),
        ("«Ada»", "Ada"),
        ("「ハル」", "ハル"),
        ("Ada Lovelace (1815–1852), mathematician", "Ada Lovelace"),
        ("Ada – the Enchantress of Numbers", "Ada"),
        ("Ada, the Enchantress", "Ada"),
        ("Ada: a mathematician", "Ada"),
        ("Ada. She loves numbers.", "Ada"),
        ("Dr. Ada King", "Dr. Ada King"),
        ("J. R. Smith", "J. R. Smith"),
        ("Prof. Plum. He is kind.", "Prof. Plum"),
        ("The persona's name is Ada.", "Ada"),
        ("You are Ada", "Ada"),
        ("Name: Ada", "Ada"),
        ("- Ada", "Ada"),
        ("1. Ada", "Ada"),
        ("Anne-Marie O'Neill", "Anne-Marie O'Neill"),
        ('Joe "The Rock" Mason', 'Joe "The Rock" Mason'),
        ("R2-D2", "R2-D2"),
        ("\n\nAda\nShe counts.", "Ada"),
        ("(the name)", ""),
        ("None", ""),
        ("N/A", ""),
        ("{{name}}", ""),
        ("[Insert Name]", ""),
        ("---", ""),
        ("", ""),
        ("A persona who loves to talk about every kind of plant that grows by the sea and on the dunes", ""),
    ],
)
def test_name_is_taken_out_of_what_stands_around_it(typed: str, name: str) -> None:
    assert clean_name(typed) == name
    assert clean_name(name) == name


def test_counts_are_only_notes() -> None:
    text = (
        "## Persona Name: Ada\n## Key Personality Traits:\n- a\n- b\n## Example Phrases:\n"
        + "- x\n- y\n- z\n- w\n"
    )
    notes = parse_persona(text, DEFAULT_HEADINGS).notes
    assert "2 traits where 3 to 5 were asked for." in notes
    assert "4 phrases where 2 to 3 were asked for." in notes
