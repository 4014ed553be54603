"""`forllm servers`: the servers that are known or found, and their keys."""

import argparse
import asyncio
import sys
from typing import Any

from forllm_desktop import paths
from forllm_desktop.cli.output import print_json, print_table, say
from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.servers import Server
from forllm_desktop.services.workspace import open_workspace


def add_commands(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `servers` to the parser."""
    parser = commands.add_parser("servers", parents=[common], help="see and change the known servers")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    listing = verbs.add_parser("list", parents=[common], help="list the known servers")
    listing.set_defaults(run=list_servers)
    add = verbs.add_parser("add", parents=[common], help="add a server, or give a known one a name or key")
    add.add_argument("url", metavar="URL")
    add.add_argument("--name", default="", help="how it is called")
    add.add_argument("--key", action="store_true", help="read its API key from standard input")
    add.set_defaults(run=add_server)
    remove = verbs.add_parser("remove", parents=[common], help="remove a server and its key")
    remove.add_argument("id", type=int, help="number of the server")
    remove.set_defaults(run=remove_server)


def list_servers(options: argparse.Namespace) -> int:
    """Print the known servers with what they answer."""
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=False)
    try:
        documents = [_document(server) for server in workspace.models.servers()]
        for document in documents:
            if document["kind"] != "engine":
                info = asyncio.run(workspace.models.probe(document["id"]))
                document["state"] = info.state.value
    finally:
        workspace.close()
    if options.json:
        print_json(documents)
    elif documents:
        rows = [(d["id"], d["name"], d["kind"], d["url"], d["state"] or "") for d in documents]
        print_table(rows, ("ID", "NAME", "KIND", "ADDRESS", "STATE"))
    else:
        print("No server is known yet. `forllm doctor` lists those that answer on this machine.")
    return 0


def add_server(options: argparse.Namespace) -> int:
    """Add a server, or rename a known one; with --key keep its key in the keyring."""
    key = sys.stdin.readline().strip() if options.key else ""
    if options.key and not key:
        raise InvalidInput("key", "No key came in", "Pipe it in, or type it and press Enter.")
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        server = workspace.models.server_at(options.url, options.name)
        former = server.name
        if options.name:
            server = workspace.models.edit(server.server_id, name=options.name)
        is_kept = True
        if options.key:
            is_kept = workspace.models.set_key(server.server_id, key)
        document = _document(server)
    finally:
        workspace.close()
    if not is_kept:
        print("forllm: there is no keyring here, so the key is not kept after this command.", file=sys.stderr)
    if options.json:
        print_json(document)
    elif document["name"] != former:
        say(f"Server {document['id']}: “{former}” is now called “{document['name']}”, at {document['url']}.")
    else:
        say(f"Server {document['id']}: {document['name']} at {document['url']}.")
    return 0


def remove_server(options: argparse.Namespace) -> int:
    """Remove a server."""
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        document = _document(workspace.models.server(options.id))
        workspace.models.remove(options.id)
    finally:
        workspace.close()
    if options.json:
        print_json(document)
    else:
        say(f"{document['name']} is removed.")
    return 0


def _document(server: Server) -> dict[str, Any]:
    return {
        "id": server.server_id,
        "name": server.name,
        "kind": server.kind,
        "url": server.base_url,
        "state": None,
    }
