"""A new text for a persona: told on its page, compared section by section, accepted or dropped."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.generation import (
    GenerationResult,
    GenerationType,
    OutputPreferences,
    PersonaGenerationRequest,
)
from forllm_desktop.domain.persona import Origin, Source
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.pages.new_persona import NewPersonaPage
from forllm_desktop.ui.pages.personas import PersonasPage
from forllm_desktop.ui.pages.proposal import ProposalPage
from tests.builders import a_server

OLD = (
    "## Persona Name: Signe\n\n## Core Identity:\nYou are the old Signe.\n\n## Habits:\nCounts porpoises.\n\n"
    "## Style:\nShort."
)
NEW = (
    "## Persona Name: Signe Dahl\n\n## Core Identity:\nYou are the new Signe.\n\n## Style:\nShort.\n\n"
    "## Never:\nGuess a number."
)


class Signe:
    """A generated persona, and how new texts for it come."""

    def __init__(self, workspace: Workspace) -> None:
        self.ws = workspace
        model = ModelChoice(a_server(workspace.database).server_id, "qwen3:8b")
        self.inputs = PersonaGenerationRequest(
            GenerationType.FROM_NAME_AND_DESCRIPTION,
            {"description_hint": "<b>A biologist</b>"},
            model,
            OutputPreferences(tone_preference="dry"),
        )
        used = {"refinement": {"name": "refinement/from_name_and_description", "version": "own v2"}}
        details = {**self.inputs.to_params(), "templates": used}
        origin = Origin(Source.FROM_NAME, details, "qwen3:8b")
        self.id = workspace.personas.create("Signe", OLD, origin=origin).persona_id

    def propose(self, text: str = NEW, name: str = "Signe Dahl", **result: Any) -> int:
        job = self.ws.generation.regenerate(self.id, self.inputs)
        assert self.ws.queue.claim() is not None
        self.ws.generation.finish(job.request_id, GenerationResult(name, text, **result), {})
        return job.request_id

    @property
    def text(self) -> str:
        return self.ws.personas.persona(self.id).prompt_instructions

    @property
    def version(self) -> int:
        return self.ws.personas.persona(self.id).version


@pytest.fixture
def signe(workspace: Workspace) -> Signe:
    return Signe(workspace)


@pytest.fixture
def compare(desk: Desk, qtbot: QtBot) -> Callable[[int], ProposalPage]:
    """Return a function that opens the page of a request's proposal."""

    def open_it(request_id: int) -> ProposalPage:
        desk.show_page(f"proposal:{request_id}")
        page = desk._tabs.current()
        assert isinstance(page, ProposalPage)
        qtbot.waitUntil(lambda: not page.is_busy)
        return page

    return open_it


@pytest.fixture
def personas_page(signe: Signe, desk: Desk, qtbot: QtBot) -> PersonasPage:
    desk.show_persona(signe.id)
    page = desk._tabs.current()
    assert isinstance(page, PersonasPage)
    qtbot.waitUntil(lambda: not page.is_busy)
    return page


def button(page: QWidget, name: str) -> QAbstractButton:
    return next(
        b for b in page.findChildren(QAbstractButton) if b.isVisible() and b.accessibleName().startswith(name)
    )


def has_button(page: QWidget, name: str) -> bool:
    names = [b.accessibleName() for b in page.findChildren(QAbstractButton) if b.isVisible()]
    return any(found.startswith(name) for found in names)


# -- side by side


def test_sections_stand_side_by_side_with_a_choice_where_they_differ(signe, compare):
    page = compare(signe.propose())
    titles = [row.pair.title for row in page._rows.rows]
    assert titles == ["Persona Name", "Core Identity", "Habits", "Style", "Never"]
    assert not has_button(page, "Text of Persona Name")
    assert has_button(page, "Text of Core Identity: Both")
    assert has_button(page, "Text of Habits: Current")
    assert not has_button(page, "Text of Habits: Both")
    assert not has_button(page, "Text of Style")
    assert page._line.text().startswith("qwen3:8b · ")


