"""The composer: writes posts, replies, new topics and edits, with a draft for each place."""

import sys
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QLineEdit, QToolButton, QVBoxLayout, QWidget

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.forum import checked_text, title_from
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.events import Events
from forllm_desktop.services.drafts import DraftService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService, Wish
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui import words
from forllm_desktop.ui.editor import marks
from forllm_desktop.ui.editor.foot_row import FootRow
from forllm_desktop.ui.editor.growing_text import GrowingText
from forllm_desktop.ui.editor.model_picker import ModelPicker
from forllm_desktop.ui.editor.persona_picker import PersonaPicker
from forllm_desktop.ui.editor.place import Place
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.key_button import KeyButton
from forllm_desktop.ui.widgets.labels import plain_label

SAVE_AFTER = 600
"""Milliseconds without a key before a draft is saved."""
_IS_MAC = sys.platform == "darwin"


class Composer(QWidget):
    """Where posts are written.

    posted(post_id)          a post was made or changed; the field is empty again
    asked(request_id)        and an answer to it is queued
    assigned(request_id)     and its persona was assigned to the subforum with it
    topic_made(topic_id)     a new topic was made
    failed(error)            what could not be done, for a bar; what was typed is still there
    cancelled()              the user gave up editing, replying to a certain post, or making a topic
    settings_requested()     a model is wanted that is not set up yet
    saved(words)             what was kept, for the status line: "Draft saved 23:18"
    """

    posted = Signal(int)
    asked = Signal(int)
    assigned = Signal(int)
    topic_made = Signal(int)
    failed = Signal(object)
    cancelled = Signal()
    settings_requested = Signal()
    saved = Signal(str)

    def __init__(
        self,
        forum: ForumService,
        queue: QueueService,
        personas: PersonaService,
        models: ModelsService,
        drafts: DraftService,
        settings: SettingsService,
        events: Events,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._forum = forum
        self._queue = queue
        self._personas = personas
        self._drafts = drafts
        self._settings = settings
        self._place = Place()
        self._is_saved = True
        self._make_widgets(personas, models)
        self._lay_out()
        self._connect(events)
        self._apply_settings()

    # -- where it writes

    def write_in(self, topic_id: int, parent_post_id: int | None = None) -> None:
        """Write in a topic: a reply to a post, without one to the topic's first post."""
        topic, first = self._forum.topic(topic_id), self._forum.first_post(topic_id)
        first_id = first.post_id if first is not None else None
        target = parent_post_id or first_id
        label = ""
        if target is not None and target != first_id:
            is_own = not self._forum.post(target).is_llm_response
            label = f"Reply to {'your post' if is_own else self._forum.author(target)}"
        key = f"reply:{target}" if label else f"topic:{topic_id}"
        self._go_to(Place(key, topic.subforum_id, topic_id, target, label=label))

    def write_new_topic(self, subforum_id: int) -> None:
        """Write the first post of a new topic."""
        self._go_to(Place(f"subforum:{subforum_id}", subforum_id))

    def edit(self, post_id: int) -> None:
        """Change a post; its present text is in the field unless an unsaved change is there."""
        post = self._forum.post(post_id)
        topic = self._forum.topic(post.topic_id)
        self._go_to(
            Place(f"edit:{post_id}", topic.subforum_id, post.topic_id, edits=post_id, label="Edit the post"),
            text=post.content,
        )

    def focus_text(self) -> None:
        """Put the keyboard where the text goes."""
        self._text.setFocus()

    def fit_into(self, height: int) -> None:
        """Take at most two fifths of a page of this height for the text: the rest is for reading."""
        self._text.limit_height(height * 2 // 5)

    def flush(self) -> None:
        """Save the draft now."""
        self._save_timer.stop()
        if self._place.key and not self._is_saved:
            self._drafts.save(self._place.key, self._text.toPlainText(), self._title.text())
            self._is_saved = True
            self.saved.emit(f"Draft saved {words.clock(utc_now(), utc_now())}")

    def choose_persona(self, persona_id: int | None, version: int | None = None) -> None:
        """Let this persona answer the next question, at a version if given."""
        self._persona.choose(persona_id, version)

    # -- what it does

    def post(self) -> None:
        """Post, or save the edited post, without asking."""
        self._send(asks=False)

    def post_and_ask(self) -> None:
        """Post and queue a request for an answer."""
        self._send(asks=not self._place.edits)

    def give_up(self) -> None:
        """Go back to replying to the topic; the draft stays where it was written."""
        self.flush()
        place = self._place
        if place.topic_id and (place.edits or place.label):
            self.write_in(place.topic_id)
        self.cancelled.emit()

    def _send(self, *, asks: bool) -> None:
        self._error.hide()
        try:
            self.flush()
            wish = self._persona.wish(self._chosen_model()) if asks else None
            topic_id, post_id, request_id = self._store(wish)
        except ForllmError as error:
            self._show_error(error)
            return
        is_new_topic, place = not self._place.topic_id, self._place
        self._empty()
        self._forget_draft(place.key)
        if place.edits or place.label:
            self.write_in(topic_id)
        if is_new_topic:
            self.topic_made.emit(topic_id)
        self.posted.emit(post_id)
        done = "Saved" if place.edits else "Posted and queued" if request_id else "Posted"
        self.saved.emit(f"{done} {words.clock(utc_now(), utc_now())}")
        if request_id:
            self.asked.emit(request_id)
        if wish is not None and wish.assigns:
            self.assigned.emit(request_id)

    def _forget_draft(self, key: str) -> None:
        """Forget what was posted. It is stored by now, so a failure must not look like one of posting."""
        try:
            self._drafts.discard(key)
        except ForllmError as error:
            self.failed.emit(error)

    def _store(self, wish: Wish | None) -> tuple[int, int, int]:
        """Write to the store; returns the ids of topic, post and request (0: none)."""
        text, place = checked_text(self._text.toPlainText()), self._place
        if place.edits:
            return place.topic_id, self._forum.edit_post(place.edits, text).post_id, 0
        if not place.topic_id:
            title = self._title.text().strip() or title_from(text)
            if wish is None:
                topic, post = self._forum.create_topic(place.subforum_id, title or text, text)
                return topic.topic_id, post.post_id, 0
            topic, post, job = self._queue.ask_in_new_topic(place.subforum_id, title or text, text, wish)
            return topic.topic_id, post.post_id, job.request_id
        if wish is None:
            return place.topic_id, self._forum.add_post(place.topic_id, text, place.parent_id).post_id, 0
        post, job = self._queue.ask(place.topic_id, text, wish, place.parent_id)
        return place.topic_id, post.post_id, job.request_id

    def _chosen_model(self) -> ModelChoice:
        choice = self._model.answering
        if choice is None:
            raise InvalidInput("model", "No model is chosen", "Set up a server or pick a GGUF file first.")
        return choice

    def _show_error(self, error: ForllmError) -> None:
        self._error.setText(f"{error.title}. {error.message}" if error.message else error.title)
        self._error.show()
        if isinstance(error, InvalidInput):
            if error.field == "model":
                self.settings_requested.emit()
            (self._title if error.field == "name" and not self._place.topic_id else self._text).setFocus()
        else:
            self.failed.emit(error)

    # -- drafts

    def _go_to(self, place: Place, text: str = "") -> None:
        self.flush()
        draft = self._drafts.draft(place.key)
        # Only now: what is in the field must never be saved as the draft of another place.
        self._place = place
        for field, value in (
            (self._text, draft.content if draft else text),
            (self._title, draft.title if draft else ""),
        ):
            field.blockSignals(True)
            field.setPlainText(value) if isinstance(field, GrowingText) else field.setText(value)
            field.blockSignals(False)
        self._text.moveCursor(QTextCursor.MoveOperation.End)
        self._is_saved = True
        self._error.hide()
        self._title.setVisible(not place.topic_id)
        self._reply_to.setText(place.label)
        self._cancel.setVisible(bool(place.label))
        self._ask.setVisible(not place.edits)
        for picker in (self._persona, self._model):
            picker.setVisible(not place.edits)
        self._post.setText("Save" if place.edits else "Post")
        self._post.setAccessibleName(self._post.text())
        self._persona.show_subforum(place.subforum_id)
        self._model.refresh()
        self._fit_row()

    def _empty(self) -> None:
        for field in (self._text, self._title):
            field.blockSignals(True)
            field.clear()
            field.blockSignals(False)
        self._is_saved = True

    def _note_change(self) -> None:
        self._is_saved = False
        self._error.hide()
        self._save_timer.start()

    def _save_quietly(self) -> None:
        try:
            self.flush()
        except ForllmError as error:
            self.failed.emit(error)
            self._save_timer.start()

    # -- how it is made

    def _make_widgets(self, personas: PersonaService, models: ModelsService) -> None:
        self._title = QLineEdit()
        self._title.setPlaceholderText("Title; left empty, the first line is the title")
        self._title.setAccessibleName("Title of the topic")
        self._text = GrowingText()
        self._text.setPlaceholderText("Write a post")
        self._text.setAccessibleName("Text of the post")
        self._error = plain_label("", "small", "danger", wraps=True)
        self._error.hide()
        self._reply_to = plain_label("", "small", "text_3", elides=True)
        self._cancel = push_button("Cancel", "quiet", small=True)
        self._persona = PersonaPicker(personas)
        self._model = ModelPicker(models)
        self._post = push_button("Post")
        self._ask = KeyButton("Post and ask")
        self._save_timer = QTimer(self, interval=SAVE_AFTER, singleShot=True)
        self._marks = [
            self._mark_button("Bold", "text-bolder", partial(marks.toggle_around, mark="**")),
            self._mark_button("Code", "code", marks.toggle_code),
            self._mark_button("Quote", "quotes", partial(marks.toggle_before_lines, mark="> ")),
            self._mark_button("List", "list-bullets", partial(marks.toggle_before_lines, mark="- ")),
        ]

    def _mark_button(
        self, name: str, icon_name: str, change: Callable[[str, int, int], marks.Marked]
    ) -> QToolButton:
        button = icon_button(name, icon_name)

        def press() -> None:
            self._text.apply(change(self._text.toPlainText(), *self._text.selection()))
            self._text.setFocus()

        button.clicked.connect(press)
        return button

    def _lay_out(self) -> None:
        self._box = QWidget()
        inner = QVBoxLayout(self._box)
        inner.setContentsMargins(12, 10, 12, 10)
        inner.addWidget(self._text)
        self._box.installEventFilter(self)
        self._text.installEventFilter(self)
        choices = (self._cancel, self._persona, self._model)
        self._foot = FootRow(self._marks, self._reply_to, choices, self._post, self._ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 8, 16, 8)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._box)
        layout.addWidget(self._error)
        layout.addLayout(self._foot)

    def _connect(self, events: Events) -> None:
        self._text.textChanged.connect(self._note_change)
        self._title.textChanged.connect(self._note_change)
        self._title.returnPressed.connect(self._text.setFocus)
        self._text.submitted.connect(self.post_and_ask)
        self._text.escaped.connect(self.give_up)
        self._save_timer.timeout.connect(self._save_quietly)
        self._post.clicked.connect(self.post)
        self._ask.clicked.connect(self.post_and_ask)
        self._cancel.clicked.connect(self.give_up)
        self._model.settings_requested.connect(self.settings_requested)
        self._persona.changed.connect(self._note_persona)
        events.settings_changed.connect(self._apply_settings)
        events.personas_changed.connect(self._persona.refresh)
        events.subforums_changed.connect(self._persona.refresh)
        events.servers_changed.connect(self._note_persona)
        look().changed.connect(self._fit_row)
        look().changed.connect(self.update)

    def _note_persona(self) -> None:
        """Let the model be the one that the persona prefers, if its server is known."""
        picker, place = self._persona, self._place.subforum_id
        preferred = self._personas.preferred_model(place, picker.persona_id, picker.version)
        self._model.prefer(preferred, picker.name)

    def _apply_settings(self) -> None:
        settings = self._settings.current()
        self._text.posts_on_enter = settings.post_key == "enter"
        self._text.use_fixed_width(settings.monospace_editor)
        key = "Enter" if settings.post_key == "enter" else "Ctrl+Enter"
        self._ask.set_key("↵" if settings.post_key == "enter" else "⌘ ↵" if _IS_MAC else "Ctrl ↵")
        self._fit_row()
        self._ask.setToolTip(f"Post, and let the persona answer ({key})")
        self._model.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_row()

    def _fit_row(self) -> None:
        margins = self.contentsMargins() + self.layout().contentsMargins()  # pyright: ignore[reportOptionalMemberAccess]
        room = self.width() - margins.left() - margins.right()
        self._foot.fit(room)
        short = "Title"
        usual = f"{short}; left empty, the first line is the title"
        has_room = self._title.fontMetrics().horizontalAdvance(usual) + theme().px(32) <= room
        self._title.setPlaceholderText(usual if has_room else short)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._box and event.type() == QEvent.Type.Paint and isinstance(event, QPaintEvent):
            self._paint_box()
        elif watched is self._text and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._box.update()
        return super().eventFilter(watched, event)

    def _paint_box(self) -> None:
        has_focus = self._text.hasFocus()
        width = 2 if has_focus else 1
        painter = QPainter(self._box)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour("accent_text" if has_focus else "line_strong"), width))
        painter.setBrush(theme().colour("surface"))
        inset = width / 2
        painter.drawRoundedRect(self._box.rect().toRectF().adjusted(inset, inset, -inset, -inset), 8, 8)
