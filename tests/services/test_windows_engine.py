"""What is known of a model file of the built-in engine: read from the file, without starting anything."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.llm.backend import ModelInfo
from forllm_desktop.services.workspace import open_workspace


def test_a_model_file_is_asked_again_without_starting_the_engine(
    tmp_path: Path, database_path: Path, tiny_gguf: Callable[[str], Path]
) -> None:
    workspace = open_workspace(tmp_path)
    try:
        choice = ModelChoice(workspace.models.engine().server_id, str(tiny_gguf("chat")))
        facts = asyncio.run(workspace.windows.refresh(choice, always=True))
        assert facts is not None
        assert facts.ctx
        assert facts.supports_system is None, "only the engine itself knows"
        workspace.windows.note(choice, ModelInfo(choice.name, ctx_trained=facts.ctx, supports_system=True))
        again = asyncio.run(workspace.windows.refresh(choice, always=True))
        assert again is not None
        assert again.supports_system is True, "what was learnt is kept"
    finally:
        workspace.close()
