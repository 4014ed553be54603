"""Whatever a model in a loop or a hostile one writes: read in time, without an exception."""

import random
import time
from collections.abc import Callable

import pytest

from forllm_desktop.domain.generation import DEFAULT_HEADINGS
from forllm_desktop.prompting.parsed_persona import normal_form
from forllm_desktop.prompting.persona_parser import parse_persona

SIZE = 1_000_000
"""Characters."""
LONGEST = 1.0
"""Seconds of processor time."""
RANDOM = random.Random(7)
WORDS = [f"w{RANDOM.randrange(10**6)}" for _ in range(150_000)]


def filled(unit: str) -> str:
    return unit * (SIZE // len(unit))


def numbered(unit: str) -> str:
    """Return lines that differ, so that they are no repetition."""
    count = SIZE // (len(unit) + 6)
    return "\n".join(unit.replace("%", str(number)) for number in range(count))


HOSTILE: dict[str, Callable[[], str]] = {
    "one line of letters": lambda: filled("a"),
    "one line of words": lambda: " ".join(WORDS),
    "one line of spaces": lambda: filled(" "),
    "one line of tabs and a letter": lambda: filled("\t") + "x",
    "line breaks": lambda: filled("\n"),
    "line breaks of all kinds": lambda: filled("\r\n\x0b\x0c\u2028\x85"),
    "hashes in lines": lambda: "#\n" * 100_000,
    "hashes and numbers in lines": lambda: numbered("# %"),
    "hashes and words in lines": lambda: "\n".join(f"## {word} {word[::-1]}" for word in WORDS[:60_000]),
    "one line of hashes": lambda: filled("#"),
    "one line of hashes and spaces": lambda: filled("# "),
    "heading with spaces": lambda: "# " + filled(" ") + "x",
    "heading with hashes behind": lambda: "# x" + filled(" #") + "x",
    "bold storm": lambda: filled("**a**"),
    "bold storm with spaces": lambda: filled("**a** "),
    "bold with colons": lambda: filled("**a:** "),
    "bold that never closes": lambda: "**" + filled("a "),
    "bold lines": lambda: numbered("**a%:** b"),
    "underscores": lambda: filled("__a__ "),
    "colons": lambda: filled(": "),
    "colons in lines": lambda: numbered("a%: b"),
    "wide colons": lambda: filled("："),
    "dashes": lambda: filled(" - "),
    "quote marks nested": lambda: filled(">"),
    "quote marks in lines": lambda: numbered("> > > a%"),
    "quotes": lambda: filled('"'),
    "quotes that never close": lambda: filled('"a '),
    "curly quotes": lambda: filled("“"),
    "thoughts that open": lambda: filled("<think>"),
    "thoughts that close": lambda: filled("</think>"),
    "thoughts in pairs": lambda: filled("<think>a</think>"),
    "thoughts with answers": lambda: filled("## Core Identity: a\n</think>\n"),
    "chat turns": lambda: filled("<|im_start|>user "),
    "chat turns in lines": lambda: numbered("### User:\n%"),
    "chat marks that never close": lambda: filled("<|im_start "),
    "headers with spaces": lambda: filled("<|start_header_id|>      "),
    "code fences": lambda: filled("```\n"),
    "code fences with code": lambda: numbered("```python\n# %\n```"),
    "code fences with headings": lambda: numbered("```\n## Core Identity: %\n```"),
    "braces": lambda: filled("{"),
    "brackets of JSON": lambda: '{"a": ' + filled("["),
    "JSON that never ends": lambda: '{"core_identity": "' + filled("a "),
    "JSON with commas": lambda: '{"core identity": "' + filled(", ") + '"',
    "JSON of keys": lambda: '{"core_identity": "a"' + "".join(f', "k{n}": "v"' for n in range(60_000)) + "}",
    "tags": lambda: filled("<a>"),
    "tags that never close": lambda: filled("<a "),
    "tags with spaces": lambda: "</p>" + filled("<a" + " " * 200),
    "tags of many names": lambda: "".join(f"<t{n}>x</t{n}>" for n in range(60_000)),
    "table": lambda: filled("| a "),
    "table rows": lambda: numbered("| a% | b |"),
    "pipes": lambda: filled("|"),
    "underlines": lambda: numbered("a%\n==="),
    "rules": lambda: filled("---\n"),
    "rules in one line": lambda: filled("- "),
    "headings again": lambda: "\n".join(f"## Core Identity:\ntext {n}" for n in range(35_000)),
    "headings in one line": lambda: filled("## Core Identity: a ## Example Phrases: b "),
    "names again": lambda: "\n".join(f"## Persona Name: Ada{n}" for n in range(40_000)),
    "name without end": lambda: "## Persona Name: " + filled("A. "),
    "name with letters": lambda: "## Persona Name: " + filled("A"),
    "you are": lambda: filled("You are A "),
    "you are with a long name": lambda: "You are " + filled("A"),
    "phrase again": lambda: filled("I am very helpful. "),
    "phrase again, then an end": lambda: filled("I am very helpful. ") + "The end.",
    "two phrases by chance": lambda: "".join(RANDOM.choice("ab") for _ in range(SIZE)),
    "two lines by chance": lambda: "\n".join(RANDOM.choice("ab") for _ in range(SIZE // 2)),
    "unlike lines": lambda: "\n".join(WORDS),
    "goodbyes": lambda: "## Core Identity:\nx\n\n" + filled("I hope this helps!\n\n"),
    "goodbyes that differ": lambda: "## Core Identity:\nx\n\n" + numbered("I hope this helps %!\n"),
    "paragraphs": lambda: "## Core Identity:\n" + numbered("p%\n"),
    "asides": lambda: "## " + filled("("),
    "asides in lines": lambda: numbered("## (%) (("),
    "persona above one long line": lambda: "## Persona Name: Ada\n## Core Identity:\n" + " ".join(WORDS),
    "right-to-left marks": lambda: filled("\u200f"),
    "marks on a letter": lambda: "a" + filled("\u0301"),
    "null characters": lambda: filled("\0"),
    "lone surrogates": lambda: filled("\ud800"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_million_characters_are_read_within_a_second(kind: str) -> None:
    text = HOSTILE[kind]()
    started = time.process_time()
    parsed = parse_persona(text, DEFAULT_HEADINGS)
    taken = time.process_time() - started
    assert normal_form(parsed.name or "x", parsed)
    assert taken < LONGEST, f"{taken:.2f} s"
