"""What the size of a prompt means: which window, how long a reply, and whether all of it was read."""

from forllm_desktop.llm.backend import ChatRequest

EXACT_SHARE, EXACT_TOKENS = 0.02, 8
"""How much less than our exact count a server may report."""
ESTIMATED_SHARE = 0.6
"""What a server reports at least of an estimate of which nothing else is known."""
NEVER_CUT = 256
"""Tokens by our estimate that fit into any window."""
WINDOWS = tuple(2**exponent for exponent in range(11, 18))
"""Windows that servers have by default, in tokens."""

SMALLEST_BUCKET = 4096


def bucket(needed: int, most: int, last: int | None, loaded: int | None) -> int:
    """Return the window to ask Ollama for, in tokens, so that it loads a model as seldom as can be.

    It is the smallest of 4,096, 8,192, 16,384, ... that holds `needed`, never less than it was `last` or than
    the model has in memory (`loaded`), and never above `most`, which it is when no step below is enough.
    """
    loaded = loaded if loaded is not None and loaded <= most else 0
    floor = max(needed, min(last or 0, most), loaded)
    if floor == loaded:
        return loaded
    size = SMALLEST_BUCKET
    while size < floor:
        size *= 2
    return min(size, most)


def reply_bound(request: ChatRequest) -> int:
    """Return the tokens the reply may have: what was asked for, within what the prompt leaves, at least 1."""
    return max(1, min(request.max_tokens, request.ctx - request.n_prompt_estimate))


def was_shortened(request: ChatRequest, reported: int | None) -> bool:
    """Say whether a server read fewer tokens than were sent; `reported` is its own count.

    Against an exact count this is certain. An estimate can be off: then the count must be one that a whole
    prompt cannot have, as far as is known of the model, or one that is too low and at the same time exactly
    what servers leave of a prompt they cut. What a model that was never asked before leaves undecided: a cut
    of less than about a third, because tokenizers differ by as much.
    """
    if reported is None:
        return False
    ours = request.n_prompt_estimate
    if request.is_exact_count:
        return ours - reported > max(EXACT_TOKENS, EXACT_SHARE * ours)
    if ours < NEVER_CUT:
        return False
    least = int(ESTIMATED_SHARE * ours) if request.n_prompt_least is None else request.n_prompt_least
    if reported < least:
        return True
    return reported < (ours + least) / 2 and is_size_of_a_cut(reported, request.ctx)


def is_size_of_a_cut(tokens: int, ctx: int) -> bool:
    """Say whether Ollama leaves so many tokens of a prompt that was too long for some usual window.

    It keeps half of the window and two tokens (ollama #17427), others fill the window.
    """
    windows = {ctx, *WINDOWS}
    return any(abs(tokens - (window // 2 + 2)) <= 1 or 0 <= window - tokens <= 1 for window in windows)
