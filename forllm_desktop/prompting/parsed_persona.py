"""What was read from a text that says a persona, and the one form in which it is kept."""

from dataclasses import dataclass, field, replace

from forllm_desktop.domain.generation import NAME_HEADING


@dataclass(frozen=True)
class ParsedPersona:
    """What a text says: the name ("" when it says none), and the text below each wanted heading.

    `preamble` stood in front of the first heading, `trailing` behind the persona. `notes` are remarks in
    words that keep nothing from being used.
    """

    name: str
    sections: dict[str, str]
    preamble: str = ""
    notes: tuple[str, ...] = ()
    wanted: tuple[str, ...] = field(default=())
    trailing: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The wanted headings without text, the name aside."""
        return tuple(h for h in self.wanted if h != NAME_HEADING and not self.sections.get(h, "").strip())


def normal_form(name: str, parsed: ParsedPersona) -> str:
    """Return the instructions as they are kept: the name first, then the sections in their order.

    Where not one section was found, what the model wrote follows the name as it is.
    """
    parts = [f"## {NAME_HEADING}: {name}"]
    parts += [f"## {heading}:\n{text}" for heading, text in parsed.sections.items()]
    if not parsed.sections:
        parts += filter(None, [parsed.preamble, parsed.trailing])
    return "\n\n".join(parts)


def with_sections(parsed: ParsedPersona, more: ParsedPersona) -> ParsedPersona:
    """Return `parsed` with the sections it lacked taken from `more`."""
    both = {
        heading: parsed.sections.get(heading) or more.sections.get(heading, "") for heading in parsed.wanted
    }
    return replace(
        parsed,
        name=parsed.name or more.name,
        sections={heading: text for heading, text in both.items() if text},
        notes=(*parsed.notes, *more.notes),
        trailing=joined(parsed.trailing, more.trailing),
    )


def joined(one: str, other: str) -> str:
    """Return two texts as paragraphs, or the one that is not empty."""
    return "\n\n".join(filter(None, [one, other]))
