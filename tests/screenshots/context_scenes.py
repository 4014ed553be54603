"""Where it is set what is sent: the sections of the settings, the page of a subforum."""

from datetime import timedelta

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QScrollArea

from forllm_desktop.domain.found_files import FolderState, FolderStatus
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.llm.backend import ModelInfo
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


@scene()
def settings_files_folders(stage: Stage, filled: Filled) -> None:
    """Folders in every state; no process indexes them here."""
    files, home = stage.workspace.files, stage.workspace.folder.parent
    folders = {}
    for name in ("Notes", "Thesis (with a rather long name for a folder)", "Recipes", "Old disk"):
        (home / name).mkdir(exist_ok=True)
        known = [folder for folder in files.folders() if folder.path == str(home / name)]
        made = known[0] if known else files.add_folder(str(home / name), block=["*.log"] * (name == "Notes"))
        folders[name] = made.folder_id
    states = [
        (FolderState.READY, 12345, True), (FolderState.INDEXING, 4100, False),
        (FolderState.READY, 87, False), (FolderState.MISSING, 0, False),
    ]  # fmt: skip
    found = {
        number: FolderStatus(
            number, state, count, indexed_at=filled.clock() - timedelta(minutes=2), is_watched=watched
        )
        for number, (state, count, watched) in zip(folders.values(), states, strict=True)
    }
    page = settings_section(stage, "Files")
    page._folders._show_status(found)
    page._folders._rows[folders["Notes"]]._fold.open()
    block = page._folders._rows[folders["Notes"]]._block
    block._text.setFocus()
    block._text.setPlainText("*.log\n!")
    stage.find(QLineEdit, "Path of a folder").setFocus()
    stage.find(QLineEdit, "Path of a folder").setText(str(home / "Notes"))
    stage.find(QPushButton, "Add").click()


@scene()
def settings_windows(stage: Stage, filled: Filled) -> None:
    ws = stage.workspace
    default = ws.models.default_choice()
    assert default is not None
    ws.windows.note(default, ModelInfo(default.name, ctx_trained=40960))
    large = ModelChoice(default.server_id, "Mistral-Small-3.2-24B-Instruct-2506-UD-Q4_K_XL")
    ws.windows.note(large, ModelInfo(large.name, ctx_trained=131072))
    ws.windows.set_override(large, 16384)
    page = settings_section(stage, "Servers")
    row = page._windows._rows[default]
    row._number._line.setFocus()
    row._number._line.setText("65536")
    row._number._line.editingFinished.emit()
    page._scroll.ensureWidgetVisible(page._windows, 0, 0)
    page._scroll.ensureWidgetVisible(page._windows._others)


@scene()
def settings_context_help(stage: Stage, filled: Filled) -> None:
    page = settings_section(stage, "Context")
    page._context._help.open()
