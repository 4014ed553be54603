"""A page that opens while the worker goes on: nothing that happens in between is missed."""

import threading
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from forllm_desktop.services.queue import Wish
from forllm_desktop.ui.thread.page import ThreadPage
from tests.builders import a_wish
from tests.ui.thread.conftest import Topics


def test_a_reply_that_begins_while_its_page_opens_is_shown(
    topics: Topics, show: Callable[..., ThreadPage], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish: Wish = a_wish(topics.database)
    job = topics.queue.ask_about(topics.question.post_id, wish)
    read = topics.forum.thread

    def read_and_be_overtaken(topic_id: int) -> object:
        posts = read(topic_id)
        worker = threading.Thread(target=topics.queue.claim)
        worker.start()
        worker.join()
        return posts

    monkeypatch.setattr(topics.forum, "thread", read_and_be_overtaken)
    page = show()
    reply = topics.queue.job(job.request_id).reply_post_id
    qtbot.waitUntil(lambda: reply in page._source.thread.by_key, timeout=2_000)
    assert "Assistant v1" in page._view.document().toPlainText()
