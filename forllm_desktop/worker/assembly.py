"""Puts a worker together over an open workspace."""

from forllm_desktop.llm.builtin import EngineHost
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.worker.backends import Backends
from forllm_desktop.worker.loop import BACKOFF, QueueLoop
from forllm_desktop.worker.reply_text import SAVE_EVERY


def make_queue_loop(
    workspace: Workspace, *, backoff: tuple[float, ...] = BACKOFF, save_every: float = SAVE_EVERY
) -> QueueLoop:
    """Return a worker's loop. Called in the thread, and inside the event loop, that it will run in."""
    board = workspace.engine_board
    engine = EngineHost(workspace.limits, on_serving=board.post, on_gone=board.clear)
    return QueueLoop(
        workspace.queue,
        workspace.prompts,
        workspace.settings,
        workspace.events,
        Backends(workspace.models, workspace.settings, workspace.limits, engine),
        workspace.generation,
        workspace.templates,
        workspace.counting,
        workspace.windows,
        backoff=backoff,
        save_every=save_every,
    )
