"""Records what the real engine sends over HTTP, as files that the fake server replays.

`python -m tests.llm.record_frames` writes them anew into `tests/llm/frames/`. Only the path of the model is
replaced; ids, dates and timings are as they came.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from forllm_desktop.llm.engine_process import EngineProcess
from tests.tiny_gguf import make_tiny_gguf

FRAMES = Path(__file__).parent / "frames"
MODEL_PATH = "/models/tiny.gguf"
CHAT = "/v1/chat/completions"
TURNS = [
    {"role": "system", "content": "You are a quiet librarian."},
    {"role": "user", "content": "What waits for us in the garden?"},
]
LONG_TURN = {"role": "user", "content": "the river waits then answers slowly " * 200}


def record(folder: Path = FRAMES) -> list[Path]:
    """Write all frames into `folder` and return the files."""
    folder.mkdir(exist_ok=True)
    files = []
    for variant, requests in _requests().items():
        with _served(variant) as (client, path):
            for name, method, url, body in requests:
                key = {"Authorization": "Bearer wrong"} if "401" in name else None
                answer = client.request(method, url, json=body, headers=key)
                files.append(folder / name)
                files[-1].write_bytes(answer.content.replace(path.encode(), MODEL_PATH.encode()))
    return files


def _requests() -> dict[str, list[tuple[str, str, str, Any]]]:
    """Return per variant of the model: file, method, path and body of each request."""
    return {
        "chat": [
            ("health.json", "GET", "/health", None),
            ("models.json", "GET", "/v1/models", None),
            ("props.json", "GET", "/props", None),
            ("chat.sse", "POST", CHAT, _body(seed=3)),
            ("chat_cached.sse", "POST", CHAT, _body(seed=3)),
            ("length.sse", "POST", CHAT, _body(max_tokens=8, temperature=0)),
            ("input_tokens.json", "POST", f"{CHAT}/input_tokens", {"messages": TURNS}),
            ("too_long.400.json", "POST", CHAT, _body(messages=[LONG_TURN])),
            ("wrong_key.401.json", "POST", CHAT, _body()),
            ("not_found.404.json", "GET", "/api/version", None),
        ],
        "think": [
            ("think.sse", "POST", CHAT, _body(seed=8)),
            ("think_only.length.sse", "POST", CHAT, _body(seed=2, max_tokens=4)),
            ("think_off.sse", "POST", CHAT, _body(chat_template_kwargs={"enable_thinking": False})),
        ],
        "utf8": [("utf8.sse", "POST", CHAT, _body(seed=13))],
        "strict_roles": [("strict_roles.400.json", "POST", CHAT, _body(messages=[TURNS[1], TURNS[1]]))],
        "no_system": [("no_system_props.json", "GET", "/props", None)],
    }


def _body(**changes: Any) -> dict[str, Any]:
    return {
        "messages": TURNS,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
        "max_tokens": 40,
        "seed": 7,
    } | changes


@contextmanager
def _served(variant: str) -> Iterator[tuple[httpx.Client, str]]:
    """Start an engine with 512 tokens of window and yield a client with its key, and the model's path."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(make_tiny_gguf(Path(folder) / "tiny.gguf", variant))
        engine = EngineProcess(path, 512, threads=1)
        try:
            key = {"Authorization": f"Bearer {engine.api_key}"}
            with httpx.Client(base_url=engine.ready.result(60), headers=key, trust_env=False) as client:
                yield client, path
        finally:
            engine.stop(3)


if __name__ == "__main__":
    for file in record():
        print(f"{file.stat().st_size:6} {file.name}")
