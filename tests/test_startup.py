"""What a start imports and when, and which arguments open the window."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from forllm_desktop.services.workspace import open_workspace

ROOT = Path(__file__).parent.parent
SCREEN = ("PySide6.QtGui", "PySide6.QtWidgets", "qasync", "qtawesome")


def loaded_after(code: str, *asked: str) -> list[str]:
    """Run code in a fresh interpreter and return which of these modules it loaded."""
    code = f"{code}\nimport sys\nprint(' '.join(m for m in {asked!r} if m in sys.modules))"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "arguments",
    [
        ["queue", "list"],
        ["servers", "list"],
        ["doctor"],
        ["run-queue"],
        ["ask", "Why?", "--subforum", "Physics", "--model", "tiny", "--server", "http://127.0.0.1:9"],
    ],
)
def test_commands_without_a_screen_load_nothing_of_it(arguments: list[str], tmp_path: Path) -> None:
    code = (
        f"from forllm_desktop.__main__ import main\nmain([*{arguments!r}, '--data-dir', {str(tmp_path)!r}])"
    )
    assert loaded_after(code, *SCREEN) == []


def test_the_platform_is_checked_before_anything_of_the_screen_is_loaded() -> None:
    code = "from forllm_desktop import platform_check\nplatform_check.find_problem()"
    assert loaded_after(code, *SCREEN) == []


def test_a_problem_of_the_platform_is_told_before_qt_is_loaded() -> None:
    code = """
from forllm_desktop import __main__, platform_check
platform_check.find_problem = lambda: "Something is missing."
assert __main__.main([]) == 1
"""
    assert loaded_after(code, *SCREEN) == []


def test_the_first_frame_does_not_wait_for_the_database(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from forllm_desktop.app import Desktop, make_application
app = make_application()
desktop = Desktop(Path({str(tmp_path)!r}))
desktop.window.first_frame_shown.disconnect()
desktop.window.first_frame_shown.connect(lambda: app.exit(0))
desktop.start()
app.exec()
"""
    assert loaded_after(code, "sqlalchemy", "httpx", "markdown_it", "pygments", "keyring", "qtawesome") == []


def test_the_panes_do_not_wait_for_what_nobody_sees_at_first(tmp_path: Path) -> None:
    with closing(open_workspace(tmp_path)) as workspace:
        workspace.forum.create_subforum("Physics")
    code = f"""
import sys
from pathlib import Path
from forllm_desktop.app import Desktop, make_application
from tests.benchmarks.paints import Paints
app = make_application()
desktop = Desktop(Path({str(tmp_path)!r}))
loaded = []
def watch():
    from forllm_desktop.ui.panes.forum_view import ForumTreeView
    Paints(desktop.window.findChild(ForumTreeView).viewport(), painted)
def painted():
    loaded.extend(sys.modules)
    desktop.quit()
desktop.opened.connect(watch)
desktop.ended.connect(lambda: app.exit(0))
desktop.start()
app.exec()
for name in set(sys.modules) - set(loaded):
    del sys.modules[name]
"""
    late = (
        "httpx", "markdown_it", "pygments", "keyring", "forllm_desktop.worker.loop",
        "forllm_desktop.ui.pages.topic", "forllm_desktop.ui.panes.search", "forllm_desktop.services.search",
        "forllm_desktop.services.generation", "forllm_desktop.services.ratings",
    )  # fmt: skip
    assert loaded_after(code, "forllm_desktop.ui.desk", *late) == ["forllm_desktop.ui.desk"]


def test_qt_api_is_chosen_before_qasync_could_ask() -> None:
    code = "import os, forllm_desktop.__main__; print(os.environ['QT_API'])"
    environment = {key: value for key, value in os.environ.items() if key != "QT_API"}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "pyside6"


@pytest.mark.parametrize(
    ("arguments", "opens"),
    [
        ([], True),
        (["--data-dir", "/tmp/x"], True),
        (["--data-dir=/tmp/x"], True),
        (["--data-dir"], False),
        (["--help"], False),
        (["--version"], False),
        (["queue", "list"], False),
        (["--data-dir", "/tmp/x", "queue", "list"], False),
        (["--data-dir", "--json"], False),
    ],
)
def test_the_window_opens_without_a_command_only(arguments: list[str], opens: bool) -> None:
    from forllm_desktop.__main__ import _wants_window

    assert _wants_window(arguments) is opens


def test_self_check_says_a_line_per_part(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "FORLLM_DATA_DIR": str(tmp_path / "untouched")}
    ran = subprocess.run(
        [sys.executable, "-m", "forllm_desktop", "--self-check"],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = [line.split()[:2] for line in ran.stdout.splitlines()]
    assert lines == [["store", "ok"], ["resources", "ok"], ["window", "ok"], ["engine", "ok"]]
    assert not (tmp_path / "untouched").exists()


def test_self_check_fails_when_something_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from forllm_desktop import self_check

    def fail() -> str:
        raise self_check.Failed("it is not there")

    monkeypatch.setattr(self_check, "_check_window", lambda: "fine")
    monkeypatch.setattr(self_check, "_check_engine", fail)
    assert self_check.self_check() == 1
    assert "engine     FAILED  it is not there" in capsys.readouterr().out
