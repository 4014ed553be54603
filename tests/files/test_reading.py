"""Paths: what may be opened, what is refused and why, and nothing that holds up or leads outside."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.files import reading, real_path
from forllm_desktop.files.patterns import Rules
from forllm_desktop.files.reading import LARGEST, read_content, read_file, read_in_folder

ROOT = Path(__file__).parents[2]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs names and files that Linux allows")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a text in it, beside another with a secret."""
    made = tmp_path / "notes"
    (made / "sub").mkdir(parents=True)
    (made / "plan.md").write_text("A plan", encoding="utf-8")
    (made / "sub" / "idea.md").write_text("An idea", encoding="utf-8")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.md").write_text("A secret", encoding="utf-8")
    return made


def refusal(step: Callable[..., object], *args: object) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as caught:
        step(*args)
    assert caught.value.field == "file"
    assert caught.value.title.isprintable()
    return caught.value.title, caught.value.message


def test_picked_file_is_read_wherever_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_file(folder / "plan.md").text == "A plan"
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    assert [read_file(path).name for path in ("plan.md", "~/plan.md")] == ["plan.md", "plan.md"]


def test_what_is_no_file_is_refused(folder: Path) -> None:
    assert refusal(read_file, folder)[0] == "notes is a folder"
    assert refusal(read_file, folder / "gone.md") == (
        "gone.md is gone",
        "It was moved, renamed or deleted.",
    )
    assert refusal(read_file, "a\0b.md")[0] == "a b.md cannot be read"
    assert refusal(read_file, folder / ("x" * 300))[1] == "File name too long."
    assert refusal(read_file, folder / "plan.md" / "x")[0] == "x cannot be read"


def test_empty_file_is_refused(folder: Path) -> None:
    (folder / "empty.md").touch()
    assert refusal(read_file, folder / "empty.md")[0] == "empty.md is empty"
    assert refusal(read_content, "blank.md", b" \r\n\t")[0] == "blank.md is empty"


@on_linux
def test_what_never_ends_is_never_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(folder)  # the name of a socket may only be short
        try:
            server.bind("socket")
        finally:
            os.chdir(ROOT)
        found = [refusal(read_file, path)[1] for path in (folder / "pipe", folder / "socket", "/dev/zero")]
    assert found == [f"It is {what}, which has no end." for what in ("a pipe", "a socket", "a device")]
    assert refusal(read_in_folder, str(folder), "pipe", Rules())[1] == found[0]


@on_linux
def test_file_of_two_gigabytes_is_refused_unread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(2_000_000_000)
    monkeypatch.setattr(reading.os, "open", lambda *_: pytest.fail("it was opened"))
    words = "It has 2.0 GB; files of up to 32.0 MB can be read."
    assert refusal(read_file, folder / "huge.txt") == ("huge.txt is too large", words)
    assert refusal(read_in_folder, str(folder), "huge.txt", Rules())[1] == words
    assert refusal(read_content, "pasted", bytes(LARGEST + 1))[0] == "pasted is too large"


@on_linux
def test_file_that_grows_while_it_is_read_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1000)
    monkeypatch.setattr(reading, "_require_file", lambda *_: None)  # as if it had been small then
    (folder / "log.txt").write_bytes(b"x" * 5000)
    assert refusal(read_file, folder / "log.txt")[0] == "log.txt is too large"


@on_linux
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="becomes somebody else")
def test_file_without_permission_is_refused(tmp_path: Path) -> None:
    locked = tmp_path / "locked.md"
    locked.write_text("secret", encoding="utf-8")
    locked.chmod(0)
    for above in (tmp_path, *tmp_path.parents[:-2]):
        above.chmod(above.stat().st_mode | 0o755)
    script = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from forllm_desktop.files.reading import read_file, read_in_folder\n"
        "from forllm_desktop.files.patterns import Rules\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        f"for step in (lambda: read_file({str(locked)!r}), "
        f"lambda: read_in_folder({str(tmp_path)!r}, 'locked.md', Rules())):\n"
        "    try: step()\n"
        "    except Exception as error: print(type(error).__name__, error)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    line = "InvalidInput locked.md cannot be read: You have no permission to read it.\n"
    assert (ended.stdout, ended.stderr) == (line * 2, "")


def test_file_of_a_folder_is_read_by_its_path(folder: Path) -> None:
    read = read_in_folder(str(folder), "sub/idea.md", Rules())
    assert (read.name, read.text) == ("idea.md", "An idea")


@pytest.mark.parametrize(
    "path",
    [
        "../outside/secret.md",
        "sub/../../outside/secret.md",
        "sub/..",
        "/etc/passwd",
        "//server/share/x.md",
        "\\\\server\\share\\x.md",
        "C:\\Users\\x.md",
        "c:/Users/x.md",
    ],
)
def test_path_that_leads_outside_is_refused(folder: Path, path: str) -> None:
    title, message = refusal(read_in_folder, str(folder), path, Rules())
    assert title.endswith("lies outside its folder")
    assert message.startswith("Only files inside indexed folders can be read.")


@pytest.mark.parametrize("path", ["", ".", "sub/", "a//b", "./plan.md", "a\0b"])
def test_path_that_names_nothing_is_refused(folder: Path, path: str) -> None:
    assert refusal(read_in_folder, str(folder), path, Rules())[0] == "This names no file"


def test_device_names_of_windows_are_refused_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading.sys, "platform", "win32")
    for path in ("NUL", "sub\\con.txt", "com1", "plan.md:stream", "aux . "):
        assert refusal(read_in_folder, str(folder), path, Rules())[0].endswith("is no file")
    assert refusal(read_in_folder, str(folder), "\\x.md", Rules())[0] == "x.md lies outside its folder"


