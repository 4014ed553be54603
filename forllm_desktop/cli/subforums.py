"""`forllm subforum`: see and change what is sent when a persona answers in a subforum."""

import argparse
from typing import Any

from forllm_desktop import paths
from forllm_desktop.cli import naming
from forllm_desktop.cli.output import print_json, print_table, say
from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.services.context import NAMES, OPTIONS
from forllm_desktop.services.workspace import Workspace, open_workspace

_NOTHING = "none"
"""What is typed to leave an option to the settings."""


def add_commands(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `subforum` and its verbs to the parser."""
    parser = commands.add_parser("subforum", parents=[common], help="see and change options of a subforum")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    one = verbs.add_parser("context", parents=[common], help="what is sent when a persona answers there")
    one.add_argument("name", metavar="NAME", help="number or exact name of the subforum")
    for name in NAMES:
        words = OPTIONS[name].metadata
        unit = f" ({words['unit']})" if words["unit"] else ""
        bounds = f"{words['lowest']:,} to {words['highest']:,}, or “{_NOTHING}”: as in the settings"
        help = f"{words['label']}{unit}: {bounds}".replace("%", "%%")
        one.add_argument(f"--{name.replace('_', '-')}", metavar="N", help=help)
    one.add_argument("--reset", action="store_true", help="leave everything to the settings")
    one.set_defaults(run=context)


def context(options: argparse.Namespace) -> int:
    """Print what is sent in a subforum; with values, change them first."""
    typed = {name: value for name in NAMES if (value := getattr(options, name)) is not None}
    values = {name: None if value == _NOTHING else value for name, value in typed.items()}
    if options.reset and values:
        raise InvalidInput("reset", "Either values or --reset", "Name one of both.")
    if options.reset:
        values = dict.fromkeys(NAMES)
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=bool(values))
    try:
        subforum = naming.subforum(workspace, options.name)
        done = workspace.context.set_own(subforum.subforum_id, **values).label if values else ""
        document = _document(workspace, subforum.subforum_id, subforum.name, done)
    finally:
        workspace.close()
    if options.json:
        print_json(document)
        return 0
    if done:
        say(done)
    rows = [(_label(name), value["value"], _source(value)) for name, value in document["options"].items()]
    print_table(rows, ("OPTION", "VALUE", "FROM"))
    return 0


def _document(workspace: Workspace, subforum_id: int, name: str, done: str) -> dict[str, Any]:
    own, settings = workspace.context.own(subforum_id), workspace.settings.current()
    options = {
        option: {
            "value": own.get(option, getattr(settings, option)),
            "own": own.get(option),
            "settings": getattr(settings, option),
        }
        for option in NAMES
    }
    return {"id": subforum_id, "name": name, "options": options, "message": done}


def _label(name: str) -> str:
    words = OPTIONS[name].metadata
    return f"{words['label']} ({words['unit']})" if words["unit"] else words["label"]


def _source(value: dict[str, Any]) -> str:
    return "the settings" if value["own"] is None else f"the subforum; the settings say {value['settings']}"
