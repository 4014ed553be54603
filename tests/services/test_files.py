"""Indexed folders: added, changed, taken away and brought back; their files read as the settings allow."""

from collections.abc import Callable
from pathlib import Path

import pytest

from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.llm.tokens import estimate_text
from forllm_desktop.services.files import FilesService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from tests.builders import FixedClock
from tests.recorder import Recorder


@pytest.fixture
def files(database: Database, recorder: Recorder, events, tmp_path: Path, clock: FixedClock) -> FilesService:
    return FilesService(database, events, tmp_path / "data", clock)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a few files in it."""
    made = tmp_path / "notes"
    (made / "deep" / "er").mkdir(parents=True)
    (made / "plan.md").write_text("A plan", encoding="utf-8")
    (made / "deep" / "er" / "idea.txt").write_text("An idea", encoding="utf-8")
    return made


def refusal(step: Callable[[], object]) -> tuple[str, str, str]:
    with pytest.raises(InvalidInput) as caught:
        step()
    return caught.value.field, caught.value.title, caught.value.message


def test_folder_is_added_once_and_told(files: FilesService, folder: Path, recorder: Recorder) -> None:
    added = files.add_folder(str(folder), block=["# mine", "", "*.log"])
    assert [(one.folder_id, one.path, one.block) for one in files.folders()] == [(1, str(folder), ["*.log"])]
    assert files.folder(added.folder_id).is_recursive
    assert recorder.take() == [("files_changed",)]
    field, title, _ = refusal(lambda: files.add_folder(str(folder)))
    assert (field, title) == ("path", "This folder is indexed already")
    assert recorder.take() == []


@pytest.mark.parametrize("path", ["", "  ", "/no/such/folder", "a\0b", "/\udcff"])
def test_what_is_no_folder_is_not_added(files: FilesService, path: str) -> None:
    assert refusal(lambda: files.add_folder(path))[0] == "path"
    assert files.folders() == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux has these")
@pytest.mark.parametrize("path", ["/", "//", "/usr/..", "/proc", "/proc/self", "/proc/self/root", "/sys"])
def test_the_whole_computer_and_what_is_no_file_is_not_added(files: FilesService, path: str) -> None:
    assert refusal(lambda: files.add_folder(path))[0] == "path"
    assert files.folders() == []


def test_a_link_to_the_whole_computer_is_not_added(files: FilesService, tmp_path: Path) -> None:
    link = tmp_path / "all"
    link.symlink_to("/")
    assert refusal(lambda: files.add_folder(str(link)))[1] == "This is the whole computer"


def test_file_is_not_added_as_a_folder(files: FilesService, folder: Path) -> None:
    assert "Not a directory" in refusal(lambda: files.add_folder(str(folder / "plan.md")))[2]


def test_bad_pattern_is_refused_with_its_line(files: FilesService, folder: Path) -> None:
    field, title, _ = refusal(lambda: files.add_folder(str(folder), allow=["*.md", "!"]))
    assert (field, title) == ("allow", "Line 2 is no pattern: !")
    added = files.add_folder(str(folder))
    assert refusal(lambda: files.edit_folder(added.folder_id, block=["[z-a]"]))[0] == "block"
    assert files.folder(added.folder_id).block == []


def test_number_of_a_removed_folder_is_never_given_again(files: FilesService, folder: Path) -> None:
    first = files.add_folder(str(folder))
    removed = files.remove_folder(first.folder_id)
    other = files.add_folder(str(folder / "deep"))
    assert other.folder_id != first.folder_id
    with pytest.raises(NotFound):
        files.read(first.folder_id, "plan.md")
    assert files.restore(removed).folder_id == first.folder_id
    assert files.restore(removed).folder_id == first.folder_id
    assert files.read(first.folder_id, "plan.md").text == "A plan"


def test_file_of_a_folder_is_read(files: FilesService, folder: Path) -> None:
    number = files.add_folder(str(folder)).folder_id
    read = files.read(number, "deep/er/idea.txt")
    assert (read.name, read.text, read.content, read.encoding) == ("idea.txt", "An idea", b"An idea", "utf-8")
    assert read.tokens == estimate_text("An idea")
    files.edit_folder(number, is_recursive=False)
    assert "subfolders are not included" in refusal(lambda: files.read(number, "deep/er/idea.txt"))[2]


def test_settings_and_folder_both_block(
    files: FilesService, folder: Path, database: Database, events
) -> None:
    settings = SettingsService(database, events)
    number = files.add_folder(str(folder), block=["deep/"]).folder_id
    assert refusal(lambda: files.read(number, "deep/er/idea.txt"))[0] == "file"
    settings.change(files_block="*.md")
    assert refusal(lambda: files.read(number, "plan.md"))[0] == "file"
    files.edit_folder(number, block=["!plan.md"])
    assert files.read(number, "plan.md").text == "A plan"
    settings.change(files_allow="*.txt", files_block="")
    assert refusal(lambda: files.read(number, "plan.md"))[0] == "file"
    files.edit_folder(number, allow=["*.md"])
    assert files.read(number, "plan.md").text == "A plan"


def test_file_with_too_many_tokens_is_refused_with_numbers(
    files: FilesService, folder: Path, database: Database, events
) -> None:
    SettingsService(database, events).change(file_tokens=100)
    (folder / "long.txt").write_text("word " * 200, encoding="utf-8")
    n_tokens = estimate_text("word " * 200)
    field, title, message = refusal(lambda: files.read_path(folder / "long.txt"))
    assert (field, title) == ("file", "long.txt is too long")
    assert message == f"It has about {n_tokens} tokens; one file may have 100 (Settings, Files)."
    assert refusal(lambda: files.read_bytes("pasted.txt", b"word " * 200))[1] == "pasted.txt is too long"
