"""The servers people run, played on loopback: Ollama, llama-server, LM Studio, any `/v1`, and what is none.

All are `FakeServer`s (see `fake_server.py` for steps and answers) and context managers.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.fake_server import (
    HTML,
    JSON,
    NDJSON,
    PLAIN,
    SSE,
    Answer,
    Cut,
    Exchange,
    FakeServer,
    Gate,
    Pause,
    Reset,
    Silence,
    Step,
    json_answer,
)

__all__ = [
    "HTML", "JSON", "NDJSON", "PLAIN", "SSE",
    "Answer", "Cut", "Exchange", "FakeOllama", "FakeOpenAI", "FakeServer", "FakeTcp", "Gate", "Pause",
    "Reset", "Silence", "Step", "go_json", "json_answer", "ollama_delta", "ollama_done", "ollama_error",
    "ollama_reply", "recorded", "sse", "sse_delta", "sse_end", "sse_reply",
]  # fmt: skip

FRAMES = Path(__file__).parent / "llm" / "frames"
LOAD_OPTIONS = ("num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread", "draft_num_predict")
WHEN = "2026-11-22T09:00:00.123456789Z"

Model = dict[str, Any]


def go_json(value: Any) -> bytes:
    """Write JSON as Go does: compact, `<>&`, U+2028 and U+2029 escaped, everything else raw."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def ollama_delta(content: str = "", thinking: str | None = None, model: str = "llama3.2") -> bytes:
    """Return a frame of `/api/chat` with a piece of text."""
    message = {"role": "assistant", "content": content}
    if thinking is not None:
        message["thinking"] = thinking
    return go_json({"model": model, "created_at": WHEN, "message": message, "done": False}) + b"\n"


def ollama_done(
    reason: str | None = "stop",
    *,
    model: str = "llama3.2",
    content: str = "",
    load: int = 20_000_000,
    prompt: int = 26,
    output: int = 8,
) -> bytes:
    """Return the terminal frame; durations are nanoseconds, and what is zero or None is left out as in Go."""
    frame = {
        "model": model,
        "created_at": WHEN,
        "message": {"role": "assistant", "content": content},
        "done": True,
        "done_reason": reason,
        "total_duration": 2_000_000_000 if output else 0,
        "load_duration": load,
        "prompt_eval_count": prompt,
        "prompt_eval_duration": 300_000_000 if prompt else 0,
        "eval_count": output,
        "eval_duration": 1_500_000_000 if output else 0,
    }
    return go_json({k: v for k, v in frame.items() if v is not None and (k == "message" or v)}) + b"\n"


def ollama_error(text: str) -> bytes:
    """Return the line with which Ollama ends a stream that failed on the way."""
    return go_json({"error": text}) + b"\n"


def ollama_reply(*pieces: str, thinking: Iterable[str] = (), **done: Any) -> list[Step]:
    """Return all frames of a reply: thoughts, pieces of content, the terminal frame."""
    thoughts = [ollama_delta(thinking=piece) for piece in thinking]
    return [*thoughts, *(ollama_delta(piece) for piece in pieces), ollama_done(**done)]


