"""The stage of a benchmark: a data folder with one topic, and a server that is asked."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from forllm_desktop.domain.forum import Post, Topic
from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.services.queue import Wish
from forllm_desktop.services.workspace import Workspace, open_workspace
from tests.builders import a_topic

NO_SERVER = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Stage:
    """An open data folder, a topic in it, and what to wish for to reach the server."""

    workspace: Workspace
    topic: Topic
    first: Post
    wish: Wish


@contextmanager
def a_stage(url: str = NO_SERVER, model: str = "tiny.gguf") -> Iterator[Stage]:
    """Open a fresh data folder that knows the llama-server at `url`."""
    with tempfile.TemporaryDirectory() as folder, closing(open_workspace(Path(folder))) as workspace:
        server = workspace.models.server_at(url, kind=ServerKind.LLAMACPP)
        topic, first = a_topic(workspace.forum)
        yield Stage(workspace, topic, first, Wish(ModelChoice(server.server_id, model)))
