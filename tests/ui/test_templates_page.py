"""The Templates page: read, change, compare, save, reset, and bring back what was there."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.persona import Origin, Source
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.pages.templates import TemplatesPage
from forllm_desktop.ui.panes.template_side import CHANGES, PREVIEW, VERSIONS

NAME = "refinement/subforum_expert"
OWN = "Refine {{brainstormed_text_from_stage_1}} for {{subforum_name}}."


@pytest.fixture
def open_page(desk: Desk, qtbot: QtBot) -> Callable[[], TemplatesPage]:
    """Return a function that opens the page at a template."""

    def open_it() -> TemplatesPage:
        desk.show_page("templates")
        shown = desk._tabs.current()
        assert isinstance(shown, TemplatesPage)
        shown._list.choose(NAME)
        qtbot.waitUntil(lambda: not shown.is_busy)
        return shown

    return open_it


@pytest.fixture
def page(open_page: Callable[[], TemplatesPage]) -> TemplatesPage:
    return open_page()


def field(page: TemplatesPage) -> QPlainTextEdit:
    return next(f for f in page.findChildren(QPlainTextEdit) if f.accessibleName() == "Text of the template")


def button(page: TemplatesPage, name: str) -> QAbstractButton:
    return next(
        b for b in page.findChildren(QAbstractButton) if b.isVisible() and b.accessibleName().startswith(name)
    )


def type_text(page: TemplatesPage, text: str, qtbot: QtBot) -> None:
    """Replace the text, as by selecting all and pasting."""
    field(page).setFocus()
    field(page).selectAll()
    field(page).insertPlainText(text)
    qtbot.waitUntil(lambda: not page.is_busy)


def test_settings_lead_to_the_templates(desk: Desk, qtbot: QtBot) -> None:
    desk.show_page("settings")
    page = desk._tabs.current()
    assert page is not None
    press = next(b for b in page.findChildren(QAbstractButton) if b.accessibleName() == "Templates…")
    press.click()
    assert desk._tabs.current_key() == "page:templates"


def test_page_that_writes_personas_leads_to_the_templates(desk: Desk) -> None:
    desk.show_page("new-persona")
    page = desk._tabs.current()
    assert page is not None
    next(b for b in page.findChildren(QAbstractButton) if b.accessibleName() == "Templates…").click()
    assert desk._tabs.current_key() == "page:templates"


def test_templates_are_listed_by_stage_with_what_is_in_use(page: TemplatesPage, workspace: Workspace) -> None:
    assert [row.title for row in page._list.rows if not row.key] == ["Expand", "Refine", "Check", "Mend"]
    assert len([row for row in page._list.rows if row.key]) == 10
    workspace.templates.save(NAME, OWN)
    page._read_facts()
    assert next(row.line for row in page._list.rows if row.key == NAME) == "own v1"


def test_text_is_saved_by_key_as_an_own_version(
    page: TemplatesPage, workspace: Workspace, qtbot: QtBot
) -> None:
    assert not button(page, "Save").isEnabled()
    type_text(page, OWN, qtbot)
    assert button(page, "Save").isEnabled()
    QTest.keyClick(field(page), Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert workspace.templates.template(NAME).version == "own v1"
    assert workspace.drafts.draft(f"template:{NAME}") is None
    assert not button(page, "Save").isEnabled()


def test_wrong_placeholders_are_told_in_words_and_cannot_be_saved(page: TemplatesPage, qtbot: QtBot) -> None:
    type_text(page, "Refine for {{mood}}.", qtbot)
    assert page._editor.messages == [
        "{{brainstormed_text_from_stage_1}} is missing: without what the first stage wrote the model has "
        "nothing to work on.",
        "{{mood}} stands for nothing here.",
    ]
    assert not button(page, "Save").isEnabled()
    assert "comes back" in page._side._line.text()


def test_placeholder_is_put_into_the_text_where_the_cursor_is(page: TemplatesPage, qtbot: QtBot) -> None:
    type_text(page, "Refine: ", qtbot)
    qtbot.mouseClick(button(page, "Insert brainstormed_text_from_stage_1: needed"), Qt.MouseButton.LeftButton)
    assert field(page).toPlainText() == "Refine: {{brainstormed_text_from_stage_1}}"


def test_preview_shows_sample_values_and_changes_what_differs(page: TemplatesPage, qtbot: QtBot) -> None:
    type_text(page, OWN, qtbot)
    page._side.choose(PREVIEW)
    assert page._side._view.toPlainText() == "Refine (the brainstormed text) for Cooking."
    page._side.choose(CHANGES)
    qtbot.waitUntil(lambda: not page.is_busy)
    assert page._side._line.text().startswith("To the built-in template: ")


def test_typed_text_survives_leaving_and_a_restart(
    open_page: Callable[[], TemplatesPage], desk: Desk, workspace: Workspace, qtbot: QtBot
) -> None:
    page = open_page()
    type_text(page, OWN, qtbot)
    page._list.choose("expansion/subforum_expert")
    assert field(page).toPlainText() == workspace.templates.built_in("expansion/subforum_expert").text
    page._list.choose(NAME)
    assert field(page).toPlainText() == OWN
    type_text(page, OWN + " More.", qtbot)
    desk._tabs.close_tab("page:templates")
    assert field(open_page()).toPlainText() == OWN + " More."


def test_reset_can_be_taken_back(page: TemplatesPage, workspace: Workspace, qtbot: QtBot) -> None:
    type_text(page, OWN, qtbot)
    page._keep()
    type_text(page, OWN + " Typed.", qtbot)
    qtbot.mouseClick(button(page, "Reset"), Qt.MouseButton.LeftButton)
    assert field(page).toPlainText() == workspace.templates.built_in(NAME).text
    assert not workspace.templates.template(NAME).is_own
    qtbot.mouseClick(button(page, "Undo"), Qt.MouseButton.LeftButton)
    assert field(page).toPlainText() == OWN + " Typed."


def test_version_is_restored_and_what_was_typed_comes_back_on_undo(
    page: TemplatesPage, workspace: Workspace, qtbot: QtBot
) -> None:
    workspace.templates.save(NAME, OWN)
    workspace.templates.save(NAME, OWN + " Newer.")
    qtbot.waitUntil(lambda: not page.is_busy)
    type_text(page, "Not usable.", qtbot)
    page._side.choose(VERSIONS)
    assert [row.title for row in page._side._list.rows][:2] == ["own v2", "own v1"]
    page._side._list.choose("1")
    page._side._restore.click()
    assert workspace.templates.template(NAME).text == OWN
    assert field(page).toPlainText() == OWN
    qtbot.mouseClick(button(page, "Undo"), Qt.MouseButton.LeftButton)
    assert field(page).toPlainText() == "Not usable.", "it cannot be used, but nothing typed is lost"


def test_ratings_stand_with_the_versions(page: TemplatesPage, workspace: Workspace, qtbot: QtBot) -> None:
    workspace.templates.save(NAME, OWN)
    for number, thumbs in enumerate((1, 1, -1, 0)):
        used = {"refinement": {"name": NAME, "version": "own v1"}}
        origin = Origin(Source.SUBFORUM_EXPERT, {"templates": used})
        made = workspace.personas.create(f"P{number}", "You are.", origin=origin)
        if thumbs:
            workspace.ratings.rate(made.persona_id, thumbs)
    qtbot.waitUntil(lambda: not page.is_busy)
    qtbot.waitUntil(lambda: page._line.text() == "own v1 · 2 up, 1 down, 1 unrated")
    assert "2 up, 1 down, 1 unrated" in page._side._list.rows[0].line
    assert page._side._list.rows[0].mark == "in use"
