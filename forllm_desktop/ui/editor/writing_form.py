"""The fields, marks, pickers and buttons of the composer, and how they share the room there is."""

from functools import partial

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QLineEdit, QToolButton, QVBoxLayout, QWidget

from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor import marks
from forllm_desktop.ui.editor.foot_row import FootRow
from forllm_desktop.ui.editor.model_picker import ModelPicker
from forllm_desktop.ui.editor.persona_picker import PersonaPicker
from forllm_desktop.ui.editor.place import Place
from forllm_desktop.ui.editor.tag_text import TagText
from forllm_desktop.ui.editor.unsent import Unsent
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.key_button import KeyButton
from forllm_desktop.ui.widgets.labels import plain_label


class WritingForm(QWidget):
    """Shows a place to write at; what is typed and pressed is the composer's business."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.title = QLineEdit()
        self.title.setPlaceholderText("Title; left empty, the first line is the title")
        self.title.setAccessibleName("Title of the topic")
        self.text = TagText()
        self.text.setPlaceholderText("Write a post")
        self.text.setAccessibleName("Text of the post")
        self.error = plain_label("", "small", "danger", wraps=True)
        self.error.hide()
        self.reply_to = plain_label("", "small", "text_3", elides=True)
        self.cancel = push_button("Cancel", "quiet", small=True)
        self.persona = PersonaPicker(workspace.personas)
        self.model = ModelPicker(workspace.models)
        self.post = push_button("Post")
        self.ask = KeyButton("Post and ask")
        self.marks = [
            self._mark_button("Bold", "text-bolder", partial(marks.toggle_around, mark="**")),
            self._mark_button("Code", "code", marks.toggle_code),
            self._mark_button("Quote", "quotes", partial(marks.toggle_before_lines, mark="> ")),
            self._mark_button("List", "list-bullets", partial(marks.toggle_before_lines, mark="- ")),
        ]
        self._lay_out()
        look().changed.connect(self.fit)
        look().changed.connect(self.update)

    def typed(self) -> Unsent:
        """Return what is typed."""
        return Unsent(self.text.stored_text(), self.title.text())

    def show_typed(self, typed: Unsent) -> None:
        """Put a text into the fields, without telling that it changed."""
        for field in (self.text, self.title):
            field.blockSignals(True)
        self.text.show_stored(typed.text)
        self.title.setText(typed.title)
        for field in (self.text, self.title):
            field.blockSignals(False)
        self.text.moveCursor(QTextCursor.MoveOperation.End)

    def show_place(self, place: Place) -> None:
        """Show what a text at this place will be, and what can be done with it."""
        self.error.hide()
        self.title.setVisible(not place.topic_id)
        self.reply_to.setText(place.label)
        self.cancel.setVisible(bool(place.label))
        for asking in (self.ask, self.persona, self.model):
            asking.setVisible(not place.edits)
        self.post.setText("Save" if place.edits else "Post")
        self.post.setAccessibleName(self.post.text())
        self.fit()

    def fit(self) -> None:
        """Show what has room."""
        margins = self.contentsMargins() + self.layout().contentsMargins()  # pyright: ignore[reportOptionalMemberAccess]
        room = self.width() - margins.left() - margins.right()
        self._foot.fit(room)
        short = "Title"
        usual = f"{short}; left empty, the first line is the title"
        has_room = self.title.fontMetrics().horizontalAdvance(usual) + theme().px(32) <= room
        self.title.setPlaceholderText(usual if has_room else short)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._box and event.type() == QEvent.Type.Paint and isinstance(event, QPaintEvent):
            self._paint_box()
        elif watched is self.text and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._box.update()
        return super().eventFilter(watched, event)

    def _mark_button(self, name: str, icon_name: str, change: marks.Marking) -> QToolButton:
        button = icon_button(name, icon_name)

        def press() -> None:
            self.text.apply(change)
            self.text.setFocus()

        button.clicked.connect(press)
        return button

    def _lay_out(self) -> None:
        self._box = QWidget()
        inner = QVBoxLayout(self._box)
        inner.setContentsMargins(12, 10, 12, 10)
        inner.addWidget(self.text)
        self._box.installEventFilter(self)
        self.text.installEventFilter(self)
        choices = (self.cancel, self.persona, self.model)
        self._foot = FootRow(self.marks, self.reply_to, choices, self.post, self.ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 8, 16, 8)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addWidget(self._box)
        layout.addWidget(self.error)
        layout.addLayout(self._foot)

    def _paint_box(self) -> None:
        has_focus = self.text.hasFocus()
        width = 2 if has_focus else 1
        painter = QPainter(self._box)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour("accent_text" if has_focus else "line_strong"), width))
        painter.setBrush(theme().colour("surface"))
        inset = width / 2
        painter.drawRoundedRect(self._box.rect().toRectF().adjusted(inset, inset, -inset, -inset), 8, 8)
