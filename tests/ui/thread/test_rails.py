"""The lines that join replies with what they answer."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from forllm_desktop.ui.thread.decorations import Decorations
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.style import DEEPEST
from tests.builders import NOW
from tests.ui.thread.conftest import Topics

Show = Callable[..., ThreadPage]


def painted_rails(page: ThreadPage, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Paint the page; return level of each piece of rail, and whether it is marked."""
    painted: list[tuple[int, bool]] = []
    real = Decorations._rail

    def noted(self: Decorations, painter: QPainter, depth: int, *place: float, is_hot: bool) -> None:
        painted.append((depth, is_hot))
        real(self, painter, depth, *place, is_hot=is_hot)

    with monkeypatch.context() as patch:
        patch.setattr(Decorations, "_rail", noted)
        page._view.viewport().grab()
    return painted


def test_painting_a_deep_thread_asks_only_for_what_is_on_screen(
    topics: Topics, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = topics.question
    for number in range(200):
        last = topics.reply(last, f"Answer {number}", read_at=NOW)
    page = show(post=last.post_id)
    page._view.verticalScrollBar().setValue(page._view.verticalScrollBar().maximum())
    asked: list[int] = []
    entry = page._view.scene.entry
    page._view.scene.entry = lambda key: asked.append(key) or entry(key)
    painted = painted_rails(page, monkeypatch)
    on_screen = len(page._view.visible())
    assert 5 < on_screen < 30
    assert {depth for depth, _ in painted} == set(range(DEEPEST))
    assert len(painted) <= (on_screen + 1) * DEEPEST
    assert len(asked) <= 3 * on_screen


def test_marked_rail_is_that_of_one_branch(
    topics: Topics, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    branches = [topics.reply(topics.question, f"Branch {name}", read_at=NOW) for name in "ab"]
    for branch in branches:
        inner = topics.reply(branch, "Inner", read_at=NOW)
        topics.reply(inner, "Innermost", read_at=NOW)
    page = show(height=900)
    assert not any(is_hot for _, is_hot in painted_rails(page, monkeypatch))
    page._view.scene.rail = branches[1].post_id
    # The branch's own piece, and those of the two posts below it.
    assert painted_rails(page, monkeypatch).count((1, True)) == 3
    assert painted_rails(page, monkeypatch).count((1, False)) == 3
    page._view.scene.rail = topics.question.post_id
    assert painted_rails(page, monkeypatch).count((0, True)) == 7
    # Where the branch begins above the screen, its rail is marked all the same.
    page._view.scene.rail = branches[1].post_id
    painted = painted_rails_from(page, topics.question.post_id + 6, monkeypatch)
    assert (1, True) in painted
    assert (0, True) not in painted


def painted_rails_from(page: ThreadPage, key: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Paint a post alone; return what `painted_rails` does."""
    top = page._view.top_of(page._view.writer.by_key[key])
    painted: list[tuple[int, bool]] = []
    image = page._view.viewport().grab().toImage()
    painter = QPainter(image)
    monkeypatch.setattr(
        Decorations, "_rail", lambda self, painter, depth, *place, is_hot: painted.append((depth, is_hot))
    )
    page._view.decorations.paint(painter, QRectF(0, top + 4, 900, 4))
    painter.end()
    return painted
