"""The user's own copies of prompt templates, and what the user thinks of generated personas."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from forllm_desktop.domain.base import Base, utc_now

NOTE_LIMIT = 2_000
"""Longest note of a rating, in characters."""
TEMPLATE_LIMIT = 40_000
"""Longest own template, in characters."""
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_BRACES = re.compile(r"\{\{[^{}\n]*\}\}")

PLACEHOLDERS = {
    "name_hint": "the name or hint of a name that was typed; “none” without",
    "description_hint": "the idea that was typed; “none” without",
    "purpose_hint": "what an assistant is for; “none” without",
    "subforum_name": "the name of the subforum",
    "subforum_description": "what the subforum is about",
    "additional_directives": "what was typed for an expert, and its angle in a batch; “none” without",
    "word_count": "how long the brainstorm shall be",
    "brainstormed_text_from_stage_1": "what the first stage wrote",
    "original_input_details_summary": "all hints, one in a line",
    "persona_instructions": "the text to be checked or completed",
    "desired_headings_list_or_default": "the headings that are wished for, one in a line",
    "heading_skeleton": "the headings with a gap below each, as an example to fill",
    "target_persona_name_override": "the exact name that was set; “none” without",
    "tone_preference": "the tone that was chosen",
    "length_preference": "the length that was chosen",
}
"""What each placeholder of a template becomes."""


class OwnTemplate(Base):
    """A version of the user's copy of a template. The newest counts; no `text` means the built-in one."""

    __tablename__ = "own_templates"
    __table_args__ = (UniqueConstraint("name", "version"),)

    own_template_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    version: Mapped[int]
    text: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class PersonaRating(Base):
    """What the user thinks of a generated persona: `thumbs` is 1 (up) or -1 (down)."""

    __tablename__ = "persona_ratings"
    __table_args__ = (CheckConstraint("thumbs IN (-1, 1)", name="thumbs"),)

    persona_id: Mapped[int] = mapped_column(ForeignKey("personas.persona_id"), primary_key=True)
    thumbs: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    rated_at: Mapped[datetime] = mapped_column(default=utc_now)


@dataclass(frozen=True)
class Template:
    """A template as it is used now. `version` is "built-in 3f2a91c0" or "own v3"."""

    name: str
    text: str
    version: str
    is_own: bool


@dataclass(frozen=True)
class TemplateScore:
    """How personas made with a template version were rated."""

    name: str
    version: str
    up: int
    down: int
    unrated: int


@dataclass(frozen=True)
class TemplateFinding:
    """What is wrong with a template, or odd if it does not block; the place is empty if it has none."""

    message: str
    is_blocking: bool
    start: int = 0
    end: int = 0


def find_braces(text: str) -> list[tuple[int, int]]:
    """List the places of everything in double braces, be it a placeholder or not."""
    return [match.span() for match in _BRACES.finditer(text)]


def template_findings(text: str, known: Collection[str], required: Collection[str]) -> list[TemplateFinding]:
    """List what keeps a template from being used, then what is odd about it."""
    if not text.strip():
        return [TemplateFinding("The template is empty. Reset it to have the built-in one again.", True)]
    found = []
    if len(text) > TEMPLATE_LIMIT:
        found.append(
            TemplateFinding(f"It has {len(text):,} characters; at most {TEMPLATE_LIMIT:,} fit.", True)
        )
    used = {match.group(1) for match in PLACEHOLDER.finditer(text)}
    found += [
        TemplateFinding(
            f"{{{{{name}}}}} is missing: without {PLACEHOLDERS[name]} the model has nothing to work on.",
            True,
        )
        for name in required
        if name not in used
    ]
    odd = []
    for match in _BRACES.finditer(text):
        placeholder = PLACEHOLDER.fullmatch(match.group())
        if placeholder is None:
            odd.append(
                TemplateFinding(
                    f"{match.group()} is sent as it stands: it is no placeholder.", False, *match.span()
                )
            )
        elif placeholder.group(1) not in known:
            found.append(TemplateFinding(f"{match.group()} stands for nothing here.", True, *match.span()))
    return found + odd
