"""Finds the name of a persona in what a model wrote, without the words around it."""

import re

from forllm_desktop.domain.forum import storable
from forllm_desktop.domain.persona_text import character_findings, without
from forllm_desktop.prompting.heading_match import plain

_READ = 400
"""How many characters of a line are looked at for a name."""
_AROUND = " .,;:：。،"
_LAYERS = 8
_NAME_LETTERS, _NAME_WORDS = 60, 9
"""A name longer than this is a sentence."""
_BEFORE = re.compile(
    r"^\s*(?:(?:the\s+)?(?:persona|character)?(?:['’]s)?\s*name\s*(?:[:：]|\s+is\b|\s+will be\b)"
    r"|(?:you are|you're|i am|i'm|my name is|call me|meet)\b(?=\s+[A-Z]))\s*",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\s+[-–—|(\[（]\s*|（|\s*[;；]\s+|\s*[:：](?:\s+|$)|,\s+(?:an?|the|who|your|also|ein|eine|der|die|un|une|uma?|una|el|la|le)\b"
)
_STOP = re.compile(r"(?P<before>\S+)[.。]\s+|。")
_TITLES = frozenset(
    ("dr", "mr", "mrs", "ms", "prof", "st", "sr", "jr", "lt", "col", "gen", "rev", "hon", "capt", "sgt",
     "mme", "mlle")
)  # fmt: skip
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "‘": "’", "'": "'", "「": "」", "『": "』"}
_NO_NAMES = frozenset(
    plain(words)
    for words in (
        "name", "your text", "persona name", "none", "the name", "insert name", "insert name here", "null",
        "your name here", "your name", "no name", "n/a", "na", "tbd", "unknown", "not specified", "not given",
        "unnamed", "to be determined", "name here", "keine", "keiner", "ninguno", "aucun", "nessuno", "无",
    )
)  # fmt: skip
_ABOUT_ITSELF = re.compile(
    r"\b(?:(?:final|refined|revised|complete|structured|ai|llm|the)\s+)*(?:persona|character|system)?\s*"
    r"(?:persona|instructions?|prompt|profile|guidelines?|definition|description|character|sheet|card)\b[:\s]*",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(?:You are|(?:is|am) (?:called|named)|[Nn]ame is) "
    r"((?:(?:Dr|Prof|Mr|Ms|Mrs)\. )?[A-Z][\w'’-]{1,40}(?: [A-Z][\w'’-]{0,40}){0,3})[,.;]"
)


def clean_name(typed: str) -> str:
    """Return a name without quotes, marks and explanations behind it; "" when that is no name."""
    name = visible(_first_line(typed))
    for _ in range(_LAYERS):
        before, name = name, _bare_name(name)
        if name == before:
            break
    else:
        return ""
    if len(name) > _NAME_LETTERS or len(name.split()) > _NAME_WORDS or not any(ch.isalnum() for ch in name):
        return ""
    # What the skeleton of the template shows, and what is left of a placeholder, are no names.
    return "" if plain(name) in _NO_NAMES or "{" in name or "<" in name else name


def visible(name: str) -> str:
    """Return a name as one line, without characters that show nothing or turn the text around."""
    line = " ".join("".join(ch if ch.isprintable() else " " for ch in storable(name)).split())
    return " ".join(without(line, character_findings(line, is_line=True)).split())


def name_in_title(title: str) -> str:
    """Return the name that a title above the sections says: "Ada Lovelace", "Ada Lovelace Persona"."""
    name = clean_name(_ABOUT_ITSELF.sub("", title[:_READ]))
    return name if len(name.split()) <= 5 else ""


def name_in_prose(text: str) -> str:
    """Return the name of "You are Ada Lovelace, ..." or "This persona is called Ada Lovelace."."""
    said = _SAID.search(text)
    return clean_name(said.group(1)) if said else ""


def beside_name(text: str, name: str) -> str:
    """Return what a text whose first line says a name says beside it."""
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None or not name or clean_name(lines[first]) != name:
        return text.strip()
    said = re.sub(r"[*_`#]+", "", lines[first])
    before, found, after = said.partition(name)
    own = after.strip(" \t,.;:：-–—|\"'“”„«»‘’") if found else said.strip()
    if before.strip(" \t-+•\"'“”„«»‘’") and _BEFORE.sub("", before).strip():
        own = f"{before.strip()} {own}".strip()
    own = own if any(ch.isalnum() for ch in own) else ""
    return "\n".join(filter(None, [own, "\n".join(lines[first + 1 :]).strip()]))


def _bare_name(name: str) -> str:
    """Return a name without one layer of what may stand around it."""
    name = re.sub(r"[*_`#]+", "", name)
    name = re.sub(r"^\s*(?:[-+•]|\d{1,2}[.)])\s+", "", name)
    name = _BEFORE.sub("", name)
    name = _first_sentence(_ASIDE.split(name, maxsplit=1)[0])
    return _unquoted(" ".join(name.split()).strip(_AROUND)).strip(_AROUND)


def _first_line(text: str) -> str:
    start = storable(text[: 4 * _READ]).lstrip()
    return start.splitlines()[0][:_READ] if start else ""


def _first_sentence(text: str) -> str:
    for stop in _STOP.finditer(text):
        before = (stop["before"] or "").casefold()
        if stop["before"] is None or (len(before) > 2 and before.strip("\"'“”.") not in _TITLES):
            return text[: stop.start() + len(stop["before"] or "")]
    return text


def _unquoted(name: str) -> str:
    """Return a name without the quotes around it; those around a part of it belong to it."""
    while len(name) > 2 and name[0] in _QUOTES and name[-1] in (_QUOTES[name[0]], name[0]):
        inner = name[1:-1]
        if name[0] in inner or name[-1] in inner:
            break
        name = inner.strip()
    marks = [ch for ch in name if ch in '"“”„«»「」『』']
    if len(marks) == 1 and marks[0] in (name[0], name[-1]):
        name = name.strip(marks[0]).strip()
    return name.strip(" \t.,;:：")
