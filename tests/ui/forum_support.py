"""What the tests of the forum tree share: the services, a filled forum, and a count of statements."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from forllm_desktop.domain.forum import Post, Subforum, Topic
from forllm_desktop.domain.persona import Persona
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database
from tests.builders import NOW, FixedClock, a_subforum

HOSTILE_NAMES = (
    "<b>bold</b> &amp; <img src=x onerror=alert(1)>",
    "مرحبا بالعالم، هذا عنوان طويل من اليمين",
    "👩‍👩‍👧‍👦 🦊 emoji",
    "W" * 200,
    "&Mnemonic &&",
    "%s {0} \\n",
)


class Forum:
    """The services over one database, and short ways to fill it."""

    def __init__(self, database: Database, events: Events, forum: ForumService, clock: FixedClock) -> None:
        self.database, self.events, self.forum, self.clock = database, events, forum, clock
        self.queue = QueueService(database, events, clock)
        self.personas = PersonaService(database, events, clock)

    def subforum(self, name: str, *titles: str) -> Subforum:
        """Make a subforum with topics, the last of them with the newest post."""
        made = a_subforum(self.forum, name)
        for title in titles:
            self.topic(made, title)
        return made

    def topic(self, subforum: Subforum, title: str) -> tuple[Topic, Post]:
        return self.forum.create_topic(subforum.subforum_id, title, "Text")

    def persona(self, name: str, subforum: Subforum, *, default: bool = False) -> Persona:
        persona = self.personas.create(name, "Be yourself.")
        self.clock.advance()
        self.personas.assign(subforum.subforum_id, persona.persona_id, default=default)
        return persona

    def fill(self, topics: int, posts: int) -> Subforum:
        """Make one subforum with many topics and posts, written straight into the tables."""
        made = a_subforum(self.forum, "Everything")
        with self.database.write() as session:
            run = session.connection().exec_driver_sql
            now = f"{NOW:%Y-%m-%d %H:%M:%S}.000000"
            run(
                "INSERT INTO topics (topic_id, subforum_id, user_id, title, created_at) "
                "VALUES (?, ?, 1, ?, ?)",
                [(id, made.subforum_id, f"Topic {id}", now) for id in range(1, topics + 1)],
            )
            run(
                "INSERT INTO posts (topic_id, user_id, content, thinking, created_at, is_llm_response, "
                "is_incomplete, read_at) VALUES (?, 1, 'Text', '', ?, 0, 0, ?)",
                [(number % topics + 1, now, now) for number in range(posts)],
            )
        return made


@contextmanager
def readings(database: Database) -> Iterator[list[str]]:
    """Collect the statements that any reader sends."""
    sent: list[str] = []

    def note(connection, cursor, statement, *_: object) -> None:
        if statement != "BEGIN":
            sent.append(statement)

    with database.read() as session:
        engine = session.connection().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
