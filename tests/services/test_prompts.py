"""Prompts of drafts, by estimates and by the counts of a model that is loaded."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.xray import DraftQuestion, Xray
from forllm_desktop.llm.backend import Message, TokenCount
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from tests.builders import FixedClock, a_chain, a_server, a_topic

WINDOW = 1_024


class Loaded:
    """A model that is loaded, and needs a token for `per_token` characters."""

    def __init__(self, per_token: int | None) -> None:
        self.per_token = per_token
        self.asked: list[tuple[ModelChoice, PersonaOptions]] = []

    async def __call__(
        self, model: ModelChoice, messages: Sequence[Message], options: PersonaOptions
    ) -> TokenCount | None:
        self.asked.append((model, options))
        return TokenCount(self.size(messages), is_exact=True) if self.per_token else None

    def size(self, messages: Sequence[Message]) -> int:
        return sum(len(message["content"]) // (self.per_token or 1) for message in messages)


@pytest.fixture
def prompts(database: Database, clock: FixedClock, events) -> PromptService:
    SettingsService(database, events).change(context_window=WINDOW, answer_tokens=200)
    return PromptService(database, clock)


@pytest.fixture
def draft(database: Database, forum: ForumService) -> DraftQuestion:
    topic, first = a_topic(forum, text="word " * 60)
    chain = a_chain(forum, topic, first, 1)
    for number in range(12):
        chain.append(forum.add_post(topic.topic_id, f"{number} " + "word " * 60, chain[-1].post_id))
    model = ModelChoice(a_server(database).server_id, "tiny")
    return DraftQuestion(topic.subforum_id, topic.topic_id, chain[-1].post_id, "And now?", model=model)


def counted(prompts: PromptService, draft: DraftQuestion, model: Loaded) -> Xray | None:
    return prompts.counted_draft(draft, model)


def posts(xray: Xray) -> int:
    return sum(part.source == "thread" for part in xray.parts)


def test_a_loaded_model_says_what_has_room(prompts: PromptService, draft: DraftQuestion) -> None:
    shown = prompts.preview_draft(draft)
    for per_token, more in ((6, True), (1, False)):
        model = Loaded(per_token)
        exact = counted(prompts, draft, model)
        assert exact is not None
        assert (posts(exact) > posts(shown)) is more
        assert exact.total == model.size(exact.messages) <= WINDOW - 200
        assert (exact.is_exact, exact.error, exact.fits) == (True, None, True)
        assert set(model.asked) == {(draft.model, PersonaOptions())}


def test_without_a_loaded_model_there_is_no_exact_number(
    prompts: PromptService, draft: DraftQuestion
) -> None:
    model = Loaded(None)
    assert counted(prompts, draft, model) is None
    assert len(model.asked) == 1
    assert counted(prompts, replace(draft, model=None), model) is None, "no model is set up"
    assert len(model.asked) == 1


def test_nothing_more_is_counted_once_it_is_not_wanted(prompts: PromptService, draft: DraftQuestion) -> None:
    model = Loaded(1)
    assert prompts.counted_draft(draft, model, lambda: not model.asked) is None
    assert len(model.asked) == 1


def test_longest_answer_of_a_persona_is_the_room_kept_for_it(
    prompts: PromptService, draft: DraftQuestion, personas: PersonaService
) -> None:
    ada = personas.create("Ada", "x", options=PersonaOptions(max_reply_tokens=50)).persona_id
    shown = prompts.preview_draft(replace(draft, persona_id=ada))
    assert shown.answer == 50
    assert posts(shown) > posts(prompts.preview_draft(draft))
    personas.change(ada, options=PersonaOptions())
    assert prompts.preview_draft(replace(draft, persona_id=ada)).answer == 200
    assert prompts.preview_draft(replace(draft, persona_id=ada, version=1)).answer == 50


def test_who_is_not_named_is_the_one_who_would_be_asked(
    prompts: PromptService, draft: DraftQuestion, personas: PersonaService
) -> None:
    ada = personas.create("Ada", "You are Ada.").persona_id
    personas.set_default(draft.subforum_id, ada)
    assert prompts.preview_draft(draft).messages[0]["content"] == "You are Ada."


def test_new_topic_has_the_title_that_is_typed_or_that_of_its_first_line(
    prompts: PromptService, draft: DraftQuestion, personas: PersonaService
) -> None:
    ada = personas.create("Ada", "About {{topic}} in {{subforum}}.").persona_id
    new = replace(draft, persona_id=ada, topic_id=None, parent_post_id=None, text="# Heat\n\nWhat is it?")
    assert prompts.preview_draft(new).messages[0]["content"] == "About Heat in Physics."
    new = replace(new, title=" Warm\tthings ")
    assert prompts.preview_draft(new).messages[0]["content"] == "About Warm things in Physics."


def test_what_does_not_fit_is_refused_with_numbers(prompts: PromptService, draft: DraftQuestion) -> None:
    prompts.require_fit(draft)
    with pytest.raises(InvalidInput) as refused:
        prompts.require_fit(replace(draft, text="word " * 900))
    assert refused.value.field == "text"
    assert refused.value.title.startswith("About ")
    assert "tokens too many" in refused.value.title
    assert "824 fit" in refused.value.message
    assert "shorten the post (" in refused.value.message


def test_a_loaded_model_decides_what_fits_where_the_estimate_is_close(
    database: Database, prompts: PromptService, draft: DraftQuestion
) -> None:
    asked = replace(draft, text="word " * 900)
    PromptService(database, exact=Loaded(20)).require_fit(asked)
    short = replace(draft, text="word " * 600)
    prompts.require_fit(short)
    with pytest.raises(InvalidInput) as refused:
        PromptService(database, exact=Loaded(1)).require_fit(short)
    assert not refused.value.title.startswith("About ")
    PromptService(database, exact=Loaded(None)).require_fit(short)
    far = Loaded(1)
    PromptService(database, exact=far).require_fit(draft)
    assert far.asked == [], "nothing is asked where there is room anyway"


@pytest.mark.parametrize(
    "gone", [{"parent_post_id": 99}, {"edits": 99}, {"persona_id": 99}, {"persona_id": 1, "version": 9}]
)
def test_what_is_gone_is_said(prompts: PromptService, draft: DraftQuestion, gone: dict[str, int]) -> None:
    with pytest.raises(NotFound):
        prompts.preview_draft(replace(draft, **gone))  # type: ignore[arg-type]


def test_a_reply_to_a_deleted_post_is_not_shown(
    prompts: PromptService, draft: DraftQuestion, forum: ForumService
) -> None:
    forum.delete_post(draft.parent_post_id or 0)
    with pytest.raises(NotFound, match="The post is deleted"):
        prompts.preview_draft(draft)
