"""The pictures of the screens: two of them are drawn, and what looks at them finds what is cut."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import qasync
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.ui.theme import ColourScheme, start_look
from tests.screenshots.checking import problems_of
from tests.screenshots.drawing import Variant, draw
from tests.screenshots.scenes import SCENES

PAGES = (
    "topic-find", "composer-edit", "sidebar-description", "queue-failed", "settings-add-server",
    "settings-replies", "settings-appearance", "trash", "keyboard", "about", "search-hits", "split-tabs",
    "subforum", "welcome-add-server", "refusal",
    "templates-versions", "proposal-side-by-side", "persona-generated",
)  # fmt: skip
TESTED = (Variant("light", 100), Variant("dark", 200), Variant("light", 200, 480))
DRAWN = [scene for scene in SCENES if scene.name.endswith(("composer-reply-and-error", "settings-servers"))]


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[asyncio.AbstractEventLoop]:
    quits = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)
    look, loop = start_look(qapp), qasync.QEventLoop(qapp)
    asyncio.set_event_loop(loop)
    yield loop
    loop.close()
    asyncio.set_event_loop(None)
    look.apply(ColourScheme.SYSTEM, "blue", 1.0)
    qapp.setQuitOnLastWindowClosed(quits)


@pytest.mark.parametrize("variant", TESTED, ids=lambda v: v.name)
def test_nothing_of_a_topic_and_of_the_settings_is_cut(
    loop: asyncio.AbstractEventLoop, tmp_path: Path, variant: Variant
) -> None:
    assert len(DRAWN) == 2
    assert draw(loop, tmp_path, DRAWN, [variant]) == []
    pictures = sorted(tmp_path.glob("*.png"))
    assert [picture.stem for picture in pictures] == [f"{scene.name}-{variant.name}" for scene in DRAWN]


def test_every_control_of_every_page_has_a_name(loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    scenes = [scene for scene in SCENES if scene.name.partition("-")[2] in PAGES]
    assert len(scenes) == len(PAGES)
    assert draw(loop, tmp_path, scenes, [Variant("light", 100)]) == []


def test_a_control_without_a_name_is_found(qtbot: QtBot) -> None:
    window = _window(qtbot)
    _put(QLineEdit(window), 100, 28)
    window.show()
    assert [line.partition(": ")[2] for line in problems_of(window)] == ["has no name for a screen reader"]


def test_a_cut_text_is_found(qtbot: QtBot) -> None:
    window = _window(qtbot)
    _put(QLabel("Nothing of this text may be cut", window), 60, 24)
    _put(QPushButton("Post and ask", window), 40, 28, top=40)
    field = QLineEdit(window)
    field.setAccessibleName("Title")
    field.setPlaceholderText("Title; left empty, the first line is the title")
    _put(field, 90, 28, top=80)
    low = QLabel("These words have to be broken into several lines", window)
    low.setWordWrap(True)
    _put(low, 120, 20, top=120)
    window.show()
    found = problems_of(window)
    assert [
        kind for kind in ("QLabel", "QPushButton", "QLineEdit") if any(kind in line for line in found)
    ] == [
        "QLabel",
        "QPushButton",
        "QLineEdit",
    ]
    assert any("of height" in line for line in found)


def test_a_text_that_is_short_on_purpose_is_on_its_tooltip(qtbot: QtBot) -> None:
    window = _window(qtbot)
    button = QPushButton("A very long name of a server", window)
    button.setToolTip("A very long name of a server")
    _put(button, 40, 28)
    window.show()
    assert problems_of(window) == []


def test_widgets_over_each_other_and_outside_are_found(qtbot: QtBot) -> None:
    window = _window(qtbot)
    _put(QPushButton("One", window), 100, 28)
    _put(QPushButton("Two", window), 100, 28, top=20)
    _put(QPushButton("Three", window), 100, 28, top=290)
    window.show()
    found = problems_of(window)
    assert any("share 100 x 8 px" in line for line in found)
    assert any("sticks out" in line for line in found)
    assert len(found) == 2


def _window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 300)
    return window


def _put(widget: QWidget, width: int, height: int, top: int = 0) -> None:
    widget.setGeometry(QRect(0, top, width, height))
