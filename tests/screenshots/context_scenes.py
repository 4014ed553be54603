"""Where it is set what is sent: the sections of the settings, the page of a subforum."""

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

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
