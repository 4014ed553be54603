"""What single subforums set themselves about what is sent."""

import pytest

from forllm_desktop.domain.context import ContextOptions
from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.events import Events
from forllm_desktop.services.context import ContextService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from tests.builders import a_subforum
from tests.recorder import Recorder


@pytest.fixture
def context(database: Database, events: Events) -> ContextService:
    return ContextService(database, events)


@pytest.fixture
def place(forum: ForumService) -> int:
    return a_subforum(forum).subforum_id


@pytest.fixture
def settings(database: Database, events: Events) -> SettingsService:
    return SettingsService(database, events)


def test_a_subforum_follows_the_settings_save_for_what_it_sets_itself(
    context: ContextService, settings: SettingsService, place: int
) -> None:
    assert context.own(place) == {}
    assert context.options(place) == ContextOptions.of(settings.current())
    context.set_own(place, ambient_share="10", answer_tokens=500)
    settings.change(ambient_share=60, ambient_posts=5)
    assert context.own(place) == {"ambient_share": 10, "answer_tokens": 500}
    assert context.options(place) == ContextOptions(10, 2, 5, 0, 500)


def test_none_leaves_an_option_to_the_settings_again(context: ContextService, place: int) -> None:
    context.set_own(place, ambient_share=10, ambient_topics=3)
    context.set_own(place, ambient_share=None)
    assert context.own(place) == {"ambient_topics": 3}


def test_undo_brings_back_what_was_changed_and_leaves_the_rest(
    context: ContextService, forum: ForumService, place: int
) -> None:
    context.set_own(place, ambient_share=10)
    undo = context.set_own(place, ambient_share=20, answer_tokens=500)
    assert undo.label == "What is sent in “Physics” changed"
    context.set_own(place, ambient_topics=4)
    assert forum.undo(undo).message == "What is sent in “Physics” is as it was"
    assert context.own(place) == {"ambient_share": 10, "ambient_topics": 4}


def test_labels_say_what_was_set(context: ContextService, place: int) -> None:
    labels = [
        context.set_own(place, ambient_share=10).label,
        context.set_own(place, answer_tokens=4096).label,
        context.set_own(place, ambient_share=None).label,
        context.set_own(place, ambient_share=None, answer_tokens=None).label,
    ]
    assert labels == [
        "Share of other threads in “Physics”: 10 %",
        "Room for the answer in “Physics”: 4,096 tokens",
        "Share of other threads in “Physics”: as in Settings",
        "What is sent in “Physics” is as in Settings",
    ]


@pytest.mark.parametrize(
    "values", [{"ambient_share": 95}, {"ambient_share": "much"}, {"context_window": 4096}, {"no_such": 1}]
)
def test_what_does_not_fit_changes_nothing(
    context: ContextService, recorder: Recorder, place: int, values: dict[str, object]
) -> None:
    recorder.take()
    with pytest.raises(InvalidInput):
        context.set_own(place, answer_tokens=500, **values)
    assert context.own(place) == {}
    assert recorder.take() == []


def test_a_change_is_announced_and_a_deleted_subforum_refused(
    context: ContextService, forum: ForumService, recorder: Recorder, place: int
) -> None:
    recorder.take()
    context.set_own(place, ambient_share=10)
    assert recorder.take() == [("subforums_changed",)]
    forum.delete_subforum(place)
    with pytest.raises(NotFound):
        context.set_own(place, ambient_share=20)
