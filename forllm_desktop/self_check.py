"""`forllm --self-check`: says line by line whether an installed or frozen app has all it needs."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from forllm_desktop import paths, platform_check
from forllm_desktop.domain.errors import ForllmError

ENGINE_SECONDS = 60
FRAME_SECONDS = 30


def self_check() -> int:
    """Run every check, print a line for each, and return 0 only when all is well."""
    checks: dict[str, Callable[[], str]] = {
        "store": _check_store,
        "resources": _check_resources,
        "window": _check_window,
        "engine": _check_engine,
    }
    results = [_run(name, check) for name, check in checks.items()]
    return 0 if all(results) else 1


class Failed(Exception):
    """A check found something wrong; the text says what."""


def _run(name: str, check: Callable[[], str]) -> bool:
    try:
        print(f"{name:<10} ok      {check()}", flush=True)
    except (Failed, ForllmError, ImportError, OSError) as error:
        print(f"{name:<10} FAILED  {error}", flush=True)
        return False
    return True


def _check_store() -> str:
    """Make a store in a folder of its own, which runs every migration, and look it through."""
    from forllm_desktop.services.workspace import open_workspace

    with _scratch_folder() as folder:
        workspace = open_workspace(folder)
        try:
            workspace.forum.create_subforum("Self-check")
            problems = workspace.database.check()
        finally:
            workspace.close()
    if problems:
        raise Failed("; ".join(problems))
    return "made, written, checked"


def _check_resources() -> str:
    from forllm_desktop.services.examples import examples

    files = [paths.resources_dir() / "forllm.svg", *paths.prompt_templates_dir().rglob("*.*")]
    missing = [file.name for file in files if not file.is_file() or not file.stat().st_size]
    if missing:
        raise Failed(f"missing or empty: {', '.join(missing)}")
    return f"{len(files)} files, {len(examples())} examples"


def _check_window() -> str:
    """Open the window over an empty folder, off the screen, and look whether something is painted."""
    if sys.platform == "linux":
        problem = platform_check.missing_libraries("offscreen", platform_check.can_load)
        if problem is not None:
            raise Failed(problem)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QEventLoop, QTimer

    from forllm_desktop.app import Desktop, make_application
    from forllm_desktop.ui.icons import load_icons

    application = make_application()
    with _scratch_folder() as folder:
        desktop, loop = Desktop(folder), QEventLoop()
        desktop.opened.connect(loop.quit)
        QTimer.singleShot(FRAME_SECONDS * 1000, loop.quit)
        desktop.start()
        loop.exec()
        load_icons()
        image = desktop.window.grab().toImage()
        colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
        is_open = desktop.workspace is not None and desktop.desk is not None
        ended = QEventLoop()
        desktop.ended.connect(ended.quit)
        QTimer.singleShot(0, desktop.quit)
        ended.exec()
    if not is_open or len(colours) < 3:
        raise Failed("the window stays empty")
    application.quit()
    return f"{image.width()} x {image.height()}, {len(colours)} colours"


def _check_engine() -> str:
    """Start the engine's process and ask it for a file that does not exist: llama.cpp itself says so."""
    from forllm_desktop.llm import engine
    from forllm_desktop.llm.backend import BackendError
    from forllm_desktop.llm.engine_process import EngineProcess

    if not engine.is_available():
        raise Failed(engine.MISSING)
    with _scratch_folder() as folder:
        process = EngineProcess(str(folder / "none.gguf"), 512)
        try:
            process.ready.result(ENGINE_SECONDS)
        except BackendError as error:
            lines = " ".join([error.title, error.message, *process.log_lines])
            if engine.MISSING in lines:
                raise Failed(lines) from error
        except TimeoutError as error:
            raise Failed(f"no answer within {ENGINE_SECONDS} s") from error
        finally:
            process.stop(5)
    return "llama.cpp answers"


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="forllm-check-") as folder:
        yield Path(folder)
