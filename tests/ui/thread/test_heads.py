"""The head line of a post: names keep their direction to themselves, and it never takes a second line."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication, QTextBlock
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.ui.theme import ColourScheme, Look
from forllm_desktop.ui.thread.bidi import isolated, without_isolates
from forllm_desktop.ui.thread.grounds import x_of
from forllm_desktop.ui.thread.page import ThreadPage
from tests.builders import NOW, a_job
from tests.ui.thread.conftest import Topics

Show = Callable[..., ThreadPage]

OVERRIDE, POP = "\u202e", "\u2069"
LONG = "hf.co/bartowski/Some-Very-Long-Model-Name-That-Goes-On-And-On-GGUF:Q4_K_M"


def head_block(page: ThreadPage, key: int) -> QTextBlock:
    return page._view.document().findBlock(page._view.writer.by_key[key].start)


def places(block: QTextBlock, text: str) -> list[float]:
    """Return where each character of a part of a line begins, in px."""
    start = block.text().index(text)
    line = block.layout().lineAt(0)
    return [x_of(line, at) for at in range(start, start + len(text))]


@pytest.mark.parametrize("name", [f"gpt{OVERRIDE}evil", f"{POP}{OVERRIDE}gpt", f"\u2067{OVERRIDE}x", "שלום"])
def test_name_turns_nothing_around_but_itself(topics: Topics, show: Show, name: str) -> None:
    reply = topics.reply(topics.question, "Text.", llm_model_id=name, is_incomplete=True, read_at=NOW)
    page = show()
    block = head_block(page, reply.post_id)
    order = [*places(block, "Ada"), *places(block, "v1"), *places(block, "incomplete")]
    assert order == sorted(order)


def test_copied_names_are_as_they_were_given(topics: Topics, show: Show) -> None:
    name = f"gpt{OVERRIDE}evil"
    topics.forum.rename_topic(topics.topic.topic_id, f"Why{OVERRIDE}?")
    topics.reply(topics.question, "Text.", llm_model_id=name, read_at=NOW)
    page = show()
    page._view.selectAll()
    page._view.copy()
    copied = QGuiApplication.clipboard().text()
    assert f"Ada v1 {name} " in copied
    assert without_isolates(copied) == copied


def test_usual_names_need_nothing_around_them() -> None:
    assert isolated("Ada (2)") == "Ada (2)"
    assert isolated("Größe 漢字") == "Größe 漢字"
    assert without_isolates(isolated("a\u202eb")) == "a\u202eb"


@pytest.mark.parametrize("width", [420, 520, 700])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_head_line_with_long_names_stays_one_line_with_its_state(
    topics: Topics, show: Show, started_look: Look, width: int, scale: float
) -> None:
    started_look.apply(ColourScheme.LIGHT, "blue", scale)
    topics.ada = topics.personas.create("A persona with a rather long name", "You are long.")
    broken = topics.reply(topics.question, "Text.", llm_model_id=LONG, is_incomplete=True, read_at=NOW)
    running, _ = topics.stream(topics.question, "It is", "writing")
    waiting = a_job(topics.database, topics.question, JobStatus.PENDING, llm_model=LONG)
    page = show(width=width)
    page.grab()
    states = {broken.post_id: "incomplete", running.post_id: "writing", -waiting.request_id: ""}
    for key, state in states.items():
        block = head_block(page, key)
        assert block.layout().lineCount() == 1, block.text()
        assert state in block.text()
        right = block.layout().lineAt(0).naturalTextWidth() + page._view.decorations.box(block).left()
        labels = page._view.decorations.labels[key]
        # On the current post the actions give way; what stops or retries never lies on the text.
        assert not labels or min(label.rect.left() for label in labels) >= right - 1


def test_whole_name_of_a_model_is_told_by_the_tip(topics: Topics, show: Show) -> None:
    reply = topics.reply(topics.question, "Text.", llm_model_id=LONG, read_at=NOW)
    page = show(width=480)
    head = page._view.writer.by_key[reply.post_id].head
    assert "…" in head.details[1]
    assert head.details[1].endswith("M")
    at = QPointF(90, page._view.top_of(page._view.writer.by_key[reply.post_id]) + 10)
    assert page._view._tip_at(at).split("\n")[0] == LONG


def test_head_line_is_fitted_anew_for_another_width(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply = topics.reply(topics.question, "Text.", llm_model_id=LONG, read_at=NOW)
    page = show(width=1100)
    shown = LONG.rpartition("/")[2]
    assert page._view.writer.by_key[reply.post_id].head.details[1] == shown
    page.resize(600, 600)
    qtbot.waitUntil(lambda: "…" in page._view.writer.by_key[reply.post_id].head.details[1])
    page.resize(1100, 600)
    qtbot.waitUntil(lambda: page._view.writer.by_key[reply.post_id].head.details[1] == shown)
