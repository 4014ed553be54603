"""What stands on a thread page and in which order: posts, and answers that are asked for but not begun."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.waiting import blocking, skippable

PAGE_POSTS = 500
"""Posts of one page at most: an edit costs 1.6 microseconds for every block below it."""
PAGE_CHARACTERS = 600_000
"""Characters of one page at most."""


@dataclass(frozen=True)
class Entry:
    """A post in its place, or an answer that has no post yet; its key is then minus the request's id.

    `blocked_by` is the failed request that its own one waits for; `can_skip` says that others could go on
    without its own one, which failed or was cancelled.
    """

    key: int
    parent: int | None
    depth: int
    post: Post | None
    job: Job | None
    replies: int = 0
    blocked_by: Job | None = None
    can_skip: bool = False

    @property
    def is_deleted(self) -> bool:
        """Say whether only the place of a post is shown."""
        return self.post is not None and self.post.deleted_at is not None

    @property
    def is_running(self) -> bool:
        """Say whether it is being written now."""
        return self.job is not None and self.job.status == JobStatus.PROCESSING

    @property
    def is_by_persona(self) -> bool:
        """Say whether a version of a persona wrote it, or does so now."""
        post = self.post
        return post is not None and post.llm_persona_id is not None and post.persona_version is not None

    @property
    def state(self) -> tuple[object, ...]:
        """What of it shows beside its text; a change of this is a reason to write it anew."""
        job = self.job
        rule = self.post.prompt_rule if self.post is not None else ""
        if job is None:
            return (self.is_deleted, self.depth, rule)
        words = (job.error_title, job.error_message, job.wait_reason)
        seen = (self.is_deleted, self.depth, rule, self.blocked_by is not None, self.can_skip)
        return (*seen, job.request_id, job.status, job.finished_at, *words)

    @property
    def is_unread(self) -> bool:
        """Say whether it is a finished reply that nobody has read."""
        post = self.post
        return (
            post is not None
            and post.is_llm_response
            and post.read_at is None
            and not post.is_incomplete
            and post.deleted_at is None
        )


@dataclass
class Thread:
    """The posts and requests of a topic. `folded` are the keys whose replies are hidden.

    A flat one stands in order of time, on one level, so that nothing in it is folded.
    """

    posts: dict[int, Post] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    folded: set[int] = field(default_factory=set)
    is_flat: bool = False
    entries: list[Entry] = field(default_factory=list)
    by_key: dict[int, Entry] = field(default_factory=dict)

    def arrange(self) -> None:
        """Put everything in reading order again, after posts or requests changed."""
        writing = {job.reply_post_id: job for job in self.jobs if job.reply_post_id is not None}
        children: dict[int | None, list[tuple[int, Post | None, Job | None]]] = defaultdict(list)
        for post_id in sorted(self.posts):
            post = self.posts[post_id]
            parent = post.parent_post_id if post.parent_post_id in self.posts else None
            children[parent].append((post_id, post, writing.get(post_id)))
        by_id = {job.request_id: job for job in self.jobs}
        for job in self.jobs:
            if _lacks_post(job) and job.post_id_to_respond_to in self.posts:
                place = self._place(job, by_id.get(job.parent_request_id or 0))
                children[place].append((-job.request_id, None, job))
        self.entries = self._linked(_walk(children))
        if self.is_flat:
            flat = [replace(entry, depth=0, replies=0) for entry in self.entries]
            # A post's number tells its age; answers that are not begun come last.
            self.entries = sorted(flat, key=lambda entry: (entry.post is None, abs(entry.key)))
        self.by_key = {entry.key: entry for entry in self.entries}

    def _place(self, job: Job, before: Job | None) -> int | None:
        """Return what an answer stands below that has no post: of a chain, the answer that it waits for."""
        if job.status == JobStatus.PENDING_DEPENDENCY and before is not None:
            if before.reply_post_id in self.posts:
                return before.reply_post_id
            if _lacks_post(before) and before.post_id_to_respond_to in self.posts:
                return -before.request_id
        return job.post_id_to_respond_to

    def _linked(self, entries: Iterator[Entry]) -> list[Entry]:
        """Say of answers in chains what blocks them, and which can be skipped."""
        if all(job.parent_request_id is None for job in self.jobs):
            return list(entries)
        by_id, skips = {job.request_id: job for job in self.jobs}, skippable(self.jobs)
        return [
            entry
            if entry.job is None
            else replace(entry, blocked_by=blocking(entry.job, by_id), can_skip=entry.job.request_id in skips)
            for entry in entries
        ]

    @property
    def count(self) -> int:
        """How many posts there are, without deleted ones."""
        return sum(1 for post in self.posts.values() if post.deleted_at is None)

    def shown(self) -> list[Entry]:
        """List the entries in reading order, without those that are folded away."""
        result: list[Entry] = []
        hidden_below: int | None = None
        for entry in self.entries:
            if hidden_below is not None and entry.depth > hidden_below:
                continue
            hidden_below = entry.depth if entry.key in self.folded else None
            result.append(entry)
        return result

    def below(self, key: int) -> list[Entry]:
        """List everything below an entry."""
        start = self.entries.index(self.by_key[key])
        result = []
        for entry in self.entries[start + 1 :]:
            if entry.depth <= self.by_key[key].depth:
                break
            result.append(entry)
        return result

    def above(self, key: int) -> list[Entry]:
        """List what an entry answers, up to the first post, nearest first."""
        result = []
        parent = self.by_key[key].parent
        while parent is not None:
            result.append(self.by_key[parent])
            parent = self.by_key[parent].parent
        return result


def pages(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Divide entries into pages that stay quick to edit."""
    result: list[list[Entry]] = [[]]
    characters = 0
    for entry in entries:
        size = len(entry.post.content) if entry.post is not None else 0
        if result[-1] and (len(result[-1]) >= PAGE_POSTS or characters + size > PAGE_CHARACTERS):
            result.append([])
            characters = 0
        result[-1].append(entry)
        characters += size
    return result


def _lacks_post(job: Job) -> bool:
    return job.reply_post_id is None and (job.is_open or job.status == JobStatus.ERROR)


def _walk(children: dict[int | None, list[tuple[int, Post | None, Job | None]]]) -> Iterator[Entry]:
    # A stack and not a recursion: replies may nest deeper than Python's call limit.
    waiting: list[tuple[int | None, int, tuple[int, Post | None, Job | None]]] = [
        (None, 0, child) for child in reversed(children[None])
    ]
    while waiting:
        parent, depth, (key, post, job) = waiting.pop()
        replies = children.get(key, [])
        yield Entry(key, parent, depth, post, job, len(replies))
        waiting += [(key, depth + 1, reply) for reply in reversed(replies)]
