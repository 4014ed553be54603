"""The screens of templates and of new texts for personas."""

from PySide6.QtWidgets import QPlainTextEdit

from forllm_desktop.ui.pages.templates import TemplatesPage
from tests.screenshots.content import Filled
from tests.screenshots.scenes import scene
from tests.screenshots.stage import Stage

NAME = "refinement/subforum_expert"


def _templates(stage: Stage) -> TemplatesPage:
    templates = stage.workspace.templates
    if not templates.versions(NAME):
        text = templates.built_in(NAME).text
        templates.save(NAME, text.replace("3 to 5", "exactly 3").replace("smaller ", "small "))
    stage.desk.show_page("templates")
    page = stage.current(TemplatesPage)
    page._list.choose(NAME)
    page._work.discard()
    stage.settle(lambda: not page.is_busy)
    return page


@scene()
def templates_preview(stage: Stage, filled: Filled) -> None:
    _templates(stage)._side.choose("preview")


@scene()
def templates_changes(stage: Stage, filled: Filled) -> None:
    page = _templates(stage)
    page._side.choose("changes")
    stage.settle(lambda: not page.is_busy)


@scene()
def templates_versions(stage: Stage, filled: Filled) -> None:
    _templates(stage)._side.choose("versions")


@scene()
def templates_errors(stage: Stage, filled: Filled) -> None:
    page = _templates(stage)
    page._side.choose("preview")
    stage.find(QPlainTextEdit, "Text of the template").setPlainText(
        "Refine {{ name_hint }} for {{subforum_name}}, {{not a name}}.\n\nTone: {{tone_preference}}"
    )
    stage.settle(lambda: not page.is_busy)


@scene()
def narrow_templates(stage: Stage, filled: Filled) -> None:
    stage.resize(900, 700)
    _templates(stage)


@scene()
def smallest_templates(stage: Stage, filled: Filled) -> None:
    stage.resize(480, 600)
    _templates(stage)
