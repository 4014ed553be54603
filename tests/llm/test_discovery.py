import json
from dataclasses import replace

import pytest

from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.llm import discovery, gguf_files
from forllm_desktop.llm.backend import BackendError, ErrorKind, ServerState
from forllm_desktop.llm.connect import connect
from forllm_desktop.llm.discovery import detect, find_servers
from forllm_desktop.llm.gguf_files import find_gguf_files
from forllm_desktop.llm.ollama import OllamaBackend
from forllm_desktop.llm.openai_compatible import OpenAIBackend
from tests.fakes import FakeOllama, FakeOpenAI, FakeTcp
from tests.llm.support import QUICK, profile, run


def detected(server):
    with server:
        return run(detect(profile(server.url), QUICK))


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        (FakeOllama, ServerKind.OLLAMA),
        (FakeOpenAI, ServerKind.LLAMACPP),
        (lambda: FakeOpenAI("lmstudio"), ServerKind.LMSTUDIO),
        (lambda: FakeOpenAI("lmstudio03"), ServerKind.LMSTUDIO),
        (lambda: FakeOpenAI("generic"), ServerKind.OPENAI),
    ],
)
def test_a_server_is_known_by_the_shape_of_its_answers(server, kind):
    info = detected(server())
    assert (info.state, info.kind) == (ServerState.READY, kind)


@pytest.mark.parametrize(
    ("server", "state"),
    [
        (FakeTcp.unexpected_endpoint, ServerState.WRONG_SERVER),
        (FakeTcp.html, ServerState.WRONG_SERVER),
        (FakeTcp.other_protocol, ServerState.WRONG_SERVER),
        (FakeTcp.unauthorized, ServerState.AUTH),
        (FakeTcp.forbidden, ServerState.AUTH),
        (FakeTcp.silent, ServerState.DOWN),
    ],
)
def test_what_is_no_server_of_models_is_said_in_words(server, state):
    info = detected(server())
    assert info.state is state
    assert info.kind is None
    assert info.message


def test_a_loading_llama_server_is_loading_and_no_other_kind():
    server = FakeOpenAI()
    server.loading = 100
    assert detected(server).state is ServerState.LOADING


def test_a_server_that_wants_a_key_is_asked_once_and_no_more():
    with FakeOpenAI(needs_key="s3cret") as server:
        assert run(detect(profile(server.url), QUICK)).state is ServerState.AUTH
        assert len(server.exchanges) == 1
        assert run(detect(profile(server.url, api_key="s3cret"), QUICK)).kind is ServerKind.LLAMACPP


def test_a_refused_host_name_is_explained():
    assert "host name" in detected(FakeTcp.forbidden()).message


def test_all_well_known_ports_are_asked_and_those_that_answer_are_named(monkeypatch):
    with (
        FakeOllama() as ollama,
        FakeOpenAI("generic") as jan,
        FakeTcp.html() as web,
        FakeTcp.unauthorized() as key,
    ):
        ports = {ollama.port: "Ollama", jan.port: "Jan", web.port: "vLLM", key.port: "LM Studio", 1: "nobody"}
        monkeypatch.setattr(discovery, "WELL_KNOWN_PORTS", ports)
        found = run(find_servers(QUICK))
    assert [(server.base_url, server.name, server.info.state) for server in found] == [
        (ollama.url, "Ollama", ServerState.READY),
        (jan.url, "Jan", ServerState.READY),
        (key.url, "LM Studio", ServerState.AUTH),
    ]


def connected(server, **fields):
    async def main():
        backend = await connect(profile(server.url, **fields), QUICK)
        await backend.aclose()
        return backend

    return run(main())


def test_connecting_finds_the_kind_out_or_takes_what_the_user_chose():
    with FakeOllama() as server:
        found = connected(server)
        assert isinstance(found, OllamaBackend)
        assert found.profile.kind is ServerKind.OLLAMA
        assert isinstance(connected(server, kind=ServerKind.OPENAI), OpenAIBackend)
    with FakeOpenAI("lmstudio") as server:
        assert connected(server).profile.kind is ServerKind.LMSTUDIO


