"""Every option of the app: one field each, with its label, help and range; and where values are kept."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from forllm_desktop.domain.base import Base
from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.forum import NAME_LIMIT
from forllm_desktop.domain.persona_text import character_findings

GLOBAL_DEFAULT_PERSONA = "globalDefaultPersonaId"
"""Key of the settings row whose `default_persona_id` names the global default persona."""
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")


class SettingRow(Base):
    """One stored option. The global default persona is a row whose value is a foreign key."""

    __tablename__ = "settings"

    settings_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    value: Mapped[str | None] = mapped_column(Text)
    default_persona_id: Mapped[int | None] = mapped_column(
        ForeignKey("personas.persona_id", ondelete="SET NULL")
    )


DEFAULT_USER_NAME = "User"
"""What the user is called as long as they have not said."""

SECTIONS = ("Servers", "Replies", "Context", "Files", "Appearance", "Editor")
"""The parts of the settings form, in their order."""

ACCENT_NAMES = ("blue", "teal", "green", "amber", "rose", "violet", "graphite")


def _option(
    default: Any,
    label: str,
    help: str,
    lowest: float | None = None,
    highest: float | None = None,
    *,
    section: str = "",
    choices: dict[str, str] | None = None,
    unit: str = "",
    has_lines: bool = False,
):
    """Describe an option. Without a section no form shows it; `choices` are the values with their words.

    A text that `has_lines` is edited as several lines.
    """
    meta = {"label": label, "help": help, "lowest": lowest, "highest": highest}
    meta |= {"section": section, "choices": choices or {}, "unit": unit, "has_lines": has_lines}
    return field(default=default, metadata=meta)


@dataclass(frozen=True)
class Settings:
    """All options with their defaults. Forms and storage walk the fields."""

    default_server_id: int = _option(0, "Default server", "Where requests go that name no server.", 0)
    default_model: str = _option("", "Default model", "The model that answers when none is chosen.")
    user_name: str = _option(
        DEFAULT_USER_NAME,
        "Your name",
        "How your posts are signed, also in what models read; {{user}} in the text of a persona.",
        section="Replies",
    )
    context_window: int = _option(
        8192,
        "Largest context window",
        "Tokens of prompt and answer together. A model's own limit is never exceeded.",
        512,
        4_194_304,
        section="Context",
        unit="tokens",
    )
    answer_tokens: int = _option(
        2048,
        "Room for the answer",
        "Tokens of the window that are kept free for it; never more than half of the window.",
        64,
        1_048_576,
        section="Context",
        unit="tokens",
    )
    ambient_share: int = _option(
        25,
        "Share of other threads",
        "How much of the room for posts other branches may take where the thread needs it too.",
        0,
        90,
        section="Context",
        unit="%",
    )
    ambient_posts_per_branch: int = _option(
        2, "Posts of each other branch", "The newest ones of each. 0 sends none.", 0, 100, section="Context"
    )
    ambient_posts: int = _option(
        12, "Posts of other threads in all", "The newest ones. 0 sends none.", 0, 1000, section="Context"
    )
    ambient_topics: int = _option(
        0,
        "Other topics of the subforum",
        "The first posts of so many of its newest topics, as background. 0 sends none.",
        0,
        50,
        section="Context",
    )
    facts_hours: int = _option(
        24,
        "Ask again what a model can do after",
        "Hours; its context window may have been changed on the server.",
        1,
        8760,
        section="Context",
        unit="h",
    )
    file_tokens: int = _option(
        8192,
        "Largest file",
        "Tokens that one attached or tagged file may have.",
        100,
        4_194_304,
        section="Files",
        unit="tokens",
    )
    files_allow: str = _option(
        "",
        "Only these files",
        "Patterns as in .gitignore, one a line, such as *.md; empty allows all.",
        section="Files",
        has_lines=True,
    )
    files_block: str = _option(
        "",
        "Never these files",
        "Patterns as in .gitignore, one a line, besides those that are always skipped, such as .git.",
        section="Files",
        has_lines=True,
    )
    paste_tokens: int = _option(
        1000,
        "Offer to attach pasted text from",
        "Tokens; a longer text that is pasted can become a file of the post. 0 never offers it.",
        0,
        1_048_576,
        section="Files",
        unit="tokens",
    )
    think: bool = _option(
        True, "Let models think", "Thinking models think before they answer.", section="Replies"
    )
    stall_limit: float = _option(
        120.0,
        "Give up on a silent reply after",
        "Seconds without a byte in the middle of a reply.",
        1,
        86_400,
        section="Replies",
        unit="s",
    )
    generation_retries: int = _option(
        2,
        "Try a persona's stage again",
        "How often, when its server fails before it wrote anything.",
        0,
        10,
        section="Replies",
    )
    keep_alive: int = _option(
        600,
        "Keep a model loaded for",
        "Seconds after its last reply, on servers that allow it and in the built-in engine.",
        0,
        86_400,
        section="Servers",
        unit="s",
    )
    engine_threads: int = _option(
        0, "Threads of the built-in engine", "0 lets the engine choose.", 0, 1024, section="Servers"
    )
    queue_paused: bool = _option(False, "Pause the queue", "Requests wait until it goes on.")
    color_scheme: str = _option(
        "system",
        "Colours",
        "“As the system” also follows it when it changes later.",
        section="Appearance",
        choices={"system": "As the system", "light": "Light", "dark": "Dark"},
    )
    accent: str = _option(
        "blue",
        "Accent",
        "For the main button, selections and links.",
        section="Appearance",
        choices={name: name.capitalize() for name in ACCENT_NAMES},
    )
    text_size: int = _option(
        100,
        "Text size",
        "In percent of the system's text size, in the whole window.",
        80,
        200,
        section="Appearance",
        unit="%",
    )
    reduce_motion: str = _option(
        "system",
        "Reduce motion",
        "On: panes fold and bars appear at once.",
        section="Appearance",
        choices={"system": "As the system", "on": "On", "off": "Off"},
    )
    post_key: str = _option(
        "ctrl_enter",
        "Key that posts and asks",
        "With Enter, Shift+Enter starts a new line.",
        section="Editor",
        choices={"ctrl_enter": "Ctrl+Enter", "enter": "Enter"},
    )
    monospace_editor: bool = _option(
        False, "Write in a fixed-width font", "Only while writing; posts keep their font.", section="Editor"
    )


def checked_option(name: str, value: Any) -> Any:
    """Return `value` in the type of the option `name`. Raises InvalidInput when it does not fit."""
    option = next((f for f in fields(Settings) if f.name == name), None)
    if option is None:
        raise InvalidInput(name, f"There is no setting named {name}")
    kind = type(option.default)
    try:
        result = _READERS[kind](value)
    except (TypeError, ValueError, OverflowError) as error:
        hint = {bool: "It is either true or false.", str: "Type a text."}.get(kind, "Type a number.")
        raise InvalidInput(name, f"{option.metadata['label']}: {value!r} does not fit", hint) from error
    if name == "user_name":
        return _checked_user_name(result)
    if option.metadata["has_lines"]:
        return "\n".join(result.splitlines()).strip("\n")
    choices = option.metadata["choices"]
    if choices and result not in choices:
        raise InvalidInput(
            name,
            f"{option.metadata['label']}: {value!r} does not fit",
            f"Choose one of {', '.join(choices)}.",
        )
    low, high = option.metadata["lowest"], option.metadata["highest"]
    # Written so that a float that is not a number fits no bounds.
    if not ((low is None or result >= low) and (high is None or result <= high)):
        bounds = f"between {low:,} and {high:,}" if high is not None else f"{low:,} or more"
        raise InvalidInput(name, f"{option.metadata['label']}: {value} does not fit", f"It must be {bounds}.")
    return result


def _checked_user_name(typed: str) -> str:
    name = " ".join(typed.split())
    odd = character_findings(name, is_line=True)
    if odd:
        raise InvalidInput("user_name", "The name has characters that cannot be seen", odd[0].message)
    if not name:
        raise InvalidInput("user_name", "You have no name", "Type how you want to be called.")
    if len(name) > NAME_LIMIT:
        raise InvalidInput("user_name", "The name is too long", f"At most {NAME_LIMIT} characters fit.")
    return name


def _flag(value: Any) -> bool:
    text = str(value).casefold()
    if text not in ("true", "false"):
        raise ValueError(value)
    return text == "true"


def _whole(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    if isinstance(value, str) and _THOUSANDS.fullmatch(value.strip()):
        value = value.replace(",", "")  # as the app itself writes numbers
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    value.encode()  # half characters cannot be stored
    return value


_READERS: dict[type, Callable[[Any], Any]] = {bool: _flag, int: _whole, float: float, str: _text}