def test_accepted_whole_by_key(signe, compare, desk):
    page = compare(signe.propose())
    page._scroll.setFocus()
    button(page, "Drop").setFocus()
    QTest.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert (signe.version, signe.text) == (2, NEW.replace("Signe Dahl", "Signe"))
    assert desk._tabs.current_key() == "page:personas"
    assert not any(key.startswith("proposal:") for key in desk._tabs.open_keys())


def test_chosen_sections_and_the_name_are_accepted(signe, compare, qtbot):
    page = compare(signe.propose())
    button(page, "Text of Core Identity: Both").click()
    button(page, "Text of Habits: Current").click()
    next(box for box in page.findChildren(QCheckBox) if "Signe Dahl" in box.text()).click()
    button(page, "Accept as v2").click()
    assert signe.text == (
        "## Persona Name: Signe Dahl\n\n"
        "## Core Identity:\nYou are the old Signe.\nYou are the new Signe.\n\n"
        "## Habits:\nCounts porpoises.\n\n## Style:\nShort.\n\n## Never:\nGuess a number."
    )
    assert signe.ws.personas.persona(signe.id).name == "Signe Dahl"


def test_choices_survive_leaving_the_page_until_it_is_decided(signe, compare, desk):
    request = signe.propose()
    button(compare(request), "All current").click()
    desk._tabs.close_tab(f"proposal:{request}")
    page = compare(request)
    assert button(page, "Text of Habits: Current").isChecked()
    button(page, "Accept as v2").click()
    assert signe.text == OLD
    assert signe.ws.drafts.draft(f"proposal:{request}") is None


def test_dropped_changes_nothing(signe, compare):
    request = signe.propose()
    button(compare(request), "Drop").click()
    assert (signe.version, signe.ws.proposals.proposals()) == (1, [])


def test_persona_that_changed_meanwhile_is_told_in_words(signe, compare, qtbot):
    page = compare(signe.propose())
    button(page, "Text of Core Identity: Current").click()
    signe.ws.personas.change(signe.id, instructions=OLD.replace("old", "older"))
    qtbot.waitUntil(lambda: page._bar.isVisible() and not page.is_busy)
    assert page._bar.accessibleName().startswith(
        "Signe was changed meanwhile: it was v1 when this text was asked for and is v2 now."
    )
    button(page, "Accept as v3").click()
    assert "You are the older Signe." in signe.text, "the choice was made for the section, not for its words"


def test_change_that_the_page_has_not_seen_yet_is_never_overwritten(signe, compare, qtbot):
    page = compare(signe.propose())
    signe.ws.personas.change(signe.id, instructions="By hand.")
    page.accept()
    assert (signe.version, signe.text) == (2, "By hand.")
    assert "changed meanwhile" in page._bar.accessibleName()


def test_name_of_another_is_refused_in_words_and_the_proposal_waits(signe, compare):
    signe.ws.personas.create("Signe Dahl", "You are.")
    page = compare(signe.propose())
    next(box for box in page.findChildren(QCheckBox) if "Signe Dahl" in box.text()).click()
    page.accept()
    assert page._bar.isVisible()
    assert signe.version == 1


def test_missing_headings_are_told(signe, compare):
    page = compare(signe.propose(missing=("Example Phrases",)))
    assert page._lack.text() == "The new text lacks: Example Phrases."


def test_text_decided_elsewhere_is_said_to_be_decided(signe, compare, qtbot):
    request = signe.propose()
    page = compare(request)
    signe.ws.proposals.drop(request)
    qtbot.waitUntil(lambda: page._gone.isVisible())


# -- on the page of personas


def test_new_text_is_told_on_the_page_and_leads_to_the_comparison(signe, personas_page, desk, qtbot):
    part = personas_page._generated
    assert part._proposed.isHidden()
    request = signe.propose()
    qtbot.waitUntil(lambda: part._proposed.isVisible())
    assert part._proposed.accessibleName() == "A new text for Signe is proposed."
    button(part, "Compare").click()
    assert desk._tabs.current_key() == f"proposal:{request}"


def test_origin_and_inputs_are_shown_as_plain_text(signe, personas_page):
    part = personas_page._generated
    assert part.origin.startswith("Generated from an idea by qwen3:8b on ")
    assert part.origin.endswith(" · templates own v2")
    assert not part._inputs.isVisible()
    button(part, "Show inputs").click()
    assert part._inputs.isVisible()
    assert part._inputs.text().splitlines() == [
        "Idea: <b>A biologist</b>",
        "Tone: dry",
        "Template Refine: from an idea: own v2",
    ]
    assert part._inputs.textFormat() == Qt.TextFormat.PlainText


