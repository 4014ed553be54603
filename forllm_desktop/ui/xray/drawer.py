"""A drawer at the right of a page: what would be sent for a post that is still being written."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.xray import DraftQuestion, Xray
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.scrolled import scrolled
from forllm_desktop.ui.xray.view import XrayView

LEAST, USUAL, MOST = 320, 448, 560
"""Widths in px at 100 %."""
SHARE = 0.5
"""Most of a wide page that the drawer takes; a narrow page it covers."""
AFTER = 250
"""Milliseconds without a change before the prompt is built anew."""

Question = Callable[[], DraftQuestion | None]


class PromptDrawer(QWidget):
    """Lies over the right side of `host`. `question` says what is being written now, None: nothing yet.

    closed()                       it was put away; the keyboard belongs to the host again
    post_requested(post_id)        a post of the prompt is to be shown
    rule_requested(post_id, rule)  a post is to enter prompts by another PromptRule
    """

    closed = Signal()
    post_requested = Signal(int)
    rule_requested = Signal(int, str)

    def __init__(self, prompts: PromptService, question: Question, host: QWidget) -> None:
        super().__init__(host)
        self._prompts = prompts
        self._question = question
        self._host = host
        self.view = XrayView("Prompt as it would be sent", fills=True)
        self._close = icon_button("Close the prompt", "x", shortcut="Esc")
        self._worker = Latest("prompt of a draft", self)
        self._timer = QTimer(self, singleShot=True, interval=AFTER)
        self._counted: Xray | None = None
        head = QHBoxLayout()
        head.addWidget(plain_label("What would be sent", "ui_strong"), 1)
        head.addWidget(self._close)
        head.setContentsMargins(16, 0, 12, 0)
        column = QWidget()
        inside = QVBoxLayout(column)
        inside.setContentsMargins(16, 0, 12, 12)
        inside.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 8, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(scrolled(column), 1)
        self.view.set_title("")
        self.setAccessibleName("What would be sent")
        self.setFocusProxy(self.view)
        self._close.clicked.connect(self.close_drawer)
        self._timer.timeout.connect(self._build)
        self._worker.done.connect(self._take)
        self._worker.failed.connect(self._refuse)
        self.view.post_requested.connect(self.post_requested)
        self.view.rule_requested.connect(self.rule_requested)
        look().changed.connect(self._place)
        host.installEventFilter(self)
        self.hide()

    @property
    def is_open(self) -> bool:
        """Say whether the drawer is shown."""
        return not self.isHidden()

    @property
    def is_busy(self) -> bool:
        """Say whether what is shown is not the newest yet."""
        return self._timer.isActive() or self._worker.is_busy or self.view.is_busy

    def open_drawer(self) -> None:
        """Show the prompt of what is written now, and give it the keyboard."""
        if self.view.xray is None:
            self.view.show_loading()
        self._place()
        self.show()
        self.raise_()
        self._build()
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def refresh(self) -> None:
        """Build the prompt anew soon, if the drawer is open: what is written, or a rule, changed."""
        if self.is_open:
            self._counted = None
            self._timer.start()

    def show_counted(self, counted: Xray) -> None:
        """Show this prompt of what is written now, by exact counts, in place of the estimated one."""
        if self.is_open:
            self._counted = counted
            self._timer.stop()
            if not self._worker.is_busy:
                self.view.show_xray(counted)

    def close_drawer(self) -> None:
        """Put the drawer away."""
        self._timer.stop()
        self.hide()
        self.closed.emit()

    def stop(self) -> None:
        """End what runs."""
        self._timer.stop()
        self._worker.stop()
        self.view.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_drawer()
        elif event.key() == Qt.Key.Key_F and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.view.find()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("surface"))
        painter.fillRect(0, 0, 1, self.height(), theme().colour("line_strong"))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.stop()
        super().closeEvent(event)

    def _place(self) -> None:
        px, width = theme().px, self._host.width()
        wanted = max(px(LEAST), min(px(USUAL), round(width * SHARE)))
        if width < px(LEAST + MOST // 2):
            wanted = width
        self.setGeometry(width - wanted, 0, wanted, self._host.height())

    def _build(self) -> None:
        self._timer.stop()
        self._counted = None
        question = self._question()
        if question is None:
            self.view.show_error(ForllmError("Nothing is written yet", "Type a question to see its prompt."))
            return
        self._worker.ask(lambda: self._prompts.preview_draft(question))

    def _take(self, result: object) -> None:
        assert isinstance(result, Xray)
        if self.is_open:
            self.view.show_xray(self._counted or result)

    def _refuse(self, error: object) -> None:
        assert isinstance(error, ForllmError)
        if self.is_open:
            self.view.show_error(error)
