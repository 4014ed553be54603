"""Counts prompts with llama.cpp's server, exactly: what a count is asked for, and when it may be asked.

`POST /v1/chat/completions/input_tokens` fills the chat template and counts, if it is given what the chat
would be given. It loads and wakes models like every POST; `/v1/models` and `/props` do neither (llama.cpp,
tools/server/README.md).
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from forllm_desktop.llm.backend import BackendError, Message, Think
from forllm_desktop.llm.fields import count_in, object_in, objects_in, text_in
from forllm_desktop.llm.transport import Transport

COUNT_PATH = "/v1/chat/completions/input_tokens"


def turns(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Return the messages as they are sent."""
    return [{"role": message["role"], "content": message["content"]} for message in messages]


def template_options(think: Think) -> dict[str, Any]:
    """Return what decides how the chat template is filled."""
    options: dict[str, Any] = {"chat_template_kwargs": {"enable_thinking": think is not Think.OFF}}
    if think in (Think.LOW, Think.MEDIUM, Think.HIGH):
        options["reasoning_effort"] = think.value
    return options


def count_body(model: str, messages: Sequence[Message], think: Think) -> dict[str, Any]:
    """Return the body of a count that is of exactly what a chat with these would send."""
    return {"model": model, "messages": turns(messages), **template_options(think)}


def status_of(entry: dict[str, Any]) -> str | None:
    """Return what a router says of a model ("unloaded", "loading", "loaded", "sleeping"); None elsewhere."""
    return text_in(object_in(entry.get("status")).get("value"))


def props_path(routed_model: str | None) -> str:
    """Return the path of a model's properties, in a router so that it is not loaded for the answer."""
    return "/props" if routed_model is None else f"/props?{_routed(routed_model)}"


async def count_if_awake(
    transport: Transport, model: str, messages: Sequence[Message], think: Think
) -> int | None:
    """Count a prompt with a model that is in memory and awake; None where it is not, or cannot count.

    Nothing is loaded or woken for it, save for a model that falls asleep within these milliseconds.
    """
    try:
        answer = await transport.ask("GET", "/v1/models")
        is_router, is_loaded = _found(objects_in(answer.get("data")), model)
        if not is_loaded:
            return None
        props = await transport.ask("GET", props_path(model if is_router else None))
        if props.get("is_sleeping") is True:
            return None
        path = f"{COUNT_PATH}?autoload=false" if is_router else COUNT_PATH
        counted = await transport.ask("POST", path, count_body(model, messages, think))
    except BackendError:
        return None
    return count_in(counted.get("input_tokens"))


def _found(entries: list[dict[str, Any]], model: str) -> tuple[bool, bool]:
    """Say whether a server is a router, and whether the model can answer without being loaded.

    A server that is none answers with the one model that it has, whatever name it is given.
    """
    is_router = any(status_of(entry) is not None for entry in entries)
    if not is_router:
        return False, bool(entries)
    return True, any(status_of(entry) == "loaded" for entry in entries if _is_called(entry, model))


def _is_called(entry: dict[str, Any], model: str) -> bool:
    aliases = entry.get("aliases")
    return entry.get("id") == model or (isinstance(aliases, list) and model in aliases)


def _routed(model: str) -> str:
    return f"model={quote(model, safe='')}&autoload=false"
