"""`kill -9` in and between the stages of a persona, 25 times: it goes on at the right one, once."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from forllm_desktop.cli.running import run_requests
from forllm_desktop.domain.generation import GenerationType, OutputPreferences, PersonaGenerationRequest
from forllm_desktop.domain.servers import ServerKind
from forllm_desktop.paths import own_command
from forllm_desktop.services.workspace import open_workspace
from tests.fakes import Answer, Exchange, FakeOllama, ollama_reply

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills by signal")

RUNS = 25
SEED = 20_261_123
BRAINSTORM = "She learned the sea from a fishing family, and trusts it more than books. " * 4
PERSONA = "## Persona Name: Signe\n## Core Identity:\nYou are Signe.\n## Speaking Style:\nShort sentences.\n"


class Writer(FakeOllama):
    """Writes slowly, and remembers which stage was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.stages: list[str] = []

    def _chat(self, exchange: Exchange) -> Answer:
        is_second = BRAINSTORM.strip() in exchange.body["messages"][-1]["content"]
        self.stages.append("refinement" if is_second else "expansion")
        text = PERSONA if is_second else BRAINSTORM
        pieces = [text[i : i + 16] for i in range(0, len(text), 16)]
        return Answer(ollama_reply(*pieces), pace=0.01)


def start(folder: Path) -> "subprocess.Popen[bytes]":
    command = [*own_command(), "run-queue", "--data-dir", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_kills_in_and_between_the_stages_lose_and_double_nothing(tmp_path: Path) -> None:
    folder, chance = tmp_path / "data", random.Random(SEED)
    with Writer() as server:
        with closing(open_workspace(folder)) as workspace:
            row = workspace.models.server_at(server.url, "Writer", ServerKind.OLLAMA)
            model = workspace.models.choose("llama3.2", row.base_url)
        for number in range(1, RUNS + 1):
            with closing(open_workspace(folder)) as workspace:
                job = workspace.generation.generate(
                    PersonaGenerationRequest(
                        GenerationType.FROM_NAME_AND_DESCRIPTION,
                        {"description_hint": "A biologist"},
                        model,
                        OutputPreferences(("Core Identity", "Speaking Style")),
                    )
                )
            server.stages.clear()
            wanted = 1 + number % 2
            asked = len(server.chats)
            process = start(folder)
            server.wait_for("/api/chat", asked + wanted, timeout=30)
            time.sleep(chance.uniform(0, 0.35))
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
            with closing(open_workspace(folder, writes=False)) as workspace:
                kept = set((workspace.queue.job(job.request_id).output or {}).get("stages", {}))
            before = len(server.stages)
            with closing(open_workspace(folder)) as workspace:
                assert not run_requests(workspace, None, shows_reply=False)
                again = server.stages[before:]
                assert workspace.queue.job(job.request_id).status == "complete"
                assert len(workspace.personas.personas()) == 1 + number, "one persona for each request"
                assert workspace.database.check() == []
            if "refinement" in kept:
                assert again == [], "everything was written, only the persona was not made yet"
            elif "expansion" in kept:
                assert again == ["refinement"]
            else:
                assert again in (["expansion", "refinement"], [])
