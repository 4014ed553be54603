"""Finds the name and the sections of a persona in one text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from forllm_desktop.domain.generation import NAME_HEADING
from forllm_desktop.prompting.heading_lines import (
    HeadingLine,
    common_level,
    heading_lines,
    is_blank,
    is_skeleton,
)
from forllm_desktop.prompting.heading_match import Fit, WantedHeadings, plain
from forllm_desktop.prompting.model_frame import (
    without_chat_marks,
    without_fences,
    without_loops,
    without_quote_marks,
    without_thoughts,
)
from forllm_desktop.prompting.other_forms import LineSplitter, as_markdown
from forllm_desktop.prompting.parsed_persona import ParsedPersona, joined
from forllm_desktop.prompting.persona_name import beside_name, clean_name, name_in_prose, name_in_title

_LOOPING_LINES, _LINES = 20_000, 2_000
"""How many lines are read, before and after those that repeat themselves are gone; more is no persona."""
_GOODBYE = re.compile(
    r"[*_(\[>\s]{0,6}(?:"
    + "|".join(
        (
            r"i hope (?:this|these|that|it)\b",
            r"hope (?:this|that|it) helps",
            r"(?:please )?let me know\b",
            r"(?:please )?feel free to (?:modify|adjust|customi[sz]e|ask|edit|change|tweak|adapt)",
            r"(?:please )?feel free to (?:let me|use this|reach)",
            r"would you like me to (?:adjust|modify|refine|change|create|add|generate|write|make)",
            r"would you like me to (?:expand|revise)",
            r"if you(?:['’]d| would) like (?:me|to (?:adjust|modify|change|refine)|any|more|further)",
            r"if you (?:need|want|have) (?:any|more|further|me to)\b",
            r"do you want me to\b",
            r"is there anything (?:else|you)",
            r"is this what you\b",
            r"these instructions (?:are|should|will|can)\b",
            r"this (?:persona|prompt) (?:is designed|is now|captures|provides|should help)",
            r"this (?:persona|prompt) can (?:be used|now)",
            r"word count\b",
            r"end of (?:persona|instructions)",
            r"¡?espero que (?:esto|te|le|sea|os|isso|ajude)",
            r"av[ií]same\b",
            r"ich hoffe, (?:das|dass|diese)",
            r"lass mich wissen",
            r"j['’]espère que",
            r"n['’]hésitez pas à",
            r"spero che (?:questo|ti|sia)",
            r"fammi sapere",
            r"надеюсь, (?:это|вам)",
            r"дайте знать",
            r"希望(?:这|对你|对您)",
            r"如(?:果你|果您)?需要?(?:修改|调整)",
        )
    )
    + ")",
    re.IGNORECASE,
)
"""How a paragraph begins that speaks to the user about the persona, in place of to the persona."""
_OPENING_QUOTES = "\"'“„«‘「"


@dataclass(eq=False)
class _Section:
    """A stretch of text below a line that may be a heading."""

    line: HeadingLine
    text: str
    heading: str | None

    @property
    def whole(self) -> str:
        """The text with the title above it."""
        title = self.line.title
        return self.text if not plain(title) or is_skeleton(title) else f"{title}:\n{self.text}".strip()


class PersonaReader:
    """Reads one text; collects remarks and what came after the persona on the way."""

    def __init__(self, wanted: WantedHeadings) -> None:
        self._wanted = wanted
        self._notes: list[str] = []
        self._after: list[str] = []

    def read(self, raw: str) -> ParsedPersona:
        """Return what a text says, without remarks on how much it says."""
        lines, code = self._lines(raw)
        preamble, sections = self._cut(lines, code)
        self._match_by_place(sections)
        self._remark_guesses(sections)
        first, second = _two_personas(sections, len(self._wanted.headings))
        name, named = self._name(preamble, first)
        identity: list[str] = []
        found: dict[str, list[str]] = {}
        last: str | None = None
        for section in first:
            if section is named:
                identity.append(beside_name(_named_text(section), name))
            elif section.heading == NAME_HEADING:
                identity.append(section.text)
            elif section.heading is not None:
                last = section.heading
                self._add(found, last, section.text)
            elif last is not None:
                found[last].append(section.whole)
            elif plain(section.line.title) in ("", "persona") and not section.text:
                continue
            else:
                preamble = joined(preamble, section.whole)
        bodies = {heading: text for heading, parts in found.items() if (text := self._body(parts))}
        preamble = self._with_identity(bodies, identity, preamble)
        if second:
            self._take_second(bodies, name, second)
        ordered = {heading: bodies[heading] for heading in self._wanted.headings if bodies.get(heading)}
        notes = tuple(dict.fromkeys(self._notes))
        trailing = "\n\n".join(filter(None, self._after))
        return ParsedPersona(name, ordered, preamble.strip(), notes, self._wanted.headings, trailing)

    def _lines(self, raw: str) -> tuple[list[str], set[int]]:
        """Return the lines of the answer, and the numbers of those that are code."""
        text = without_thoughts(raw, self._headings_in)
        text, next_turns = without_chat_marks(text, self._headings_in)
        lines = [line.rstrip() for line in as_markdown(text, self._wanted).splitlines()]
        lines, rest = lines[:_LOOPING_LINES], lines[_LOOPING_LINES:]
        calm = without_loops(lines)
        if sum(map(len, calm)) < sum(map(len, lines)):
            self._notes.append("Text that repeated itself was left out.")
        calm, rest = calm[:_LINES], calm[_LINES:] + rest
        splitter = LineSplitter(self._wanted)
        parted = [part for line in without_quote_marks(calm) for part in splitter.split(line)]
        kept, code, after = without_fences(parted, self._headings_in)
        for text_after in ("\n".join(after), next_turns, "\n".join(rest)):
            self._leave_out(text_after)
        return kept, code

    def _headings_in(self, text: str) -> int:
        """Count the wanted headings that lines of a text name."""
        found = set()
        for line in islice(text.splitlines(), _LINES):
            title = re.split(r"[:：]", line[:200].strip(' \t#*_>-"\u200f'), maxsplit=1)[0]
            if title != line:
                found.add(self._wanted.named(title)[0])
        return len(found - {None})

    def _cut(self, lines: Sequence[str], code: set[int]) -> tuple[str, list[_Section]]:
        """Cut a text at its headings; returns what stands in front of them, and the sections."""
        opening = heading_lines(lines, code, self._wanted)
        places = [*opening, len(lines)]
        sections = []
        for start, end in pairwise(places):
            line = opening[start]
            first = start + 2 if line.form == "underlined" else start + 1
            gap = "\n" if first < end and lines[first].strip() else "\n\n"
            text = gap.join(filter(None, [line.rest, _trimmed(lines[first:end])]))
            if is_skeleton(text):
                text = ""
            sections.append(_Section(line, text, line.heading))
        return _trimmed(lines[: places[0]]), sections

    def _match_by_place(self, sections: list[_Section]) -> None:
        """Let headings in other words stand for the missing ones between the same neighbours."""
        have = {s.heading for s in sections}
        unknown = {s for s in sections if s.heading is None and plain(s.line.title) not in ("", "persona")}
        level = common_level([s.line for s in sections if s.heading is not None]) if any(have) else None
        if level is None or not any(s.line.form == level for s in unknown):
            level = common_level([s.line for s in sections if s in unknown])
        headings = self._wanted.headings
        before, run = -1, []
        for section in [*sections, None]:
            if section is not None and section.heading is None:
                run += [section] if section in unknown and section.line.form == level else []
                continue
            here = len(headings) if section is None else headings.index(section.heading or "")
            gap = [h for h in headings[before + 1 : here] if h not in have]
            if NAME_HEADING in gap and len(run) != len(gap):
                gap.remove(NAME_HEADING)
            if run and len(run) == len(gap) and (len(run) > 1 or before >= 0):
                for unnamed, heading in zip(run, gap, strict=True):
                    unnamed.heading = heading
                    if heading == NAME_HEADING:
                        unnamed.text = joined(unnamed.line.title.partition(":")[2].strip(), unnamed.text)
            before, run = here, []

    def _remark_guesses(self, sections: list[_Section]) -> None:
        guessed = dict.fromkeys(
            f"“{s.line.title}” as “{s.heading}”"
            for s in sections
            if s.heading is not None and s.line.fit < Fit.OTHER_NAME
        )
        if guessed:
            self._notes.append(f"Headings in other words were read: {', '.join(guessed)}.")

    def _name(self, preamble: str, sections: list[_Section]) -> tuple[str, _Section | None]:
        """Return the name and the section whose title or first line says it."""
        for section in sections:
            if section.heading == NAME_HEADING and clean_name(section.text):
                return clean_name(section.text), section
        # "# Ada Lovelace" above all others, or "You are Ada Lovelace, ..." somewhere.
        top = next((s for s in sections if s.heading != NAME_HEADING), None)
        if top is not None and top.heading is None and top.line.is_marked:
            name = name_in_title(top.line.title)
            if name:
                return name, top
        return name_in_prose("\n".join([preamble, *(s.text for s in sections)])), None

    def _add(self, found: dict[str, list[str]], heading: str, text: str) -> None:
        """Add a section; a second one of the same heading is added below, unless it says the same."""
        before = found.setdefault(heading, [])
        if not text or not before:
            before.append(text)
        elif not any(text in part for part in before[-20:]):
            before.append(text)
            self._notes.append(f"“{heading}” came more than once and was joined.")

    def _body(self, parts: list[str]) -> str:
        """Return the text of a section, without the goodbye behind it."""
        blocks = "\n\n".join(filter(None, parts)).split("\n\n")
        end = len(blocks)
        while end > 1 and (not _trimmed(blocks[end - 1].splitlines()) or _is_goodbye(blocks[end - 1])):
            end -= 1
        self._leave_out(_trimmed("\n\n".join(blocks[end:]).splitlines()))
        return _trimmed("\n\n".join(blocks[:end]).splitlines())

    def _with_identity(self, bodies: dict[str, str], identity: list[str], preamble: str) -> str:
        """Put what stood between the name and the first section on top of that; returns the preamble."""
        between = "\n\n".join(filter(None, identity))
        first = next((heading for heading in self._wanted.headings if heading != NAME_HEADING), None)
        if not between or first is None or not bodies:
            return joined(preamble, between)
        if first not in bodies and len(between) < 40:
            return joined(preamble, between)  # too little to say who the persona is
        bodies[first] = joined(between, bodies.get(first, ""))
        return preamble

    def _take_second(self, bodies: dict[str, str], name: str, second: list[_Section]) -> None:
        """Fill what the first persona lacks from a second version of it; the rest is left out."""
        other = clean_name(second[0].text)
        if other == name:
            for section in second[1:]:
                if section.heading not in (None, NAME_HEADING) and section.text:
                    bodies.setdefault(section.heading, section.text)
            self._notes.append("A second version of the persona followed and was left out.")
        else:
            self._notes.append(f"A second persona, “{other}”, followed and was left out.")
        self._after.append("\n\n".join(section.whole for section in second))

    def _leave_out(self, text: str) -> None:
        text = text.strip()
        if text:
            self._after.append(text)
            words = " ".join(text.split())
            self._notes.append(f"Left out at the end: “{words[:80]}{'…' if len(words) > 80 else ''}”")


def _two_personas(sections: list[_Section], wanted: int) -> tuple[list[_Section], list[_Section]]:
    """Part the sections where a second persona begins, once the first has half of what is wanted."""
    names = [i for i, s in enumerate(sections) if s.heading == NAME_HEADING and clean_name(s.text)]
    for index in names[1:]:
        before = {s.heading for s in sections[:index] if s.heading not in (None, NAME_HEADING) and s.text}
        if names[0] < index and len(before) >= max(2, (wanted - 1) // 2):
            return sections[:index], sections[index:]
    return sections, []


def _named_text(section: _Section) -> str:
    """Return the text of the section that says the name, its title first where that says it."""
    if section.heading == NAME_HEADING:
        return section.text
    return joined(section.line.title, section.text)


def _trimmed(lines: Sequence[str]) -> str:
    """Return lines as one text, without blank ones and rules at its ends."""
    start, end = 0, len(lines)
    while start < end and is_blank(lines[start]):
        start += 1
    while end > start and is_blank(lines[end - 1]):
        end -= 1
    return "\n".join(lines[start:end]).strip()


def _is_goodbye(block: str) -> bool:
    start = _trimmed(block.splitlines())
    return bool(start) and start[0] not in _OPENING_QUOTES and bool(_GOODBYE.match(start))
