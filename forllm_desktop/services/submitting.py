"""Takes posts in whole: text, files and what they ask for, in one transaction and checked before it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import NotPossible
from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.forum import (
    Post,
    PostRevision,
    Subforum,
    Topic,
    checked_name,
    checked_text,
    title_from,
)
from forllm_desktop.domain.found_files import ReadFile
from forllm_desktop.domain.persona import Persona, resolve
from forllm_desktop.domain.queue import Job, JobStatus, Wish
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.submission import (
    Affected,
    Checked,
    CheckedEdit,
    Edited,
    EditEffect,
    NewPost,
    Submitted,
)
from forllm_desktop.domain.tag_plan import TagPlan, tag_plan
from forllm_desktop.domain.tags import Chain, chains
from forllm_desktop.domain.undo import Kind, PersonaUndo, PersonaUndoKind, Restored, Undo, UndoKind
from forllm_desktop.domain.xray import DraftQuestion
from forllm_desktop.events import Events
from forllm_desktop.services import chain_steps, tagging
from forllm_desktop.services import job_steps as steps
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.services.news import News, change
from forllm_desktop.services.persona_steps import listed
from forllm_desktop.services.posting import insert_post, insert_topic, live_post
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.tagged_files import TaggedFiles
from forllm_desktop.storage import drafts as draft_rows
from forllm_desktop.storage import forum as forum_rows
from forllm_desktop.storage import persona as persona_rows
from forllm_desktop.storage import queue as rows
from forllm_desktop.storage.database import Database, Session

__all__ = ["EditEffect", "Edited", "NewPost", "SubmitService", "Submitted"]


class SubmitService:
    """Posts, questions and edits of the user, from every entry point.

    A tag in a post asks its persona; the wish that goes with a post asks besides. Where a chain begins with
    the persona that the wish would ask, it is asked once: by the chain, with the model and version of the
    wish. Raises InvalidInput for what cannot be used as it is, and stores nothing then.
    """

    def __init__(
        self,
        database: Database,
        events: Events,
        attachments: AttachmentService,
        prompts: PromptService,
        read: Callable[[int, str], ReadFile],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._events = events
        self._attachments = attachments
        self._prompts = prompts
        self._files = TaggedFiles(database, attachments, read)
        self._clock = clock

    # -- new posts

    def check(self, new: NewPost) -> Checked:
        """Check a post and read the files that it names; the slow half of `submit`, for any thread."""
        text = checked_text(new.text)
        if new.topic_id is None:
            new = replace(new, title=checked_name(new.title.strip() or title_from(text) or text, "topic"))
        tagging.require_whole(text)
        found = chains(text)
        with self._database.read() as session:
            tagging.require_usable(session, found)
            asked = _asked(session, new, found)
        files = tuple(self._files.of_text(text, new.files))
        draft = DraftQuestion(new.subforum_id, new.topic_id, new.parent_post_id, text, files, title=new.title)
        self._require_fit(draft, [wishes[0] for _chain, wishes in asked])
        return Checked(new, text, files)

    def submit(self, new: NewPost | Checked) -> Submitted:
        """Store a post with its files and its requests; what was checked before is not read again."""
        checked = new if isinstance(new, Checked) else self.check(new)
        new, now = checked.new, self._clock()
        with change(self._database, self._events) as (session, news):
            topic, post = _insert(session, news, checked, now)
            if checked.files:
                self._attachments.attach(session, post, checked.files)
            if new.draft:
                draft_rows.discard(session, new.draft)
            found = chains(post.content)
            # Again, because it was only a moment ago that all was well.
            tagging.require_usable(session, found)
            jobs: list[Job] = []
            before = _assigned(session, topic)
            for chain, wishes in _asked(session, replace(new, subforum_id=topic.subforum_id), found):
                if chain:
                    jobs += tagging.insert_chain(session, news, post, chain, wishes, now)
                else:
                    jobs.append(steps.insert_job(session, news, post, wishes[0], now))
            wished = new.wish.persona_id if new.wish is not None else None
            undo = _undo_of(session, topic, _assigned(session, topic) - before - {wished}, jobs)
        return Submitted(topic, post, tuple(jobs), undo)

    # -- edits

    def effect(self, post_id: int, text: str) -> EditEffect:
        """Say what saving this text would do to requests. Raises what `edit` raises, save for files."""
        with self._database.read() as session:
            post = live_post(session, post_id)
            plan = _plan(session, post, text)
            return _effect(session, plan)

    def check_edit(
        self,
        post_id: int,
        text: str,
        files: Sequence[AttachedFile] | None = None,
        model: ModelChoice | None = None,
    ) -> CheckedEdit:
        """Check an edited post and read the files that are new in it; the slow half of `edit`.

        May be called from any thread.
        """
        text = checked_text(text)
        had = self._attachments.of_post(post_id)
        with self._database.read() as session:
            post = live_post(session, post_id)
            plan = _plan(session, post, text)
            topic = session.get_one(Topic, post.topic_id)
            first = [tagging.wishes_of(session, chain, model)[0] for chain in plan.added]
        wanted = had if files is None else list(files)
        if not post.is_llm_response:
            wanted = self._files.of_text(text, wanted, had)
        draft = DraftQuestion(
            topic.subforum_id, topic.topic_id, post.parent_post_id, text, tuple(wanted), edits=post_id
        )
        self._require_fit(draft, first)
        return CheckedEdit(post_id, text, tuple(wanted), model)

    def edit(
        self,
        post_id: int,
        text: str,
        files: Sequence[AttachedFile] | None = None,
        model: ModelChoice | None = None,
    ) -> Edited:
        """Change the text of a post, a model's too, and with it the requests of its tags.

        The earlier text is kept, an unchanged one is not. `files` are the attached ones, None for those that
        it has; files of tags stay as they were read when they were tagged. `model` is for new tags, as in
        `NewPost`. Raises NotPossible while an open request writes the post.
        """
        return self.save(self.check_edit(post_id, text, files, model))

    def save(self, checked: CheckedEdit) -> Edited:
        """Store an edited post that was checked, as `edit`."""
        now, text, files = self._clock(), checked.text, checked.files
        had = tuple(self._attachments.of_post(checked.post_id))
        with change(self._database, self._events) as (session, news):
            post = live_post(session, checked.post_id)
            if forum_rows.is_asked_for(session, post.post_id):
                raise NotPossible(
                    "The reply is still being written", "Wait for its request, or cancel it, then edit."
                )
            before, plan = post.content, _plan(session, post, text)
            if before == text and files == had:
                return Edited(post)
            if before != text:
                session.add(PostRevision(post_id=post.post_id, content=before, replaced_at=now))
                post.content = text
            post.edited = now
            if files != had:
                self._attachments.attach(session, post, files)
            news.tell(self._events.post_changed, post.post_id)
            cancelled = rows.cancel(session, [job.request_id for job in plan.cancelled], now)
            news.tell_cancelled(cancelled)
            jobs = _ask_again(session, news, plan, now)
            for chain in plan.added:
                wishes = tagging.wishes_of(session, chain, checked.model)
                jobs += tagging.insert_chain(session, news, post, chain, wishes, now)
        undo = Undo("Post edited", UndoKind.POST_EDITED, (post.post_id,), before, files=had)
        return Edited(post, tuple(jobs), tuple(cancelled.changed), undo)

    def undo(self, undo: Undo) -> Restored:
        """Give an edited post its former text and files back; its requests follow."""
        (post_id,) = undo.ids
        self.save(CheckedEdit(post_id, checked_text(str(undo.before or "")), undo.files))
        return Restored(Kind.POST, post_id, "The post has its former text back")

    # -- steps

    def _require_fit(self, draft: DraftQuestion, wishes: Sequence[Wish]) -> None:
        for wish in dict.fromkeys(wishes):
            asked = replace(draft, persona_id=wish.persona_id, version=wish.version, model=wish.model)
            self._prompts.require_fit(asked)


def _insert(session: Session, news: News, checked: Checked, now: datetime) -> tuple[Topic, Post]:
    new = checked.new
    if new.topic_id is None:
        topic, post = insert_topic(session, new.subforum_id, new.title, checked.text, now)
        news.tell(news.events.topic_changed, topic.topic_id)
    else:
        post = insert_post(session, new.topic_id, checked.text, new.parent_post_id, now)
        topic = session.get_one(Topic, post.topic_id)
    news.tell(news.events.post_added, post.post_id)
    return topic, post


def _asked(session: Session, new: NewPost, found: Sequence[Chain]) -> list[tuple[Chain, list[Wish]]]:
    """Return what a post asks: its wish, which has no chain, and each chain with a wish for every link."""
    model = new.model or (new.wish.model if new.wish is not None else None)
    asked = [(chain, tagging.wishes_of(session, chain, model)) for chain in found]
    if new.wish is None:
        return asked
    wished = new.wish.persona_id
    if wished is None:
        wished = resolve(persona_rows.candidates(session, new.subforum_id, None)).persona_id
    for chain, wishes in asked:
        if chain[0].persona_id == wished:
            wishes[0] = replace(new.wish, persona_id=wished, assigns=True)
            return asked
    return [((), [new.wish]), *asked]


def _assigned(session: Session, topic: Topic) -> set[int | None]:
    return {row.persona_id for row in persona_rows.assignments(session, topic.subforum_id)}


def _undo_of(
    session: Session, topic: Topic, new: Collection[int | None], jobs: Sequence[Job]
) -> PersonaUndo | None:
    """Return how to take back that tagged personas were assigned; None when none was."""
    ids = [id for id in dict.fromkeys(job.llm_persona for job in jobs) if id is not None and id in new]
    if not ids:
        return None
    names = listed([session.get_one(Persona, id).name for id in ids])
    place = session.get_one(Subforum, topic.subforum_id).name
    return PersonaUndo(
        f"{names} will answer in “{topic.title}”, now assigned to {place}",
        PersonaUndoKind.ASKED,
        tuple(ids),
        topic.subforum_id,
        request_ids=tuple(job.request_id for job in jobs),
    )


def _plan(session: Session, post: Post, text: str) -> TagPlan:
    """Compare a post's text with another one. Raises InvalidInput for a new tag that cannot be used."""
    if post.is_llm_response:
        return TagPlan()
    tagging.require_whole(text, post.content)
    plan = tag_plan(post.content, text, rows.tagged_requests(session, post.post_id))
    tagging.require_usable(session, [*plan.new, *plan.added])
    return plan


def _effect(session: Session, plan: TagPlan) -> EditEffect:
    added = [
        Affected(0, tag.persona_id, session.get_one(Persona, tag.persona_id).name)
        for chain in plan.added
        for tag in chain
    ]
    return EditEffect(
        (*(_affected(session, job) for job in plan.again), *added),
        tuple(_affected(session, job) for job in plan.cancelled),
    )


def _affected(session: Session, job: Job) -> Affected:
    persona = session.get(Persona, job.llm_persona) if job.llm_persona else None
    return Affected(job.request_id, job.llm_persona or 0, persona.name if persona else "nobody")


def _ask_again(session: Session, news: News, plan: TagPlan, now: datetime) -> list[Job]:
    """Let requests wait again whose chain is back in the text, those first that others wait for."""
    for job in plan.again:
        if job.status in (JobStatus.ERROR, JobStatus.CANCELLED):
            chain_steps.ask_again(session, news, job, now)
    return list(plan.again)
