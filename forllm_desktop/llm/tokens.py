"""Estimates how many tokens a text has, where the server cannot count: by the kinds of its characters.

Tuned to published counts of current tokenizers (Llama 3 and 4, Qwen 3, Mistral, Gemma, DeepSeek, GPT-4o,
Phi-4) over the same texts in several languages: English has 4.5 characters a token, German 3.8, Russian 3.1,
Korean and Chinese 1.5. A model's own tokenizer is learnt from its replies, see `estimator.py`.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from forllm_desktop.llm.backend import Message

CHARACTERS_PER_TOKEN = 3
"""A careful guess where no more than the length of a text is known."""
TOKENS_PER_MESSAGE = 6
"""What a chat template puts around one turn: markers, role and line breaks; ChatML needs five."""


@dataclass(frozen=True)
class TextSize:
    """Estimated tokens by what they come from, because tokenizers differ by that.

    `words` are those of the Latin alphabet, `marks` digits, punctuation and line breaks, `scripts` all other
    characters, `turns` what a template puts around messages.
    """

    words: float = 0.0
    marks: float = 0.0
    scripts: float = 0.0
    turns: float = 0.0

    def __add__(self, other: "TextSize") -> "TextSize":
        return TextSize(*(one + two for one, two in zip(self.kinds, other.kinds, strict=True)))

    @property
    def kinds(self) -> tuple[float, ...]:
        """The tokens by kind, in the order of the fields."""
        return astuple(self)

    @property
    def total(self) -> float:
        return self.words + self.marks + self.scripts + self.turns


def measure(text: str) -> TextSize:
    """Estimate the tokens of a text by kind. A longer text never has fewer; 2 MB take some 50 ms."""
    plain = b" " + text.encode("ascii", "ignore")
    words, marks = _words(plain), _marks(plain)
    return TextSize(words, marks, 0.0 if text.isascii() else _scripts(text))


def measure_messages(messages: Sequence[Message]) -> TextSize:
    """Estimate the tokens of a whole prompt by kind, the template's own included."""
    sizes = [measure(message["content"]) for message in messages]
    return sum(sizes, TextSize(turns=float(TOKENS_PER_MESSAGE * len(sizes))))


def estimate_text(text: str) -> int:
    """Estimate the tokens of a text, rounded up, for a model nothing is known of."""
    return rounded_up(measure(text).total)


def estimate_tokens(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a whole prompt, for a model nothing is known of."""
    return rounded_up(measure_messages(messages).total)


def rounded_up(tokens: float) -> int:
    """Return a whole number of tokens; what a sum of fractions is off by does not count."""
    return -int(-(tokens - 1e-6) // 1)


_LETTERS = bytes(97 if chr(code).isascii() and chr(code).isalpha() else 32 for code in range(256))
_CASES = bytes(
    32 if not chr(code).isascii() else 65 if chr(code).isupper() else 97 if chr(code).islower() else 32
    for code in range(256)
)
_DIGITS = bytes(48 if chr(code).isascii() and chr(code).isdigit() else 32 for code in range(256))
_PUNCTUATION = bytes(46 if 33 <= code < 127 and not chr(code).isalnum() else 32 for code in range(256))

_PER_WORD, _PER_LETTER = 0.75, 0.07
_LONGER = ((5, 0.3), (8, 0.6), (11, 1.0), (15, 0.9))
"""What words of at least so many letters cost more, because they are cut into pieces."""
_PIECE, _PER_PIECE = b"a" * 16, 1.5
"""What is no word any more, such as keys and links."""
_IN_CAPITALS = 0.25
"""For each pair of capitals: few words in capitals are a token of their own."""
_HUMP = 0.4
"""For each capital behind a small letter, as in camelCase."""
_ENGLISH = (b" the ", b" of ", b" and ", b" to ", b" is ", b" that ")
_ENGLISH_DISCOUNT = 0.85
"""Where these words are, the words around them are English, which every tokenizer knows best."""


def _words(plain: bytes) -> float:
    letters = plain.translate(_LETTERS)
    tokens = _PER_WORD * letters.count(b" a") + _PER_LETTER * letters.count(b"a")
    for length, cost in _LONGER:
        longer = letters.count(b" " + b"a" * length)
        if not longer:
            break
        tokens += cost * longer
    tokens += _PER_PIECE * letters.count(_PIECE)
    cases = plain.translate(_CASES)
    tokens += _IN_CAPITALS * cases.count(b"AA") + _HUMP * cases.count(b"aA")
    return tokens - _ENGLISH_DISCOUNT * sum(plain.count(word) for word in _ENGLISH)


def _marks(plain: bytes) -> float:
    """Estimate digits (alone in some tokenizers, up to three a token in others), punctuation and layout."""
    digits, punctuation = plain.translate(_DIGITS), plain.translate(_PUNCTUATION)
    return (
        0.35 * digits.count(b" 0")
        + 0.45 * digits.count(b"0")
        + 0.5 * punctuation.count(b" .")
        + 0.35 * punctuation.count(b".")
        + 0.5 * (plain.count(b"\n") - plain.count(b"\n\n"))
        + 0.7 * (plain.count(b"\n  ") + plain.count(b"\n\t"))
    )


_BY_FIRST_BYTE = (
    (range(0xC2, 0xC3), 0.8),  # signs of Latin-1
    (range(0xC3, 0xCC), 0.7),  # Latin letters with accents, which cut a word in two
    (range(0xCC, 0xCE), 0.8),  # combining marks
    (range(0xCE, 0xD0), 0.5),  # Greek
    (range(0xD0, 0xD4), 0.33),  # Cyrillic
    (range(0xD4, 0xDC), 0.5),  # Armenian, Hebrew, Arabic
    (range(0xE0, 0xE1), 0.55),  # the scripts of India, Thai
    (range(0xE1, 0xE2), 0.6),  # Georgian, Khmer, Vietnamese letters
    (range(0xE2, 0xE3), 0.9),  # typographic quotes and dashes, arrows, symbols
    (range(0xE3, 0xEA), 0.68),  # Japanese and Chinese
    (range(0xEA, 0xEE), 0.8),  # Korean syllables
    (range(0xEE, 0xF0), 0.9),  # wide punctuation, selectors of emoji
    (range(0xF0, 0xF8), 2.2),  # emoji and rare ideographs
)
"""Tokens of one character by the first byte of its UTF-8, which tells scripts apart."""


def _scripts(text: str) -> float:
    encoded = text.encode("utf-8", "replace")
    return sum(cost * sum(encoded.count(byte) for byte in bytes_) for bytes_, cost in _BY_FIRST_BYTE)
