"""Starts FORLLM: the engine process for `--engine`, the command line for everything else."""

import os
import sys
from collections.abc import Sequence

os.environ.setdefault("QT_API", "pyside6")


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for and return the exit code; `argv` is without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["--engine"]:
        from forllm_desktop.llm import engine

        return engine.main()
    from forllm_desktop.cli.main import main as run_command

    return run_command(arguments)


if __name__ == "__main__":
    sys.exit(main())
