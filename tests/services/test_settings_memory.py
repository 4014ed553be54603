"""What the window remembers between starts."""

import pytest

from forllm_desktop.events import Events
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from forllm_desktop.storage.settings import row
from tests.recorder import Recorder


@pytest.fixture
def settings(database: Database, events: Events) -> SettingsService:
    return SettingsService(database, events)


def test_what_is_remembered_is_recalled(settings: SettingsService) -> None:
    settings.remember("tabs", {"open": ["topic:3", "page:queue"], "current": 1})
    assert settings.recall("tabs") == {"open": ["topic:3", "page:queue"], "current": 1}


def test_the_last_value_counts(settings: SettingsService) -> None:
    settings.remember("tabs", [1])
    settings.remember("tabs", None)
    assert settings.recall("tabs", "nothing") is None


def test_what_was_never_remembered_is_the_default(settings: SettingsService) -> None:
    assert settings.recall("tabs") is None
    assert settings.recall("tabs", []) == []


def test_a_damaged_value_is_the_default(settings: SettingsService, database: Database) -> None:
    settings.remember("tabs", [1])
    with database.write() as session:
        row(session, "ui.tabs").value = "[1"
    assert settings.recall("tabs", []) == []


def test_remembering_is_no_change_of_an_option(settings: SettingsService, recorder: Recorder) -> None:
    before = settings.current()
    settings.remember("accent", "teal")
    assert settings.current() == before
    assert recorder.take() == []


def test_it_survives_a_restart(settings: SettingsService, database: Database) -> None:
    settings.remember("panes", {"sidebar": True})
    again = SettingsService(database, Events())
    assert again.recall("panes") == {"sidebar": True}
