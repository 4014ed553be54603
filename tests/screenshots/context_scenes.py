"""Where it is set what is sent: the sections of the settings, the page of a subforum."""

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QScrollArea

from forllm_desktop.ui.pages.subforum import SubforumPage
from tests.screenshots.content import Filled
from tests.screenshots.scenes import scene, settings_section
from tests.screenshots.stage import Stage


@scene()
def settings_context(stage: Stage, filled: Filled) -> None:
    page = settings_section(stage, "Context")
    share = next(f for f in page.findChildren(QLineEdit) if f.accessibleName() == "Share of other threads")
    share.setFocus()
    share.selectAll()
    QTest.keyClicks(share, "95")


@scene()
def settings_files(stage: Stage, filled: Filled) -> None:
    settings_section(stage, "Files")


@scene()
def subforum_context(stage: Stage, filled: Filled) -> None:
    context, place = stage.workspace.context, filled.physics
    context.set_own(place, ambient_share=10, ambient_topics=3)
    stage.desk.show_page(f"subforum:{place}")
    stage.settle()
    page = stage.current(SubforumPage)
    page.findChild(QScrollArea).ensureWidgetVisible(page._context._rows["ambient_posts"])
    stage.settle()
    context.set_own(place, ambient_topics=None)
