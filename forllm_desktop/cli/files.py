"""`forllm files`: the files that go with posts."""

import argparse

from forllm_desktop.cli import post_files


def add_commands(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `files` to the parser."""
    files = commands.add_parser("files", parents=[common], help="list and save files of posts")
    verbs = files.add_subparsers(title="verbs", metavar="VERB", required=True)
    post_files.add_verbs(verbs, common)
