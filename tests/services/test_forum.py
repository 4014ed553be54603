"""The verbs of the forum: what is stored, what is shown, what is announced."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.forum import DESCRIPTION_LIMIT, NAME_LIMIT, POST_LIMIT, Subforum
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage.database import Database
from tests.builders import NOW, FixedClock, a_chain, a_job, a_model_reply, a_subforum, a_topic
from tests.recorder import Recorder

NOWHERE = 77


def names(forum: ForumService) -> list[str]:
    return [subforum.name for subforum in forum.subforums()]


def positions(forum: ForumService) -> list[int]:
    return [subforum.position for subforum in forum.subforums()]


def titles(forum: ForumService, subforum: Subforum) -> list[str]:
    return [topic.title for topic in forum.topics(subforum.subforum_id)]


def shown(forum: ForumService, topic_id: int) -> list[tuple[str, int]]:
    """Return what a reader sees of a topic: text or "deleted", and depth."""
    return [
        ("deleted" if entry.is_deleted else entry.post.content, entry.depth)
        for entry in forum.thread(topic_id)
    ]


# -- subforums


def test_new_subforum_comes_last_and_is_announced(forum: ForumService, recorder: Recorder) -> None:
    a_subforum(forum, "Physics")
    made = forum.create_subforum("  Cooking \n at home ", " Soups. ")
    assert (made.name, made.description, made.position, made.created_at) == (
        "Cooking at home",
        "Soups.",
        1,
        NOW,
    )
    assert names(forum) == ["Physics", "Cooking at home"]
    assert recorder.take() == [("subforums_changed",)] * 2


@pytest.mark.parametrize("again", ["Physics", "physics", "PHYSICS ", "Ｐhysics", "Phy\u017fics"])
def test_same_name_is_refused_without_regard_to_case_or_width(
    forum: ForumService, recorder: Recorder, again: str
) -> None:
    a_subforum(forum, "Physics")
    recorder.take()
    with pytest.raises(InvalidInput, match="already a subforum named “Physics”") as refusal:
        forum.create_subforum(again)
    assert refusal.value.field == "name"
    assert names(forum) == ["Physics"]
    assert recorder.take() == []


def test_name_taken_behind_our_back_is_said_in_words(
    forum: ForumService, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_subforum(forum, "Physics")
    other = a_subforum(forum, "Chemistry")
    monkeypatch.setattr(rows, "subforums_named", lambda session, name: [])
    with pytest.raises(InvalidInput, match="already a subforum named") as refusal:
        forum.create_subforum("Physics")
    assert refusal.value.field == "name"
    with pytest.raises(InvalidInput, match="already a subforum named"):
        forum.rename_subforum(other.subforum_id, "PHYSICS")
    assert names(forum) == ["Physics", "Chemistry"]


def test_subforum_can_change_the_case_of_its_own_name(forum: ForumService, recorder: Recorder) -> None:
    subforum = a_subforum(forum, "physics")
    recorder.take()
    forum.rename_subforum(subforum.subforum_id, "Physics")
    assert names(forum) == ["Physics"]
    assert recorder.take() == [("subforums_changed",)]


def test_rename_to_a_taken_name_changes_nothing(forum: ForumService) -> None:
    a_subforum(forum, "Physics")
    other = a_subforum(forum, "Chemistry")
    with pytest.raises(InvalidInput):
        forum.rename_subforum(other.subforum_id, "physics")
    assert names(forum) == ["Physics", "Chemistry"]


def test_deleted_name_may_be_used_again(forum: ForumService) -> None:
    forum.delete_subforum(a_subforum(forum, "Physics").subforum_id)
    a_subforum(forum, "Physics")
    assert names(forum) == ["Physics"]


@pytest.mark.parametrize(
    ("moved", "position", "order"),
    [
        (0, 2, "bcad"),
        (3, 0, "dabc"),
        (1, 1, "abcd"),
        (0, 99, "bcda"),
        (2, -1, "cabd"),
    ],
)
def test_moved_subforum_stands_where_it_was_put(
    forum: ForumService, moved: int, position: int, order: str
) -> None:
    made = [a_subforum(forum, name) for name in "abcd"]
    undo = forum.move_subforum(made[moved].subforum_id, position)
    assert "".join(names(forum)) == order
    assert positions(forum) == [0, 1, 2, 3]
    forum.undo(undo)
    assert "".join(names(forum)) == "abcd"


def test_positions_stay_dense_whatever_happens(forum: ForumService) -> None:
    dice = random.Random(5)
    undos = []
    for number in range(60):
        living = forum.subforums()
        match dice.choice(["create", "delete", "move", "undo"]):
            case "create":
                a_subforum(forum, f"Subforum {number}")
            case "delete" if living:
                undos.append(forum.delete_subforum(dice.choice(living).subforum_id))
            case "move" if living:
                forum.move_subforum(dice.choice(living).subforum_id, dice.randrange(8))
            case "undo" if undos:
                forum.undo(undos.pop())
        assert positions(forum) == list(range(len(forum.subforums())))


def test_description_can_be_changed_emptied_and_taken_back(forum: ForumService, recorder: Recorder) -> None:
    subforum = a_subforum(forum, description="About matter.")
    recorder.take()
    undo = forum.describe_subforum(subforum.subforum_id, "")
    assert forum.subforum(subforum.subforum_id).description == ""
    assert recorder.take() == [("subforums_changed",)]
    forum.undo(undo)
    assert forum.subforum(subforum.subforum_id).description == "About matter."


def test_subforum_is_found_by_name_without_regard_to_case(forum: ForumService) -> None:
    subforum = a_subforum(forum, "Straße")
    a_subforum(forum, "Other")
    assert [found.subforum_id for found in forum.find_subforum(" STRASSE ")] == [subforum.subforum_id]
    assert forum.find_subforum("Str") == []
    forum.delete_subforum(subforum.subforum_id)
    assert forum.find_subforum("Straße") == []


# -- topics


def test_new_topic_has_its_first_post(forum: ForumService, recorder: Recorder) -> None:
    subforum = a_subforum(forum)
    recorder.take()
    topic, post = forum.create_topic(subforum.subforum_id, " Why? ", "  Because\n\tI ask. ")
    assert (topic.title, post.content) == ("Why?", "  Because\n\tI ask. "), "a text is kept as typed"
    assert (post.parent_post_id, post.is_llm_response, post.created_at) == (None, False, NOW)
    assert shown(forum, topic.topic_id) == [(post.content, 0)]
    assert recorder.take() == [("topic_changed", topic.topic_id), ("post_added", post.post_id)]


@pytest.mark.parametrize(
    ("title", "text", "field"),
    [("", "x", "name"), ("T", " \n", "text"), ("T" * (NAME_LIMIT + 1), "x", "name")],
)
def test_topic_that_cannot_be_is_not_half_made(
    forum: ForumService, recorder: Recorder, title: str, text: str, field: str
) -> None:
    subforum = a_subforum(forum)
    recorder.take()
    with pytest.raises(InvalidInput) as refusal:
        forum.create_topic(subforum.subforum_id, title, text)
    assert refusal.value.field == field
    assert titles(forum, subforum) == []
    assert recorder.take() == []


def test_topics_come_in_order_of_their_newest_live_post(forum: ForumService, clock: FixedClock) -> None:
    subforum = a_subforum(forum)
    old, _ = a_topic(forum, subforum, "old")
    new, new_post = a_topic(forum, subforum, "new")
    assert titles(forum, subforum) == ["new", "old"]
    clock.advance()
    reply = forum.add_post(old.topic_id, "Still of interest.")
    assert titles(forum, subforum) == ["old", "new"]
    forum.delete_post(reply.post_id)
    assert titles(forum, subforum) == ["new", "old"]
    forum.delete_post(new_post.post_id)
    assert titles(forum, subforum) == ["old", "new"], "a topic with nothing left in it sinks"
    assert new.topic_id in {topic.topic_id for topic in forum.topics(subforum.subforum_id)}


def test_topic_is_found_by_title_without_regard_to_case_among_equals(forum: ForumService) -> None:
    subforum, other = a_subforum(forum), a_subforum(forum, "Other")
    first, _ = a_topic(forum, subforum, "Große Frage")
    second, _ = a_topic(forum, subforum, "GROSSE FRAGE")
    a_topic(forum, subforum, "Other question")
    a_topic(forum, other, "Große Frage")
    found = forum.find_topic(subforum.subforum_id, "grosse frage")
    assert [topic.topic_id for topic in found] == [second.topic_id, first.topic_id]
    forum.delete_topic(first.topic_id)
    assert len(forum.find_topic(subforum.subforum_id, "grosse frage")) == 1


def test_topic_can_be_renamed_and_moved_and_both_taken_back(forum: ForumService, recorder: Recorder) -> None:
    subforum, other = a_subforum(forum), a_subforum(forum, "Other")
    topic, _ = a_topic(forum, subforum, "Before")
    recorder.take()
    renamed = forum.rename_topic(topic.topic_id, "After")
    moved = forum.move_topic(topic.topic_id, other.subforum_id)
    assert recorder.take() == [("topic_changed", topic.topic_id)] * 2
    assert (titles(forum, subforum), titles(forum, other)) == ([], ["After"])
    assert renamed.label == "Topic “Before” renamed to “After”"
    assert moved.label == "Topic “After” moved to “Other”"
    forum.undo(moved)
    forum.undo(renamed)
    assert (titles(forum, subforum), titles(forum, other)) == (["Before"], [])


# -- posts


def test_thread_is_in_reading_order_at_any_depth(forum: ForumService) -> None:
    topic, first = a_topic(forum, text="root")
    a = forum.add_post(topic.topic_id, "a", first.post_id)
    b = forum.add_post(topic.topic_id, "b", first.post_id)
    forum.add_post(topic.topic_id, "b1", b.post_id)
    forum.add_post(topic.topic_id, "a1", a.post_id)
    forum.add_post(topic.topic_id, "second root")
    assert shown(forum, topic.topic_id) == [
        ("root", 0),
        ("a", 1),
        ("a1", 2),
        ("b", 1),
        ("b1", 2),
        ("second root", 0),
    ]


def test_replies_may_nest_deeper_than_pythons_call_limit(forum: ForumService, database: Database) -> None:
    topic, first = a_topic(forum)
    with database.write() as session:
        connection = session.connection()
        for post_id in range(first.post_id + 1, 3_000):
            connection.exec_driver_sql(
                "INSERT INTO posts (post_id, topic_id, parent_post_id, content, thinking, created_at, "
                "is_llm_response, is_incomplete) VALUES (?, ?, ?, 'deep', '', '2026-01-01 00:00:00.0', 0, 0)",
                (post_id, topic.topic_id, post_id - 1),
            )
    assert [entry.depth for entry in forum.thread(topic.topic_id)] == list(range(2_999))
    assert [post.post_id for post in forum.ancestors(2_999)] == list(range(first.post_id, 2_999))
    forum.delete_post(first.post_id)
    assert forum.thread(topic.topic_id)[0].is_deleted


def test_ancestors_come_oldest_first_without_the_post_and_its_neighbours(forum: ForumService) -> None:
    topic, first = a_topic(forum)
    chain = a_chain(forum, topic, first, 3)
    forum.add_post(topic.topic_id, "neighbour", chain[1].post_id)
    assert [post.post_id for post in forum.ancestors(chain[3].post_id)] == [p.post_id for p in chain[:3]]
    assert forum.ancestors(first.post_id) == []


def test_reply_to_a_post_of_another_topic_is_refused(forum: ForumService) -> None:
    subforum = a_subforum(forum)
    topic, _ = a_topic(forum, subforum, "one")
    _, elsewhere = a_topic(forum, subforum, "two")
    with pytest.raises(InvalidInput, match="another topic"):
        forum.add_post(topic.topic_id, "text", elsewhere.post_id)


def test_reply_to_a_deleted_post_is_refused(forum: ForumService) -> None:
    topic, first = a_topic(forum)
    a_chain(forum, topic, first, 1)
    forum.delete_post(first.post_id)
    with pytest.raises(NotFound, match="deleted"):
        forum.add_post(topic.topic_id, "text", first.post_id)


def test_edited_post_is_marked_and_keeps_every_earlier_text(
    forum: ForumService, clock: FixedClock, recorder: Recorder
) -> None:
    _, post = a_topic(forum, text="one")
    recorder.take()
    times = []
    for text in ("two", "three"):
        times.append(clock.advance())
        edited = forum.edit_post(post.post_id, text)
    assert (edited.content, edited.edited) == ("three", times[-1])
    assert forum.post(post.post_id).content == "three"
    kept = forum.earlier_texts(post.post_id)
    assert [(revision.content, revision.replaced_at) for revision in kept] == [
        ("one", times[0]),
        ("two", times[1]),
    ]
    assert recorder.take() == [("post_changed", post.post_id)] * 2


def test_unchanged_text_makes_no_revision(forum: ForumService, recorder: Recorder) -> None:
    _, post = a_topic(forum, text="same")
    recorder.take()
    forum.edit_post(post.post_id, "same")
    assert forum.earlier_texts(post.post_id) == []
    assert forum.post(post.post_id).edited is None
    assert recorder.take() == []


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u2060", "\u2800"])
def test_post_cannot_be_edited_to_nothing(forum: ForumService, text: str) -> None:
    _, post = a_topic(forum, text="something")
    with pytest.raises(InvalidInput) as refusal:
        forum.edit_post(post.post_id, text)
    assert refusal.value.field == "text"
    assert forum.post(post.post_id).content == "something"


def test_deleted_post_cannot_be_edited(forum: ForumService) -> None:
    topic, post = a_topic(forum)
    a_chain(forum, topic, post, 1)
    forum.delete_post(post.post_id)
    with pytest.raises(NotFound, match="deleted"):
        forum.edit_post(post.post_id, "new")


def test_models_reply_may_be_edited(forum: ForumService, database: Database) -> None:
    _, question = a_topic(forum)
    reply = a_model_reply(database, question, "Beccause.")
    a_job(database, question, JobStatus.COMPLETE, reply_post_id=reply.post_id)
    edited = forum.edit_post(reply.post_id, "Because.")
    assert (edited.content, edited.is_llm_response) == ("Because.", True)
    assert [revision.content for revision in forum.earlier_texts(reply.post_id)] == ["Beccause."]


@pytest.mark.parametrize("status", [JobStatus.PROCESSING, JobStatus.PENDING])
def test_reply_that_a_request_will_write_cannot_be_edited(
    forum: ForumService, database: Database, status: JobStatus
) -> None:
    _, question = a_topic(forum)
    reply = a_model_reply(database, question, "Half of a sen", is_incomplete=True)
    a_job(database, question, status, reply_post_id=reply.post_id)
    with pytest.raises(NotPossible, match="still being written"):
        forum.edit_post(reply.post_id, "Mine")
    assert forum.earlier_texts(reply.post_id) == []


# -- unread


def test_finished_replies_are_unread_until_marked(
    forum: ForumService, database: Database, recorder: Recorder
) -> None:
    subforum = a_subforum(forum)
    topic, question = a_topic(forum, subforum, "one")
    other, other_question = a_topic(forum, subforum, "two")
    replies = [a_model_reply(database, question) for _ in range(3)]
    a_model_reply(database, question, "Half", is_incomplete=True)
    a_model_reply(database, other_question)
    assert forum.unread() == {topic.topic_id: 3, other.topic_id: 1}, "own and unfinished posts do not count"
    recorder.take()
    forum.mark_read([post.post_id for post in replies[:2]])
    assert forum.unread() == {topic.topic_id: 1, other.topic_id: 1}
    assert forum.post(replies[0].post_id).read_at == NOW
    assert recorder.take() == [("topic_changed", topic.topic_id)]


def test_marking_again_or_marking_nothing_announces_nothing(
    forum: ForumService, database: Database, clock: FixedClock, recorder: Recorder
) -> None:
    _, question = a_topic(forum)
    reply = a_model_reply(database, question)
    forum.mark_read([reply.post_id])
    recorder.take()
    clock.advance()
    forum.mark_read([reply.post_id, question.post_id, NOWHERE])
    forum.mark_read([])
    assert recorder.take() == []
    assert forum.post(reply.post_id).read_at == NOW


def test_unfinished_reply_is_unread_once_finished_though_it_was_seen(
    forum: ForumService, database: Database
) -> None:
    topic, question = a_topic(forum)
    reply = a_model_reply(database, question, "Half", is_incomplete=True)
    forum.mark_read([reply.post_id])
    with database.write() as session:
        session.merge(reply).is_incomplete = False
    assert forum.unread() == {topic.topic_id: 1}


def test_many_posts_are_marked_in_one_go(forum: ForumService, database: Database) -> None:
    topic, question = a_topic(forum)
    reply = a_model_reply(database, question)
    assert forum.unread() == {topic.topic_id: 1}
    forum.mark_read(range(1, 70_000))
    assert forum.unread() == {}
    assert forum.post(reply.post_id).read_at == NOW


@pytest.mark.parametrize("what", ["post", "topic", "subforum"])
def test_unread_replies_in_the_trash_do_not_count(forum: ForumService, database: Database, what: str) -> None:
    topic, question = a_topic(forum)
    reply = a_model_reply(database, question)
    match what:
        case "post":
            undo = forum.delete_post(reply.post_id)
        case "topic":
            undo = forum.delete_topic(topic.topic_id)
        case _:
            undo = forum.delete_subforum(topic.subforum_id)
    assert forum.unread() == {}
    forum.undo(undo)
    assert forum.unread() == {topic.topic_id: 1}


# -- what does not exist


def test_unknown_things_are_reported_in_words(forum: ForumService) -> None:
    subforum = a_subforum(forum)
    topic, _ = a_topic(forum, subforum)
    for verb in (
        lambda: forum.subforum(NOWHERE),
        lambda: forum.topics(NOWHERE),
        lambda: forum.rename_subforum(NOWHERE, "x"),
        lambda: forum.describe_subforum(NOWHERE, "x"),
        lambda: forum.move_subforum(NOWHERE, 0),
        lambda: forum.delete_subforum(NOWHERE),
        lambda: forum.create_topic(NOWHERE, "x", "x"),
        lambda: forum.topic(NOWHERE),
        lambda: forum.rename_topic(NOWHERE, "x"),
        lambda: forum.move_topic(NOWHERE, subforum.subforum_id),
        lambda: forum.move_topic(topic.topic_id, NOWHERE),
        lambda: forum.delete_topic(NOWHERE),
        lambda: forum.thread(NOWHERE),
        lambda: forum.add_post(NOWHERE, "x"),
        lambda: forum.add_post(topic.topic_id, "x", NOWHERE),
        lambda: forum.post(NOWHERE),
        lambda: forum.ancestors(NOWHERE),
        lambda: forum.earlier_texts(NOWHERE),
        lambda: forum.edit_post(NOWHERE, "x"),
        lambda: forum.delete_post(NOWHERE),
    ):
        with pytest.raises(NotFound, match=r"does not exist.*77"):
            verb()


def test_number_too_large_for_an_id_is_reported_in_words(forum: ForumService) -> None:
    for verb in (forum.topic, forum.post, forum.delete_subforum):
        with pytest.raises(NotFound, match="so large a number"):
            verb(10**20)


def test_things_in_a_deleted_subforum_are_gone_too(forum: ForumService) -> None:
    subforum = a_subforum(forum)
    topic, post = a_topic(forum, subforum)
    forum.delete_subforum(subforum.subforum_id)
    for verb in (
        lambda: forum.subforum(subforum.subforum_id),
        lambda: forum.topics(subforum.subforum_id),
        lambda: forum.topic(topic.topic_id),
        lambda: forum.thread(topic.topic_id),
        lambda: forum.post(post.post_id),
        lambda: forum.add_post(topic.topic_id, "x"),
        lambda: forum.create_topic(subforum.subforum_id, "x", "x"),
        lambda: forum.edit_post(post.post_id, "x"),
        lambda: forum.delete_topic(topic.topic_id),
        lambda: forum.delete_subforum(subforum.subforum_id),
    ):
        with pytest.raises(NotFound, match=r"“Physics” is deleted.*Trash"):
            verb()
    assert forum.find_topic(subforum.subforum_id, topic.title) == []


# -- commit, then announce


def test_slots_see_the_new_state(
    forum: ForumService, events: Events, database: Database, recorder: Recorder
) -> None:
    seen: list[object] = []
    events.subforums_changed.connect(lambda: seen.append(names(forum)))
    subforum = a_subforum(forum)
    forum.rename_subforum(subforum.subforum_id, "Optics")
    assert seen == [["Physics"], ["Optics"]]

    events.post_added.connect(lambda post_id: seen.append(forum.post(post_id).content))
    topic, post = a_topic(forum, subforum, text="first")
    assert seen[-1] == "first"

    events.post_changed.connect(lambda post_id: seen.append(forum.post(post_id).content))
    forum.edit_post(post.post_id, "second")
    assert seen[-1] == "second"

    events.post_removed.connect(lambda post_id: seen.append(shown(forum, topic.topic_id)))
    forum.delete_post(post.post_id)
    assert seen[-1] == []


def test_slot_may_write_in_turn(forum: ForumService, events: Events) -> None:
    events.post_added.connect(
        lambda post_id: (
            forum.post(post_id).content == "ping"
            and forum.add_post(forum.post(post_id).topic_id, "pong", post_id)
        )
    )
    topic, _ = a_topic(forum, text="ping")
    assert shown(forum, topic.topic_id) == [("ping", 0), ("pong", 1)]


def test_refused_verb_stores_and_announces_nothing(
    forum: ForumService, database: Database, recorder: Recorder
) -> None:
    topic, question = a_topic(forum)
    job = a_job(database, question)
    recorder.take()
    with pytest.raises(NotFound):
        forum.move_topic(topic.topic_id, NOWHERE)
    with pytest.raises(InvalidInput):
        forum.add_post(topic.topic_id, "", question.post_id)
    assert recorder.take() == []
    with database.read() as session:
        assert session.get_one(Job, job.request_id).status == JobStatus.PENDING


def test_stored_key_follows_the_name(forum: ForumService) -> None:
    subforum = a_subforum(forum, "Äpfel")
    assert forum.subforum(subforum.subforum_id).name_key == name_key("Äpfel")
    forum.rename_subforum(subforum.subforum_id, "Birnen")
    assert forum.subforum(subforum.subforum_id).name_key == "birnen"


def test_limits_are_inclusive(forum: ForumService) -> None:
    subforum = forum.create_subforum("n" * NAME_LIMIT, "d" * DESCRIPTION_LIMIT)
    topic, _ = a_topic(forum, subforum, "t" * NAME_LIMIT, "x" * POST_LIMIT)
    with pytest.raises(InvalidInput, match="201 characters"):
        forum.create_subforum("n" * (NAME_LIMIT + 1))
    with pytest.raises(InvalidInput, match="2,001 characters"):
        forum.describe_subforum(subforum.subforum_id, "d" * (DESCRIPTION_LIMIT + 1))
    with pytest.raises(InvalidInput, match="2,000,001 characters"):
        forum.add_post(topic.topic_id, "x" * (POST_LIMIT + 1))


# -- names, whatever is typed


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec=None), max_size=NAME_LIMIT + 5), st.text(st.characters(codec=None)))
def test_any_name_is_either_stored_and_found_again_or_refused(
    forum: ForumService, typed: str, text: str
) -> None:
    try:
        subforum = forum.create_subforum(typed)
        topic, post = forum.create_topic(subforum.subforum_id, typed, text)
    except InvalidInput:
        return
    assert forum.find_subforum(subforum.name)[0].name == subforum.name
    assert forum.find_topic(subforum.subforum_id, topic.title)[0].title == topic.title == subforum.name
    assert forum.post(post.post_id).content == post.content
    assert forum.thread(topic.topic_id)[0].post.content == post.content
