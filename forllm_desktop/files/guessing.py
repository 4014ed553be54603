"""Guesses which encoding of old a text was written in: by its letters, then by charset-normalizer."""

import codecs
from collections.abc import Iterator

_PUNCTUATION = frozenset("\u00a0€„“”‚‘’–—…«»‹›°§·•´©®™±²³µ½¼¾×£¥¢¡¿ªº†‡\u00ad")
# What languages write beside ASCII. A text whose odd letters all belong to one of them is in that one.
_LETTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "cp1252",
        (
            "äöüÄÖÜßéèàêç",
            "àâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛÜ",
            "áéíóúñüÁÉÍÓÚÑÜ",
            "àèéìíòóùúÀÈÉÌÒÙ",
            "áâãàçéêíóôõúüÁÂÃÀÇÉÊÍÓÔÕÚ",
            "åäöæøéÅÄÖÆØÉ",
        ),
    ),
    ("iso8859_15", ("àâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛÜ",)),
    (
        "cp1250",
        (
            "áčďéěíňóřšťúůýžÁČĎÉĚÍŇÓŘŠŤÚŮÝŽ",
            "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ",
            "áéíóöőúüűÁÉÍÓÖŐÚÜŰ",
        ),
    ),
    (
        "iso8859_2",
        (
            "áčďéěíňóřšťúůýžÁČĎÉĚÍŇÓŘŠŤÚŮÝŽ",
            "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ",
            "áéíóöőúüűÁÉÍÓÖŐÚÜŰ",
        ),
    ),
    ("cp1254", ("çğıöşüâîûÇĞİÖŞÜ",)),
)
_ALPHABETS = tuple(
    (encoding, tuple(frozenset(letters) | _PUNCTUATION for letters in languages))
    for encoding, languages in _LETTERS
)
LONGEST_CHARACTER = 4
"""Bytes."""
MOST_OF_OTHERS = 0.35
"""Share of letters beyond ASCII in a language that writes with ASCII's."""
_HEBREW = frozenset(chr(code) for code in range(0x05D0, 0x05EB)) | _PUNCTUATION
_ENOUGH_HEBREW = 100
"""Letters. The same bytes are the small Russian letters from а to ъ; no long text has these alone."""


def guessed_encodings(probe: bytes, *, is_cut: bool = False) -> Iterator[str]:
    """Return the encodings that bytes may be a text in, the likeliest first.

    `is_cut` says that a character at the end may be cut in two.
    """
    seen = set()
    for encoding in (*_by_letters(probe), *_by_library(probe, is_cut), "cp1252", "latin-1"):
        if encoding not in seen:
            seen.add(encoding)
            if _reads(probe, encoding):
                yield encoding


def _by_letters(probe: bytes) -> Iterator[str]:
    others = sum(byte >= 0x80 for byte in probe)
    if others <= MOST_OF_OTHERS * len(probe):
        for encoding, languages in _ALPHABETS:
            used = _letters(probe, encoding)
            if used is not None and any(used <= letters for letters in languages):
                yield encoding
    elif others >= _ENOUGH_HEBREW:
        used = _letters(probe, "cp1255")
        if used is not None and used <= _HEBREW:
            yield "cp1255"


def _letters(probe: bytes, encoding: str) -> set[str] | None:
    """Return the characters beyond ASCII; None where the bytes are not in the encoding."""
    text = _read(probe, encoding)
    return None if text is None else {ch for ch in set(text) if not ch.isascii()}


def _by_library(probe: bytes, is_cut: bool) -> Iterator[str]:
    # Imported late: it takes a while, and most texts are UTF-8.
    from charset_normalizer import from_bytes

    ends = range(LONGEST_CHARACTER if is_cut else 1)
    matches = [
        match for end in ends for match in from_bytes(probe[: len(probe) - end], enable_fallback=False)
    ]
    if is_cut:
        matches.sort(key=lambda match: (match.chaos, -match.coherence))
    for match in matches:
        # Of encodings that read the same, the one that Windows wrote is met most.
        yield "cp1252" if "cp1252" in match.could_be_from_charset else match.encoding


def _reads(probe: bytes, encoding: str) -> bool:
    """Say whether bytes are a text in an encoding: latin-1 alone takes anything, control characters too."""
    text = _read(probe, encoding)
    return text is not None and not any("\x80" <= ch <= "\x9f" and ch != "\x85" for ch in text)


def _read(probe: bytes, encoding: str) -> str | None:
    """Return the text of bytes, without a character that is cut at their end; None where they are none."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(probe)
    except UnicodeDecodeError:
        return None
