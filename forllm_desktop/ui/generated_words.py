"""Words for what a persona was generated from."""

from forllm_desktop.domain.generation import GenerationType, PersonaGenerationRequest
from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.servers import model_word
from forllm_desktop.ui.template_words import title_of

_FROM = {
    GenerationType.FROM_NAME_AND_DESCRIPTION: "from an idea",
    GenerationType.SUBFORUM_EXPERT: "as an expert for a subforum",
    GenerationType.GENERAL_PURPOSE_ASSISTANT: "as a general assistant",
}
_INPUTS = {
    "name_hint": "Name",
    "description_hint": "Idea",
    "purpose_hint": "Purpose",
    "subforum_name": "Subforum",
    "subforum_description": "About the subforum",
    "additional_directives": "Directives",
}


def origin_words(persona: Persona, request: PersonaGenerationRequest) -> str:
    """Return how it came to be: "Generated from an idea by qwen3:8b on 2 Nov 2025 · templates own v2"."""
    made = persona.created_at.astimezone()
    by = model_word(request.llm_model_for_generation.name)
    words = f"Generated {_FROM[request.generation_type]} by {by} on {made.day} {made:%b %Y}"
    versions = list(dict.fromkeys(each["version"] for each in _templates(persona).values()))
    return f"{words} · templates {', '.join(versions)}" if versions else words


def input_lines(persona: Persona, request: PersonaGenerationRequest) -> list[str]:
    """List what it was generated from, a line each: hints, wishes, templates."""
    lines = [f"{_INPUTS[name]}: {value}" for name, value in request.input_details.items() if value]
    wishes = request.output_preferences
    if wishes.desired_headings:
        lines.append(f"Headings: {', '.join(wishes.desired_headings)}")
    for label, value in (
        ("Tone", wishes.tone_preference),
        ("Length", wishes.length_preference),
        ("Exact name", request.target_persona_name_override),
        ("Checked by the model", "yes" if request.has_critique else ""),
    ):
        if value:
            lines.append(f"{label}: {value}")
    for used in _templates(persona).values():
        lines.append(f"Template {title_of(used['name'])}: {used['version']}")
    return lines


def _templates(persona: Persona) -> dict[str, dict[str, str]]:
    return (persona.generation_input_details or {}).get("templates", {})
