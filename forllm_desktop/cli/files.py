"""`forllm files`: the folders whose files may be tagged, and what is in them."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from forllm_desktop import paths
from forllm_desktop.cli import post_files
from forllm_desktop.cli.output import print_json, print_table, say
from forllm_desktop.domain.files import FileFolder
from forllm_desktop.domain.found_files import FolderState, FolderStatus, shown_name, shown_size
from forllm_desktop.services.workspace import Workspace, open_workspace

NONE = "none"
"""What takes a list of patterns back."""
_WORDS = {
    FolderState.WAITING: "not indexed yet",
    FolderState.INDEXING: "being indexed",
    FolderState.READY: "indexed",
    FolderState.MISSING: "the folder is missing",
    FolderState.UNREADABLE: "the folder cannot be read",
    FolderState.FAILED: "could not be indexed",
}


def add_commands(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `files` to the parser."""
    parser = commands.add_parser(
        "files", parents=[common], help="see and change the folders of files; list and save files of posts"
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    listing = verbs.add_parser("list", parents=[common], help="list the folders and how far they are indexed")
    listing.set_defaults(run=list_folders)
    add = verbs.add_parser("add", parents=[common], help="add a folder and index it")
    add.add_argument("path", metavar="FOLDER")
    _add_rules(add)
    add.set_defaults(run=add_folder)
    edit = verbs.add_parser("edit", parents=[common], help="change which files of a folder count")
    edit.add_argument("id", type=int, help="number of the folder")
    _add_rules(edit)
    edit.set_defaults(run=edit_folder)
    remove = verbs.add_parser("remove", parents=[common], help="remove a folder; its files stay on the disk")
    remove.add_argument("id", type=int, help="number of the folder")
    remove.set_defaults(run=remove_folder)
    again = verbs.add_parser("reindex", parents=[common], help="look through a folder again, or through all")
    again.add_argument("id", type=int, nargs="?", help="number of the folder")
    again.set_defaults(run=reindex)
    find = verbs.add_parser("find", parents=[common], help="find files by name, the best first")
    find.add_argument("words", nargs="*", metavar="WORD", help="parts of the name or path; none: the newest")
    find.add_argument("--most", type=int, default=20, metavar="N", help="how many (default: 20)")
    find.set_defaults(run=find_files)
    read = verbs.add_parser("read", parents=[common], help="print what a model would get of a file")
    read.add_argument("id", type=int, help="number of the folder")
    read.add_argument("path", metavar="FILE", help="its path in the folder")
    read.set_defaults(run=read_file)
    post_files.add_verbs(verbs, common)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--subfolders",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="whether the folders in it count too (they do, unless told otherwise)",
    )
    for name, words in (("allow", "the only files that count"), ("block", "files that do not count")):
        parser.add_argument(
            f"--{name}",
            action="append",
            metavar="PATTERN",
            help=f"{words}, as in .gitignore; repeatable, `{NONE}` takes the list back",
        )


def list_folders(options: argparse.Namespace) -> int:
    """Print the folders."""
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=False)
    try:
        documents = _documents(workspace)
    finally:
        workspace.close()
    if options.json:
        print_json(documents)
    elif documents:
        rows = [(d["id"], _words(d), shown_name(d["path"]), _rules(d)) for d in documents]
        print_table(rows, ("ID", "STATE", "FOLDER", "FILES THAT COUNT"))
    else:
        print("No folder is indexed yet. Add one: forllm files add FOLDER")
    return 0


def add_folder(options: argparse.Namespace) -> int:
    """Add a folder and index it."""
    return _change(
        options,
        lambda workspace: workspace.files.add_folder(
            options.path,
            is_recursive=options.subfolders is not False,
            allow=_patterns(options.allow) or (),
            block=_patterns(options.block) or (),
        ),
    )


def edit_folder(options: argparse.Namespace) -> int:
    """Change a folder and index it anew."""
    return _change(
        options,
        lambda workspace: workspace.files.edit_folder(
            options.id,
            is_recursive=options.subfolders,
            allow=_patterns(options.allow),
            block=_patterns(options.block),
        ),
    )


