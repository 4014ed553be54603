"""A post as it will look in its thread: by the same parser and writer, within the same limits."""

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import (
    QHideEvent,
    QKeyEvent,
    QResizeEvent,
    Qt,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.ui.editor.mark_bar import FieldKeys
from forllm_desktop.ui.theme import Theme, look, theme
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.filler import Slices
from forllm_desktop.ui.thread.grounds import Scene
from forllm_desktop.ui.thread.limits import DEFAULT, Limits, slices
from forllm_desktop.ui.thread.parsing import Parser, Part
from forllm_desktop.ui.thread.specs import Block
from forllm_desktop.ui.thread.style import Style
from forllm_desktop.ui.thread.typeset import Head
from forllm_desktop.ui.thread.view import ThreadView

_PART: Part = (1, "text")
_HEAD = Head("Preview", ("Esc goes back to writing",), is_muted=True)


class PostPreview(QWidget):
    """Stands where the field was.

    closed()              Esc was pressed
    link_wished(target)   a link was followed
    """

    closed = Signal()
    link_wished = Signal(str)

    def __init__(self, keys: Sequence[tuple[str, Callable[[], object]]] = ()) -> None:
        """`keys` are those that do something while it is shown, beside Esc."""
        super().__init__()
        self._text = ""
        self._limits: Limits = DEFAULT
        self._bounds = (0, 10_000)
        self._keys = keys
        self._made: ThreadView | None = None
        self._parser = Parser(self._take, self)
        self._slices = Slices(self)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        look().changed.connect(self._restyle)
        self.hide()

    @property
    def _view(self) -> ThreadView:
        """What shows the text, made when it is first needed: most topics are read without it."""
        if self._made is None:
            view = self._made = ThreadView(Scene(_no_entry, _nobody))
            view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
            view.setAccessibleName("Preview of the post")
            view.viewport().setAutoFillBackground(False)
            view.installEventFilter(self)
            view.link_wished.connect(self._follow)
            FieldKeys(view, self._keys)
            self._layout.addWidget(view)
            self.setFocusProxy(view)
        return self._made

    @property
    def is_busy(self) -> bool:
        """Say whether something is still to be shown."""
        return self._slices.is_busy or self._parser.is_busy()

    @property
    def view(self) -> ThreadView:
        """What shows the text."""
        return self._view

    def show_text(self, text: str, least: int, most: int) -> None:
        """Show a stored text, between so many px high."""
        self._text, self._limits, self._bounds = text, DEFAULT, (least, most)
        self.setFixedHeight(max(least, 1))
        self.show()
        self._render()

    def stop(self) -> None:
        """Stop all work."""
        self._slices.stop()
        self._parser.close()

    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.closed.emit()
                return True
        return False

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._slices.stop()
        self._parser.forget(_PART)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._restyle()

    def _restyle(self) -> None:
        if self.isVisible():
            self._render()

    def _render(self) -> None:
        blocks = self._parser.parse(_PART, self._text, self._limits)
        if blocks is not None:
            self._write(blocks)

    def _take(self, part: Part, blocks: list[Block]) -> None:
        self._write(blocks)

    def _write(self, blocks: Sequence[Block]) -> None:
        self._slices.stop()
        self._view.writer.clear()
        self._view.use(_PreviewStyle(theme(), width=self._view.viewport().width()))
        self._slices.run(self._steps(list(blocks)), self._fit)

    def _steps(self, blocks: list[Block]) -> Iterator[object]:
        writer, written, slot = self._view.writer, 0, None
        for part in list(slices(blocks)) or [[]]:
            written += len(part)
            if slot is None:
                self._flatten_title()
                slot = writer.insert(0, 1, 0, _HEAD, blocks[:written])
                self._fit()
            else:
                writer.set_body(slot, blocks[:written])
            yield

    def _flatten_title(self) -> None:
        """Take the room of the line away in which a thread has its title."""
        cursor, flat, tiny = QTextCursor(self._view.document()), QTextBlockFormat(), QTextCharFormat()
        flat.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        tiny.setFontPointSize(1)
        cursor.setBlockFormat(flat)
        cursor.setBlockCharFormat(tiny)

    def _fit(self) -> None:
        least, most = self._bounds
        wanted = round(self._view.document().documentLayout().documentSize().height()) + theme().px(8)
        self.setFixedHeight(min(max(least, wanted), max(most, least)))

    def _follow(self, _key: int, target: str) -> None:
        if target.startswith("act:"):
            self._limits = self._limits.after(target)
            self._render()
        else:
            self.link_wished.emit(target)


class _PreviewStyle(Style):
    """The whole width is the post's own."""

    def __init__(self, theme: Theme, zoom: float = 1.0, width: int = 900) -> None:
        super().__init__(theme, zoom, width)
        self.is_narrow = True

    @property
    def left(self) -> float:
        return 0.0

    @property
    def head_right(self) -> float:
        return max(self.width - self.px(4), self.px(160))


def _no_entry(_key: int) -> Entry | None:
    return None


def _nobody(_entry: Entry) -> tuple[int | None, str]:
    return None, ""
