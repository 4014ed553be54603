"""Which posts enter prompts: leave a post out by hand, pin it, or let it be as usual."""

from collections.abc import Sequence

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.undo import Kind, Restored, Undo, UndoKind
from forllm_desktop.events import Events
from forllm_desktop.services.news import News, change
from forllm_desktop.services.posting import live_post
from forllm_desktop.storage.database import Database, Session

_DONE = {
    PromptRule.AUTO: "enters prompts as usual",
    PromptRule.LEFT_OUT: "is left out of prompts",
    PromptRule.PINNED: "is pinned into prompts",
}
_ALL_DONE = {
    PromptRule.AUTO: "enter prompts as usual",
    PromptRule.LEFT_OUT: "are left out of prompts",
    PromptRule.PINNED: "are pinned into prompts",
}


class PromptRuleService:
    """The rules of posts. A rule holds for every prompt that is built from now on."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events

    def set_rule(self, post_ids: Sequence[int], rule: PromptRule) -> Undo:
        """Give posts a rule, all or none of them. Raises NotFound, and InvalidInput without any post."""
        wanted = list(dict.fromkeys(post_ids))
        if not wanted:
            raise InvalidInput("post_ids", "No post is named", "Choose at least one.")
        with change(self._database, self._events) as (session, news):
            before = []
            for post_id in wanted:
                post = live_post(session, post_id)
                before.append(post.prompt_rule)
                if post.prompt_rule != rule:
                    post.prompt_rule = rule.value
                    news.tell(self._events.post_changed, post_id)
        done = f"The post {_DONE[rule]}" if len(wanted) == 1 else f"{len(wanted):,} posts {_ALL_DONE[rule]}"
        return Undo(done, UndoKind.PROMPT_RULE, tuple(wanted), ",".join(before))


def put_back(session: Session, news: News, post_ids: Sequence[int], before: str) -> Restored:
    """Give posts the rules they had, as the `before` of an Undo tells them. Raises NotFound."""
    for post_id, rule in zip(post_ids, before.split(","), strict=True):
        post = live_post(session, post_id)
        if post.prompt_rule != rule:
            post.prompt_rule = PromptRule(rule).value
            news.tell(news.events.post_changed, post_id)
    message = "The post enters prompts" if len(post_ids) == 1 else "The posts enter prompts"
    return Restored(Kind.POST, post_ids[0], f"{message} as before")
