"""What is odd about a persona's texts: found, named, and offered for a cure; never silently changed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.persona import PersonaContent, PersonaOptions
from forllm_desktop.domain.persona_text import (
    REMOVABLE,
    Fault,
    character_findings,
    checked_content,
    checked_instructions,
    checked_options,
    checked_persona_name,
    checked_picture,
    checked_tags,
    instruction_findings,
    numbered_persona_name,
    with_clock_last,
    without,
)


def faults(text: str, tokens: int = 0, limit: int | None = None) -> list[Fault]:
    return [finding.fault for finding in instruction_findings(text, tokens, limit)]


@pytest.mark.parametrize(
    "text",
    [
        "You are Ada.",
        "You answer {{user}} in {{ Subforum }}.\n\n\tShow every step.",
        "Schöne Grüße, 你好, مرحبا, नमस्ते",
        "A scientist 👩\u200d🔬 and a flag 🏴\U000e0067\U000e0062\U000e007f",
        "می\u200cخواهم",
        "soft\u00adhyphen",
        "It is late. {{time}}",
    ],
)
def test_ordinary_text_has_nothing_odd(text: str) -> None:
    assert faults(text) == []
    assert checked_instructions(text) == text


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u200b", "\u3164"])
def test_text_in_which_nothing_shows_is_empty(text: str) -> None:
    assert Fault.EMPTY in faults(text)
    with pytest.raises(InvalidInput, match="empty"):
        checked_instructions(text)


def test_what_does_not_fit_the_window_is_too_long_with_both_numbers() -> None:
    assert faults("You are Ada.", 4, 4) == []
    (finding,) = instruction_findings("You are Ada.", 5000, 3072)
    assert finding.fault is Fault.TOO_LONG
    assert "5,000" in finding.message
    assert "3,072" in finding.message


@pytest.mark.parametrize(
    ("text", "fault", "name"),
    [
        ("a\x07b", Fault.CONTROL, "U+0007"),
        ("a\x00b", Fault.CONTROL, "U+0000"),
        ("a\u202eb", Fault.INVISIBLE, "Right-to-left override"),
        ("a\u200bb", Fault.INVISIBLE, "Zero width space"),
        ("a\u200db", Fault.INVISIBLE, "Zero width joiner"),
        ("a\u2067b", Fault.INVISIBLE, "Right-to-left isolate"),
        ("a\ufeffb", Fault.INVISIBLE, "Zero width no-break space"),
        ("a\U000e0041b", Fault.INVISIBLE, "Tag latin capital letter a"),
        ("a\u3164b", Fault.INVISIBLE, "Hangul filler"),
    ],
)
def test_trick_characters_are_named_and_can_be_removed(text: str, fault: Fault, name: str) -> None:
    (finding,) = instruction_findings(text)
    assert finding.fault is fault
    assert finding.spans == ((1, 2),)
    assert name in finding.message
    assert without(text, [finding]) == "ab"


def test_control_characters_keep_a_text_from_being_saved_invisible_ones_do_not() -> None:
    with pytest.raises(InvalidInput, match="U\\+0007"):
        checked_instructions("a\x07")
    assert checked_instructions("a\u202e") == "a\u202e"


@pytest.mark.parametrize("name", ["A\u202eda", "A\u200bda", "A\x07da", "A\nda"])
def test_names_have_no_characters_that_cannot_be_seen(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked_persona_name(name)
    assert caught.value.field == "name"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Hello {{usr}}", Fault.UNKNOWN_VARIABLE),
        ("Hello {{}}", Fault.UNKNOWN_VARIABLE),
        ("Hello {{user", Fault.BROKEN_VARIABLE),
        ("Hello user}}", Fault.BROKEN_VARIABLE),
        ("Hello {{us\ner}}", Fault.BROKEN_VARIABLE),
    ],
)
def test_broken_variables_are_flagged_and_allowed(text: str, fault: Fault) -> None:
    assert faults(text) == [fault]
    assert checked_instructions(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "<|im_start|>system",
        "Say [/INST] now",
        "<<SYS>>",
        "</s>",
        "<start_of_turn>model",
        "### Instruction:\nDo.",
        "User: hello",
        "Ada wrote:",
    ],
)
def test_text_that_imitates_the_prompts_own_marks_is_warned_of(text: str) -> None:
    assert faults(text) == [Fault.DELIMITER]


def test_clock_on_top_is_costly_and_can_be_moved() -> None:
    text = "You answer {{user}}. It is {{time}}. Be brief.\n\nShow every step."
    assert faults(text) == [Fault.CLOCK_ON_TOP]
    moved = with_clock_last(text)
    assert moved == "You answer {{user}}. Be brief.\n\nShow every step.\n\nIt is {{time}}."
    assert faults(moved) == []


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_removal_leaves_nothing_to_remove_and_everything_else(text: str) -> None:
    found = [finding for finding in character_findings(text) if finding.fault in REMOVABLE]
    clean = without(text, found)
    gone = sum(end - start for finding in found for start, end in finding.spans)
    assert len(clean) == len(text) - gone
    assert not any(finding.fault is Fault.CONTROL for finding in character_findings(clean))


@given(st.text(alphabet="ab. \n{}time", max_size=60))
def test_moving_the_clock_loses_no_word(text: str) -> None:
    moved = with_clock_last(text)
    assert sorted("".join(moved.split())) == sorted("".join(text.split()))
    assert with_clock_last(moved).split() == moved.split() or moved == text or "{{time}}" in moved


@pytest.mark.parametrize("temperature", [-0.1, 2.1, float("nan"), float("inf")])
def test_temperature_has_bounds(temperature: float) -> None:
    with pytest.raises(InvalidInput):
        checked_options(PersonaOptions(temperature=temperature))


def test_longest_reply_is_at_least_one_token() -> None:
    with pytest.raises(InvalidInput):
        checked_options(PersonaOptions(max_reply_tokens=0))
    assert checked_options(PersonaOptions(max_reply_tokens=1)).max_reply_tokens == 1


def test_content_is_checked_field_by_field() -> None:
    checked = checked_content(PersonaContent(" Ada  L. ", " You are Ada. ", " Counts.\n Well. "))
    assert checked == PersonaContent("Ada L.", " You are Ada. ", "Counts. Well.")


def test_tags_are_trimmed_and_each_is_there_once() -> None:
    assert checked_tags([" physics ", "Physics", "", "long  tag"]) == ["physics", "long tag"]
    for wrong in (["x" * 41], ["a\u202eb"], [str(n) for n in range(21)]):
        with pytest.raises(InvalidInput):
            checked_tags(wrong)


def test_picture_is_a_png_of_bounded_size() -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 100
    assert checked_picture(png) == png
    for wrong in (b"GIF89a", png + b"0" * 1_000_000):
        with pytest.raises(InvalidInput):
            checked_picture(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "{{time}} " + "." * 300_000,
        "." * 300_000 + " {{time}} after",
        "{{time}} " + "a.b! " * 60_000,
        "\u200b" * 200_000,
        "<|" * 150_000,
        "## " * 100_000,
        "a" * 60 + " wrote:" * 40_000,
        "{{" * 150_000,
    ],
    ids=lambda text: text[:9],
)
def test_huge_text_is_checked_in_good_time(text: str) -> None:
    started = time.thread_time()
    instruction_findings(text)
    assert time.thread_time() - started < 5


def test_name_that_gets_a_number_is_never_cut_inside_a_character() -> None:
    couple = "\U0001f469\u200d\U0001f4bb"
    for length in range(60, 67):
        for before in ("", "a", "ab"):
            name = (before + couple * length)[:200]
            numbered = numbered_persona_name(name, 12)
            assert len(numbered) <= 200
            assert checked_persona_name(numbered) == numbered
            assert numbered.endswith(" (12)")