class FakeOllama(FakeServer):
    """Ollama's native API. `models` maps names to their parts of `/api/tags` and `/api/show`.

    `loads` lists what was loaded, one entry per (model, load options) that differed from the one before;
    `most_in_flight` is the largest number of chat requests at a time, `most_models_in_flight` of models.
    """

    def __init__(self, *, needs_key: str | None = None, version: str = "0.33.3") -> None:
        super().__init__()
        self.needs_key = needs_key
        self.version = version
        self.reply: list[str] = ["Hello", " from", " the", " fake", "."]
        self.models: dict[str, Model] = {
            "llama3.2:latest": {"ctx": 131072, "capabilities": ["completion", "tools"], "family": "llama"},
            "qwen3:8b": {"ctx": 40960, "capabilities": ["completion", "thinking"], "family": "qwen3"},
            "nomic-embed-text:latest": {"ctx": 2048, "capabilities": ["embedding"], "family": "nomic-bert"},
            "gpt-oss:120b-cloud": {
                "ctx": 131072,
                "capabilities": ["completion", "thinking"],
                "family": "gptoss",
                "remote_host": "https://ollama.com:443",
            },
        }
        self.loads: list[tuple[Any, ...]] = []
        self.most_in_flight = 0
        self.most_models_in_flight = 0
        self._in_flight: list[Exchange] = []

    @property
    def chats(self) -> list[Exchange]:
        """The chat requests so far."""
        return self.requests("/api/chat")

    def answer(self, exchange: Exchange) -> Answer:
        if self.needs_key and exchange.headers.get("authorization") != f"Bearer {self.needs_key}":
            return json_answer({"error": "unauthorized"}, 401)
        match exchange.method, exchange.path:
            case "GET", "/":
                return Answer([b"Ollama is running"], content_type=PLAIN, keeps_alive=True)
            case "GET", "/api/version":
                return json_answer({"version": self.version})
            case "GET", "/api/tags":
                return json_answer({"models": [self._tag(name, m) for name, m in self.models.items()]})
            case "POST", "/api/show":
                return self._show(exchange)
            case "GET", "/api/ps":
                return json_answer({"models": self._ps()})
            case "POST", "/api/chat":
                return self._chat(exchange)
        return Answer([b"404 page not found"], 404, PLAIN, keeps_alive=True)

    def finished(self, exchange: Exchange) -> None:
        if exchange in self._in_flight:
            self._in_flight.remove(exchange)

    def _find(self, name: str) -> tuple[str, Model] | None:
        full = name if ":" in name else f"{name}:latest"
        return (full, self.models[full]) if full in self.models else None

    def _tag(self, name: str, model: Model) -> dict[str, Any]:
        entry = {
            "name": name,
            "model": name,
            "modified_at": WHEN,
            "size": 2019393189,
            "digest": "a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72",
            "details": {
                "format": "gguf",
                "family": model["family"],
                "families": [model["family"]],
                "parameter_size": "3.2B",
                "quantization_level": "Q4_K_M",
            },
            "capabilities": model["capabilities"],
        }
        return entry | {key: model[key] for key in ("remote_host", "remote_model") if key in model}

    def _show(self, exchange: Exchange) -> Answer:
        found = self._find(exchange.body["model"])
        if found is None:
            return json_answer({"error": f"model '{exchange.body['model']}' not found"}, 404)
        name, model = found
        family = model["family"]
        info = {"general.architecture": family, f"{family}.context_length": model["ctx"]}
        return json_answer({"template": "{{ .Prompt }}", "model_info": info, **self._tag(name, model)})

    def _ps(self) -> list[dict[str, Any]]:
        if not self.loads:
            return []
        name, num_ctx = self.loads[-1][0], self.loads[-1][1]
        tag = self._tag(name, self.models[name])
        return [tag | {"size_vram": 3_000_000_000, "expires_at": WHEN, "context_length": num_ctx}]

    def _chat(self, exchange: Exchange) -> Answer:
        body = exchange.body
        found = self._find(body["model"])
        if found is None:
            return json_answer({"error": f"model '{body['model']}' not found"}, 404)
        name, model = found
        if body.get("think") and "thinking" not in model["capabilities"]:
            return json_answer({"error": f'"{body["model"]}" does not support thinking'}, 400)
        self._in_flight.append(exchange)
        self.most_in_flight = max(self.most_in_flight, len(self._in_flight))
        models = {other.body["model"] for other in self._in_flight}
        self.most_models_in_flight = max(self.most_models_in_flight, len(models))
        if self._script:
            answer = self._script.pop(0)
            if answer.status == 200:
                self._load(name, body)
            return answer
        load = self._load(name, body)
        thinking = ["Let me", " think."] if body.get("think") else []
        return Answer(ollama_reply(*self.reply, thinking=thinking, model=body["model"], load=load))

    def _load(self, name: str, body: dict[str, Any]) -> int:
        """Load the model if it is not, and return how long that took, in nanoseconds."""
        key = (name, *(body["options"].get(option) for option in LOAD_OPTIONS), body.get("shift"))
        if self.loads and self.loads[-1] == key:
            return 20_000_000
        self.loads.append(key)
        return 1_200_000_000