@on_linux
def test_links_are_followed_inside_alone(folder: Path, tmp_path: Path) -> None:
    (folder / "out.md").symlink_to(tmp_path / "outside" / "secret.md")
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "in.md").symlink_to("sub/idea.md")
    (folder / "circle.md").symlink_to("circle.md")
    (folder / "dead.md").symlink_to("nowhere.md")
    for path in ("out.md", "out/secret.md"):
        assert refusal(read_in_folder, str(folder), path, Rules())[0].endswith("lies outside its folder")
    assert read_in_folder(str(folder), "in.md", Rules()).text == "An idea"
    assert refusal(read_in_folder, str(folder), "circle.md", Rules())[0] == "circle.md cannot be read"
    assert refusal(read_in_folder, str(folder), "dead.md", Rules())[0] == "dead.md is gone"


@on_linux
def test_folder_that_is_a_link_itself_is_fine(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert read_in_folder(str(tmp_path / "link"), "plan.md", Rules()).text == "A plan"


@on_linux
@pytest.mark.parametrize("has_proc", [True, False])
def test_link_that_is_exchanged_while_it_is_opened_leads_nowhere(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_proc: bool
) -> None:
    opened = os.open

    def exchange(path: str, flags: int) -> int:
        os.rename(folder / "sub", tmp_path / "was")
        (folder / "sub").symlink_to(tmp_path / "outside")
        (tmp_path / "outside" / "idea.md").write_text("A secret", encoding="utf-8")
        return opened(path, flags)

    if not has_proc:
        monkeypatch.setattr(real_path.sys, "platform", "freebsd")
    monkeypatch.setattr(reading.os, "open", exchange)
    title, _ = refusal(read_in_folder, str(folder), "sub/idea.md", Rules())
    assert title == "idea.md lies outside its folder"


@on_linux
def test_file_that_becomes_a_link_is_not_followed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def exchange(path: str, flags: int) -> int:
        os.unlink(folder / "plan.md")
        (folder / "plan.md").symlink_to(tmp_path / "outside" / "secret.md")
        return opened(path, flags)

    monkeypatch.setattr(reading.os, "open", exchange)
    assert refusal(read_in_folder, str(folder), "plan.md", Rules())[0] == "plan.md cannot be read"


@on_linux
def test_file_that_is_deleted_while_it_is_opened_is_gone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def delete(path: str, flags: int) -> int:
        descriptor = opened(path, flags)
        os.unlink(folder / "plan.md")
        return descriptor

    monkeypatch.setattr(reading.os, "open", delete)
    assert refusal(read_in_folder, str(folder), "plan.md", Rules())[0] == "plan.md is gone"


def test_missing_folder_is_told_apart_from_a_missing_file(folder: Path, tmp_path: Path) -> None:
    assert refusal(read_in_folder, str(folder), "gone.md", Rules())[0] == "gone.md is gone"
    folder.rename(tmp_path / "renamed")
    title, message = refusal(read_in_folder, str(folder), "plan.md", Rules())
    assert title == "The folder of this file is missing"
    assert "its drive is not there" in message


@on_linux
def test_rules_hold_for_reading_also_through_links(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("key", encoding="utf-8")
    (folder / "config.md").symlink_to(".git/config")
    for path in (".git/config", "config.md"):
        assert "may be read" in refusal(read_in_folder, str(folder), path, Rules())[0]
    rules = Rules(block=("sub/",))
    assert "may be read" in refusal(read_in_folder, str(folder), "sub/idea.md", rules)[0]
    assert read_in_folder(str(folder), "plan.md", rules).text == "A plan"


def test_files_of_the_app_itself_are_not_read(folder: Path) -> None:
    title, _ = refusal(read_in_folder, str(folder), "sub/idea.md", Rules(), folder / "sub")
    assert title == "idea.md belongs to FORLLM"


@on_linux
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('it\'s "quoted" <b>.md', 'it\'s "quoted" <b>.md'),
        ("two\nlines\t.md", "two lines .md"),
        ("50% & ? # [x](y).md", "50% & ? # [x](y).md"),
        ("\udcff\udcfe.md", "\ufffd\ufffd.md"),
        ("\u202edm.exe", "\ufffddm.exe"),
        ("\\back\\slash:colon.md", "\\back\\slash:colon.md"),
        (" .md", ".md"),
    ],
)
def test_odd_names_are_shown_safely_and_read(folder: Path, name: str, shown: str) -> None:
    path = os.fsencode(folder / "sub") + b"/" + os.fsencode(name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("Odd")
    read = read_in_folder(str(folder), f"sub/{name}", Rules(block=("!*.exe",)))
    assert (read.name, read.text) == (shown, "Odd")
    assert read_file(os.fsdecode(path)).name == shown
