"""The other commands, and what all have in common: one document, exit codes, words for failures."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from forllm_desktop import paths
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services import keys
from forllm_desktop.services.workspace import open_workspace
from forllm_desktop.storage.lock import FolderLock
from tests.cli.conftest import Run
from tests.fakes import Answer, FakeOllama, ollama_reply

AWAY = "http://127.0.0.1:9"
QUEUE_ONE = ("ask", "Why?", "--subforum", "Physics", "--model", "tiny", "--server", AWAY)


pytestmark = pytest.mark.usefixtures("made")


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys.KeyStore, "has_keyring", False)


# -- queue


def test_queue_lists_requests_in_their_order(run: Run) -> None:
    for _ in range(2):
        run(*QUEUE_ONE)
    listed = run("queue", "list", "--json")
    assert listed.code == 0
    assert [(job["id"], job["status"], job["persona"]) for job in listed.document] == [
        (1, "pending", "Assistant"),
        (2, "pending", "Assistant"),
    ]
    assert run("queue", "list").out.splitlines()[0].split() == [
        "ID",
        "STATUS",
        "PERSONA",
        "MODEL",
        "REPLY",
        "OR",
        "REASON",
    ]


def test_queue_is_listed_although_its_posts_were_deleted(run: Run, folder: Path, server: FakeOllama) -> None:
    run(*QUEUE_ONE)
    for text in ("One", "Two"):
        run("ask", text, "--subforum", "Other", "--model", "llama3.2", "--server", server.url, "--wait")
    workspace = open_workspace(folder)
    workspace.forum.delete_topic(1)
    workspace.forum.delete_subforum(2)
    reply = workspace.queue.job(2).reply_post_id
    assert reply is not None
    workspace.close()
    listed = run("queue", "list", "--json")
    assert listed.code == 0
    assert [(job["id"], job["status"], job["persona"]) for job in listed.document] == [
        (1, "cancelled", None),
        (2, "complete", "Assistant"),
        (3, "complete", "Assistant"),
    ]


def test_deleted_reply_is_not_shown(run: Run, folder: Path, server: FakeOllama) -> None:
    run("ask", "One", "--subforum", "Other", "--model", "llama3.2", "--server", server.url, "--wait")
    workspace = open_workspace(folder)
    workspace.forum.delete_post(workspace.queue.job(1).reply_post_id or 0)
    workspace.close()
    assert run("queue", "list", "--json").document[0]["reply"] is None


def test_request_is_cancelled_and_retried(run: Run) -> None:
    run(*QUEUE_ONE)
    assert run("queue", "cancel", "1", "--json").document["status"] == "cancelled"
    refused = run("queue", "cancel", "1", "--json")
    assert (refused.code, refused.document["error"]["title"]) == (1, "The request has already ended")
    assert run("queue", "retry", "1").out == "Request 1 is pending.\n"
    assert run("queue", "retry", "1").code == 1


@pytest.mark.parametrize("number", ["77", "-1", "99999999999999999999999"])
def test_unknown_request_is_told_in_words(run: Run, number: str) -> None:
    run(*QUEUE_ONE)
    for verb in ("cancel", "retry"):
        refused = run("queue", verb, "--json", "--", number)
        assert refused.code == 1
        assert refused.document["error"]["title"]


def test_run_queue_works_off_what_can_run_and_lists_it(run: Run, server: FakeOllama) -> None:
    run(*QUEUE_ONE)
    run("ask", "Two", "--subforum", "Physics", "--model", "llama3.2", "--server", server.url)
    ran = run("run-queue", "--json")
    assert ran.code == 1
    assert [(job["id"], job["status"]) for job in ran.document] == [(1, "pending"), (2, "complete")]
    assert ran.document[0]["error"]["title"]
    run("queue", "cancel", "1")
    nothing = run("run-queue", "--json")
    assert (nothing.code, nothing.document) == (0, [])
    assert run("run-queue").err == "Nothing can run now.\n"


def test_run_queue_goes_on_where_a_dead_process_stopped(run: Run, folder: Path, server: FakeOllama) -> None:
    run("ask", "Two", "--subforum", "Physics", "--model", "llama3.2", "--server", server.url)
    workspace = open_workspace(folder)
    workspace.queue.claim()
    workspace.close()
    assert [job["status"] for job in run("run-queue", "--json").document] == ["complete"]
    assert "Hello from the fake." in run("queue", "list").out


def test_run_queue_does_not_wait_until_a_clock_that_was_set_back_catches_up(
    run: Run, folder: Path, server: FakeOllama
) -> None:
    run("ask", "Two", "--subforum", "Physics", "--model", "llama3.2", "--server", server.url)
    workspace = open_workspace(folder)
    claim = workspace.queue.claim()
    assert claim is not None
    until = workspace.queue.now() + timedelta(days=300)
    workspace.queue.park(claim.job.request_id, "busy", ForllmError("Busy"), until)
    workspace.close()
    assert [job["status"] for job in run("run-queue", "--json").document] == ["complete"]


# -- servers


def test_servers_are_added_listed_and_removed(run: Run, server: FakeOllama) -> None:
    added = run("servers", "add", f"{server.url}/v1/", "--name", "Mine", "--json")
    assert (added.code, added.document["name"], added.document["url"]) == (0, "Mine", server.url)
    assert run("servers", "add", server.url, "--json").document["id"] == added.document["id"]
    listed = run("servers", "list", "--json").document
    assert [(one["id"], one["state"]) for one in listed] == [(1, "ready")]
    assert "ready" in run("servers", "list").out
    assert run("servers", "remove", "1").out == "Mine is removed.\n"
    assert run("servers", "list", "--json").document == []
    assert run("servers", "remove", "1", "--json").code == 1


def test_adding_a_known_server_with_a_name_renames_it(run: Run) -> None:
    run("servers", "add", AWAY, "--name", "Mine")
    again = run("servers", "add", AWAY, "--name", " The  big one ")
    assert again.out == f"Server 1: “Mine” is now called “The big one”, at {AWAY}.\n"
    assert run("servers", "add", AWAY, "--name", "Third", "--json").document["name"] == "Third"
    assert run("servers", "add", AWAY).out == f"Server 1: Third at {AWAY}.\n"
    refused = run("servers", "add", AWAY, "--name", " ", "--json")
    assert (refused.code, refused.document["error"]["title"]) == (1, "The server has no name")


def test_server_that_is_away_is_listed_as_down(run: Run) -> None:
    run("servers", "add", AWAY)
    assert [one["state"] for one in run("servers", "list", "--json").document] == ["down"]


def test_key_is_read_from_standard_input_and_never_stored_in_the_folder(run: Run, folder: Path) -> None:
    added = run("servers", "add", AWAY, "--key", "--json", stdin=b"sk-secret-key\n")
    assert added.code == 0
    assert added.document["id"] == 1
    assert "no keyring" in added.err
    assert "sk-secret-key" not in added.out + added.err
    assert all(b"sk-secret-key" not in path.read_bytes() for path in folder.rglob("*") if path.is_file())


# -- doctor


def test_doctor_reports_versions_database_and_servers(run: Run, folder: Path) -> None:
    run(*QUEUE_ONE)
    report = run("doctor", "--json").document
    assert report["database"] == {"state": "ok", "problems": []}
    assert report["data_folder"] == str(folder)
    assert report["versions"]["SQLite"] == sqlite3.sqlite_version
    assert isinstance(report["servers"], list)
    assert "Database             ok" in run("doctor").out


def test_doctor_tells_of_a_damaged_database(run: Run, folder: Path) -> None:
    run(*QUEUE_ONE)
    file = folder / "forllm.db"
    pages = bytearray(file.read_bytes())
    pages[4096 * 3 : 4096 * 20] = b"\xff" * (4096 * 17)
    file.write_bytes(pages)
    report = run("doctor", "--json")
    assert report.code == 1
    assert report.document["database"]["problems"]


@pytest.mark.skipif(os.name != "posix", reason="makes a folder read-only as POSIX does")
@pytest.mark.parametrize("place", ["disk", "folder"])
def test_doctor_says_read_only_and_lists_still_read(run: Run, made: Path, place: str) -> None:
    run(*QUEUE_ONE)
    command = [sys.executable, "-m", "forllm_desktop", "--data-dir", str(made), "--json"]
    if place == "disk":
        script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
        command = ["unshare", "-rm", "sh", "-c", script, "sh", str(made), *command]
        if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "true"]).returncode:
            pytest.skip("mounts are not allowed here")
    elif os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    else:
        made.chmod(0o555)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    try:
        checked, listed = (
            subprocess.run([*command, *verb], env=environment, capture_output=True, timeout=60)
            for verb in (["doctor"], ["queue", "list"])
        )
    finally:
        made.chmod(0o755)
    database = json.loads(checked.stdout)["database"]
    assert (checked.returncode, database["state"]) == (1, "read-only")
    assert database["problems"] == [f"Nothing can be saved in {made}: it allows no writing."]
    assert (listed.returncode, len(json.loads(listed.stdout))) == (0, 1)


# -- all commands


COMMANDS = [
    QUEUE_ONE,
    ("queue", "list"),
    ("queue", "cancel", "1"),
    ("queue", "retry", "1"),
    ("run-queue",),
    ("servers", "list"),
    ("servers", "add", AWAY),
    ("servers", "remove", "1"),
    ("doctor",),
]
WRITING = [command for command in COMMANDS if command[-1] != "list" and command != ("doctor",)]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("ask",),
        ("ask", "Why?"),
        ("queue",),
        ("queue", "cancel"),
        ("queue", "cancel", "one"),
        ("queue", "list", "--nonsense"),
        ("queue", "list", "--dat", "x"),
        ("servers", "remove", "²"),
        ("doctor", "too", "many"),
        ("ask", "Why?", "--subforum", "\udcff"),
        ("ask", "Why?", "--subforum", "x", "--model", "caf\udce9.gguf"),
        ("servers", "add", "http://\ud800"),
        ("--data-dir", "\udcff", "doctor"),
    ],
    ids=repr,
)
def test_wrong_arguments_are_one_document_too(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run("--json", *arguments)
    assert ended.code == 2
    assert set(ended.document["error"]) == {"title", "message"}
    assert ended.err == ""


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    ended = run()
    assert ended.code == 2
    assert "run-queue" in ended.out


def test_options_may_stand_before_or_behind_the_command(run: Run, folder: Path) -> None:
    run(*QUEUE_ONE)
    assert len(run("--json", "queue", "list").document) == 1
    assert len(run("queue", "--json", "list").document) == 1
    assert len(run("queue", "list", "--json", "--data-dir", str(folder)).document) == 1


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_reading_works_beside_another_process_and_writing_is_refused(
    run: Run, folder: Path, command: tuple[str, ...]
) -> None:
    run(*QUEUE_ONE)
    lock = FolderLock(folder)
    lock.acquire()
    try:
        ended = run(*command, "--json")
    finally:
        lock.release()
    if command in WRITING:
        assert (ended.code, ended.document["error"]["title"]) == (1, "FORLLM is already running")
        assert str(folder) in ended.document["error"]["message"]
    else:
        assert ended.code == 0


@pytest.mark.parametrize("command", WRITING, ids=" ".join)
def test_folder_that_cannot_be_used_is_told_in_words(
    run: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    refused = run(*command, "--json", "--data-dir", str(tmp_path / "file" / "below"))
    assert (refused.code, refused.document["error"]["title"]) == (1, "The data folder cannot be used")


def test_output_that_is_not_unicode_gets_ascii(
    spawn: Callable[..., "subprocess.Popen[bytes]"], run: Run
) -> None:
    run("ask", "Why? 🌌", "--subforum", "Physik 🌌", "--model", "tiny🌌", "--server", AWAY)
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(Path(__file__).parents[2])}
    process = spawn("queue", "list", "--json", env=environment)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out)[0]["model"] == "tiny🌌"


def test_nothing_printed_is_a_command_to_the_terminal(run: Run, server: FakeOllama) -> None:
    server.script(Answer(ollama_reply("red \x1b[31m", "\x9b2J \x07bell\r\n", "tab\tkept")))
    place = ("--subforum", "Physics", "--server", server.url)
    answer = run("ask", "Why?", *place, "--model", "llama3.2", "--wait")
    queued = run("ask", "Why?", *place, "--model", "m\x1b[5m")
    listed = run("queue", "list")
    refused = run("ask", "Why?", "--subforum", "Physics", "--persona", "p\x9b31m")
    for result in (answer, queued, listed, refused):
        printed = result.out + result.err
        assert not set(printed) & {"\x1b", "\x9b", "\x07", "\r"}, printed
    assert "red \ufffd[31m" in answer.out
    assert "tab\tkept" in answer.out


def test_folder_named_like_a_user_who_is_not_there_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.data_dir("~no-such-user/x") == tmp_path / "~no-such-user/x"
    assert paths.data_dir("../x") == tmp_path.parent / "x"
    assert paths.data_dir("~/x") == Path.home() / "x"