def remove_folder(options: argparse.Namespace) -> int:
    """Remove a folder."""
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        workspace.files.folder(options.id)
        [document] = [one for one in _documents(workspace) if one["id"] == options.id]
        workspace.files.remove_folder(options.id)
    finally:
        workspace.close()
    if options.json:
        print_json(document)
    else:
        say(f"{shown_name(document['path'])} is no longer indexed; its files are as they were.")
    return 0


def reindex(options: argparse.Namespace) -> int:
    """Look through a folder again, or through all."""
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        workspace.files.index_now(options.id, _progress(options))
        documents = [one for one in _documents(workspace) if options.id in (None, one["id"])]
    finally:
        workspace.close()
    if options.json:
        print_json(documents)
    for document in () if options.json else documents:
        say(f"{document['id']}: {shown_name(document['path'])}: {_words(document)}.")
    return 0


def find_files(options: argparse.Namespace) -> int:
    """Print the files that fit."""
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=False)
    try:
        found = workspace.files.complete(" ".join(options.words), max(0, options.most))
        waiting = [one for one in workspace.files.status().values() if one.state is FolderState.WAITING]
    finally:
        workspace.close()
    if options.json:
        print_json(
            [{"folder": one.folder_id, "path": one.path, "name": one.name, "size": one.size} for one in found]
        )
    elif found:
        rows = [(one.folder_id, shown_name(one.path), shown_size(one.size)) for one in found]
        print_table(rows, ("FOLDER", "FILE", "SIZE"))
    else:
        print("No file fits.")
    if waiting and not options.json:
        print("forllm: not all folders are indexed yet; run: forllm files reindex", file=sys.stderr)
    return 0


def read_file(options: argparse.Namespace) -> int:
    """Print the text of a file."""
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=False)
    try:
        file = workspace.files.read(options.id, options.path)
    finally:
        workspace.close()
    if options.json:
        print_json(
            {
                "name": file.name,
                "size": len(file.content),
                "encoding": file.encoding,
                "tokens": file.tokens,
                "text": file.text,
            }
        )
    else:
        say(file.text)
    return 0


def _change(options: argparse.Namespace, step: Callable[[Workspace], FileFolder]) -> int:
    workspace = open_workspace(paths.data_dir(options.data_dir))
    try:
        folder = step(workspace)
        workspace.files.index_now(folder.folder_id, _progress(options))
        [document] = [one for one in _documents(workspace) if one["id"] == folder.folder_id]
    finally:
        workspace.close()
    if options.json:
        print_json(document)
    else:
        say(f"Folder {document['id']}: {shown_name(document['path'])}: {_words(document)}.")
    return 0


def _progress(options: argparse.Namespace) -> Callable[[FolderStatus], None]:
    """Return what says how far it is, to somebody who looks."""

    def tell(status: FolderStatus) -> None:
        if status.files and status.state is FolderState.INDEXING:
            print(f"forllm: {status.files:,} files …", file=sys.stderr)

    return (lambda _status: None) if options.json or not sys.stderr.isatty() else tell


def _patterns(given: list[str] | None) -> list[str] | None:
    """Return the patterns of an option; None where it was not given."""
    return [] if given == [NONE] else given


def _documents(workspace: Workspace) -> list[dict[str, Any]]:
    statuses = workspace.files.status()
    return [
        {
            "id": folder.folder_id,
            "path": folder.path,
            "subfolders": folder.is_recursive,
            "allow": folder.allow,
            "block": folder.block,
            "state": status.state.value,
            "files": status.files,
            "unreadable": status.errors,
            "indexed_at": status.indexed_at.isoformat() if status.indexed_at else None,
            "message": status.message or None,
        }
        for folder in workspace.files.folders()
        for status in (statuses[folder.folder_id],)
    ]


def _words(document: dict[str, Any]) -> str:
    state = FolderState(document["state"])
    words = _WORDS[state]
    if state is FolderState.READY:
        count = document["files"]
        words = f"{count:,} {'file' if count == 1 else 'files'}"
        if document["unreadable"]:
            words += f", {document['unreadable']:,} of its folders cannot be read"
    return words


def _rules(document: dict[str, Any]) -> str:
    said = ["with subfolders" if document["subfolders"] else "without subfolders"]
    if document["allow"]:
        said.append(f"only {' '.join(document['allow'])}")
    if document["block"]:
        said.append(f"not {' '.join(document['block'])}")
    return ", ".join(said)
