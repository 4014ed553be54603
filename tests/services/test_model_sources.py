"""Editing, testing and finding what offers models; model files; what a removal takes and brings back."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.servers import ENGINE_URL, ModelChoice, ServerKind
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import Limits
from forllm_desktop.llm.gguf_files import find_gguf_files
from forllm_desktop.services import model_files, model_sources
from forllm_desktop.services import models as module
from forllm_desktop.services.examples import ask_first_question, examples
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService, Wish
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from tests.builders import a_model_reply, a_server, a_topic
from tests.fakes import FakeOllama, FakeOpenAI, FakeTcp
from tests.recorder import Recorder

TinyGguf = Callable[[str], Path]
QUICK = Limits(connect_local=1.0, read=1.0)


class SessionKeys(KeyStore):
    """A key store on a machine without a keyring."""

    has_keyring = False  # type: ignore[assignment]


@pytest.fixture
def keys() -> SessionKeys:
    return SessionKeys()


@pytest.fixture
def models(database: Database, events: Events, keys: SessionKeys) -> ModelsService:
    return ModelsService(database, events, SettingsService(database, events), keys, QUICK)


@pytest.fixture(autouse=True)
def _no_files_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "find_gguf_files", list)
    monkeypatch.setattr(module, "WELL_KNOWN_PORTS", {})


def port_of(server: FakeOllama | FakeOpenAI) -> int:
    return int(server.url.rpartition(":")[2])


# -- editing


def test_edited_server_keeps_its_id(models: ModelsService, recorder: Recorder) -> None:
    server = models.server_at("127.0.0.1:9000", kind=ServerKind.OPENAI)
    recorder.take()
    models.edit(server.server_id, name="  Workshop   PC ", use_proxy=True, verify_tls=False)
    known = models.server(server.server_id)
    assert (known.name, known.use_proxy, known.verify_tls) == ("Workshop PC", True, False)
    assert known.kind == ServerKind.OPENAI
    assert recorder.take() == [("servers_changed",)]


def test_server_at_a_new_address_is_recognised_anew(models: ModelsService) -> None:
    server = models.server_at("127.0.0.1:9000", kind=ServerKind.OPENAI)
    models.edit(server.server_id, address="127.0.0.1:9001/v1")
    known = models.server(server.server_id)
    assert (known.base_url, known.kind) == ("http://127.0.0.1:9001", ServerKind.AUTO)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"address": "no address"}, "base_url"),
        ({"address": "127.0.0.1:9001"}, "base_url"),
    ],
)
def test_unusable_edit_says_at_which_field(models: ModelsService, change: dict[str, Any], field: str) -> None:
    models.server_at("127.0.0.1:9001")
    server = models.server_at("127.0.0.1:9000", "Mine")
    with pytest.raises(InvalidInput) as refused:
        models.edit(server.server_id, **change)
    assert refused.value.field == field
    assert models.server(server.server_id).name == "Mine"


# -- removing and bringing back


def test_removed_server_comes_back_with_its_key_and_with_what_named_it(
    models: ModelsService, forum: ForumService, database: Database, events: Events
) -> None:
    server = models.server_at("127.0.0.1:9000", "Mine")
    models.set_key(server.server_id, "sk-secret")
    _topic, question = a_topic(forum)
    queue = QueueService(database, events)
    job = queue.ask_about(question.post_id, Wish(ModelChoice(server.server_id, "tiny")))
    reply = a_model_reply(database, question, server_id=server.server_id)

    removed = models.remove(server.server_id)
    assert queue.job(job.request_id).server_id is None
    models.restore(removed)

    profile = models.profile(server.server_id)
    assert (profile.name, profile.base_url, profile.api_key) == ("Mine", "http://127.0.0.1:9000", "sk-secret")
    assert queue.job(job.request_id).server_id == server.server_id
    assert forum.post(reply.post_id).server_id == server.server_id
    assert "sk-secret" not in repr(removed)


def test_removed_server_cannot_come_back_when_its_address_is_taken(models: ModelsService) -> None:
    removed = models.remove(models.server_at("127.0.0.1:9000").server_id)
    models.server_at("127.0.0.1:9001")
    models.server_at("127.0.0.1:9000")
    with pytest.raises(InvalidInput, match="address"):
        models.restore(removed)


# -- asking


def test_test_of_a_server_says_what_it_is_and_keeps_its_kind(models: ModelsService) -> None:
    with FakeOllama() as fake:
        server = models.server_at(fake.url)
        source = asyncio.run(models.test(server.server_id))
    assert (source.is_ready, source.kind, source.version) == (True, ServerKind.OLLAMA, "0.33.3")
    names = [model.id for model in source.models]
    assert "llama3.2:latest" in names
    assert "nomic-embed-text:latest" not in names, "it cannot chat"
    assert models.server(server.server_id).kind == ServerKind.OLLAMA


def test_test_of_a_server_that_is_away_is_no_error(models: ModelsService) -> None:
    source = asyncio.run(models.test(models.server_at("127.0.0.1:1").server_id))
    assert not source.is_ready
    assert not source.is_there
    assert source.message


def test_server_that_asks_for_a_key_is_there(models: ModelsService) -> None:
    with FakeTcp.unauthorized() as fake:
        source = asyncio.run(models.test(models.server_at(fake.url).server_id))
    assert (source.is_ready, source.is_there) == (False, True)


def test_known_models_are_those_of_all_servers_and_the_files(
    models: ModelsService, tiny_gguf: TinyGguf
) -> None:
    models.remember_file(tiny_gguf("chat"))
    with FakeOllama() as fake:
        models.server_at(fake.url, "Ollama")
        models.server_at("127.0.0.1:1", "Away")
        ollama, away, engine = asyncio.run(models.known_models())
    assert (ollama.name, ollama.is_ready, away.is_ready) == ("Ollama", True, False)
    assert [(model.id, model.label) for model in engine.models] == [
        (str(tiny_gguf("chat")), "tiny-chat.gguf")
    ]
    assert ENGINE_URL not in [server.base_url for server in models.servers()], "looking stores nothing"


def test_looking_around_finds_known_servers_and_others(
    models: ModelsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def names() -> set[tuple[str, bool, bool]]:
        return {(s.name, s.is_ready, bool(s.server_id)) async for s in models.look_around()}

    with FakeOllama() as ollama, FakeOpenAI() as other:
        monkeypatch.setattr(
            module, "WELL_KNOWN_PORTS", {port_of(ollama): "Ollama", port_of(other): "x", 1: "y"}
        )
        models.server_at(ollama.url, "My Ollama")
        models.server_at("127.0.0.1:2", "Away")
        found = asyncio.run(names())
    assert found == {("My Ollama", True, True), ("Away", False, True), ("llama-server", True, False)}


def test_looking_around_can_be_left_early(models: ModelsService, monkeypatch: pytest.MonkeyPatch) -> None:
    async def first() -> str:
        from contextlib import aclosing

        async with aclosing(models.look_around()) as sources:
            async for source in sources:
                return source.name
        return ""

    with FakeOllama() as ollama, FakeTcp.silent() as silent:
        ports = {port_of(ollama): "Ollama", int(silent.url.rpartition(":")[2]): "Silent"}
        monkeypatch.setattr(module, "WELL_KNOWN_PORTS", ports)
        assert asyncio.run(first()) == "Ollama"


def test_programs_that_are_installed_are_named_with_their_ports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert model_sources.installed_programs() == {}
    (tmp_path / ".lmstudio").mkdir()
    assert model_sources.installed_programs() == {"LM Studio": 1234}


# -- files


def test_picked_file_is_kept_once_and_can_be_taken_off(
    models: ModelsService, tiny_gguf: TinyGguf, recorder: Recorder
) -> None:
    path = str(tiny_gguf("chat"))
    assert models.remember_file(path) == models.remember_file(Path(path)) == path
    (file,) = asyncio.run(models.gguf_files())
    assert (file.path, file.name, file.is_picked) == (path, "tiny-chat.gguf", True)
    assert file.size == Path(path).stat().st_size
    models.forget_file(path)
    assert asyncio.run(models.gguf_files()) == []
    assert recorder.take() == [("servers_changed",)] * 3
    assert Path(path).exists()


def test_file_that_is_no_model_is_refused(models: ModelsService, tmp_path: Path) -> None:
    note = tmp_path / "note.gguf"
    note.write_text("This is no model.")
    for path in (note, tmp_path / "missing.gguf", tmp_path):
        with pytest.raises(InvalidInput):
            models.remember_file(path)
    assert models.picked_files() == []


def test_picked_file_that_is_gone_is_still_listed(
    models: ModelsService, tmp_path: Path, tiny_gguf: TinyGguf
) -> None:
    path = tmp_path / "gone.gguf"
    path.write_bytes(tiny_gguf("chat").read_bytes())
    models.remember_file(path)
    path.unlink()
    (file,) = asyncio.run(models.gguf_files())
    assert (file.name, file.size) == ("gone.gguf", None)
    (engine,) = asyncio.run(models.known_models())
    assert engine.models == ()


def test_file_found_on_disk_and_picked_is_listed_once(
    models: ModelsService, tiny_gguf: TinyGguf, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, other = tiny_gguf("chat"), tiny_gguf("utf8")
    monkeypatch.setattr(model_files, "find_gguf_files", lambda: [chat, other])
    models.remember_file(chat)
    files = asyncio.run(models.gguf_files())
    assert [(file.path, file.is_picked) for file in files] == [(str(chat), True), (str(other), False)]


def test_file_named_by_a_hash_is_called_by_its_model(
    models: ModelsService, tmp_path: Path, tiny_gguf: TinyGguf
) -> None:
    blob = tmp_path / "sha256-00ff"
    blob.write_bytes(tiny_gguf("chat").read_bytes())
    models.remember_file(blob)
    (file,) = asyncio.run(models.gguf_files())
    assert "sha256" not in file.name


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
def test_file_whose_name_is_no_text_is_listed_and_refused_in_words(
    models: ModelsService,
    database: Database,
    tiny_gguf: TinyGguf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.gguf"))
    shutil.copy(tiny_gguf("chat"), path)
    monkeypatch.setenv("LLAMA_CACHE", str(tmp_path))
    monkeypatch.setattr(model_files, "find_gguf_files", find_gguf_files)
    listed = [file for file in asyncio.run(models.gguf_files()) if file.path.startswith(str(tmp_path))]
    assert [(file.name, file.size) for file in listed] == [("caf\ufffd.gguf", path.stat().st_size)]
    for shown in (listed[0].path, path):
        with pytest.raises(InvalidInput, match="name cannot be read") as refusal:
            models.remember_file(shown)
        assert "Rename the file" in refusal.value.message
        refusal.value.message.encode()
    with pytest.raises(InvalidInput, match="name cannot be read"):
        models.choose(listed[0].path)


def test_damaged_list_of_picked_files_is_an_empty_one(models: ModelsService, database: Database) -> None:
    from forllm_desktop.storage import settings as rows

    for damaged in ("{", "3", '[1, {"a": 2}]'):
        with database.write() as session:
            rows.row(session, model_files.PICKED_FILES).value = damaged
        assert models.picked_files() == []


# -- the examples


def test_examples_have_instructions_worth_keeping_and_two_questions() -> None:
    assert [(e.subforum, e.persona) for e in examples()] == [
        ("Physics", "Ada"),
        ("Cooking", "Nonna"),
        ("A novel", "Mira"),
        ("Home server", "Librarian"),
    ]
    for example in examples():
        assert 400 < len(example.instructions) < 2_000
        assert len(example.questions) == 2
        assert example.line
        assert example.description


def test_first_question_makes_the_subforum_its_persona_and_a_request(
    forum: ForumService, database: Database, events: Events
) -> None:
    personas, queue = PersonaService(database, events), QueueService(database, events)
    example, server = examples()[0], a_server(database).server_id
    topic_id = ask_first_question(
        forum, personas, queue, example, "Why?\n\nTell me.", ModelChoice(server, "tiny")
    )
    topic = forum.topic(topic_id)
    (subforum,) = forum.subforums()
    (job,) = queue.jobs()
    assert (topic.title, subforum.name, job.llm_model) == ("Why?", "Physics", "tiny")
    persona = personas.persona(personas.resolve(subforum.subforum_id).persona_id or 0)
    assert (persona.name, persona.prompt_instructions) == ("Ada", example.instructions)

    ask_first_question(forum, personas, queue, example, "And why not?", ModelChoice(server, "tiny"))
    assert len(forum.subforums()) == 1
    assert len(personas.find("Ada")) == 1


def test_empty_first_question_makes_nothing(forum: ForumService, database: Database, events: Events) -> None:
    personas, queue = PersonaService(database, events), QueueService(database, events)
    with pytest.raises(InvalidInput):
        ask_first_question(forum, personas, queue, examples()[0], " \n", ModelChoice(1, "tiny"))
    assert (forum.subforums(), personas.find("Ada")) == ([], [])
