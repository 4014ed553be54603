"""What a persona may be asked from: every rule names its field, and a request survives being kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.generation import (
    DEFAULT_HEADINGS,
    HEADING_LIMIT,
    HEADINGS_LIMIT,
    HINT_LIMIT,
    INPUTS,
    NAME_HEADING,
    PREFERENCE_LIMIT,
    GenerationResult,
    GenerationType,
    OutputPreferences,
    PersonaGenerationRequest,
    checked_headings,
)
from forllm_desktop.domain.persona import Source
from forllm_desktop.domain.servers import ModelChoice

MODEL = ModelChoice(1, "tiny")
EXPERT = {"subforum_name": "Cooking", "subforum_description": "What is in the cupboard."}


def a_request(**changes: Any) -> PersonaGenerationRequest:
    fields: dict[str, Any] = {
        "generation_type": GenerationType.FROM_NAME_AND_DESCRIPTION,
        "input_details": {"name_hint": "Signe", "description_hint": "A marine biologist"},
        "llm_model_for_generation": MODEL,
    }
    return PersonaGenerationRequest(**fields | changes)


def field_of(**changes: Any) -> str:
    """Return the field that is complained about."""
    with pytest.raises(InvalidInput) as caught:
        a_request(**changes)
    assert caught.value.title
    return caught.value.field


def test_unknown_type_is_told_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="subforum_expert") as caught:
        a_request(generation_type="poet")
    assert caught.value.field == "generation_type"


def test_type_may_be_a_word() -> None:
    kind = a_request(generation_type="from_name_and_description").generation_type
    assert kind is GenerationType.FROM_NAME_AND_DESCRIPTION


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        (GenerationType.FROM_NAME_AND_DESCRIPTION, "llm_generated_from_name"),
        (GenerationType.SUBFORUM_EXPERT, "llm_generated_subforum_expert"),
        (GenerationType.GENERAL_PURPOSE_ASSISTANT, "llm_generated_general"),
    ],
)
def test_type_says_how_the_persona_came_to_be(kind: GenerationType, source: str) -> None:
    inputs = EXPERT if kind is GenerationType.SUBFORUM_EXPERT else {"name_hint": "Signe"}
    assert a_request(generation_type=kind, input_details=inputs).source == Source(source)


@pytest.mark.parametrize("inputs", [{"name_hint": "Signe"}, {"description_hint": "A biologist"}])
def test_one_of_name_and_description_is_enough(inputs: dict[str, str]) -> None:
    assert {k: v for k, v in a_request(input_details=inputs).input_details.items() if v} == inputs


@pytest.mark.parametrize(
    ("kind", "inputs", "field"),
    [
        ("from_name_and_description", {}, "description_hint"),
        ("from_name_and_description", {"name_hint": " \n", "description_hint": ""}, "description_hint"),
        ("from_name_and_description", {"purpose_hint": "x"}, "purpose_hint"),
        ("from_name_and_description", {"name_hint": 5}, "name_hint"),
        ("from_name_and_description", {"name_hint": "x" * (HINT_LIMIT + 1)}, "name_hint"),
        ("subforum_expert", {}, "subforum_name"),
        ("subforum_expert", {"subforum_description": "x"}, "subforum_name"),
        ("subforum_expert", {"subforum_name": "Cooking"}, "subforum_description"),
        ("subforum_expert", EXPERT | {"subforum_description": "  "}, "subforum_description"),
        ("subforum_expert", EXPERT | {"name_hint": "x"}, "name_hint"),
        ("subforum_expert", EXPERT | {"additional_directives": ["x"]}, "additional_directives"),
        ("general_purpose_assistant", {"description_hint": "x"}, "description_hint"),
    ],
)
def test_hints_are_checked_by_field(kind: str, inputs: dict[str, Any], field: str) -> None:
    assert field_of(generation_type=kind, input_details=inputs) == field


def test_assistant_needs_no_hint() -> None:
    assert a_request(generation_type="general_purpose_assistant", input_details={}).input_details == {
        "name_hint": "",
        "purpose_hint": "",
    }


def test_hint_of_the_longest_length_fits() -> None:
    assert a_request(input_details={"name_hint": "x" * HINT_LIMIT})


@pytest.mark.parametrize("hints", [{}, {"name_hint": None}, None])
def test_hints_that_are_null_are_none(hints: Any) -> None:
    params = a_request().to_params() | {
        "generation_type": "general_purpose_assistant",
        "input_details": hints,
    }
    assert not any(PersonaGenerationRequest.from_params(params).input_details.values())


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        (OutputPreferences(tone_preference="x" * (PREFERENCE_LIMIT + 1)), "tone_preference"),
        (OutputPreferences(length_preference="x" * (PREFERENCE_LIMIT + 1)), "length_preference"),
        (OutputPreferences(("x" * (HEADING_LIMIT + 1),)), "desired_headings"),
        (OutputPreferences(tuple(f"h{n}" for n in range(HEADINGS_LIMIT + 1))), "desired_headings"),
        (OutputPreferences(("!!!",)), "desired_headings"),
        (OutputPreferences((5,)), "desired_headings"),  # type: ignore[arg-type]
        (OutputPreferences("Tone, Voice"), "desired_headings"),  # type: ignore[arg-type]
        (OutputPreferences(tone_preference=5), "tone_preference"),  # type: ignore[arg-type]
        (OutputPreferences(length_preference=["x"]), "length_preference"),  # type: ignore[arg-type]
    ],
)
def test_preferences_are_checked_by_field(wishes: OutputPreferences, field: str) -> None:
    assert field_of(output_preferences=wishes) == field


def test_preferences_of_the_longest_length_fit() -> None:
    wishes = OutputPreferences(
        tuple(f"{n:0>{HEADING_LIMIT}}" for n in range(HEADINGS_LIMIT)),
        "t" * PREFERENCE_LIMIT,
        "l" * PREFERENCE_LIMIT,
    )
    assert a_request(output_preferences=wishes).output_preferences == wishes


@pytest.mark.parametrize(
    ("choice", "field"),
    [(ModelChoice(1, ""), "llm_model_for_generation"), (ModelChoice(1, "  "), "llm_model_for_generation")],
)
def test_model_is_needed(choice: ModelChoice, field: str) -> None:
    assert field_of(llm_model_for_generation=choice) == field


@pytest.mark.parametrize("name", ["x" * 201, "Ada\u202egnp.exe", "\u200b"])
def test_name_set_by_hand_is_checked(name: str) -> None:
    assert field_of(target_persona_name_override=name) == "target_persona_name_override"


@pytest.mark.parametrize(("typed", "name"), [("", ""), ("  ", ""), (" Ada  King ", "Ada King")])
def test_name_set_by_hand_is_kept_as_names_are(typed: str, name: str) -> None:
    assert a_request(target_persona_name_override=typed).target_persona_name_override == name


def test_without_wishes_the_headings_are_the_default_ones() -> None:
    assert OutputPreferences().headings == DEFAULT_HEADINGS
    assert OutputPreferences((NAME_HEADING,)).headings == DEFAULT_HEADINGS


def test_name_leads_and_wished_headings_keep_their_order() -> None:
    assert OutputPreferences(("Tone", "persona name", "Habits")).headings == (NAME_HEADING, "Tone", "Habits")


@pytest.mark.parametrize(
    ("typed", "headings"),
    [
        (["## Tone:", "  Habits  and\nquirks "], ("Tone", "Habits and quirks")),
        (["Tone", "tone", "TONE:", "Tone!"], ("Tone",)),
        (["", "  ", "#", "Tone"], ("Tone",)),
        (["Dos & Don'ts"], ("Dos & Don'ts",)),
        (["口調", "Тон"], ("口調", "Тон")),
    ],
)
def test_headings_are_one_line_each_once(typed: list[str], headings: tuple[str, ...]) -> None:
    assert checked_headings(typed) == headings
    assert checked_headings(headings) == headings


hints = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)


@given(st.data())
def test_request_survives_being_kept_as_json(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(GenerationType))
    inputs = {name: data.draw(hints.filter(str.strip)) for name in INPUTS[kind]}
    letters = st.text("abcdefghij", min_size=1, max_size=8)
    request = PersonaGenerationRequest(
        kind,
        inputs,
        ModelChoice(data.draw(st.integers(1, 99)), data.draw(letters)),
        OutputPreferences(
            tuple(data.draw(st.lists(letters, max_size=5, unique=True))), data.draw(hints), data.draw(hints)
        ),
        data.draw(letters | st.just("")),
        data.draw(st.booleans()),
    )
    kept = json.loads(json.dumps(request.to_params()))
    assert PersonaGenerationRequest.from_params(kept) == request
    assert PersonaGenerationRequest.from_params(kept).to_params() == kept


@pytest.mark.parametrize(
    "wishes",
    [None, {}, {"desired_headings": None, "tone_preference": None, "length_preference": None}],
)
def test_null_preferences_mean_none(wishes: dict[str, None] | None) -> None:
    params = a_request().to_params() | {"output_preferences": wishes, "target_persona_name_override": None}
    request = PersonaGenerationRequest.from_params(params)
    assert request.output_preferences == OutputPreferences()
    assert request.target_persona_name_override == ""
    assert request == a_request()


@pytest.mark.parametrize(
    ("gone", "field"),
    [("generation_type", "generation_type"), ("llm_model_for_generation", "llm_model_for_generation")],
)
def test_params_without_what_is_required_are_refused_by_field(gone: str, field: str) -> None:
    params = a_request().to_params()
    for broken in ({k: v for k, v in params.items() if k != gone}, params | {gone: None}):
        with pytest.raises(InvalidInput) as caught:
            PersonaGenerationRequest.from_params(broken)
        assert caught.value.field == field


def test_half_characters_of_hints_are_replaced() -> None:
    request = a_request(input_details={"name_hint": "A\ud800\0"})
    assert request.input_details["name_hint"] == "A\ufffd\ufffd"


def test_result_survives_being_kept_as_json() -> None:
    result = GenerationResult("Ada", "## Persona Name: Ada", missing=("Core Identity",), notes=("2 traits.",))
    assert GenerationResult.from_json(json.loads(json.dumps(result.to_json()))) == result
    assert (result.status, result.error_message) == ("success", None)
