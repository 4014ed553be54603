"""`forllm doctor`: versions, the state of the database, and the servers on this machine."""

import argparse
import asyncio
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from forllm_desktop import __version__, paths
from forllm_desktop.cli.output import print_json, say
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.models import found_servers
from forllm_desktop.services.workspace import DATABASE_FILE, open_workspace

PACKAGES = ("PySide6-Essentials", "SQLAlchemy", "alembic", "httpx", "keyring", "xllamacpp")


def add_command(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `doctor` to the parser."""
    parser = commands.add_parser("doctor", parents=[common], help="check this installation")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what was found; exit code 1 when the database cannot be used."""
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


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"FORLLM Desktop": __version__, "Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    found["SQLite"] = sqlite3.sqlite_version
    return found


def _database(folder: Path) -> dict[str, Any]:
    """Check the database; one that does not exist yet is no problem."""
    if not (folder / DATABASE_FILE).exists():
        return {"state": "not made yet", "problems": []}
    try:
        workspace = open_workspace(folder, writes=False)
    except ForllmError as error:
        return {"state": "unreadable", "problems": [f"{error.title}. {error.message}"]}
    try:
        problems = workspace.database.check()
        is_read_only = workspace.database.is_read_only
    finally:
        workspace.close()
    state = "read-only" if is_read_only else "damaged" if problems else "ok"
    if is_read_only:
        problems = [f"Nothing can be saved in {folder}: it allows no writing.", *problems]
    return {"state": state, "problems": problems}


async def _servers() -> list[dict[str, Any]]:
    return [
        {
            "name": server.name,
            "url": server.base_url,
            "kind": server.info.kind.value if server.info.kind else None,
            "version": server.info.version,
            "state": server.info.state.value,
        }
        for server in await found_servers()
    ]


def _print(report: dict[str, Any]) -> None:
    for name, number in report["versions"].items():
        say(f"{name:<20} {number or 'not installed'}")
    say(f"{'Data folder':<20} {report['data_folder']}")
    say(f"{'Database':<20} {report['database']['state']}")
    for problem in report["database"]["problems"]:
        say(f"{'':<20} {problem}")
    for server in report["servers"]:
        say(f"{'Server':<20} {server['name']} at {server['url']} ({server['state']})")
    if not report["servers"]:
        say(f"{'Server':<20} none answers on this machine; a GGUF file runs without one")
