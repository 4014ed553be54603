"""What nothing needs goes away in small steps, and nothing else ever does."""

import itertools
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from forllm_desktop.domain.files import StoredFile
from forllm_desktop.domain.forum import Post
from forllm_desktop.events import Events
from forllm_desktop.services import attachments as module
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.services.drafts import DraftService
from forllm_desktop.services.files import FilesService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.storage.database import open_database
from tests.builders import FixedClock, a_topic


@pytest.fixture
def start(database, events, clock, tmp_path):
    """Return what makes the service anew, as a start of the app does."""

    def start():
        clock.advance()
        return AttachmentService(database, FilesService(database, events, tmp_path), clock)

    return start


def stored(database):
    with database.read() as session:
        return {file.digest for file in session.query(StoredFile)}


def all_cleaned(attachments):
    steps = []
    while removed := attachments.clean():
        steps.append(removed)
    return steps


def test_what_was_given_up_is_gone_after_the_next_start(database, start):
    start().add_text("a.txt", "a")
    assert all_cleaned(start()) == [1]
    assert stored(database) == set()


def test_what_was_added_since_the_start_stays(database, start):
    attachments = start()
    file = attachments.add_text("a.txt", "a")
    assert all_cleaned(attachments) == []
    later = start()
    assert later.add_text("other name.txt", "a").digest == file.digest
    assert all_cleaned(later) == []


def test_what_a_draft_or_a_post_has_stays(database, start, forum):
    attachments, drafts = start(), DraftService(database)
    of_draft, of_post = attachments.add_text("a.txt", "a"), attachments.add_text("b.txt", "b")
    _, post = a_topic(forum)
    drafts.save("topic:1", "", files=[of_draft])
    with database.write() as session:
        attachments.attach(session, session.get_one(Post, post.post_id), [of_post])
    forum.delete_post(post.post_id)
    assert all_cleaned(start()) == []
    drafts.discard("topic:1")
    assert all_cleaned(start()) == [1]
    assert stored(database) == {of_post.digest}


def test_what_a_composer_took_from_a_draft_stays_for_its_undo(database, start):
    drafts = DraftService(database)
    drafts.save("topic:1", "text", files=[start().add_text("a.txt", "a")])
    attachments = start()
    attachments.hold(drafts.files("topic:1"))
    drafts.save("topic:1", "text")
    assert all_cleaned(attachments) == []


def test_each_step_is_small(start, monkeypatch):
    monkeypatch.setattr(module, "CLEANED_AT_ONCE", 3)
    monkeypatch.setattr(module, "CLEANED_BYTES", 25)
    attachments = start()
    for number in range(5):
        attachments.add_text("a.txt", f"{number}")
    attachments.add_text("large.txt", "x" * 30)
    assert all_cleaned(start()) == [3, 2, 1]


class Files(RuleBasedStateMachine):
    """Random lives of files, with starts of the app and cleaning in between."""

    template: Path
    folder: Path
    numbers = itertools.count()

    @initialize()
    def begin(self):
        path = shutil.copy(self.template, self.folder / f"{next(self.numbers)}.db")
        self.database = open_database(Path(path))
        self.events, self.clock = Events(), FixedClock()
        self.forum = ForumService(self.database, self.events, self.clock)
        self.drafts = DraftService(self.database, self.clock)
        self.topic, first = a_topic(self.forum)
        self.posts = {first.post_id: []}
        self.undos = {}
        self.start()

    @rule()
    def start(self):
        """Start again: the composer shows what the draft of its place has."""
        self.clock.advance()
        files = FilesService(self.database, self.events, self.folder)
        self.attachments = AttachmentService(self.database, files, self.clock)
        self.composer = list(self.drafts.files("topic:1"))
        self.attachments.hold(self.composer)
        self.undone = []

    @rule(text=st.sampled_from("abcdef"), name=st.sampled_from(["one.txt", "two.txt"]))
    def add(self, text, name):
        self.composer.append(self.attachments.add_text(name, text))

    @rule()
    def take_out(self):
        if self.composer:
            self.undone.append(self.composer.pop())

    @rule()
    def put_back(self):
        if self.undone:
            self.composer.append(self.undone.pop())

    @rule()
    def save(self):
        self.drafts.save("topic:1", "", files=self.composer)

    @rule()
    def post(self):
        post = self.forum.add_post(self.topic.topic_id, "Look")
        self.give(post.post_id)
        self.composer = []
        self.drafts.discard("topic:1")

    @rule(data=st.data())
    def edit(self, data):
        self.give(data.draw(st.sampled_from(sorted(self.posts))))

    @rule(data=st.data())
    def delete(self, data):
        left = sorted(set(self.posts) - set(self.undos))
        if left:
            post_id = data.draw(st.sampled_from(left))
            self.undos[post_id] = self.forum.delete_post(post_id)

    @rule()
    def undo(self):
        if self.undos:
            self.forum.undo(self.undos.popitem()[1])

    @rule()
    def clean(self):
        self.attachments.clean()

    def give(self, post_id):
        with self.database.write() as session:
            self.attachments.attach(session, session.get_one(Post, post_id), self.composer)
        self.posts[post_id] = list(self.composer)

    @invariant()
    def nothing_needed_is_missing(self):
        if not hasattr(self, "posts"):
            return
        needed = [*self.composer, *self.undone, *self.drafts.files("topic:1")]
        found = self.attachments.of_posts(self.posts)
        for post_id, files in self.posts.items():
            assert found.get(post_id, []) == files
            needed += files
        assert {file.digest for file in needed} <= stored(self.database)

    def teardown(self):
        if hasattr(self, "posts"):
            self.start()
            all_cleaned(self.attachments)
            needed = {file.digest for files in self.posts.values() for file in files}
            assert stored(self.database) == needed | {file.digest for file in self.composer}
            self.database.close()


def test_no_sequence_of_steps_loses_what_is_needed_or_keeps_what_is_not(database_template, tmp_path):
    machine = type("Machine", (Files,), {"template": database_template, "folder": tmp_path})
    options = examples(
        max_examples=20,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(machine, settings=options)
