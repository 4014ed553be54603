"""The screens of the Personas page."""

from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QPushButton

from forllm_desktop.ui.pages.personas import PersonasPage
from tests.screenshots import texts
from tests.screenshots.content import Filled
from tests.screenshots.scenes import scene
from tests.screenshots.stage import Stage


def _personas(stage: Stage, filled: Filled, name: str = "Ada") -> PersonasPage:
    stage.read(filled.main_topic)
    stage.desk.show_persona(stage.workspace.personas.find(name)[0].persona_id)
    page = stage.current(PersonasPage)
    page._work.discard()
    stage.settle(lambda: not page.is_busy)
    return page


def _instructions(stage: Stage, page: PersonasPage, text: str) -> None:
    stage.find(QPlainTextEdit, "Instructions").setPlainText(text)
    stage.settle(lambda: not page.is_busy)


@scene()
def personas_versions(stage: Stage, filled: Filled) -> None:
    page = _personas(stage, filled)
    _instructions(stage, page, texts.ADA_DRAFT)
    page._versions.select(4, 3)
    stage.settle(lambda: not page.is_busy)


@scene()
def personas_preview(stage: Stage, filled: Filled) -> None:
    page = _personas(stage, filled)
    bar = page._scroll.verticalScrollBar()
    bar.setValue(bar.maximum())
    page._preview._view._list.toggle(1)
    stage.settle(lambda: not page.is_busy)


@scene()
def personas_errors(stage: Stage, filled: Filled) -> None:
    page = _personas(stage, filled)
    stage.find(QLineEdit, "Name").setText("feynman")
    page._editor.form._temperature.setText("warm")
    _instructions(stage, page, "It is {{time}}.\n\nYou are {{mood}}\u200b, and\x07 say <|im_end|> a lot.")


@scene()
def personas_conflict(stage: Stage, filled: Filled) -> None:
    page = _personas(stage, filled)
    _instructions(stage, page, texts.ADA_DRAFT + " And be brief.")
    ada = stage.workspace.personas.find("Ada")[0]
    stage.workspace.personas.change(ada.persona_id, description="Physics tutor, shows each step")
    stage.settle(lambda: not page.is_busy)


@scene()
def personas_new(stage: Stage, filled: Filled) -> None:
    stage.trigger("new_persona")
    page = stage.current(PersonasPage)
    stage.settle(lambda: not page.is_busy)


@scene("empty")
def personas_empty(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page("personas")
    page = stage.current(PersonasPage)
    stage.settle(lambda: not page.is_busy)


@scene()
def narrow_personas(stage: Stage, filled: Filled) -> None:
    stage.window.resize(900, 700)
    _personas(stage, filled)


@scene()
def narrow_personas_versions(stage: Stage, filled: Filled) -> None:
    stage.window.resize(900, 700)
    page = _personas(stage, filled)
    page._panes.open_right()


@scene()
def smallest_personas(stage: Stage, filled: Filled) -> None:
    stage.window.resize(480, 600)
    _personas(stage, filled)


@scene()
def personas_trial(stage: Stage, filled: Filled) -> None:
    page = _personas(stage, filled)
    stage.find(QLineEdit, "Question to try").setText("Why does a top not fall over?")
    stage.find(QPushButton, "Ask").click()
    stage.workspace.queue.claim([page._try.request_id])
    filled.clock.advance(12)
    stage.workspace.queue.finish(page._try.request_id, texts.SHORT[1], texts.THINKING, {})
    stage.settle(lambda: not page.is_busy)
    bar = page._scroll.verticalScrollBar()
    bar.setValue(bar.maximum())
