"""Tags on the thread page: links to personas with a ground of their own; and chains that are blocked."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.forum import Post, checked_name
from forllm_desktop.domain.queue import Job, JobStatus
from forllm_desktop.domain.tags import file_tag_text, persona_tag_text, plain, spans
from forllm_desktop.ui.thread.actions import Act, labelled, possible
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.markdown import blocks_of
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.thread.specs import Run, Style
from forllm_desktop.ui.thread.typeset import IS_TAG
from tests.builders import a_server, a_wish
from tests.ui.thread.conftest import Topics

Show = Callable[..., ThreadPage]


def runs(text: str) -> list[Run]:
    return [
        run
        for block in blocks_of(text)
        for run in (*block.runs, *(r for row in block.rows for c in row for r in c))
    ]


def tags(text: str) -> list[Run]:
    return [run for run in runs(text) if Style.TAG in run.style]


def test_a_tag_is_one_run_that_leads_to_its_persona() -> None:
    assert runs("Ask [@Ada](persona:12):[@Bob](persona:7), *now*") == [
        Run("Ask "),
        Run("@Ada", Style.TAG, "persona:12"),
        Run(":"),
        Run("@Bob", Style.TAG, "persona:7"),
        Run(", "),
        Run("now", Style.ITALIC),
    ]
    assert tags("hi![@Ada](persona:12)") == [Run("@Ada", Style.TAG, "persona:12")]
    assert tags("| a |\n|--|\n| [@A\\|B](persona:12) |") == [Run("@A|B", Style.TAG, "persona:12")]
    assert tags("[#a b.md](folder:3/a%20b.md)") == [Run("#a b.md", Style.TAG, "folder:3/a%20b.md")]


@pytest.mark.parametrize(
    "text",
    [
        "`[@Ada](persona:1)`",
        "```\n[@Ada](persona:1)\n```",
        "[Ada](persona:1)",
        "[@Ada](persona:x)",
        "[@](persona:1)",
    ],
)
def test_code_and_other_links_are_no_tags(text: str) -> None:
    assert tags(text) == []


@given(
    st.text(st.one_of(st.characters(), st.sampled_from("[]()\\`*_:@#\"'<>&|~! ")), min_size=1, max_size=60)
)
def test_any_name_is_shown_as_it_is(typed: str) -> None:
    try:
        name = checked_name(typed, "persona")
    except InvalidInput:
        return
    text = f"a {persona_tag_text(12, name)} b"
    (tag,) = tags(text)
    assert tag.text == f"@{name}"
    assert plain(text) == f"a @{name} b"


PIECES = ["[@A](persona:1)", "[@B](persona:2)", "`", "``", "```", "\n", "\n\n", "- ", " ", "x", "\\", "~~~"]


def test_what_is_shown_as_a_tag_is_what_asks() -> None:
    chance = random.Random(7)
    for _ in range(3_000):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(2, 9)))
        asking = "".join(span.tag.words for span in spans(text))
        assert "".join(run.text for run in tags(text)) == asking, text


def anchor_at(page: ThreadPage, words: str) -> QPoint:
    view = page._view
    return view.cursorRect(view.document().find(words)).center() - QPoint(10, 0)


def test_a_click_and_enter_open_the_persona(topics: Topics, show: Show, qtbot: QtBot) -> None:
    ada = topics.ada.persona_id
    topics.reply(topics.question, f"Ask {persona_tag_text(ada, 'Ada')} too")
    page = show()
    with qtbot.waitSignal(page.persona_requested) as opened:
        qtbot.mouseClick(page._view.viewport(), Qt.MouseButton.LeftButton, pos=anchor_at(page, "@Ada"))
    assert opened.args == [ada, 0]
    focused: list[str] = []
    for _ in range(6):
        qtbot.keyClick(page._view, Qt.Key.Key_Tab)
        focused.append(page._view.focused_link())
        if focused[-1] == f"persona:{ada}":
            break
    with qtbot.waitSignal(page.persona_requested) as opened:
        page._walk("enter")
    assert opened.args == [ada, 0]
    at = QPointF(anchor_at(page, "@Ada")) + QPointF(0, page._view.offset)
    assert page._view._tip_at(at) == "Open Ada"


def test_a_deleted_persona_is_struck_out_and_says_so(topics: Topics, show: Show, qtbot: QtBot) -> None:
    bob = topics.personas.create("Bob", "You are Bob.").persona_id
    topics.forum.edit_post(topics.question.post_id, f"Ask {persona_tag_text(bob, 'Bob')} too")
    page = show()

    def form() -> object:
        return page._view.document().find("@Bob").charFormat()

    assert form().property(IS_TAG)  # type: ignore[attr-defined]
    topics.personas.delete(bob)
    qtbot.waitUntil(lambda: form().fontStrikeOut())  # type: ignore[attr-defined]
    assert not form().property(IS_TAG)  # type: ignore[attr-defined]
    at = QPointF(anchor_at(page, "@Bob")) + QPointF(0, page._view.offset)
    assert page._view._tip_at(at) == "This persona is deleted"
    with qtbot.waitSignal(page.failed) as failed:
        qtbot.mouseClick(page._view.viewport(), Qt.MouseButton.LeftButton, pos=anchor_at(page, "@Bob"))
    assert "“Bob” is deleted" in failed.args[0].title


def test_copies_name_tags_as_they_are_shown(topics: Topics, show: Show) -> None:
    topics.forum.edit_post(
        topics.question.post_id, f"Ask {persona_tag_text(2, 'A [1]')} of {file_tag_text(3, 'a/b c.md')}"
    )
    page = show()
    page._acting.act(topics.question.post_id, Act.COPY)
    assert QGuiApplication.clipboard().text() == "Ask @A [1] of #b c.md"


def chained(topics: Topics) -> list[Job]:
    """Return three requests in a chain about the first post, the first one failed."""
    a_server(topics.database)
    wish = a_wish(topics.database)
    post = topics.question.post_id
    jobs = [topics.queue.ask_about(post, wish)]
    for _ in range(2):
        jobs.append(topics.queue.ask_about(post, wish, after=jobs[-1].request_id))
    claim = topics.queue.claim()
    assert claim is not None
    topics.queue.fail(claim.job.request_id, "stream_broken", ForllmError("The reply broke off", "Try again."))
    return jobs


def entry_of(page: ThreadPage, job: Job) -> Entry:
    return page._source.thread.by_key[-job.request_id]


@pytest.mark.parametrize("from_blocked", [False, True])
def test_a_failed_link_offers_to_skip_it_and_what_waits_is_blocked(
    topics: Topics, show: Show, qtbot: QtBot, from_blocked: bool
) -> None:
    first, second, third = chained(topics)
    page = show()
    assert possible(entry_of(page, first))[:2] == [Act.RETRY, Act.SKIP]
    assert possible(entry_of(page, second))[:3] == [Act.RETRY, Act.SKIP, Act.CANCEL]
    assert labelled(entry_of(page, third), is_marked=False) == [Act.RETRY, Act.SKIP, Act.CANCEL]
    text = page._view.document().toPlainText()
    assert text.count("Blocked: the reply before it failed.") == 2
    assert text.count("blocked") == 2
    assert [page._source.thread.by_key[-job.request_id].depth for job in (first, second, third)] == [1, 2, 3]
    page._acting.act(-(second if from_blocked else first).request_id, Act.SKIP)
    qtbot.waitUntil(lambda: "Blocked" not in page._view.document().toPlainText())
    assert [topics.queue.job(job.request_id).status for job in (first, second, third)] == [
        JobStatus.ERROR,
        JobStatus.PENDING,
        JobStatus.PENDING_DEPENDENCY,
    ]


def test_trying_again_from_a_blocked_answer_releases_it(topics: Topics, show: Show, qtbot: QtBot) -> None:
    first, second, _third = chained(topics)
    page = show()
    page._acting.act(-second.request_id, Act.RETRY)
    qtbot.waitUntil(lambda: "Blocked" not in page._view.document().toPlainText())
    assert topics.queue.job(first.request_id).status == JobStatus.PENDING


def test_what_merely_waits_is_not_blocked(topics: Topics, show: Show) -> None:
    post: Post = topics.question
    wish = a_wish(topics.database)
    first = topics.queue.ask_about(post.post_id, wish)
    second = topics.queue.ask_about(post.post_id, wish, after=first.request_id)
    page = show()
    assert entry_of(page, second).blocked_by is None
    assert Act.SKIP not in possible(entry_of(page, second))
    assert "Waits for another reply." in page._view.document().toPlainText()
