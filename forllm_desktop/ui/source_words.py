"""Says where a persona comes from, in a few words."""

from forllm_desktop.domain.persona import Persona, Source

_WORDS = {
    Source.USER_MANUAL: "made by hand",
    Source.BUILT_IN: "built in",
    Source.FROM_NAME: "generated from a name",
    Source.SUBFORUM_EXPERT: "generated as an expert of a subforum",
    Source.GENERAL: "generated from an idea",
    Source.IMPORTED: "imported",
}


def source_words(persona: Persona) -> str:
    """Return how and when a persona came to be: "made by hand on 2 Nov 2025", "imported from ada.png"."""
    try:
        words = _WORDS[Source(persona.generation_source)]
    except ValueError:
        words = "made"
    details = persona.generation_input_details or {}
    for key in ("file", "name", "subforum", "idea"):
        told = details.get(key)
        if isinstance(told, str) and told.strip():
            short = told.strip()[:80]
            words += f" from {short}" if key == "file" else f": “{short}”"
            break
    made = persona.created_at.astimezone()
    return f"{words} on {made.day} {made:%b %Y}"
