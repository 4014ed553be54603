"""A persona as it is being typed: from the record, to a draft and back, and what is wrong with it."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.persona import PersonaContent, PersonaOptions
from forllm_desktop.domain.persona_text import (
    checked_content,
    checked_note,
    checked_options,
    checked_persona_name,
    checked_tags,
)
from forllm_desktop.domain.servers import ModelChoice

THINK = {"": None, "on": True, "off": False}
"""What the choice of thinking means: as the settings, on, off."""


@dataclass(frozen=True)
class TypedPersona:
    """The fields of the form, numbers and tags as the text that was typed."""

    name: str = ""
    description: str = ""
    instructions: str = ""
    model: ModelChoice | None = None
    temperature: str = ""
    max_reply_tokens: str = ""
    think: str = ""
    tags: str = ""
    note: str = ""

    @property
    def content(self) -> PersonaContent:
        """What a version would hold; a number that is none counts as not given."""
        options = PersonaOptions(
            self.model, _number(self.temperature), _whole(self.max_reply_tokens), THINK.get(self.think)
        )
        return PersonaContent(self.name, self.instructions, self.description, options)

    @property
    def tag_list(self) -> list[str]:
        """The tags one by one."""
        return [tag.strip() for tag in self.tags.split(",") if tag.strip()]

    @property
    def versioned(self) -> "TypedPersona":
        """The fields that make a version when they differ."""
        return replace(self, tags="", note="")


def typed_from(content: PersonaContent, tags: list[str]) -> TypedPersona:
    """Return a saved persona as the form shows it."""
    options = content.options
    return TypedPersona(
        content.name,
        content.description,
        content.instructions,
        options.model,
        "" if options.temperature is None else f"{options.temperature:g}",
        "" if options.max_reply_tokens is None else str(options.max_reply_tokens),
        next(word for word, meaning in THINK.items() if meaning is options.think),
        ", ".join(tags),
    )


def to_draft(typed: TypedPersona, based_on: int) -> str:
    """Return what is typed as the text of a draft; `based_on` is the version it started from."""
    return json.dumps({**asdict(typed), "based_on": based_on})


def from_draft(text: str) -> tuple[TypedPersona, int] | None:
    """Return what a draft holds and the version it started from; None when it cannot be read."""
    try:
        fields = json.loads(text)
        based_on = int(fields.pop("based_on"))
        model = fields.pop("model")
        choice = ModelChoice(int(model["server_id"]), str(model["name"])) if model else None
        typed = TypedPersona(model=choice, **{name: str(value) for name, value in fields.items()})
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return (typed, based_on) if typed.think in THINK else (replace(typed, think=""), based_on)


def field_problems(
    typed: TypedPersona, is_taken: Callable[[str], bool], saved: TypedPersona | None = None
) -> dict[str, str]:
    """Return what is wrong with the single fields, by the field's name; instructions are checked apart.

    A field that is as it was `saved` is good enough.
    """
    found = {}
    checks: dict[str, Callable[[], object]] = {
        "name": lambda: checked_persona_name(typed.name),
        "description": lambda: checked_content(PersonaContent("-", "-", typed.description)),
        "temperature": lambda: _checked_number(typed.temperature, "temperature"),
        "max_reply_tokens": lambda: _checked_number(typed.max_reply_tokens, "max_reply_tokens"),
        "tags": lambda: checked_tags(typed.tag_list),
        "note": lambda: checked_note(typed.note),
    }
    if saved is not None:
        checks = {
            name: check for name, check in checks.items() if getattr(typed, name) != getattr(saved, name)
        }
    for field, check in checks.items():
        try:
            check()
        except InvalidInput as error:
            found[field] = f"{error.title}. {error.message}"
    if "name" in checks and "name" not in found and is_taken(checked_persona_name(typed.name)):
        found["name"] = "Another persona has this name."
    return found


def _checked_number(text: str, field: str) -> None:
    if not text.strip():
        return
    if field == "temperature":
        value = _number(text)
        options = PersonaOptions(temperature=value)
        example = "0.7"
    else:
        value = _whole(text)
        options = PersonaOptions(max_reply_tokens=value)
        example = "1024"
    if value is None:
        raise InvalidInput(field, "This is no number", f"Type one such as {example}, or nothing.")
    checked_options(options)


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    try:
        return int(text.replace(" ", "").replace(",", ""))
    except ValueError:
        return None
