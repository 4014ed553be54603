"""Checks what a persona is made of: the same rules for the form, the services and the command line."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.forum import (
    DESCRIPTION_LIMIT,
    NAME_LIMIT,
    checked_description,
    checked_name,
    storable,
)
from forllm_desktop.domain.persona import PersonaContent, PersonaOptions
from forllm_desktop.domain.prompt_variables import CLOCKS, Variable, find_variables
from forllm_desktop.domain.servers import ModelChoice

TAG_LIMIT, TAGS_LIMIT = 40, 20
"""Longest tag in characters, and most tags of a persona."""
COLOUR_LIMIT = 16
"""Longest name or value of a colour, in characters."""
PICTURE_LIMIT = 1_000_000
"""Largest picture, in bytes."""
INSTRUCTIONS_LIMIT = 1_000_000
"""Longest instructions, in characters; what fits a model is far less."""

_PNG = b"\x89PNG\r\n\x1a\n"
_DELIMITERS = re.compile(
    r"<\|[\w ]{1,40}\|>|</?(?:s|think|start_of_turn|end_of_turn|bos|eos)>|\[/?INST\]|<</?SYS>>"
    r"|^#{2,3} ?(?:Instruction|Response|System|User|Assistant|Human)s?:|^(?:System|User|Assistant|Human): "
    r"|^.{1,60} wrote:$",
    re.MULTILINE | re.IGNORECASE,
)
_TAG_CHARACTERS = range(0xE0000, 0xE0080)
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u180e")
_JOINERS = frozenset("\u200c\u200d")
_BLACK_FLAG = "\U0001f3f4"


class Fault(StrEnum):
    """What is odd about a text."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    CONTROL = "control"
    INVISIBLE = "invisible"
    UNKNOWN_VARIABLE = "unknown_variable"
    BROKEN_VARIABLE = "broken_variable"
    CLOCK_ON_TOP = "clock_on_top"
    DELIMITER = "delimiter"


BLOCKING = frozenset({Fault.EMPTY, Fault.TOO_LONG, Fault.CONTROL})
"""What keeps a text from being saved; everything else is said and allowed."""
REMOVABLE = frozenset({Fault.CONTROL, Fault.INVISIBLE})
"""What is offered for removal."""


@dataclass(frozen=True)
class Finding:
    """One odd thing: `message` says in words what it is and what to do; `spans` are (start, end)."""

    fault: Fault
    message: str
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def is_blocking(self) -> bool:
        """Say whether the text cannot be saved with it."""
        return self.fault in BLOCKING


def instruction_findings(text: str, tokens: int = 0, limit: int | None = None) -> list[Finding]:
    """List what is odd about instructions, what blocks them first.

    `tokens` is their size and `limit` what fits beside an answer in the smallest context window in use, or
    None when no window is known.
    """
    found = []
    if not any(map(_shows, set(text))):
        found.append(Finding(Fault.EMPTY, "The instructions are empty. Say who the persona is."))
    if len(text) > INSTRUCTIONS_LIMIT:
        found.append(
            Finding(
                Fault.TOO_LONG, f"{len(text):,} characters are too many; at most {INSTRUCTIONS_LIMIT:,} fit."
            )
        )
    elif limit is not None and tokens > limit:
        found.append(
            Finding(
                Fault.TOO_LONG,
                f"About {tokens:,} tokens are too many: {limit:,} fit the smallest context window in use, "
                "with room for an answer.",
            )
        )
    return [*found, *character_findings(text), *_variable_findings(text), *_delimiter_findings(text)]


def character_findings(text: str, *, is_line: bool = False) -> list[Finding]:
    """List control characters, and those that show nothing or turn the text around; named, with their places.

    `is_line` is for names, in which line breaks and tabs are control characters too.
    """
    allowed = "" if is_line else "\n\t\r"
    # Few characters are odd, and a text may have a million: each is looked at once, its places if it is odd.
    kinds = set(text)
    control = {ch for ch in kinds if unicodedata.category(ch) == "Cc" and ch not in allowed}
    invisible = set(filter(_is_invisible, kinds))
    controls = [i for i, ch in enumerate(text) if ch in control] if control else []
    hidden = (
        [i for i, ch in enumerate(text) if ch in invisible and _is_trick(text, i, ch)] if invisible else []
    )
    found = []
    if controls:
        words = f"{_named(text, controls)} cannot be kept. Remove them to save."
        found.append(Finding(Fault.CONTROL, words, tuple((i, i + 1) for i in controls)))
    if hidden:
        words = f"{_named(text, hidden)} cannot be seen, but a model reads them."
        found.append(Finding(Fault.INVISIBLE, words, tuple((i, i + 1) for i in hidden)))
    return found


