"""Assembles the messages of one request from a persona and the posts it answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from forllm_desktop.llm.backend import BackendError, ErrorKind, Message
from forllm_desktop.prompting.templates import fill, template

ANSWER_SHARE = 4
"""One part in this many of the window is kept free for the answer."""


@dataclass(frozen=True)
class Turn:
    """One post as it enters a prompt; `is_own` marks posts of the persona that answers."""

    speaker: str
    text: str
    is_own: bool = False
    post_id: int | None = None


@dataclass(frozen=True)
class Part:
    """A stretch of the prompt by its source (see `domain.xray`); `label` says what it is.

    `place` is the index of the message of the prompt that it is in, -1 when it is empty.
    """

    source: str
    message: Message
    label: str = ""
    post_id: int | None = None
    place: int = -1


@dataclass(frozen=True)
class Prompt:
    """The messages to send, and the stretches they were made of."""

    messages: list[Message]
    parts: list[Part]


def assemble(
    instructions: str, history: Sequence[Turn], question: Turn, *, system_role: bool, persona: str = ""
) -> Prompt:
    """Make the messages: the persona, the earlier turns oldest first, the question last and whole.

    Only the answering persona's own earlier posts are assistant turns; everyone else is named. The first
    turn after the persona and the last turn are user turns, also where the persona wrote them itself:
    templates refuse another beginning, and models would continue an assistant turn instead of answering.
    Neighbours of one role become one turn. Without a `system_role` in the model's template the persona's
    text opens the first user turn.
    """
    parts = [Part("persona", _message("system" if system_role else "user", instructions), persona)]
    for turn in history:
        message = _own(turn) if turn.is_own and len(parts) > 1 else _named(turn)
        parts.append(Part("thread", message, turn.speaker, turn.post_id))
    parts.append(Part("post", _named(question), question.speaker, question.post_id))
    return _merged(parts)


def window(trained: int | None, allocated: int | None, wanted: int) -> int:
    """Return the context window to use, in tokens: the smallest of what is known and what is wanted."""
    return min(size for size in (trained, allocated, wanted) if size)


def require_fit(n_prompt: int, ctx: int, *, is_exact: bool) -> None:
    """Raise CONTEXT_EXCEEDED, before anything is sent, when prompt and answer do not both fit (tokens)."""
    limit = ctx - ctx // ANSWER_SHARE
    if n_prompt <= limit:
        return
    count = f"{n_prompt:,}" if is_exact else f"about {n_prompt:,}"
    raise BackendError(
        ErrorKind.CONTEXT_EXCEEDED,
        "The prompt is too long",
        f"It has {count} tokens; {limit:,} fit, because the context window has {ctx:,} and {ctx - limit:,} "
        "of them are kept for the answer. Shorten the post, ask in a shorter thread, or widen the window.",
        n_prompt=n_prompt,
        n_ctx=ctx,
    )


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def _own(turn: Turn) -> Message:
    return _message("assistant", turn.text)


def _named(turn: Turn) -> Message:
    return _message("user", fill(template("reply/named_turn"), speaker=turn.speaker, text=turn.text))


def _merged(parts: list[Part]) -> Prompt:
    """Join neighbours of one role, and say of each part which message it is in."""
    messages: list[Message] = []
    placed = []
    for part in parts:
        role, text = part.message["role"], part.message["content"]
        if text.strip():
            if messages and messages[-1]["role"] == role:
                messages[-1] = _message(role, f"{messages[-1]['content']}\n\n{text}")
            else:
                messages.append(dict(part.message))
            part = replace(part, place=len(messages) - 1)
        placed.append(part)
    return Prompt(messages, placed)
