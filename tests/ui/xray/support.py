"""Makes X-rays as the service returns them."""

from dataclasses import replace

from forllm_desktop.domain.xray import LeftOut, Reason, Xray, XrayPart


def a_part(text: str, source: str = "thread", role: str = "user", label: str = "Jonas", **fields) -> XrayPart:
    """Return a part with a size of a quarter of its characters."""
    return XrayPart(source, role, label, text, fields.pop("tokens", len(text) // 4 + 1), **fields)


def an_xray(*parts: XrayPart, left_out: tuple[LeftOut, ...] = (), **fields) -> Xray:
    """Return a prompt of these parts, each a message of its own."""
    placed = tuple(replace(part, message=at) for at, part in enumerate(parts))
    messages = tuple({"role": part.role, "content": part.text} for part in placed)
    total = fields.pop("total", sum(part.tokens for part in placed))
    window, answer = fields.pop("window", 16_384), fields.pop("answer", 4_096)
    return Xray(messages, placed, left_out, total, window, answer, **fields)


def a_prompt(**fields) -> Xray:
    """Return a small prompt with a part of every source and two posts left out."""
    return an_xray(
        a_part("You are Ada, a patient physics tutor.", "persona", "system", "Ada"),
        a_part("From other threads here. Skeptic: Is precession the same thing?", "other", label="Skeptic"),
        a_part("Why does gravity not just tip a spinning top over?", post_id=11, is_pinned=True),
        a_part("Gravity does pull it over, with a torque.", role="assistant", label="Ada", post_id=12),
        a_part("mass 80 g, radius 25 mm", "files", label="notes.md"),
        a_part("And if I spin it half as fast?", "post", post_id=13),
        left_out=(
            LeftOut("thread", "Jonas", 400, Reason.NO_ROOM, 5),
            LeftOut("other", "Skeptic", 120, Reason.BY_HAND, 6),
        ),
        **fields,
    )


def a_long_prompt(messages: int = 200, characters: int = 1_000_000) -> Xray:
    """Return a prompt of many messages, a long text in all."""
    line = "The quick brown fox jumps over the lazy dog, and nobody is in the least surprised.\n"
    text = line * (characters // messages // len(line))
    persona = a_part("You are Ada.", "persona", "system", "Ada")
    posts = [
        a_part(f"{at}. {text}", role="assistant" if at % 2 else "user", post_id=at + 1)
        for at in range(messages)
    ]
    return an_xray(persona, *posts, a_part("And now?", "post"), window=1_000_000)
