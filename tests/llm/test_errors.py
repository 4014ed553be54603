import json

import pytest

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm.backend import PARKING_KINDS, ErrorKind
from forllm_desktop.llm.errors import classify_error, unreachable
from tests.fakes import recorded
from tests.llm.support import profile

EXCEEDED = {
    "code": 400,
    "message": "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
    "type": "exceed_context_size_error",
    "n_prompt_tokens": 5000,
    "n_ctx": 4096,
}
NESTED = json.dumps({"error": EXCEEDED})

SHAPES = [
    # Ollama
    (404, {"error": "model 'x' not found"}, ErrorKind.NOT_FOUND),
    (404, {"error": 'model "x" not found, try pulling it first'}, ErrorKind.NOT_FOUND),
    (200, {"error": "pull model manifest: file does not exist"}, ErrorKind.NOT_FOUND),
    (400, {"error": "model is required"}, ErrorKind.BAD_REQUEST),
    (400, {"error": "missing request body"}, ErrorKind.BAD_REQUEST),
    (400, {"error": "invalid character 'x' looking for beginning of value"}, ErrorKind.BAD_REQUEST),
    (400, {"error": '"nomic-embed-text" does not support chat'}, ErrorKind.BAD_REQUEST),
    (400, {"error": '"llama3.2" does not support thinking'}, ErrorKind.BAD_REQUEST),
    (500, {"error": 'option "seed" must be of type integer'}, ErrorKind.BAD_REQUEST),
    (400, {"error": NESTED}, ErrorKind.CONTEXT_EXCEEDED),
    (200, {"error": NESTED}, ErrorKind.CONTEXT_EXCEEDED),
    (
        400,
        {"error": "the prompt is longer than the context length currently available to the model"},
        ErrorKind.CONTEXT_EXCEEDED,
    ),
    (500, {"error": "CUDA error: out of memory"}, ErrorKind.OUT_OF_MEMORY),
    (500, {"error": "unable to allocate CUDA0 buffer: Failed to Allocate 8 GiB"}, ErrorKind.OUT_OF_MEMORY),
    (500, {"error": "memory allocation failed"}, ErrorKind.OUT_OF_MEMORY),
    (500, {"error": "cudaMalloc failed: out of memory"}, ErrorKind.OUT_OF_MEMORY),
    (500, {"error": "not enough memory to load the model"}, ErrorKind.OUT_OF_MEMORY),
    (
        500,
        {"error": "model requires more system memory (9.1 GiB) than is available (3.2 GiB)"},
        ErrorKind.OUT_OF_MEMORY,
    ),
    (500, {"error": "llama-server process has terminated: exit status 2"}, ErrorKind.LOAD_FAILED),
    (500, {"error": "timed out waiting for llama-server to start - progress 0.00"}, ErrorKind.LOAD_FAILED),
    (
        500,
        {"error": "this model may be incompatible with your version of Ollama"},
        ErrorKind.LOAD_FAILED,
    ),
    (
        500,
        {"error": "model runner has unexpectedly stopped, this may be due to resource limitations"},
        ErrorKind.SERVER_ERROR,
    ),
    (200, {"error": "an error was encountered while running the model: EOF"}, ErrorKind.SERVER_ERROR),
    (
        503,
        {"error": "server busy, please try again.  maximum pending requests exceeded"},
        ErrorKind.BUSY,
    ),
    (200, {"error": "prediction aborted, token repeat limit reached"}, ErrorKind.SERVER_ERROR),
    (500, {"error": "system message must be at the beginning"}, ErrorKind.BAD_REQUEST),
    (401, {"error": "unauthorized", "signin_url": "https://ollama.com/connect"}, ErrorKind.AUTH),
    (403, "", ErrorKind.AUTH),
    (403, {"error": "cloud is disabled"}, ErrorKind.AUTH),
    (404, "404 page not found", ErrorKind.WRONG_SERVER),
    # llama-server
    (
        503,
        {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}},
        ErrorKind.LOADING,
    ),
    (400, {"error": EXCEEDED}, ErrorKind.CONTEXT_EXCEEDED),
    (200, {"error": EXCEEDED}, ErrorKind.CONTEXT_EXCEEDED),
    (400, {"error": {"code": 400, "message": "bad", "type": "invalid_request_error"}}, ErrorKind.BAD_REQUEST),
    (200, {"error": {"code": 400, "message": "bad", "type": "invalid_request_error"}}, ErrorKind.BAD_REQUEST),
    (401, {"error": {"message": "Invalid API Key", "type": "authentication_error"}}, ErrorKind.AUTH),
    (
        500,
        {"error": {"code": 500, "message": "no image input", "type": "server_error"}},
        ErrorKind.SERVER_ERROR,
    ),
    (501, {"error": {"code": 501, "message": "off", "type": "not_supported_error"}}, ErrorKind.SERVER_ERROR),
    (404, {"error": {"message": "File Not Found", "type": "not_found_error"}}, ErrorKind.WRONG_SERVER),
    (503, {"error": {"message": "no slot available", "type": "unavailable_error"}}, ErrorKind.BUSY),
    (500, {"error": "proxy error: Could not establish connection"}, ErrorKind.LOADING),
    # LM Studio
    (200, {"error": "Unexpected endpoint or method. (GET /props)"}, ErrorKind.WRONG_SERVER),
    (404, {"error": {"message": "No models loaded. Please load a model"}}, ErrorKind.NOT_FOUND),
    (
        400,
        {
            "error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is "
            "loaded with context length of only 4096 tokens, which is not enough."
        },
        ErrorKind.CONTEXT_EXCEEDED,
    ),
    # vLLM, FastAPI and others
    (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens. However, you requested 5200 "
            "tokens (5000 in the messages, 200 in the completion).",
            "type": "BadRequestError",
            "code": 400,
        },
        ErrorKind.CONTEXT_EXCEEDED,
    ),
    (404, {"message": "The model `x` does not exist.", "type": "NotFoundError"}, ErrorKind.NOT_FOUND),
    (422, {"detail": [{"loc": ["body", "seed"], "msg": "extra"}]}, ErrorKind.BAD_REQUEST),
    (404, {"detail": "Not Found"}, ErrorKind.NOT_FOUND),
    (400, "Client sent an HTTP request to an HTTPS server.", ErrorKind.WRONG_SERVER),
    (429, {"error": {"message": "Rate limit"}}, ErrorKind.BUSY),
    (503, "", ErrorKind.BUSY),
    (502, "<html>Bad Gateway</html>", ErrorKind.UNREACHABLE),
    (504, "", ErrorKind.UNREACHABLE),
    (302, "", ErrorKind.WRONG_SERVER),
    (405, "", ErrorKind.WRONG_SERVER),
    (500, "Internal Server Error", ErrorKind.SERVER_ERROR),
    (500, "", ErrorKind.SERVER_ERROR),
    # Status 200
    (200, "<!DOCTYPE html><html>Router</html>", ErrorKind.WRONG_SERVER),
    (200, "It works!", ErrorKind.WRONG_SERVER),
    (200, {"hello": "world"}, ErrorKind.WRONG_SERVER),
    (200, "", ErrorKind.STREAM_BROKEN),
    (200, {"error": "boom"}, ErrorKind.SERVER_ERROR),
    (200, {"error": {"message": "boom"}}, ErrorKind.SERVER_ERROR),
]


