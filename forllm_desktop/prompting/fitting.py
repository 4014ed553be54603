"""Decides which posts have room in a prompt: whole posts, the newest first, within what the answer leaves."""

import math
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from forllm_desktop.domain.context import ContextOptions, answer_room
from forllm_desktop.domain.xray import LeftOut, Reason, XrayPart
from forllm_desktop.llm.backend import BackendError, ErrorKind, Message, TokenCount
from forllm_desktop.prompting.material import Material, Missing, Turn
from forllm_desktop.prompting.prompt import Prompt, SizedPrompt, assemble, named, turn_messages

DROPS = 5
"""How many things that could go are named when a prompt is too long."""

Count = Callable[[Sequence[Message]], Awaitable[TokenCount]]


class Estimates(Protocol):
    """What a model's tokens are estimated by; more text never has fewer."""

    def text(self, text: str, /) -> int: ...

    def messages(self, messages: Sequence[Message], /) -> int: ...


@dataclass(frozen=True)
class Budget:
    """The room of one prompt, in tokens; `share` is what of it other threads may take, in percent."""

    window: int
    answer: int
    share: int

    @classmethod
    def of(cls, window: int, options: ContextOptions, longest: int | None = None) -> "Budget":
        """Return the budget in a place, for a persona whose answers have at most `longest` tokens."""
        return cls(window, answer_room(window, options.answer_tokens, longest), options.ambient_share)

    @property
    def room(self) -> int:
        """What the whole prompt may have."""
        return self.window - self.answer


def compose(material: Material, budget: Budget, estimates: Estimates, *, system_role: bool) -> SizedPrompt:
    """Return the largest prompt that has room by estimates, or the fixed part alone where even that has none.

    A larger window never loses a post.
    """
    found = _Fit(material, budget, estimates, system_role)
    return found.prompt(max(0, _driven(found)), None)


async def fitted(
    material: Material, budget: Budget, estimates: Estimates, count: Count, *, system_role: bool
) -> SizedPrompt:
    """Return the prompt as `compose`, by exact counts where `count` makes them.

    A handful of counts is made: mostly two, never more than twice the logarithm of the number of posts.
    """
    found = _Fit(material, budget, estimates, system_role)
    best = _driven(found)
    counts: dict[int, TokenCount] = {}
    search = _largest(len(found.entries), max(0, best))
    try:
        at = next(search)
        while True:
            counts[at] = await count(found.messages(at))
            if not counts[at].is_exact:
                break  # An estimate again: the one above already knows what has room.
            at = search.send(found.has_room(at, counts[at].value))
    except StopIteration as end:
        best = end.value
    return found.prompt(max(0, best), counts.get(max(0, best)))


def with_numbers(
    prompt: Prompt,
    count: TokenCount,
    answer: int,
    estimates: Estimates,
    left_out: tuple[LeftOut, ...] = (),
) -> SizedPrompt:
    """Return a prompt with its size and the room for the answer; the parts share the size by estimates."""
    shares = split(count.value, [estimates.text(part.text) for part in prompt.parts])
    parts = [replace(part, tokens=share) for part, share in zip(prompt.parts, shares, strict=True)]
    return SizedPrompt(prompt.messages, parts, left_out, count, answer)


def require_fit(prompt: SizedPrompt, window: int) -> None:
    """Raise CONTEXT_EXCEEDED, before anything is sent, when prompt and answer do not both fit (tokens)."""
    if not prompt.fits(window):
        raise BackendError(
            ErrorKind.CONTEXT_EXCEEDED,
            "The prompt is too long",
            f"{too_many(prompt.count, window, prompt.answer)}. "
            f"{too_long(prompt.parts, prompt.count, window, prompt.answer)}",
            n_prompt=prompt.count.value,
            n_ctx=window,
        )


def too_many(count: TokenCount, window: int, answer: int) -> str:
    """Say how many tokens a prompt has too many beside its answer."""
    return f"{'' if count.is_exact else 'About '}{count.value + answer - window:,} tokens too many"


