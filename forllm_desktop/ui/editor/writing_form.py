"""The fields, marks, pickers and buttons of the composer, and how they share the room there is."""

from PySide6.QtGui import QResizeEvent, QTextCursor
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from forllm_desktop.domain.xray import Xray
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.asking_line import Said
from forllm_desktop.ui.editor.attachment_row import AttachmentRow
from forllm_desktop.ui.editor.foot_row import FootRow
from forllm_desktop.ui.editor.mark_bar import ATTACH_KEY, PREVIEW_KEY, FieldKeys, MarkBar, Tool
from forllm_desktop.ui.editor.meter import Meter
from forllm_desktop.ui.editor.model_picker import ModelPicker
from forllm_desktop.ui.editor.paste_offer import PasteOffer
from forllm_desktop.ui.editor.persona_picker import PersonaPicker
from forllm_desktop.ui.editor.place import Place
from forllm_desktop.ui.editor.post_preview import PostPreview
from forllm_desktop.ui.editor.tag_text import TagText
from forllm_desktop.ui.editor.unsent import Unsent
from forllm_desktop.ui.editor.writing_box import WritingBox
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.key_button import KeyButton
from forllm_desktop.ui.widgets.labels import plain_label


class WritingForm(QWidget):
    """Shows a place to write at; what is typed and pressed is the composer's business."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._fits = True
        self.ask_tip = ""
        self.title = QLineEdit()
        self.title.setPlaceholderText("Title; left empty, the first line is the title")
        self.title.setAccessibleName("Title of the topic")
        self.text = TagText()
        self.text.setPlaceholderText("Write a post")
        self.text.setAccessibleName("Text of the post")
        self.files = AttachmentRow(workspace.attachments)
        self.meter = Meter()
        self.preview = PostPreview([(PREVIEW_KEY, self._toggle_preview)])
        self.box = WritingBox(self.text, self.preview, self.files, self.meter)
        self.asking = plain_label("", "small", "text_2", wraps=True)
        self.asking.hide()
        self.error = plain_label("", "small", "danger", wraps=True)
        self.error.hide()
        self.reply_to = plain_label("", "small", "text_3", elides=True)
        self.cancel = push_button("Cancel", "quiet", small=True)
        self.persona = PersonaPicker(workspace.personas)
        self.model = ModelPicker(workspace.models)
        self.post = push_button("Post")
        self.ask = KeyButton("Post and ask")
        self._bar = MarkBar(self.text)
        self.marks = self._bar.buttons
        self.attach = icon_button("Attach files", "paperclip", shortcut=ATTACH_KEY)
        self.attach.clicked.connect(self.files.pick)
        self.eye = icon_button("Preview", "eye", shortcut=PREVIEW_KEY, checkable=True)
        self.eye.toggled.connect(self._show_preview)
        self.preview.closed.connect(lambda: self.eye.setChecked(False))
        self.paste_offer = PasteOffer(workspace, self.text, self.files)
        FieldKeys(self.text, [(ATTACH_KEY, self.files.pick), (PREVIEW_KEY, self._toggle_preview)])
        self._bar.tools = [
            Tool("Attach files…", "paperclip", ATTACH_KEY, self.files.pick),
            Tool("Preview", "eye", PREVIEW_KEY, self._toggle_preview),
        ]
        self._lay_out()
        look().changed.connect(self.fit)

    def typed(self) -> Unsent:
        """Return what is typed."""
        return Unsent(self.text.stored_text(), self.title.text(), self.files.files)

    def show_typed(self, typed: Unsent) -> None:
        """Put a text into the fields, without telling that it changed."""
        self.eye.setChecked(False)
        self.paste_offer.forget()
        for field in (self.text, self.title):
            field.blockSignals(True)
        self.text.show_stored(typed.text)
        self.title.setText(typed.title)
        self.files.show_files(typed.files)
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
        self.meter.setVisible(not place.edits)
        self.post.setText("Save" if place.edits else "Post")
        self.post.setAccessibleName(self.post.text())
        self.fit()

    def show_asking(self, said: Said) -> None:
        """Say whom the text asks, or what saving it would change."""
        self.asking.setText(said.words)
        self.asking.set_colour("warn" if said.is_warning else "text_2")
        self.asking.setVisible(bool(said.words))

    def show_prompt(self, xray: Xray | None) -> None:
        """Show how much room the prompt takes; what does not fit cannot be asked, but posted."""
        self.meter.show_prompt(xray)
        self._fits = xray is None or xray.fits
        self.ask.setEnabled(self._fits and self.post.isEnabled())
        if not self._fits:
            self.ask.setToolTip(f"{self.meter.words}: shorten the post, or choose what is left out")
        else:
            self.ask.setToolTip(self.ask_tip)

    def allow(self, is_allowed: bool) -> None:
        """Let text be typed and sent, or not while it is on its way."""
        self.text.setReadOnly(not is_allowed)
        for control in (self.title, self.files, self.post):
            control.setEnabled(is_allowed)
        self.ask.setEnabled(is_allowed and self._fits)

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

    def _toggle_preview(self) -> None:
        self.eye.toggle()

    def _show_preview(self, is_shown: bool) -> None:
        """Show the text as it will be read in place of the field, or the field again."""
        text = self.text
        if is_shown:
            most = text.most_height
            self.preview.show_text(text.stored_text(), text.height(), most)
            text.hide()
            self.preview.setFocus()
        else:
            self.preview.hide()
            text.show()
            text.setFocus()
        self._bar.allow(not is_shown)

    def _lay_out(self) -> None:
        tools = (self.attach, self.eye)
        choices = (self.cancel, self.persona, self.model)
        self._foot = FootRow(self.marks, self._bar.more, tools, self.reply_to, choices, self.post, self.ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 8, 16, 8)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addWidget(self.box)
        layout.addWidget(self.paste_offer)
        layout.addWidget(self.asking)
        layout.addWidget(self.error)
        layout.addLayout(self._foot)
