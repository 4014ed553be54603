"""A fresh data folder, `forllm ask --wait` as a process of its own, and an answer in the store."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from forllm_desktop.services.workspace import open_workspace
from tests.fakes import FakeOllama, FakeOpenAI
from tests.tiny_gguf import make_tiny_gguf

FORLLM = [sys.executable, "-m", "forllm_desktop"]
QUESTION = "What waits for us in the garden?"


def test_a_gguf_file_answers_without_any_server(tmp_path: Path) -> None:
    model = str(a_model(tmp_path))
    request = asked(tmp_path, "--model", model)
    assert request["model"] == model
    check_stored(tmp_path, request)


def test_a_llama_server_answers(tmp_path: Path) -> None:
    with llama_server(a_model(tmp_path)) as url:
        check_stored(tmp_path, asked(tmp_path, "--server", url, "--model", "tiny"))


def test_ollama_answers(tmp_path: Path) -> None:
    with FakeOllama() as ollama:
        request = asked(tmp_path, "--server", ollama.url, "--model", "llama3.2")
        assert request["reply"] == "Hello from the fake."
        check_stored(tmp_path, request)
        assert len(ollama.chats) == 1


def test_any_other_server_answers(tmp_path: Path) -> None:
    with FakeOpenAI("generic") as server:
        request = asked(tmp_path, "--server", f"{server.url}/v1", "--model", "qwen/qwen3-8b")
        assert request["reply"] == "Hello from the fake."
        check_stored(tmp_path, request)


def test_a_server_that_is_away_leaves_the_request_in_the_queue(tmp_path: Path) -> None:
    with FakeOllama() as ollama:
        ollama.refuse()
        done = run(tmp_path, "ask", QUESTION, "--subforum", "Garden", "--server", ollama.url,
                   "--model", "llama3.2", "--wait", "--json")  # fmt: skip
        document = json.loads(done.stdout)
        assert done.returncode == 1
        assert document["status"] == "pending"
        assert document["error"]["title"] == "The server cannot be reached"


def a_model(folder: Path) -> Path:
    """Make a model that always has something to say, until its small window is full."""
    return make_tiny_gguf(folder / "tiny.gguf", "endless", ctx=512)


def asked(folder: Path, *options: str) -> dict[str, Any]:
    """Ask in a folder that does not exist yet, and return the document of the complete request."""
    data = folder / "data"
    assert not data.exists()
    done = run(folder, "ask", QUESTION, "--subforum", "Garden", *options, "--wait", "--json")
    assert done.returncode == 0, (done.stdout, done.stderr)
    document = json.loads(done.stdout)
    assert (document["status"], document["error"]) == ("complete", None)
    assert document["reply"].strip()
    return document


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return subprocess.run(
        [*FORLLM, "--data-dir", str(folder / "data"), *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        env=environment,
        check=False,
    )


def check_stored(folder: Path, request: dict[str, Any]) -> None:
    """Open the folder afterwards: question and answer stand in it, and the request is complete."""
    workspace = open_workspace(folder / "data")
    try:
        job = workspace.queue.job(request["id"])
        assert (job.status, job.attempts, job.error_kind) == ("complete", 1, None)
        reply = workspace.forum.post(job.reply_post_id or 0)
        assert (reply.content, reply.is_incomplete) == (request["reply"], False)
        assert workspace.forum.post(reply.parent_post_id or 0).content == QUESTION
        assert workspace.database.check() == []
    finally:
        workspace.close()


@contextmanager
def llama_server(model: Path) -> Iterator[str]:
    """Serve a model in a process of its own, without a key, as `llama-server -m` does; yield its address."""
    order = {"model": str(model), "ctx": 2048, "threads": 1}
    with subprocess.Popen(
        [*FORLLM, "--engine"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(order).encode() + b"\n")
        server.stdin.flush()
        yield json.loads(server.stdout.readline())["url"]
        server.stdin.close()
