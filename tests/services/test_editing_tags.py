"""What saving an edited post does to requests: said before, and then done, nothing more."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forllm_desktop.domain.errors import InvalidInput, NotPossible
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.domain.submission import EditEffect, Submitted
from tests.builders import a_model_reply
from tests.recorder import Recorder
from tests.services.submitting import Desk


@pytest.fixture
def desk(tmp_path: Path, database_template: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "data", database_template)
    yield made
    assert made.workspace.database.check() == []
    made.workspace.close()


def posted(desk: Desk, text: str) -> Submitted:
    return desk.submitting.submit(desk.new(text))


def effect(desk: Desk, post_id: int, text: str) -> tuple[list[str], list[str]]:
    found = desk.submitting.effect(post_id, text)
    return [one.name for one in found.added], [one.name for one in found.cancelled]


def statuses(desk: Desk) -> list[str]:
    return [job.status for job in desk.queue.jobs()]


def test_the_effect_is_said_before_and_is_what_happens(desk: Desk) -> None:
    made = posted(desk, f"x {desk.tag('Ada', 'Bob')}")
    text = f"y {desk.tag('Bob')} {desk.tag('Carl', 'Ada')}"
    said = desk.submitting.effect(made.post.post_id, text)
    assert [one.name for one in said.added] == ["Bob", "Carl", "Ada"]
    assert [one.name for one in said.cancelled] == ["Ada", "Bob"]
    assert statuses(desk) == ["pending", "pending_dependency"]
    edited = desk.submitting.edit(made.post.post_id, text)
    assert desk.names(edited.jobs) == [one.name for one in said.added]
    assert list(edited.cancelled) == [one.request_id for one in said.cancelled]
    assert desk.open_chains() == sorted([desk.key("Bob"), desk.key("Carl", "Ada")])
    assert [one.content for one in desk.forum.earlier_texts(made.post.post_id)] == [made.post.content]


def test_an_edit_that_leaves_the_tags_leaves_the_requests(desk: Desk) -> None:
    made = posted(desk, f"x {desk.tag('Ada', 'Bob')} {desk.tag('Carl')}")
    desk.queue.cancel(made.jobs[2].request_id)
    text = f"{desk.tag('Carl')} y {desk.tag('Ada', 'Bob')}"
    assert desk.submitting.effect(made.post.post_id, text) == EditEffect()
    edited = desk.submitting.edit(made.post.post_id, text)
    assert (edited.jobs, edited.cancelled) == ((), ())
    assert statuses(desk) == ["pending", "pending_dependency", "cancelled"]


def test_an_unchanged_text_changes_nothing(desk: Desk) -> None:
    made = posted(desk, desk.tag("Ada"))
    recorder = Recorder(desk.workspace.events)
    assert desk.submitting.edit(made.post.post_id, made.post.content).undo is None
    assert recorder.take() == []
    assert desk.forum.post(made.post.post_id).edited is None


def test_finished_requests_stay_and_are_not_made_again(desk: Desk) -> None:
    made = posted(desk, desk.tag("Ada", "Bob"))
    desk.run()
    assert effect(desk, made.post.post_id, "none") == ([], ["Bob"])
    desk.submitting.edit(made.post.post_id, "none")
    assert statuses(desk) == ["complete", "cancelled"]
    assert effect(desk, made.post.post_id, desk.tag("Ada", "Bob")) == (["Bob"], [])
    edited = desk.submitting.edit(made.post.post_id, desk.tag("Ada", "Bob"))
    assert [job.request_id for job in edited.jobs] == [made.jobs[1].request_id]
    assert statuses(desk) == ["complete", "pending"]
    desk.run()
    desk.submitting.edit(made.post.post_id, "none")
    assert effect(desk, made.post.post_id, desk.tag("Ada", "Bob")) == ([], [])


def test_a_running_request_of_a_removed_tag_is_stopped(desk: Desk) -> None:
    made = posted(desk, desk.tag("Ada"))
    desk.queue.claim()
    stopped: list[int] = []
    desk.workspace.events.cancel_requested.connect(stopped.append)
    desk.submitting.edit(made.post.post_id, "none")
    assert stopped == [made.jobs[0].request_id]


def test_a_failed_chain_loses_what_waits_for_it_and_gets_it_back_with_its_tag(desk: Desk) -> None:
    made = posted(desk, desk.tag("Ada", "Bob", "Carl"))
    desk.fail()
    desk.submitting.edit(made.post.post_id, "none")
    assert statuses(desk) == ["error", "cancelled", "cancelled"]
    desk.submitting.edit(made.post.post_id, desk.tag("Ada", "Bob", "Carl"))
    assert statuses(desk) == ["pending", "pending_dependency", "pending_dependency"]


def test_an_edit_is_taken_back_with_its_requests(desk: Desk) -> None:
    made = posted(desk, desk.tag("Ada", "Bob"))
    undo = desk.submitting.edit(made.post.post_id, desk.tag("Carl")).undo
    assert undo is not None
    restored = desk.submitting.undo(undo)
    assert restored.message == "The post has its former text back"
    assert desk.forum.post(made.post.post_id).content == made.post.content
    assert statuses(desk) == ["pending", "pending_dependency", "cancelled"]


def test_tags_in_a_models_text_ask_nobody(desk: Desk) -> None:
    made = posted(desk, "x")
    reply = a_model_reply(desk.workspace.database, made.post)
    assert desk.submitting.effect(reply.post_id, desk.tag("Ada")) == EditEffect()
    assert desk.submitting.edit(reply.post_id, f"{desk.tag('Ada')}:@Nobody").jobs == ()
    assert desk.queue.jobs() == []


def test_a_reply_that_is_being_written_cannot_be_edited(desk: Desk) -> None:
    posted(desk, desk.tag("Ada"))
    claim = desk.queue.claim()
    assert claim is not None
    assert claim.reply is not None
    with pytest.raises(NotPossible, match="still being written"):
        desk.submitting.edit(claim.reply.post_id, "mine")


def test_only_new_tags_have_to_be_usable(desk: Desk) -> None:
    made = posted(desk, f"{desk.tag('Ada')}")
    desk.personas.delete([desk.ids["Ada"], desk.ids["Bob"]])
    desk.submitting.edit(made.post.post_id, f"{desk.tag('Ada')} typo mended")
    with pytest.raises(InvalidInput, match="Bob cannot answer"):
        desk.submitting.edit(made.post.post_id, desk.tag("Bob"))
    with pytest.raises(InvalidInput, match="A link is missing"):
        desk.submitting.effect(made.post.post_id, f"{desk.tag('Ada')}:@Nobody")
    assert desk.forum.post(made.post.post_id).content.endswith("mended")


CHAINS = st.lists(st.sampled_from(["Ada", "Bob", "Carl"]), min_size=1, max_size=3).map(tuple)
STEPS = st.lists(
    st.one_of(st.lists(CHAINS, max_size=3), st.sampled_from(["run", "fail", "undo"])), max_size=8
)
NUMBERS = itertools.count()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_open_requests_are_always_what_the_text_asks_for(
    steps: list, tmp_path: Path, database_template: Path
) -> None:
    desk = Desk(tmp_path / f"{next(NUMBERS)}", database_template)
    try:
        made = posted(desk, "nothing yet")
        text, undo = "nothing yet", None
        for number, step in enumerate(steps):
            if step == "undo":
                if undo is not None:
                    desk.submitting.undo(undo)
                    text, undo = str(undo.before), None
            elif isinstance(step, str):
                if any(job.status == JobStatus.PENDING for job in desk.queue.jobs()):
                    desk.run() if step == "run" else desk.fail()
            else:
                text = f"{number} " + " ".join(desk.tag(*chain) for chain in step)
                said = desk.submitting.effect(made.post.post_id, text)
                edited = desk.submitting.edit(made.post.post_id, text)
                assert len(edited.jobs) == len(said.added)
                assert list(edited.cancelled) == [one.request_id for one in said.cancelled]
                undo = edited.undo
            agrees(desk, made.post.post_id, text)
        assert desk.workspace.database.check() == []
    finally:
        desk.workspace.close()


def agrees(desk: Desk, post_id: int, text: str) -> None:
    """Check each chain: one request for a link, open ones only of chains in the text, none missing."""
    from forllm_desktop.domain.tags import chain_key, chains

    wanted = {chain_key(chain): len(chain) for chain in chains(text)}
    made: dict[str, list] = {}
    for job in desk.queue.jobs():
        assert job.tagged_post_id == post_id
        made.setdefault(job.tag_chain or "", []).append(job)
    for key, jobs in made.items():
        assert sorted(job.tag_step for job in jobs) == list(range(len(key.split(":"))))
        if key not in wanted:
            assert not any(job.is_open for job in jobs)
        else:
            assert not any(job.status == JobStatus.CANCELLED for job in jobs)
    assert wanted.keys() <= made.keys()
