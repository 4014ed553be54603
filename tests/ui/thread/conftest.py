"""A topic with posts, and its page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.forum import Post, Topic
from forllm_desktop.domain.persona import Persona
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.events import Events
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.running import Progress
from forllm_desktop.storage.database import Database
from forllm_desktop.ui.theme import Look
from forllm_desktop.ui.thread.page import ThreadPage
from tests.builders import FixedClock, a_job, a_model_reply, a_topic


@dataclass
class Topics:
    """Makes what a page shows."""

    database: Database
    events: Events
    forum: ForumService
    queue: QueueService
    personas: PersonaService
    clock: FixedClock
    ada: Persona
    topic: Topic
    question: Post

    def reply(self, question: Post, text: str, **fields: object) -> Post:
        """Store a reply by Ada."""
        written_by = {"llm_persona_id": self.ada.persona_id, "persona_version": 1, "llm_model_id": "qwen3:8b"}
        return a_model_reply(self.database, question, text, **{**written_by, **fields})

    def stream(self, question: Post, text: str = "", phase: str = "writing") -> tuple[Post, Job]:
        """Store a reply that is being written."""
        reply = self.reply(question, "", is_incomplete=True)
        job = a_job(
            self.database,
            question,
            JobStatus.PROCESSING,
            reply_post_id=reply.post_id,
            llm_persona=self.ada.persona_id,
            persona_version=1,
        )
        self.queue.running.put(job.request_id, Progress(reply.post_id, text=text, phase=phase, pieces=1))
        return reply, job

    def grow(self, reply: Post, job: Job, text: str) -> None:
        """Let a reply have this text, and tell it."""
        self.queue.running.update(job.request_id, text=text, phase="writing", pieces=len(text.split()))
        self.events.reply_grew.emit(reply.post_id, 0, text)


@pytest.fixture
def topics(database: Database, events: Events, forum: ForumService, clock: FixedClock) -> Topics:
    """Return a topic with its first post."""
    queue = QueueService(database, events, clock)
    personas = PersonaService(database, events, clock)
    ada = personas.create("Ada", "You are Ada.")
    topic, question = a_topic(forum, title="Why is the sky blue?", text="I see it every day.")
    return Topics(database, events, forum, queue, personas, clock, ada, topic, question)


@pytest.fixture
def show(topics: Topics, started_look: Look, qtbot: QtBot) -> Iterator[Callable[..., ThreadPage]]:
    """Return a function that shows the page of the topic and waits until it is written."""
    frames: list[QWidget] = []
    pages: list[ThreadPage] = []

    def open_page(
        width: int = 900,
        height: int = 600,
        post: int | None = None,
        attachments: AttachmentService | None = None,
    ) -> ThreadPage:
        # A parent of a fixed size, as in the window; offscreen windows of their own are moved about.
        frame = QWidget()
        frame.resize(width, height)
        page = ThreadPage(
            topics.topic.topic_id,
            topics.forum,
            topics.queue,
            topics.personas,
            topics.events,
            frame,
            attachments,
        )
        page.resize(width, height)
        if post is not None:
            page.show_post(post)
        qtbot.addWidget(frame)
        frames.append(frame)
        pages.append(page)
        frame.show()
        qtbot.waitExposed(frame)
        frame.activateWindow()
        page.setFocus()
        qtbot.waitUntil(page._view.hasFocus)
        qtbot.waitUntil(lambda: page.is_complete)
        return page

    yield open_page
    for page in pages:
        page.close_page()
