"""Variables in a persona's instructions, such as {{user}}: which there are and what they become."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLES = {
    "char": "the persona's name",
    "user": "your name",
    "date": "the day on which the request runs",
    "time": "the time at which the request runs",
    "weekday": "the day of the week",
    "subforum": "the subforum's name",
    "topic": "the topic's title",
    "model": "the model that answers",
}
"""What each variable becomes, by its name."""

ALIASES = {
    "user_name": "user",
    "current_date": "date",
    "current_time": "time",
    "current_weekday": "weekday",
    "model_name": "model",
    "bot": "char",
}
"""Names that other programs give to the same variables."""

CLOCKS = frozenset({"date", "time", "weekday"})
"""Variables that change by themselves: near the top they make a server read the whole prompt anew."""

# Spaces inside are cut off afterwards: looking for them here would take for ever in a storm of them.
_FORM = re.compile(r"\{\{([^{}\n]*)\}\}")


@dataclass(frozen=True)
class Variable:
    """A variable as it was typed, from `start` to `end`; `name` is the known one it means, or None."""

    typed: str
    start: int
    end: int
    name: str | None


def find_variables(text: str) -> list[Variable]:
    """List everything in double braces, known or not, in the order of the text."""
    found = []
    for match in _FORM.finditer(text):
        key = match.group(1).strip(" \t").casefold()
        key = ALIASES.get(key, key)
        found.append(Variable(match.group(), match.start(), match.end(), key if key in VARIABLES else None))
    return found


def resolve_variables(text: str, values: Mapping[str, str]) -> str:
    """Replace each known variable by its value, once: a value that looks like a variable stays as it is.

    What is unknown, or has no value, stays as typed.
    """
    pieces, end = [], 0
    for variable in find_variables(text):
        if variable.name is not None and variable.name in values:
            pieces += [text[end : variable.start], values[variable.name]]
            end = variable.end
    return "".join([*pieces, text[end:]])