def without(text: str, findings: Collection[Finding]) -> str:
    """Return a text without the places of these findings."""
    gone = {i for finding in findings for start, end in finding.spans for i in range(start, end)}
    return "".join(ch for i, ch in enumerate(text) if i not in gone)


def with_clock_last(text: str) -> str:
    """Return instructions in which the sentence with the first clock stands at the end.

    The text stays as it is without a clock, and when nothing follows that sentence.
    """
    clock = next((v for v in find_variables(text) if v.name in CLOCKS), None)
    if clock is None:
        return text
    start, end = _sentence_around(text, clock.start, clock.end)
    before, after = text[:start].rstrip(" "), text[end:].lstrip(" ")
    if not after.strip():
        return text
    joint = " " if before and not before.endswith("\n") and not after.startswith("\n") else ""
    return f"{(before + joint + after).strip()}\n\n{text[start:end].strip()}"


def checked_persona_name(typed: str) -> str:
    """Return a persona's name as it will be stored. Raises InvalidInput for one with trick characters."""
    typed = storable(typed)
    odd = character_findings(typed.strip(), is_line=True)
    if odd:
        raise InvalidInput("name", "The name has characters that cannot be seen", odd[0].message)
    return checked_name(typed, "persona")


def checked_instructions(typed: str, tokens: int = 0, limit: int | None = None) -> str:
    """Return instructions as they will be stored, exactly as typed. Raises InvalidInput."""
    typed = storable(typed)
    blocking = next((f for f in instruction_findings(typed, tokens, limit) if f.is_blocking), None)
    if blocking is None:
        return typed
    title = {
        Fault.EMPTY: "The instructions are empty",
        Fault.TOO_LONG: "The instructions are too long",
        Fault.CONTROL: "The instructions have control characters",
    }[blocking.fault]
    raise InvalidInput("instructions", title, blocking.message)


def checked_options(options: PersonaOptions) -> PersonaOptions:
    """Return options that can be asked for. Raises InvalidInput."""
    warmth, most = options.temperature, options.max_reply_tokens
    # Written so that what is not a number fits no bounds.
    if warmth is not None and not 0 <= warmth <= 2:
        raise InvalidInput("temperature", "The temperature does not fit", "It must be between 0 and 2.")
    if most is not None and not 1 <= most <= 4_194_304:
        raise InvalidInput(
            "max_reply_tokens", "The longest reply does not fit", "It must be 1 token or more."
        )
    if options.model is None:
        return options
    name = storable(options.model.name)
    return replace(options, model=ModelChoice(options.model.server_id, name) if name.strip() else None)


def checked_content(content: PersonaContent, tokens: int = 0, limit: int | None = None) -> PersonaContent:
    """Return content as it will be stored. Raises InvalidInput, naming the field."""
    return PersonaContent(
        checked_persona_name(content.name),
        checked_instructions(content.instructions, tokens, limit),
        _checked_description(content.description),
        checked_options(content.options),
    )


def checked_note(typed: str) -> str:
    """Return what was noted of a version, on one line. Raises InvalidInput."""
    note = " ".join(storable(typed).replace("\0", "\ufffd").split())
    if len(note) > DESCRIPTION_LIMIT:
        raise InvalidInput("note", "The note is too long", f"At most {DESCRIPTION_LIMIT:,} characters fit.")
    return note


def checked_tags(typed: Collection[str]) -> list[str]:
    """Return tags as they will be stored: trimmed, each once, in their order. Raises InvalidInput."""
    tags: dict[str, str] = {}
    for tag in typed:
        shown = " ".join(storable(tag).split())
        if character_findings(shown, is_line=True):
            raise InvalidInput("tags", "A tag has characters that cannot be seen", "Type it again.")
        if len(shown) > TAG_LIMIT:
            raise InvalidInput("tags", "A tag is too long", f"At most {TAG_LIMIT} characters fit.")
        if shown:
            tags.setdefault(shown.casefold(), shown)
    if len(tags) > TAGS_LIMIT:
        raise InvalidInput("tags", "These are too many tags", f"At most {TAGS_LIMIT} fit.")
    return list(tags.values())


def checked_colour(typed: str | None) -> str | None:
    """Return the name or value of a colour. Raises InvalidInput for what is longer than any."""
    colour = storable(typed) if typed else None
    if colour and len(colour) > COLOUR_LIMIT:
        raise InvalidInput("colour", "This is no colour", "Choose one of those that are shown.")
    return colour


def checked_picture(png: bytes) -> bytes:
    """Return the bytes of a picture. Raises InvalidInput when they are no PNG or too many."""
    if not png.startswith(_PNG) or len(png) > PICTURE_LIMIT:
        raise InvalidInput(
            "picture", "The picture cannot be used", f"Choose a PNG below {PICTURE_LIMIT // 1000:,} kB."
        )
    return png


