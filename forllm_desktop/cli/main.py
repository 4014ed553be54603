"""The command line: reads the arguments, opens the data folder, runs one command."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any, NoReturn

from forllm_desktop import __version__, paths
from forllm_desktop.cli import (
    ask,
    doctor,
    files,
    models,
    personas,
    posts,
    prompts,
    queue,
    servers,
    subforums,
)
from forllm_desktop.cli.output import print_error
from forllm_desktop.domain.errors import ForllmError, InvalidInput


class Parser(argparse.ArgumentParser):
    """Reports a wrong argument like every other failure; options are written out, so that none is guessed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise InvalidInput("arguments", message[:1].upper() + message[1:], f"See: {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 failed, 2 wrong arguments, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    _open_closed_streams()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may not know what a text holds, and vice versa
    try:
        code = _run(arguments, as_json="--json" in arguments)
        sys.stdout.flush()
        return code
    except OSError as error:
        # Who read the output is gone, or its disk is full. Python would complain about the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"forllm: {error}", file=sys.stderr)
        return 1


def _open_closed_streams() -> None:
    """Read nothing and write nowhere where a caller has closed a stream; Python leaves it out then."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _run(arguments: list[str], *, as_json: bool) -> int:
    try:
        options = build_parser().parse_args(arguments)
        if not hasattr(options, "run"):
            if not as_json:
                build_parser().print_help()
                return 2
            raise InvalidInput("arguments", "No command is named", "See: forllm --help")
        _refuse_broken_text(options)
    except InvalidInput as error:
        print_error(error, as_json=as_json)
        return 2
    try:
        return options.run(options)
    except ForllmError as error:
        print_error(error, as_json=options.json)
        return 1
    except KeyboardInterrupt:
        print_error(ForllmError("Interrupted"), as_json=options.json)
        return 130


def _refuse_broken_text(options: argparse.Namespace) -> None:
    """Refuse arguments with bytes that are no text here: they can be neither stored nor shown.

    In the question itself they are replaced, like everywhere a post is written.
    """
    given = {name: value for name, value in vars(options).items() if name != "text"}
    for value in (*given.values(), str(paths.data_dir(options.data_dir))):
        if isinstance(value, str) and _is_broken(value):
            shown = value.encode(errors="replace").decode()
            raise InvalidInput("arguments", "An argument is not readable text", f"It looks like {shown}.")


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def build_parser() -> Parser:
    """Return the parser with all commands; `--data-dir` and `--json` go before or after the command."""
    parser = Parser(prog="forllm", description="A forum for your local language models.")
    parser.add_argument("--version", action="version", version=f"FORLLM Desktop {__version__}")
    _add_common(parser, default_dir=None, default_json=False)
    common = Parser(add_help=False)
    _add_common(common, default_dir=argparse.SUPPRESS, default_json=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    ask.add_command(commands, common)
    posts.add_commands(commands, common)
    files.add_commands(commands, common)
    prompts.add_command(commands, common)
    queue.add_commands(commands, common)
    personas.add_commands(commands, common)
    subforums.add_commands(commands, common)
    servers.add_commands(commands, common)
    models.add_commands(commands, common)
    doctor.add_command(commands, common)
    return parser


def _add_common(parser: argparse.ArgumentParser, default_dir: object, default_json: object) -> None:
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        default=default_dir,
        help=f"the data folder (default: {paths.data_dir()})".replace("%", "%%"),
    )
    parser.add_argument(
        "--json", action="store_true", default=default_json, help="print exactly one JSON document"
    )
