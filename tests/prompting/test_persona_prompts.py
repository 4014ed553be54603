"""What a model is asked when it writes a persona: every hint and wish stands in the body."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.forum import NAME_LIMIT
from forllm_desktop.domain.generation import (
    DEFAULT_HEADINGS,
    INPUTS,
    GenerationResult,
    GenerationType,
    OutputPreferences,
    PersonaGenerationRequest,
    Stage,
)
from forllm_desktop.domain.persona_text import checked_persona_name
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.variation import variation_plan
from forllm_desktop.prompting.persona_generator import (
    REQUIRED,
    final_name,
    generate_persona,
    sample_values,
    template_name,
)
from forllm_desktop.prompting.persona_name import clean_name
from forllm_desktop.prompting.persona_parser import parse_persona
from forllm_desktop.prompting.templates import fill_known, placeholders, template

PAIRS = [(stage, kind) for stage in Stage for kind in GenerationType]
HINTS = {
    "name_hint": "Signe QUARTZ",
    "description_hint": "A marine biologist AGATE",
    "purpose_hint": "Helps with letters OPAL",
    "subforum_name": "Cooking TOPAZ",
    "subforum_description": "What is in the cupboard JADE",
    "additional_directives": "Explain why RUBY",
}
WISHES = OutputPreferences(("Core Identity", "Habits of the sea"), "dry as PEARL", "concise")
ANSWER = "## Persona Name: Signe Dahl\n## Core Identity:\nYou are Signe.\n"


def a_request(kind: GenerationType, **changes: Any) -> PersonaGenerationRequest:
    fields: dict[str, Any] = {
        "generation_type": kind,
        "input_details": {name: HINTS[name] for name in INPUTS[kind]},
        "llm_model_for_generation": ModelChoice(1, "tiny"),
        "output_preferences": WISHES,
    }
    return PersonaGenerationRequest(**fields | changes)


def asked(request: PersonaGenerationRequest, answers: Mapping[Stage, str]) -> dict[Stage, str]:
    """Return the prompt of each stage that a request goes through."""
    prompts, _ = run(request, answers)
    return prompts


def run(
    request: PersonaGenerationRequest, answers: Mapping[Stage, str]
) -> tuple[dict[Stage, str], GenerationResult]:
    prompts: dict[Stage, str] = {}

    async def ask(stage: Stage, prompt: str) -> str:
        prompts[stage] = prompt
        return answers[stage]

    return prompts, asyncio.run(generate_persona(request, template, ask, {}))


def all_stages(kind: GenerationType, **changes: Any) -> dict[Stage, str]:
    answers = {
        Stage.EXPANSION: "She grew up on a trawler. BRAINSTORM",
        Stage.REFINEMENT: ANSWER,
        Stage.CRITIQUE: ANSWER,
        Stage.REPAIR: "## Habits of the sea:\nAlways check the tide.",
    }
    return asked(a_request(kind, has_critique=True, **changes), answers)


@pytest.mark.parametrize(("stage", "kind"), PAIRS)
def test_template_fills_with_sample_values(stage: Stage, kind: GenerationType) -> None:
    text = fill_known(template(template_name(stage, kind)), sample_values(stage, kind), REQUIRED[stage])
    assert "{{" not in text
    assert "}}" not in text


@pytest.mark.parametrize(("stage", "kind"), PAIRS)
def test_unknown_placeholder_is_told_by_name(stage: Stage, kind: GenerationType) -> None:
    broken = template(template_name(stage, kind)) + "\n{{favourite_colour}}"
    with pytest.raises(ForllmError, match="favourite_colour") as caught:
        fill_known(broken, sample_values(stage, kind), REQUIRED[stage])
    assert "unknown placeholder" in caught.value.title


@pytest.mark.parametrize(("stage", "kind"), [pair for pair in PAIRS if REQUIRED[pair[0]]])
def test_missing_placeholder_is_told_by_name(stage: Stage, kind: GenerationType) -> None:
    for name in REQUIRED[stage]:
        broken = template(template_name(stage, kind)).replace("{{" + name + "}}", "")
        with pytest.raises(ForllmError, match=name) as caught:
            fill_known(broken, sample_values(stage, kind), REQUIRED[stage])
        assert "lacks a placeholder" in caught.value.title


@pytest.mark.parametrize("kind", GenerationType)
def test_placeholders_that_the_specification_names_are_in_the_templates(kind: GenerationType) -> None:
    expansion = set(placeholders(template(template_name(Stage.EXPANSION, kind))))
    refinement = set(placeholders(template(template_name(Stage.REFINEMENT, kind))))
    assert set(INPUTS[kind]) <= expansion
    assert refinement >= {
        "brainstormed_text_from_stage_1",
        "original_input_details_summary",
        "desired_headings_list_or_default",
        "target_persona_name_override",
        "tone_preference",
        "length_preference",
    }
    if kind is GenerationType.SUBFORUM_EXPERT:
        assert {"subforum_name", "subforum_description"} <= refinement


EXPANSION_SAYS = (
    "You are a highly creative and knowledgeable assistant.",
    "brainstorm",
    "rich, detailed and imaginative",
    "background",
    "personality traits, quirks and motivations",
    "expertise",
    "peaking style, tone and common phrases",
    "oals",
    "imitations",
    "300-500 words",
)
REFINEMENT_SAYS = (
    "You are an expert AI persona instruction writer.",
    "smaller AI model",
    "clear, direct and unambiguous",
    "1 or 2 sentences: who the persona is and what it is for",
    "areas of knowledge, clearly defined",
    "vocabulary, sentence length, formality, tone",
    "Always strive to be helpful.",
    "must not do or discuss",
    "short example phrases",
    "3 to 5",
    "2 or 3",
    "must not do",
    "Always",
    "Never",
    "Do not contradict yourself.",
    "most important",
    "system prompt",
    "concise",
    "detailed",
)


@pytest.mark.parametrize("kind", GenerationType)
def test_templates_say_everything_that_the_specification_asks_for(kind: GenerationType) -> None:
    prompts = all_stages(kind, output_preferences=OutputPreferences())
    expansion, refinement = prompts[Stage.EXPANSION], prompts[Stage.REFINEMENT]
    assert [words for words in EXPANSION_SAYS if words not in expansion] == []
    assert [words for words in REFINEMENT_SAYS if words not in refinement] == []
    assert refinement.rstrip().splitlines()[-1] == 'Begin your answer with "## Persona Name:".'


@pytest.mark.parametrize("kind", GenerationType)
def test_every_hint_stands_in_the_body_of_each_stage(kind: GenerationType) -> None:
    prompts = all_stages(kind)
    assert set(prompts) == set(Stage)
    for stage, prompt in prompts.items():
        for name in INPUTS[kind]:
            assert HINTS[name] in prompt, (stage, name)


@pytest.mark.parametrize("kind", GenerationType)
def test_name_headings_tone_and_length_stand_in_the_body(kind: GenerationType) -> None:
    prompts = all_stages(kind, target_persona_name_override="Signe EMERALD")
    for stage in (Stage.REFINEMENT, Stage.CRITIQUE):
        for words in (
            "Signe EMERALD",
            "## Core Identity:",
            "## Habits of the sea:",
            "dry as PEARL",
            "concise",
        ):
            assert words in prompts[stage], (stage, words)
    assert "BRAINSTORM" in prompts[Stage.REFINEMENT]
    assert "You are Signe." in prompts[Stage.CRITIQUE]
    assert "You are Signe." in prompts[Stage.REPAIR]
    assert prompts[Stage.REPAIR].count("## Habits of the sea:") == 2
    assert "## Core Identity:\n(" not in prompts[Stage.REPAIR]


@pytest.mark.parametrize("kind", GenerationType)
def test_headings_stand_in_the_order_they_are_wished_for(kind: GenerationType) -> None:
    prompt = all_stages(kind, output_preferences=OutputPreferences())[Stage.REFINEMENT]
    places = [prompt.index(f"## {heading}:") for heading in DEFAULT_HEADINGS]
    assert places == sorted(places)


@pytest.mark.parametrize("kind", GenerationType)
def test_what_is_not_wished_for_is_said_in_words(kind: GenerationType) -> None:
    prompt = all_stages(kind, output_preferences=OutputPreferences())[Stage.REFINEMENT]
    assert not re.search(r"^[\w ]+:\s*$(?!\n[\"(\-#]|\n\")", prompt.partition("Rules:")[0], re.MULTILINE)
    assert "None" not in prompt


@pytest.mark.parametrize("kind", GenerationType)
def test_placeholders_inside_hints_and_answers_are_never_expanded(kind: GenerationType) -> None:
    inputs = dict.fromkeys(INPUTS[kind], "{{tone_preference}} {{nothing}} {{ word_count }}")
    answers = {
        Stage.EXPANSION: "{{length_preference}} and {{desired_headings_list_or_default}}",
        Stage.REFINEMENT: ANSWER + "{{persona_instructions}}\n## Habits of the sea:\n{{name_hint}}",
    }
    prompts = asked(a_request(kind, input_details=inputs), answers)
    assert "{{tone_preference}} {{nothing}} {{ word_count }}" in prompts[Stage.EXPANSION]
    assert "{{length_preference}} and {{desired_headings_list_or_default}}" in prompts[Stage.REFINEMENT]


def test_angle_of_each_expert_stands_in_the_body_of_its_request() -> None:
    for angle in variation_plan(10):
        inputs = HINTS | {"additional_directives": angle.directive}
        request = a_request(
            GenerationType.SUBFORUM_EXPERT,
            input_details={name: inputs[name] for name in INPUTS[GenerationType.SUBFORUM_EXPERT]},
        )
        prompts = asked(
            request, {Stage.EXPANSION: "x", Stage.REFINEMENT: ANSWER + "## Habits of the sea:\nx"}
        )
        for prompt in prompts.values():
            assert angle.directive in prompt


@pytest.mark.parametrize("path", sorted({template_name(stage, kind) for stage, kind in PAIRS}))
def test_templates_are_short_lines_with_the_form_of_the_answer_last(path: str) -> None:
    lines = template(path).splitlines()
    assert all(len(line) <= 120 for line in lines)
    for line in lines:
        sentences = re.findall(r"[.!?](?:\s|$)", re.sub(r"\"[^\"]*\"|\d\.", "", line))
        assert len(sentences) <= 1, line
    assert lines[-1].strip()


@pytest.mark.parametrize("wishes", [OutputPreferences(), WISHES])
def test_example_of_an_answer_that_comes_back_as_it_is_fills_nothing(wishes: OutputPreferences) -> None:
    prompt = all_stages(GenerationType.FROM_NAME_AND_DESCRIPTION, output_preferences=wishes)[Stage.REFINEMENT]
    example = prompt.partition("must look like this:")[2].partition("Write only")[0]
    parsed = parse_persona(example, wishes.headings)
    assert parsed.name == ""
    assert parsed.missing == wishes.headings[1:]


def test_name_is_the_one_set_by_hand_then_the_written_one_then_the_hint_then_the_subforum() -> None:
    named, expert = GenerationType.FROM_NAME_AND_DESCRIPTION, GenerationType.SUBFORUM_EXPERT
    assistant = GenerationType.GENERAL_PURPOSE_ASSISTANT
    assert final_name(a_request(named, target_persona_name_override="Ada"), "Bob") == "Ada"
    assert final_name(a_request(named), "Bob") == "Bob"
    assert final_name(a_request(named), "") == "Signe QUARTZ"
    assert final_name(a_request(expert), "") == "Cooking TOPAZ Expert"
    assert final_name(a_request(named, input_details={"description_hint": "x"}), "") == "Assistant"
    assert final_name(a_request(assistant, input_details={}), "") == "Assistant"
    assert final_name(a_request(named, input_details={"name_hint": "(any name)" * 20}), "") == "Assistant"


def test_long_name_of_a_subforum_makes_a_name_that_fits() -> None:
    inputs = {"subforum_name": "x" * NAME_LIMIT, "subforum_description": "y"}
    name = final_name(a_request(GenerationType.SUBFORUM_EXPERT, input_details=inputs), "")
    assert name.endswith(" Expert")
    assert checked_persona_name(name) == name


@given(st.text(max_size=80))
def test_every_cleaned_name_can_be_stored(typed: str) -> None:
    name = clean_name(typed)
    assert name == "" or checked_persona_name(name) == name
    assert clean_name(name) == name


@pytest.mark.parametrize(
    "letter", ["\u3164", "\u200b", "\u202e", "\u2800", "\u00ad", "\ufeff", "\0", "\ud800"]
)
def test_letters_that_cannot_be_seen_are_left_out_of_names(letter: str) -> None:
    name = clean_name(f"A{letter}da")
    assert checked_persona_name(name) == name
    assert clean_name(letter) in ("", "\ufffd")


def test_prompts_of_stages_that_are_done_are_not_asked_again() -> None:
    request = a_request(GenerationType.FROM_NAME_AND_DESCRIPTION)
    asked_for: list[Stage] = []

    async def ask(stage: Stage, prompt: str) -> str:
        asked_for.append(stage)
        return ANSWER + "## Habits of the sea:\nx"

    done = {Stage.EXPANSION: "text"}
    result = asyncio.run(generate_persona(request, template, ask, done))
    assert asked_for == [Stage.REFINEMENT]
    assert result.missing == ()


def test_result_begins_with_the_final_name_and_says_what_is_missing() -> None:
    answers = {Stage.EXPANSION: "x", Stage.REFINEMENT: ANSWER, Stage.REPAIR: "I cannot."}
    request = a_request(GenerationType.FROM_NAME_AND_DESCRIPTION, target_persona_name_override="Ada King")
    _, result = run(request, answers)
    assert result.persona_name == "Ada King"
    assert result.prompt_instructions == "## Persona Name: Ada King\n\n## Core Identity:\nYou are Signe."
    assert result.missing == ("Habits of the sea",)
