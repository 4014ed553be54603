"""The text of a stored file to read: read in a thread, shown in part until all of it is asked for."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.ui import words
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.framed import Framed
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.long_text import LongText, lines_of
from forllm_desktop.ui.widgets.wrap_row import WrapRow


class FileText(QWidget):
    """A well with the text, and below it what is not shown.

    was_read()    the whole text is there, though not all of it is shown
    """

    was_read = Signal()

    def __init__(
        self, file: AttachedFile, attachments: AttachmentService, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._digest = file.digest
        self._attachments = attachments
        self.text: str | None = None
        self._view = LongText()
        self._view.setAccessibleName(f"Text of {file.name}")
        self._state = plain_label("Reading…", "small", "text_3", wraps=True)
        self._rest = push_button("Show all", "link")
        self._rest.hide()
        self._lay_out()
        self._reading = Latest("read-stored-file", self)
        self._reading.done.connect(self._show_text)
        self._reading.failed.connect(self._fail)
        self._rest.clicked.connect(self._show_rest)
        self._view.filled.connect(self._tell_rest)
        self._reading.ask(self._read)

    @property
    def is_complete(self) -> bool:
        """Say whether the text is there, as far as it is shown at first."""
        return self.text is not None and not self._view.is_busy

    def _lay_out(self) -> None:
        well = Framed("sunken")
        inner = QVBoxLayout(well)
        inner.setContentsMargins(8, 8, 4, 8)
        inner.addWidget(self._view)
        foot = WrapRow()
        foot.add(self._state, 120)
        foot.add(self._rest)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(well, 1)
        layout.addLayout(foot)
        self.setFocusProxy(self._view)

    def _read(self) -> tuple[str, list[str]]:
        """Called in a thread."""
        stored = self._attachments.texts([self._digest]).get(self._digest)
        if stored is None:
            raise ForllmError("The file is not stored any more", "Attach it again.")
        return stored.text, lines_of(stored.text)

    def _show_text(self, read: tuple[str, list[str]]) -> None:
        self.text, lines = read
        self._state.setText("")
        self._view.show_lines(lines)
        self.was_read.emit()

    def _fail(self, error: ForllmError) -> None:
        self._state.set_colour("danger")
        self._state.setText(f"{error.title}. {error.message}".strip())

    def _show_rest(self) -> None:
        self._rest.hide()
        self._view.setFocus()
        self._view.show_rest()

    def _tell_rest(self) -> None:
        left = words.counted(self._view.left, "more line")
        can_show = self._view.can_show_more
        self._rest.setVisible(can_show)
        if not self._view.left:
            self._state.setText("")
        else:
            self._state.setText(left if can_show else f"{left} cannot be shown; the file has them all.")
