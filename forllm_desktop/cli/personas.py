"""`forllm persona`: see, make, change, version, assign and preview personas."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from forllm_desktop import paths
from forllm_desktop.cli import generate, naming, proposals
from forllm_desktop.cli import persona_output as output
from forllm_desktop.cli.output import print_json, say
from forllm_desktop.cli.persona_arguments import (
    add_content,
    typed_instructions,
    typed_options,
    version_number,
)
from forllm_desktop.cli.prompts import print_prompt
from forllm_desktop.domain.persona import Persona, PersonaOptions
from forllm_desktop.domain.persona_text import checked_tags
from forllm_desktop.services.workspace import Workspace, open_workspace


def add_commands(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `persona` and its verbs to the parser."""
    parser = commands.add_parser("persona", parents=[common], help="see, change and assign personas")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    def add(
        verb: str, run: Callable[[argparse.Namespace], int], words: str, *, of_one: bool = True
    ) -> argparse.ArgumentParser:
        made = verbs.add_parser(verb, parents=[common], help=words)
        made.set_defaults(run=run)
        if of_one:
            made.add_argument("id", metavar="ID", help="number or exact name of the persona")
        return made

    listing = add("list", list_personas, "list the personas", of_one=False)
    which = listing.add_mutually_exclusive_group()
    which.add_argument("--subforum", metavar="S", help="only those assigned to it, its default marked")
    which.add_argument("--deleted", action="store_true", help="those in the trash instead")
    add("show", show, "print all of a persona")
    create_one = add("create", create, "make a persona", of_one=False)
    create_one.add_argument("--name", metavar="N", required=True)
    create_one.add_argument(
        "--instructions", metavar="TEXT", required=True, help="- reads them from standard input"
    )
    add_content(create_one)
    edit_one = add("edit", edit, "change a persona, as a new version")
    edit_one.add_argument("--name", metavar="N")
    edit_one.add_argument("--instructions", metavar="TEXT", help="- reads them from standard input")
    add_content(edit_one)
    add("delete", delete, "move a persona to the trash")
    add("restore", restore, "bring a persona back from the trash")
    add("versions", versions, "list the versions of a persona, the newest first")
    revert_one = add("revert", revert, "make an earlier version the newest")
    revert_one.add_argument("version", metavar="VERSION", type=version_number)
    for verb, run, words in (
        ("assign", assign, "let a persona answer in a subforum"),
        ("unassign", unassign, "take a persona away from a subforum"),
    ):
        add(verb, run, words).add_argument("--subforum", metavar="S", required=True)
    default_one = add("default", default, "see or choose who answers by default", of_one=False)
    which = default_one.add_mutually_exclusive_group()
    which.add_argument("id", metavar="ID", nargs="?", help="without it the present default is printed")
    which.add_argument("--none", action="store_true", help="have no default")
    default_one.add_argument("--subforum", metavar="S", help="without it the global default")
    add("accept", accept, "let a generated persona answer although it needs attention")
    generate.add_verb(verbs, common)
    proposals.add_verbs(verbs, common)
    preview_one = add("preview", preview, "print what would be sent to a model")
    preview_one.add_argument("--topic", metavar="T", required=True, help="where the persona would answer")


def list_personas(options: argparse.Namespace) -> int:
    """Print the personas by name; with --subforum those assigned to it, the default first."""
    with _opened(options, writes=False) as workspace:
        describer, personas = output.Describer(workspace), workspace.personas
        if options.subforum is not None:
            place = naming.subforum(workspace, options.subforum)
            records = {one.persona_id: one for one in personas.personas()}
            documents = [
                {**describer.persona(records[m.card.persona_id]), "default": m.is_default}
                for m in personas.members(place.subforum_id)
            ]
        elif options.deleted:
            documents = [describer.persona(personas.persona(item.id)) for item in personas.trash()]
        else:
            documents = [describer.persona(one) for one in personas.personas()]
    if options.json:
        print_json(documents)
    elif documents:
        output.print_personas(documents)
    else:
        print("The trash holds no persona." if options.deleted else "No persona is assigned there.")
    return 0


