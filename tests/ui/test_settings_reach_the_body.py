"""Every setting of what is sent, flipped in the real form, changes the body that the server receives."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.queue import JobStatus, Wish
from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import file_tag_text
from forllm_desktop.llm.backend import ModelInfo
from forllm_desktop.services import model_files
from forllm_desktop.services import models as models_module
from forllm_desktop.services.context import NAMES, OPTIONS
from forllm_desktop.services.workspace import Workspace, open_workspace
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.editor.writing_form import WritingForm
from forllm_desktop.ui.pages.settings import SettingsPage
from forllm_desktop.ui.pages.subforum import SubforumPage
from forllm_desktop.ui.widgets.settings_form import options_of
from forllm_desktop.ui.window_watch import WindowWatch
from forllm_desktop.worker.assembly import make_queue_loop
from tests.builders import FixedClock
from tests.fakes import FakeOllama
from tests.ui.gui_loop import Run, run, until

__all__ = ["run"]

pytestmark = pytest.mark.usefixtures("started_look")

MODEL = "llama3.2:latest"
FILLER = "and so it went on for a good while, as everybody there could see. "
DEPTH, BRANCHES, IN_BRANCH, TOPICS = 8, 2, 4, 3


class World:
    """A deep thread with branches beside it, other topics, a folder with a note, a server and the window."""

    def __init__(
        self, workspace: Workspace, clock: FixedClock, fake: FakeOllama, qtbot: QtBot, folder: Path
    ) -> None:
        self.ws, self.clock, self.fake, self.qtbot = workspace, clock, fake, qtbot
        self.choice = workspace.models.choose(MODEL, fake.url)
        forum = workspace.forum
        self.place = forum.create_subforum("Physics").subforum_id
        for number in range(TOPICS):
            forum.create_topic(self.place, f"Other {number}", f"OTHER-{number}- {FILLER}")
        self.topic, first = forum.create_topic(self.place, "Why?", f"THREAD-0- {FILLER * 8}")
        self.last = first.post_id
        for depth in range(1, DEPTH):
            parent = self.last
            self.last = self._add(f"THREAD-{depth}- {FILLER * 8}", parent)
            for branch in range(BRANCHES if depth < 3 else 0):
                above = parent
                for number in range(IN_BRANCH):
                    above = self._add(f"BRANCH-{depth}.{branch}.{number}- {FILLER * 8}", above)
        folder.mkdir()
        self.note = folder / "note.md"
        self.note.write_text("FILE-0- " + FILLER * 20)
        self.folder = workspace.files.add_folder(str(folder)).folder_id
        self.settings = SettingsPage(workspace)
        self.subforum = SubforumPage(self.place, workspace)
        for page in (self.settings, self.subforum):
            qtbot.addWidget(page)
            page.resize(1000, 900)
            page.show()

    def _add(self, text: str, parent: int) -> int:
        return self.ws.forum.add_post(self.topic.topic_id, text, parent).post_id

    # -- flipping

    def flip(self, section: str, label: str, typed: str) -> None:
        """Type a value into the form of the settings."""
        self.settings.show_section(section)
        self.type_into(named(self.settings, label), typed)

    def flip_here(self, label: str, typed: str) -> None:
        """Type a value into the page of the subforum."""
        self.subforum._context._fold.open()
        self.type_into(named(self.subforum, label), typed)

    def type_into(self, line: QLineEdit | QPlainTextEdit, typed: str) -> None:
        line.window().activateWindow()
        self.qtbot.waitUntil(line.window().isActiveWindow)
        line.setFocus()
        line.selectAll()
        self.qtbot.keyClick(line, Qt.Key.Key_Delete)
        self.qtbot.keyClicks(line, typed)
        is_one = isinstance(line, QLineEdit)
        self.qtbot.keyClick(line, Qt.Key.Key_Return if is_one else Qt.Key.Key_Tab)

    # -- asking

    def body(self, text: str = "QUESTION", files: tuple[AttachedFile, ...] = ()) -> dict[str, Any]:
        """Post below the thread, let the real worker send it, and return what the server received."""
        new = NewPost(self.place, self.topic.topic_id, "", self.last, text, files, Wish(self.choice))
        done = self.ws.submitting.submit(new)
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(asyncio.wait_for(make_queue_loop(self.ws).drain(), 20))
        job = self.ws.queue.job(done.jobs[0].request_id)
        assert job.status == JobStatus.COMPLETE, job.error_message
        # Neither the question nor its reply may be background of the next one.
        self.ws.forum.delete_post(job.reply_post_id or 0)
        self.ws.forum.delete_post(done.post.post_id)
        return self.fake.chats[-1].body

    def tagging_body(self) -> dict[str, Any]:
        """Return the body of a post that tags the note, and of one that does not where that is refused."""
        try:
            return self.body(f"QUESTION about {file_tag_text(self.folder, 'note.md')}")
        except InvalidInput:
            return self.body()

    def attaching_body(self) -> dict[str, Any]:
        """Return the body of a post with the note attached, and of one without where that is refused."""
        try:
            return self.body(files=(self.ws.attachments.add_path(str(self.note)),))
        except InvalidInput:
            return self.body()


def named(page: QWidget, label: str) -> QLineEdit | QPlainTextEdit:
    fields = [*page.findChildren(QLineEdit), *page.findChildren(QPlainTextEdit)]
    return next(field for field in fields if field.accessibleName() == label)


@pytest.fixture
def world(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    database_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    monkeypatch.setattr(model_files, "find_gguf_files", list)
    monkeypatch.setattr(models_module, "WELL_KNOWN_PORTS", {})
    workspace = open_workspace(tmp_path, clock=(clock := FixedClock()))
    with FakeOllama() as fake:
        yield World(workspace, clock, fake, qtbot, tmp_path_factory.mktemp("files") / "notes")
    workspace.close()


# -- what is looked at in a body


def count(body: dict[str, Any], marker: str) -> int:
    """Return how many posts or files of a kind are in a body."""
    return sum(f"{marker}-{rest}" in said(body) for rest in _NUMBERS)


_NUMBERS = [*(f"{n}-" for n in range(DEPTH)), *(
    f"{depth}.{branch}.{number}-"
    for depth in range(DEPTH) for branch in range(BRANCHES) for number in range(IN_BRANCH)
)]  # fmt: skip


def window_of(body: dict[str, Any]) -> int:
    return body["options"]["num_ctx"]


@dataclass(frozen=True)
class Flip:
    """What is typed, what is looked at, and what it is before and after; `given` is set beforehand.

    `ask` sends the post that shows it.
    """

    typed: str
    look: Callable[[dict[str, Any]], int]
    is_right: Callable[[int, int], bool]
    given: dict[str, Any] = field(default_factory=dict)
    ask: Callable[[World], dict[str, Any]] = World.body


NARROW = {"context_window": 2048, "answer_tokens": 256}
"""A window in which the thread has no room as a whole."""

IN_SUBFORUMS: dict[str, Flip] = {
    "answer_tokens": Flip("1000", lambda b: count(b, "THREAD"), lambda was, now: now < was, NARROW),
    "ambient_share": Flip("90", lambda b: count(b, "BRANCH"), lambda was, now: now > was > 0, NARROW),
    "ambient_posts_per_branch": Flip(
        "1", lambda b: count(b, "BRANCH"), lambda was, now: (was, now) == (8, 4)
    ),
    "ambient_posts": Flip("3", lambda b: count(b, "BRANCH"), lambda was, now: (was, now) == (8, 3)),
    "ambient_topics": Flip("2", lambda b: count(b, "OTHER"), lambda was, now: (was, now) == (0, 2)),
}
"""What a subforum can set too."""

CONTEXT: dict[str, Flip] = {
    "context_window": Flip("2048", window_of, lambda was, now: was >= 4096 and now == 2048),
    **IN_SUBFORUMS,
}

FILES: dict[str, Flip] = {
    "file_tokens": Flip(
        "100", lambda b: count(b, "FILE"), lambda was, now: (was, now) == (1, 0), ask=World.attaching_body
    ),
    "files_allow": Flip(
        "*.txt", lambda b: count(b, "FILE"), lambda was, now: (was, now) == (1, 0), ask=World.tagging_body
    ),
    "files_block": Flip(
        "note.*", lambda b: count(b, "FILE"), lambda was, now: (was, now) == (1, 0), ask=World.tagging_body
    ),
}

ELSEWHERE = {
    "facts_hours": "test_the_server_is_asked_again_when_what_it_said_is_too_old",
    "paste_tokens": "test_a_pasted_text_is_offered_as_a_file_from_a_length_on",
}
"""What changes a body by way of something else, with the test that shows it."""


def test_every_option_of_both_sections_is_flipped() -> None:
    context = {option.name for option in options_of("Context")}
    files = {option.name for option in options_of("Files")}
    assert context | files == CONTEXT.keys() | FILES.keys() | ELSEWHERE.keys()
    assert set(NAMES) == IN_SUBFORUMS.keys()
    assert all(name in globals() for name in ELSEWHERE.values())


@pytest.mark.parametrize(
    ("section", "name"), [*(("Context", name) for name in CONTEXT), *(("Files", name) for name in FILES)]
)
def test_a_setting_changes_what_the_server_receives(world: World, section: str, name: str) -> None:
    flip = CONTEXT.get(name) or FILES[name]
    world.ws.settings.change(**flip.given)
    before = flip.look(flip.ask(world))
    label = next(option.metadata["label"] for option in options_of(section) if option.name == name)
    world.flip(section, label, flip.typed)
    assert str(getattr(world.ws.settings.current(), name)) == flip.typed
    after = flip.look(flip.ask(world))
    assert flip.is_right(before, after), (before, after)


@pytest.mark.parametrize("name", IN_SUBFORUMS)
def test_a_value_of_the_subforum_changes_what_the_server_receives(world: World, name: str) -> None:
    flip = IN_SUBFORUMS[name]
    world.ws.settings.change(**flip.given)
    before = flip.look(flip.ask(world))
    world.flip_here(OPTIONS[name].metadata["label"], flip.typed)
    assert world.ws.context.own(world.place) == {name: int(flip.typed)}
    after = flip.look(flip.ask(world))
    assert flip.is_right(before, after), (before, after)
    world.flip_here(OPTIONS[name].metadata["label"], "")
    assert flip.look(flip.ask(world)) == before, "empty, it is as in the settings again"


def test_a_window_of_the_model_changes_what_the_server_receives(world: World) -> None:
    before = window_of(world.body())
    world.settings.show_section("Servers")
    row = world.settings._windows._rows[world.choice]
    world.type_into(row._number._line, "2048")
    assert before >= 4096
    assert window_of(world.body()) == 2048
    world.type_into(row._number._line, "")
    world.ws.settings.change(context_window=1024, answer_tokens=64)
    assert window_of(world.body()) == 1024


def test_the_server_is_asked_again_when_what_it_said_is_too_old(world: World, run: Run) -> None:
    windows, choice = world.ws.windows, world.choice
    windows.note(choice, ModelInfo(MODEL, ctx_trained=131072))
    world.fake.models[MODEL]["ctx"] = 1024
    world.clock.advance(7200)
    assert windows.is_fresh(choice), "for 24 hours"
    label = next(option.metadata["label"] for option in options_of("Context") if option.name == "facts_hours")
    world.flip("Context", label, "1")

    async def story() -> None:
        WindowWatch(world.ws, world.settings).look()
        await until(lambda: windows.window(choice) == 1024)

    run(story())
    assert world.fake.chats == []
    world.ws.settings.change(answer_tokens=64)
    assert window_of(world.body()) == 1024


def test_a_pasted_text_is_offered_as_a_file_from_a_length_on(world: World) -> None:
    composer = Composer(world.ws)
    world.qtbot.addWidget(composer)
    composer.show()
    composer.write_in(world.topic.topic_id, world.last)
    form, text = composer._form, f"PASTED {FILLER * 100}"
    paste(world, form, text)
    world.qtbot.waitUntil(form.paste_offer.isVisible)
    world.qtbot.mouseClick(form.paste_offer._attach, Qt.MouseButton.LeftButton)
    world.qtbot.waitUntil(lambda: len(form.files.files) == 1)
    assert "File “Pasted text.txt”" in said(world.body(files=form.files.files))
    label = next(option.metadata["label"] for option in options_of("Files") if option.name == "paste_tokens")
    for typed in ("50000", "0"):
        world.flip("Files", label, typed)
        composer.write_in(world.topic.topic_id)
        form.text.clear()
        paste(world, form, text)
        assert not form.paste_offer.isVisible(), typed
        assert "Pasted text" not in said(world.body(form.text.toPlainText()))
    composer.stop()


def paste(world: World, form: WritingForm, text: str) -> None:
    QApplication.clipboard().setText(text)
    form.text.setFocus()
    world.qtbot.keyClick(form.text, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    world.qtbot.waitUntil(lambda: not form.paste_offer._measuring.is_busy)


def said(body: dict[str, Any]) -> str:
    return " ".join(message["content"] for message in body["messages"])
