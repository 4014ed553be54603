"""One open data folder with all its services."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forllm_desktop.domain.base import utc_now
from forllm_desktop.events import Events
from forllm_desktop.llm.backend import Limits
from forllm_desktop.services.asking import PersonaAskingService
from forllm_desktop.services.drafts import DraftService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.generation import GenerationService
from forllm_desktop.services.keys import KeyStore
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.proposals import ProposalService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.ratings import RatingService
from forllm_desktop.services.search import SearchService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.services.templates import TemplateService
from forllm_desktop.storage.database import FILE_NAME as DATABASE_FILE
from forllm_desktop.storage.database import Database, open_database, open_for_reading
from forllm_desktop.storage.lock import FolderLock

__all__ = ["DATABASE_FILE", "Workspace", "open_workspace"]


@dataclass(frozen=True)
class Workspace:
    """The services over one data folder. Open it once per process, close it at the end."""

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
    prompts: PromptService
    generation: GenerationService
    proposals: ProposalService
    ratings: RatingService
    templates: TemplateService
    search: SearchService
    drafts: DraftService
    lock: FolderLock | None

    def close(self) -> None:
        """Close the database and give the folder back."""
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
        prompts=PromptService(database, clock),
        generation=GenerationService(database, events, personas, clock),
        proposals=ProposalService(database, events, personas),
        ratings=RatingService(database, events, clock),
        templates=TemplateService(database, events, clock),
        search=SearchService(database),
        drafts=DraftService(database, clock),
        lock=lock,
    )
