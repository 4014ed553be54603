"""`forllm persona proposals` and `proposal`: see new texts that models wrote for personas, and decide."""

import argparse
from typing import Any

from forllm_desktop import paths
from forllm_desktop.cli import naming
from forllm_desktop.cli.output import print_json, print_table, say
from forllm_desktop.domain.sections import paired_sections
from forllm_desktop.services.proposals import Proposal
from forllm_desktop.services.workspace import Workspace, open_workspace


def add_verbs(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `proposals` and `proposal` to the verbs of `persona`."""
    listing = verbs.add_parser("proposals", parents=[common], help="list the new texts that wait for you")
    listing.add_argument("id", metavar="ID", nargs="?", help="only those for this persona, with their texts")
    listing.set_defaults(run=list_proposals)
    parser = verbs.add_parser("proposal", parents=[common], help="accept or drop a new text")
    steps = parser.add_subparsers(title="decisions", metavar="DECISION", required=True)
    taken = steps.add_parser("accept", parents=[common], help="make it the persona's next version")
    taken.add_argument("--take-name", action="store_true", help="let the persona take the new name too")
    taken.set_defaults(run=accept)
    steps.add_parser("drop", parents=[common], help="leave the persona as it is").set_defaults(run=drop)
    for step in steps.choices.values():
        step.add_argument("request", metavar="REQUEST", type=int, help="number of the request")


def list_proposals(options: argparse.Namespace) -> int:
    """Print the proposals, the newest first; those for one persona with their texts."""
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=False)
    try:
        persona_id = naming.persona(workspace, options.id).persona_id if options.id is not None else None
        documents = [_document(workspace, one) for one in workspace.proposals.proposals(persona_id)]
    finally:
        workspace.close()
    if options.json:
        print_json(documents)
    elif not documents:
        print("No new text waits for a decision.")
    elif persona_id is None:
        rows = [(d["request"], d["persona"]["name"], d["model"], _changed(d)) for d in documents]
        print_table(rows, ("REQUEST", "PERSONA", "MODEL", "CHANGED"))
    else:
        for document in documents:
            say(f"Request {document['request']}, {document['model']}: {_changed(document)}\n")
            say(f"{document['proposed']}\n")
    return 0


def accept(options: argparse.Namespace) -> int:
    """Make a proposal the next version of its persona."""
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        persona = workspace.proposals.accept(options.request, takes_name=options.take_name)
    finally:
        workspace.close()
    document = {"request": options.request, "persona_id": persona.persona_id, "version": persona.version}
    if options.json:
        print_json({**document, "decision": "accepted"})
    else:
        say(f"{persona.name} is now v{persona.version}.")
    return 0


def drop(options: argparse.Namespace) -> int:
    """Leave a persona as it is."""
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        workspace.proposals.drop(options.request)
    finally:
        workspace.close()
    if options.json:
        print_json({"request": options.request, "decision": "dropped"})
    else:
        say(f"The new text of request {options.request} is dropped; it stays with its request.")
    return 0


def _document(workspace: Workspace, proposal: Proposal) -> dict[str, Any]:
    persona = workspace.personas.persona(proposal.persona_id)
    proposed = proposal.result.prompt_instructions
    pairs = paired_sections(persona.prompt_instructions, proposed)
    return {
        "request": proposal.request_id,
        "persona": {"id": persona.persona_id, "name": persona.name, "version": persona.version},
        "proposed_name": proposal.result.persona_name,
        "based_on": proposal.based_on or None,
        "model": proposal.model,
        "made_at": proposal.made_at.isoformat() if proposal.made_at else None,
        "missing": list(proposal.result.missing),
        "changed_sections": [pair.title for pair in pairs if not pair.is_same],
        "current": persona.prompt_instructions,
        "proposed": proposed,
    }


def _changed(document: dict[str, Any]) -> str:
    return ", ".join(title or "beginning" for title in document["changed_sections"]) or "nothing"
