"""Finds what would make Qt abort, before any of Qt's screen parts is imported, and says how to cure it."""

import ctypes
import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

# What QtGui itself is linked against; a bare Debian lacks the first.
GUI_LIBRARIES = ("libEGL.so.1", "libGL.so.1", "libxkbcommon.so.0", "libfontconfig.so.1", "libdbus-1.so.3")
# What the xcb platform plugin is linked against besides.
XCB_LIBRARIES = (
    "libxcb-cursor.so.0",
    "libxcb-icccm.so.4",
    "libxcb-keysyms.so.1",
    "libxcb-image.so.0",
    "libxcb-render-util.so.0",
    "libxkbcommon-x11.so.0",
)
# Platforms of Qt that this file knows nothing of, save that they are there.
_OTHER_PLATFORMS = ("offscreen", "minimal", "minimalegl", "vnc", "eglfs", "linuxfb", "vkkhrdisplay")
# Package by library, by the program that installs it.
_INSTALLERS: dict[str, tuple[str, dict[str, str]]] = {
    "apt-get": (
        "sudo apt install",
        {
            "libEGL.so.1": "libegl1",
            "libGL.so.1": "libgl1",
            "libxkbcommon.so.0": "libxkbcommon0",
            "libfontconfig.so.1": "libfontconfig1",
            "libdbus-1.so.3": "libdbus-1-3",
            "libxcb-cursor.so.0": "libxcb-cursor0",
            "libxcb-icccm.so.4": "libxcb-icccm4",
            "libxcb-keysyms.so.1": "libxcb-keysyms1",
            "libxcb-image.so.0": "libxcb-image0",
            "libxcb-render-util.so.0": "libxcb-render-util0",
            "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
        },
    ),
    "dnf": (
        "sudo dnf install",
        {
            "libEGL.so.1": "libglvnd-egl",
            "libGL.so.1": "libglvnd-glx",
            "libxkbcommon.so.0": "libxkbcommon",
            "libfontconfig.so.1": "fontconfig",
            "libdbus-1.so.3": "dbus-libs",
            "libxcb-cursor.so.0": "xcb-util-cursor",
            "libxcb-icccm.so.4": "xcb-util-wm",
            "libxcb-keysyms.so.1": "xcb-util-keysyms",
            "libxcb-image.so.0": "xcb-util-image",
            "libxcb-render-util.so.0": "xcb-util-renderutil",
            "libxkbcommon-x11.so.0": "libxkbcommon-x11",
        },
    ),
    "pacman": (
        "sudo pacman -S",
        {
            "libEGL.so.1": "libglvnd",
            "libGL.so.1": "libglvnd",
            "libxkbcommon.so.0": "libxkbcommon",
            "libfontconfig.so.1": "fontconfig",
            "libdbus-1.so.3": "dbus",
            "libxcb-cursor.so.0": "xcb-util-cursor",
            "libxcb-icccm.so.4": "xcb-util-wm",
            "libxcb-keysyms.so.1": "xcb-util-keysyms",
            "libxcb-image.so.0": "xcb-util-image",
            "libxcb-render-util.so.0": "xcb-util-renderutil",
            "libxkbcommon-x11.so.0": "libxkbcommon-x11",
        },
    ),
}


def find_problem() -> str | None:
    """Return one line about what keeps the window from opening on this machine; None when nothing does."""
    import PySide6

    pair = bad_pair(PySide6.__version__, sys.version_info[:2])
    if pair is not None:
        return pair
    if sys.platform != "linux":
        return None
    problems = [
        missing_libraries(platform, can_load) or missing_display(platform, os.environ, _x_answers)
        for platform in platform_names(os.environ)
    ]
    return problems[0] if all(problems) else None


def bad_pair(pyside: str, python: tuple[int, int]) -> str | None:
    """Say that this PySide6 aborts on this Python: 6.12 counts references wrongly on 3.11."""
    if python != (3, 11) or not pyside.startswith("6.12."):
        return None
    return (
        f"PySide6 {pyside} aborts on Python 3.11. Install an older one: "
        f"{sys.executable} -m pip install 'PySide6-Essentials>=6.10,<6.12'"
    )


def platform_names(environment: Mapping[str, str]) -> list[str]:
    """Return the platforms that Qt will try on Linux, in that order; an empty name where there is none."""
    chosen = environment.get("QT_QPA_PLATFORM", "")
    if chosen:
        return [one.split(":")[0] for one in chosen.split(";")]
    displays = {"wayland": environment.get("WAYLAND_DISPLAY"), "xcb": environment.get("DISPLAY")}
    return [platform for platform, display in displays.items() if display] or [""]


def missing_libraries(platform: str, can_load: Callable[[str], bool]) -> str | None:
    """Say which system libraries of Qt are missing for a platform, and what installs them."""
    needed = GUI_LIBRARIES + (XCB_LIBRARIES if platform == "xcb" else ())
    missing = [library for library in needed if not can_load(library)]
    if not missing:
        return None
    return f"Qt needs system libraries that are missing ({', '.join(missing)}). {_cure(missing)}"


def missing_display(platform: str, environment: Mapping[str, str], answers: Callable[[], bool]) -> str | None:
    """Say that there is no screen to show a window on."""
    advice = "Start it from a desktop session, or use a command such as: forllm ask --help"
    if not platform:
        return f"There is no display to show the window on. {advice}"
    if platform == "xcb" and not answers():
        display = environment.get("DISPLAY", "")
        return f"The display “{display}” does not answer. {advice}"
    if platform.startswith("wayland"):
        return None if wayland_answers(environment) else f"No Wayland compositor answers. {advice}"
    if platform not in ("xcb", *_OTHER_PLATFORMS):
        return f"QT_QPA_PLATFORM names “{platform}”, which Qt does not know. Unset it, or use xcb or wayland."
    return None


def wayland_answers(environment: Mapping[str, str]) -> bool:
    """Connect to the compositor as Qt will, which aborts the process when it cannot."""
    if environment.get("WAYLAND_SOCKET"):
        return True  # a connection that was made by whoever started this
    # An absolute name stands for itself.
    path = Path(environment.get("XDG_RUNTIME_DIR", "/")) / (environment.get("WAYLAND_DISPLAY") or "wayland-0")
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def _cure(missing: Sequence[str]) -> str:
    for program, (command, packages) in _INSTALLERS.items():
        if shutil.which(program):
            return f"Install them with: {command} {' '.join(sorted({packages[one] for one in missing}))}"
    return "Install them with the package manager of this system."


def can_load(library: str) -> bool:
    """Say whether a shared library can be loaded here."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _x_answers() -> bool:
    """Connect to the X server as Qt will, which aborts the process when it cannot."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # said elsewhere, or not needed
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    try:
        return not xcb.xcb_connection_has_error(connection)
    finally:
        xcb.xcb_disconnect(connection)
