"""What a reply holds: it opens no file and no connection, and hostile texts stay within their slices."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QTextDocument
from pytestqt.qtbot import QtBot

from forllm_desktop.ui.thread.limits import SLICE, points
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.specs import Block, Kind
from forllm_desktop.ui.thread.writer import Writer
from tests.ui.thread.conftest import Topics

Show = Callable[..., ThreadPage]

TRACED: list[tuple[str, str]] = []
_is_tracing = False
_WATCHED = ("open", "os.open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "urllib.Request")


def _trace(event: str, args: tuple) -> None:
    if _is_tracing and event in _WATCHED:
        TRACED.append((event, str(args[:1])))


@pytest.fixture(scope="module", autouse=True)
def _hook() -> None:
    # A hook cannot be taken away again, so there is one for all tests.
    sys.addaudithook(_trace)


LOADS = """![remote](https://tracker.example/pixel.png) ![file](file:///etc/hostname) ![bare](/etc/hostname)

<img src="https://tracker.example/b.png"> <img src="file:///etc/hostname"> <link rel=stylesheet href=x.css>

[a file](file:///etc/hostname) [script](javascript:alert(1)) [web](https://example.org) <https://example.org>
[ours](act:earlier) [ours](act:parent)

![ref][r] [data](data:image/png;base64,AAAA)

[r]: file:///etc/hostname

<iframe src="https://tracker.example"></iframe> <style>@import url(https://tracker.example/x.css)</style>
"""


def test_nothing_in_a_reply_opens_a_file_or_a_connection(topics: Topics, show: Show, qtbot: QtBot) -> None:
    global _is_tracing
    # Fonts, lexers and the like are loaded by an innocent post first.
    topics.reply(topics.question, "Innocent `code` and\n\n```python\nx = 1\n```\n")
    page = show()
    page.grab()
    bad = topics.reply(topics.question, LOADS)
    loaded: list[object] = []
    page._view.loadResource = lambda *args: loaded.append(args)  # type: ignore[method-assign]
    TRACED.clear()
    entry_was_read = topics.forum.post(bad.post_id)
    assert entry_was_read.content == LOADS
    topics.events.post_added.emit(bad.post_id)
    _is_tracing = True
    try:
        qtbot.waitUntil(lambda: bad.post_id in page._view.writer.by_key)
        page.show_post(bad.post_id)
        page.grab()
        page._view.selectAll()
        page._view.copy()
    finally:
        _is_tracing = False
    assert [found for found in TRACED if "forllm.db" not in found[1]] == []
    assert loaded == []
    text = page._view.document().toPlainText()
    assert "\ufffc" not in text
    assert "<img src=" in text


def test_nothing_is_loaded_for_a_post(topics: Topics, show: Show, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    view = show()._view
    address = QUrl.fromLocalFile(str(tmp_path / "secret.txt"))
    for kind in QTextDocument.ResourceType:
        assert view.loadResource(kind.value, address) == b""
        assert view.document().resource(kind.value, address) == b""


def test_followed_link_stays_with_the_page(topics: Topics, show: Show, qtbot: QtBot) -> None:
    topics.reply(topics.question, "[a web page](https://example.org/x)")
    page = show()
    view = page._view
    before = view.document().toPlainText()
    at = view.cursorRect(view.document().find("a web page")).center() - QPoint(10, 0)
    with qtbot.waitSignal(page.link_opened) as opened:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert opened.args == ["https://example.org/x"]
    assert view.document().toPlainText() == before
    assert view.source().isEmpty()


def test_only_web_links_can_be_followed(topics: Topics, show: Show) -> None:
    topics.reply(topics.question, LOADS)
    page = show()
    block, targets = page._view.document().begin(), set()
    while block.isValid():
        iterator = block.begin()
        while not iterator.atEnd():
            targets.add(iterator.fragment().charFormat().anchorHref())
            iterator += 1
        block = block.next()
    assert "https://example.org" in targets
    # The version in the head of the reply is ours, and opens a page.
    assert all(target.startswith("https://") for target in targets - {"", "act:persona"})


def _hostile() -> dict[str, str]:
    return {
        "one word": "x" * 1_000_000,
        "one line": "word " * 200_000,
        "items": "- item\n" * 20_000,
        "rows": "| a | b |\n|--|--|\n" + "| 1 | 2 |\n" * 4_000,
        "columns": ("| a " * 300 + "|\n") + ("|--" * 300 + "|\n") + ("| 1 " * 300 + "|\n") * 3,
        "brackets": "[" * 50_000,
        "code lines": "```\n" + "line of code\n" * 20_000 + "```",
        "headings": "# h\n" * 60_000,
        "bold": "**b** " * 20_000,
        "code spans": "`c` " * 20_000,
        "emoji": "😀" * 50_000,
        "cjk": "漢字仮名" * 10_000,
        "bidi": "שלום עולם abc " * 5_000,
        "marks": "e" + "\u0301" * 50_000,
        "rules": "---\n\n" * 20_000,
        "quotes": ">" * 3_000 + " deep",
        "separators": "a\u2028b\u2029c\0" * 2_000,
        "html": "<div><b>x</b></div>\n" * 5_000,
    }


@pytest.mark.parametrize("name", sorted(_hostile()))
def test_hostile_text_is_written_in_small_slices(
    topics: Topics, show: Show, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    topics.reply(topics.question, _hostile()[name])
    slices: list[list[Block]] = []
    insert, set_body = Writer.insert, Writer.set_body

    def noted_insert(self, index, key, depth, head, blocks):
        slices.append(list(blocks))
        return insert(self, index, key, depth, head, blocks)

    def noted_set_body(self, slot, blocks):
        slices.append(list(blocks[self.common(slot, blocks) :]))
        return set_body(self, slot, blocks)

    monkeypatch.setattr(Writer, "insert", noted_insert)
    monkeypatch.setattr(Writer, "set_body", noted_set_body)
    page = show()
    qtbot.waitUntil(lambda: page.is_complete, timeout=20_000)
    assert sum(len(one) for one in slices) > 1
    for one in slices:
        alone = len(one) == 1 and (one[0].kind is Kind.TABLE or points(one[0]) <= 4 * SLICE)
        assert alone or sum(map(points, one)) <= SLICE, name
    page.grab()


def test_hostile_stream_is_taken_in_its_stride(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply, job = topics.stream(topics.question, "x" * 20_000)
    page = show()
    topics.grow(reply, job, "x" * 100_000)
    qtbot.waitUntil(lambda: "xxx" in page._view.document().toPlainText(), timeout=10_000)
    topics.grow(reply, job, "x" * 400_000)
    qtbot.waitUntil(lambda: not page._keeper.is_busy)
