"""Takes away what a model puts around its answer: thoughts, chat marks, code fences, endless repetition."""

import re
from collections.abc import Callable, Sequence
from itertools import islice

_THOUGHT_TAG = re.compile(
    r"<(?P<close>/?)(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad)>"
    r"|^(?P<began>Thinking\.\.\.)$|^\.\.\.done thinking\.$",
    re.IGNORECASE | re.MULTILINE,
)
_FINAL_CHANNEL = re.compile(r"<\|channel\|>\s?final\s?<\|message\|>")
_CHAT_MARK = re.compile(
    r"<\|im_start\|>[ \t]{0,3}(?:assistant|system)?"
    r"|<\|(?:start_header_id|start)\|>[ \t]{0,3}\w{0,20}[ \t]{0,3}"
    r"<\|(?:end_header_id|message)\|>|<\|[\w ]{1,40}\|>|</?s>|\[/?INST\]|<</?SYS>>"
    r"|<start_of_turn>[ \t]{0,3}(?:model)?|<end_of_turn>|</?(?:bos|eos)>"
    r"|^#{2,4} (?:Response|Assistant|Output):?[ \t]*$",
    re.MULTILINE,
)
_NEXT_TURN = re.compile(
    r"<\|im_start\|>[ \t]{0,3}user|<\|start_header_id\|>[ \t]{0,3}user|<start_of_turn>[ \t]{0,3}user|\[INST\]"
    r"|^#{2,4} (?:Instruction|User|Human|Input)s?:?[ \t]*$",
    re.MULTILINE,
)
_FENCE = re.compile(r"\s{0,12}(?P<marks>`{3,}|~{3,})[ \t]{0,3}(?P<language>[\w+#.-]{0,20})[ \t]*")
_PROSE = frozenset(
    ("", "markdown", "md", "text", "txt", "plaintext", "plain", "json", "yaml", "yml", "html", "xml")
)
"""What is written behind a fence that holds the answer itself, not code within it."""
_NUMBER = re.compile(r"\s*(?:\(?\d{1,4}[.)]|[-*+•])\s+")

_OPENING = ("<t", "<T", "<r", "<R", "<s", "<S")
_MOST_TAGS = 16
"""How many tags of thoughts are taken for some; a model in a loop writes thousands."""
_REPEATS = 3
"""How often the same lines may follow each other before they count as a model caught in a loop."""
_LONGEST_LOOP = 60
"""Lines."""
_LONG_LINE, _LONGEST_PHRASE, _PHRASE_REPEATS = 240, 240, 4


def without_thoughts(text: str, headings_in: Callable[[str], int]) -> str:
    """Return a text without its thoughts, or with them where the answer stands inside.

    An open tag that is never closed may have the answer behind it, a closing one that was never opened ends
    a thought that the prompt began. `headings_in` counts the headings of an answer.
    """
    final = list(_FINAL_CHANNEL.finditer(text))
    if final and headings_in(text[final[-1].end() :]):
        text = text[final[-1].end() :]
    tags = list(islice(_THOUGHT_TAG.finditer(text), _MOST_TAGS))
    if not tags:
        return text
    kept: list[str] = []
    start, is_open = 0, False
    for tag in tags:
        before, opens = text[start : tag.start()], tag["began"] is not None or tag.group()[:2] in _OPENING
        if not is_open and (opens or headings_in(before) > headings_in(text[tag.end() :])):
            kept.append(before)
        elif not is_open:
            kept = []  # a thought that the prompt began
        start, is_open = tag.end(), opens
    said = "\n".join([*kept, text[start:]])
    is_answer = said.strip() and (headings_in(said) or not headings_in(text))
    return said if is_answer else _THOUGHT_TAG.sub("\n", text)


def without_chat_marks(text: str, headings_in: Callable[[str], int]) -> tuple[str, str]:
    """Return a text without the marks of a chat, and the turns that a model made up behind its answer."""
    after = ""
    for turn in islice(_NEXT_TURN.finditer(text), 8):
        told = headings_in(text[: turn.start()])
        if told and told >= headings_in(text[turn.end() :]):
            text, after = text[: turn.start()], text[turn.start() :]
            break
    return _CHAT_MARK.sub("", text), _CHAT_MARK.sub("", after).strip()


