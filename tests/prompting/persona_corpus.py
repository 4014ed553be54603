"""What models wrote as personas, what shall be read from it, and what must not get lost.

`python -m tests.prompting.persona_corpus` prints how many are read as expected. Those in `held_out` were
written without a look at the reader, which read 17 of the 20 at first sight; they stay as they are.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forllm_desktop.domain.generation import DEFAULT_HEADINGS, NAME_HEADING
from forllm_desktop.prompting.parsed_persona import ParsedPersona
from forllm_desktop.prompting.persona_parser import parse_persona

HERE = Path(__file__).parent
FOLDERS = tuple(folder for folder in ("corpus", "held_out") if (HERE / f"{folder}_expected.json").exists())
SHORT = {
    "identity": "Core Identity",
    "traits": "Key Personality Traits",
    "knowledge": "Knowledge Domain & Expertise",
    "style": "Speaking Style & Tone",
    "behaviours": "Interaction Guidelines & Behaviors",
    "forbidden": "Forbidden Actions & Topics",
    "examples": "Example Phrases",
}
"""The default headings as the tables of expected texts call them."""


@dataclass(frozen=True)
class Sample:
    """A raw output and the row of the table that says what shall be read from it."""

    folder: str
    file: str
    raw: str
    expected: dict[str, Any]

    @property
    def wanted(self) -> tuple[str, ...]:
        own = self.expected.get("wanted")
        return (NAME_HEADING, *own) if own else DEFAULT_HEADINGS

    def parsed(self) -> ParsedPersona:
        return parse_persona(self.raw, self.wanted)


def samples(folder: str) -> list[Sample]:
    """Return the outputs of a folder; its table names each of them."""
    table = json.loads((HERE / f"{folder}_expected.json").read_text(encoding="utf-8"))
    found = {path.name: path for path in (HERE / folder).iterdir()}
    assert set(found) == set(table)
    return [
        Sample(folder, name, found[name].read_bytes().decode("utf-8"), row) for name, row in table.items()
    ]


def faults(sample: Sample) -> list[str]:
    """List what was read otherwise than expected, in words."""
    parsed, row = sample.parsed(), sample.expected
    found = []
    if parsed.name != row["name"]:
        found.append(f"name is {parsed.name!r}, not {row['name']!r}")
    missing = [_full(short) for short in row["missing"]]
    if list(parsed.missing) != missing:
        found.append(f"missing are {list(parsed.missing)}, not {missing}")
    for short, texts in row.get("text", {}).items():
        body = parsed.sections.get(_full(short), "")
        found += [f"{short} lacks {text!r}: {body!r}" for text in _all(texts) if text not in body]
    for short, texts in row.get("lacks", {}).items():
        body = parsed.sections.get(_full(short), "")
        found += [f"{short} has {text!r}: {body!r}" for text in _all(texts) if text in body]
    for place in ("preamble", "trailing"):
        said = getattr(parsed, place, "")
        found += [
            f"{place} lacks {text!r}: {said!r}" for text in _all(row.get(place, [])) if text not in said
        ]
    notes = "\n".join(parsed.notes)
    found += [f"notes lack {text!r}: {notes!r}" for text in row.get("notes", []) if text not in notes]
    return found


def _full(short: str) -> str:
    return SHORT.get(short, short)


def _all(texts: str | list[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def _report() -> Iterator[str]:
    for folder in FOLDERS:
        if not (HERE / folder).exists():
            continue
        rows = [(sample, faults(sample)) for sample in samples(folder)]
        good = sum(not wrong for _, wrong in rows)
        yield f"{folder}: {good} of {len(rows)} read as expected"
        for sample, wrong in rows:
            yield from (f"  {sample.file}: {' '.join(fault.split())[:160]}" for fault in wrong)


if __name__ == "__main__":
    for line in _report():
        print(line)
