"""What a subforum sets itself about the prompts of its answers; the rest is as in the settings."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from forllm_desktop.domain.context import ContextOptions, own_options
from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.settings import Settings, checked_option
from forllm_desktop.domain.undo import Kind, Restored, Undo, UndoKind
from forllm_desktop.events import Events
from forllm_desktop.services.news import News, change
from forllm_desktop.services.posting import live_subforum
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.database import Database, Session

NAMES = tuple(option.name for option in fields(ContextOptions))
"""What a subforum can set itself, in the order of the settings."""
OPTIONS = {option.name: option for option in fields(Settings) if option.name in NAMES}
"""The options of the settings that these are, with their words and bounds."""


class ContextService:
    """Reads and changes the options of single subforums. Verbs raise NotFound for one that is gone."""

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events

    def own(self, subforum_id: int) -> dict[str, int]:
        """Return what a subforum sets itself, by the names of the options."""
        with self._database.read() as session:
            return own_options(live_subforum(session, subforum_id).context_options)

    def options(self, subforum_id: int) -> ContextOptions:
        """Return the options that count in a subforum."""
        with self._database.read() as session:
            own = live_subforum(session, subforum_id).context_options
            return ContextOptions.of(setting_rows.load(session), own)

    def set_own(self, subforum_id: int, **values: Any) -> Undo:
        """Let a subforum set options itself; None leaves one to the settings again.

        Raises InvalidInput, with nothing changed, when one does not fit or is no option of a subforum.
        """
        checked = {name: _checked(name, value) for name, value in values.items()}
        with change(self._database, self._events) as (session, news):
            name, before = _put(session, news, subforum_id, checked)
        return Undo(_label(name, checked), UndoKind.SUBFORUM_CONTEXT, (subforum_id,), before)


def put_back(session: Session, news: News, subforum_id: int, before: Mapping[str, int | None]) -> Restored:
    """Give options of a subforum the values again that they had; what was not changed then stays."""
    name, _ = _put(session, news, subforum_id, before)
    return Restored(Kind.SUBFORUM, subforum_id, f"What is sent in “{name}” is as it was")


def _put(
    session: Session, news: News, subforum_id: int, values: Mapping[str, int | None]
) -> tuple[str, dict[str, int | None]]:
    """Store values; returns the name of the subforum and what was there before."""
    subforum = live_subforum(session, subforum_id)
    own = own_options(subforum.context_options)
    before = {name: own.get(name) for name in values}
    after = {name: value for name, value in {**own, **values}.items() if value is not None}
    subforum.context_options = after or None
    news.tell(news.events.subforums_changed)
    return subforum.name, before


def _checked(name: str, value: Any) -> int | None:
    if name not in OPTIONS:
        raise InvalidInput(name, f"A subforum does not set {name} itself", f"It can set {', '.join(NAMES)}.")
    return None if value is None else checked_option(name, value)


def _label(subforum: str, values: Mapping[str, int | None]) -> str:
    if len(values) != 1:
        is_reset = all(value is None for value in values.values())
        return f"What is sent in “{subforum}” {'is as in Settings' if is_reset else 'changed'}"
    ((name, value),) = values.items()
    words = OPTIONS[name].metadata
    shown = "as in Settings" if value is None else f"{value:,} {words['unit']}".rstrip()
    return f"{words['label']} in “{subforum}”: {shown}"
