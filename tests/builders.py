"""Makes valid things with defaults: through services where a service makes them, else as records."""

from datetime import UTC, datetime, timedelta

from forllm_desktop.domain.forum import Post, Subforum, Topic
from forllm_desktop.domain.queue import Job, JobKind, JobStatus
from forllm_desktop.domain.servers import ModelChoice, Server, ServerKind
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.queue import QueueService, Wish
from forllm_desktop.storage.database import Database

NOW = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
"""The moment at which the fixed clock starts: a Monday evening."""


class FixedClock:
    """A clock that moves only when it is told to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float = 1.0) -> datetime:
        """Move forward by some seconds and return the new time."""
        self.now += timedelta(seconds=seconds)
        return self.now


def a_subforum(forum: ForumService, name: str = "Physics", description: str = "") -> Subforum:
    """Make a subforum."""
    return forum.create_subforum(name, description)


def a_topic(
    forum: ForumService,
    subforum: Subforum | None = None,
    title: str = "Why is the sky blue?",
    text: str = "I see it every day and still wonder.",
) -> tuple[Topic, Post]:
    """Make a topic with its first post, in a new subforum unless one is given."""
    subforum = subforum or a_subforum(forum)
    return forum.create_topic(subforum.subforum_id, title, text)


def a_chain(forum: ForumService, topic: Topic, first: Post, length: int) -> list[Post]:
    """Make `length` posts, each a reply to the one before, and return them with `first` in front."""
    chain = [first]
    for number in range(1, length + 1):
        chain.append(forum.add_post(topic.topic_id, f"Reply {number}", chain[-1].post_id))
    return chain


def a_server(database: Database, base_url: str = "http://127.0.0.1:11434", **fields: object) -> Server:
    """Store a server."""
    server = Server(**{"kind": ServerKind.OLLAMA.value, "name": "Ollama", "base_url": base_url, **fields})
    with database.write() as session:
        session.add(server)
    return server


def a_job(database: Database, question: Post, status: JobStatus = JobStatus.PENDING, **fields: object) -> Job:
    """Store a request that answers `question`, in any status, as it could be found in the table."""
    job = Job(
        **{
            "request_type": JobKind.RESPOND_TO_POST.value,
            "status": status.value,
            "post_id_to_respond_to": question.post_id,
            "llm_model": "tiny",
            "requested_at": NOW,
            **fields,
        }
    )
    with database.write() as session:
        session.add(job)
    return job


def a_model_reply(
    database: Database, question: Post, text: str = "Because of scattering.", **fields: object
) -> Post:
    """Store a model's finished, unread reply to `question`."""
    reply = Post(
        **{
            "topic_id": question.topic_id,
            "parent_post_id": question.post_id,
            "content": text,
            "thinking": "",
            "created_at": NOW,
            "is_llm_response": True,
            "is_incomplete": False,
            "llm_model_id": "tiny",
            **fields,
        }
    )
    with database.write() as session:
        session.add(reply)
    return reply


def a_wish(database: Database, persona_id: int | None = None, server: Server | None = None) -> Wish:
    """Return the wish for an answer by "tiny"; without `server` on the first one, made if missing."""
    with database.read() as session:
        known = server or session.get(Server, 1)
    return Wish(ModelChoice((known or a_server(database)).server_id, "tiny"), persona_id)


def a_request(queue: QueueService, forum: ForumService, database: Database, wish: Wish | None = None) -> Job:
    """Ask for an answer to a new question: its topic stands in the subforum "Physics"."""
    found = forum.find_subforum("Physics")
    subforum = found[0] if found else a_subforum(forum)
    wish = wish or a_wish(database)
    return queue.ask_in_new_topic(subforum.subforum_id, "Why is the sky blue?", "Why?", wish)[2]
