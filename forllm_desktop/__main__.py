"""Starts FORLLM: the window, the processes for `--engine` and for files, or a command of the command line."""

import gc
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
    if arguments[:1] == ["--index-files"]:
        from forllm_desktop.files import indexer

        return indexer.main(arguments[1:])
    if arguments[:1] == ["--read-pdf"]:
        from forllm_desktop.files import pdf

        return pdf.main()
    if arguments[:1] == ["--self-check"]:
        from forllm_desktop.self_check import self_check

        return self_check()
    if _wants_window(arguments):
        return _open_window(arguments[-1].removeprefix("--data-dir=") if arguments else None)
    from forllm_desktop.cli.main import main as run_command

    return run_command(arguments)


def _wants_window(arguments: Sequence[str]) -> bool:
    """Say whether no command is given: there are no arguments, or the data folder alone."""
    match arguments:
        case []:
            return True
        case ["--data-dir", folder]:
            return not folder.startswith("-")
        case [option]:
            return option.startswith("--data-dir=")
        case _:
            return False


def _open_window(data_dir: str | None) -> int:
    # Nothing made during the start is garbage; looking for some takes a tenth of it.
    gc.disable()
    from forllm_desktop import paths, platform_check

    problem = platform_check.find_problem()
    if problem is not None:
        print(f"forllm: {problem}", file=sys.stderr)
        return 1
    _spare_import_hook()
    from forllm_desktop import app

    return app.run(paths.data_dir(data_dir))


def _spare_import_hook() -> None:
    """Stop PySide from reading the source of every module that is imported.

    It looks for the word PySide6 there, to tell where `from __feature__ import snake_case` may apply. Nothing
    here uses that, and it takes a tenth of the time to the first frame, and 0.15 s for all of SQLAlchemy.
    """
    feature = sys.modules.get("shibokensupport.feature")
    if hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = lambda _module: False  # type: ignore[union-attr]


if __name__ == "__main__":
    sys.exit(main())
