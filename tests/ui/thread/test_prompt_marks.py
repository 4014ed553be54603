"""What a post does in prompts: its rule by menu and key, its marks, and the way to what was sent."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.queue import JobStatus
from forllm_desktop.services.prompt_rules import PromptRuleService
from forllm_desktop.ui.thread.actions import Act, possible
from forllm_desktop.ui.thread.page import ThreadPage
from tests.builders import a_job
from tests.ui.thread.conftest import Topics
from tests.ui.thread.test_heads import head_block

Show = Callable[..., ThreadPage]
SHORTENED = {"prompt_shortened": True, "prompt_tokens": 1_020}


def offered(page: ThreadPage, key: int) -> set[Act]:
    entry = page._entry(key)
    assert entry is not None
    return set(possible(entry)) & {Act.PIN, Act.LEAVE_OUT, Act.AS_USUAL}


def test_a_post_offers_the_rules_that_it_does_not_have(topics: Topics, show: Show, qtbot: QtBot) -> None:
    page, post = show(), topics.question.post_id
    assert offered(page, post) == {Act.PIN, Act.LEAVE_OUT}
    rules = PromptRuleService(topics.database, topics.events)
    rules.set_rule([post], PromptRule.PINNED)
    qtbot.waitUntil(lambda: "pinned" in head_block(page, post).text())
    assert offered(page, post) == {Act.AS_USUAL, Act.LEAVE_OUT}
    assert "Pinned into prompts by hand." in page._about(page._entry(post))
    rules.set_rule([post], PromptRule.LEFT_OUT)
    qtbot.waitUntil(lambda: "left out" in head_block(page, post).text())
    rules.set_rule([post], PromptRule.AUTO)
    qtbot.waitUntil(lambda: "left out" not in head_block(page, post).text())


def test_keys_wish_for_rules(topics: Topics, show: Show, qtbot: QtBot) -> None:
    page = show()
    for key, rule in ((Qt.Key.Key_M, "left_out"), (Qt.Key.Key_I, "pinned")):
        with qtbot.waitSignal(page.rule_requested) as wished:
            QTest.keyClick(page._view, key)
        assert wished.args == [topics.question.post_id, rule]


def test_a_screen_reader_hears_the_rule(topics: Topics, show: Show) -> None:
    PromptRuleService(topics.database, topics.events).set_rule([topics.question.post_id], PromptRule.LEFT_OUT)
    page = show()
    said: list[str] = []
    page.announced.connect(said.append)
    page._walking.make_current(None)
    page._walking.step(1)
    assert any("left out of prompts" in words for words in said)


def test_a_shortened_prompt_is_marked_with_both_numbers(topics: Topics, show: Show, qtbot: QtBot) -> None:
    reply = topics.reply(topics.question, "Because.")
    whole = topics.reply(topics.question, "Because it is.")
    job = a_job(
        topics.database,
        topics.question,
        JobStatus.COMPLETE,
        reply_post_id=reply.post_id,
        metrics=SHORTENED,
        token_breakdown={"total": 3_400},
    )
    a_job(
        topics.database,
        topics.question,
        JobStatus.COMPLETE,
        reply_post_id=whole.post_id,
        metrics={"prompt_shortened": False, "prompt_tokens": 3_390},
    )
    page = show()
    assert "prompt was shortened" in head_block(page, reply.post_id).text()
    assert "shortened" not in head_block(page, whole.post_id).text()
    assert "it read 1,020 of about 3,400 tokens" in page._about(page._entry(reply.post_id))
    with qtbot.waitSignal(page.prompt_requested) as wished:
        page._acting.follow_link(reply.post_id, "act:prompt")
    assert wished.args == [job.request_id]


def test_the_mark_has_room_on_a_narrow_page(topics: Topics, show: Show) -> None:
    reply = topics.reply(topics.question, "Because.", llm_model_id="x" * 80, prompt_rule="pinned")
    a_job(
        topics.database, topics.question, JobStatus.COMPLETE, reply_post_id=reply.post_id, metrics=SHORTENED
    )
    page = show(width=420)
    block = head_block(page, reply.post_id)
    assert "shortened" in block.text()
    assert block.layout().lineCount() == 1


def test_what_was_sent_is_asked_for_of_replies_and_of_requests(
    topics: Topics, show: Show, qtbot: QtBot
) -> None:
    reply = topics.reply(topics.question, "Because.")
    done = a_job(topics.database, topics.question, JobStatus.COMPLETE, reply_post_id=reply.post_id)
    waiting = a_job(topics.database, topics.question)
    failed = a_job(topics.database, topics.question, JobStatus.ERROR, error_title="No")
    page = show()
    for key, job in (
        (reply.post_id, done),
        (-waiting.request_id, waiting),
        (-failed.request_id, failed),
    ):
        with qtbot.waitSignal(page.prompt_requested) as wished:
            page._acting.act(key, Act.SENT)
        assert wished.args == [job.request_id]
    page._walking.make_current(reply.post_id)
    with qtbot.waitSignal(page.prompt_requested):
        QTest.keyClick(page._view, Qt.Key.Key_W)
