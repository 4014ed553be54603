"""Writes a persona with a model, in stages: expand a hint, refine the text, check it, mend it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from forllm_desktop.domain.forum import NAME_LIMIT
from forllm_desktop.domain.generation import (
    INPUTS,
    NAME_HEADING,
    OWN_TEXT,
    SECTION_HINTS,
    GenerationResult,
    GenerationType,
    PersonaGenerationRequest,
    Stage,
)
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.prompting.parsed_persona import ParsedPersona, normal_form, with_sections
from forllm_desktop.prompting.persona_name import clean_name, visible
from forllm_desktop.prompting.persona_parser import parse_persona
from forllm_desktop.prompting.templates import fill_known

WORD_COUNT = "300-500"
"""How long the brainstorm shall be, in words."""
_EXPERT = " Expert"
NONE = "none"
"""What stands for a hint that was not given."""

Ask = Callable[[Stage, str], Awaitable[str]]
"""Sends one prompt and returns the whole answer; it is kept before the next stage begins."""

REQUIRED: dict[Stage, tuple[str, ...]] = {
    Stage.EXPANSION: (),
    Stage.REFINEMENT: ("brainstormed_text_from_stage_1",),
    Stage.CRITIQUE: ("persona_instructions",),
    Stage.REPAIR: ("persona_instructions", "desired_headings_list_or_default"),
}
"""Placeholders without which a stage has nothing to work on."""


def template_name(stage: Stage, kind: GenerationType) -> str:
    """Return the name of the template that a stage uses for a type."""
    return "repair/missing_headings" if stage is Stage.REPAIR else f"{stage}/{kind}"


async def generate_persona(
    request: PersonaGenerationRequest,
    template: Callable[[str], str],
    ask: Ask,
    done: Mapping[Stage, str],
) -> GenerationResult:
    """Run the stages that are not `done` yet and return the persona.

    `template` returns the text of a template by its name. A failure of `ask` is passed on: what was done
    until then was kept by it, and the next try goes on from there. Raises ForllmError for a template that
    does not fit.
    """

    async def run(stage: Stage, **more: str) -> str:
        if stage in done:
            return done[stage]
        form = template(template_name(stage, request.generation_type))
        return await ask(stage, fill_known(form, _values(request) | more, REQUIRED[stage]))

    headings = request.output_preferences.headings
    brainstorm = await run(Stage.EXPANSION)
    refined = await run(Stage.REFINEMENT, brainstormed_text_from_stage_1=brainstorm)
    parsed = parse_persona(refined, headings)
    if request.has_critique:
        checked = await run(Stage.CRITIQUE, persona_instructions=_text(request, parsed))
        mended = parse_persona(checked, headings)
        # A critique that lost sections has made it worse; what it did say stays with the request.
        if len(mended.missing) <= len(parsed.missing):
            parsed = mended if mended.name else with_sections(mended, parsed)
    if parsed.missing:
        wanted = (NAME_HEADING, *parsed.missing)
        answer = await run(
            Stage.REPAIR,
            persona_instructions=_text(request, parsed),
            desired_headings_list_or_default=_listed(parsed.missing),
            heading_skeleton=_skeleton(parsed.missing),
        )
        parsed = with_sections(parsed, parse_persona(answer, wanted))
    return result_of(request, parsed)


def result_of(request: PersonaGenerationRequest, parsed: ParsedPersona) -> GenerationResult:
    """Return the persona that a text says, under the name that the request or the text gives it."""
    name = final_name(request, parsed.name)
    return GenerationResult(name, normal_form(name, parsed), missing=parsed.missing, notes=parsed.notes)


def final_name(request: PersonaGenerationRequest, written: str) -> str:
    """Return the persona's name: the one set by hand, the written one, the hint, or the subforum's."""
    subforum = visible(request.input_details.get("subforum_name", ""))
    return (
        request.target_persona_name_override
        or written
        or clean_name(request.input_details.get("name_hint", ""))
        or (f"{subforum[: NAME_LIMIT - len(_EXPERT)].rstrip()}{_EXPERT}" if subforum else "Assistant")
    )


def sample_values(stage: Stage, kind: GenerationType) -> dict[str, str]:
    """Return values for every placeholder that a template of this stage and type may use."""
    samples = {name: SAMPLES[name] for name in INPUTS[kind]}
    request = PersonaGenerationRequest(kind, samples, ModelChoice(0, "model"))
    more = {
        Stage.EXPANSION: {},
        Stage.REFINEMENT: {"brainstormed_text_from_stage_1": "(the brainstormed text)"},
        Stage.CRITIQUE: {"persona_instructions": "(the instructions)"},
        Stage.REPAIR: {"persona_instructions": "(the instructions)"},
    }[stage]
    return _values(request) | more


SAMPLES = {
    "name_hint": "Signe",
    "description_hint": "A marine biologist with thirty winters on the North Sea. Dry humour.",
    "purpose_hint": "Helps with letters, plans and decisions.",
    "subforum_name": "Cooking",
    "subforum_description": "Everyday cooking with what is in the cupboard.",
    "additional_directives": "Explain why a step matters.",
}
"""What a preview of a template shows for the hints."""


def _values(request: PersonaGenerationRequest) -> dict[str, str]:
    """Return what placeholders stand for, the hints that were not given in words."""
    wishes = request.output_preferences
    inputs = {name: value or NONE for name, value in request.input_details.items()}
    return {
        **inputs,
        "word_count": WORD_COUNT,
        "original_input_details_summary": _summary(request),
        "desired_headings_list_or_default": _listed(wishes.headings),
        "heading_skeleton": _skeleton(wishes.headings),
        "target_persona_name_override": request.target_persona_name_override or NONE,
        "tone_preference": wishes.tone_preference or "what fits the persona",
        "length_preference": wishes.length_preference or "medium",
    }


def _summary(request: PersonaGenerationRequest) -> str:
    lines = [
        f"- {name.replace('_', ' ').capitalize()}: {value}"
        for name, value in request.input_details.items()
        if value
    ]
    return "\n".join(lines) or "- none"


def _listed(headings: Sequence[str]) -> str:
    return "\n".join(f"## {heading}:" for heading in headings)


def _skeleton(headings: Sequence[str]) -> str:
    return "\n".join(
        f"## {heading}:{' ' if heading == NAME_HEADING else chr(10)}({SECTION_HINTS.get(heading, OWN_TEXT)})"
        for heading in headings
    )


def _text(request: PersonaGenerationRequest, parsed: ParsedPersona) -> str:
    return normal_form(final_name(request, parsed.name), parsed)
