"""What each post says on the page: its head line, and the blocks around its text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.persona import FALLBACK_PERSONA_ID
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.services.running import Progress
from forllm_desktop.ui import queue_words, words
from forllm_desktop.ui.thread.bidi import isolated
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.prompt_marks import about_marks, marks_of
from forllm_desktop.ui.thread.specs import Block, Kind, Run, Style
from forllm_desktop.ui.thread.typeset import Head, State

_LEFT_OUT = 8
"""Names listed of a folded branch."""


@dataclass
class Names:
    """What the writers are called."""

    versions: dict[tuple[int, int], str] = field(default_factory=dict)
    personas: dict[int, str] = field(default_factory=dict)
    default_id: int = FALLBACK_PERSONA_ID
    user: str = "You"
    newest: dict[int, int] = field(default_factory=dict)
    default_why: str = ""

    def persona_id(self, entry: Entry) -> int | None:
        """Return the persona that wrote or will write an entry; None when it is the user."""
        if entry.post is None:
            chosen = entry.job.llm_persona if entry.job is not None else None
            return chosen or self.default_id
        if not entry.post.is_llm_response:
            return None
        return entry.post.llm_persona_id or self.default_id

    def version(self, entry: Entry) -> int | None:
        """Return the version of that persona, once it is fixed."""
        return entry.post.persona_version if entry.post is not None else None

    def version_ahead(self, entry: Entry) -> int | None:
        """Return the version that will be used for an answer that has not begun."""
        job = entry.job
        if entry.post is not None or job is None or not job.is_open:
            return None
        if job.version_is_chosen:
            return job.persona_version
        return self.newest.get(job.llm_persona or self.default_id)

    def who_ahead(self, entry: Entry) -> str:
        """Return who will answer and why: "Ada v4 (will be used): the default of Physics"; else nothing."""
        version = self.version_ahead(entry)
        if version is None or entry.job is None:
            return ""
        why = "chosen for this request" if entry.job.persona_is_chosen else self.default_why
        return f"{self.author(entry)} v{version} (will be used): {why}"

    def author(self, entry: Entry) -> str:
        """Return the name of whoever wrote or will write an entry."""
        persona_id = self.persona_id(entry)
        if persona_id is None:
            return self.user
        version = self.version(entry)
        named = self.versions.get((persona_id, version)) if version is not None else None
        return named or self.personas.get(persona_id) or "A persona"


def head_of(entry: Entry, names: Names, now: datetime, progress: Progress | None) -> Head:
    """Return the head line of an entry."""
    if entry.is_deleted:
        return Head("Deleted post", is_muted=True)
    post, job = entry.post, entry.job
    number = names.version(entry)
    version = f"v{number}" if number is not None and names.persona_id(entry) is not None else ""
    ahead = names.version_ahead(entry)
    details = [version] if version else [f"v{ahead}"] if ahead else []
    model = post.llm_model_id if post is not None else job.llm_model if job is not None else None
    shortens = -1
    if model:
        shortens = len(details)
        details.append(_short(queue_words.model(model)))
    state, tail = _state(entry, progress)
    if post is not None and not entry.is_running:
        details.append(words.clock(_written(post, job), now))
    is_edited = post is not None and post.edited is not None
    return Head(
        names.author(entry),
        tuple(details),
        state,
        tail,
        is_edited,
        shortens=shortens,
        version=version,
        marks=marks_of(entry),
    )


def _short(model: str) -> str:
    """Return a model's name without where it was downloaded from: "hf.co/maker/name:tag" is "name:tag"."""
    return model.rpartition("/")[2] or model if model.count("/") > 1 else model


def about(entry: Entry, names: Names) -> str:
    """Return what the head line has no room for: who will answer and why, the model, when exactly."""
    post, job = entry.post, entry.job
    model = post.llm_model_id if post is not None else job.llm_model if job is not None else None
    said = (names.who_ahead(entry), model, _written_when(entry), *about_marks(entry))
    return "\n".join(part for part in said if part)


def _written_when(entry: Entry) -> str:
    if entry.post is None:
        return f"Asked {words.exact(entry.job.requested_at)}" if entry.job is not None else ""
    said = words.exact(_written(entry.post, entry.job))
    return f"{said}, edited {words.exact(entry.post.edited)}" if entry.post.edited is not None else said


def _written(post: Post, job: Job | None) -> datetime:
    return job.finished_at if job is not None and job.finished_at else post.created_at