def too_long(parts: Sequence[XrayPart], count: TokenCount, window: int, answer: int) -> str:
    """Say why a prompt is too long that holds only what must be in it, and what could be dropped."""
    about = "" if count.is_exact else "about "
    drops = sorted((part for part in parts if part.tokens), key=lambda part: -part.tokens)[:DROPS]
    return (
        f"What must be sent has {about}{count.value:,} tokens, and {max(0, window - answer):,} fit, because "
        f"the context window has {window:,} and {answer:,} of them are kept for the answer. What could go: "
        f"{'; '.join(map(_drop, drops))}. Or choose a larger window."
    )


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide a number into whole parts in the ratio of weights; their sum is the number."""
    whole = sum(weights) or 1
    parts, seen, given = [], 0, 0
    for weight in weights:
        seen += weight
        parts.append(total * seen // whole - given)
        given += parts[-1]
    return parts


@dataclass(frozen=True)
class _Entry:
    """A post that enters when the room is at least `price` tokens, of which it takes `tokens`."""

    price: float
    source: str
    turn: Turn
    tokens: int


class _Fit:
    """The prompts that can be made of a material, from the fixed part alone to everything.

    Each post has a price, the room from which on it enters. So there is one order in which posts enter, the
    same for every window, and a prompt takes as many of them as fit: that is why a larger one loses nothing.
    """

    def __init__(self, material: Material, budget: Budget, estimates: Estimates, system_role: bool) -> None:
        self.material = material
        self.budget = budget
        self.estimates = estimates
        self.system_role = system_role
        self.entries = _entries(material, budget.share, estimates)
        names = {named(turn, "") for turn in material.thread if turn.is_own}
        # No token is shorter than a byte.
        self._name = max((max(estimates.text(name), len(name.encode())) for name in names), default=0)
        self._assembled: dict[int, Prompt] = {}
        self._sizes: dict[int, int] = {}

    @property
    def guess(self) -> int:
        """About how many posts have room: the tokens that they have by themselves say it."""
        left = self.budget.room - self.size(0)
        for number, entry in enumerate(self.entries):
            left -= entry.tokens
            if left < 0:
                return number
        return len(self.entries)

    def has_room(self, n_entries: int, tokens: int) -> bool:
        """Say whether the prompt with so many posts, and so many tokens, has room."""
        # The first post of the thread is named also where the persona wrote it. It loses the name again when
        # an older one enters; with that much kept free no larger prompt is smaller.
        thread = self._taken(n_entries).thread
        is_named_later = any(turn.is_own for turn in thread) and not thread[0].is_own
        return tokens + (self._name if is_named_later else 0) <= self.budget.room

    def assembled(self, n_entries: int) -> Prompt:
        """Return the prompt with so many posts beside what is fixed."""
        if n_entries not in self._assembled:
            taken = self._taken(n_entries)
            self._assembled[n_entries] = assemble(taken, system_role=self.system_role)
        return self._assembled[n_entries]

    def messages(self, n_entries: int) -> list[Message]:
        return self.assembled(n_entries).messages

    def size(self, n_entries: int) -> int:
        """Estimate the tokens of that prompt; each is looked at once, because texts may be long."""
        if n_entries not in self._sizes:
            self._sizes[n_entries] = self.estimates.messages(self.messages(n_entries))
        return self._sizes[n_entries]

    def prompt(self, n_entries: int, count: TokenCount | None) -> SizedPrompt:
        """Return that prompt with its numbers; an estimate stands for a count that was not made."""
        made = self.assembled(n_entries)
        count = count or TokenCount(self.size(n_entries), is_exact=False)
        return with_numbers(made, count, self.budget.answer, self.estimates, self._left_out(n_entries))

    def _taken(self, n_entries: int) -> Material:
        """Return the material with so many posts beside what is fixed."""
        taken = {id(entry.turn) for entry in self.entries[:n_entries]}
        return replace(
            self.material,
            thread=[turn for turn in self.material.thread if turn.is_pinned or id(turn) in taken],
            branches=[turn for turn in self.material.branches if id(turn) in taken],
            topics=[turn for turn in self.material.topics if id(turn) in taken],
        )

    def _left_out(self, n_entries: int) -> tuple[LeftOut, ...]:
        without_room = {id(entry.turn): entry for entry in self.entries[n_entries:]}
        turns = [*self.material.topics, *self.material.branches, *self.material.thread]
        left = [without_room[id(turn)] for turn in turns if id(turn) in without_room]
        return (
            *(LeftOut(e.source, e.turn.label, e.tokens, Reason.NO_ROOM, e.turn.post_id) for e in left),
            *(self._missing(one) for one in self.material.missing),
        )

    def _missing(self, one: Missing) -> LeftOut:
        if one.turn is None:
            return LeftOut(one.source, one.words, 0, one.reason)
        tokens = self.estimates.messages(turn_messages(one.turn))
        return LeftOut(one.source, one.turn.label, tokens, one.reason, one.turn.post_id)


def _entries(material: Material, share: int, estimates: Estimates) -> list[_Entry]:
    """Return the posts that may enter in the order in which they do.

    Of the room R other threads may take share * R, and what the thread leaves; the thread may take the rest
    of R, and what they leave. The smallest R by which a post enters, together with all newer ones of its
    kind, is their tokens divided by the share of the kind. First posts of other topics come after all
    branches.
    """
    thread = [turn for turn in material.thread[::-1] if not turn.is_pinned]
    other = [*material.branches[::-1], *material.topics[::-1]]
    # Sorting keeps the order of equals, and the prices of one kind never fall.
    return sorted(
        [*_priced(thread, "thread", 100 - share, estimates), *_priced(other, "other", share, estimates)],
        key=lambda entry: entry.price,
    )


def _priced(turns: Sequence[Turn], source: str, share: int, estimates: Estimates) -> Iterator[_Entry]:
    together = 0
    for turn in turns:
        tokens = estimates.messages(turn_messages(turn))
        together += tokens
        yield _Entry(together / share if share else math.inf, source, turn, tokens)


def _driven(fit: _Fit) -> int:
    """Return how many posts have room by estimates; -1 when the fixed part has none."""
    search = _largest(len(fit.entries), fit.guess)
    try:
        at = next(search)
        while True:
            at = search.send(fit.has_room(at, fit.size(at)))
    except StopIteration as end:
        return end.value


def _largest(most: int, guess: int) -> Generator[int, bool, int]:
    """Find the largest number up to `most` that has room; -1 when none has.

    Yields the numbers it needs to know of, beginning with `guess`, and returns the result. What has room
    must have it for all smaller numbers. Steps of 1, 2, 4, ... lead away from the guess; what is left then
    is halved.
    """
    fits, fails = -1, most + 1
    at, step = guess, 1
    while fits + 1 < fails:
        if (yield at):
            fits = at
        else:
            fails = at
        if fails > most:
            at = min(fits + step, most)
        elif fits < 0:
            at = max(fails - step, 0)
        else:
            at = (fits + fails) // 2
        step *= 2
    return fits


def _drop(part: XrayPart) -> str:
    if part.source == "files":
        words = f"take off the file “{part.label}”"
    elif part.is_pinned:
        words = f"unpin the post of {part.label}"
    elif part.source == "post":
        words = "shorten the post"
    else:
        words = f"shorten the persona {part.label}".rstrip()
    return f"{words} ({part.tokens:,})"