def _checked_description(typed: str) -> str:
    description = " ".join(checked_description(typed).split())
    odd = [finding for finding in character_findings(description, is_line=True) if finding.is_blocking]
    if odd:
        raise InvalidInput("description", "The description has control characters", odd[0].message)
    return description


def numbered_persona_name(name: str, number: int) -> str:
    """Return `name` with a number behind it, "Ada (2)", cut so that it still fits."""
    tail = f" ({number})"
    end = NAME_LIMIT - len(tail)
    if len(name) > end:
        # A joiner that joins nothing any more would be refused as a trick.
        name = name[:end].rstrip().rstrip("".join(_JOINERS))
    return name.rstrip() + tail


def _shows(ch: str) -> bool:
    return ch.isprintable() and not ch.isspace() and not _is_invisible(ch)


def _is_invisible(ch: str) -> bool:
    return unicodedata.category(ch) == "Cf" or ch in _INVISIBLE_LETTERS or ord(ch) in _TAG_CHARACTERS


def _is_trick(text: str, index: int, ch: str) -> bool:
    """Say whether an invisible character hides something; joiners inside emoji and some scripts do not."""
    before = text[index - 1] if index else " "
    after = text[index + 1] if index + 1 < len(text) else " "
    if ch in _JOINERS:
        return not (_takes_joiner(before) and _takes_joiner(after))
    if ord(ch) in _TAG_CHARACTERS:
        return _BLACK_FLAG not in text[max(0, index - 7) : index]
    return ch != "\u00ad"  # a soft hyphen is a place to break a word


def _takes_joiner(ch: str) -> bool:
    category = unicodedata.category(ch)
    return category in ("So", "Sk") or ch == "\ufe0f" or (category in ("Lo", "Mn", "Mc") and ord(ch) > 0x5FF)


def _named(text: str, places: list[int]) -> str:
    """Return the names of the characters at some places, each once, with their numbers."""
    counts: dict[str, int] = {}
    for index in places:
        counts[text[index]] = counts.get(text[index], 0) + 1
    names = [
        f"{unicodedata.name(ch, 'control character').lower()} (U+{ord(ch):04X})"
        + (f", {count} times" if count > 1 else "")
        for ch, count in counts.items()
    ]
    more = f" and {len(names) - 3} more kinds" if len(names) > 3 else ""
    return ("; ".join(names[:3]) + more)[:1].upper() + ("; ".join(names[:3]) + more)[1:]


def _variable_findings(text: str) -> Iterator[Finding]:
    variables = find_variables(text)
    unknown = [v for v in variables if v.name is None]
    if unknown:
        yield Finding(
            Fault.UNKNOWN_VARIABLE,
            _unknown_words(list(dict.fromkeys(v.typed for v in unknown))),
            tuple((v.start, v.end) for v in unknown),
        )
    # Blanks of the same length keep the places as they are.
    bare = _blanked(text, variables)
    broken = [match.start() for match in re.finditer(r"\{\{|\}\}", bare)]
    if broken:
        yield Finding(
            Fault.BROKEN_VARIABLE,
            "Two braces without their counterpart: no variable, sent as typed.",
            tuple((i, i + 2) for i in broken),
        )
    clocks = [v for v in variables if v.name in CLOCKS]
    if clocks and with_clock_last(text) != text:
        yield Finding(
            Fault.CLOCK_ON_TOP,
            "A clock near the top defeats prompt caching.",
            tuple((v.start, v.end) for v in clocks[:1]),
        )


def _unknown_words(typed: list[str]) -> str:
    """Name the first few of the unknown variables, cut where they are long."""
    names = ", ".join(name if len(name) <= 40 else f"{name[:37]}…" for name in typed[:3])
    more = f" and {len(typed) - 3:,} more" if len(typed) > 3 else ""
    verb = "is no variable and is" if len(typed) == 1 else "are no variables and are"
    return f"{names}{more} {verb} sent as typed."


def _blanked(text: str, variables: list[Variable]) -> str:
    pieces, end = [], 0
    for variable in variables:
        pieces += [text[end : variable.start], " " * (variable.end - variable.start)]
        end = variable.end
    return "".join([*pieces, text[end:]])


def _delimiter_findings(text: str) -> Iterator[Finding]:
    places = tuple(match.span() for match in _DELIMITERS.finditer(text))
    if places:
        start, end = places[0]
        yield Finding(
            Fault.DELIMITER,
            f"“{text[start:end].strip()}” looks like the prompt's own marks; a model may take it for one.",
            places,
        )


def _sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where the sentence, or else the line, around a stretch begins and ends."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    sentences = list(re.finditer(r"(?<![.!?])[.!?]++\s+", text[line_start:line_end]))
    first = max(
        (line_start + m.end() for m in sentences if line_start + m.end() <= start), default=line_start
    )
    last = min((line_start + m.end() for m in sentences if line_start + m.start() >= end), default=line_end)
    return first, last
