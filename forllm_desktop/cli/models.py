"""`forllm models`: what is known of models, their context windows and how well their tokens are estimated."""

import argparse
import asyncio
from typing import Any

from forllm_desktop import paths
from forllm_desktop.cli.output import print_json, print_table, say
from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.servers import ModelChoice, model_word
from forllm_desktop.services.windows import WindowSource
from forllm_desktop.services.workspace import Workspace, open_workspace

BACK = "default"
SOURCES = {
    WindowSource.SERVER: "limit of the server",
    WindowSource.OWN: "set for this model",
    WindowSource.SETTINGS: "settings",
}


def add_commands(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `models` to the parser."""
    parser = commands.add_parser("models", parents=[common], help="see and set the context windows of models")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    listing = verbs.add_parser(
        "list", parents=[common], help="list the models that were used, with their windows"
    )
    listing.add_argument(
        "--ask", action="store_true", help="ask their servers again; nothing is loaded for it"
    )
    listing.set_defaults(run=list_models)
    window = verbs.add_parser("window", parents=[common], help="set the context window of a model")
    window.add_argument("model", metavar="MODEL", help="its name, or the path of a GGUF file")
    window.add_argument("tokens", metavar="TOKENS", help=f"a number, or “{BACK}” for that of the settings")
    window.add_argument("--server", metavar="URL", help="its server (default: that of the default model)")
    window.set_defaults(run=set_window)


def list_models(options: argparse.Namespace) -> int:
    """Print the models that are known, with their windows, and what estimates of their tokens are like."""
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=options.ask)
    try:
        choices = _known(workspace)
        failures = [_refreshed(workspace, choice) for choice in choices] if options.ask else []
        documents = [_document(workspace, choice) for choice in choices]
    finally:
        workspace.close()
    if options.json:
        print_json(documents)
        return 0
    for failure in filter(None, failures):
        say(failure)
    if documents:
        print_table(
            [_row(document) for document in documents], ("SERVER", "MODEL", "WINDOW", "FROM", "TOKENS")
        )
    else:
        say("No model was used yet.")
    return 0


def set_window(options: argparse.Namespace) -> int:
    """Set the window of one model, or go back to that of the settings."""
    tokens = _tokens(options.tokens)
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        choice = workspace.models.choose(options.model, options.server, becomes_default=False)
        workspace.windows.set_override(choice, tokens)
        document = _document(workspace, choice)
    finally:
        workspace.close()
    if options.json:
        print_json(document)
    else:
        say(f"{model_word(document['model'])} has a window of {document['window']:,} tokens now.")
    return 0


def _known(workspace: Workspace) -> list[ModelChoice]:
    used = [choice for choice, _ in workspace.models.known_choices()]
    return list(dict.fromkeys([*used, *workspace.windows.known()]))


def _refreshed(workspace: Workspace, choice: ModelChoice) -> str:
    """Ask a server what a model can; returns in words what went wrong."""
    try:
        asyncio.run(workspace.windows.refresh(choice, always=True))
    except ForllmError as error:
        return f"{model_word(choice.name)}: {error.title}. {error.message}"
    return ""


def _document(workspace: Workspace, choice: ModelChoice) -> dict[str, Any]:
    windows, estimator = workspace.windows, workspace.counting.estimator(choice)
    facts = windows.facts(choice)
    return {
        "server": workspace.models.server(choice.server_id).name,
        "server_id": choice.server_id,
        "model": choice.name,
        "window": windows.window(choice),
        "window_from": windows.source(choice).value,
        "own_window": windows.override(choice),
        "server_window": facts.ctx if facts else None,
        "seen_at": facts.seen_at.isoformat() if facts else None,
        "is_fresh": windows.is_fresh(choice),
        "estimates_learnt_from": estimator.n_replies,
        "estimates_off_by": round(estimator.error, 4) if estimator.error is not None else None,
    }


def _row(document: dict[str, Any]) -> tuple[str, ...]:
    off = document["estimates_off_by"]
    return (
        document["server"],
        model_word(document["model"]),
        f"{document['window']:,}",
        SOURCES[WindowSource(document["window_from"])],
        "estimated" if off is None else f"estimated within {off:.0%}",
    )


def _tokens(typed: str) -> int | None:
    if typed.casefold() == BACK:
        return None
    try:
        return int(typed.replace(",", "").replace("_", ""))
    except ValueError:
        raise InvalidInput("tokens", f"“{typed}” is no number of tokens", f"Give one, or “{BACK}”.") from None
