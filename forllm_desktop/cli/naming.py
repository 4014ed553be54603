"""Finds what an argument names: digits mean a number, anything else an exact name, without regard to case."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.errors import NotFound, NotPossible
from forllm_desktop.domain.forum import Subforum, Topic, checked_name
from forllm_desktop.domain.persona import Persona
from forllm_desktop.services.workspace import Workspace

T = TypeVar("T")


def number(named: str) -> int | None:
    """Return the id that digits mean; anything else is a name."""
    # Nothing has a number of so many digits, and Python refuses to read thousands of them.
    return int(named[:25]) if named.isascii() and named.isdigit() else None


def find_subforum(workspace: Workspace, named: str) -> Subforum | None:
    """Return a subforum; None when there is none of this name. Raises NotFound for an unknown number."""
    if (found := number(named)) is not None:
        return workspace.forum.subforum(found)
    return single(workspace.forum.find_subforum(named), named, lambda s: s.subforum_id)


def subforum(workspace: Workspace, named: str) -> Subforum:
    """Return a subforum that exists. Raises NotFound."""
    found = find_subforum(workspace, checked_name(named, "subforum"))
    if found is None:
        raise NotFound("The subforum does not exist", f"There is none named “{named}”.")
    return found


def topic(workspace: Workspace, named: str) -> Topic:
    """Return a topic of any subforum. Raises NotFound, and NotPossible when several have this title."""
    if (found := number(named)) is not None:
        return workspace.forum.topic(found)
    title = checked_name(named, "topic")
    places = workspace.forum.subforums()
    topics = [one for place in places for one in workspace.forum.find_topic(place.subforum_id, title)]
    only = single(topics, named, lambda t: t.topic_id)
    if only is None:
        raise NotFound("The topic does not exist", f"There is none with the title “{named}”.")
    return only


def persona(workspace: Workspace, named: str) -> Persona:
    """Return a persona: by its number also a deleted one. Raises NotFound."""
    if (found := number(named)) is not None:
        return workspace.personas.persona(found)
    only = single(workspace.personas.find(checked_name(named, "persona")), named, lambda p: p.persona_id)
    if only is None:
        raise NotFound("The persona does not exist", f"There is none named “{named}”.")
    return only


def deleted_persona(workspace: Workspace, named: str) -> int:
    """Return the number of a persona to be restored. Raises NotFound and NotPossible."""
    if (found := number(named)) is not None:
        return workspace.personas.persona(found).persona_id
    key = name_key(checked_name(named, "persona"))
    items = [item for item in workspace.personas.trash() if name_key(item.title) == key]
    only = single(items, named, lambda item: item.id)
    if only is None:
        raise NotFound("The persona is not in the trash", f"There is none named “{named}”.")
    return only.id


def single(found: Sequence[T], named: str, number_of: Callable[[T], int]) -> T | None:
    """Return the one thing that was found, None for none. Raises NotPossible for several."""
    if len(found) > 1:
        numbers = ", ".join(str(number_of(one)) for one in found)
        raise NotPossible(f"Several are named “{named}”", f"Use one of the numbers: {numbers}.")
    return found[0] if found else None
