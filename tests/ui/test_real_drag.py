"""Personas dragged with a real mouse: the window runs on a virtual X server, xdotool moves the pointer."""

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 30.0
"""Seconds until the window must have said something."""
TOOLS = ("Xvfb", "xdotool")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not all(shutil.which(tool) for tool in TOOLS),
    reason="Xvfb or xdotool is missing",
)


class Screen:
    """A window on a screen of its own, with a mouse."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._env = dict(os.environ, DISPLAY=_start_x(stack), QT_QPA_PLATFORM="xcb")
        self._env.pop("WAYLAND_DISPLAY", None)
        errors = stack.enter_context((folder / "errors").open("w"))
        self._app = subprocess.Popen(
            [sys.executable, "-m", "tests.drag_app", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=self._env,
            text=True,
        )
        stack.callback(self._end)
        self._told: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        first = self._told.get(timeout=PATIENCE)
        if first is None and "platform plugin" in (folder / "errors").read_text():
            pytest.skip("Qt finds no X libraries here")
        assert first is not None, (folder / "errors").read_text()
        self.places: dict[str, list[int]] = first["places"]

    def hears(self, **wanted: object) -> None:
        """Wait until the window tells this."""
        self._wait(lambda told: all(told.get(name) == value for name, value in wanted.items()), str(wanted))

    def rests(self) -> None:
        """Wait until nothing moves any more, as after a message came up."""
        while True:
            try:
                told = self._told.get(timeout=0.5)
            except queue.Empty:
                return
            assert told is not None, "the window ended"
            self.places = told["places"]

    def drags_to(self, name: str, words: str) -> None:
        """Move to a row until the card beside it says this."""
        self.go_to(name)
        self._wait(lambda told: words in told["hint"], words, moving=name)

    def _wait(self, is_it: Callable[[dict[str, Any]], bool], wanted: str, moving: str = "") -> None:
        deadline = time.monotonic() + PATIENCE
        by = 0
        while time.monotonic() < deadline:
            try:
                told = self._told.get(timeout=0.3)
            except queue.Empty:
                # A hand is never quite still either.
                by = 1 - by
                if moving:
                    self.go_to(moving, by=by)
                continue
            assert told is not None, f"the window ended before {wanted}"
            self.places = told["places"]
            if is_it(told):
                return
        raise AssertionError(f"the window never said {wanted}")

    def mouse(self, *steps: str) -> None:
        """Do something with mouse or keyboard, as xdotool names it."""
        for step in steps:
            command = ["xdotool", *step.split()]
            subprocess.run(command, env=self._env, check=True, timeout=PATIENCE)

    def go_to(self, name: str, by: int = 0) -> None:
        x, y = self.places[name]
        self.mouse(f"mousemove --sync {x + by} {y + by}", "sleep 0.05")

    def press(self, name: str, button: int = 1) -> None:
        """Press a button on a row and begin to move."""
        self.go_to(name)
        self.mouse(f"mousedown {button}", "mousemove_relative --sync -- -12 4", "sleep 0.05")
        self.mouse("mousemove_relative --sync -- -12 4", "sleep 0.1")

    def _read(self) -> None:
        assert self._app.stdout is not None
        for line in self._app.stdout:
            self._told.put(json.loads(line))
        self._told.put(None)

    def _end(self) -> None:
        assert self._app.stdin is not None
        self._app.stdin.close()
        try:
            self._app.wait(10)
        except subprocess.TimeoutExpired:
            self._app.kill()
            self._app.wait()
        self._reader.join()
        assert self._app.stdout is not None
        self._app.stdout.close()


def _start_x(stack: ExitStack) -> str:
    """Start a virtual X server and return its display."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    stack.callback(server.wait)
    stack.callback(server.terminate)
    with os.fdopen(read) as number:
        return f":{number.readline().strip()}"


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    with ExitStack() as stack:
        yield Screen(tmp_path, stack)


def test_personas_are_dragged_with_the_mouse(screen: Screen) -> None:
    screen.press("Nonna")
    screen.drags_to("Cooking", "Drop to assign Nonna to Cooking")
    screen.mouse("mouseup 1")
    screen.hears(members=["Nonna"], hint="")
    screen.rests()

    # Esc in the middle of a drag leaves everything as it is.
    screen.press("Skeptic")
    screen.drags_to("Cooking", "Drop to assign Skeptic to Cooking")
    screen.mouse("key Escape")
    screen.hears(members=["Nonna"], hint="")
    screen.mouse("mouseup 1")
    screen.rests()

    # Shift makes the one who is dropped the default, also when it is pressed over the target.
    screen.press("Ada")
    screen.drags_to("Cooking", "Drop to assign Ada to Cooking")
    screen.mouse("keydown shift")
    screen.drags_to("Cooking", "make Ada the default")
    screen.mouse("mouseup 1", "keyup shift")
    screen.hears(members=["Ada*", "Nonna"], hint="")
    screen.rests()

    # The right button asks what is meant.
    screen.press("Skeptic", 3)
    screen.drags_to("Cooking", "Drop to assign Skeptic to Cooking")
    screen.mouse("mouseup 3")
    screen.hears(menu=["Assign", "Assign, Skeptic as default", "Cancel"])
    screen.mouse("key Down", "key Return")
    screen.hears(members=["Ada*", "Nonna", "Skeptic"], menu=[])
