"""A window that tells how it starts: `python -m tests.benchmarks.window STARTED KIND FOLDER IDLE`.

STARTED is the monotonic time in seconds at which this process was started, KIND is "bare" or "forllm". Prints
a line of JSON: the seconds of own time until the first `frame` and until it is `usable`, and what our window
did afterwards for IDLE seconds, if any. Nothing is imported here that a window would not import itself.
"""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.own_time import OwnTime

if TYPE_CHECKING:
    from forllm_desktop.app import Desktop


class Story:
    """What is told at the end, with the times since the process was started."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._clock = OwnTime()
        self.told: dict[str, float] = {}

    def note(self, what: str) -> None:
        self.told[what] = self._clock() - self._started

    def tell(self) -> None:
        print(json.dumps(self.told), flush=True)


def show_bare(story: Story) -> int:
    """Show an empty main window; then import what every window over this store must import."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow

    class Window(QMainWindow):
        def paintEvent(self, event) -> None:
            super().paintEvent(event)
            QTimer.singleShot(0, self, go_on)

    def go_on() -> None:
        story.note("frame")
        import sqlalchemy.orm  # noqa: F401

        story.note("usable")
        story.tell()
        app.quit()

    app = QApplication([])
    window = Window()
    window.resize(1440, 900)
    window.show()
    return app.exec()


def show_ours(story: Story, folder: str, seconds: float) -> int:
    """Open our window as its command does; it is usable when the rows of the forum tree are painted."""
    from forllm_desktop import __main__, paths

    data_dir = paths.data_dir

    def put_watch(given: str | None) -> Path:
        # Called when all is imported that the command needs, and right before it makes the window.
        from forllm_desktop import app

        app.Desktop = watched(app.Desktop, story, seconds)
        app.report_unforeseen = fail
        return data_dir(given)

    paths.data_dir = put_watch
    return __main__.main(["--data-dir", folder])


def watched(desktop: "type[Desktop]", story: Story, seconds: float) -> "type[Desktop]":
    """Return a kind of desktop that tells its story and quits, after it was idle for so many seconds."""
    from tests.benchmarks.paints import Paints

    class Watched(desktop):
        def __init__(self, *arguments, **options) -> None:
            super().__init__(*arguments, **options)
            Paints(self.window, lambda: story.note("frame"))
            self.opened.connect(self._watch_tree)

        def _watch_tree(self) -> None:
            from forllm_desktop.ui.panes.forum_view import ForumTreeView

            self._tree = self.window.findChild(ForumTreeView)
            Paints(self._tree.viewport(), self._note_usable)

        def _note_usable(self) -> None:
            story.note("usable")
            assert self._tree.model().rowCount() > 0
            if seconds:
                from tests.benchmarks.idle import watch

                watch(self, seconds, self._finish)
            else:
                self._finish({})

        def _finish(self, found: dict[str, float]) -> None:
            story.told |= found
            story.tell()
            self.quit()

    return Watched


def fail(*error) -> None:
    """End at once: an error in a slot would leave the window open for ever."""
    sys.__excepthook__(*error)
    os._exit(1)


if __name__ == "__main__":
    story = Story(float(sys.argv[1]))
    if sys.argv[2] == "bare":
        sys.exit(show_bare(story))
    sys.exit(show_ours(story, sys.argv[3], float(sys.argv[4])))
