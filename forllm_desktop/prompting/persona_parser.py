"""Reads what a model wrote as a persona: tolerant in reading, strict in result.

Nothing of the text is thrown away: what fits no section stays below the one before it, what stands in front
of all of them is kept as `preamble`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from forllm_desktop.domain.forum import NAME_LIMIT, storable
from forllm_desktop.domain.generation import NAME_HEADING
from forllm_desktop.prompting.heading_match import matching, plain

_FENCE = re.compile(r"^\s*(?:```|~~~)\s*\w*\s*$")
_MARKED = re.compile(r"^\s{0,3}(?P<marks>#{1,6})\s*(?P<title>[^\n]*?)\s*#*\s*$")
_BOLD = re.compile(
    r"^\s*(?:[-*+•]\s+)?(?:\(?\d{1,2}[.)]\s*)?(?P<mark>\*\*\*|\*\*|__)(?P<title>[^*_\n]{1,90}?)(?P=mark)"
    r"\s*[:：\-–—]?\s*(?P<rest>.*)$"
)
_PLAIN = re.compile(r"^\s*(?:\(?\d{1,2}[.)]\s*)?(?P<title>[^\s:：][^:：\n]{0,60}?)\s*[:：]\s*(?P<rest>.*)$")
_UNDERLINE = re.compile(r"^\s*(?:=+|-{3,})\s*$")
_THOUGHTS = re.compile(r"<(think|thinking|thought|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_THOUGHT_TAG = re.compile(r"</?(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_TEMPLATE_MARK = re.compile(r"<\|[\w ]{1,40}\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>(?:model|user)?")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+\S")
_QUOTED = re.compile(r"[“\"«„].{3,}?[”\"»“]")
_CHATTER = re.compile(
    r"\n+(?:[^\n#]*\b(?:hope this helps|let me know|feel free to|would you like|anything else|happy to help|"
    r"is there anything)\b[^\n]*)\s*$",
    re.IGNORECASE,
)
_REPEATS = 3
"""How often the same lines may follow each other before they count as a model caught in a loop."""
_NAME_LETTERS = 60
"""A name longer than this is a sentence."""

TRAITS, PHRASES = (3, 5), (2, 3)
"""How many traits and example phrases are asked for; others are only remarked on."""


@dataclass(frozen=True)
class ParsedPersona:
    """What a text says: the name ("" when it says none), and the text below each wanted heading.

    `preamble` stood in front of the first heading. `notes` are remarks in words that keep nothing from being
    used.
    """

    name: str
    sections: dict[str, str]
    preamble: str = ""
    notes: tuple[str, ...] = ()
    wanted: tuple[str, ...] = field(default=())

    @property
    def missing(self) -> tuple[str, ...]:
        """The wanted headings without text, the name aside."""
        return tuple(h for h in self.wanted if h != NAME_HEADING and not self.sections.get(h, "").strip())


@dataclass
class _Section:
    """A stretch of text below a line that may be a heading."""

    title: str
    is_marked: bool
    level: int
    lines: list[str]
    heading: str | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


def parse_persona(raw: str, wanted: Sequence[str]) -> ParsedPersona:
    """Read the sections `wanted` (the name's heading first) out of what a model wrote."""
    notes: list[str] = []
    text = _without_frame(storable(raw), notes)
    preamble, sections = _cut(text, wanted)
    _match_by_place(sections, wanted)
    name = _name(preamble, sections)
    found: dict[str, str] = {}
    last: str | None = None
    lost: list[str] = []
    for section in sections:
        if section.heading == NAME_HEADING:
            rest = _after_name(section.text, name)
            if rest:
                lost.append(rest)
            continue
        if section.heading is not None:
            last = section.heading
            body = "\n\n".join([*lost, section.text]).strip() if lost and not section.text else section.text
            lost = [] if body != section.text else lost
            _put(found, last, body, notes)
        elif section.title and _same_name(section.title, name):
            lost += [section.text] if section.text else []
        else:
            own = f"{section.title.strip()}:\n{section.text}".strip() if section.title else section.text
            if last is not None:
                found[last] = f"{found[last]}\n\n{own}".strip()
            else:
                lost.append(own)
    first = next((heading for heading in wanted if heading != NAME_HEADING), None)
    if lost and first is not None and found:
        # Text between the name and the first section says who the persona is.
        found[first] = "\n\n".join([*lost, found.get(first, "")]).strip()
        lost = []
    ordered = {heading: found[heading] for heading in wanted if found.get(heading)}
    notes += _counted(ordered)
    return ParsedPersona(name, ordered, "\n\n".join([preamble, *lost]).strip(), tuple(notes), tuple(wanted))


def normal_form(name: str, parsed: ParsedPersona) -> str:
    """Return the instructions as they are kept: the name first, then the sections in their order.

    Where not one section was found, what the model wrote follows the name as it is.
    """
    parts = [f"## {NAME_HEADING}: {name}"]
    parts += [f"## {heading}:\n{text}" for heading, text in parsed.sections.items()]
    if not parsed.sections and parsed.preamble:
        parts.append(parsed.preamble)
    return "\n\n".join(parts)


def with_sections(parsed: ParsedPersona, more: ParsedPersona) -> ParsedPersona:
    """Return `parsed` with the sections it lacked taken from `more`."""
    both = {
        heading: parsed.sections.get(heading) or more.sections.get(heading, "") for heading in parsed.wanted
    }
    sections = {heading: text for heading, text in both.items() if text}
    return ParsedPersona(
        parsed.name or more.name, sections, parsed.preamble, (*parsed.notes, *more.notes), parsed.wanted
    )


def clean_name(typed: str) -> str:
    """Return a name without quotes, marks and explanations behind it; "" when that is no name."""
    lines = [line for line in storable(typed).splitlines() if line.strip()]
    name = lines[0] if lines else ""
    name = re.sub(r"[*_`#]+", "", name)
    name = re.sub(r"^\s*(?:[-+•]|\d{1,2}[.)])\s+", "", name)
    name = re.sub(r"^\s*(?:persona\s+)?name\s*[:：]\s*", "", name, flags=re.IGNORECASE)
    name = re.split(r"\s+[-–—|(\[]\s*|\s*[:;：]\s+|,\s+(?:an?|the|who|your|also)\b|\.\s+", name, maxsplit=1)[
        0
    ]
    name = " ".join("".join(ch if ch.isprintable() else " " for ch in name).split())
    name = name.strip(" \t\"'“”„«»‘’.,;:：")
    if len(name) > _NAME_LETTERS or not any(ch.isalnum() for ch in name):
        return ""
    # What the skeleton of the template shows, and what is left of a placeholder, are no names.
    if (
        plain(name)
        in ("name", "your text", "persona name", "none", "the name", "insert name", "your name here")
        or "{" in name
    ):
        return ""
    return name[:NAME_LIMIT]


def _without_frame(text: str, notes: list[str]) -> str:
    """Take away thoughts, code fences and chat marks, and the repetitions of a model caught in a loop."""
    bare = _THOUGHTS.sub("\n", text)
    bare = _THOUGHT_TAG.sub("\n", bare if bare.strip() else text)
    bare = _TEMPLATE_MARK.sub("", bare)
    lines = [line.rstrip() for line in bare.splitlines() if not _FENCE.match(line)]
    calm = _without_loops(lines)
    if len(calm) < len(lines):
        notes.append("Text that repeated itself was left out.")
    said = "\n".join(calm).strip()
    goodbye = _CHATTER.search(said)
    if goodbye:
        notes.append(f"Left out at the end: “{goodbye.group().strip()}”")
        said = said[: goodbye.start()]
    return said


def _without_loops(lines: list[str]) -> list[str]:
    """Leave out blocks of up to eight lines that follow themselves again and again."""
    kept: list[str] = []
    index = 0
    while index < len(lines):
        for size in range(1, 9):
            block = [line.strip() for line in lines[index : index + size]]
            if len(block) < size or not any(block):
                continue
            times = 1
            while [
                line.strip() for line in lines[index + times * size : index + (times + 1) * size]
            ] == block:
                times += 1
            if times >= _REPEATS:
                kept += lines[index : index + size]
                index += times * size
                break
        else:
            kept.append(_without_stutter(lines[index]))
            index += 1
    return kept


def _without_stutter(line: str) -> str:
    """Leave out a phrase that a line repeats without end."""
    if len(line) < 400:
        return line
    match = re.search(r"(.{3,200}?)\1{4,}", line)
    return line[: match.end(1)] + line[match.end() :] if match else line


def _cut(text: str, wanted: Sequence[str]) -> tuple[str, list[_Section]]:
    """Cut a text at its headings; returns what stands in front of them, and the sections."""
    front: list[str] = []
    sections: list[_Section] = []
    lines = text.splitlines()
    for index, line in enumerate(lines):
        below = lines[index + 1] if index + 1 < len(lines) else ""
        if sections and _UNDERLINE.match(line) and not sections[-1].lines and line.strip():
            continue
        section = _heading(line, below, wanted)
        if section is not None:
            sections.append(section)
        elif sections:
            sections[-1].lines.append(line)
        else:
            front.append(line)
    return "\n".join(front).strip(), sections


def _heading(line: str, below: str, wanted: Sequence[str]) -> _Section | None:
    marked = _MARKED.match(line)
    if marked:
        title, rest = _split_title(marked["title"], wanted)
        heading = matching(title, wanted, is_marked=True)
        if heading is None and len(title) > 90:
            return None  # a sentence behind a stray mark
        return _Section(title, True, len(marked["marks"]), [rest] if rest else [], heading)
    for form in (_BOLD, _PLAIN):
        found = form.match(line)
        if found:
            heading = matching(found["title"], wanted, is_marked=False)
            if heading is not None and _is_free(heading, line, found["title"]):
                rest = found["rest"].strip().removeprefix("**").strip()
                return _Section(found["title"], False, 2, [rest] if rest else [], heading)
    bare = line.strip().strip("*_ ")
    if bare and len(bare) <= 90 and (_UNDERLINE.match(below) or plain(bare) in {plain(h) for h in wanted}):
        heading = matching(bare, wanted, is_marked=False)
        if heading is not None:
            return _Section(bare, False, 2, [], heading)
    return None


def _is_free(heading: str, line: str, title: str) -> bool:
    """Say whether a line opens a section: a list item that begins with "Tone:" does not, unless bold."""
    is_item = _ITEM.match(line) is not None and not re.match(r"^\s*\d", line)
    return not is_item or "**" in line or plain(title) == plain(heading)


def _split_title(title: str, wanted: Sequence[str]) -> tuple[str, str]:
    """Part "Persona Name: Ada" into heading and text; a heading may hold a colon itself."""
    title = title.strip().strip("*_ ")
    for match in re.finditer(r"\s*[:：]\s*(?:\*\*)?\s*|\s+[-–—]\s+", title):
        if matching(title[: match.start()], wanted, is_marked=True) is not None:
            return title[: match.start()], title[match.end() :].strip("*_ ")
    return title.rstrip(":： "), ""


def _match_by_place(sections: list[_Section], wanted: Sequence[str]) -> None:
    """Let headings in other words stand for the missing ones where there are as many, in order."""
    for section in sections:
        if section.is_marked and section.heading is None and plain(section.title) in ("", "persona"):
            section.title = ""
    have = [s.heading for s in sections if s.heading is not None]
    missing = [h for h in wanted if h not in have and h != NAME_HEADING]
    marked = [s for s in sections if s.heading is None and s.is_marked and s.title and s.text]
    if marked and len(marked) == len(missing):
        for section, heading in zip(marked, missing, strict=True):
            section.heading = heading


def _name(preamble: str, sections: list[_Section]) -> str:
    named = next((s for s in sections if s.heading == NAME_HEADING and clean_name(s.text)), None)
    if named is not None:
        return clean_name(named.text)
    # "# Ada Lovelace" above all others, or "You are Ada Lovelace, ..." somewhere.
    first = next((s for s in sections if s.heading != NAME_HEADING), None)
    if first is not None and first.heading is None and first.is_marked:
        found = clean_name(
            re.sub(r"^(?:persona|character)\s*[:：\-–]\s*", "", first.title, flags=re.IGNORECASE)
        )
        if found and len(found.split()) <= 5:
            return found
    everything = "\n".join([preamble, *(s.text for s in sections)])
    said = re.search(
        r"\bYou are ((?:(?:Dr|Prof|Mr|Ms|Mrs)\.? )?[A-Z][\w'’-]+(?: [A-Z][\w'’.-]+){0,3})[,.;]", everything
    )
    return clean_name(said.group(1)) if said else ""


def _after_name(text: str, name: str) -> str:
    """Return what the name's section says beside the name."""
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None or not name or clean_name(lines[first]) != name:
        return text.strip()
    beside = re.sub(r"[*_`#\"'“”]", "", lines[first]).strip()
    beside = re.sub(r"^(?:persona\s+)?name\s*[:：]\s*", "", beside, flags=re.IGNORECASE)
    own = beside[beside.find(name) + len(name) :].strip(" ,.;:-–—|") if name in beside else ""
    return "\n".join(filter(None, [own, "\n".join(lines[first + 1 :]).strip()]))


def _same_name(title: str, name: str) -> bool:
    return bool(name) and plain(name) in plain(title)


def _put(found: dict[str, str], heading: str, text: str, notes: list[str]) -> None:
    """Add a section; a second one of the same heading is added below, unless it says the same."""
    before = found.get(heading, "")
    if not before:
        found[heading] = text
    elif text and text != before:
        found[heading] = f"{before}\n\n{text}"
        notes.append(f"“{heading}” came more than once and was joined.")


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
