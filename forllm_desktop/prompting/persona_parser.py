"""Reads what a model wrote as a persona: tolerant in reading, strict in result.

Nothing of the text is thrown away: what fits no section stays below the one before it, what stands in front
of all of them is kept as `preamble`, what comes after the persona as `trailing`.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from forllm_desktop.domain.forum import storable
from forllm_desktop.prompting.heading_match import WantedHeadings
from forllm_desktop.prompting.parsed_persona import ParsedPersona, joined, normal_form
from forllm_desktop.prompting.persona_reader import PersonaReader

TRAITS, PHRASES = (3, 5), (2, 3)
"""How many traits and example phrases are asked for; others are only remarked on."""

_READINGS, _READ_AGAIN = 3, 100_000
"""How often what was read is read again, so that reading the instructions that are kept changes nothing; and
up to how many characters, as more are no persona."""
_SOMEONE = "Someone"
_ITEM = re.compile(r"\s*(?:[-*+•–]|\d{1,2}[.)])\s+\S")
_QUOTED = re.compile(r"[“\"«„「][^“\"«„「」»”\n]{3,400}[”\"»“」]")


def parse_persona(raw: str, wanted: Sequence[str]) -> ParsedPersona:
    """Read the sections `wanted` (the name's heading first) out of what a model wrote."""
    headings = WantedHeadings(wanted)
    parsed = PersonaReader(headings).read(storable(raw))
    for _ in range(_READINGS):
        kept = normal_form(parsed.name or _SOMEONE, parsed)
        if len(kept) > _READ_AGAIN:
            break
        again = PersonaReader(headings).read(kept)
        if normal_form(parsed.name or _SOMEONE, again) == kept:
            break
        # What only its surroundings kept from being a heading, or a loop, is one now.
        parsed = replace(
            again,
            name=parsed.name,
            preamble=joined(parsed.preamble, again.preamble) if parsed.sections else again.preamble,
            notes=tuple(dict.fromkeys((*parsed.notes, *again.notes))),
            trailing=joined(parsed.trailing, again.trailing) if parsed.sections else again.trailing,
        )
    return replace(parsed, notes=(*parsed.notes, *_counted(parsed.sections)))


def _counted(sections: dict[str, str]) -> list[str]:
    notes = []
    for heading, (low, high), word in (
        ("Key Personality Traits", TRAITS, "traits"),
        ("Example Phrases", PHRASES, "phrases"),
    ):
        text = sections.get(heading, "")
        count = sum(1 for line in text.splitlines() if _ITEM.match(line)) or len(_QUOTED.findall(text))
        if text and count and not low <= count <= high:
            notes.append(f"{count} {word} where {low} to {high} were asked for.")
    return notes
