"""Outputs that were cut, shuffled, doubled and marked otherwise: read without an exception, nothing lost."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forllm_desktop.domain.generation import NAME_HEADING
from forllm_desktop.prompting.parsed_persona import normal_form
from forllm_desktop.prompting.persona_parser import parse_persona
from tests.prompting.persona_corpus import Sample, samples
from tests.prompting.test_persona_corpus import lost_words

# Those in which a phrase repeats itself within a line may lose the half of a word where it was cut.
SAMPLES = [s for s in samples("corpus") if s.file not in ("loop_phrase.txt", "loop_cjk.txt")]
BOUNDED = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
JUNK = st.sampled_from((
    "", "---", "***", "```", "```markdown", "#", "## ", "##", "**", "****", "> ", "|", "| a | b |",
    "===", "- ", "</think>", "<think>", "<|im_end|>", "<|eot_id|>", "[INST]", "{", "}", "\"",
    "Persona Name:", "Name: Zoe Quux", "## Core Identity:", "**Example Phrases:**", "Tone: dry",
    "- Rules: few", "## Backstory\nBorn at sea.", "Sure! Here you go:", "I hope this helps!",
    "You are Zed Quux, a test.", "\u00a0", "\u200f", "(your text)", "# Zoe Quux", "Examples:",
    "Key Personality Traits", "1. Core Identity", "<p>zork</p>", "</p>", "\0", "\ud800",
))  # fmt: skip
MARKS = st.sampled_from(
    ["## ", "# ", "### ", "**", "- ", "- **", "", "1. ", "> ", "|", "    ", "##", "* ", "__"]
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Sample, str]:
    """Draw an output that differs from the corpus by a few changes."""
    sample = draw(st.sampled_from(SAMPLES))
    lines = sample.raw[:20_000].splitlines() or [""]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(
            st.sampled_from(["cut", "shuffle", "double", "junk", "mark", "join", "swap", "drop", "glue"])
        ):
            case "cut":
                text = "\n".join(lines)
                lines = text[: draw(st.integers(0, len(text)))].splitlines() or [""]
            case "shuffle":
                part = lines[at : at + draw(st.integers(2, 12))]
                lines[at : at + len(part)] = draw(st.permutations(part))
            case "double":
                lines[at:at] = lines[at : at + draw(st.integers(1, 12))] * draw(st.integers(1, 4))
            case "junk":
                lines.insert(at, draw(JUNK))
            case "mark":
                mark = draw(MARKS)
                bare = lines[at].lstrip("#*->| 0123456789.")
                lines[at] = f"{mark}{bare}{mark.strip('- ') if '*' in mark or '_' in mark else ''}"
            case "join":
                lines += draw(st.sampled_from(SAMPLES)).raw[:5_000].splitlines()
            case "swap":
                lines = lines[at:] + lines[:at]
            case "drop":
                del lines[at : at + draw(st.integers(1, 6))]
                lines = lines or [""]
            case "glue":
                lines[at : at + 3] = [" ".join(lines[at : at + 3])]
    return sample, draw(st.sampled_from(["\n", "\r\n", "\n\n"])).join(lines)


@BOUNDED
@given(mutated())
def test_mutated_output_is_read_and_nothing_gets_lost(case: tuple[Sample, str]) -> None:
    sample, raw = case
    parsed = parse_persona(raw, sample.wanted)
    assert set(parsed.sections) <= set(sample.wanted) - {NAME_HEADING}
    assert all(text.strip() for text in parsed.sections.values())
    assert list(parsed.sections) == [h for h in sample.wanted if h in parsed.sections]
    assert "\n" not in parsed.name
    if "think>" not in raw:
        assert not lost_words(raw, parsed)


@BOUNDED
@given(mutated())
def test_normal_form_of_a_mutated_output_reads_as_itself(case: tuple[Sample, str]) -> None:
    sample, raw = case
    parsed = parse_persona(raw, sample.wanted)
    name = parsed.name or "Assistant"
    kept = normal_form(name, parsed)
    again = parse_persona(kept, sample.wanted)
    assert again.name == name
    assert normal_form(name, again) == kept


@BOUNDED
@given(st.text(max_size=400))
def test_any_text_is_read(raw: str) -> None:
    parsed = parse_persona(raw, ("Persona Name", "Core Identity"))
    assert normal_form("Ada", parsed).startswith("## Persona Name: Ada")
