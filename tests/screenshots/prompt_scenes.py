"""The screens that show prompts: the page, the drawers, the details in the queue, marks of posts."""

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.xray import LeftOut, Reason, Xray
from forllm_desktop.ui.pages.prompt import PromptPage
from forllm_desktop.ui.pages.queue import QueuePage
from forllm_desktop.ui.pages.topic import TopicPage
from forllm_desktop.ui.thread.page import ThreadPage
from forllm_desktop.ui.xray.drawer import PromptDrawer
from forllm_desktop.ui.xray.view import XrayView
from tests.screenshots import texts
from tests.screenshots.content import Filled
from tests.screenshots.scenes import scene
from tests.screenshots.stage import Stage
from tests.ui.xray.support import a_part, an_xray

SHORTENED = {
    "prompt_tokens": 1_020,
    "prompt_shortened": True,
    "expected_tokens": 3_412,
    "prompt_seconds": 31.0,
}


def _xray(**fields) -> Xray:
    """Return a prompt of every source, as a real one would be."""
    return an_xray(
        a_part(texts.ADA_DRAFT, "persona", "system", "Ada", tokens=268),
        a_part("From other threads here.\nSkeptic: " + texts.SHORT[0], "other", label="Skeptic", tokens=610),
        a_part("Jonas: " + texts.QUESTION, tokens=388, post_id=1, is_pinned=True),
        a_part(texts.CODE, role="assistant", label="Ada", tokens=1_314, post_id=2),
        a_part("Feynman: " + texts.SHORT[1], label="Feynman", tokens=420, post_id=3),
        a_part("mass 80 g, radius 25 mm, tip at 30 mm", "files", label="notes/top.md", tokens=212),
        a_part("Jonas: And if I spin it half as fast? A small table, please.", "post", tokens=53, post_id=4),
        left_out=(
            LeftOut("thread", "Jonas", 812, Reason.NO_ROOM, 5),
            LeftOut("thread", "Ada", 1_120, Reason.NO_ROOM, 6),
            LeftOut("thread", "Captain Hale", 96, Reason.BY_HAND, 7),
            LeftOut("thread", "Feynman", 40, Reason.INCOMPLETE, 8),
            LeftOut("other", "Skeptic", 233, Reason.LIMIT, 9),
        ),
        **fields,
    )  # fmt: skip


def _page(stage: Stage, filled: Filled, xray: Xray, before: Xray | None = None) -> XrayView:
    """Show the page of a prompt with this X-ray in it."""
    stage.desk.show_page(f"prompt:{filled.failed_request}")
    page = stage.current(PromptPage)
    stage.settle(lambda: not page.is_busy)
    view = page.findChild(XrayView)
    view.set_title("Prompt as sent" if xray.is_sent else "Prompt as it would be sent")
    view.show_xray(xray, before)
    stage.settle(lambda: not view.is_busy)
    return view


@scene()
def prompt_page(stage: Stage, filled: Filled) -> None:
    view = _page(stage, filled, _xray(error=0.08))
    view._list.open_section("left out")
    view._list.open(3)
    stage.settle(lambda: not view.is_busy)


@scene()
def prompt_page_search(stage: Stage, filled: Filled) -> None:
    view = _page(stage, filled, _xray(error=0.08))
    view.find()
    QTest.keyClicks(stage.find(QLineEdit, "Find in the prompt"), "the")
    stage.settle(lambda: not view.is_busy)
    for _ in range(3):
        view._find.step(1)
    stage.settle(lambda: not view.is_busy)


@scene()
def prompt_page_changes(stage: Stage, filled: Filled) -> None:
    now = _xray(is_sent=True, is_exact=True, reported=3_265)
    older = replace(now.parts[4], text=now.parts[4].text.replace("the", "a"))
    gone = a_part("Skeptic: So it is only a figure of speech?", label="Skeptic", post_id=77)
    before = an_xray(*now.parts[:4], older, gone, replace(now.parts[6], text="Jonas: Why?", post_id=66))
    view = _page(stage, filled, now, before)
    view._list.open_section("changes")
    changed = next(at for at, row in enumerate(view.rows) if row.role == "changed")
    view._list.open(changed)
    stage.settle(lambda: not view.is_busy)


