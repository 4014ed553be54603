"""The composition root of the window: opens, wires, starts, stops; it alone knows all packages."""

import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal
from PySide6.QtWidgets import QApplication

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.storage.first_look import first_look
from forllm_desktop.ui.collector import Collector
from forllm_desktop.ui.main_window import APP_TITLE, MainWindow
from forllm_desktop.ui.theme import STYLE, start_look

# Everything that needs SQLAlchemy or asyncio is imported after the first frame.
if TYPE_CHECKING:
    from qasync import QEventLoop

    from forllm_desktop.services.workspace import Workspace
    from forllm_desktop.ui.desk import Desk
    from forllm_desktop.ui.latest import Latest
    from forllm_desktop.ui.thread.warming import Warming
    from forllm_desktop.worker.thread import WorkerThread

STOP_WITHIN = 3_000
"""Milliseconds a stopping worker gets; a process that hangs at its end helps nobody."""
AFTER_PAINTING = 1
"""Milliseconds. A single shot of 0 is no timer but an event, and those come before what must be painted."""
LOOK_DEFAULTS = {"color_scheme": "system", "accent": "blue", "text_size": "100", "reduce_motion": "system"}

log = logging.getLogger(__name__)


def run(folder: Path) -> int:
    """Show the window over a data folder until it is closed; returns the exit code."""
    collector = Collector()
    sys.excepthook = report_unforeseen
    app = make_application()
    loops: list[QEventLoop] = []
    desktop = Desktop(folder, before_opening=lambda: loops.append(_begin_loop(app)))
    sys.excepthook = desktop.report
    # Python's own handlers only run between two steps of Python; the socket makes Qt take one.
    interrupts = Interrupts(desktop.quit)
    desktop.opened.connect(collector.start)
    desktop.ended.connect(lambda: loops[0].stop() if loops else app.exit(0))
    desktop.start()
    try:
        app.exec()
        for loop in loops:
            loop.run_until_complete(_end_tasks())
            loop.close()
    finally:
        interrupts.close()
    return desktop.exit_code


def _begin_loop(app: QApplication) -> "QEventLoop":
    """Let coroutines run in Qt's loop from now on. Importing asyncio would hold up the first frame."""
    import asyncio

    from qasync import QEventLoop

    loop = QEventLoop(app, already_running=True)
    asyncio.set_event_loop(loop)
    return loop


def make_application() -> QApplication:
    """Return the application with its names and its look."""
    # `setStyle` would make PySide prepare all that a style has, which the first frame does not need.
    app = QApplication([APP_TITLE, "-style", STYLE])
    app.setApplicationName("forllm")
    app.setApplicationDisplayName(APP_TITLE)
    app.setDesktopFileName("forllm")
    app.setQuitOnLastWindowClosed(False)
    start_look(app, has_style=True)
    return app


