"""Gathers what could enter the prompt of an answer: the thread, what is beside it, and all their files."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from forllm_desktop.domain.context import ContextOptions, PromptRule
from forllm_desktop.domain.errors import NotFound
from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.forum import User, storable, title_from
from forllm_desktop.domain.persona import PersonaVersion
from forllm_desktop.domain.tags import plain
from forllm_desktop.domain.xray import DraftQuestion, Reason
from forllm_desktop.prompting.material import Material, Missing, Turn, TurnFile
from forllm_desktop.services.posting import WRITER, live_post, live_subforum, live_topic
from forllm_desktop.storage import context as rows
from forllm_desktop.storage import files as file_rows
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.context import Written
from forllm_desktop.storage.database import Session

LISTED = 20
"""How many of the posts that are more than the settings allow are named; the rest is a number."""


@dataclass(frozen=True)
class Place:
    """Where an answer will stand, and what the options are there.

    `topic_id` is None before the topic is made, `subforum_id` 0 before the subforum is.
    """

    subforum_id: int
    topic_id: int | None
    subforum: str
    topic: str
    options: ContextOptions


def place_of(session: Session, post_id: int) -> Place:
    """Return the place of an answer to a stored post. Raises NotFound, also when it is deleted."""
    found = rows.live_place(session, post_id)
    if found is None:
        live_post(session, post_id)  # It finds the words for what is gone.
        raise NotFound("The post is gone")
    subforum_id, subforum, own, topic_id, topic = found
    return Place(subforum_id, topic_id, subforum, topic, ContextOptions.of(setting_rows.load(session), own))


def place_of_draft(session: Session, draft: DraftQuestion) -> Place:
    """Return the place of an answer to a post that is being written. Raises NotFound."""
    stored = draft.edits or draft.parent_post_id
    if stored is not None:
        return place_of(session, stored)
    topic = live_topic(session, draft.topic_id) if draft.topic_id is not None else None
    typed = " ".join(storable(draft.title).split()) or title_from(draft.text)
    title = topic.title if topic is not None else typed
    # 0 is a subforum that is made together with the post.
    subforum = live_subforum(session, draft.subforum_id) if draft.subforum_id else None
    own, name = (subforum.context_options, subforum.name) if subforum is not None else (None, "")
    options = ContextOptions.of(setting_rows.load(session), own)
    return Place(draft.subforum_id, draft.topic_id, name, title, options)


def default_options(session: Session) -> ContextOptions:
    """Return the options outside of every subforum."""
    return ContextOptions.of(setting_rows.load(session))


def for_post(session: Session, place: Place, post_id: int, persona: PersonaVersion) -> Material:
    """Gather for the answer of a persona to a stored post."""
    *above, asked = rows.lineage(session, post_id)
    return _gathered(session, place, persona, above, asked)


def for_draft(
    session: Session,
    place: Place,
    draft: DraftQuestion,
    files: Sequence[AttachedFile | TurnFile],
    persona: PersonaVersion,
) -> Material:
    """Gather for the answer of a persona to a post as it is being written, or being edited.

    `files` are those that it would have, stored or only read.
    """
    stored = draft.edits or draft.parent_post_id
    line = rows.lineage(session, stored) if stored is not None else []
    asked = line.pop() if draft.edits is not None else None
    return _gathered(session, place, persona, line, asked, draft, files)


def _gathered(
    session: Session,
    place: Place,
    persona: PersonaVersion,
    above: Sequence[Written],
    asked: Written | None,
    draft: DraftQuestion | None = None,
    files: Sequence[AttachedFile | TurnFile] = (),
) -> Material:
    """Gather around a question: a stored one, a draft, or a stored one that is edited as in the draft.

    All posts are found first, so that their authors and their files are read at once.
    """
    asked_id = asked.post_id if asked is not None else None
    found = _Found()
    found.take_thread(above)
    found.take_pinned(session, place, {asked_id, *(post.post_id for post in above)})
    found.take_branches(session, place, above, asked_id)
    found.take_topics(session, place)
    turns = _Turns(session, persona.persona_id, found, asked)
    question = turns.question(session, asked, draft, files)
    return Material(
        persona.prompt_instructions,
        question,
        thread=[turns.of(post) for post in found.thread],
        pinned=[turns.of(post) for post in found.pinned],
        branches=[turns.of(post) for post in found.branches],
        topics=[turns.of(post, title) for post, title in found.topics],
        missing=[turns.missing(one) for one in found.missing],
        persona=persona.name,
    )


class _Left(NamedTuple):
    """A post that can not enter, or the words for several."""

    source: str
    reason: Reason
    post: Written | None = None
    title: str = ""
    words: str = ""


@dataclass
class _Found:
    """The posts that could enter a prompt, oldest first, and those that cannot."""

    thread: list[Written] = field(default_factory=list)
    pinned: list[Written] = field(default_factory=list)
    branches: list[Written] = field(default_factory=list)
    topics: list[tuple[Written, str]] = field(default_factory=list)
    missing: list[_Left] = field(default_factory=list)

    def take_thread(self, above: Sequence[Written]) -> None:
        """Take what the question answers."""
        for post in above:
            reason = _reason(post)
            if reason is not None:
                self._leave_out("thread", reason, [post])
            elif post.content.strip():
                self.thread.append(post)

    def take_pinned(self, session: Session, place: Place, path: Collection[int | None]) -> None:
        """Take the pinned posts that are not on the way to the question."""
        if place.topic_id is None:
            return
        for post in rows.pinned(session, place.topic_id):
            if post.post_id not in path and post.is_incomplete:
                self._leave_out("thread", Reason.INCOMPLETE, [post])
            elif post.post_id not in path and post.content.strip():
                self.pinned.append(post)

    def take_branches(
        self, session: Session, place: Place, above: Sequence[Written], asked: int | None
    ) -> None:
        """Take the newest posts of the branches beside the thread."""
        if place.topic_id is None:
            return
        each, most = place.options.ambient_posts_per_branch, place.options.ambient_posts
        path = [post.post_id for post in above]
        beside = rows.beside(session, place.topic_id, path, asked, each, most)
        named, rest = beside.beyond[:LISTED], len(beside.beyond) - LISTED
        posts = rows.written(session, [*beside.chosen, *beside.by_hand, *beside.incomplete, *named])
        self.branches = [post for post in _picked(posts, beside.chosen) if post.content.strip()]
        self._leave_out("other", Reason.BY_HAND, _picked(posts, beside.by_hand))
        self._leave_out("other", Reason.INCOMPLETE, _picked(posts, beside.incomplete))
        self._leave_out("other", Reason.LIMIT, _picked(posts, named))
        if rest > 0:
            words = f"{rest:,} more posts of other branches"
            words = words if beside.is_all else f"{words}, and older ones"
            self.missing.append(_Left("other", Reason.LIMIT, words=words))

    def take_topics(self, session: Session, place: Place) -> None:
        """Take the first posts of the newest other topics."""
        most = place.options.ambient_topics
        if not most or not place.subforum_id:
            return
        for post, title in rows.first_posts(session, place.subforum_id, place.topic_id, most):
            reason = _reason(post)
            if reason is None and post.content.strip():
                self.topics.append((post, title))
            elif reason is Reason.BY_HAND:
                self._leave_out("other", reason, [post], title)

    def _leave_out(self, source: str, reason: Reason, posts: Sequence[Written], title: str = "") -> None:
        self.missing += [_Left(source, reason, post, title) for post in posts]


class _Turns:
    """Makes turns of posts; who wrote them and what files they have is read once for all."""

    def __init__(self, session: Session, persona_id: int, found: _Found, asked: Written | None) -> None:
        self._persona_id = persona_id
        topics = [post for post, _ in found.topics]
        entering = [*found.thread, *found.pinned, *found.branches, *topics, *([asked] if asked else [])]
        left = [one.post for one in found.missing if one.post is not None]
        self._authors = rows.authors(session, [*entering, *left])
        attached: dict[int, list[AttachedFile]] = {}
        for row in file_rows.of_posts(session, [post.post_id for post in entering]):
            file = AttachedFile(row.digest, row.name, row.note, row.path)
            attached.setdefault(row.post_id, []).append(file)
        texts = _texts(session, [file for files in attached.values() for file in files])
        self._files = {post_id: _files(files, texts) for post_id, files in attached.items()}

    def of(self, post: Written, title: str = "") -> Turn:
        """Return a post with its files as it enters the prompt."""
        return Turn(
            self._authors[post.post_id],
            plain(post.content),
            post.persona_id == self._persona_id,
            post.post_id,
            self._files.get(post.post_id, ()),
            title,
            post.rule == PromptRule.PINNED and not title,
        )

    def question(
        self,
        session: Session,
        asked: Written | None,
        draft: DraftQuestion | None,
        files: Sequence[AttachedFile | TurnFile],
    ) -> Turn:
        """Return the question: as it is stored, unless it is being written."""
        stored = self.of(asked) if asked is not None else None
        if draft is None:
            assert stored is not None
            return stored
        text = plain(storable(draft.text).replace("\0", "\ufffd"))
        read = _files(files, _texts(session, [file for file in files if isinstance(file, AttachedFile)]))
        if stored is not None:
            return replace(stored, text=text, files=read)
        return Turn(session.get_one(User, WRITER).username, text, files=read)

    def missing(self, one: _Left) -> Missing:
        if one.post is None:
            return Missing(one.source, one.reason, words=one.words)
        return Missing(one.source, one.reason, replace(self.of(one.post, one.title), files=()))


def _reason(post: Written) -> Reason | None:
    """Return why a post of the thread cannot enter; None when it can."""
    if post.deleted_at is not None:
        return Reason.DELETED
    if post.rule == PromptRule.LEFT_OUT:
        return Reason.BY_HAND
    return Reason.INCOMPLETE if post.is_incomplete else None


def _picked(posts: dict[int, Written], ids: Iterable[int]) -> list[Written]:
    """Return posts by their ids, oldest first."""
    return [posts[post_id] for post_id in sorted(ids) if post_id in posts]


def _texts(session: Session, files: Sequence[AttachedFile]) -> dict[str, str]:
    return {file.digest: file.text for file in file_rows.stored(session, {file.digest for file in files})}


def _files(files: Sequence[AttachedFile | TurnFile], texts: dict[str, str]) -> tuple[TurnFile, ...]:
    return tuple(
        file if isinstance(file, TurnFile) else TurnFile(file.name, texts.get(file.digest, ""), file.note)
        for file in files
    )
