"""The options: what is stored, what is refused, what is announced."""

import pytest

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.settings import Settings
from forllm_desktop.events import Events
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from forllm_desktop.storage.settings import row
from tests.recorder import Recorder


@pytest.fixture
def settings(database: Database, events: Events) -> SettingsService:
    return SettingsService(database, events)


def test_defaults_hold_until_something_is_changed(settings: SettingsService) -> None:
    assert settings.current() == Settings()


def test_change_is_stored_and_announced_once(
    settings: SettingsService, database: Database, events: Events, recorder: Recorder
) -> None:
    changed = settings.change(context_window="16384", think=False, stall_limit=0x10, default_model="a b")
    assert (changed.context_window, changed.think, changed.stall_limit) == (16384, False, 16.0)
    assert recorder.take() == [("settings_changed",)]
    assert SettingsService(database, events).current() == changed


@pytest.mark.parametrize(
    "options",
    [
        {"context_window": 100},
        {"context_window": "many"},
        {"think": "perhaps"},
        {"nonsense": 1},
        {"keep_alive": -1},
    ],
)
def test_one_wrong_option_changes_nothing(
    settings: SettingsService, recorder: Recorder, options: dict[str, object]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        settings.change(**{"engine_threads": 3, **options})
    assert refused.value.field == next(iter(options))
    assert settings.current() == Settings()
    assert recorder.take() == []


def test_stored_values_that_no_longer_fit_have_their_default(
    settings: SettingsService, database: Database
) -> None:
    with database.write() as session:
        for key, value in (("context_window", "7"), ("think", "maybe"), ("of_the_future", "x")):
            row(session, key).value = value
        row(session, "keep_alive").value = "60"
    assert settings.current() == Settings(keep_alive=60)
