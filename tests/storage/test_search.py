"""The index follows every change; what is typed is never syntax; deleted and empty things are not found."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.search import HitKind, query_from
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.search import SearchService
from forllm_desktop.storage import database as module
from forllm_desktop.storage import search as rows
from forllm_desktop.storage.database import Database, open_database
from tests.builders import a_model_reply, a_subforum, a_topic


@pytest.fixture
def search(database: Database) -> SearchService:
    return SearchService(database)


def posts(search: SearchService, typed: str) -> list[str]:
    return [hit.text for hit in search.search(typed).posts]


def indexes_agree(database: Database) -> None:
    with database.write() as session:
        raw = session.connection().connection.driver_connection
        for table in ("subforums_fts", "topics_fts", "posts_fts"):
            raw.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")


# -- what is found


def test_all_three_kinds_are_found_by_one_word(forum: ForumService, search: SearchService) -> None:
    subforum = a_subforum(forum, "Gravity", "All about falling")
    topic, post = a_topic(forum, subforum, "Does gravity bend light?", "I read that gravity does.")
    found = search.search("gravity")
    assert [(hit.kind, hit.id, hit.text) for hit in found.subforums] == [
        (HitKind.SUBFORUM, subforum.subforum_id, "Gravity")
    ]
    assert [(hit.id, hit.where) for hit in found.topics] == [(topic.topic_id, "Gravity")]
    assert [(hit.id, hit.where) for hit in found.posts] == [(post.post_id, topic.title)]


def test_marks_are_the_words_found(forum: ForumService, search: SearchService) -> None:
    a_topic(forum, text="Light is\na wave.\n\nLight is a particle.")
    hit = search.search("light part").posts[0]
    assert hit.text == "Light is a wave. Light is a particle."
    assert [hit.text[start:end] for start, end in hit.marks] == ["Light", "Light", "particle"]


def test_excerpts_name_tags_as_they_are_shown(forum: ForumService, search: SearchService) -> None:
    a_topic(
        forum, text="Ask [@Ada Lovelace](persona:12):[@Bob](persona:7) about [#a b.md](folder:3/a%20b.md)"
    )
    hit = search.search("lovelace").posts[0]
    assert hit.text == "Ask @Ada Lovelace:@Bob about #a b.md"
    assert [hit.text[start:end] for start, end in hit.marks] == ["Lovelace"]


def test_subforum_is_found_by_its_description(forum: ForumService, search: SearchService) -> None:
    a_subforum(forum, "Physics", "falling apples")
    hit = search.search("apples").subforums[0]
    assert (hit.text, hit.where, hit.marks) == ("Physics", "falling apples", ())


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("quantum", True),
        ("QUANTUM", True),
        ("quan", True),
        ("quan mech", False),  # only the last word may be unfinished
        ("quantum mech", True),
        ("mechanics quantum", True),
        ("cafe", True),
        ("Café", True),
        ("uantum", False),
        ("quantum zebra", False),
        ("q", False),
        ("c", True),
        ("c++", True),
        ("x-ray", True),
        ("日本", True),
        ("本語", True),
        ("quantum 日本語", True),
        ("中文", False),
    ],
)
def test_words_are_found(forum: ForumService, search: SearchService, typed: str, is_found: bool) -> None:
    a_topic(forum, text="Quantum mechanics in the café, with C and x-ray; これは日本語です。")
    assert bool(posts(search, typed)) is is_found


def test_part_of_a_word_without_spaces_is_marked(forum: ForumService, search: SearchService) -> None:
    a_topic(forum, text="前" * 60 + "これは日本語です。")
    hit = search.search("日本語").posts[0]
    assert hit.text.startswith("…")
    assert [hit.text[start:end] for start, end in hit.marks] == ["日本語"]


def test_percent_and_underscore_mean_themselves(forum: ForumService, search: SearchService) -> None:
    a_topic(forum, text="日本語100%です")
    assert posts(search, "日%です") == []
    assert posts(search, "日_語") == []
    assert posts(search, "語100%で") != []


# -- what is typed is never syntax


HOSTILE = [
    '"', '""', "*", "-", "^", "NEAR(", "NEAR(a b)", "a AND", "AND", "OR NOT", "content:", "(", ")", "a*b",
    '"unbalanced', "a\0b", "{", "+", "'; DROP TABLE posts; --", "\ud800", "\ufdd0", "a" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
def test_nothing_typed_is_syntax(forum: ForumService, search: SearchService, typed: str) -> None:
    a_topic(forum, text="a NEAR and OR b content")
    search.search(typed)
    assert posts(search, "near") == ["a NEAR and OR b content"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.text(max_size=40))
@example('"a" OR b*')
def test_any_text_can_be_searched_for(search: SearchService, typed: str) -> None:
    search.search(typed)


def test_operators_are_words(forum: ForumService, search: SearchService) -> None:
    a_topic(forum, text="salt or pepper")
    assert posts(search, "salt OR sugar") == []
    assert posts(search, "NOT salt") == []


def test_punctuation_alone_is_no_search(search: SearchService) -> None:
    assert query_from(" - * \" ' ").is_empty
    assert search.search("-") == search.search("")


# -- the index follows every change


def test_edited_text_is_found_and_the_old_one_is_not(
    forum: ForumService, search: SearchService, database: Database
) -> None:
    _topic, post = a_topic(forum, text="about apples")
    forum.edit_post(post.post_id, "about pears")
    assert posts(search, "apples") == []
    assert posts(search, "pears") == ["about pears"]
    indexes_agree(database)


def test_renamed_things_are_found_by_their_new_names(
    forum: ForumService, search: SearchService, database: Database
) -> None:
    topic, _post = a_topic(forum)
    forum.rename_topic(topic.topic_id, "Auroras")
    forum.rename_subforum(topic.subforum_id, "Skies")
    forum.describe_subforum(topic.subforum_id, "Looking upwards")
    assert [hit.text for hit in search.search("auroras").topics] == ["Auroras"]
    assert [hit.text for hit in search.search("upwards").subforums] == ["Skies"]
    assert search.search("sky").topics == ()
    indexes_agree(database)


def test_removed_row_leaves_the_index(forum: ForumService, search: SearchService, database: Database) -> None:
    _topic, post = a_topic(forum, text="first")
    reply = a_model_reply(database, post, "zebra")
    with database.write() as session:
        session.delete(session.get_one(Post, reply.post_id))
    assert posts(search, "zebra") == []
    indexes_agree(database)


def test_deleted_things_are_not_found_and_come_back(forum: ForumService, search: SearchService) -> None:
    topic, first = a_topic(forum, text="zebra one")
    reply = forum.add_post(topic.topic_id, "zebra two", first.post_id)
    undo = forum.delete_post(reply.post_id)
    assert posts(search, "zebra") == ["zebra one"]
    forum.undo(undo)
    for undo in (
        lambda: forum.delete_topic(topic.topic_id),
        lambda: forum.delete_subforum(topic.subforum_id),
    ):
        way_back = undo()
        found = search.search("zebra")
        assert (found.posts, search.search("sky").topics) == ((), ())
        forum.undo(way_back)
        assert len(posts(search, "zebra")) == 2
    forum.delete_subforum(topic.subforum_id)
    assert search.search("physics").subforums == ()
    assert search.recent_topics() == ()


def test_unfinished_reply_is_found_only_when_it_has_text(
    forum: ForumService, search: SearchService, database: Database
) -> None:
    _topic, first = a_topic(forum)
    a_model_reply(database, first, "", is_incomplete=True)
    stopped = a_model_reply(database, first, "zebra crossing", is_incomplete=True)
    assert [hit.id for hit in search.search("zebra").posts] == [stopped.post_id]


def test_many_deleted_hits_do_not_hide_live_ones(
    forum: ForumService, search: SearchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "RANKED", 3)
    subforum = a_subforum(forum)
    a_topic(forum, subforum, text="zebra alive")
    gone, _post = a_topic(forum, subforum, text="zebra gone")
    for number in range(5):
        forum.add_post(gone.topic_id, f"zebra {number}")
    forum.delete_topic(gone.topic_id)
    assert posts(search, "zebra") == ["zebra alive"]


def test_only_the_newest_hits_are_ranked(
    forum: ForumService, search: SearchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, _post = a_topic(forum, text="zebra zebra zebra")
    for number in range(4):
        forum.add_post(topic.topic_id, f"a zebra among {number} other animals")
    assert posts(search, "zebra")[0] == "zebra zebra zebra"
    monkeypatch.setattr(rows, "RANKED", 4)
    assert "zebra zebra zebra" not in posts(search, "zebra")


def test_topics_with_the_newest_posts_come_first(forum: ForumService, search: SearchService) -> None:
    subforum = a_subforum(forum)
    old, _post = a_topic(forum, subforum, "Old")
    a_topic(forum, subforum, "New")
    forum.add_post(old.topic_id, "again")
    assert [hit.text for hit in search.recent_topics()] == ["Old", "New"]
    assert len(search.recent_topics(1)) == 1


# -- the migration


def test_file_of_the_first_version_is_indexed_when_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = first_version(tmp_path, monkeypatch)
    with closing(sqlite3.connect(path)) as old:
        old.execute("INSERT INTO subforums VALUES (1, 'Physics', 'physics', 'apples', 0, '2026-01-01', NULL)")
        old.execute("INSERT INTO topics VALUES (1, 1, 1, 'Falling', '2026-01-01', NULL)")
        old.execute(
            "INSERT INTO posts (topic_id, user_id, content, thinking, created_at, is_llm_response, "
            "is_incomplete) VALUES (1, 1, 'Why do apples fall?', '', '2026-01-01', 0, 0)"
        )
        old.commit()
    with closing(open_database(path)) as database:
        found = SearchService(database).search("apples")
        assert ([hit.text for hit in found.subforums], [hit.text for hit in found.posts]) == (
            ["Physics"],
            ["Why do apples fall?"],
        )
        indexes_agree(database)


def first_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file as the app of the first schema made it."""
    package = tmp_path / "older app"
    own = Path(module.__file__).parent / "migrations"
    shutil.copytree(own, package / "migrations", ignore=shutil.ignore_patterns("__pycache__", "000[2-9]*"))
    path = tmp_path / "forllm.db"
    with monkeypatch.context() as patch:
        patch.setattr(module, "__file__", str(package / "database.py"))
        patch.setattr(module, "REVISIONS", ("0001",))
        patch.setattr(module, "HEAD", "0001")
        open_database(path).close()
    return path