def recorded(name: str) -> bytes:
    """Return bytes that the real engine sent, from `tests/llm/frames/`."""
    return (FRAMES / name).read_bytes()


def sse(frame: Any, *, field: str = "data") -> bytes:
    """Return one server-sent event as llama-server writes it."""
    text = frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False)
    return f"{field}: {text}\n\n".encode()


def sse_delta(content: str | None = None, **fields: Any) -> bytes:
    """Return a chunk with a piece of text; `fields` go into the delta too."""
    delta = fields if content is None else {"content": content, **fields}
    return sse(_chunk([{"index": 0, "delta": delta, "finish_reason": None}]))


def sse_end(
    reason: str | None = "stop", *, prompt: int = 26, output: int = 8, done: bool = True
) -> list[Step]:
    """Return what ends a reply: the finish reason, the usage, `[DONE]`."""
    finish = [sse(_chunk([{"index": 0, "delta": {}, "finish_reason": reason}]))] if reason else []
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    timings = {"cache_n": 4, "prompt_n": prompt - 4, "prompt_ms": 300.0, "predicted_n": output}
    usage_chunk = sse(_chunk([], usage=usage, timings=timings | {"predicted_ms": 1500.0}))
    return [*finish, usage_chunk, *([sse("[DONE]")] if done else [])]


def sse_reply(*pieces: str, thinking: Iterable[str] = (), **end: Any) -> list[Step]:
    """Return all events of a reply: the role, thoughts, pieces of content, the end."""
    role = sse(_chunk([{"index": 0, "delta": {"role": "assistant", "content": None}, "finish_reason": None}]))
    thoughts = [sse_delta(reasoning_content=piece) for piece in thinking]
    return [role, *thoughts, *(sse_delta(piece) for piece in pieces), *sse_end(**end)]


def _chunk(choices: list[Any], **fields: Any) -> dict[str, Any]:
    head = {"choices": choices, "created": 1795383445, "id": "chatcmpl-fake", "model": "tiny.gguf"}
    return {**head, "object": "chat.completion.chunk", **fields}


