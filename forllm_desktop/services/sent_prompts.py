"""Keeps a prompt as it was sent with its request, and makes an X-ray of it again."""

from typing import Any

from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.xray import SOURCES, LeftOut, Reason, Xray, XrayPart
from forllm_desktop.llm.tokens import estimate_tokens
from forllm_desktop.prompting.fitting import split
from forllm_desktop.prompting.prompt import BETWEEN, SizedPrompt


def breakdown(prompt: SizedPrompt, window: int) -> dict[str, Any]:
    """Return the tokens by source as they are stored with a request."""
    sizes = dict.fromkeys(SOURCES, 0)
    for part in prompt.parts:
        sizes[part.source] += part.tokens
    return {
        **sizes,
        "total": prompt.count.value,
        "is_exact": prompt.count.is_exact,
        "answer": prompt.answer,
        "window": window,
    }


def stored_parts(prompt: SizedPrompt) -> dict[str, Any]:
    """Return what each stretch of a prompt is and what was left out, as it is stored with a request.

    The texts are in the messages already: only their lengths (characters) are kept.
    """
    return {
        "parts": [
            {
                "source": part.source,
                "label": part.label,
                "tokens": part.tokens,
                "length": len(part.text),
                "message": part.message,
                "post": part.post_id,
                "pinned": part.is_pinned,
            }
            for part in prompt.parts
        ],
        "left_out": [
            {
                "source": left.source,
                "label": left.label,
                "tokens": left.tokens,
                "reason": left.reason.value,
                "post": left.post_id,
            }
            for left in prompt.left_out
        ],
    }


def sent_xray(job: Job, error: float | None = None) -> Xray | None:
    """Return the prompt that a request sent; None when it has sent none.

    Of a request that an earlier version sent only the messages are known. `error` is how far the estimates
    of its model are off.
    """
    if not job.prompt:
        return None
    numbers, metrics, kept = job.token_breakdown or {}, job.metrics or {}, job.prompt_parts or {}
    total, window = numbers.get("total") or estimate_tokens(job.prompt), numbers.get("window", 0)
    is_exact = bool(numbers.get("is_exact"))
    parts = _parts(job.prompt, kept["parts"]) if "parts" in kept else _old_parts(job.prompt, total)
    return Xray(
        messages=tuple(job.prompt),
        parts=parts,
        left_out=tuple(
            LeftOut(left["source"], left["label"], left["tokens"], Reason(left["reason"]), left["post"])
            for left in kept.get("left_out", ())
        ),
        total=total,
        window=window,
        answer=numbers.get("answer", 0),
        is_exact=is_exact,
        error=None if is_exact else error,
        # One that has no room is kept too, to be looked at, but never sent.
        is_sent=not window or total + numbers.get("answer", 0) <= window,
        reported=metrics.get("prompt_tokens"),
        is_shortened=bool(metrics.get("prompt_shortened")),
    )


def _parts(messages: list[dict[str, str]], kept: list[dict[str, Any]]) -> tuple[XrayPart, ...]:
    """Cut the messages into their parts again."""
    parts, places = [], [0] * len(messages)
    for one in kept:
        index, text, role = one["message"], "", "user"
        if 0 <= index < len(messages):
            start = places[index]
            text = messages[index]["content"][start : start + one["length"]]
            places[index] = start + one["length"] + len(BETWEEN)
            role = messages[index]["role"]
        what = (one["source"], role, one["label"])
        parts.append(XrayPart(*what, text, one["tokens"], one["post"], index, one["pinned"]))
    return tuple(parts)


def _old_parts(messages: list[dict[str, str]], total: int) -> tuple[XrayPart, ...]:
    tokens = split(total, [estimate_tokens([message]) for message in messages])
    last = len(messages) - 1
    return tuple(
        XrayPart(
            "persona" if message["role"] == "system" else "post" if index == last else "thread",
            message["role"],
            "",
            message["content"],
            tokens[index],
            message=index,
        )
        for index, message in enumerate(messages)
    )
