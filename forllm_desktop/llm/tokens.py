"""Estimates how many tokens a text has, where the server cannot count."""

from collections.abc import Sequence

from forllm_desktop.llm.backend import ChatRequest, Message

CHARACTERS_PER_TOKEN = 3
"""English has about four; three leaves room for other languages and for code."""

TOKENS_PER_MESSAGE = 6
"""What a chat template puts around one turn: markers, role and line breaks; ChatML needs five."""

SHORTENED_EXACT = 0.6
"""Of an exact count: a server that cuts the middle out keeps about half, templates differ by few percent."""

SHORTENED_ESTIMATED = 0.4
"""Of an estimate: plain English has up to 4.8 characters a token, which is 0.62 of what is estimated here."""

SHORTENED_LEAST = 256
"""Tokens an estimate needs to be compared at all; below, the template's own text decides the ratio."""


def estimate_tokens(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a whole prompt, the template's own included."""
    return sum(estimate_text(message["content"]) + TOKENS_PER_MESSAGE for message in messages)


def estimate_text(text: str) -> int:
    """Estimate the tokens of a text, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def reply_bound(request: ChatRequest) -> int:
    """Return the tokens the reply may have: what was asked for, within what the prompt leaves, at least 1."""
    return max(1, min(request.max_tokens, request.ctx - request.n_prompt_estimate))


def was_shortened(request: ChatRequest, reported: int | None) -> bool:
    """Say whether a server read far fewer tokens than were sent; `reported` is its own count."""
    if reported is None:
        return False
    ours = request.n_prompt_estimate
    if request.is_exact_count:
        return reported < SHORTENED_EXACT * ours
    return ours >= SHORTENED_LEAST and reported < SHORTENED_ESTIMATED * ours
