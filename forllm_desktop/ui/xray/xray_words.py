"""The sentences around a prompt: its size, how sure that is, what is wrong with it."""

from forllm_desktop.domain.xray import Xray
from forllm_desktop.ui import words


def total_words(xray: Xray) -> str:
    """Return how much of the window is used: "~6,705 of 16,384 tokens"."""
    about = "" if xray.is_exact else "~"
    # Of requests of earlier versions the window is not known.
    return f"{about}{xray.total:,}{f' of {xray.window:,}' if xray.window else ''} tokens"


def error_words(xray: Xray) -> str:
    """Return how far off the count may be; empty when that is not known."""
    if xray.error is None or xray.is_exact:
        return ""
    return f"± {max(1, round(xray.error * 100))} %"


def reported_words(xray: Xray) -> str:
    """Return what the server counted; empty before it has."""
    return f"read by the server: {xray.reported:,}" if xray.reported is not None else ""


def shortened_words(xray: Xray) -> str:
    """Say that the server read less than was sent, and what to do."""
    read = "" if xray.reported is None else f": it read {xray.reported:,} of about {xray.total:,} tokens"
    return (
        f"The server shortened the prompt{read}. Give the model a larger context window on the server, or "
        "send less: fewer posts of other threads, or posts left out by hand."
    )


def over_words(xray: Xray) -> str:
    """Say how much does not fit, and what to do."""
    about = "" if xray.is_exact else "About "
    return (
        f"{about}{words.counted(xray.over, 'token')} too many: this would not be sent. Leave posts or files "
        "out, keep less room for the answer, or choose a larger context window."
    )


def joined_words(xray: Xray) -> str:
    """Say that neighbours with the same role are one message; empty when each part is one."""
    parts = sum(bool(part.text.strip()) for part in xray.parts)
    if len(xray.messages) >= parts:
        return ""
    sent = words.counted(len(xray.messages), "message")
    return f"Sent as {sent}: neighbours with the same role are joined."
