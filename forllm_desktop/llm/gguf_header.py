"""Reads what a GGUF file says about itself, without loading the model.

The layout is llama.cpp's `ggml/docs/gguf.md`. The file comes from strangers: every length is checked against
what is left of the file, and only the few values wanted here are kept.
"""

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from forllm_desktop.llm.backend import BackendError, ErrorKind
from forllm_desktop.llm.streams import without_surrogates

MAGIC = b"GGUF"
MAX_KEY = 65_535
MAX_PAIRS = 100_000
MAX_STRINGS = 10_000_000
MAX_KEPT_TEXT = 1 << 20
"""Bytes of a text that is kept; chat templates of today have up to 30,000."""

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_UNREADABLE = "\ufffd"

# llama.cpp, include/llama.h, enum llama_ftype
_QUANTS = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
}


@dataclass(frozen=True)
class GgufHeader:
    """What a model file says about itself; None where it says nothing.

    `ctx_trained` is in tokens, `file_size` in bytes; `size_label` is like "7B", `quant` like "Q4_K_M".
    """

    file_size: int
    architecture: str | None = None
    name: str | None = None
    size_label: str | None = None
    quant: str | None = None
    ctx_trained: int | None = None
    chat_template: str | None = None

    @property
    def has_thinking_switch(self) -> bool | None:
        """Say whether the chat template obeys `enable_thinking`; None without a template."""
        return None if self.chat_template is None else "enable_thinking" in self.chat_template


def check_is_gguf(path: str) -> None:
    """Raise BackendError NOT_FOUND where no file is, LOAD_FAILED where it is no GGUF or cannot be read."""
    with _opened(path):
        pass


def read_gguf_header(path: str) -> GgufHeader:
    """Read the header of a GGUF file, versions 2 and 3; up to 0.3 s of work for large vocabularies.

    Raises BackendError NOT_FOUND or LOAD_FAILED.
    """
    with _opened(path) as file:
        reader = _Reader(file)
        values = _wanted_values(reader)
    architecture = _text(values.get("general.architecture"))
    file_type = values.get("general.file_type")
    ctx = values.get(f"{architecture}.context_length")
    return GgufHeader(
        file_size=reader.size,
        architecture=architecture,
        name=_text(values.get("general.name")),
        size_label=_text(values.get("general.size_label")),
        quant=_QUANTS.get(file_type) if isinstance(file_type, int) else None,
        ctx_trained=ctx if isinstance(ctx, int) and ctx > 0 else None,
        chat_template=_text(values.get("tokenizer.chat_template")),
    )


class _Reader:
    """Reads the little-endian values of an open file and never beyond its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = os.fstat(file.fileno()).st_size
        self._strings_left = MAX_STRINGS

    def number(self, code: str) -> int | float | bool:
        size = struct.calcsize(f"<{code}")
        return struct.unpack(f"<{code}", self._file.read(size))[0]

    def length(self) -> int:
        """Read a 64-bit length in bytes and check it against what is left of the file."""
        length = int(self.number("Q"))
        if length > self.size - self._file.tell():
            raise ValueError("a length goes beyond the end of the file")
        return length

    def text(self, limit: int) -> str | None:
        """Read a string, or skip it and return None when it has more than `limit` bytes."""
        length = self.length()
        if length > limit:
            self._file.seek(length, os.SEEK_CUR)
            return None
        return self._file.read(length).decode("utf-8", "replace")

    def value(self, kind: int) -> int | float | bool | str | None:
        """Read one value; arrays are skipped and come back as None."""
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _STRING:
            return self.text(MAX_KEPT_TEXT)
        if kind == _ARRAY:
            self._skip_array()
            return None
        raise ValueError(f"unknown type {kind}")

    def _skip_array(self) -> None:
        kind, count = int(self.number("I")), self.length()
        if kind == _STRING:
            self._skip_strings(count)
        elif kind in _SCALARS:
            length = count * struct.calcsize(f"<{_SCALARS[kind]}")
            if length > self.size - self._file.tell():
                raise ValueError("a list goes beyond the end of the file")
            self._file.seek(length, os.SEEK_CUR)
        else:
            raise ValueError(f"unknown type {kind} in a list")

    def _skip_strings(self, count: int) -> None:
        self._strings_left -= count
        if self._strings_left < 0:
            raise ValueError("too many texts")
        read, seek, unpack = self._file.read, self._file.seek, struct.Struct("<Q").unpack
        for _ in range(count):
            (length,) = unpack(read(8))
            if length > self.size:
                raise ValueError("a length goes beyond the end of the file")
            seek(length, os.SEEK_CUR)


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """Open a GGUF file behind its magic bytes, and put failures of opening and reading into words."""
    if without_surrogates(path) != path:  # Python's stand-ins for bytes that are no text
        raise _unnamed(path)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise _unusable(path, "It is not a file.")  # opening a pipe would wait for ever
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise _unusable(path, "It is not a GGUF file, the only kind the built-in engine reads.")
            yield file
    except FileNotFoundError as error:
        if _UNREADABLE in path:
            raise _unnamed(path) from error
        raise BackendError(
            ErrorKind.NOT_FOUND,
            "The model file is missing",
            f"{path} does not exist. Choose the file again, or another model.",
        ) from error
    except OSError as error:
        raise _unusable(path, f"It cannot be read: {error.strerror}.") from error
    except (ValueError, struct.error) as error:
        raise _unusable(path, f"Its header is damaged ({error}). Download it again.") from error


def _unnamed(path: str) -> BackendError:
    """Say what is wrong with a file whose path holds bytes that are no text, and can never be stored."""
    return BackendError(
        ErrorKind.LOAD_FAILED,
        "The file's name cannot be read",
        f"{without_surrogates(path)} holds characters that are no text. Rename the file, or its folder.",
    )


def _wanted_values(reader: _Reader) -> dict[str, int | float | bool | str | None]:
    version = int(reader.number("I"))
    if version not in (2, 3):
        raise ValueError(f"version {version} is not known" if version < 65_536 else "it is big-endian")
    reader.number("Q")  # the number of tensors
    n_pairs = int(reader.number("Q"))
    if n_pairs > MAX_PAIRS:
        raise ValueError("too many entries")
    values: dict[str, int | float | bool | str | None] = {}
    for _ in range(n_pairs):
        key = reader.text(MAX_KEY)
        if key is None:
            raise ValueError("a name is too long")
        value = reader.value(int(reader.number("I")))
        if _is_wanted(key):
            values[key] = value
    return values


def _is_wanted(key: str) -> bool:
    return key.startswith("general.") or key.endswith(".context_length") or key == "tokenizer.chat_template"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _unusable(path: str, reason: str) -> BackendError:
    return BackendError(ErrorKind.LOAD_FAILED, "The model file cannot be used", f"{path}: {reason}")
