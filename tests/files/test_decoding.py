"""From bytes to text: every common encoding is read, and what is no text is named."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.files.decoding import PROBED, decoded

GERMAN = "Das Mädchen läuft über die Straße und kauft „frische“ Brötchen für 3 €.\n"
FRENCH = "Le café était fermé à cause de la grève, où es-tu ?\n"
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy, řekl starý muž.\n"
POLISH = "Zażółć gęślą jaźń, powiedziała ciotka w środę.\n"
RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю.\n"
GREEK = "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία και γράφω ένα γράμμα.\n"
HEBREW = "דג סקרן שט בים מאוכזב ולפתע מצא חברה נחמדה\n" * 5
TURKISH = "Pijamalı hasta yağız şoföre çabucak güvendi, dedi Ayşe.\n"
JAPANESE = "日本語のテキストファイルです。これはテストです。漢字とかな。\n"
CHINESE = "这是一个中文文本文件，用于测试编码检测。我们今天去公园。\n"
TAIWANESE = "這是一個中文文字檔案，用於測試編碼偵測。我們今天去公園。\n"
KOREAN = "이것은 한국어 텍스트 파일입니다. 오늘은 날씨가 좋습니다.\n"
EVERYTHING = f"{GERMAN}{CZECH}{RUSSIAN}{GREEK}{HEBREW}{JAPANESE}{KOREAN}𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🙂\n"

OLD = [
    ("cp1252", GERMAN),
    ("latin-1", FRENCH),
    ("iso8859_15", "Le cœur coûte 3 €, dit-elle à l'élève.\n"),
    ("cp1250", CZECH),
    ("iso8859_2", POLISH),
    ("cp1251", RUSSIAN),
    ("koi8_r", RUSSIAN),
    ("cp1253", GREEK),
    ("cp1254", TURKISH),
    ("cp1255", HEBREW),
    ("shift_jis", JAPANESE),
    ("euc_jp", JAPANESE),
    ("gb18030", CHINESE),
    ("big5", TAIWANESE),
    ("euc_kr", KOREAN),
]


def refusal(content: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        decoded(content, "it")
    assert (caught.value.field, caught.value.title) == ("file", "it is no text")
    return caught.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_unicode_is_read_with_and_without_a_mark(encoding: str) -> None:
    mark = "\ufeff".encode(encoding)
    for text in (EVERYTHING, GERMAN, "Hi", CHINESE * 20):
        assert decoded(mark + text.encode(encoding), "it").text == text
        found = decoded(text.encode(encoding), "it")
        assert (found.text, found.encoding) == (text, encoding)


@pytest.mark.parametrize(("encoding", "text"), OLD, ids=[encoding for encoding, _ in OLD])
@pytest.mark.parametrize("times", [1, 40])
def test_old_encodings_are_read(encoding: str, text: str, times: int) -> None:
    assert decoded((text * times).encode(encoding), "it").text == text * times


@pytest.mark.parametrize(
    ("encoding", "text"), [("utf-8", EVERYTHING), ("shift_jis", JAPANESE), ("gb18030", CHINESE), *OLD[:2]]
)
def test_character_at_the_border_of_the_probe_is_whole(encoding: str, text: str) -> None:
    line = text.replace("\n", "")
    for shift in range(4):
        whole = "x" * shift + line * (PROBED // len(line.encode(encoding)) + 3)
        assert decoded(whole.encode(encoding), "it").text == whole


def test_rest_of_a_file_may_hold_what_its_beginning_did_not() -> None:
    text = "plain\n" * (PROBED // 6 + 10) + GERMAN
    assert decoded(text.encode("cp1252"), "it").text == text
    assert decoded(text.encode(), "it").encoding == "utf-8"


def test_lines_end_in_one_way() -> None:
    assert decoded(b"one\r\ntwo\rthree\n\r\nfour", "it").text == "one\ntwo\nthree\n\nfour"


def test_colours_of_a_terminal_are_text() -> None:
    assert decoded(b"\x1b[31mred\x1b[0m\n" * 10, "it").text == "\x1b[31mred\x1b[0m\n" * 10


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04\x14\0\0\0\x08\0", "a ZIP archive"),
        (b"PK\x03\x04\x14\0\6\0[Content_Types].xml word/document.xml", "a Word document"),
        (b"PK\x03\x04\x14\0\0\0mimetypeapplication/vnd.oasis.opendocument.text", "an OpenDocument file"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a JPEG image"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        (b"GIF89a\1\0\1\0\0", "a GIF image"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "a WebP image"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "a gzip archive"),
        (b"\x7fELF\2\1\1\0", "a program"),
        (b"MZ\x90\0\3\0\0\0", "a Windows program"),
        (b"SQLite format 3\0\x10\0", "an SQLite database"),
        (b"GGUF\3\0\0\0", "a GGUF model"),
        (b"\0\0\0 ftypisom\0\0", "an MP4 video or recording"),
        (b"\0\0\0 ftypheic\0\0", "a HEIF image"),
        (b"ID3\4\0\0\0\0\0#", "an MP3 recording"),
        (b"BZh91AY&SY\xd8\0\0", "a bzip2 archive"),
        (b"OggS\0\2", "an Ogg recording"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "an old Office document"),
        (b"a.txt".ljust(257, b"\0") + b"ustar\x0000", "a tar archive"),
        (bytes(range(256)) * 20, "binary data"),
        (b"text\0more text", "binary data"),
        (b"\0" * 100, "binary data"),
        (b"\xff\xfe" + b"\0\xd8" * 10, "binary data"),
    ],
)
def test_what_is_no_text_is_named(content: bytes, words: str) -> None:
    assert refusal(content) == f"It looks like {words}. Only texts and PDFs can be read."


@pytest.mark.parametrize(
    "text", ["ID3 is a kind of tag", "GIF89a was a format", "PAR1, Golf", "BM is a firm"]
)
def test_text_that_begins_like_something_else_is_text(text: str) -> None:
    assert decoded(text.encode(), "it").text == text


def test_old_text_that_begins_like_a_recording_is_text() -> None:
    assert decoded("ÿû, ID3, BZh : où est l'été ?\n".encode("cp1252"), "it").text.startswith("ÿû")
    assert refusal(b"\xff\xfb\x90\x44\0\1\2\3" * 40) == (
        "It looks like an MP3 recording. Only texts and PDFs can be read."
    )


@given(st.binary(max_size=3000))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        text = decoded(content, "it").text
    except InvalidInput:
        return
    text.encode()
    assert "\0" not in text
    assert "\r" not in text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cc"])))
def test_utf_8_comes_back_as_it_is(text: str) -> None:
    content = text.encode()
    if not content.startswith(codecs.BOM_UTF8):
        assert decoded(content, "it").text == text
