"""`forllm files of` and `forllm files save`: the files of a post, as they were when it was posted."""

import argparse
from pathlib import Path
from typing import Any

from forllm_desktop import paths
from forllm_desktop.cli.output import print_json, print_table, say
from forllm_desktop.domain.errors import ForllmError, NotFound, NotPossible
from forllm_desktop.domain.files import ShownFile, file_name_to_save
from forllm_desktop.services.workspace import Workspace, open_workspace


def add_verbs(verbs: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add both verbs to `files`."""
    of = verbs.add_parser("of", parents=[common], help="list the files of a post")
    of.add_argument("post", type=int, help="number of the post")
    of.set_defaults(run=list_files)
    save = verbs.add_parser("save", parents=[common], help="write a file of a post to the disk")
    save.add_argument("post", type=int, help="number of the post")
    save.add_argument("number", type=int, help="which of its files, counted from 1")
    save.add_argument(
        "path", nargs="?", default="", help="file or folder to write it to (default: its name, here)"
    )
    save.add_argument("--force", action="store_true", help="write over a file that is there")
    save.set_defaults(run=save_file)


def list_files(options: argparse.Namespace) -> int:
    """List what a post has."""
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=False)
    try:
        files = _files(workspace, options.post)
    finally:
        workspace.close()
    if options.json:
        print_json([_document(number, shown) for number, shown in enumerate(files, start=1)])
    elif files:
        print_table(
            [
                (number, shown.file.name, _tokens(shown), shown.file.note)
                for number, shown in enumerate(files, start=1)
            ],
            ["#", "name", "tokens", "note"],
        )
    else:
        say("The post has no files.")
    return 0


def save_file(options: argparse.Namespace) -> int:
    """Write one of them; nothing is overwritten without --force."""
    workspace = open_workspace(paths.data_dir(options.data_dir), writes=False)
    try:
        files = _files(workspace, options.post)
        if not 1 <= options.number <= len(files):
            raise NotFound(f"The post has no file {options.number}", f"It has {len(files)}.")
        file = files[options.number - 1].file
        content = workspace.attachments.content(file.digest)
    finally:
        workspace.close()
    target = Path(options.path)
    if not options.path or target.is_dir():
        target /= file_name_to_save(file.name)
    try:
        with target.open("wb" if options.force else "xb") as stream:
            stream.write(content)
    except FileExistsError as error:
        raise NotPossible(f"{target} is there already", "Name another file, or use --force.") from error
    except OSError as error:
        raise ForllmError("The file could not be saved", f"{target}: {error.strerror}.") from error
    if options.json:
        print_json({"name": file.name, "path": str(target), "bytes": len(content)})
    else:
        say(f"Saved {target}")
    return 0


def _files(workspace: Workspace, post_id: int) -> list[ShownFile]:
    workspace.forum.post(post_id)
    return workspace.attachments.shown(post_ids=[post_id]).get(post_id, [])


def _document(number: int, shown: ShownFile) -> dict[str, Any]:
    file, facts = shown.file, shown.facts
    return {
        "number": number,
        "name": file.name,
        "note": file.note,
        "path": file.path,
        "sha256": file.digest,
        "bytes": facts.size if facts else None,
        "tokens": facts.tokens if facts else None,
        "encoding": facts.encoding if facts else None,
    }


def _tokens(shown: ShownFile) -> str:
    return f"~{shown.facts.tokens:,}" if shown.facts else ""
