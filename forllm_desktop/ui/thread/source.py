"""Reads a topic from the services, in few queries, and keeps what was read up to date."""

from collections.abc import Iterator

from forllm_desktop.domain.errors import NotFound
from forllm_desktop.domain.files import ShownFile
from forllm_desktop.domain.forum import Post, Topic
from forllm_desktop.domain.persona_card import reason_words
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.running import Progress
from forllm_desktop.ui.thread.attached import with_files
from forllm_desktop.ui.thread.content import Names
from forllm_desktop.ui.thread.entries import Entry, Thread
from forllm_desktop.ui.thread.tags import tip_of


class Source:
    """One topic with its posts, its requests and the names of its personas."""

    def __init__(
        self,
        topic_id: int,
        forum: ForumService,
        queue: QueueService,
        personas: PersonaService,
        attachments: AttachmentService | None = None,
    ) -> None:
        self.topic_id = topic_id
        self.thread = Thread()
        self.names = Names()
        self.subforum_name = ""
        self.is_loaded = False
        self._forum, self._queue, self._personas = forum, queue, personas
        self._attachments = attachments
        self.files: dict[int, list[ShownFile]] = {}
        self.topic: Topic = forum.topic(topic_id)
        self._known_jobs: set[int] = set()

    def load(self) -> None:
        """Read everything. Raises NotFound when the topic is gone."""
        for _ in self.loading():
            pass

    def loading(self) -> Iterator[None]:
        """Read everything in short steps: 20 ms each in a topic of 500 posts. Raises as `load`."""
        self.read_title()
        self.thread.posts = {found.post.post_id: found.post for found in self._forum.thread(self.topic_id)}
        yield
        if self._attachments is not None:
            self.files = self._attachments.shown(topic_id=self.topic_id)
        self._read_jobs()
        self.read_names()
        yield
        self.thread.arrange()
        self.is_loaded = True

    def read_title(self) -> None:
        """Read the topic and the name of its subforum. Raises NotFound when it is gone."""
        self.topic = self._forum.topic(self.topic_id)
        self.subforum_name = self._forum.subforum(self.topic.subforum_id).name

    def read_names(self) -> None:
        """Read what the personas are called, and who answers by default."""
        posts = self.thread.posts.values()
        versions = {(p.llm_persona_id, p.persona_version) for p in posts}
        wanted = [(a, b) for a, b in versions if a is not None and b is not None]
        self.names.versions = self._personas.names(wanted)
        self.names.user = self._forum.user_name() or "You"
        personas = self._personas.personas()
        self.names.personas = {one.persona_id: one.name for one in personas}
        self.names.newest = {one.persona_id: one.version for one in personas}
        found = self._personas.resolve(self.topic.subforum_id)
        self.names.default_id = found.persona_id or self.names.default_id
        self.names.default_why = reason_words(found.reason, self.subforum_name)

    def require_persona(self, persona_id: int) -> None:
        """Raise NotFound for a persona that is deleted or never was."""
        persona = self._personas.persona(persona_id)
        if persona.deleted_at is not None:
            raise NotFound(f"The persona “{persona.name}” is deleted", "Restore it from the Trash first.")

    def tag_tip(self, target: str) -> str:
        """Return what a tag says on hover; "" for other links."""
        return tip_of(target, self.names.personas)

    def is_user_renamed(self) -> bool:
        """Say whether the user is called otherwise by now than was read."""
        return (self._forum.user_name() or "You") != self.names.user

    def read_post(self, post_id: int) -> bool:
        """Read a post that was added or changed; returns whether it is of this topic, or was."""
        try:
            post = self._forum.post(post_id)
        except NotFound:
            return self.thread.posts.pop(post_id, None) is not None
        if post.topic_id != self.topic_id:
            return False
        self.thread.posts[post_id] = post
        self._read_files(post_id)
        self._note_name(post)
        return True

    def read_jobs(self) -> None:
        """Read the requests of this topic anew."""
        self._read_jobs()

    def concerns(self, request_id: int) -> bool:
        """Say whether a change of a request may concern this topic; a running one elsewhere does not."""
        progress = self._queue.running.get(request_id)
        return request_id in self._known_jobs or progress is None or progress.post_id in self.thread.posts

    def running(self, request_id: int) -> Progress | None:
        """Return what a request writes now."""
        return self._queue.running.get(request_id)

    def progress(self, entry: Entry) -> Progress | None:
        """Return what is being written into an entry now."""
        if entry.job is None or not entry.is_running:
            return None
        return self._queue.running.get(entry.job.request_id)

    def words_of(self, entry: Entry) -> tuple[str, str]:
        """Return the text of an entry and its thoughts: the newest there are."""
        progress = self.progress(entry)
        if progress is not None and (progress.text or progress.thinking):
            return progress.text, progress.thinking
        post = entry.post
        return (post.content, post.thinking) if post is not None else ("", "")

    def files_of(self, entry: Entry) -> list[ShownFile]:
        """Return the files of an entry in their order."""
        return self.files.get(entry.key, []) if not entry.is_deleted else []

    def copy_of(self, entry: Entry) -> str:
        """Return the text of an entry as it is copied: with the names of its files."""
        return with_files(self.words_of(entry)[0], [shown.file for shown in self.files_of(entry)])

    def _read_files(self, post_id: int) -> None:
        if self._attachments is not None:
            self.files.pop(post_id, None)
            self.files |= self._attachments.shown(post_ids=[post_id])

    def _read_jobs(self) -> None:
        self.thread.jobs = list(self._queue.requests_of_topic(self.topic_id))
        self._known_jobs = {job.request_id for job in self.thread.jobs}

    def _note_name(self, post: Post) -> None:
        if post.llm_persona_id is None or post.persona_version is None:
            return
        key = (post.llm_persona_id, post.persona_version)
        if key not in self.names.versions:
            self.names.versions |= self._personas.names([key])