def test_connecting_says_why_the_kind_cannot_be_found_out():
    loading = FakeOpenAI()
    loading.loading = 100
    for server, kind in (
        (FakeTcp.unauthorized(), ErrorKind.AUTH),
        (FakeTcp.html(), ErrorKind.WRONG_SERVER),
        (loading, ErrorKind.LOADING),
    ):
        with server, pytest.raises(BackendError) as caught:
            connected(server)
        assert caught.value.kind is kind
    with pytest.raises(BackendError) as caught:
        run(connect(profile("http://127.0.0.1:1"), replace(QUICK, connect_local=0.2)))
    assert caught.value.kind is ErrorKind.UNREACHABLE


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder without models, and no variables that point elsewhere."""
    monkeypatch.setattr(gguf_files.Path, "home", lambda: tmp_path)
    monkeypatch.setattr(gguf_files.sys, "platform", "linux")
    for name in (
        "OLLAMA_MODELS",
        "LLAMA_CACHE",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "APPDATA",
        "LOCALAPPDATA",
    ):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def model_file(path, content=b"GGUF\x03"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def manifest(path, *layers):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"layers": [{"mediaType": kind, "digest": digest} for kind, digest in layers]})
    )


OLLAMA_MODEL = "application/vnd.ollama.image.model"


def test_model_files_of_other_programs_are_found(home):
    expected = [
        model_file(home / ".cache/llama.cpp/c.gguf"),
        model_file(home / ".lmstudio/models/publisher/model/a.Q4.gguf"),
        model_file(home / ".local/share/Jan/data/llamacpp/models/j/model.gguf"),
        model_file(home / ".local/share/nomic.ai/GPT4All/g.gguf"),
    ]
    assert find_gguf_files() == expected


def test_folders_named_by_variables_are_looked_into(home, monkeypatch):
    monkeypatch.setenv("LLAMA_CACHE", str(home / "cache"))
    monkeypatch.setenv("OLLAMA_MODELS", str(home / "ollama"))
    cached = model_file(home / "cache/a.gguf")
    blob = model_file(home / "ollama/blobs/sha256-abc")
    manifest(home / "ollama/manifests/host/ns/m/tag", (OLLAMA_MODEL, "sha256:abc"))
    assert find_gguf_files() == [cached, blob]


def test_the_models_of_ollamas_manifests_are_found_once_and_other_layers_not(home):
    models = home / ".ollama/models"
    blob = model_file(models / "blobs/sha256-abc")
    model_file(models / "blobs/sha256-not-named-anywhere")
    template = ("application/vnd.ollama.image.template", "sha256:def")
    model_file(models / "blobs/sha256-def")
    for tag in ("latest", "8b"):
        manifest(
            models / f"manifests/registry.ollama.ai/library/qwen3/{tag}",
            (OLLAMA_MODEL, "sha256:abc"),
            template,
        )
    assert find_gguf_files() == [blob]


def test_what_is_broken_or_no_model_of_its_own_is_passed_over(home):
    models = home / ".ollama/models"
    manifest(models / "manifests/h/n/m/missing", (OLLAMA_MODEL, "sha256:missing"), (OLLAMA_MODEL, 7))
    manifest(models / "manifests/h/n/m/outside", (OLLAMA_MODEL, "../../../outside.gguf"))
    model_file(home / "outside.gguf")
    model_file(models / "manifests/h/n/m/garbage", b"\xff{")
    model_file(models / "manifests/h/n/m/list", b'{"layers": [1, null]}')
    folder = home / ".lmstudio/models"
    model_file(folder / "not-really.gguf", b"<html>")
    model_file(folder / "empty.gguf", b"")
    model_file(folder / "mmproj-model.gguf")
    model_file(folder / "big-00002-of-00003.gguf")
    first = model_file(folder / "big-00001-of-00003.gguf")
    (folder / "folder.gguf").mkdir()
    assert find_gguf_files() == [first]


def test_one_file_under_two_names_is_listed_once(home):
    real = model_file(home / ".cache/llama.cpp/a.gguf")
    link = home / ".lmstudio/models/p/m/a.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    assert len(find_gguf_files()) == 1