def test_persona_made_by_hand_has_nothing_of_it(workspace, desk, signe, qtbot):
    ada = workspace.personas.create("Ada", "You are Ada.").persona_id
    desk.show_persona(ada)
    page = desk._tabs.current()
    assert isinstance(page, PersonasPage)
    qtbot.waitUntil(lambda: not page.is_busy)
    assert not page._generated.isVisible()
    words = [entry[1] for entry in page._entries(page._commands.card(ada))]
    assert "Regenerate…" not in words
    assert "Templates…" in words
    assert "Regenerate…" in [entry[1] for entry in page._entries(page._commands.card(signe.id))]


def test_thumbs_and_note_are_kept_and_taken_back_by_pressing_again(signe, personas_page, qtbot):
    part, ratings = personas_page._generated, signe.ws.ratings
    qtbot.mouseClick(button(part, "This persona is good"), Qt.MouseButton.LeftButton)
    field = next(f for f in part.findChildren(QLineEdit) if f.accessibleName() == "Note on the rating")
    assert field.isVisible()
    field.setFocus()
    QTest.keyClicks(field, "Dry and true")
    QTest.keyClick(field, Qt.Key.Key_Return)
    rating = ratings.rating(signe.id)
    assert (rating.thumbs, rating.note) == (1, "Dry and true")
    qtbot.waitUntil(lambda: not personas_page.is_busy)
    button(part, "This persona is not good").setFocus()
    QTest.keyClick(button(part, "This persona is not good"), Qt.Key.Key_Space)
    assert ratings.rating(signe.id).thumbs == -1
    qtbot.waitUntil(lambda: not personas_page.is_busy)
    assert not button(part, "This persona is good").isChecked()
    qtbot.mouseClick(button(part, "This persona is not good"), Qt.MouseButton.LeftButton)
    assert ratings.rating(signe.id) is None
    qtbot.waitUntil(lambda: not personas_page.is_busy and not field.isVisible())


def test_persona_that_lacks_something_is_accepted_from_its_page(signe, workspace, personas_page, qtbot):
    place = workspace.forum.create_subforum("Sea", "All about it").subforum_id
    job = workspace.generation.generate(signe.inputs, assign_to=place)
    workspace.queue.claim()
    workspace.generation.finish(job.request_id, GenerationResult("Bo", "x", missing=("Style",)), {})
    made = workspace.personas.find("Bo")[0].persona_id
    personas_page.show_persona(made)
    qtbot.waitUntil(lambda: personas_page._generated._lacking.isVisible())
    assert "Missing: Style. Bo answers nobody" in personas_page._generated._lacking.accessibleName()
    button(personas_page._generated, "Accept").click()
    qtbot.waitUntil(lambda: not personas_page._generated._lacking.isVisible())
    assert [m.card.name for m in workspace.personas.members(place)] == ["Bo"]


# -- regenerating


def test_regenerating_begins_with_the_inputs_and_ends_as_a_proposal(signe, personas_page, desk, qtbot):
    button(personas_page._generated, "Regenerate…").click()
    page = desk._tabs.current()
    assert isinstance(page, NewPersonaPage)
    assert desk._tabs.current_key() == f"regenerate:{signe.id}"
    wishes = page._form.wishes
    assert (wishes.idea, wishes.tone) == ("<b>A biologist</b>", "dry")
    assert page._form._title.text() == "A new text for Signe"
    assert not page._form._place_row.isVisible()
    page._generate.click()
    (job,) = signe.ws.queue.jobs()
    assert (job.request_params or {})["regenerates"] == signe.id
    signe.ws.queue.claim()
    signe.ws.generation.finish(job.request_id, GenerationResult("Signe Dahl", NEW), {})
    qtbot.waitUntil(lambda: page._followed.view is not None and page._followed.view.decision == "proposed")
    page._open_persona()
    assert desk._tabs.current_key() == f"proposal:{job.request_id}"