def show(options: argparse.Namespace) -> int:
    """Print all of a persona."""
    with _opened(options, writes=False) as workspace:
        document = _document(workspace, naming.persona(workspace, options.id))
    if options.json:
        print_json(document)
    else:
        output.print_persona(document)
        _print_warnings(document)
    return 0


def create(options: argparse.Namespace) -> int:
    """Make a persona."""
    instructions = typed_instructions(options)
    with _opened(options) as workspace:
        made = workspace.personas.create(
            options.name,
            instructions or "",
            options.description or "",
            options=typed_options(workspace, options, PersonaOptions()),
            tags=options.tag or (),
            note=options.note,
        )
        document = _document(workspace, made, f"Persona {made.persona_id}, {made.name}, is made")
    return _report(document, options)


def edit(options: argparse.Namespace) -> int:
    """Change what is named of a persona; a difference makes a new version, tags have none."""
    instructions = typed_instructions(options)
    with _opened(options) as workspace:
        before = naming.persona(workspace, options.id)
        tags = None if options.tag is None else checked_tags(options.tag)
        after = workspace.personas.change(
            before.persona_id,
            name=options.name,
            instructions=instructions,
            description=options.description,
            options=typed_options(workspace, options, before.options),
            note=options.note,
        )
        is_tagged = tags is not None and tags != list(before.tags)
        if tags is not None and is_tagged:
            workspace.personas.set_tags(before.persona_id, tags)
        words = f"{after.name} is now v{after.version}" if after.version != before.version else ""
        words = words or (f"{after.name} has new tags" if is_tagged else f"{after.name} stays as it was")
        document = _document(workspace, workspace.personas.persona(before.persona_id), words)
    return _report(document, options)


def delete(options: argparse.Namespace) -> int:
    """Move a persona to the trash."""
    return _act(options, lambda ws, persona: ws.personas.delete(persona.persona_id).label)


def restore(options: argparse.Namespace) -> int:
    """Bring a persona back from the trash."""
    with _opened(options) as workspace:
        persona_id = naming.deleted_persona(workspace, options.id)
        message = workspace.personas.restore(persona_id).message
        document = _document(workspace, workspace.personas.persona(persona_id), message)
    return _report(document, options)


def versions(options: argparse.Namespace) -> int:
    """Print the versions of a persona, the newest first."""
    with _opened(options, writes=False) as workspace:
        persona = naming.persona(workspace, options.id)
        describer = output.Describer(workspace)
        entries = workspace.personas.versions(persona.persona_id)
        documents = [describer.version(entry, persona.version) for entry in entries]
    if options.json:
        print_json(documents)
    else:
        output.print_versions(documents)
    return 0


def revert(options: argparse.Namespace) -> int:
    """Make an earlier version the newest, as a version of its own."""
    with _opened(options) as workspace:
        before = naming.persona(workspace, options.id)
        after = workspace.personas.revert(before.persona_id, options.version)
        words = f"{after.name} is back to v{options.version}, as v{after.version}"
        if after.version == before.version:
            words = f"{after.name} v{after.version} is no different from v{options.version}"
        document = _document(workspace, after, words)
    return _report(document, options)


def assign(options: argparse.Namespace) -> int:
    """Let a persona answer in a subforum."""

    def step(workspace: Workspace, persona: Persona) -> str:
        place = naming.subforum(workspace, options.subforum)
        return workspace.personas.assign(place.subforum_id, persona.persona_id).label

    return _act(options, step)


def unassign(options: argparse.Namespace) -> int:
    """Take a persona away from a subforum."""

    def step(workspace: Workspace, persona: Persona) -> str:
        place = naming.subforum(workspace, options.subforum)
        return workspace.personas.unassign(place.subforum_id, persona.persona_id).label

    return _act(options, step)


