"""Cuts a server's bytes into lines and events, and its text into thoughts and reply; no I/O."""

import json
import re
from dataclasses import dataclass
from typing import Any

from forllm_desktop.llm.backend import (
    BackendError,
    Content,
    ContentWasThinking,
    ErrorKind,
    Thinking,
)

MAX_LINE = 16 * 1024 * 1024
"""Bytes a line may have; a longer one is no text of a model but a broken server."""

TextEvent = Thinking | Content | ContentWasThinking

_SURROGATES = re.compile("[\ud800-\udfff]")
_PAIRS = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_OPEN, _CLOSE = "<think>", "</think>"
_SPACE = " \t\r\n"
_QUOTES = "`'\"“‘\\"
_MAX_LEADING_SPACE = 256
_MOST_DIGITS = 40


class LineSplitter:
    """Cuts bytes into lines at the byte `\\n` alone; a `\\r` before it goes too.

    U+2028, U+2029 and U+0085 stay inside a line: llama.cpp sends them raw within JSON. Raises BackendError
    STREAM_BROKEN for a line longer than `MAX_LINE`.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes."""
        *complete, rest = chunk.split(b"\n")
        lines = []
        for part in complete:
            self._keep(part)
            lines.append(self._take())
        self._keep(rest)
        return lines

    def end(self) -> list[bytes]:
        """Return what is left as the last line, if anything is."""
        return [self._take()] if self._size else []

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > MAX_LINE:
            raise BackendError(
                ErrorKind.STREAM_BROKEN,
                "The server sent something that is no answer",
                f"A single line of the reply is longer than {MAX_LINE // 1024 // 1024} MB.",
            )
        if part:
            self._pieces.append(part)

    def _take(self) -> bytes:
        line = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return line.removesuffix(b"\r")


@dataclass(frozen=True)
class SseEvent:
    """One server-sent event. `is_error` marks the non-standard `error:` line of older llama-servers."""

    data: str
    is_error: bool = False


class SseEvents:
    """Reads a `text/event-stream`; comments, event names, ids and empty data are passed over."""

    def __init__(self) -> None:
        self._lines = LineSplitter()
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """Return the events that `chunk` completes."""
        return self._events(self._lines.feed(chunk))

    def end(self) -> list[SseEvent]:
        """Return an event whose closing blank line never came; many servers leave the last one out."""
        return self._events([*self._lines.end(), b""])

    def _events(self, lines: list[bytes]) -> list[SseEvent]:
        events = []
        for line in lines:
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if not line:
                events += self._dispatch()
            elif name == b"data":
                self._collect(value)
            elif name == b"error" and value:
                events += [*self._dispatch(), SseEvent(_text(value), is_error=True)]
        return events

    def _collect(self, value: bytes) -> None:
        self._size += len(value)
        if self._size > MAX_LINE:
            raise BackendError(ErrorKind.STREAM_BROKEN, "The server sent something that is no answer")
        self._data.append(value)

    def _dispatch(self) -> list[SseEvent]:
        text = _text(b"\n".join(self._data)).strip()
        self._data.clear()
        self._size = 0
        return [SseEvent(text)] if text else []


class Ndjson:
    """Reads newline-separated JSON objects; blank lines are passed over.

    Raises BackendError STREAM_BROKEN for a line in the middle that is no JSON object. A last line without
    its newline that was cut off is passed over: the missing end of the stream is the failure to report.
    """

    def __init__(self) -> None:
        self._lines = LineSplitter()

    def feed(self, chunk: bytes) -> list[dict[str, Any]]:
        """Return the objects that `chunk` completes."""
        return [json_object(line) for line in self._lines.feed(chunk) if line.strip()]

    def end(self) -> list[dict[str, Any]]:
        """Return the object of a last line without newline, if it is whole."""
        try:
            return [json_object(line) for line in self._lines.end() if line.strip()]
        except BackendError:
            return []


def json_object(text: bytes | str) -> dict[str, Any]:
    """Parse one JSON object. Raises BackendError STREAM_BROKEN for anything else."""
    decoded = _text(text) if isinstance(text, bytes) else text
    try:
        value = json.loads(decoded, parse_int=whole_number)
    except (ValueError, RecursionError) as error:
        raise _not_json(decoded) from error
    if not isinstance(value, dict):
        raise _not_json(decoded)
    return value


def whole_number(digits: str) -> int | None:
    """Parse a whole number; one of thousands of digits, which Python refuses, must not cost the reply."""
    return int(digits) if len(digits) <= _MOST_DIGITS else None