def as_body(shape):
    return shape.encode() if isinstance(shape, str) else json.dumps(shape).encode()


@pytest.mark.parametrize(("status", "shape", "kind"), SHAPES)
def test_every_shape_of_failure_has_its_kind_and_words_for_the_user(status, shape, kind):
    error = classify_error(status, as_body(shape), {})
    assert error.kind is kind
    assert error.title
    assert error.message
    assert "{" not in error.title + error.message.partition("The server said")[0]


@pytest.mark.parametrize(
    "shape",
    [
        {"error": EXCEEDED},
        {"error": NESTED},
        {"error": f"an error was encountered while running the model: {NESTED}"},
        {"error": json.dumps({"error": NESTED})},
        {"error": EXCEEDED["message"]},
        SHAPES[[k for _, _, k in SHAPES].index(ErrorKind.CONTEXT_EXCEEDED, 40)][1],
        next(s for _, s, _ in SHAPES if "vLLM" in str(s) or "maximum context" in str(s)),
    ],
)
def test_an_overflow_tells_both_numbers(shape):
    error = classify_error(400, as_body(shape))
    assert (error.kind, error.n_prompt, error.n_ctx) == (ErrorKind.CONTEXT_EXCEEDED, 5000, 4096)
    assert "5000" in error.message
    assert "4096" in error.message


def test_what_the_real_engine_said_is_understood():
    too_long = classify_error(400, recorded("too_long.400.json"))
    assert (too_long.kind, too_long.n_prompt, too_long.n_ctx) == (ErrorKind.CONTEXT_EXCEEDED, 1222, 512)
    assert classify_error(401, recorded("wrong_key.401.json")).kind is ErrorKind.AUTH
    assert classify_error(404, recorded("not_found.404.json")).kind is ErrorKind.WRONG_SERVER
    assert classify_error(400, recorded("strict_roles.400.json")).kind is ErrorKind.BAD_REQUEST


def test_an_unknown_model_of_ollama_says_how_to_get_it():
    error = classify_error(404, b'{"error":"model \'mistral:7b\' not found"}')
    assert "ollama pull mistral:7b" in error.message


def test_running_out_of_memory_says_what_to_choose():
    error = classify_error(500, b'{"error":"CUDA out of memory"}')
    assert error.title == "GPU memory ran out"
    assert "smaller context window or a smaller model" in error.message


def test_an_empty_403_speaks_of_the_host_name_and_not_of_a_key():
    error = classify_error(403, b"")
    assert "host name" in error.title
    assert "127.0.0.1" in error.message


def test_the_servers_own_words_are_kept_but_not_without_end():
    error = classify_error(500, json.dumps({"error": "x" * 10_000}))
    assert len(error.server_text) == 2000
    assert len(error.message) < 700


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"{" * 100_000, b'{"error":null}', b"[]", b'{"error":{}}'])
def test_nonsense_is_classified_too(body):
    assert classify_error(500, body).kind is ErrorKind.SERVER_ERROR


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ServerKind.OLLAMA, "ollama serve"),
        (ServerKind.LMSTUDIO, "LM Studio"),
        (ServerKind.LLAMACPP, "llama-server"),
        (ServerKind.OPENAI, "program that serves"),
        (ServerKind.AUTO, "Ollama"),
    ],
)
def test_an_unreachable_server_says_which_program_to_start(kind, words):
    error = unreachable(profile("http://127.0.0.1:9", kind))
    assert words in error.message
    assert "http://127.0.0.1:9" in error.message
    assert error.kind in PARKING_KINDS


def test_an_untrusted_certificate_is_named_as_the_reason():
    assert "certificate" in unreachable(profile("https://x.org"), "[SSL: CERTIFICATE_VERIFY_FAILED]").title
