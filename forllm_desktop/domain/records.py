"""All record modules in one import, so that every table is known to the metadata."""

from forllm_desktop.domain import files, forum, persona, queue, schedule, servers, settings, templates
from forllm_desktop.domain.base import Base

metadata = Base.metadata

__all__ = ["files", "forum", "metadata", "persona", "queue", "schedule", "servers", "settings", "templates"]
