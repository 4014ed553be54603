"""Commands as processes: what they load, how they are interrupted, and the built-in engine in them."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from forllm_desktop.services.workspace import open_workspace
from tests.cli.conftest import Run
from tests.fakes import Answer, FakeOllama, Silence, ollama_delta, ollama_reply

Spawn = Callable[..., "subprocess.Popen[bytes]"]
AWAY = "http://127.0.0.1:9"
pytestmark = pytest.mark.usefixtures("made")
QUEUE_ONE = ("ask", "Why?", "--subforum", "Physics", "--model", "tiny", "--server", AWAY)


def ended(process: "subprocess.Popen[bytes]") -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_no_command_loads_what_only_a_window_needs(folder: Path) -> None:
    # One process for all commands: what one of them loads stays loaded for the check.
    script = f"""
import sys
from forllm_desktop.__main__ import main
folder = {str(folder)!r}
for arguments in ({QUEUE_ONE!r}, ("queue", "list"), ("queue", "cancel", "1"), ("queue", "retry", "1"),
                  ("run-queue",), ("servers", "list"), ("doctor",), ("servers", "remove", "1")):
    main(["--data-dir", folder, "--json", *arguments])
loaded = [name for name in ("PySide6.QtGui", "PySide6.QtWidgets", "qasync") if name in sys.modules]
sys.exit(f"loaded: {{loaded}}" if loaded else 0)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, timeout=60, check=False
    )
    assert (process.returncode, process.stderr) == (0, b"")


def test_bytes_of_the_shell_that_are_no_text_are_answered_in_words(spawn: Spawn) -> None:
    if sys.platform == "win32":
        pytest.skip("arguments are Unicode there")
    asked = spawn("ask", b"caf\xe9?", "--subforum", "Physics", "--model", "tiny", "--server", AWAY, "--json")
    code, out, err = ended(asked)
    assert (code, err) == (0, b"")
    assert json.loads(out)["status"] == "pending"
    refused = spawn("ask", "Why?", "--subforum", b"caf\xe9", "--json")
    code, out, err = ended(refused)
    assert (code, err) == (2, b"")
    assert json.loads(out)["error"]["title"] == "An argument is not readable text"


def test_reader_that_left_is_no_error_to_talk_about(run: Run, spawn: Spawn) -> None:
    run(*QUEUE_ONE)
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = spawn("queue", "list", stdout=write_end)
    os.close(write_end)
    code, _, err = ended(process)
    assert (code, err) == (1, b"")


def test_reply_is_kept_although_its_reader_left(
    folder: Path, run: Run, spawn: Spawn, server: FakeOllama
) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    server.script(Answer(ollama_reply(*["word "] * 60), pace=0.005))
    named = ("--model", "llama3.2", "--server", server.url)
    process = spawn("ask", "Why?", "--subforum", "Physics", *named, "--wait", stdout=write_end)
    os.close(write_end)
    code, _, err = ended(process)
    assert (code, err) == (1, b"")
    assert run("queue", "list", "--json").document[0]["reply"] == "word " * 60


@pytest.fixture
def unfinished(server: FakeOllama) -> tuple[str, ...]:
    """Return a question whose reply never comes to its end."""
    server.script(Answer([ollama_delta("Because "), Silence()]))
    return ("ask", "Why?", "--subforum", "Physics", "--model", "llama3.2", "--server", server.url, "--wait")


def read_until(process: "subprocess.Popen[bytes]", text: bytes) -> None:
    """Read the output up to a text; a hanging process is ended after a while, and the text is missed."""
    assert process.stdout is not None
    guard = threading.Timer(30, process.kill)
    guard.start()
    read = b""
    while not read.endswith(text):
        byte = process.stdout.read(1)
        assert byte, read
        read += byte
    guard.cancel()
    guard.join()


needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal to send")


@needs_signals
def test_interrupted_wait_puts_the_request_back_with_its_text(
    run: Run, spawn: Spawn, unfinished: tuple[str, ...]
) -> None:
    process = spawn(*unfinished)
    read_until(process, b"Because ")
    process.send_signal(signal.SIGINT)
    code, _, err = ended(process)
    assert code == 130
    assert err == b"forllm: request 1 stays queued: Interrupted. It runs when the queue is worked off.\n"
    waiting = run("queue", "list", "--json").document[0]
    assert (waiting["status"], waiting["reply"]) == ("pending", "Because ")
    assert run("run-queue", "--json").document[0]["reply"] == "Hello from the fake."


@needs_signals
def test_wait_that_the_system_ends_is_one_document_too(
    spawn: Spawn, server: FakeOllama, unfinished: tuple[str, ...]
) -> None:
    process = spawn(*unfinished, "--json")
    server.wait_for("/api/chat", 1, timeout=30)
    process.send_signal(signal.SIGTERM)
    code, out, err = ended(process)
    assert (code, err) == (130, b"")
    document = json.loads(out)
    assert (document["id"], document["status"], document["error"]["title"]) == (1, "pending", "Interrupted")


# -- the built-in engine


@pytest.fixture
def one_thread(made: Path) -> None:
    """Let the engine compute with one thread."""
    workspace = open_workspace(made)
    workspace.settings.change(engine_threads=1)
    workspace.close()


@pytest.mark.usefixtures("one_thread")
def test_engine_answers_a_question_and_works_off_the_queue(
    run: Run, tiny_gguf: Callable[[str], Path]
) -> None:
    model = str(tiny_gguf("chat"))
    answered = run("ask", "Why?", "--subforum", "Physics", "--model", model, "--wait", "--json")
    assert (answered.code, answered.err) == (0, "")
    assert answered.document["status"] == "complete"
    assert answered.document["reply"].strip()
    assert answered.document["model"] == model
    run("ask", "And why that?", "--subforum", "Physics")
    ran = run("run-queue", "--json")
    assert (ran.code, [job["status"] for job in ran.document]) == (0, ["complete"])


@needs_signals
@pytest.mark.usefixtures("one_thread")
def test_ctrl_c_in_a_terminal_reaches_the_engine_too_and_loses_nothing(
    run: Run, spawn: Spawn, tiny_gguf: Callable[[str], Path]
) -> None:
    model = str(tiny_gguf("endless"))
    arguments = ("ask", "Why?", "--subforum", "Physics", "--model", model, "--wait")
    process = spawn(*arguments, start_new_session=True)
    read_until(process, b" ")
    os.killpg(process.pid, signal.SIGINT)
    code, _, _ = ended(process)
    assert code == 130
    waiting = run("queue", "list", "--json").document[0]
    assert waiting["status"] == "pending"
    assert waiting["reply"]


@pytest.mark.skipif(sys.platform == "win32", reason="streams of a POSIX shell")
@pytest.mark.parametrize(
    ("redirections", "code"), [("<&-", 1), (">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 1), (">/dev/full", 1)]
)
def test_closed_streams_and_a_full_disk_behind_them_are_no_crash(
    folder: Path, redirections: str, code: int
) -> None:
    ask, _, *rest = QUEUE_ONE
    text = "-" if "<" in redirections else "Why?"
    command = [sys.executable, "-m", "forllm_desktop", "--data-dir", str(folder), ask, text, *rest]
    shell = ["sh", "-c", f'"$@" {redirections}', "sh"]
    done = subprocess.run([*shell, *command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