class Halves:
    """Joins characters of which a server sends the two halves (UTF-16 surrogates) in two pieces of text."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        """Return the text with its pairs joined, without a first half at its end."""
        if not (text and (self._half or _SURROGATES.search(text))):
            return text
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        return _PAIRS.sub(_character, text.removesuffix(self._half))

    def end(self) -> str:
        """Return a half that stayed alone."""
        half, self._half = self._half, ""
        return half


def without_surrogates(text: str) -> str:
    """Replace lone surrogates by U+FFFD: they can neither be sent nor stored as UTF-8."""
    return _SURROGATES.sub("\ufffd", text)


class ThinkSplitter:
    """Sorts the text of one reply into thoughts and content, whichever of three ways the server uses.

    1. Fields of their own. 2. `<think>` at the start of the content, after white space at most. 3. A block
    opened by the template: only `</think>` shows up. What was streamed before it is taken back by
    `ContentWasThinking`, but only for the first such tag, when no thought came another way, no `<think>`
    stands anywhere before it, and it is not quoted. All other tags are the model's own words.
    """

    def __init__(self) -> None:
        self.has_thinking = False
        self.has_content = False
        self._step = self._at_start
        self._held = ""
        self._last = ""
        self._thought_halves, self._content_halves = Halves(), Halves()

    def feed(self, thinking: str = "", content: str = "") -> list[TextEvent]:
        """Take the texts of one frame, thought first, and return what can be told of them now."""
        return self._take(self._thought_halves.feed(thinking), self._content_halves.feed(content))

    def _take(self, thinking: str, content: str) -> list[TextEvent]:
        events: list[TextEvent] = []
        if thinking:
            if self._step in (self._at_start, self._watch_for_close):
                self._give_up(events)
            self._think(events, thinking)
        if content:
            self._held += content
            self._run(events)
        return events

    def end(self) -> list[TextEvent]:
        """Return what was held back for a tag that never got complete."""
        events = self._take(self._thought_halves.end(), self._content_halves.end())
        held, self._held = self._held, ""
        if self._step == self._in_block:
            self._think(events, held)
        else:
            self._reply(events, held)
        return events

    def _run(self, events: list[TextEvent]) -> None:
        step = None
        while self._held and step != self._step:
            step = self._step
            step(events)

    def _at_start(self, events: list[TextEvent]) -> None:
        text = self._held.lstrip(_SPACE)
        if text.startswith(_OPEN):
            self._held = text.removeprefix(_OPEN)
            self._step = self._before_thought
        elif not _OPEN.startswith(text) or len(self._held) > _MAX_LEADING_SPACE:
            self._step = self._watch_for_close

    def _before_thought(self, events: list[TextEvent]) -> None:
        self._held = self._held.lstrip(_SPACE)
        if self._held:
            self._step = self._in_block

    def _in_block(self, events: list[TextEvent]) -> None:
        thought, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self._think(events, thought)
            self._held = rest
            self._step = self._after_block
        else:
            safe = len(thought) - _partial_tag(thought, _CLOSE)
            self._think(events, thought[:safe])
            self._held = thought[safe:]

    def _watch_for_close(self, events: list[TextEvent]) -> None:
        before, tag, rest = self._held.partition(_CLOSE)
        if _OPEN in before or (tag and (before[-1:] or self._last) in tuple(_QUOTES)):
            self._give_up(events)
        elif tag:
            self._reply(events, before)
            if self._last:
                events.append(ContentWasThinking())
            self.has_thinking = self.has_content
            self.has_content = False
            self._held = rest
            self._step = self._after_block
        else:
            safe = len(before) - max(_partial_tag(before, _OPEN), _partial_tag(before, _CLOSE))
            self._reply(events, before[:safe])
            self._held = before[safe:]

    def _after_block(self, events: list[TextEvent]) -> None:
        self._held = self._held.lstrip(_SPACE)
        if self._held:
            self._step = self._as_it_comes

    def _as_it_comes(self, events: list[TextEvent]) -> None:
        self._reply(events, self._held)
        self._held = ""

    def _give_up(self, events: list[TextEvent]) -> None:
        """Stop looking for tags; what was held back is reply."""
        self._step = self._as_it_comes
        self._as_it_comes(events)

    def _think(self, events: list[TextEvent], text: str) -> None:
        if text:
            events.append(Thinking(without_surrogates(text)))
            self.has_thinking = self.has_thinking or bool(text.strip())

    def _reply(self, events: list[TextEvent], text: str) -> None:
        if text:
            events.append(Content(without_surrogates(text)))
            self.has_content = self.has_content or bool(text.strip())
            self._last = text[-1]


def _character(pair: re.Match[str]) -> str:
    high, low = pair[0]
    return chr(0x10000 + ((ord(high) - 0xD800) << 10) + (ord(low) - 0xDC00))


def _partial_tag(text: str, tag: str) -> int:
    """Return how many of the last characters of `text` may be the beginning of `tag`."""
    return next((n for n in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:n])), 0)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _not_json(text: str) -> BackendError:
    return BackendError(
        ErrorKind.STREAM_BROKEN,
        "The server sent something that is no answer",
        "A part of the reply could not be read; what came before it is kept.",
        server_text=text,
    )
