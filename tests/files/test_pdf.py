"""PDFs: their text page by page, and what cannot be read said in words, whatever they do."""

import os
import subprocess
import sys

import pytest

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.files import pdf, pdf_process
from forllm_desktop.files.reading import read_content
from tests import pdf_files


def refusal(content: bytes) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as caught:
        read_content("it.pdf", content)
    assert caught.value.field == "file"
    return caught.value.title, caught.value.message


def test_pages_are_told_apart() -> None:
    content = pdf_files.pdf(["First (page)", "", "Third: über"])
    read = read_content("it.pdf", content)
    assert (read.text, read.encoding) == ("[Page 1]\nFirst (page)\n\n[Page 3]\nThird: über", "pdf")
    assert read.content == content


def test_pdf_may_begin_after_some_junk() -> None:
    assert read_content("it.pdf", b"\n\n" + pdf_files.pdf(["Text"])).text == "[Page 1]\nText"


def test_encrypted_one_is_said_to_be() -> None:
    assert refusal(pdf_files.encrypted("secret"))[0] == "it.pdf is encrypted"
    assert read_content("it.pdf", pdf_files.encrypted("", "owner")).text == "[Page 1]\nA secret"


@pytest.mark.parametrize(("pages", "count"), [(1, "Its page has pictures only"), (3, "Its 3 pages have")])
def test_scanned_one_is_said_to_be(pages: int, count: str) -> None:
    title, message = refusal(pdf_files.pdf([""] * pages))
    assert title == "it.pdf has no text in it"
    assert message.startswith(count)


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\nnothing else of a PDF\n%%EOF",
        pdf_files.pdf(["Text"])[:200],
        pdf_files.in_a_circle(),
    ],
)
def test_damaged_one_is_said_to_be(content: bytes) -> None:
    assert refusal(content)[0] == "it.pdf is damaged"


@pytest.mark.parametrize("content", [pdf_files.deep(), pdf_files.bomb(300_000_000)], ids=["deep", "bomb"])
def test_what_means_harm_is_refused_in_bounded_time(content: bytes) -> None:
    assert refusal(content)[0] in ("it.pdf is damaged", "it.pdf needs too much memory to be read")


def test_one_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_process, "WITHIN", 0.02)
    title, message = refusal(pdf_files.pdf(["Text"]))
    assert title == "it.pdf takes too long to be read"
    assert "half a minute" in message


@pytest.mark.skipif(sys.platform != "linux", reason="looks at limits of the system")
def test_reader_limits_itself() -> None:
    script = (
        "import resource; from forllm_desktop.files import pdf; pdf._limit();"
        "print(resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_CPU)[0])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=60)
    assert ended.stdout.split() == [str(pdf.MEMORY).encode(), str(pdf.SECONDS).encode()]


def test_reader_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_process, "own_command", lambda: [os.path.join(os.sep, "no", "such", "program")])
    assert refusal(pdf_files.pdf(["Text"]))[0] == "it.pdf cannot be read here"


def test_reader_that_crashes_means_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    crash = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"]
    monkeypatch.setattr(pdf_process, "own_command", lambda: crash)
    assert refusal(pdf_files.pdf(["Text"]))[0] == "it.pdf is damaged"
