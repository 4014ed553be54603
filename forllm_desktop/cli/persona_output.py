"""How personas, their versions, defaults and previews are printed: as documents, or as text for people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from forllm_desktop.cli.output import print_table, say
from forllm_desktop.cli.prompts import prompt_document
from forllm_desktop.domain.persona import FALLBACK_PERSONA_ID, Persona, PersonaContent, PersonaOptions
from forllm_desktop.domain.persona_card import VersionEntry
from forllm_desktop.domain.persona_text import Finding, character_findings
from forllm_desktop.domain.xray import Xray
from forllm_desktop.services.workspace import Workspace

Document = dict[str, Any]


class Describer:
    """Describes personas, one or thousands, with what stands around them: read once."""

    def __init__(self, workspace: Workspace) -> None:
        self._cards = {card.persona_id: card for card in workspace.personas.cards()}
        self._places = {one.subforum_id: one.name for one in workspace.forum.subforums()}
        self._servers = {one.server_id: one for one in workspace.models.servers()}

    def persona(self, persona: Persona) -> Document:
        """Describe a persona as every command prints it."""
        card = self._cards.get(persona.persona_id)
        defaults = card.default_in if card else ()
        return {
            "id": persona.persona_id,
            **self._content(persona.content),
            "version": persona.version,
            "tags": list(persona.tags),
            "is_active": persona.is_active,
            "is_fallback": persona.persona_id == FALLBACK_PERSONA_ID,
            "is_global_default": card is not None and card.is_global_default,
            "subforums": [
                {"id": place, "name": self._places.get(place, ""), "default": place in defaults}
                for place in (card.subforum_ids if card else ())
            ],
            "source": persona.generation_source,
            "created_at": persona.created_at.isoformat(),
            "updated_at": persona.updated_at.isoformat(),
            "deleted_at": _moment(persona.deleted_at),
        }

    def version(self, entry: VersionEntry, newest: int) -> Document:
        """Describe a version."""
        version = entry.version
        return {
            "version": version.version,
            **self._content(version.content),
            "is_newest": version.version == newest,
            "created_at": version.created_at.isoformat(),
            "author": version.author,
            "note": version.note,
            "changed": list(entry.changed),
            "posts": entry.n_posts,
        }

    def _content(self, content: PersonaContent) -> Document:
        return {
            "name": content.name,
            "description": content.description,
            "instructions": content.instructions,
            "model": self._model(content.options),
            "temperature": content.options.temperature,
            "max_reply_tokens": content.options.max_reply_tokens,
            "think": content.options.think,
        }

    def _model(self, options: PersonaOptions) -> Document | None:
        if options.model is None:
            return None
        server = self._servers.get(options.model.server_id)
        return {
            "name": options.model.name,
            "server": server.name if server else None,
            "server_id": options.model.server_id,
        }


def warnings_of(workspace: Workspace, persona: Persona) -> list[Document]:
    """List what is odd about a persona and was kept all the same."""
    found = {
        "instructions": workspace.personas.findings(persona.prompt_instructions),
        "description": character_findings(persona.description),
    }
    return [_warning(field, finding) for field, findings in found.items() for finding in findings]


def _warning(field: str, finding: Finding) -> Document:
    return {"field": field, "kind": finding.fault.value, "message": finding.message}


def print_personas(documents: Sequence[Document]) -> None:
    """Print a list of personas for people."""
    rows = [(d["id"], d["name"], f"v{d['version']}", _places(d), _notes(d)) for d in documents]
    print_table(rows, ("ID", "NAME", "VERSION", "SUBFORUMS", "NOTE"))


def print_persona(document: Document) -> None:
    """Print all of one persona for people, its instructions last."""
    lines = (
        ("Persona", f"{document['id']}, v{document['version']}"),
        ("Name", document["name"]),
        ("Description", document["description"]),
        ("Tags", ", ".join(document["tags"])),
        ("Subforums", _places(document)),
        ("Note", _notes(document)),
        ("Model", _model_words(document["model"])),
        ("Temperature", document["temperature"]),
        ("Longest reply", document["max_reply_tokens"] and f"{document['max_reply_tokens']} tokens"),
        ("Thinking", {True: "on", False: "off", None: ""}[document["think"]]),
    )
    for name, value in lines:
        if value not in ("", None):
            say(f"{name:<14} {value}")
    say(f"\n{document['instructions']}")


def print_versions(documents: Sequence[Document]) -> None:
    """Print the history of a persona for people."""
    rows = [
        (f"v{d['version']}", d["created_at"][:16].replace("T", " "), d["posts"], _changed(d), d["note"])
        for d in documents
    ]
    print_table(rows, ("VERSION", "TIME (UTC)", "POSTS", "CHANGED", "NOTE"))


def preview_document(preview: Xray, persona: Persona, topic_id: int, post_id: int, model: str) -> Document:
    """Describe what would be sent; sizes are estimated tokens."""
    return {
        "persona": {"id": persona.persona_id, "name": persona.name, "version": persona.version},
        "topic": topic_id,
        "post": post_id,
        "model": model or None,
        **prompt_document(preview),
    }


def _places(document: Document) -> str:
    return ", ".join(
        f"{place['name']} (default)" if place["default"] else place["name"] for place in document["subforums"]
    )


def _notes(document: Document) -> str:
    notes = {
        "default here": document.get("default", False),
        "global default": document["is_global_default"],
        "fallback": document["is_fallback"],
        "switched off": not document["is_active"],
        "deleted": document["deleted_at"] is not None,
    }
    return ", ".join(note for note, applies in notes.items() if applies)


def _model_words(model: Document | None) -> str:
    if model is None:
        return ""
    return f"{model['name']} on {model['server'] or 'a server that was removed'}"


def _changed(document: Document) -> str:
    return ", ".join(document["changed"]) or ("first" if document["version"] == 1 else "")


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
