"""Assembles the messages of one request from a persona and the posts it answers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forllm_desktop.domain.xray import LeftOut, XrayPart
from forllm_desktop.llm.backend import Message, TokenCount
from forllm_desktop.prompting.material import Material, Turn, TurnFile
from forllm_desktop.prompting.templates import fill, template

BETWEEN = "\n\n"
"""What stands between two parts of one message."""
_TICKS = re.compile(r"`{3,}")


@dataclass(frozen=True)
class Prompt:
    """The messages to send, and the stretches they were made of.

    The parts of a message, joined by `BETWEEN`, are its content.
    """

    messages: list[Message]
    parts: list[XrayPart]


@dataclass(frozen=True)
class SizedPrompt(Prompt):
    """A prompt with its numbers: the tokens of the whole, and the room that is kept for the answer.

    `left_out` had no room, or is not wanted. The tokens of the parts are those of the whole together.
    """

    left_out: tuple[LeftOut, ...]
    count: TokenCount
    answer: int

    def fits(self, window: int) -> bool:
        """Say whether prompt and answer have room beside each other in a window of so many tokens."""
        return self.count.value + self.answer <= window


def assemble(material: Material, *, system_role: bool) -> Prompt:
    """Make the messages of all of a material: the question last and whole, everything else before it.

    Only the answering persona's own earlier posts in the thread are assistant turns; everyone else is named.
    The first turn of the thread and the last turn are user turns, also where the persona wrote them itself:
    templates refuse another beginning, and models would continue an assistant turn instead of answering.
    Neighbours of one role become one turn. Without a `system_role` in the model's template the persona's
    text opens the first user turn.
    """
    # Servers keep what they read of the last prompt and go on from the first byte that differs. So what
    # changes least stands first: the persona, what was pinned beside the thread, the beginnings of other
    # topics, and the thread last, which grows at its end with every post. Other branches change more often
    # than the thread, but behind it they would part the question from what it answers; oldest first, a new
    # post of theirs still leaves all before it as it was. Nothing in front names a date, a count or an id.
    parts = [
        XrayPart("persona", "system" if system_role else "user", material.persona, material.instructions, 0)
    ]
    background = [
        *_section("reply/pinned", "thread", material.pinned),
        *_section("reply/other_topics", "other", material.topics),
        *_section("reply/other_branches", "other", material.branches),
    ]
    if background:
        end = background[-1]
        background[-1] = replace(end, text=f"{end.text}{BETWEEN}{template('reply/conversation')}")
    parts += background
    for place, turn in enumerate(material.thread):
        parts += _turn_parts(turn, "thread", "assistant" if turn.is_own and place else "user")
    parts += _turn_parts(material.question, "post", "user")
    return _merged(parts)


def plain_prompt(text: str) -> Prompt:
    """Return the prompt that is nothing but one text of the user."""
    return Prompt([_message("user", text)], [XrayPart("post", "user", "", text, 0, message=0)])


def turn_messages(turn: Turn) -> list[Message]:
    """Return a post with its files as the messages it would be by itself."""
    return _merged(_turn_parts(turn, "thread", "user")).messages


def named(turn: Turn, text: str | None = None) -> str:
    """Return a post with its author's name in front, and that of its topic where it is another one."""
    text = turn.text if text is None else text
    if turn.topic:
        return fill(
            template("reply/topic_turn"), speaker=_line(turn.speaker), topic=_line(turn.topic), text=text
        )
    return fill(template("reply/named_turn"), speaker=_line(turn.speaker), text=text)


def fenced(file: TurnFile) -> str:
    """Return a file between two fences that nothing in it can close, below its name and note."""
    longest = max((len(run) for run in _TICKS.findall(file.text)), default=2)
    values = {
        "name": _line(file.name),
        "text": re.sub(r"\r?\n\Z", "", file.text),
        "fence": "`" * (longest + 1),
    }
    if not file.note.strip():
        return fill(template("reply/file"), **values)
    return fill(template("reply/file_with_note"), note=_line(file.note), **values)


def window(trained: int | None, allocated: int | None, wanted: int) -> int:
    """Return the context window to use, in tokens: the smallest of what is known and what is wanted."""
    return min(size for size in (trained, allocated, wanted) if size)


def _section(heading: str, source: str, turns: Sequence[Turn]) -> list[XrayPart]:
    parts = [part for turn in turns for part in _turn_parts(turn, source, "user")]
    if parts:
        parts[0] = replace(parts[0], text=f"{template(heading)}{BETWEEN}{parts[0].text}")
    return parts


def _turn_parts(turn: Turn, source: str, role: str) -> list[XrayPart]:
    text = turn.text if role == "assistant" else named(turn)
    texts = [(source, turn.label, text), *(("files", file.name, fenced(file)) for file in turn.files)]
    return [
        XrayPart(what, role, label, part, 0, turn.post_id, is_pinned=turn.is_pinned)
        for what, label, part in texts
    ]


def _merged(parts: list[XrayPart]) -> Prompt:
    """Join neighbours of one role, and say of each part which message it is in."""
    joined: list[tuple[str, list[str]]] = []
    placed = []
    for part in parts:
        if part.text.strip():
            if not joined or joined[-1][0] != part.role:
                joined.append((part.role, []))
            joined[-1][1].append(part.text)
            part = replace(part, message=len(joined) - 1)
        placed.append(part)
    return Prompt([_message(role, BETWEEN.join(texts)) for role, texts in joined], placed)


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def _line(text: str) -> str:
    """Return a name as one line, so that it cannot look like anything else."""
    return " ".join(text.split())
