"""The folders of files in the settings: added, watched as they are indexed, filtered, removed, undone."""

from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.found_files import FolderState, FolderStatus
from forllm_desktop.services.files import FilesService
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.folder_words import status_words
from forllm_desktop.ui.pages.settings import SettingsPage
from forllm_desktop.ui.pages.settings_files import FoldersSection
from forllm_desktop.ui.widgets.folder_row import FolderRow
from tests.ui.gui_loop import Run, run, until

__all__ = ["run"]

pytestmark = pytest.mark.usefixtures("started_look", "run")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("A")
    return folder


@pytest.fixture
def page(workspace: Workspace, qtbot: QtBot) -> SettingsPage:
    made = SettingsPage(workspace)
    qtbot.addWidget(made)
    made.resize(1000, 900)
    made.show_section("Files")
    made.show()
    return made


@pytest.fixture
def section(page: SettingsPage) -> FoldersSection:
    return page._folders


def only_row(section: FoldersSection) -> FolderRow:
    (row,) = section._rows.values()
    return row


def type_path(qtbot: QtBot, section: FoldersSection, path: object) -> None:
    section._path.setFocus()
    section._path.selectAll()
    qtbot.keyClicks(section._path, str(path))
    qtbot.keyClick(section._path, Qt.Key.Key_Return)


def test_a_typed_path_is_added_and_undone_from_the_bar(
    page: SettingsPage, section: FoldersSection, workspace: Workspace, notes: Path, qtbot: QtBot, run: Run
) -> None:
    async def story() -> None:
        type_path(qtbot, section, notes)
        await until(lambda: section._rows)

    run(story())
    assert [folder.path for folder in workspace.files.folders()] == [str(notes)]
    assert section._path.text() == ""
    assert page._bar.accessibleName() == "notes is indexed now"
    page._bar._action.click()
    assert workspace.files.folders() == []
    assert section._rows == {}


@pytest.mark.parametrize("typed", ["", "/no/such/folder", "a.md"])
def test_a_path_that_is_no_folder_stays_as_typed_with_the_reason(
    section: FoldersSection, workspace: Workspace, notes: Path, qtbot: QtBot, run: Run, typed: str
) -> None:
    path = str(notes / typed) if typed == "a.md" else typed

    async def story() -> None:
        type_path(qtbot, section, path)
        await until(section._problem.text)

    run(story())
    assert section._path.text() == path
    assert section._problem.isVisible()
    assert workspace.files.folders() == []
    qtbot.keyClicks(section._path, "x")
    assert not section._problem.isVisible()


@pytest.mark.parametrize("typed", ["  {}  ", '"{}"', "file://{}", "{}/", "{}/../notes"])
def test_a_path_is_taken_as_shells_and_file_managers_copy_it(
    section: FoldersSection, workspace: Workspace, notes: Path, qtbot: QtBot, run: Run, typed: str
) -> None:
    async def story() -> None:
        type_path(qtbot, section, typed.format(notes))
        await until(lambda: section._rows)

    run(story())
    assert [folder.path for folder in workspace.files.folders()] == [str(notes)]
    assert section._path.text() == ""


def test_the_same_folder_twice_is_refused(
    section: FoldersSection, workspace: Workspace, notes: Path, qtbot: QtBot, run: Run
) -> None:
    workspace.files.add_folder(str(notes))

    async def story() -> None:
        type_path(qtbot, section, notes)
        await until(section._problem.text)

    run(story())
    assert section._problem.text().startswith("This folder is indexed already")


