"""What a model file says about itself, and files that lie."""

import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import gguf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.llm import gguf_header
from forllm_desktop.llm.backend import BackendError, ErrorKind
from forllm_desktop.llm.gguf_header import check_is_gguf, read_gguf_header

TinyGguf = Callable[[str], Path]
STRING, ARRAY, UINT32 = 8, 9, 4


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def header(*pairs: bytes, version: int = 3, n_pairs: int | None = None) -> bytes:
    return (
        b"GGUF"
        + struct.pack("<IQQ", version, 0, len(pairs) if n_pairs is None else n_pairs)
        + b"".join(pairs)
    )


def number(key: bytes, value: int) -> bytes:
    return text(key) + struct.pack("<II", UINT32, value)


def string(key: bytes, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", STRING) + text(value)


def array(key: bytes, kind: int, count: int, items: bytes) -> bytes:
    return text(key) + struct.pack("<IIQ", ARRAY, kind, count) + items


def read(tmp_path: Path, content: bytes) -> gguf_header.GgufHeader:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    return read_gguf_header(str(file))


def test_header_tells_what_the_app_shows(tiny_gguf: TinyGguf) -> None:
    path = tiny_gguf("think")
    found = read_gguf_header(str(path))
    assert found.file_size == path.stat().st_size
    assert (found.architecture, found.name, found.size_label) == ("llama", "Tiny think", "0.1M")
    assert (found.quant, found.ctx_trained) == ("F16", 4096)
    assert found.chat_template is not None
    assert "<|im_start|>" in found.chat_template


def test_thinking_switch_is_read_from_the_template(tiny_gguf: TinyGguf, tmp_path: Path) -> None:
    assert read_gguf_header(str(tiny_gguf("think"))).has_thinking_switch is True
    assert read_gguf_header(str(tiny_gguf("chat"))).has_thinking_switch is False
    assert read(tmp_path, header()).has_thinking_switch is None


def test_file_without_any_entry_says_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, header(version=2))
    assert (found.architecture, found.name, found.quant, found.ctx_trained) == (None, None, None, None)


def test_entries_of_unexpected_types_count_as_missing(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        header(
            string(b"general.architecture", b"llama"),
            string(b"llama.context_length", b"lots"),
            number(b"general.name", 5),
            number(b"general.file_type", 999_999),
        ),
    )
    assert (found.ctx_trained, found.name, found.quant) == (None, None, None)


def test_window_is_that_of_the_files_own_architecture(tmp_path: Path) -> None:
    pairs = (number(b"clip.context_length", 77), number(b"gemma3.context_length", 131_072))
    assert read(tmp_path, header(string(b"general.architecture", b"gemma3"), *pairs)).ctx_trained == 131_072


def test_lists_are_stepped_over(tmp_path: Path) -> None:
    tokens = array(b"tokenizer.ggml.tokens", STRING, 3, text(b"a") + text(b"") + text(b"bcd"))
    scores = array(b"tokenizer.ggml.scores", 6, 3, bytes(12))
    template = string(b"tokenizer.chat_template", b"after the lists")
    assert read(tmp_path, header(tokens, scores, template)).chat_template == "after the lists"


def test_text_that_is_not_utf8_is_still_shown(tmp_path: Path) -> None:
    assert read(tmp_path, header(string(b"general.name", b"caf\xe9"))).name == "caf\ufffd"


def test_every_quantization_llama_cpp_names_is_known() -> None:
    named = {int(kind): kind.name.split("_", 1)[1] for kind in gguf.LlamaFileType if kind.name != "GUESSED"}
    unknown = {value: name for value, name in named.items() if gguf_header._QUANTS.get(value) != name}
    assert not unknown


def test_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(BackendError) as failure:
        check_is_gguf(str(tmp_path / "gone.gguf"))
    assert failure.value.kind is ErrorKind.NOT_FOUND
    assert "gone.gguf does not exist" in failure.value.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a GGUF file"),
        (b"GGU", "not a GGUF file"),
        (b"PK\x03\x04 a zip", "not a GGUF file"),
        (b"GGUF", "header is damaged"),
        (header(version=1), "version 1 is not known"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (header(n_pairs=2**63), "too many entries"),
        (header(n_pairs=1), "header is damaged"),
        (header(struct.pack("<Q", 2**62)), "beyond the end"),
        (header(text(b"k" * 70_000)), "name is too long"),
        (header(text(b"k") + struct.pack("<I", 13)), "unknown type 13"),
        (header(array(b"k", 6, 2**60, b"")), "beyond the end"),
        (header(array(b"k", 6, 8, bytes(8))), "beyond the end"),
        (header(array(b"k", ARRAY, 0, b"")), "unknown type 9 in a list"),
        (header(array(b"k", STRING, 2, text(b"a") + struct.pack("<Q", 2**63))), "beyond the end"),
    ],
)
def test_unusable_file_is_said_to_be_so(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(BackendError) as failure:
        read(tmp_path, content)
    assert failure.value.kind is ErrorKind.LOAD_FAILED
    assert words in failure.value.message


def test_endless_lists_are_not_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_header, "MAX_STRINGS", 10)
    lists = [array(b"k", STRING, 6, text(b"") * 6)] * 2
    with pytest.raises(BackendError, match="too many texts"):
        read(tmp_path, header(*lists))


def test_huge_text_is_stepped_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_header, "MAX_KEPT_TEXT", 10)
    found = read(
        tmp_path, header(string(b"tokenizer.chat_template", b"x" * 11), string(b"general.name", b"n"))
    )
    assert (found.chat_template, found.name) == (None, "n")


def test_folder_is_not_a_model(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="not a file"):
        read_gguf_header(str(tmp_path))


@given(cut=st.integers(0, 20_000), junk=st.binary(max_size=40))
def test_damaged_file_never_breaks_the_reader(tiny_gguf: TinyGguf, cut: int, junk: bytes) -> None:
    whole = tiny_gguf("chat")
    broken = whole.with_name("broken.gguf")
    broken.write_bytes(whole.read_bytes()[:cut] + junk)
    with suppress(BackendError):
        assert read_gguf_header(str(broken)).file_size == cut + len(junk)
