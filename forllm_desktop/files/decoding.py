"""From bytes to text: finds the encoding, and says what bytes are that hold no text."""

import codecs
import unicodedata
from dataclasses import dataclass

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.files.guessing import guessed_encodings
from forllm_desktop.files.kinds import binary_kind, likely_kind

PROBED = 262_144
"""Bytes from which an old encoding is guessed; the whole is then decoded with it."""
SAMPLED = 4096
"""Characters by which it is told whether bytes make sense in a wide encoding."""

_MARKS = (  # the longer ones first: UTF-32 LE begins like UTF-16 LE
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\b\x1b\x1a")
"""Bytes that no text holds, save a stray one. 0x1a ends files of old systems."""
_NOT_ASCII = bytes({*range(256)} - {*range(32, 127)} - {*b"\t\n\r"})


@dataclass(frozen=True)
class Decoded:
    """A text and the name of the encoding it was read from."""

    text: str
    encoding: str


def decoded(content: bytes, name: str) -> Decoded:
    """Return the text of a file. Raises InvalidInput that says what it is when it is no text."""
    found = _marked(content, name) or _unmarked(content, name)
    return Decoded(_with_one_line_end(found.text), found.encoding)


def not_text(name: str, looks_like: str) -> InvalidInput:
    """Return the error for a file that is something else."""
    return InvalidInput(
        "file", f"{name} is no text", f"It looks like {looks_like}. Only texts and PDFs can be read."
    )


def _marked(content: bytes, name: str) -> Decoded | None:
    """Decode by the mark at the start; None when there is none."""
    found = next(((mark, encoding) for mark, encoding in _MARKS if content.startswith(mark)), None)
    if found is None:
        return None
    mark, encoding = found
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8":
            return None
        raise not_text(name, likely_kind(content)) from error
    if "\0" in text:
        raise not_text(name, likely_kind(content))
    return Decoded(text, encoding)


def _unmarked(content: bytes, name: str) -> Decoded:
    kind = binary_kind(content)
    if kind is not None and not _is_plain(content):
        raise not_text(name, kind)
    if b"\0" in content[:PROBED] or b"\0" in content:
        if (wide := _wide(content)) is not None:
            return wide
        raise not_text(name, likely_kind(content))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return _old(content, name)
    if _has_many_controls(content):
        raise not_text(name, likely_kind(content))
    return Decoded(text, "utf-8")


def _is_plain(content: bytes) -> bool:
    """Say whether bytes that begin like a known kind are readable all the same: a text about "ID3"."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content and not _has_many_controls(content)


def _has_many_controls(content: bytes) -> bool:
    probe = content[:PROBED]
    return sum(map(probe.count, (bytes([code]) for code in _CONTROLS))) * 50 > len(probe)


def _wide(content: bytes) -> Decoded | None:
    """Decode bytes with NUL among them as UTF-16 or UTF-32 without a mark, if they make sense so."""
    if _is_ascii_with_nul(content[:PROBED]):
        return None
    for encoding in _WIDE:
        if not _is_likely(content, encoding):
            continue
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return Decoded(text, encoding)
    return None


def _is_ascii_with_nul(probe: bytes) -> bool:
    """Say whether NUL bytes stand among text but not in every other place: in pairs it would be Chinese."""
    nothing = probe.count(0)
    plain = len(probe.translate(None, delete=_NOT_ASCII))
    return nothing * 4 < len(probe) and plain >= 0.85 * (len(probe) - nothing)


def _is_likely(content: bytes, encoding: str) -> bool:
    """Say whether the beginning reads like a text in a wide encoding: known characters, few scripts."""
    width = 4 if "32" in encoding else 2
    sample = content[: SAMPLED * width]
    text = codecs.getincrementaldecoder(encoding)("ignore").decode(sample[: len(sample) // width * width])
    if not text or len(content) % width:
        return False
    odd = sum(unicodedata.category(ch) in ("Cn", "Co", "Cs") or ord(ch) in _CONTROLS for ch in text)
    if odd * 50 > len(text):
        return False
    usual = sum(ch in " \n\r\t,.。、，" or (ch.isascii() and ch.isalnum()) for ch in text)
    return usual * 50 >= len(text)


def _old(content: bytes, name: str) -> Decoded:
    """Decode what is not UTF-8: an encoding of old, guessed from the beginning.

    The guess sees whole lines only, so that no character is cut; where the rest does not follow it, the
    next guess is taken.
    """
    if _has_many_controls(content):
        raise not_text(name, likely_kind(content))
    probe = _whole_lines(content)
    for encoding in guessed_encodings(probe, is_cut=len(probe) == PROBED):
        try:
            return Decoded(content.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
    raise not_text(name, likely_kind(content))


def _whole_lines(content: bytes) -> bytes:
    if len(content) <= PROBED:
        return content
    end = content.rfind(b"\n", 0, PROBED)
    return content[: end + 1] if end > 0 else content[:PROBED]


def _with_one_line_end(text: str) -> str:
    """Return a text whose lines end as everywhere here."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
