"""What versions of a persona changed, in words."""

from forllm_desktop.domain.persona import PersonaContent
from forllm_desktop.domain.persona_card import VersionEntry
from forllm_desktop.domain.servers import model_word


def title_of(entry: VersionEntry) -> str:
    """Return what a version is about: its note, else what it changed."""
    note = " ".join(entry.version.note.split())
    if note:
        return note
    if entry.changed:
        return ", ".join(entry.changed).capitalize()
    return "First version" if entry.version.version == 1 else "Nothing changed"


def author_of(entry: VersionEntry) -> str:
    """Return who wrote a version."""
    return model_word(entry.version.author) if entry.version.author else "You"


def option_changes(before: PersonaContent, after: PersonaContent) -> list[str]:
    """Return what differs besides the instructions, a line each: "Temperature: as the settings → 0.7"."""
    pairs = (
        ("Name", _quoted(before.name), _quoted(after.name)),
        ("In one line", _quoted(before.description), _quoted(after.description)),
        ("Preferred model", _model(before), _model(after)),
        ("Temperature", _number(before.options.temperature), _number(after.options.temperature)),
        ("Longest reply", _number(before.options.max_reply_tokens), _number(after.options.max_reply_tokens)),
        ("Thinking", _switch(before.options.think), _switch(after.options.think)),
    )
    return [f"{name}: {old} → {new}" for name, old, new in pairs if old != new]


def _quoted(text: str) -> str:
    return f"“{text}”" if text else "nothing"


def _model(content: PersonaContent) -> str:
    model = content.options.model
    return model_word(model.name) if model is not None else "as asked"


def _number(value: float | None) -> str:
    return "as the settings" if value is None else f"{value:,g}" if isinstance(value, float) else f"{value:,}"


def _switch(value: bool | None) -> str:
    return "as the settings" if value is None else "on" if value else "off"
