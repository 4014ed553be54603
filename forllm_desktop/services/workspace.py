"""One open data folder with all its services."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.undo import Restored, Undo
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import Limits
from forllm_desktop.services.asking import PersonaAskingService
from forllm_desktop.services.drafts import DraftService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import FILE_NAME as DATABASE_FILE
from forllm_desktop.storage.database import Database, open_database, open_for_reading
from forllm_desktop.storage.lock import FolderLock

if TYPE_CHECKING:
    from forllm_desktop.services.attachments import AttachmentService
    from forllm_desktop.services.context import ContextService
    from forllm_desktop.services.counting import CountingService
    from forllm_desktop.services.engine_board import EngineBoard
    from forllm_desktop.services.files import FilesService
    from forllm_desktop.services.generation import GenerationService
    from forllm_desktop.services.prompt import PromptService
    from forllm_desktop.services.prompt_rules import PromptRuleService
    from forllm_desktop.services.proposals import ProposalService
    from forllm_desktop.services.ratings import RatingService
    from forllm_desktop.services.search import SearchService
    from forllm_desktop.services.submitting import SubmitService
    from forllm_desktop.services.templates import TemplateService
    from forllm_desktop.services.windows import WindowService

__all__ = ["DATABASE_FILE", "Workspace", "open_workspace"]


@dataclass(frozen=True)
class Workspace:
    """The services over one data folder. Open it once per process, close it at the end.

    What no start needs is imported when it is first wanted: the window is there sooner.
    """

    folder: Path
    database: Database
    events: Events
    limits: Limits
    settings: SettingsService
    forum: ForumService
    personas: PersonaService
    models: ModelsService
    queue: QueueService
    asking: PersonaAskingService
    drafts: DraftService
    lock: FolderLock | None
    clock: Callable[[], datetime]

    @cached_property
    def attachments(self) -> "AttachmentService":
        from forllm_desktop.services.attachments import AttachmentService

        return AttachmentService(self.database, self.files, self.clock)

    @cached_property
    def counting(self) -> "CountingService":
        from forllm_desktop.services.counting import CountingService

        return CountingService(self.database, self.models, self.limits, self.clock, engine=self.engine_board)

    @cached_property
    def engine_board(self) -> "EngineBoard":
        from forllm_desktop.services.engine_board import EngineBoard

        return EngineBoard()

    @cached_property
    def files(self) -> "FilesService":
        from forllm_desktop.services.files import FilesService

        return FilesService(self.database, self.events, self.folder, self.clock)

    @cached_property
    def context(self) -> "ContextService":
        from forllm_desktop.services.context import ContextService

        return ContextService(self.database, self.events)

    @cached_property
    def generation(self) -> "GenerationService":
        from forllm_desktop.services.generation import GenerationService

        return GenerationService(self.database, self.events, self.personas, self.clock)

    @cached_property
    def prompts(self) -> "PromptService":
        from forllm_desktop.services.drafted_files import DraftedFiles
        from forllm_desktop.services.prompt import PromptService

        drafted = DraftedFiles(self.database, self.attachments, self.files.read)
        counting = self.counting
        return PromptService(self.database, self.clock, counting.estimator, drafted.of_draft, counting.exact)

    @cached_property
    def prompt_rules(self) -> "PromptRuleService":
        from forllm_desktop.services.prompt_rules import PromptRuleService

        return PromptRuleService(self.database, self.events)

    @cached_property
    def proposals(self) -> "ProposalService":
        from forllm_desktop.services.proposals import ProposalService

        return ProposalService(self.database, self.events, self.personas)

    @cached_property
    def ratings(self) -> "RatingService":
        from forllm_desktop.services.ratings import RatingService

        return RatingService(self.database, self.events, self.clock)

    @cached_property
    def search(self) -> "SearchService":
        from forllm_desktop.services.search import SearchService

        return SearchService(self.database)

    @cached_property
    def submitting(self) -> "SubmitService":
        from forllm_desktop.services.submitting import SubmitService

        return SubmitService(
            self.database, self.events, self.attachments, self.prompts, self.files.read, self.clock
        )

    def undo_edit(self, undo: Undo) -> Restored:
        """Give an edited post its former text, files and requests back."""
        return self.submitting.undo(undo)

    @cached_property
    def templates(self) -> "TemplateService":
        from forllm_desktop.services.templates import TemplateService

        return TemplateService(self.database, self.events, self.clock)

    @cached_property
    def windows(self) -> "WindowService":
        from forllm_desktop.services.windows import WindowService

        return WindowService(self.database, self.events, self.models, self.limits, self.clock)

    def close(self) -> None:
        """Stop indexing, close the database and give the folder back."""
        if "files" in vars(self):
            self.files.stop()
        self.database.close()
        if self.lock is not None:
            self.lock.release()


def open_workspace(
    folder: Path,
    *,
    writes: bool = True,
    limits: Limits | None = None,
    keys: KeyStore | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Workspace:
    """Open a data folder; for writing it is made if missing, locked and brought to the newest schema.

    Raises DataFolderBusy when another process holds it, DatabaseTooNew and ForllmError as `open_database`.
    """
    lock = FolderLock(folder) if writes else None
    if lock is not None:
        lock.acquire()
    try:
        database = (
            open_database(folder / DATABASE_FILE) if writes else open_for_reading(folder / DATABASE_FILE)
        )
    except BaseException:
        if lock is not None:
            lock.release()
        raise
    events = Events()
    limits = limits or Limits()
    settings = SettingsService(database, events)
    queue = QueueService(database, events, clock)
    personas = PersonaService(database, events, clock)
    return Workspace(
        folder=folder,
        database=database,
        events=events,
        limits=limits,
        settings=settings,
        forum=ForumService(database, events, clock),
        personas=personas,
        models=ModelsService(database, events, settings, keys or KeyStore(), limits),
        queue=queue,
        asking=PersonaAskingService(database, events, queue, clock),
        drafts=DraftService(database, clock),
        lock=lock,
        clock=clock,
    )