def _state(entry: Entry, progress: Progress | None) -> tuple[State | None, str]:
    job = entry.job
    if job is not None and job.status == JobStatus.PROCESSING:
        if progress is None:
            return _shown(words.WORKING, "starting"), ""
        return _shown(words.WORKING, words.phase(progress.phase, progress.fraction)), _pace(progress)
    if job is not None and (job.is_open or job.status == JobStatus.ERROR):
        look = words.state_look(job, is_blocked=entry.blocked_by is not None)
        return _shown(look, look.word.lower()), ""
    if entry.post is not None and entry.post.is_incomplete:
        was_stopped = job is not None and job.status == JobStatus.CANCELLED
        return State("stopped" if was_stopped else "incomplete", "prohibit", "text_3"), ""
    return None, ""


def _shown(look: words.StateLook, word: str) -> State:
    return State(word, look.icon, look.colour)


def _pace(progress: Progress) -> str:
    if not progress.pieces:
        return ""
    tokens = words.counted(progress.pieces, "token")
    speed = words.speed(progress.rate, 1.0)
    return f"{tokens}, {speed}" if speed else tokens


def body_of(
    entry: Entry,
    text: Sequence[Block],
    *,
    thinking: str = "",
    thoughts: Sequence[Block] | None = None,
    is_thinking: bool = False,
    folded: str = "",
    files: Sequence[Block] = (),
) -> list[Block]:
    """Return the blocks below a head line; `files` are those of its files.

    `thoughts` are the blocks of the model's thoughts when they are unfolded; `folded` says what a folded
    branch holds.
    """
    blocks: list[Block] = []
    if entry.is_deleted:
        blocks.append(_note("What stood here was deleted; the replies to it are kept."))
    else:
        if thinking:
            blocks += _thinking(thinking, thoughts, is_thinking)
        blocks += text
        blocks += files
        blocks += _trouble(entry)
    if folded:
        blocks.append(Block(Kind.NOTE, (Run(folded, link="act:branch"),)))
    return blocks


def _thinking(thinking: str, thoughts: Sequence[Block] | None, is_thinking: bool) -> list[Block]:
    count = words.counted(len(thinking.split()), "word")
    said = f"Thinking, {count} so far" if is_thinking else f"Thought for {count}"
    blocks = [Block(Kind.NOTE, (Run(said, link="act:thinking"),))]
    if thoughts is not None:
        blocks += [_muted(block) for block in thoughts]
    return blocks


def _muted(block: Block) -> Block:
    return block if block.kind is Kind.TABLE else block._replace(quote=block.quote + 1)


def _trouble(entry: Entry) -> list[Block]:
    """Return why a reply failed or waits, and what to do."""
    job = entry.job
    if job is None or entry.is_running:
        return []
    why, cure = words.reason(job), words.cure(job)
    if why:
        said = Run(why if why.endswith((".", "!", "?")) else f"{why}.", _stress(job))
        return [Block(Kind.NOTE, (said, Run(f" {cure}")) if cure else (said,))]
    if entry.blocked_by is not None:
        return [
            _note("Blocked: the reply before it failed. Try that again, or skip it and go on without it.")
        ]
    if entry.post is None:
        after = job.status == JobStatus.PENDING_DEPENDENCY
        return [_note("Waits for another reply." if after else "Not written yet.")]
    return []


def _stress(job: Job) -> Style:
    return Style.DANGER if job.status == JobStatus.ERROR else Style.PLAIN


def _note(text: str) -> Block:
    return Block(Kind.NOTE, (Run(text),))


def branch_words(below: Sequence[Entry], names: Names) -> str:
    """Return what a folded branch holds: "5 replies by Ada, You"."""
    authors = list(dict.fromkeys(isolated(names.author(one)) for one in below if not one.is_deleted))
    by = ", ".join(authors[:_LEFT_OUT]) + (" and others" if len(authors) > _LEFT_OUT else "")
    count = words.counted(len(below), "reply", "replies")
    return f"{count} by {by}" if by else count


def spoken(entry: Entry, names: Names, place: int, count: int, head: Head, files: int = 0) -> str:
    """Return what a screen reader hears when a post becomes the current one."""
    parts = [head.author]
    version = names.version(entry)
    if version is not None:
        parts[0] += f" version {version}"
    parts.append(f"{'reply' if entry.depth else 'post'} {place} of {count}")
    if entry.depth:
        parts.append(f"level {entry.depth + 1}")
    if entry.is_unread:
        parts.append("unread")
    parts += [mark.said or mark.word for mark in head.marks]
    if head.state is not None:
        parts.append(head.state.word)
    if files:
        parts.append(words.counted(files, "file"))
    return ", ".join(parts)
