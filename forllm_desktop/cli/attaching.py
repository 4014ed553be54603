"""The files that go with a text on the command line: `--attach FILE`, each with a `--note` if wanted."""

import argparse
from collections.abc import Sequence
from typing import Any

from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.services.workspace import Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--attach` and `--note` to a command; a note belongs to the file before it."""
    parser.add_argument(
        "--attach",
        metavar="FILE",
        dest="attached",
        action=_Attach,
        default=(),
        help="a text file or a PDF that goes with the text as it is now; may be given several times",
    )
    parser.add_argument(
        "--note", metavar="TEXT", dest="attached", action=_Note, help="what the file before it is"
    )


def store_attached(workspace: Workspace, options: argparse.Namespace) -> tuple[AttachedFile, ...]:
    """Store the files that were named. Raises InvalidInput for one that cannot be sent."""
    return tuple(workspace.attachments.add_path(path, note) for path, note in options.attached)


class _Attach(argparse.Action):
    """Gathers pairs of a path and a note."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        namespace.attached = (*namespace.attached, (str(values), ""))


class _Note(argparse.Action):
    """Gives the last file its note."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        if not namespace.attached or namespace.attached[-1][1]:
            raise argparse.ArgumentError(self, "it belongs behind the --attach FILE that it is about")
        namespace.attached = (*namespace.attached[:-1], (namespace.attached[-1][0], str(values)))