def default(options: argparse.Namespace) -> int:
    """Print, choose or clear who answers by default in a subforum, or everywhere."""
    is_change = options.none or options.id is not None
    with _opened(options, writes=is_change) as workspace:
        place = naming.subforum(workspace, options.subforum) if options.subforum is not None else None
        persona_id = naming.persona(workspace, options.id).persona_id if options.id is not None else None
        message = ""
        if is_change and place is not None:
            message = workspace.personas.set_default(place.subforum_id, persona_id).label
        elif is_change:
            message = workspace.personas.set_global_default(persona_id).label
        personas = workspace.personas
        if place is not None:
            members = personas.members(place.subforum_id)
            chosen = next((m.card.persona_id for m in members if m.is_default), None)
        else:
            chosen = personas.global_default()
        answers = personas.resolve(place.subforum_id if place else 0)
        document = {
            "subforum": {"id": place.subforum_id, "name": place.name} if place else None,
            "default": _named(workspace, chosen),
            "answers": {**(_named(workspace, answers.persona_id) or {}), "reason": answers.reason.value},
            "message": message,
        }
    if options.json:
        print_json(document)
    else:
        say(f"{message or _default_words(document)}.")
    return 0


def preview(options: argparse.Namespace) -> int:
    """Print what would be sent if the persona answered the newest post of a topic now."""
    with _opened(options, writes=False) as workspace:
        persona = naming.persona(workspace, options.id)
        topic = naming.topic(workspace, options.topic)
        post_id = workspace.prompts.answered_post(topic.topic_id)
        preferred = workspace.personas.preferred_model(topic.subforum_id, persona.persona_id)
        model = preferred or workspace.models.default_choice()
        found = workspace.prompts.preview(post_id, persona.persona_id, persona.content, model)
        name = model.name if model else ""
        document = {
            **output.preview_document(found, persona, topic.topic_id, post_id, name),
            "warnings": output.warnings_of(workspace, persona),
        }
    if options.json:
        print_json(document)
    else:
        print_prompt(document)
        _print_warnings(document)
    return 0


# -- inside


@contextmanager
def _opened(options: argparse.Namespace, *, writes: bool = True) -> Iterator[Workspace]:
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=writes)
    try:
        yield workspace
    finally:
        workspace.close()


def accept(options: argparse.Namespace) -> int:
    """Let a generated persona answer although something of it is missing."""

    def step(workspace: Workspace, persona: Persona) -> str:
        workspace.generation.accept(persona.persona_id)
        return f"{persona.name} is accepted"

    return _act(options, step)


def _act(options: argparse.Namespace, step: Callable[[Workspace, Persona], str]) -> int:
    """Do one step on the named persona and print it as it is then; the step returns what it did in words."""
    with _opened(options) as workspace:
        persona = naming.persona(workspace, options.id)
        message = step(workspace, persona)
        document = _document(workspace, workspace.personas.persona(persona.persona_id), message)
    return _report(document, options)


def _document(workspace: Workspace, persona: Persona, message: str = "") -> dict[str, Any]:
    described = output.Describer(workspace).persona(persona)
    return {**described, "message": message, "warnings": output.warnings_of(workspace, persona)}


def _report(document: dict[str, Any], options: argparse.Namespace) -> int:
    if options.json:
        print_json(document)
    else:
        say(f"{document['message']}.")
        _print_warnings(document)
    return 0


def _print_warnings(document: dict[str, Any]) -> None:
    for warning in document["warnings"]:
        say(f"forllm: {warning['field']}: {warning['message']}", sys.stderr)


def _named(workspace: Workspace, persona_id: int | None) -> dict[str, Any] | None:
    if persona_id is None:
        return None
    persona = workspace.personas.persona(persona_id)
    return {"id": persona_id, "name": persona.name, "version": persona.version}


def _default_words(document: dict[str, Any]) -> str:
    place, chosen, answers = document["subforum"], document["default"], document["answers"]
    if chosen is None:
        words = f"{place['name']} has no default" if place else "There is no global default"
    elif place:
        words = f"{chosen['name']} is the default of {place['name']}"
    else:
        words = f"{chosen['name']} is the global default"
    return words if chosen and chosen["id"] == answers["id"] else f"{words}; {answers['name']} answers"
