"""The options of what is sent, on the Settings page: in groups, with what they mean in numbers."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.settings import Settings
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.context_help import PARAGRAPHS
from forllm_desktop.ui.context_words import context_sentence
from forllm_desktop.ui.pages.settings_context import GROUPS, ContextSection
from forllm_desktop.ui.widgets.settings_form import options_of

pytestmark = pytest.mark.usefixtures("started_look")


@pytest.fixture
def section(workspace: Workspace, qtbot: QtBot) -> ContextSection:
    made = ContextSection(workspace.settings, workspace.events)
    qtbot.addWidget(made)
    made.resize(640, 900)
    made.show()
    return made


def field(section: ContextSection, name: str) -> QLineEdit:
    return next(f for f in section.findChildren(QLineEdit) if f.accessibleName() == name)


def test_every_option_of_the_section_stands_in_one_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(option.name for option in options_of("Context"))


def test_the_sentence_follows_what_is_typed(section: ContextSection, qtbot: QtBot) -> None:
    assert section._sentence.text() == (
        "Of 8,192 tokens 2,048 are kept for the answer. The persona, the answered post and its files come "
        "first; the posts before it share what is left of 6,144. Other threads take at most 25 % of that, up "
        "to 1,536 tokens, where the thread needs the room too."
    )
    window = field(section, "Largest context window")
    window.setFocus()
    window.selectAll()
    qtbot.keyClicks(window, "2000")
    assert section._sentence.text().startswith("Of 2,000 tokens 1,000 are kept for the answer.")
    assert "up to 250 tokens" in section._sentence.text()


def test_a_value_that_does_not_fit_counts_for_nothing(section: ContextSection, qtbot: QtBot) -> None:
    share = field(section, "Share of other threads")
    share.setFocus()
    share.selectAll()
    qtbot.keyClicks(share, "9")
    assert "at most 9 %" in section._sentence.text()
    qtbot.keyClicks(share, "5")
    qtbot.waitUntil(lambda: "at most 25 %" in section._sentence.text())


def test_the_sentence_comes_back_with_the_stored_value(
    section: ContextSection, workspace: Workspace, qtbot: QtBot
) -> None:
    share = field(section, "Share of other threads")
    share.setFocus()
    share.selectAll()
    qtbot.keyClicks(share, "50")
    qtbot.keyClick(share, Qt.Key.Key_Return)
    assert workspace.settings.current().ambient_share == 50
    workspace.settings.change(ambient_share=10)
    assert "at most 10 %" in section._sentence.text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Settings(ambient_posts=0), "Nothing of other threads is sent."),
        (Settings(ambient_posts_per_branch=0), "Nothing of other threads is sent."),
        (Settings(ambient_posts=0, ambient_topics=3), "Other threads take at most 25 %"),
        (Settings(ambient_share=0), "Other threads take only what the thread leaves free."),
    ],
)
def test_the_sentence_says_when_nothing_else_is_sent(options: Settings, words: str) -> None:
    assert words in context_sentence(options)


def test_a_search_shows_the_option_with_its_heading(section: ContextSection) -> None:
    assert section.filter("topics subforum")
    shown = [title for title, (part, _) in section._groups.items() if part.isVisible()]
    assert shown == ["Other threads"]
    assert not section._sentence.isVisible()
    assert not section.filter("zebra")
    assert section.filter("")
    assert section._sentence.isVisible()


def test_the_help_is_told_in_the_readme_too(section: ContextSection) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert [title for title in PARAGRAPHS if f"- **{title}.** " not in readme] == []
    assert section.filter("chain")
    assert section._help.isVisible()
