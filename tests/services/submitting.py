"""What the tests of posting share: an open data folder with personas, and how their tags are written."""

import shutil
from pathlib import Path

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.queue import Job, Wish
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import persona_tag_text
from forllm_desktop.services.job_steps import Claim
from forllm_desktop.services.workspace import DATABASE_FILE, Workspace, open_workspace
from tests.builders import FixedClock, a_server, a_subforum

TINY = "tiny"


class Desk:
    """A data folder with the personas Ada, Bob and Carl, a subforum, and a default model."""

    def __init__(self, folder: Path, template: Path) -> None:
        folder.mkdir(exist_ok=True)
        shutil.copy(template, folder / DATABASE_FILE)
        self.clock = FixedClock()
        self.workspace: Workspace = open_workspace(folder, clock=self.clock)
        self.submitting, self.queue = self.workspace.submitting, self.workspace.queue
        self.forum, self.personas = self.workspace.forum, self.workspace.personas
        self.server = a_server(self.workspace.database)
        self.workspace.settings.change(default_server_id=self.server.server_id, default_model=TINY)
        self.ids = {
            name: self.personas.create(name, f"You are {name}.").persona_id for name in ("Ada", "Bob", "Carl")
        }
        self.place = a_subforum(self.forum).subforum_id

    def tag(self, *names: str) -> str:
        """Return a chain of tags as a post stores it."""
        return ":".join(persona_tag_text(self.ids[name], name) for name in names)

    def key(self, *names: str) -> str:
        """Return a chain as requests store it."""
        return ":".join(str(self.ids[name]) for name in names)

    def new(self, text: str, **fields: object) -> NewPost:
        """Return a post that opens a topic."""
        return NewPost(**{"subforum_id": self.place, "title": "A topic", "text": text, **fields})  # type: ignore[arg-type]

    def wish(self, name: str | None = None, model: str = TINY, **fields: object) -> Wish:
        """Return a wish for an answer."""
        chosen = self.ids[name] if name else None
        return Wish(ModelChoice(self.server.server_id, model), chosen, **fields)  # type: ignore[arg-type]

    def names(self, jobs: object) -> list[str]:
        """Return whom requests ask."""
        known = {id: name for name, id in self.ids.items()}
        return [known.get(job.llm_persona, "default") for job in jobs]  # type: ignore[attr-defined]

    def run(self, text: str = "So.") -> Job:
        """Let the next request run to its end."""
        claim = self.queue.claim()
        assert claim is not None
        self.queue.finish(claim.job.request_id, text, "", {})
        self.clock.advance()
        return self.queue.job(claim.job.request_id)

    def fail(self) -> Job:
        """Let the next request fail."""
        claim = self.queue.claim()
        assert claim is not None
        return self.fail_claimed(claim)

    def fail_claimed(self, claim: Claim) -> Job:
        """Let a request that runs fail."""
        self.queue.fail(claim.job.request_id, "stream_broken", ForllmError("The reply broke off"))
        self.clock.advance()
        return self.queue.job(claim.job.request_id)

    def open_chains(self) -> list[str]:
        """Return the chains that have open requests."""
        return sorted({job.tag_chain or "" for job in self.queue.jobs() if job.is_open})
