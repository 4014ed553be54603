"""Posts are left out of prompts or pinned into them by hand, and that is taken back."""

import pytest

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.prompt_rules import PromptRuleService
from forllm_desktop.storage.database import Database
from tests.builders import a_chain, a_topic
from tests.recorder import Recorder


@pytest.fixture
def rules(database: Database, events: Events) -> PromptRuleService:
    return PromptRuleService(database, events)


def rule_of(forum: ForumService, post_id: int) -> str:
    return forum.post(post_id).prompt_rule


def test_a_rule_is_set_announced_and_taken_back(
    rules: PromptRuleService, forum: ForumService, recorder: Recorder
) -> None:
    topic, first = a_topic(forum)
    chain = [post.post_id for post in a_chain(forum, topic, first, 2)]
    rules.set_rule(chain[:1], PromptRule.PINNED)
    recorder.take()
    undo = rules.set_rule(chain, PromptRule.LEFT_OUT)
    assert undo.label == "3 posts are left out of prompts"
    assert [rule_of(forum, post_id) for post_id in chain] == ["left_out"] * 3
    assert recorder.take() == [("post_changed", post_id) for post_id in chain]
    assert "as before" in forum.undo(undo).message
    assert [rule_of(forum, post_id) for post_id in chain] == ["pinned", "auto", "auto"]


def test_the_rule_a_post_has_already_changes_nothing(
    rules: PromptRuleService, forum: ForumService, recorder: Recorder
) -> None:
    _, post = a_topic(forum)
    recorder.take()
    undo = rules.set_rule([post.post_id, post.post_id], PromptRule.AUTO)
    assert recorder.take() == []
    assert undo.label == "The post enters prompts as usual"


def test_all_or_none_of_several_posts_get_a_rule(rules: PromptRuleService, forum: ForumService) -> None:
    _, post = a_topic(forum)
    with pytest.raises(NotFound):
        rules.set_rule([post.post_id, 999], PromptRule.PINNED)
    assert rule_of(forum, post.post_id) == "auto"
    with pytest.raises(InvalidInput):
        rules.set_rule([], PromptRule.PINNED)


def test_a_deleted_post_has_no_rule(rules: PromptRuleService, forum: ForumService) -> None:
    _, post = a_topic(forum)
    undo = rules.set_rule([post.post_id], PromptRule.PINNED)
    forum.delete_post(post.post_id)
    with pytest.raises(NotFound):
        rules.set_rule([post.post_id], PromptRule.AUTO)
    with pytest.raises(NotFound):
        forum.undo(undo)
