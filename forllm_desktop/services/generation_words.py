"""What is said of a generated persona in lists and in its history."""

from forllm_desktop.domain.generation import GenerationType, PersonaGenerationRequest


def one_line(request: PersonaGenerationRequest) -> str:
    """Return what a list says of the persona, from the hint it was made from."""
    inputs = request.input_details
    hint = inputs.get("description_hint") or inputs.get("purpose_hint") or ""
    if not hint and "subforum_name" in inputs:
        hint = f"Expert for {inputs['subforum_name']}"
    words = " ".join(hint.split())
    return words if len(words) <= 120 else words[:119].rstrip() + "…"


def note_of(request: PersonaGenerationRequest) -> str:
    """Return the note of the first version."""
    return {
        GenerationType.FROM_NAME_AND_DESCRIPTION: "Generated from an idea",
        GenerationType.SUBFORUM_EXPERT: "Generated as an expert",
        GenerationType.GENERAL_PURPOSE_ASSISTANT: "Generated as an assistant",
    }[request.generation_type]