class FakeOpenAI(FakeServer):
    """A server with `/v1`, in the shape of "llamacpp", "lmstudio", "lmstudio03" or "generic".

    llama-server's bodies are those recorded from the real engine. While `loading` is above zero, each request
    but `/health` lowers it and is answered with 503. `refused_fields` get a 400 that names the field;
    `props` names what was recorded of the loaded model.
    """

    def __init__(self, shape: str = "llamacpp", *, needs_key: str | None = None) -> None:
        super().__init__()
        self.shape = shape
        self.needs_key = needs_key
        self.loading = 0
        self.props = "props.json"
        self.refused_fields: list[str] = []
        self.reply: list[str] = ["Hello", " from", " the", " fake", "."]
        self.models = ["tiny.gguf"] if shape == "llamacpp" else ["qwen/qwen3-8b"]

    @property
    def chats(self) -> list[Exchange]:
        """The chat requests so far."""
        return self.requests("/v1/chat/completions")

    def answer(self, exchange: Exchange) -> Answer:
        is_llamacpp = self.shape == "llamacpp"
        if is_llamacpp and exchange.path == "/health":
            return self._recorded("health.json", 503 if self.loading else 200)
        if self.needs_key and exchange.headers.get("authorization") != f"Bearer {self.needs_key}":
            return self._recorded("wrong_key.401.json", 401)
        if self.loading:
            self.loading -= 1
            error = {"message": "Loading model", "type": "unavailable_error", "code": 503}
            return json_answer({"error": error}, 503, headers={"Server": "llama.cpp"})
        match exchange.method, exchange.path:
            case "POST", "/v1/chat/completions":
                return self._chat(exchange)
            case "POST", "/v1/chat/completions/input_tokens" if is_llamacpp:
                return self._recorded("input_tokens.json")
            case "GET", "/props" if is_llamacpp:
                return self._recorded(self.props)
            case "GET", "/v1/models":
                return self._models()
            case "GET", "/api/v1/models" if self.shape == "lmstudio":
                return json_answer({"models": [_lmstudio_model(name) for name in self.models]})
            case "GET", "/api/v0/models" if self.shape == "lmstudio03":
                return json_answer({"object": "list", "data": [_lmstudio_03_model(n) for n in self.models]})
        if self.shape.startswith("lmstudio"):
            words = f"Unexpected endpoint or method. ({exchange.method} {exchange.path})"
            return json_answer({"error": words})
        if is_llamacpp:
            return self._recorded("not_found.404.json", 404)
        return json_answer({"detail": "Not Found"}, 404)

    def _recorded(self, name: str, status: int = 200) -> Answer:
        return Answer([recorded(name)], status, JSON, {"Server": "llama.cpp"}, keeps_alive=True)

    def _models(self) -> Answer:
        if self.shape == "llamacpp":
            return self._recorded("models.json")
        return json_answer({"object": "list", "data": [{"id": n, "object": "model"} for n in self.models]})

    def _chat(self, exchange: Exchange) -> Answer:
        for name in self.refused_fields:
            if name in exchange.body:
                error = {"message": f"Unrecognized request argument supplied: {name}", "param": name}
                return json_answer({"error": error | {"type": "invalid_request_error"}}, 400)
        if self._script:
            return self._script.pop(0)
        return Answer(sse_reply(*self.reply), content_type=SSE)


def _lmstudio_model(name: str) -> dict[str, Any]:
    return {
        "type": "llm",
        "key": name,
        "display_name": "Qwen3 8B",
        "architecture": "qwen3",
        "quantization": {"name": "Q4_K_M", "bits_per_weight": 4},
        "size_bytes": 5_030_000_000,
        "max_context_length": 40960,
        "loaded_instances": [{"id": name, "config": {"context_length": 8192}}],
    }


def _lmstudio_03_model(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "type": "llm",
        "arch": "qwen3",
        "quantization": "Q4_K_M",
        "state": "not-loaded",
        "max_context_length": 40960,
    }


class FakeTcp(FakeServer):
    """Answers every request alike: `FakeTcp.html()`, `.other_protocol()`, or any `Answer`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._always = answer

    @classmethod
    def html(cls, status: int = 200) -> "FakeTcp":
        return cls(Answer([b"<!DOCTYPE html><html><body>It works!</body></html>"], status, HTML))

    @classmethod
    def other_protocol(cls) -> "FakeTcp":
        return cls(Answer(before=[b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Pause(0.05), Cut()]))

    @classmethod
    def unauthorized(cls) -> "FakeTcp":
        return cls(json_answer({"error": "unauthorized"}, 401))

    @classmethod
    def forbidden(cls) -> "FakeTcp":
        """Answer 403 without a body, as Ollama does to a host name it does not know."""
        return cls(Answer([], 403, PLAIN, keeps_alive=True))

    @classmethod
    def unexpected_endpoint(cls) -> "FakeTcp":
        """Answer 200 with an error to every path, as LM Studio does to those it does not know."""
        return cls(json_answer({"error": "Unexpected endpoint or method. (GET /)"}))

    @classmethod
    def silent(cls) -> "FakeTcp":
        return cls(Answer(before=[Silence()]))

    def answer(self, exchange: Exchange) -> Answer:
        return self._always