def test_folders_are_dropped_and_files_among_them_are_told(
    page: SettingsPage, section: FoldersSection, workspace: Workspace, notes: Path, tmp_path: Path, run: Run
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (notes, notes / "a.md", other)])
    actions, left, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier

    async def story() -> None:
        enter = QDragEnterEvent(QPoint(20, 20), actions, data, left, keys)
        QApplication.sendEvent(section, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(section, QDropEvent(QPointF(20, 20), actions, data, left, keys))
        await until(lambda: len(section._rows) == 2)

    run(story())
    assert [Path(folder.path).name for folder in workspace.files.folders()] == ["notes", "other"]
    text = QMimeData()
    text.setText("x")
    enter = QDragEnterEvent(QPoint(20, 20), actions, text, left, keys)
    QApplication.sendEvent(section, enter)
    assert not enter.isAccepted()


def test_a_folder_is_picked_in_a_dialog(
    section: FoldersSection, workspace: Workspace, notes: Path, qtbot: QtBot, run: Run
) -> None:
    async def story() -> None:
        qtbot.mouseClick(section._choose, Qt.MouseButton.LeftButton)
        (dialog,) = section.findChildren(QFileDialog)
        dialog.fileSelected.emit(str(notes))
        dialog.close()
        await until(lambda: section._rows)

    run(story())
    assert len(workspace.files.folders()) == 1


def test_removing_is_undone_with_its_number(
    page: SettingsPage, section: FoldersSection, workspace: Workspace, notes: Path, qtbot: QtBot
) -> None:
    number = workspace.files.add_folder(str(notes), block=["*.log"]).folder_id
    only_row(section).remove_requested.emit()
    assert workspace.files.folders() == []
    assert page._bar.accessibleName().startswith("notes is no longer indexed")
    page._bar._action.click()
    (back,) = workspace.files.folders()
    assert (back.folder_id, back.block) == (number, ["*.log"])


def test_patterns_and_the_switch_are_stored_with_undo(
    page: SettingsPage, section: FoldersSection, workspace: Workspace, notes: Path, qtbot: QtBot
) -> None:
    number = workspace.files.add_folder(str(notes)).folder_id
    row = only_row(section)
    row._fold.open()
    qtbot.mouseClick(row._switch, Qt.MouseButton.LeftButton)
    assert not workspace.files.folder(number).is_recursive
    block = row._block._text
    block.setFocus()
    qtbot.keyClicks(block, "*.log")
    qtbot.keyClick(block, Qt.Key.Key_Return)
    workspace.events.files_changed.emit()
    qtbot.keyClicks(block, "drafts/")
    qtbot.keyClick(block, Qt.Key.Key_Tab)
    assert workspace.files.folder(number).block == ["*.log", "drafts/"]
    assert row._fold._summary.text() == "without the folders in it, never *.log drafts/"
    page._bar._action.click()
    assert workspace.files.folder(number).block == []
    assert row._block.text == ""


def test_a_line_that_is_no_pattern_is_named_and_kept(
    section: FoldersSection, workspace: Workspace, notes: Path, qtbot: QtBot
) -> None:
    number = workspace.files.add_folder(str(notes)).folder_id
    row = only_row(section)
    row._fold.open()
    allow = row._allow._text
    allow.setFocus()
    allow.setPlainText("*.md\n!")
    qtbot.keyClick(allow, Qt.Key.Key_Tab)
    assert row._allow_field.problem.startswith("Line 2 is no pattern: !")
    assert workspace.files.folder(number).allow == []
    workspace.events.files_changed.emit()
    assert row._allow.text == "*.md\n!"
    allow.setFocus()
    allow.setPlainText("*.md")
    qtbot.keyClick(allow, Qt.Key.Key_Tab)
    assert workspace.files.folder(number).allow == ["*.md"]
    assert row._allow_field.problem == ""


def test_the_status_is_shown_as_it_changes(
    section: FoldersSection,
    workspace: Workspace,
    notes: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = workspace.files.add_folder(str(notes)).folder_id
    row = only_row(section)
    for status, words in (
        (FolderStatus(number, FolderState.INDEXING, 1200), "Indexing… 1,200 files so far"),
        (FolderStatus(number, FolderState.MISSING), "The folder is missing."),
    ):
        monkeypatch.setattr(FilesService, "status", lambda _self, status=status: {number: status})
        workspace.events.files_changed.emit()
        qtbot.waitUntil(lambda words=words: row._words.text().startswith(words))
    asked = []
    monkeypatch.setattr(FilesService, "reindex", lambda _self, folder_id=None: asked.append(folder_id))
    qtbot.mouseClick(row._reindex, Qt.MouseButton.LeftButton)
    assert asked == [number]


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=5), "12,345 files, indexed just now, changes are noticed"),
        (timedelta(minutes=2), "12,345 files, indexed 2 min ago, changes are noticed"),
        (timedelta(days=3), "12,345 files, indexed 3 days ago, changes are noticed"),
    ],
)
def test_a_ready_folder_says_how_many_files_and_since_when(ago: timedelta, words: str) -> None:
    now = utc_now()
    status = FolderStatus(1, FolderState.READY, 12345, indexed_at=now - ago, is_watched=True)
    assert status_words(status, now) == (words, "text_3")


def test_a_name_with_line_breaks_and_markup_stays_plain_and_in_one_line(
    section: FoldersSection, workspace: Workspace, tmp_path: Path
) -> None:
    odd = tmp_path / "<b>a\nb"
    odd.mkdir()
    workspace.files.add_folder(str(odd))
    labels = [label.text() for label in only_row(section).findChildren(type(section._hint))]
    assert "<b>a b" in "|".join(labels)
    assert not any("\n" in label for label in labels)


def test_a_bad_line_of_the_lists_for_all_folders_is_named(
    page: SettingsPage, workspace: Workspace, qtbot: QtBot
) -> None:
    from PySide6.QtWidgets import QPlainTextEdit

    field = next(f for f in page.findChildren(QPlainTextEdit) if f.accessibleName() == "Never these files")
    field.setFocus()
    field.setPlainText("*.log\n\n[z-a]")
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    labels = [label.text() for label in page.findChildren(type(page._folders._hint)) if label.isVisible()]
    assert any(text.startswith("Line 3 is no pattern: [z-a]") for text in labels)
    assert workspace.settings.current().files_block == ""


def test_what_is_always_skipped_is_found_by_search(page: SettingsPage, qtbot: QtBot) -> None:
    qtbot.keyClicks(page._search, "node_modules")
    shown = [name for name, section in page._sections.items() if section.isVisible()]
    assert shown == ["Files"]
    assert not page._folders.isVisible()
