"""The arguments that say what a persona is made of, and what was meant by them."""

import argparse
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.services.workspace import Workspace

_NOTHING = "none"
"""What is typed to leave an option to the request and to the settings."""


def add_content(parser: argparse.ArgumentParser) -> None:
    """Add what may be said of a persona besides its name and instructions."""
    parser.add_argument("--description", metavar="TEXT")
    parser.add_argument("--note", metavar="TEXT", default="", help="what the new version is about")
    parser.add_argument("--tag", metavar="TAG", action="append", help="may be repeated; '' for none")
    parser.add_argument("--model", metavar="M", help=f"the model it prefers; “{_NOTHING}”: any")
    parser.add_argument("--server", metavar="URL", help="where that model is")
    parser.add_argument("--temperature", metavar="T", type=_optional(float), help=f"0 to 2, or “{_NOTHING}”")
    parser.add_argument(
        "--max-reply-tokens", metavar="N", type=_optional(int), help=f"longest reply, or “{_NOTHING}”"
    )
    parser.add_argument("--think", choices=("on", "off", _NOTHING), help="whether it thinks first")


def typed_instructions(options: argparse.Namespace) -> str | None:
    """Return what was typed or piped in; the line break that ends a pipe is not part of it."""
    if options.instructions != "-":
        return options.instructions
    return sys.stdin.read().removesuffix("\n")


def typed_options(workspace: Workspace, typed: argparse.Namespace, now: PersonaOptions) -> PersonaOptions:
    """Return the options with what was typed in place of what there is."""
    wanted = now
    if typed.temperature is not None:
        wanted = replace(wanted, temperature=_value(typed.temperature))
    if typed.max_reply_tokens is not None:
        wanted = replace(wanted, max_reply_tokens=_value(typed.max_reply_tokens))
    if typed.think is not None:
        wanted = replace(wanted, think={"on": True, "off": False, _NOTHING: None}[typed.think])
    if typed.model == _NOTHING and typed.server is None:
        return replace(wanted, model=None)
    if typed.model is None and typed.server is not None:
        raise InvalidInput("model", "Which model of that server?", "Name it with --model.")
    if typed.model is not None:
        choice = workspace.models.choose(typed.model, typed.server, becomes_default=False)
        wanted = replace(wanted, model=choice)
    return wanted


def _value(typed: Any) -> Any:
    return None if typed == _NOTHING else typed


def _optional(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return what reads a number, or the word for none."""

    def read(typed: str) -> Any:
        if typed == _NOTHING:
            return _NOTHING
        value = kind(typed)
        if not math.isfinite(value):
            raise ValueError
        return value

    read.__name__ = "number"
    return read


def version_number(typed: str) -> int:
    """Return the number of "3" or "v3"."""
    return int(typed.removeprefix("v"))


version_number.__name__ = "version"
