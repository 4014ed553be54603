"""Opens what lies outside of the window: links after a look at them, the data folder, the log."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from forllm_desktop.logs import log_file
from forllm_desktop.ui.widgets.quiet_bar import QuietBar

OPENED_LINKS = ("http", "https", "mailto")


class Outside:
    """Hands things over to the system, and says in a bar what it does not open."""

    def __init__(self, folder: Path, bar: QuietBar) -> None:
        self._folder = folder
        self._bar = bar

    def offer_link(self, address: str) -> None:
        """Say where a link leads before it is opened; only links to the web are."""
        url = QUrl(address)
        if url.scheme() not in OPENED_LINKS:
            self._bar.say(f"Only links to the web are opened. This one is {address}", kind="warn")
            return
        self._bar.say(
            f"Leads to {address}",
            icon="arrow-square-out",
            action="Open in the browser",
            on_action=lambda: QDesktopServices.openUrl(url),
        )

    def open_data_folder(self) -> None:
        """Show the data folder in the system's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))

    def open_log(self) -> None:
        """Show the log file in whatever shows texts here."""
        path = log_file(self._folder)
        if path.exists():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
        else:
            self._bar.say("The log is empty: nothing went wrong so far.")
