"""What would make Qt abort is said in one line, before Qt is loaded."""

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from forllm_desktop import platform_check
from forllm_desktop.platform_check import bad_pair, missing_display, missing_libraries, platform_names


def test_the_bad_pair_is_named_with_its_cure() -> None:
    line = bad_pair("6.12.0", (3, 11))
    assert line is not None
    assert "pip install 'PySide6-Essentials>=6.10,<6.12'" in line


@pytest.mark.parametrize(
    ("pyside", "python"), [("6.12.0", (3, 12)), ("6.11.3", (3, 11)), ("6.13.0", (3, 11))]
)
def test_other_pairs_are_fine(pyside: str, python: tuple[int, int]) -> None:
    assert bad_pair(pyside, python) is None


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"QT_QPA_PLATFORM": "offscreen"}, ["offscreen"]),
        ({"QT_QPA_PLATFORM": "xcb:debug;wayland", "WAYLAND_DISPLAY": "w"}, ["xcb", "wayland"]),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, ["wayland", "xcb"]),
        ({"DISPLAY": ":0"}, ["xcb"]),
        ({}, [""]),
    ],
)
def test_the_platforms_are_those_that_qt_will_try(environment: dict[str, str], expected: list[str]) -> None:
    assert platform_names(environment) == expected


def test_missing_libraries_are_named_with_the_command_that_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda program: program if program == "apt-get" else None)
    line = missing_libraries("xcb", lambda name: name not in ("libxcb-cursor.so.0", "libEGL.so.1"))
    assert line is not None
    assert "libxcb-cursor.so.0" in line
    assert line.endswith("sudo apt install libegl1 libxcb-cursor0")
    assert "\n" not in line


def test_a_system_without_a_known_installer_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _program: None)
    line = missing_libraries("xcb", lambda _name: False)
    assert line is not None
    assert "package manager" in line


def test_libraries_of_xcb_are_not_asked_for_elsewhere() -> None:
    asked: list[str] = []
    assert missing_libraries("wayland", lambda name: not asked.append(name)) is None
    assert not [name for name in asked if "xcb" in name]


def test_every_library_has_a_package_everywhere() -> None:
    libraries = {*platform_check.GUI_LIBRARIES, *platform_check.XCB_LIBRARIES}
    for _command, packages in platform_check._INSTALLERS.values():
        assert set(packages) == libraries


def test_no_display_is_said() -> None:
    line = missing_display("", {}, lambda: True)
    assert line is not None
    assert "no display" in line


def test_a_display_that_does_not_answer_is_said() -> None:
    line = missing_display("xcb", {"DISPLAY": ":77"}, lambda: False)
    assert line is not None
    assert "“:77” does not answer" in line
    assert missing_display("xcb", {"DISPLAY": ":0"}, lambda: True) is None


@pytest.mark.skipif(sys.platform == "win32", reason="sockets of POSIX")
def test_a_compositor_answers_or_not(tmp_path: Path) -> None:
    environment = {"XDG_RUNTIME_DIR": str(tmp_path), "WAYLAND_DISPLAY": "wayland-7"}
    line = missing_display("wayland-egl", environment, lambda: True)
    assert line is not None
    assert "compositor" in line
    with closing(socket.socket(socket.AF_UNIX)) as compositor:
        compositor.bind(str(tmp_path / "wayland-7"))
        compositor.listen()
        assert missing_display("wayland", environment, lambda: False) is None
    assert missing_display("wayland", {"WAYLAND_SOCKET": "5"}, lambda: False) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has no display")
@pytest.mark.parametrize(
    "chosen",
    [
        {"DISPLAY": ""},
        {"DISPLAY": ":7654"},
        {"WAYLAND_DISPLAY": "wayland-7654"},
        {"QT_QPA_PLATFORM": "wayland;xcb", "DISPLAY": ":7654"},
        {"QT_QPA_PLATFORM": "nonsense"},
    ],
)
def test_the_window_without_a_display_ends_with_one_line_and_no_core_dump(
    chosen: dict[str, str], tmp_path: Path
) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **chosen}
    ended = subprocess.run(
        [sys.executable, "-m", "forllm_desktop", "--data-dir", str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=30, check=False,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert any(word in ended.stderr for word in ("display", "compositor", "nonsense")), ended.stderr
    assert list(tmp_path.iterdir()) == []
