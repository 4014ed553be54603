"""Servers and models: which pair a request uses, what is stored of a server, and what never is."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ENGINE_URL, ModelChoice, ServerKind
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import Limits, ServerState
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from tests.builders import a_request
from tests.fakes import FakeOllama
from tests.recorder import Recorder

SECRET = "sk-very-secret-key"


class SessionKeys(KeyStore):
    """A key store on a machine without a keyring."""

    has_keyring = False  # type: ignore[assignment]


@pytest.fixture
def settings(database: Database, events: Events) -> SettingsService:
    return SettingsService(database, events)


@pytest.fixture
def models(database: Database, events: Events, settings: SettingsService) -> ModelsService:
    return ModelsService(database, events, settings, SessionKeys(), Limits())


# -- servers


def test_server_is_added_once_however_its_address_is_typed(models: ModelsService, recorder: Recorder) -> None:
    first = models.server_at("127.0.0.1")
    for typed in ("http://127.0.0.1:11434/", "localhost:11434/v1", " HTTP://LOCALHOST:11434/api "):
        assert models.server_at(typed).server_id == first.server_id
    assert (first.base_url, first.name, first.kind) == (
        "http://127.0.0.1:11434",
        "127.0.0.1:11434",
        ServerKind.AUTO,
    )
    assert recorder.take() == [("servers_changed",)]


def test_engine_is_one_server(models: ModelsService) -> None:
    assert models.engine().server_id == models.engine().server_id
    assert (models.engine().base_url, models.engine().kind) == (ENGINE_URL, ServerKind.ENGINE)


def test_kind_that_was_found_out_is_kept(models: ModelsService, recorder: Recorder) -> None:
    server = models.server_at("127.0.0.1")
    recorder.take()
    models.remember_kind(server.server_id, ServerKind.OLLAMA)
    assert models.profile(server.server_id).kind is ServerKind.OLLAMA
    assert recorder.take() == [("servers_changed",)]


def test_unknown_server_is_told_in_words(models: ModelsService) -> None:
    for verb in (models.server, models.profile, models.remove, lambda n: models.set_key(n, "x")):
        with pytest.raises(NotFound, match="no longer known"):
            verb(77)


def test_key_reaches_the_profile_and_never_a_file_or_a_log(
    models: ModelsService, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    statements: list[str] = []
    event.listen(
        database._writer, "before_cursor_execute", lambda *args: statements.append(f"{args[2]} {args[3]}")
    )
    server = models.server_at("127.0.0.1")
    assert models.set_key(server.server_id, SECRET) is False
    profile = models.profile(server.server_id)
    assert profile.api_key == SECRET
    assert SECRET not in repr(profile)
    assert SECRET not in caplog.text + "".join(statements)
    folder = database.path.parent
    assert all(SECRET.encode() not in path.read_bytes() for path in folder.iterdir() if path.is_file())
    models.set_key(server.server_id, "")
    assert models.profile(server.server_id).api_key is None
    assert models.server(server.server_id).api_key_ref is None


def test_removed_server_leaves_requests_and_posts(
    models: ModelsService, queue: QueueService, forum: ForumService, database: Database
) -> None:
    job = a_request(queue, forum, database)
    queue.claim()
    queue.finish(job.request_id, "So.", "", {})
    waiting = a_request(queue, forum, database)
    assert job.server_id is not None
    models.remove(job.server_id)
    assert queue.job(waiting.request_id).server_id is None
    with database.read() as session:
        assert session.get_one(Post, queue.job(job.request_id).reply_post_id).content == "So."
        assert session.get_one(Job, job.request_id).llm_model == "tiny"
    assert database.check() == []


def test_probe_and_models_of_a_server(models: ModelsService) -> None:
    with FakeOllama() as fake:
        server = models.server_at(fake.url).server_id
        info = asyncio.run(models.probe(server))
        assert (info.state, info.kind) == (ServerState.READY, ServerKind.OLLAMA)
        assert "llama3.2:latest" in [model.id for model in asyncio.run(models.models_of(server))]
    assert asyncio.run(models.probe(server)).state is ServerState.DOWN


def test_engine_has_no_list_of_models(models: ModelsService) -> None:
    with pytest.raises(NotPossible, match="GGUF files"):
        asyncio.run(models.models_of(models.engine().server_id))


# -- which pair is used


def test_first_pair_becomes_the_default(models: ModelsService, settings: SettingsService) -> None:
    first = models.choose("qwen3:8b", "127.0.0.1")
    assert models.choose() == first == models.default_choice()
    other = models.choose("gemma", "127.0.0.1:8080")
    assert other.server_id != first.server_id
    assert models.choose() == first
    assert (settings.current().default_server_id, settings.current().default_model) == (
        first.server_id,
        "qwen3:8b",
    )


def test_model_alone_means_the_default_server(models: ModelsService) -> None:
    first = models.choose("qwen3:8b", "127.0.0.1")
    assert models.choose("gemma") == ModelChoice(first.server_id, "gemma")


def test_server_alone_means_the_default_model_only_if_it_is_the_default_server(models: ModelsService) -> None:
    first = models.choose("qwen3:8b", "127.0.0.1")
    assert models.choose(server="localhost") == first
    with pytest.raises(InvalidInput, match="No model is chosen"):
        models.choose(server="127.0.0.1:8080")
    assert len(models.servers()) == 1


def test_path_of_a_gguf_file_means_the_engine(
    models: ModelsService, tiny_gguf: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny_gguf("chat")
    monkeypatch.chdir(path.parent)
    for typed in (str(path), path.name, f"./{path.name}"):
        assert models.choose(typed) == ModelChoice(models.engine().server_id, str(path))


def test_name_ending_in_gguf_is_a_models_name_where_a_server_is_given(models: ModelsService) -> None:
    choice = models.choose("tiny.gguf", "127.0.0.1:8080")
    assert (models.server(choice.server_id).kind, choice.name) == (ServerKind.AUTO, "tiny.gguf")


def test_name_of_a_model_never_goes_to_the_engine(
    models: ModelsService, tiny_gguf: Callable[[str], Path]
) -> None:
    models.choose(str(tiny_gguf("chat")))
    with pytest.raises(InvalidInput, match="On which server is qwen3:8b"):
        models.choose("qwen3:8b")
    only = models.server_at("127.0.0.1")
    assert models.choose("qwen3:8b").server_id == only.server_id


def test_number_of_a_removed_server_is_never_given_out_again(models: ModelsService) -> None:
    """The default model would else be asked on a server that the user never chose for it."""
    first = models.choose("qwen3:8b", "192.168.0.9")
    removed = models.remove(first.server_id)
    other = models.server_at("example.com:8080")
    assert other.server_id != first.server_id
    assert models.default_choice() is None
    models.restore(removed)
    assert models.default_choice() == first


def test_default_of_a_removed_server_is_not_moved_to_another_one(models: ModelsService) -> None:
    first = models.choose("qwen3:8b", "127.0.0.1")
    models.choose("gemma", "127.0.0.1:8080")
    models.remove(first.server_id)
    assert models.default_choice() is None
    with pytest.raises(InvalidInput, match="No model is chosen"):
        models.choose()


@pytest.mark.parametrize(
    ("model", "server"),
    [
        (None, None),
        (None, "127.0.0.1"),
        ("", "127.0.0.1"),
        (" ", None),
        ("x", "no address?"),
        ("x", None),
        ("nothing-here.gguf", None),
        (__file__, None),
    ],
)
def test_refused_choice_stores_nothing(
    models: ModelsService, recorder: Recorder, model: str | None, server: str | None
) -> None:
    if model == __file__:
        model = f"{Path(__file__).parent}/../services/{Path(__file__).name}"
    with pytest.raises(InvalidInput):
        models.choose(model, server)
    assert models.servers() == []
    assert recorder.take() == []