@scene()
def prompt_page_shortened(stage: Stage, filled: Filled) -> None:
    _page(stage, filled, _xray(is_sent=True, reported=1_020, is_shortened=True, error=0.08))


@scene()
def prompt_page_too_long(stage: Stage, filled: Filled) -> None:
    _page(stage, filled, _xray(window=4_096, answer=1_024, error=0.08))


@scene()
def prompt_page_row_menu(stage: Stage, filled: Filled) -> None:
    view = _page(stage, filled, _xray(error=0.08))
    view._pop_up(2, stage.window.mapToGlobal(QPoint(380, 330)))


@scene()
def prompt_page_nothing_sent(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page(f"prompt:{filled.failed_request}")
    page = stage.current(PromptPage)
    stage.settle(lambda: not page.is_busy)


@scene()
def prompt_of_a_waiting_request(stage: Stage, filled: Filled) -> None:
    stage.desk.show_page(f"prompt:{filled.parked_request}")
    page = stage.current(PromptPage)
    stage.settle(lambda: not page.is_busy)


def _details(stage: Stage, request_id: int) -> QueuePage:
    stage.desk.show_page("queue")
    page = stage.current(QueuePage)
    stage.settle()
    page.show_request(request_id)
    page.open_details()
    stage.settle(lambda: not page.details.is_busy)
    return page


@scene()
def queue_details_failed(stage: Stage, filled: Filled) -> None:
    page = _details(stage, filled.failed_request)
    page.details._xray.view.show_xray(_xray(is_sent=True, reported=2_207))
    stage.settle(lambda: not page.details.is_busy)


@scene()
def queue_details_failed_below(stage: Stage, filled: Filled) -> None:
    page = _details(stage, filled.failed_request)
    page.details._xray.view.show_xray(_xray(is_sent=True, reported=2_207))
    stage.settle(lambda: not page.details.is_busy)
    bar = page.details._scroll.verticalScrollBar()
    bar.setValue(bar.maximum())


@scene()
def queue_details_parked(stage: Stage, filled: Filled) -> None:
    _details(stage, filled.parked_request)


@scene()
def queue_details_running(stage: Stage, filled: Filled) -> None:
    request = next(
        row.job.request_id for row in stage.workspace.queue.table() if row.job.status == "processing"
    )
    _details(stage, request)


@scene()
def narrow_queue_details(stage: Stage, filled: Filled) -> None:
    stage.window.resize(480, 700)
    page = _details(stage, filled.failed_request)
    page.details._xray.view.show_xray(_xray(is_sent=True, reported=2_207))
    stage.settle(lambda: not page.details.is_busy)


@scene()
def smallest_prompt_page(stage: Stage, filled: Filled) -> None:
    stage.window.resize(480, 600)
    _page(stage, filled, _xray(is_sent=True, reported=1_020, is_shortened=True, error=0.08))


@scene()
def topic_prompt_marks(stage: Stage, filled: Filled) -> None:
    """Runs late: it changes what the data folder holds."""
    ws = stage.workspace
    posts = [entry.post.post_id for entry in ws.forum.thread(filled.main_topic)]
    ws.prompt_rules.set_rule(posts[:1], PromptRule.PINNED)
    ws.prompt_rules.set_rule(posts[2:3], PromptRule.LEFT_OUT)
    with ws.database.write() as session:
        job = next(j for j in ws.queue.requests_of_topic(filled.main_topic) if j.reply_post_id == posts[1])
        stored = session.get_one(Job, job.request_id)
        stored.metrics, stored.token_breakdown = SHORTENED, {"total": 3_412}
    stage.read(filled.main_topic, posts[0])
    stage.settle()


@scene()
def topic_prompt_drawer(stage: Stage, filled: Filled) -> None:
    page = stage.read(filled.main_topic)
    assert isinstance(page, TopicPage)
    drawer = PromptDrawer(stage.workspace.prompts, lambda: None, page.findChild(ThreadPage))
    drawer.open_drawer()
    drawer.view.show_xray(_xray(error=0.08))
    stage.settle(lambda: not drawer.is_busy)
    drawer.view._list.setFocus(Qt.FocusReason.TabFocusReason)
