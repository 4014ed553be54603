"""Gathers what could enter the prompt of an answer: the thread, what is beside it, and all their files."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from forllm_desktop.domain.context import ContextOptions, PromptRule
from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.forum import Subforum, Topic, User, storable
from forllm_desktop.domain.tags import plain
from forllm_desktop.domain.xray import DraftQuestion, Reason
from forllm_desktop.prompting.material import Material, Missing, Turn, TurnFile
from forllm_desktop.services.posting import WRITER, live_post
from forllm_desktop.storage import context as rows
from forllm_desktop.storage import files as file_rows
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.context import Written
from forllm_desktop.storage.database import Session

LISTED = 20
"""How many of the posts that are more than the settings allow are named; the rest is a number."""


@dataclass(frozen=True)
class Place:
    """Where an answer will stand, and what the options are there. `topic_id` is None before the topic is."""

    subforum_id: int
    topic_id: int | None
    options: ContextOptions


def place_of(session: Session, post_id: int) -> Place:
    """Return the place of an answer to a stored post. Raises NotFound, also when it is deleted."""
    topic = session.get_one(Topic, live_post(session, post_id).topic_id)
    return _place(session, topic.subforum_id, topic.topic_id)


def place_of_draft(session: Session, draft: DraftQuestion) -> Place:
    """Return the place of an answer to a post that is being written. Raises NotFound."""
    stored = draft.edits or draft.parent_post_id
    if stored is not None:
        return place_of(session, stored)
    return _place(session, draft.subforum_id, draft.topic_id)


def default_options(session: Session) -> ContextOptions:
    """Return the options outside of every subforum."""
    return ContextOptions.of(setting_rows.load(session))


def for_post(session: Session, place: Place, post_id: int, persona_id: int, instructions: str) -> Material:
    """Gather for the answer of a persona to a stored post."""
    *above, asked = rows.lineage(session, post_id)
    gathering = _Gathering(session, place, persona_id, above, asked.post_id)
    return gathering.material(instructions, *gathering.turns([asked]))


def for_draft(
    session: Session, place: Place, draft: DraftQuestion, persona_id: int, instructions: str
) -> Material:
    """Gather for the answer of a persona to a post as it is being written, or being edited."""
    above: list[Written] = []
    if draft.edits is not None:
        above = rows.lineage(session, draft.edits)[:-1]
    elif draft.parent_post_id is not None:
        above = rows.lineage(session, draft.parent_post_id)
    gathering = _Gathering(session, place, persona_id, above, draft.edits)
    author, is_own = session.get_one(User, WRITER).username, False
    if draft.edits is not None:
        (stored,) = gathering.turns([rows.written(session, [draft.edits])[draft.edits]])
        author, is_own = stored.speaker, stored.is_own
    text = plain(storable(draft.text).replace("\0", "\ufffd"))
    question = Turn(author, text, is_own, draft.edits, _files(session, draft.files))
    return gathering.material(instructions, question)


@dataclass
class _Gathering:
    """One gathering. `above` is what is answered, oldest first; `asked` the answered post, if stored."""

    session: Session
    place: Place
    persona_id: int
    above: Sequence[Written]
    asked: int | None
    missing: list[Missing] = field(default_factory=list)

    def material(self, instructions: str, question: Turn) -> Material:
        """Return all of it around a question."""
        return Material(
            instructions,
            question,
            thread=self._thread(),
            pinned=self._pinned(),
            branches=self._branches(),
            topics=self._topics(),
            missing=tuple(self.missing),
        )

    def turns(self, posts: Sequence[Written], titles: Sequence[str] = ()) -> list[Turn]:
        """Return posts with their files as they enter prompts."""
        authors = rows.authors(self.session, posts)
        files = self._files_of([post.post_id for post in posts])
        return [
            Turn(
                authors[post.post_id],
                plain(post.content),
                post.persona_id == self.persona_id,
                post.post_id,
                files.get(post.post_id, ()),
                title,
                post.rule == PromptRule.PINNED and not title,
            )
            for post, title in zip(posts, titles or [""] * len(posts), strict=True)
        ]

    def _thread(self) -> list[Turn]:
        kept = []
        for post in self.above:
            reason = _reason(post)
            if reason is not None:
                self._leave_out("thread", reason, [post])
            elif post.content.strip():
                kept.append(post)
        return self.turns(kept)

    def _pinned(self) -> list[Turn]:
        if self.place.topic_id is None:
            return []
        path = {self.asked, *(post.post_id for post in self.above)}
        pinned = rows.pinned(self.session, self.place.topic_id)
        found = [post for post in pinned if post.post_id not in path]
        self._leave_out("thread", Reason.INCOMPLETE, [post for post in found if post.is_incomplete])
        return self.turns([post for post in found if not post.is_incomplete and post.content.strip()])

    def _branches(self) -> list[Turn]:
        options, topic_id = self.place.options, self.place.topic_id
        if topic_id is None:
            return []
        found = rows.beside(
            self.session,
            topic_id,
            [post.post_id for post in self.above],
            self.asked,
            options.ambient_posts_per_branch,
            options.ambient_posts,
        )
        named, rest = found.beyond[:LISTED], len(found.beyond) - LISTED
        posts = rows.written(self.session, [*found.chosen, *found.by_hand, *found.incomplete, *named])
        self._leave_out("other", Reason.BY_HAND, _picked(posts, found.by_hand))
        self._leave_out("other", Reason.INCOMPLETE, _picked(posts, found.incomplete))
        self._leave_out("other", Reason.LIMIT, _picked(posts, named))
        if rest > 0:
            words = f"{rest:,} more posts of other branches"
            words = words if found.is_all else f"{words}, and older ones"
            self.missing.append(Missing("other", Reason.LIMIT, words=words))
        return self.turns([post for post in _picked(posts, found.chosen) if post.content.strip()])

    def _topics(self) -> list[Turn]:
        most = self.place.options.ambient_topics
        found = (
            rows.first_posts(self.session, self.place.subforum_id, self.place.topic_id, most) if most else []
        )
        kept = []
        for post, title in found:
            reason = _reason(post)
            if reason is None and post.content.strip():
                kept.append((post, title))
            elif reason is Reason.BY_HAND:
                self._leave_out("other", reason, [post], title)
        return self.turns([post for post, _ in kept], [title for _, title in kept])

    def _leave_out(self, source: str, reason: Reason, posts: Sequence[Written], title: str = "") -> None:
        authors = rows.authors(self.session, posts) if posts else {}
        for post in posts:
            turn = Turn(authors[post.post_id], plain(post.content), post_id=post.post_id, topic=title)
            self.missing.append(Missing(source, reason, turn))

    def _files_of(self, post_ids: Collection[int]) -> dict[int, tuple[TurnFile, ...]]:
        found: dict[int, list[AttachedFile]] = {}
        for row in file_rows.of_posts(self.session, post_ids):
            found.setdefault(row.post_id, []).append(AttachedFile(row.digest, row.name, row.note, row.path))
        return {post_id: _files(self.session, files) for post_id, files in found.items()}


def _place(session: Session, subforum_id: int, topic_id: int | None) -> Place:
    # 0 is a subforum that is made together with the post.
    own = session.get_one(Subforum, subforum_id).context_options if subforum_id else None
    return Place(subforum_id, topic_id, ContextOptions.of(setting_rows.load(session), own))


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


def _files(session: Session, files: Sequence[AttachedFile]) -> tuple[TurnFile, ...]:
    texts = {file.digest: file.text for file in file_rows.stored(session, {file.digest for file in files})}
    return tuple(TurnFile(file.name, texts.get(file.digest, ""), file.note) for file in files)
