"""Deleting and bringing back: undo, trash, restore after a restart, and the requests of deleted things."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.forum import NAME_LIMIT, Post, Subforum, Topic
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.undo import Kind, TrashItem, Undo, UndoKind
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.storage.database import Database, open_database
from tests.builders import NOW, FixedClock, a_chain, a_job, a_model_reply, a_subforum, a_topic, a_wish
from tests.recorder import Recorder


def names(forum: ForumService) -> list[str]:
    return [subforum.name for subforum in forum.subforums()]


def shown(forum: ForumService, topic_id: int) -> list[str]:
    """Return what a reader sees of a topic, in order."""
    return ["deleted" if entry.is_deleted else entry.post.content for entry in forum.thread(topic_id)]


def trashed(forum: ForumService) -> list[tuple[Kind, int]]:
    return [(item.kind, item.id) for item in forum.trash()]


def contents(database: Database) -> list[dict]:
    """Return every row of the forum as it is stored."""
    tables = "subforums", "topics", "posts", "post_revisions"
    with database.read() as session:
        connection = session.connection()
        return [
            dict(row)
            for table in tables
            for row in connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1").mappings()
        ]


def status_of(database: Database, job: Job) -> str:
    with database.read() as session:
        return session.get_one(Job, job.request_id).status


# -- undo reverses exactly


@pytest.fixture
def full(forum: ForumService, clock: FixedClock) -> tuple[list[Subforum], list[Topic], list[Post]]:
    """Return three subforums, topics in the second, and a thread of one topic."""
    subforums = [a_subforum(forum, name) for name in ("Cooking", "Physics", "Travel")]
    topics, posts = [], []
    for title in ("Sky", "Sea"):
        topic, post = a_topic(forum, subforums[1], title)
        topics.append(topic)
        posts += a_chain(forum, topic, post, 2)
    forum.edit_post(posts[0].post_id, "An edited text.")
    clock.advance()
    return subforums, topics, posts


@pytest.mark.parametrize(
    ("act", "label"),
    [
        (lambda forum: forum.delete_subforum(2), "Subforum “Physics” deleted"),
        (lambda forum: forum.rename_subforum(2, "Optics"), "Subforum “Physics” renamed to “Optics”"),
        (lambda forum: forum.describe_subforum(2, "New."), "Description of “Physics” changed"),
        (lambda forum: forum.move_subforum(2, 0), "Subforum “Physics” moved"),
        (lambda forum: forum.delete_topic(1), "Topic “Sky” deleted"),
        (lambda forum: forum.rename_topic(1, "Clouds"), "Topic “Sky” renamed to “Clouds”"),
        (lambda forum: forum.move_topic(1, 3), "Topic “Sky” moved to “Travel”"),
        (lambda forum: forum.delete_topics([1, 2]), "2 topics deleted"),
        (lambda forum: forum.move_topics([1, 2], 3), "2 topics moved to “Travel”"),
        (lambda forum: forum.delete_post(1), "Post “An edited text.” deleted"),
        (lambda forum: forum.delete_post(3), "Post “Reply 2” deleted"),
    ],
)
@pytest.mark.usefixtures("full")
def test_undo_reverses_exactly(forum: ForumService, database: Database, act, label: str) -> None:
    before = contents(database)
    undo: Undo = act(forum)
    assert undo.label == label
    assert contents(database) != before
    assert forum.undo(undo).message
    assert contents(database) == before
    assert forum.trash() == []


@pytest.mark.usefixtures("full")
def test_many_actions_are_taken_back_one_after_another(forum: ForumService, database: Database) -> None:
    before = contents(database)
    undos = [
        forum.move_subforum(3, 0),
        forum.rename_topic(2, "Ocean"),
        forum.delete_post(5),
        forum.delete_post(4),
        forum.delete_topic(2),
        forum.delete_subforum(1),
        forum.delete_subforum(2),
        forum.rename_subforum(3, "Physics"),
    ]
    for undo in reversed(undos):
        forum.undo(undo)
    assert contents(database) == before


def test_undo_twice_says_that_nothing_is_left_to_do(forum: ForumService) -> None:
    undo = forum.delete_subforum(a_subforum(forum).subforum_id)
    forum.undo(undo)
    with pytest.raises(NotPossible, match="not in the trash"):
        forum.undo(undo)


def test_undo_of_a_rename_is_refused_when_the_name_was_taken(forum: ForumService) -> None:
    undo = forum.rename_subforum(a_subforum(forum, "Physics").subforum_id, "Optics")
    a_subforum(forum, "Physics")
    with pytest.raises(InvalidInput, match="already"):
        forum.undo(undo)
    assert names(forum) == ["Optics", "Physics"]


def test_marking_as_read_is_taken_back_for_what_was_unread_alone(
    forum: ForumService, database: Database
) -> None:
    topic, first = a_topic(forum)
    old = a_model_reply(database, first)
    forum.mark_read([old.post_id])
    a_model_reply(database, first)
    before = contents(database)
    undo = forum.mark_topics_read([topic.topic_id])
    assert undo is not None
    assert forum.mark_topics_read([topic.topic_id]) is None
    assert contents(database) != before
    assert forum.undo(undo).message == "Unread again"
    assert contents(database) == before


def test_undo_of_several_deletions_passes_over_what_is_back_already(forum: ForumService) -> None:
    subforum = a_subforum(forum)
    ids = [a_topic(forum, subforum, title)[0].topic_id for title in ("One", "Two")]
    undo = forum.delete_topics(ids)
    forum.restore(Kind.TOPIC, ids[0])
    assert forum.undo(undo).message == "1 topic restored"
    assert forum.trash() == []
    with pytest.raises(NotPossible):
        forum.undo(undo)


def test_undo_of_a_move_is_refused_when_the_old_place_is_deleted(forum: ForumService) -> None:
    source, target = a_subforum(forum, "Physics"), a_subforum(forum, "Travel")
    topic, _ = a_topic(forum, source)
    undo = forum.move_topic(topic.topic_id, target.subforum_id)
    forum.delete_subforum(source.subforum_id)
    with pytest.raises(NotFound, match="“Physics” is deleted"):
        forum.undo(undo)
    assert forum.topic(topic.topic_id).subforum_id == target.subforum_id


# -- tombstones


def test_post_without_replies_disappears(forum: ForumService, recorder: Recorder) -> None:
    topic, first = a_topic(forum, text="first")
    reply = forum.add_post(topic.topic_id, "reply", first.post_id)
    recorder.take()
    undo = forum.delete_post(reply.post_id)
    assert shown(forum, topic.topic_id) == ["first"]
    assert recorder.take() == [("post_removed", reply.post_id)]
    with pytest.raises(NotFound):
        forum.post(reply.post_id)
    forum.undo(undo)
    assert shown(forum, topic.topic_id) == ["first", "reply"]
    assert recorder.take() == [("post_added", reply.post_id)]


def test_post_with_replies_leaves_a_tombstone_that_keeps_its_text(
    forum: ForumService, clock: FixedClock, recorder: Recorder
) -> None:
    topic, first = a_topic(forum, text="first")
    reply = forum.add_post(topic.topic_id, "reply", first.post_id)
    recorder.take()
    undo = forum.delete_post(first.post_id)
    assert shown(forum, topic.topic_id) == ["deleted", "reply"]
    assert recorder.take() == [("post_changed", first.post_id)]
    tombstone = forum.post(first.post_id)
    assert (tombstone.content, tombstone.deleted_at) == ("first", clock.now)
    assert [post.deleted_at for post in forum.ancestors(reply.post_id)] == [clock.now]
    forum.undo(undo)
    assert shown(forum, topic.topic_id) == ["first", "reply"]
    assert recorder.take() == [("post_changed", first.post_id)]


def test_tombstones_go_with_their_last_live_reply_and_come_back_with_it(
    forum: ForumService, recorder: Recorder
) -> None:
    topic, first = a_topic(forum, text="root")
    a, b, c = a_chain(forum, topic, first, 3)[1:]
    forum.delete_post(b.post_id)
    forum.delete_post(a.post_id)
    assert shown(forum, topic.topic_id) == ["root", "deleted", "deleted", "Reply 3"]
    recorder.take()
    undo = forum.delete_post(c.post_id)
    assert shown(forum, topic.topic_id) == ["root"]
    assert recorder.take() == [("post_removed", post.post_id) for post in (c, b, a)], "children first"
    forum.undo(undo)
    assert shown(forum, topic.topic_id) == ["root", "deleted", "deleted", "Reply 3"]
    assert recorder.take() == [("post_added", post.post_id) for post in (a, b, c)], "parents first"


def test_tombstone_stays_for_another_branch(forum: ForumService, recorder: Recorder) -> None:
    topic, first = a_topic(forum, text="root")
    middle = forum.add_post(topic.topic_id, "middle", first.post_id)
    left = forum.add_post(topic.topic_id, "left", middle.post_id)
    forum.add_post(topic.topic_id, "right", middle.post_id)
    forum.delete_post(middle.post_id)
    recorder.take()
    forum.delete_post(left.post_id)
    assert shown(forum, topic.topic_id) == ["root", "deleted", "right"]
    assert recorder.take() == [("post_removed", left.post_id)]


def test_restoring_the_middle_shows_it_under_a_new_tombstone(forum: ForumService, recorder: Recorder) -> None:
    topic, first = a_topic(forum, text="root")
    a, b = a_chain(forum, topic, first, 2)[1:]
    for post in (b, a, first):
        forum.delete_post(post.post_id)
    assert shown(forum, topic.topic_id) == []
    recorder.take()
    forum.restore(Kind.POST, a.post_id)
    assert shown(forum, topic.topic_id) == ["deleted", "Reply 1"]
    assert recorder.take() == [("post_added", first.post_id), ("post_added", a.post_id)]


def test_deleted_post_cannot_be_deleted_again(forum: ForumService) -> None:
    topic, first = a_topic(forum)
    a_chain(forum, topic, first, 1)
    forum.delete_post(first.post_id)
    with pytest.raises(NotFound, match="deleted"):
        forum.delete_post(first.post_id)


# -- trash


def test_trash_lists_what_was_deleted_newest_first(forum: ForumService, clock: FixedClock) -> None:
    physics, travel = a_subforum(forum, "Physics"), a_subforum(forum, "Travel")
    sky, _ = a_topic(forum, physics, "Sky")
    post = forum.add_post(sky.topic_id, "\n# A *thought*\n\nAnd more of it.")
    sea, _ = a_topic(forum, physics, "Sea")
    times = []
    for delete in (
        lambda: forum.delete_post(post.post_id),
        lambda: forum.delete_topic(sea.topic_id),
        lambda: forum.delete_subforum(travel.subforum_id),
    ):
        delete()
        times.append(clock.now)
        clock.advance(60)
    assert forum.trash() == [
        TrashItem(Kind.SUBFORUM, travel.subforum_id, "Travel", "", times[2]),
        TrashItem(Kind.TOPIC, sea.topic_id, "Sea", "Physics", times[1]),
        TrashItem(Kind.POST, post.post_id, "A *thought*", "Physics › Sky", times[0]),
    ]
    assert times[2] - NOW == timedelta(seconds=120)


def test_trash_lists_only_what_was_deleted_itself(forum: ForumService) -> None:
    topic, _ = a_topic(forum)
    forum.delete_subforum(topic.subforum_id)
    assert trashed(forum) == [(Kind.SUBFORUM, topic.subforum_id)]


def test_everything_can_be_restored_after_a_restart(database_path: Path, clock: FixedClock) -> None:
    with closing(open_database(database_path)) as database:
        forum = ForumService(database, Events(), clock)
        subforum = a_subforum(forum, "Physics")
        kept, other = a_subforum(forum, "Kept"), a_subforum(forum, "Other")
        topic, _ = a_topic(forum, kept, "Sky", "root")
        sea, _ = a_topic(forum, kept, "Sea", "salt")
        post = forum.add_post(topic.topic_id, "reply")
        before = contents(database)
        undo = forum.move_subforum(other.subforum_id, 0)
        forum.delete_post(post.post_id)
        forum.delete_topic(sea.topic_id)
        forum.delete_subforum(subforum.subforum_id)
    with closing(open_database(database_path)) as database:
        forum = ForumService(database, Events(), clock)
        assert len(forum.trash()) == 3
        for item in forum.trash():
            restored = forum.restore(item.kind, item.id)
            assert (restored.kind, restored.id) == (item.kind, item.id)
        forum.undo(undo)
        assert contents(database) == before
        assert shown(forum, topic.topic_id) == ["root", "reply"]
        assert database.check() == []


@pytest.mark.parametrize("kind", [Kind.SUBFORUM, Kind.TOPIC, Kind.POST])
def test_what_never_was_cannot_be_restored(forum: ForumService, kind: Kind) -> None:
    with pytest.raises(NotFound, match=rf"The {kind} does not exist.*77"):
        forum.restore(kind, 77)


@pytest.mark.parametrize("kind", [Kind.SUBFORUM, Kind.TOPIC, Kind.POST])
def test_what_is_not_deleted_cannot_be_restored(forum: ForumService, kind: Kind, recorder: Recorder) -> None:
    a_topic(forum)
    recorder.take()
    with pytest.raises(NotPossible, match="not in the trash"):
        forum.restore(kind, 1)
    assert recorder.take() == []


def test_subforum_whose_name_was_taken_comes_back_with_a_number(
    forum: ForumService, recorder: Recorder
) -> None:
    first = a_subforum(forum, "Physics")
    undo = forum.delete_subforum(first.subforum_id)
    second = a_subforum(forum, "PHYSICS")
    forum.delete_subforum(second.subforum_id)
    a_subforum(forum, "physics")
    recorder.take()
    assert forum.undo(undo).message == (
        "Subforum “Physics (2)” restored; the name “Physics” was taken meanwhile"
    )
    assert recorder.take() == [("subforums_changed",)]
    assert "(3)" in forum.restore(Kind.SUBFORUM, second.subforum_id).message
    assert sorted(names(forum)) == ["PHYSICS (3)", "Physics (2)", "physics"]
    assert forum.find_subforum("physics (2)")[0].subforum_id == first.subforum_id


def test_number_fits_behind_the_longest_name(forum: ForumService) -> None:
    name = "n" * NAME_LIMIT
    undo = forum.delete_subforum(a_subforum(forum, name).subforum_id)
    a_subforum(forum, name)
    forum.undo(undo)
    assert max(len(name) for name in names(forum)) == NAME_LIMIT
    assert len(set(names(forum))) == 2


def test_topic_brings_its_deleted_subforum_back(forum: ForumService, recorder: Recorder) -> None:
    topic, _ = a_topic(forum, a_subforum(forum, "Physics"), "Sky")
    forum.delete_topic(topic.topic_id)
    forum.delete_subforum(topic.subforum_id)
    recorder.take()
    restored = forum.restore(Kind.TOPIC, topic.topic_id)
    assert restored.message == "Topic “Sky” restored, together with the subforum “Physics”"
    assert recorder.take() == [("subforums_changed",), ("topic_changed", topic.topic_id)]
    assert forum.topic(topic.topic_id).title == "Sky"
    assert forum.trash() == []


def test_post_brings_its_deleted_topic_and_renamed_subforum_back(forum: ForumService) -> None:
    topic, post = a_topic(forum, a_subforum(forum, "Physics"), "Sky")
    forum.delete_post(post.post_id)
    forum.delete_topic(topic.topic_id)
    forum.delete_subforum(topic.subforum_id)
    a_subforum(forum, "Physics")
    assert forum.restore(Kind.POST, post.post_id).message == (
        "Post restored, together with the topic “Sky” and the subforum “Physics (2)”; "
        "the name “Physics” was taken meanwhile"
    )
    assert forum.post(post.post_id).content == post.content
    assert forum.trash() == []


# -- requests of what is deleted


@pytest.fixture(params=["post", "topic", "subforum"])
def deletion(request: pytest.FixtureRequest):
    """Return a function that deletes a question, its topic or its subforum."""

    def delete(forum: ForumService, topic: Topic, question: Post) -> Undo:
        match request.param:
            case "post":
                return forum.delete_post(question.post_id)
            case "topic":
                return forum.delete_topic(topic.topic_id)
            case _:
                return forum.delete_subforum(topic.subforum_id)

    return delete


def test_waiting_and_running_requests_are_cancelled_with_their_question(
    forum: ForumService, database: Database, recorder: Recorder, deletion
) -> None:
    topic, question = a_topic(forum)
    _, elsewhere = a_topic(forum, a_subforum(forum, "Other"))
    reply = a_model_reply(database, question, "Half of", is_incomplete=True)
    running = a_job(database, question, JobStatus.PROCESSING, reply_post_id=reply.post_id)
    waiting = a_job(database, question)
    dependent = a_job(database, reply, JobStatus.PENDING_DEPENDENCY, parent_request_id=running.request_id)
    failed = a_job(database, question, JobStatus.ERROR)
    other = a_job(database, elsewhere)
    recorder.take()
    undo = deletion(forum, topic, question)
    cancelled = [running, waiting, dependent]
    assert [status_of(database, job) for job in cancelled] == [JobStatus.CANCELLED] * 3
    assert status_of(database, failed) == JobStatus.ERROR
    assert status_of(database, other) == JobStatus.PENDING
    assert sorted(undo.cancelled) == [job.request_id for job in cancelled]
    told = recorder.take()
    assert sorted(entry[1] for entry in told if entry[0] == "job_changed") == sorted(undo.cancelled)
    assert [entry for entry in told if entry[0] == "cancel_requested"] == [
        ("cancel_requested", running.request_id)
    ]


def test_undo_lets_the_requests_wait_again_in_their_old_places(
    forum: ForumService, queue: QueueService, database: Database, recorder: Recorder, deletion
) -> None:
    topic, question = a_topic(forum)
    _, elsewhere = a_topic(forum, a_subforum(forum, "Other"))
    wish = a_wish(database)
    first = queue.ask_about(question.post_id, wish)
    dependent = queue.ask_about(question.post_id, wish, after=first.request_id)
    last = queue.ask_about(elsewhere.post_id, wish)
    asked = [first.request_id, dependent.request_id, last.request_id]
    undo = deletion(forum, topic, question)
    recorder.take()
    restored = forum.undo(undo)
    assert restored.message.endswith("restored; its 2 requests wait again")
    assert sorted(entry[1] for entry in recorder.take(["job_changed"])) == asked[:2]
    assert [(job.request_id, job.status) for job in queue.jobs()] == [
        (first.request_id, JobStatus.PENDING),
        (dependent.request_id, JobStatus.PENDING_DEPENDENCY),
        (last.request_id, JobStatus.PENDING),
    ]
    assert all(job.finished_at is None for job in queue.jobs())


@pytest.mark.parametrize("settles_before_undo", [True, False])
def test_running_request_starts_anew_after_undo(
    forum: ForumService, queue: QueueService, database: Database, deletion, settles_before_undo: bool
) -> None:
    topic, question = a_topic(forum)
    request_id = queue.ask_about(question.post_id, a_wish(database)).request_id
    claim = queue.claim()
    assert claim is not None
    undo = deletion(forum, topic, question)
    if settles_before_undo:
        queue.settle_cancelled(request_id, "", "")
    assert forum.undo(undo).message.endswith("; its request waits again")
    queue.settle_cancelled(request_id, "", "")
    again = queue.claim()
    assert again is not None
    assert again.job.request_id == request_id
    assert forum.post(again.reply.post_id).parent_post_id == question.post_id


def test_undo_leaves_requests_alone_that_the_user_had_cancelled(
    forum: ForumService, queue: QueueService, database: Database, clock: FixedClock, deletion
) -> None:
    topic, question = a_topic(forum)
    early, late, kept = (queue.ask_about(question.post_id, a_wish(database)).request_id for _ in range(3))
    queue.cancel(early)
    clock.advance()
    undo = deletion(forum, topic, question)
    clock.advance()
    forum.undo(undo)
    queue.cancel(late)
    clock.advance()
    assert [queue.job(id).status for id in (early, late, kept)] == ["cancelled", "cancelled", "pending"]


def test_restoring_from_the_trash_brings_back_what_that_deletion_cancelled(
    forum: ForumService, queue: QueueService, database: Database, clock: FixedClock
) -> None:
    topic, first = a_topic(forum)
    second = forum.add_post(topic.topic_id, "second", first.post_id)
    of_post = queue.ask_about(second.post_id, a_wish(database)).request_id
    of_topic = queue.ask_about(first.post_id, a_wish(database)).request_id
    forum.delete_post(second.post_id)
    clock.advance()
    forum.delete_topic(topic.topic_id)
    clock.advance()
    assert forum.restore(Kind.TOPIC, topic.topic_id).message.endswith("; its request waits again")
    assert [queue.job(id).status for id in (of_post, of_topic)] == ["cancelled", "pending"]
    forum.restore(Kind.POST, second.post_id)
    assert queue.job(of_post).status == "pending"


def test_request_that_waits_for_a_cancelled_one_stays_cancelled(
    forum: ForumService, queue: QueueService, database: Database, clock: FixedClock
) -> None:
    _, question = a_topic(forum)
    other, elsewhere = a_topic(forum, a_subforum(forum, "Other"))
    parent = queue.ask_about(elsewhere.post_id, a_wish(database)).request_id
    child = queue.ask_about(question.post_id, a_wish(database), after=parent).request_id
    undo = forum.delete_post(question.post_id)
    clock.advance()
    forum.delete_topic(other.topic_id)
    assert forum.undo(undo).message == "Post restored; its request stays cancelled"
    assert queue.job(child).status == "cancelled"


def test_cancelling_is_seen_by_the_worker_only_after_the_commit(
    forum: ForumService, database: Database, events: Events
) -> None:
    topic, question = a_topic(forum)
    job = a_job(database, question, JobStatus.PROCESSING)
    seen = []
    events.cancel_requested.connect(lambda _: seen.append((status_of(database, job), len(forum.trash()))))
    forum.delete_topic(topic.topic_id)
    assert seen == [(JobStatus.CANCELLED, 1)]


def test_deleting_a_running_reply_cancels_its_request_and_keeps_its_text(
    forum: ForumService, database: Database
) -> None:
    topic, question = a_topic(forum, text="question")
    reply = a_model_reply(database, question, "Half of", is_incomplete=True)
    job = a_job(database, question, JobStatus.PROCESSING, reply_post_id=reply.post_id)
    undo = forum.delete_post(reply.post_id)
    assert status_of(database, job) == JobStatus.CANCELLED
    assert shown(forum, topic.topic_id) == ["question"]
    forum.undo(undo)
    assert shown(forum, topic.topic_id) == ["question", "Half of"]


def test_deleting_a_reply_that_has_no_text_yet_takes_it_away_for_good(
    forum: ForumService, database: Database, recorder: Recorder
) -> None:
    topic, question = a_topic(forum, text="question")
    reply = a_model_reply(database, question, "", is_incomplete=True)
    job = a_job(database, question, JobStatus.PENDING, reply_post_id=reply.post_id)
    recorder.take()
    undo = forum.delete_post(reply.post_id)
    assert (undo.label, undo.kind) == ("Reply without text deleted", UndoKind.POST_DELETED)
    assert shown(forum, topic.topic_id) == ["question"]
    assert forum.trash() == []
    assert recorder.take(["post_removed"]) == [("post_removed", reply.post_id)]
    assert forum.undo(undo).message == "The request waits again"
    assert status_of(database, job) == JobStatus.PENDING
    with pytest.raises(NotPossible, match="nothing to bring back"):
        forum.undo(undo)


def test_question_vanishes_with_the_empty_reply_of_its_cancelled_request(
    forum: ForumService, database: Database, recorder: Recorder
) -> None:
    topic, question = a_topic(forum)
    reply = a_model_reply(database, question, "", is_incomplete=True)
    a_job(database, question, JobStatus.PENDING, reply_post_id=reply.post_id)
    recorder.take()
    forum.delete_post(question.post_id)
    assert shown(forum, topic.topic_id) == []
    assert recorder.take(["post_removed", "post_changed"]) == [
        ("post_removed", reply.post_id),
        ("post_removed", question.post_id),
    ]


def test_request_of_a_deleted_post_elsewhere_in_the_topic_goes_on(
    forum: ForumService, database: Database
) -> None:
    topic, first = a_topic(forum)
    second = forum.add_post(topic.topic_id, "second", first.post_id)
    job = a_job(database, second)
    assert forum.delete_post(first.post_id).cancelled == ()
    assert status_of(database, job) == JobStatus.PENDING
