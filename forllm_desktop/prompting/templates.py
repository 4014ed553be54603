"""Finds the texts in prompt_templates/ and fills their placeholders."""

from collections.abc import Collection, Mapping
from functools import cache

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.templates import PLACEHOLDER
from forllm_desktop.paths import prompt_templates_dir


@cache
def template(name: str) -> str:
    """Return a template by its path in prompt_templates/ without ".txt", such as "reply/named_turn"."""
    path = prompt_templates_dir() / f"{name}.txt"
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n")
    except FileNotFoundError as error:
        raise ForllmError(
            "A prompt template is missing", f"{name}.txt is not in this installation."
        ) from error


def fill(form: str, /, **values: str) -> str:
    """Replace each `{{name}}` by its value, once: what looks like a placeholder inside a value stays.

    Raises ForllmError when the template names a value that is not given, or one is given that it lacks.
    """
    wanted = set(PLACEHOLDER.findall(form))
    if wanted != set(values):
        odd = ", ".join(sorted(wanted ^ set(values)))
        raise ForllmError("A prompt template does not fit", f"Check the placeholders: {odd}.")
    return PLACEHOLDER.sub(lambda match: values[match.group(1)], form)


def placeholders(form: str) -> tuple[str, ...]:
    """List the placeholders of a template, each once, in their order."""
    return tuple(dict.fromkeys(PLACEHOLDER.findall(form)))


def fill_known(form: str, values: Mapping[str, str], required: Collection[str] = ()) -> str:
    """Replace each `{{name}}` by its value, once; values that the template does not use are left out.

    Raises ForllmError for a placeholder that has no value, and when one of `required` is not used.
    """
    used = set(placeholders(form))
    unknown, missing = sorted(used - set(values)), sorted(set(required) - used)
    if unknown:
        raise ForllmError(
            "A prompt template has an unknown placeholder",
            f"{{{{{unknown[0]}}}}} stands for nothing. Known: {', '.join(sorted(values))}.",
        )
    if missing:
        raise ForllmError("A prompt template lacks a placeholder", f"Put {{{{{missing[0]}}}}} into it.")
    return PLACEHOLDER.sub(lambda match: values[match.group(1)], form)
