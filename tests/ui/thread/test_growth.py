"""A reply that is long already: what is new is parsed and written, not all of it again."""

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from forllm_desktop.ui.thread import incremental, markdown
from forllm_desktop.ui.thread.incremental import StreamParser
from forllm_desktop.ui.thread.limits import BACKGROUND, SLICE, points
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.parsing import Parser
from forllm_desktop.ui.thread.writer import Writer
from tests.ui.thread.conftest import Topics

Show = Callable[..., ThreadPage]

PARTS = ["A paragraph of **usual** length with `code`.\n\n", "- an item\n", "1. one\n", "2. two\n\n"]


class Parsed:
    """Counts the characters that are parsed: all of them, and the most at once in the GUI thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.all = self.most_in_gui = 0
        real = markdown.parsed

        def counted(text: str, *others: object) -> Iterator[markdown.Piece]:
            self.all += len(text)
            if threading.current_thread() is threading.main_thread():
                self.most_in_gui = max(self.most_in_gui, len(text))
            return real(text, *others)  # type: ignore[arg-type]

        monkeypatch.setattr(markdown, "parsed", counted)
        monkeypatch.setattr(incremental, "parsed", counted)


def test_reply_that_is_long_when_its_page_opens_is_parsed_once(
    topics: Topics, show: Show, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(PARTS) * 80
    reply, job = topics.stream(topics.question, text)
    parsed = Parsed(monkeypatch)
    page = show()
    for number in range(1, 51):
        topics.grow(reply, job, text + PARTS[0] * number)
        page._keeper._write_growing(page._keeper.streams.growing[reply.post_id])
    qtbot.waitUntil(
        lambda: page.is_complete and page._view.document().toPlainText().count("A paragraph") == 130
    )
    # All that was there already twice, to find its end and to show it; each step only its last blocks.
    assert parsed.all <= 2 * len(text) + 50 * 8 * len(PARTS[0])
    assert parsed.most_in_gui <= BACKGROUND


def test_one_block_that_never_ends_is_parsed_in_linear_time(
    qapp: QObject, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[object] = []
    parser, stream = Parser(lambda part, blocks: done.append(blocks), clock=lambda: 0.0), StreamParser()
    parsed = Parsed(monkeypatch)
    text = "word and **bold** " * 1_200
    for end in range(20, len(text), 20):
        parser.grow((1, "text"), stream, text[:end])
        qtbot.waitUntil(lambda: not parser.is_busy())
    # As far as the GUI thread parses it at once; then each character a limited number of times.
    at_once = BACKGROUND * BACKGROUND / 20
    assert parsed.all <= at_once + 2 * 33 * len(text)
    assert parsed.most_in_gui <= BACKGROUND
    parser.close()


@pytest.mark.parametrize("part", ["text", "thinking"])
def test_long_growing_text_is_written_in_slices(
    topics: Topics, show: Show, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    costs: list[int] = []
    written = Writer.set_body

    def counted(writer: Writer, slot, blocks) -> bool:
        costs.append(sum(points(block) for block in blocks[writer.common(slot, blocks) :]))
        return written(writer, slot, blocks)

    reply, job = topics.stream(topics.question, "")
    page = show()
    monkeypatch.setattr(Writer, "set_body", counted)
    parsed = Parsed(monkeypatch)
    if part == "thinking":
        page._keeper.follow_act(reply.post_id, "act:thinking")
    long = "".join(PARTS) * 90
    for number in range(20):
        topics.queue.running.update(job.request_id, phase="writing", **{part: f"{long}\n\nEnd {number}."})
        topics.events.reply_grew.emit(reply.post_id, 0, "")
        page._keeper._write_growing(page._keeper.streams.growing[reply.post_id])
        qtbot.wait(1)
    qtbot.waitUntil(lambda: page.is_complete and "End 19." in page._view.document().toPlainText())
    assert page._view.document().toPlainText().count("A paragraph") == 90
    assert len(costs) > 3
    assert max(costs) <= SLICE
    assert parsed.most_in_gui <= BACKGROUND


def test_long_thoughts_are_unfolded_in_the_background(
    topics: Topics, show: Show, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "".join(PARTS) * 90
    reply = topics.reply(topics.question, f"{long}The end.", thinking=f"{long}So it is.")
    page = show()
    parsed = Parsed(monkeypatch)
    page._keeper.follow_act(reply.post_id, "act:thinking")
    qtbot.waitUntil(lambda: page.is_complete and "So it is." in page._view.document().toPlainText())
    assert page._view.document().toPlainText().count("The end.") == 1
    assert parsed.most_in_gui <= BACKGROUND


def test_post_edited_while_it_is_being_written_shows_its_new_text(
    topics: Topics, show: Show, qtbot: QtBot
) -> None:
    reply = topics.reply(topics.question, "Short.")
    page = show()
    for text in ("".join(PARTS) * 80 + "First.", "".join(PARTS) * 40 + "Second."):
        topics.forum.edit_post(reply.post_id, text)
    qtbot.waitUntil(lambda: page.is_complete and "Second." in page._view.document().toPlainText())
    assert page._view.document().toPlainText().count("A paragraph") == 40
    assert "First." not in page._view.document().toPlainText()