class Desktop(QObject):
    """One window over one data folder, from the first frame to the last commit.

    opened()    the panes are there and can be used
    ended()     everything is stored and closed; `exit_code` says how it went
    """

    opened = Signal()
    ended = Signal()

    def __init__(
        self,
        folder: Path,
        parent: QObject | None = None,
        *,
        before_opening: Callable[[], object] = lambda: None,
    ) -> None:
        """`before_opening` is called once the first frame is on the screen."""
        super().__init__(parent)
        self._folder = folder
        self._before_opening = before_opening
        self._log: logging.Handler | None = None
        self._is_quitting = False
        self._later: list[Callable[[], None]] = []
        self.has_ended = False
        self.exit_code = 0
        self.workspace: Workspace | None = None
        self.worker: WorkerThread | None = None
        self._warming: Warming | None = None
        self._cleaning: Latest | None = None
        self.desk: Desk | None = None
        self.window = MainWindow()
        self._wear_first_look()
        self.window.close_requested.connect(self.quit)
        self.window.first_frame_shown.connect(self._open)
        self._patience = QTimer(self, singleShot=True, interval=STOP_WITHIN)
        self._patience.timeout.connect(self._give_up)

    def start(self) -> None:
        """Show the window; the data folder is opened once its frame is on the screen."""
        self.window.show()

    def quit(self) -> None:
        """Save everything, stop the worker without waiting for it here, then close all."""
        if self._is_quitting:
            return
        self._is_quitting = True
        log.info("quitting")
        if self.workspace is not None:
            # What is typed matters more now than a window that waits.
            self.workspace.database.hurry(None)
        self._flush()
        if self.worker is not None and self.worker.isRunning():
            self._patience.start()
            self.worker.finished.connect(self._end)
            self.worker.ask_to_stop()
        else:
            self._end()

    def report(
        self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        """Say an error in words that no slot has caught, once until it is put away; others go to the log."""
        if isinstance(error, ForllmError) and self.workspace is not None:
            if self.window.bar.says_error(error):
                return
            log.warning("%s. %s", error.title, error.message)
            self.workspace.events.failed.emit(error.title, error.message)
        else:
            report_unforeseen(kind, error, traceback)

    # -- opening

    def _open(self) -> None:
        self._before_opening()
        from forllm_desktop.logs import start_logging
        from forllm_desktop.services.workspace import open_workspace

        try:
            self.workspace = open_workspace(self._folder)
            self.workspace.database.hurry(threading.get_ident())
            self._log = start_logging(self._folder)
            from forllm_desktop.ui.desk import Desk

            self.desk = Desk(self.window, self.workspace)
        except ForllmError as error:
            self._refuse(error)
            return
        except Exception as error:
            # Whatever it is: an empty window that holds the data folder would help nobody.
            log.exception("could not be opened")
            self._refuse(ForllmError("FORLLM could not be opened", f"{type(error).__name__}: {error}"))
            return
        QApplication.instance().commitDataRequest.connect(self._flush)  # type: ignore[union-attr]
        log.info("opened %s", self._folder)
        self._later = [
            self._load_icons,
            self._start_worker,
            self._warm_up,
            self._clean_up,
            self._index_files,
            self._watch_windows,
        ]
        self.opened.emit()
        # Lists lay themselves out when the rest has been painted, and are painted after that.
        QTimer.singleShot(AFTER_PAINTING, self, lambda: QTimer.singleShot(AFTER_PAINTING, self, self._go_on))

    def _go_on(self) -> None:
        """Do the next thing that takes time and is not missed at once; the window answers in between."""
        step = self._later.pop(0)
        if self._later:
            QTimer.singleShot(AFTER_PAINTING, self, self._go_on)
        step()

    def _load_icons(self) -> None:
        from forllm_desktop.ui.icons import load_icons

        load_icons()

    def _start_worker(self) -> None:
        if self.workspace is None or self._is_quitting:
            return
        from forllm_desktop.worker.assembly import make_queue_loop
        from forllm_desktop.worker.thread import WorkerThread

        workspace = self.workspace
        self.worker = WorkerThread(lambda: make_queue_loop(workspace), self)
        self.worker.listen_to(workspace.events)
        self.worker.start()

    def _warm_up(self) -> None:
        """Let the first topic open as quickly as the others."""
        from forllm_desktop.ui.thread.warming import Warming

        if not self._is_quitting:
            self._warming = Warming(self)
            self._warming.start()

    def _clean_up(self) -> None:
        """Remove the contents of files that nothing needs any more, a few at a time, in a thread."""
        from forllm_desktop.ui.latest import Latest

        if self._is_quitting or self.workspace is None:
            return
        attachments = self.workspace.attachments

        def clean() -> None:
            while not self._is_quitting and attachments.clean():
                pass

        self._cleaning = Latest("clean", self)
        self._cleaning.failed.connect(lambda error: log.warning("%s. %s", error.title, error.message))
        self._cleaning.ask(clean)

    def _index_files(self) -> None:
        """Follow what lies in the folders whose files may be tagged; `close` of the workspace ends it."""
        if self.workspace is not None and not self._is_quitting:
            self.workspace.files.start()

    def _watch_windows(self) -> None:
        """Ask servers what their models can, and again when that got too old."""
        from forllm_desktop.ui.window_watch import WindowWatch

        if self.workspace is not None and not self._is_quitting:
            WindowWatch(self.workspace, self.desk)

    def _refuse(self, error: ForllmError) -> None:
        """Say why nothing can be opened, in the window, which then only closes."""
        from forllm_desktop.ui.pages.refusal import RefusalPage

        self.exit_code = 1
        page = RefusalPage(error)
        page.close_requested.connect(self.quit)
        self.window.show_welcome(page)
        self._load_icons()
        print(f"forllm: {error.title}. {error.message}", file=sys.stderr)

    def _wear_first_look(self) -> None:
        stored = first_look(self._folder / "forllm.db", (*LOOK_DEFAULTS, "ui.geometry"))
        looks = LOOK_DEFAULTS | {key: value for key, value in stored.items() if key in LOOK_DEFAULTS}
        try:
            self.window.wear(
                looks["color_scheme"], looks["accent"], int(looks["text_size"]), looks["reduce_motion"]
            )
            self.window.restore_geometry(json.loads(stored.get("ui.geometry", "null")))
        except ValueError:
            return  # the settings say it properly, once they are read

    # -- quitting

    def _flush(self) -> None:
        """Store what is typed and what is open. A failure must not keep the window from closing."""
        if self.desk is None:
            return
        try:
            self.desk.flush()
        except Exception:
            log.exception("not saved at the end")

    def _end(self) -> None:
        self._patience.stop()
        if self.worker is not None:
            self.worker.wait()
        if self._warming is not None:
            self._warming.wait()
        if self._cleaning is not None:
            self._cleaning.stop()
        if self.desk is not None:
            self.desk.close()
        self.window.close_for_good()
        if self.workspace is not None:
            self.workspace.close()
        log.info("closed")
        if self._log is not None:
            from forllm_desktop.logs import stop_logging

            stop_logging(self._log)
        self.has_ended = True
        self.ended.emit()

    def _give_up(self) -> None:
        """Leave at once: destroying a running QThread would abort. Streamed text is saved as it comes."""
        log.error("the worker did not stop within %d s", STOP_WITHIN // 1000)
        if self.workspace is not None:
            self.workspace.close()
        logging.shutdown()
        os._exit(0)


class Interrupts(QObject):
    """Turns SIGINT and SIGTERM into a call in the GUI thread."""

    def __init__(self, quit: Callable[[], None]) -> None:
        super().__init__()
        self._quit = quit
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._answer)
        self._before = {
            number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)
        }
        self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def close(self) -> None:
        """Put everything back as it was."""
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _answer(self) -> None:
        try:
            numbers = self._reader.recv(64)
        except BlockingIOError:
            return
        if {signal.SIGINT, signal.SIGTERM} & set(numbers):
            self._quit()


def report_unforeseen(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Write an error that nobody foresaw, in a slot for instance, to the log; the window goes on."""
    log.error("unforeseen error", exc_info=(kind, error, traceback))
    sys.__excepthook__(kind, error, traceback)


async def _end_tasks() -> None:
    """Cancel what the panes still do, and wait until it has ended."""
    import asyncio

    from forllm_desktop.ui.background import TASK_NAME

    # Tasks within these are left to the libraries that started them, which know how to end them.
    tasks = [task for task in asyncio.all_tasks() if task.get_name() == TASK_NAME]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
