"""`forllm doctor`: versions, the state of the database, and the servers on this machine."""

import argparse
import asyncio

from forllm_desktop import paths
from forllm_desktop.cli.output import print_json

PACKAGES = ("PySide6-Essentials", "SQLAlchemy", "alembic", "httpx", "keyring", "xllamacpp")


def add_command(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `doctor` to the parser."""
    parser = commands.add_parser("doctor", parents=[common], help="check this installation")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what was found; exit code 1 when the database is damaged."""
    folder = paths.data_dir(options.data_dir)
    report = {
        "versions": _versions(),
        "data_folder": str(folder),
        "database": _database(folder),
        "servers": asyncio.run(_servers()),
    }
    if options.json:
        print_json(report)
    else:
        _print(report)
    return 1 if report["database"]["problems"] else 0
