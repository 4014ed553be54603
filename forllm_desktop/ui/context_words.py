"""The words for what is sent to a model: how the room in its window is shared out."""

from forllm_desktop.domain.context import answer_room
from forllm_desktop.domain.settings import Settings


def context_sentence(options: Settings) -> str:
    """Say with numbers what the options of the section Context do together."""
    window = options.context_window
    answer = answer_room(window, options.answer_tokens)
    rest = window - answer
    sentences = [
        f"Of {window:,} tokens {answer:,} are kept for the answer.",
        f"The persona, the answered post and its files come first; the posts before it share what is left of "
        f"{rest:,}.",
    ]
    if not has_others(options):
        sentences.append("Nothing of other threads is sent.")
    elif options.ambient_share:
        most = rest * options.ambient_share // 100
        sentences.append(
            f"Other threads take at most {options.ambient_share} % of that, up to {most:,} tokens, where the "
            "thread needs the room too."
        )
    else:
        sentences.append("Other threads take only what the thread leaves free.")
    return " ".join(sentences)


def has_others(options: Settings) -> bool:
    """Say whether anything of other threads can be sent at all."""
    return bool(options.ambient_posts and options.ambient_posts_per_branch) or bool(options.ambient_topics)
