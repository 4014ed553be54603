"""The command line: reads the arguments, opens the data folder, runs one command."""

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import NoReturn

from forllm_desktop import __version__, paths
from forllm_desktop.cli import ask, doctor, queue, servers
from forllm_desktop.cli.output import print_error
from forllm_desktop.domain.errors import ForllmError, InvalidInput


class Parser(argparse.ArgumentParser):
    """Reports a wrong argument like every other failure."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInput("arguments", message[:1].upper() + message[1:], f"See: {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 failed, 2 wrong arguments, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    try:
        options = build_parser().parse_args(arguments)
    except InvalidInput as error:
        print_error(error, as_json=as_json)
        return 2
    if not hasattr(options, "run"):
        build_parser().print_help()
        return 2
    try:
        return options.run(options)
    except ForllmError as error:
        print_error(error, as_json=options.json)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def build_parser() -> Parser:
    """Return the parser with all commands; `--data-dir` and `--json` go before or after the command."""
    parser = Parser(prog="forllm", description="A forum for your local language models.")
    parser.add_argument("--version", action="version", version=f"FORLLM Desktop {__version__}")
    _add_common(parser, default_dir=None, default_json=False)
    common = Parser(add_help=False)
    _add_common(common, default_dir=argparse.SUPPRESS, default_json=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    ask.add_command(commands, common)
    queue.add_commands(commands, common)
    servers.add_commands(commands, common)
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