def without_fences(
    lines: Sequence[str], headings_in: Callable[[str], int]
) -> tuple[list[str], set[int], list[str]]:
    """Return lines without code fences, the numbers of those that are code, and what follows the answer.

    Code within the answer keeps its fence.
    """
    kept: list[str] = []
    code: set[int] = set()
    start, language = -1, ""
    answer_ends = -1
    for line in lines:
        fence = _FENCE.match(line)
        if fence is None or (fence.end() < len(line) and start >= 0):
            kept.append(line)
            continue
        if fence.end() < len(line):  # "```## Persona Name: Ada"
            kept.append(line[fence.end("marks") :])
        elif start < 0:
            start, language = len(kept), fence["language"].casefold()
            kept.append(line)
        else:
            inside = "\n".join(kept[start + 1 :])
            held = headings_in(inside) > (0 if language in _PROSE else 1)
            if held or language in _PROSE:
                del kept[start]
                answer_ends = len(kept) if held else answer_ends
            else:
                kept.append(line)
                code.update(range(start, len(kept)))
            start = -1
    if start >= 0:
        del kept[start]
    after: list[str] = []
    if answer_ends >= 0 and not headings_in("\n".join(kept[answer_ends:])):
        after = kept[answer_ends:]
        kept = kept[:answer_ends]
    return kept, {index for index in code if index < len(kept)}, after


def without_quote_marks(lines: list[str]) -> list[str]:
    """Return lines without the `>` in front where most of them have one."""
    for _ in range(4):
        said = sum(1 for line in lines if line.strip())
        if 2 * sum(line.lstrip().startswith(">") for line in lines) <= said:
            break
        lines = [
            line.lstrip().removeprefix(">").removeprefix(" ") if line.lstrip().startswith(">") else line
            for line in lines
        ]
    return lines


def without_loops(lines: Sequence[str]) -> list[str]:
    """Leave out lines, blocks of them and phrases within a line that repeat themselves again and again."""
    # Blank lines belong to the line above and make no difference.
    starts = [index for index, line in enumerate(lines) if line.strip()]
    keys = [_NUMBER.sub("", lines[index][:400]).strip() + lines[index][400:] for index in starts]
    ends = [*starts[1:], len(lines)]
    last: dict[str, int] = {}
    kept = list(lines[: starts[0]]) if starts else []
    place = 0
    while place < len(keys):
        size = place - last.get(keys[place], place)
        if 0 < size <= _LONGEST_LOOP:
            block, times = keys[place - size : place], 0
            while keys[place + times * size : place + (times + 1) * size] == block:
                times += 1
            if times >= _REPEATS - 1:
                place += times * size
                continue
        last[keys[place]] = place
        kept.append(_without_stutter(lines[starts[place]]))
        kept += lines[starts[place] + 1 : ends[place]]
        place += 1
    return kept


def _without_stutter(line: str) -> str:
    """Leave out the repetitions of a phrase that a line goes on with until it ends."""
    if len(line) < _LONG_LINE:
        return line
    for size in range(1, min(_LONGEST_PHRASE, len(line) // (_PHRASE_REPEATS + 1)) + 1):
        length = _PHRASE_REPEATS * size
        if line[-length:] != line[-length - size : -size]:
            continue
        start = _start_of_run(line, size)
        times = (len(line) - start) // size
        if len(line) - start >= _LONG_LINE // 2:
            return line[: start + size] + line[start + times * size :]
    return line


def _start_of_run(line: str, size: int) -> int:
    """Return where the repetition of the last `size` characters begins."""
    low, high = 0, len(line) - 5 * size
    while low < high:  # line[i:] repeats itself for all i from the start on
        middle = (low + high) // 2
        if line[middle + size :] == line[middle:-size]:
            high = middle
        else:
            low = middle + 1
    return low
