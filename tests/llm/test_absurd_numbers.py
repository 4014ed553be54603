"""Numbers that no server should send: none is believed or stored, and none costs the reply."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import Backend, Finished
from forllm_desktop.llm.fields import MOST_SECONDS, MOST_TOKENS
from forllm_desktop.llm.ollama import OllamaBackend
from forllm_desktop.llm.openai_compatible import OpenAIBackend
from forllm_desktop.worker.one_call import metrics_of
from tests.fakes import SSE, Answer, FakeOllama, FakeOpenAI, ollama_delta, sse, sse_delta
from tests.llm.support import QUICK, chat_request, events_of, profile, run, texts

ANYTHING = (
    st.integers()
    | st.floats()
    | st.sampled_from([1e300, -1e300, 10**400, -(10**400), 2**31, 2**63, True, False, None])
    | st.text(max_size=5)
    | st.lists(st.integers(), max_size=2)
)


def numbers(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects in which any of these fields hold anything."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, ANYTHING))


def check(backend: Backend) -> None:
    """Ask for a reply: its text comes whole, and what is stored of its numbers is possible."""
    events = run(events_of(backend, chat_request()))
    assert texts(events) == ("", "Fine.")
    assert isinstance(events[-1], Finished)
    metrics = metrics_of(events[-1])
    json.dumps(metrics, allow_nan=False)
    for name, value in metrics.items():
        if name.endswith("_tokens"):
            assert value is None or (type(value) is int and 0 <= value <= 2 * MOST_TOKENS)
        if name.endswith("_seconds"):
            assert value is None or (type(value) is float and 0 <= value <= MOST_SECONDS)


def test_ollama_may_report_anything() -> None:
    with FakeOllama() as server:
        # What a model can do is asked once, and answered as always.
        @settings(max_examples=80)
        @given(
            numbers(
                "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"
            )
        )
        def reports(told: dict[str, Any]) -> None:
            done = {"message": {"content": ""}, "done": True, "done_reason": "stop", **told}
            server.script(Answer([ollama_delta("Fine."), json.dumps(done).encode() + b"\n"]))
            check(OllamaBackend(profile(server.url, ServerKind.OLLAMA), QUICK))

        reports()


def test_openai_compatible_server_may_report_anything() -> None:
    with FakeOpenAI("llamacpp") as server:

        @settings(max_examples=80)
        @given(
            numbers("prompt_tokens", "completion_tokens", "prompt_tokens_details"),
            numbers("prompt_ms", "predicted_ms", "prompt_n", "predicted_n", "cache_n"),
            numbers("total", "processed"),
            numbers("cached_tokens"),
        )
        def reports(
            usage: dict[str, Any], timings: dict[str, Any], progress: dict[str, Any], details: dict[str, Any]
        ) -> None:
            usage = {"prompt_tokens_details": details, **usage}
            end = {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage, "timings": timings}
            frames = [sse({"prompt_progress": progress}), sse_delta("Fine."), sse(end), b"data: [DONE]\n\n"]
            server.script(Answer(frames, content_type=SSE))
            check(OpenAIBackend(profile(server.url, ServerKind.LLAMACPP), QUICK))

        reports()


@settings(max_examples=30)
@given(ANYTHING)
def test_a_window_and_a_size_may_be_anything(value: Any) -> None:
    entry = {"name": "m", "size": value, "details": {"context_length": value}}
    with FakeOllama() as server:
        server.answer = lambda _exchange: Answer([json.dumps({"models": [entry]}).encode()])  # type: ignore[method-assign]
        backend = OllamaBackend(profile(server.url, ServerKind.OLLAMA), QUICK)

        async def listed() -> Any:
            try:
                return (await backend.list_models())[0], (await backend.loaded())[0]
            finally:
                await backend.aclose()

        model, in_memory = run(listed())
    for number in (model.size, model.ctx_trained, in_memory.ctx_allocated):
        assert number is None or (type(number) is int and 0 <= number <= 2**53)
