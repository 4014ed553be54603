"""Reads the bodies that servers explain their errors with."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MODEL_NAME = re.compile(r"model [`'\"]([^`'\"]{1,200})[`'\"]")
_WINDOWS = (
    re.compile(r"request \((?P<prompt>\d+) tokens\) exceeds the available context size \((?P<ctx>\d+)"),
    re.compile(r"context length is (?P<ctx>\d+) tokens.*?\((?P<prompt>\d+) in the messages", re.DOTALL),
    re.compile(r"context length is (?P<ctx>\d+) tokens.*?(?P<prompt>\d+) (?:input )?tokens", re.DOTALL),
    re.compile(r"first (?P<prompt>\d+) tokens.*?context (?:length|size|window)\D*(?P<ctx>\d+)", re.DOTALL),
    re.compile(r"context (?:length|size|window)\D{0,20}(?P<ctx>\d+)"),
)


@dataclass(frozen=True)
class Said:
    """What a body contains: its words, and the fields beside them. `model` is a name found in the words."""

    text: str = ""
    type: str = ""
    code: int = 0
    model: str = ""
    fields: Mapping[str, Any] | None = None
    is_html: bool = False
    is_error: bool = False

    @property
    def is_blank(self) -> bool:
        return not self.text and self.fields is None


def read_error(body: bytes | str, depth: int = 0) -> Said:
    """Read a body of any shape.

    An error text may hold the whole answer of a server behind this one, as Ollama's does, so JSON inside it
    is read too, `depth` 3 at most.
    """
    text = (body.decode("utf-8", "replace") if isinstance(body, bytes) else body).strip()
    value = _json(text)
    if isinstance(value, dict):
        said = _read_object(value)
    else:
        start = text[:200].lower()
        is_html = start.startswith(("<!doctype", "<html", "<head", "<body", "<?xml"))
        said = Said(text=text, is_html=is_html, model=_model_in(text))
    brace = said.text.find("{")
    if brace >= 0 and depth < 3 and isinstance(_json(said.text[brace:]), dict):
        inner = read_error(said.text[brace:], depth + 1)
        if inner.is_error:
            return inner
    return said


def window_numbers(said: Said) -> tuple[int | None, int | None]:
    """Return the tokens of prompt and window that an overflow error names; None where it does not."""
    fields = said.fields or {}
    n_prompt, n_ctx = fields.get("n_prompt_tokens"), fields.get("n_ctx")
    if isinstance(n_prompt, int) or isinstance(n_ctx, int):
        return (n_prompt if isinstance(n_prompt, int) else None, n_ctx if isinstance(n_ctx, int) else None)
    found = next((match for pattern in _WINDOWS if (match := pattern.search(said.text))), None)
    numbers = found.groupdict() if found else {}
    return (_number(numbers.get("prompt")), _number(numbers.get("ctx")))


def _read_object(value: dict[str, Any]) -> Said:
    error = value.get("error", value.get("detail", value.get("message")))
    fields = error if isinstance(error, dict) else value
    words = error
    if isinstance(error, dict):
        words = error.get("message", error.get("error", json.dumps(error)))
    text = words if isinstance(words, str) else json.dumps(words) if words is not None else ""
    code = fields.get("code")
    kind = fields.get("type")
    return Said(
        text=text.strip(),
        type=kind if isinstance(kind, str) else "",
        code=code if isinstance(code, int) and 400 <= code < 600 else 0,
        model=_model_in(text),
        fields=fields,
        is_error=error is not None,
    )


def _number(digits: str | None) -> int | None:
    return int(digits) if digits and len(digits) < 12 else None


def _model_in(text: str) -> str:
    match = _MODEL_NAME.search(text)
    return match.group(1) if match else ""


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        return None
