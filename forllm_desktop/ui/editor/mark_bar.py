"""The marks of Markdown as buttons, as a menu, and by their keys in the field."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from forllm_desktop.ui.editor import marks
from forllm_desktop.ui.editor.growing_text import GrowingText
from forllm_desktop.ui.editor.marks import Marking
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.widgets.buttons import icon_button


class Mark(NamedTuple):
    """A mark, its icon and its key; those that are `quiet` are in the menu alone."""

    name: str
    icon: str
    key: str
    marking: Marking
    quiet: bool = False


class Tool(NamedTuple):
    """Something else that the menu offers."""

    name: str
    icon: str
    key: str
    do: Callable[[], object]


MARKS = (
    Mark("Bold", "text-bolder", "Ctrl+B", partial(marks.toggle_around, mark="**")),
    Mark("Italic", "text-italic", "Ctrl+I", partial(marks.toggle_around, mark="*")),
    Mark("Code", "code", "Ctrl+E", marks.toggle_code),
    Mark("Quote", "quotes", "Ctrl+Shift+U", partial(marks.toggle_before_lines, mark="> ")),
    Mark("List", "list-bullets", "Ctrl+Shift+L", partial(marks.toggle_before_lines, mark="- ")),
    Mark("Numbered list", "list-numbers", "Ctrl+Shift+O", marks.toggle_numbers, quiet=True),
    Mark("Link", "link-simple", "Ctrl+Shift+K", marks.make_link, quiet=True),
    Mark("Heading", "text-h", "Ctrl+Shift+H", partial(marks.toggle_before_lines, mark="## "), quiet=True),
)
ATTACH_KEY, PREVIEW_KEY = "Ctrl+Shift+F", "Ctrl+Shift+E"
"""Keys of the two tools beside the marks."""


class MarkBar(QObject):
    """Puts marks into one field."""

    def __init__(self, field: GrowingText) -> None:
        super().__init__(field)
        self._field = field
        self._is_allowed = True
        self.tools: Sequence[Tool] = ()
        self.buttons = [self._button(mark) for mark in MARKS if not mark.quiet]
        self.more = icon_button("Marks and more", "dots-three")
        self.more.clicked.connect(self._open)
        FieldKeys(field, [(mark.key, partial(self.put, mark)) for mark in MARKS])

    def put(self, mark: Mark) -> None:
        """Put a mark around the selection, or take it away."""
        if not self._field.isReadOnly():
            self._field.apply(mark.marking)
        self._field.setFocus()

    def allow(self, is_allowed: bool) -> None:
        """Let marks be put into the text, or not while it cannot be seen."""
        self._is_allowed = is_allowed
        for button in self.buttons:
            button.setEnabled(is_allowed)

    def menu(self) -> QMenu:
        """Return the menu of all marks and tools, deleted once it closes."""
        menu = QMenu(self._field)
        menu.setAccessibleName("Marks")
        menu.aboutToHide.connect(menu.deleteLater)
        for mark in MARKS:
            action = menu.addAction(icon(mark.icon), f"{mark.name}\t{_shown(mark.key)}")
            action.triggered.connect(partial(self._put_checked, mark))
            action.setEnabled(self._is_allowed)
        menu.addSeparator()
        for tool in self.tools:
            action = menu.addAction(icon(tool.icon), f"{tool.name}\t{_shown(tool.key)}")
            action.triggered.connect(partial(_use, tool))
        return menu

    def _put_checked(self, mark: Mark, _checked: bool = False) -> None:
        self.put(mark)

    def _open(self) -> None:
        menu = self.menu()
        above = self.more.mapToGlobal(QPoint(0, -menu.sizeHint().height() - 4))
        menu.popup(above)

    def _button(self, mark: Mark) -> QToolButton:
        button = icon_button(mark.name, mark.icon, shortcut=_shown(mark.key))
        button.clicked.connect(partial(self._put_checked, mark))
        return button


class FieldKeys(QObject):
    """Gives keys a meaning within one widget, also those that mean something else in the window."""

    def __init__(self, widget: QWidget, keys: Sequence[tuple[str, Callable[[], object]]]) -> None:
        super().__init__(widget)
        self._does = {_combined(key): do for key, do in keys}
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        do = self._does.get(event.keyCombination().toCombined())
        if do is None:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress:
            do()
            return True
        return False


def _use(tool: Tool, _checked: bool = False) -> None:
    tool.do()


def _combined(key: str) -> int:
    keys: Any = QKeySequence(key)
    return keys[0].toCombined()


def _shown(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
