"""What is read for a prompt: the newest posts of the branches beside a thread, within a bound."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.forum import Post, Subforum, Topic
from forllm_desktop.domain.queue import Job
from forllm_desktop.storage import context as rows
from forllm_desktop.storage.context import Beside
from forllm_desktop.storage.database import Database, Session, open_database
from tests.builders import NOW
from tests.storage.test_forum import plan_of, statements

Parents = Mapping[int, int | None]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with closing(open_database(tmp_path_factory.mktemp("context") / "forllm.db")) as database:
        yield database


def fill(database: Database, parents: Parents, topic_id: int = 1, **rules: set[int]) -> None:
    """Make a topic of these posts; `deleted`, `incomplete`, `left_out` and `pinned` hold the ids of some."""
    pinned, left_out = rules.get("pinned", set()), rules.get("left_out", set())
    with database.write() as session:
        if session.get(Subforum, 1) is None:
            session.add(Subforum(subforum_id=1, name="S", name_key="s"))
            session.flush()
        if session.get(Topic, topic_id) is None:
            session.add(
                Topic(topic_id=topic_id, subforum_id=1, user_id=1, title=f"T{topic_id}", created_at=NOW)
            )
            session.flush()
        # The first topic is filled first: nothing of another test is left then.
        session.execute(delete(Post).where((Post.topic_id == topic_id) | (topic_id == 1)))
        session.execute(
            insert(Post),
            [
                {
                    "post_id": post_id,
                    "topic_id": topic_id,
                    "user_id": 1,
                    "parent_post_id": parent,
                    "content": f"Post {post_id}",
                    "is_incomplete": post_id in rules.get("incomplete", ()),
                    "deleted_at": NOW if post_id in rules.get("deleted", ()) else None,
                    "prompt_rule": (
                        "pinned" if post_id in pinned else "left_out" if post_id in left_out else "auto"
                    ),
                }
                for post_id, parent in sorted(parents.items())
            ],
        )


def found(
    database: Database, path: list[int], asked: int | None, per_branch: int = 99, most: int = 99
) -> Beside:
    with database.read() as session:
        return rows.beside(session, 1, path, asked, per_branch, most)


#     1
#   ┌─┼────┬──┐
#   2 3    4  12
#   │ ├─┐  │
#   5 6 7  8
#     │ │
#     9 11      10 is another beginning
TREE: Parents = {1: None, 2: 1, 3: 1, 4: 1, 5: 2, 6: 3, 7: 3, 8: 4, 9: 6, 10: None, 11: 7, 12: 1}


def test_branches_are_those_that_hang_off_what_is_answered(store: Database) -> None:
    fill(store, TREE)
    assert found(store, [1, 3], 6).chosen == [12, 11, 10, 8, 7, 5, 4, 2]
    assert found(store, [1, 3, 6], 9).chosen == [12, 11, 10, 8, 7, 5, 4, 2]
    assert found(store, [1], 3).chosen == [12, 10, 8, 5, 4, 2], "what is below the answered post is no branch"
    assert found(store, [], 10).chosen == [12, 11, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert found(store, [1, 3, 6], None).chosen == [12, 11, 10, 9, 8, 7, 5, 4, 2], (
        "the answered one is a draft"
    )


def test_of_each_branch_the_newest_posts_are_chosen_and_of_all_the_newest(store: Database) -> None:
    fill(store, TREE)
    one_each = found(store, [1, 3], 6, per_branch=1)
    assert (one_each.chosen, one_each.beyond) == ([12, 11, 10, 8, 5], [7, 4, 2])
    few = found(store, [1, 3], 6, per_branch=2, most=3)
    assert (few.chosen, few.beyond) == ([12, 11, 10], [8, 7, 5, 4, 2])
    for none in (found(store, [1, 3], 6, per_branch=0), found(store, [1, 3], 6, most=0)):
        assert (none.chosen, none.beyond) == ([], [])


def test_what_cannot_enter_takes_no_place_of_its_branch(store: Database) -> None:
    fill(store, TREE, deleted={12, 11}, incomplete={8}, left_out={5}, pinned={10})
    beside = found(store, [1, 3], 6, per_branch=1)
    assert beside.chosen == [7, 4, 2]
    assert (beside.by_hand, beside.incomplete, beside.beyond) == ([5], [8], [])


def naive(parents: Parents, path: list[int], asked: int | None, per_branch: int, most: int) -> list[int]:
    """The rule in its plainest form."""

    def branch_of(post_id: int) -> int | None:
        line = [post_id]
        while parents[line[-1]] is not None:
            line.append(parents[line[-1]] or 0)
        if asked in line or post_id in path:
            return None
        return next(one for one in line if parents[one] is None or parents[one] in path)

    chosen, taken = [], Counter()
    for post_id in sorted(parents, reverse=True):
        branch = branch_of(post_id)
        if branch is not None and taken[branch] < per_branch and len(chosen) < most:
            taken[branch] += 1
            chosen.append(post_id)
    return chosen


@st.composite
def trees(draw: st.DrawFn) -> dict[int, int | None]:
    size = draw(st.integers(1, 40))
    return {1: None} | {
        post_id: draw(st.one_of(st.none(), st.integers(1, post_id - 1))) if draw(st.integers(0, 9)) == 0
        else draw(st.integers(max(1, post_id - 6), post_id - 1))
        for post_id in range(2, size + 1)
    }  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees(), st.data(), st.integers(1, 4), st.integers(1, 20), st.integers(1, 60))
def test_it_is_the_plain_rule_however_little_of_the_topic_is_scanned_at_once(
    store: Database, parents: dict[int, int | None], data: st.DataObject, each: int, most: int, scanned: int
) -> None:
    fill(store, parents)
    line = [data.draw(st.sampled_from(sorted(parents)))]
    while parents[line[-1]] is not None:
        line.append(parents[line[-1]] or 0)
    is_draft = data.draw(st.booleans())
    asked, path = (None, line[::-1]) if is_draft else (line[0], line[:0:-1])
    before, rows.SCANNED = rows.SCANNED, scanned
    try:
        beside = found(store, path, asked, each, most)
    finally:
        rows.SCANNED = before
    newest = sorted(parents, reverse=True)[: max(scanned, 4 * most)]
    expected = naive(parents, path, asked, each, len(parents))
    assert beside.chosen == [post_id for post_id in expected if post_id in newest][:most]
    assert beside.is_all == (len(parents) < max(scanned, 4 * most))


def test_only_so_many_posts_are_looked_at_in_a_topic_of_any_size(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "SCANNED", 20)
    monkeypatch.setattr(rows, "CLIMBED", 50)
    chain = {1: None, **{post_id: post_id - 1 for post_id in range(2, 1_001)}}
    fill(store, chain)
    assert found(store, [1, 2], 3, most=5).chosen == [], "all of it is below the answered post"
    fill(store, {**chain, 3: None, 1_001: 2})
    beside = found(store, [1], 2, most=5)
    assert beside.chosen == [], "a branch that is not reached in so many steps is left aside"
    assert not beside.is_all
    fill(store, {1: None, 2: 1, **dict.fromkeys(range(3, 1_001), 1)})
    assert len(found(store, [1], 2, most=5).beyond) == 15


# -- what else is read


def test_lineage_is_a_post_and_what_it_answers_without_the_thoughts(store: Database) -> None:
    fill(store, TREE, deleted={3})
    with store.read() as session:
        line = rows.lineage(session, 9)
        assert rows.lineage(session, 99) == []
    assert [(post.post_id, post.content, post.deleted_at) for post in line] == [
        (1, "Post 1", None),
        (3, "Post 3", NOW),
        (6, "Post 6", None),
        (9, "Post 9", None),
    ]


def test_pinned_posts_are_those_of_the_topic_that_are_not_deleted(store: Database) -> None:
    fill(store, TREE, pinned={2, 9, 11}, deleted={9})
    fill(store, {100: None}, topic_id=2, pinned={100})
    with store.read() as session:
        assert [post.post_id for post in rows.pinned(session, 1)] == [2, 11]
        assert [post.rule for post in rows.pinned(session, 2)] == [PromptRule.PINNED]


def test_first_posts_are_those_of_the_newest_other_topics(store: Database) -> None:
    fill(store, TREE)
    for topic_id in (2, 3, 4):
        fill(store, {topic_id * 100: None, topic_id * 100 + 1: topic_id * 100}, topic_id)
    with store.write() as session:
        session.get_one(Topic, 3).deleted_at = NOW
    with store.read() as session:
        assert [(post.post_id, title) for post, title in rows.first_posts(session, 1, 1, 9)] == [
            (200, "T2"),
            (400, "T4"),
        ]
        assert [title for _, title in rows.first_posts(session, 1, None, 1)] == ["T4"]


QUERIES: dict[str, Callable[[Session], object]] = {
    "lineage": lambda session: rows.lineage(session, 9),
    "written": lambda session: rows.written(session, [1, 2]),
    "pinned": lambda session: rows.pinned(session, 1),
    "beside": lambda session: rows.beside(session, 1, [1, 3], 6, 2, 9),
    "first_posts": lambda session: rows.first_posts(session, 1, 1, 3),
    "authors": lambda session: rows.authors(session, rows.lineage(session, 9)),
    "prompt_before": lambda session: rows.prompt_before(
        session, Job(request_id=1, post_id_to_respond_to=9, llm_persona=1)
    ),
}


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_nothing_reads_a_whole_table(store: Database, name: str) -> None:
    fill(store, TREE)
    with store.read() as session:
        steps = plan_of(session, QUERIES[name])
    assert [step for step in steps if step.startswith("SCAN") and step.split()[1] in TABLES] == []


TABLES = {"posts", "topics", "personas", "persona_versions", "users", "llm_requests", "post_files"}


def test_number_of_statements_does_not_depend_on_the_number_of_posts(store: Database) -> None:
    sizes = []
    for size in (10, 400):
        # Two branches that part at the top: one is the thread, the other is beside it.
        fill(store, {1: None, 2: 1, **{post_id: post_id - 2 for post_id in range(3, size + 1)}})
        with store.read() as session, statements(session) as sent:
            path = [post.post_id for post in rows.lineage(session, size)]
            beside = rows.beside(session, 1, path[:-1], path[-1], 2, 12)
            rows.authors(session, list(rows.written(session, beside.chosen).values()))
        assert len(beside.chosen) == 2
        sizes.append(len(sent))
    assert sizes[0] == sizes[1]
