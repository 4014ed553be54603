"""The composer: writes posts, replies, new topics and edits, with a draft for each place."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import ForllmError, InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.tags import PersonaTag
from forllm_desktop.domain.xray import DraftQuestion, Xray
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui import words
from forllm_desktop.ui.editor.asking_line import AskingLine
from forllm_desktop.ui.editor.completing import Completing
from forllm_desktop.ui.editor.left_places import LeftPlaces
from forllm_desktop.ui.editor.measuring import Measuring
from forllm_desktop.ui.editor.place import Place
from forllm_desktop.ui.editor.sending import Sending, Sent
from forllm_desktop.ui.editor.unsent import Keeper, Unsent
from forllm_desktop.ui.editor.writing_form import WritingForm

_IS_MAC = sys.platform == "darwin"


class Composer(QWidget):
    """Where posts are written.

    posted(post_id)          a post was made or changed; the field is empty again
    asked(request_id)        and an answer to it is queued
    assigned(request_id)     and its persona was assigned to the subforum with it
    undo_offered(undo)       an edit changed the queue; how to take it back
    topic_made(topic_id)     a new topic was made
    failed(error)            what could not be done, for a bar; what was typed is still there
    cancelled()              the user gave up editing, replying to a certain post, or making a topic
    settings_requested()     a model is wanted that is not set up yet
    xray_requested()         what would be sent, of `question()`, is to be shown
    measured()               the prompt of what is written was measured anew
    files_requested()        the settings of the folders whose files can be tagged are wanted
    saved(words)             what was kept, for the status line: "Draft saved 23:18"
    """

    posted = Signal(int)
    asked = Signal(int)
    assigned = Signal(int)
    undo_offered = Signal(object)
    topic_made = Signal(int)
    failed = Signal(object)
    cancelled = Signal()
    settings_requested = Signal()
    xray_requested = Signal()
    measured = Signal()
    files_requested = Signal()
    saved = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._forum = workspace.forum
        self._place = Place()
        self._left = LeftPlaces(workspace)
        form = self._form = WritingForm(workspace)
        self._text, self._title, self._error = form.text, form.title, form.error
        self._persona, self._model = form.persona, form.model
        self._completing = Completing(form.text, workspace)
        self._asking = AskingLine(workspace, self)
        self._sending = Sending(workspace, self)
        self._measuring = Measuring(workspace, self.question, self)
        self._unsent = Keeper(workspace.drafts, form.typed, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(form)
        self._connect()
        self._apply_settings()

    # -- where it writes

    def resume(self, topic_id: int) -> None:
        """Write in a topic where one did when it was left, if something not sent is there."""
        kind, post_id = self._left.left_in(topic_id) or ("", 0)
        if kind == "edit":
            self.edit(post_id)
        else:
            self.write_in(topic_id, post_id or None)

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
        # Files of tags come and go with their tags.
        attached = [file for file in self._workspace.attachments.of_post(post_id) if file.path is None]
        self._go_to(
            Place(f"edit:{post_id}", topic.subforum_id, post.topic_id, edits=post_id, label="Edit the post"),
            Unsent(post.content, files=tuple(attached)),
        )

    def focus_text(self) -> None:
        """Put the keyboard where the text goes."""
        self._form.eye.setChecked(False)
        self._text.setFocus()

    def fit_into(self, height: int) -> None:
        """Take at most two fifths of a page of this height for the text: the rest is for reading."""
        self._text.limit_height(height * 2 // 5)
        self._form.files.fit_into(height)

    def attach(self, paths: Sequence[str]) -> None:
        """Add files to what is being written."""
        self._form.files.add_paths(paths)

    def show_target(self, is_target: bool) -> None:
        """Show that files that are dragged would be attached here."""
        self._form.box.show_target(is_target)

    def flush(self) -> None:
        """Save the draft now."""
        self._unsent.flush()

    def stop(self) -> None:
        """Save the draft and stop all work. Called when the page is closed."""
        form = self._form
        works = (self._completing, self._asking, self._measuring, self._sending)
        for work in (*works, form.preview, form.paste_offer):
            work.stop()
        self.flush()

    def choose_persona(self, persona_id: int | None, version: int | None = None) -> None:
        """Let this persona answer the next question, at a version if given."""
        self._persona.choose(persona_id, version)

    def question(self) -> DraftQuestion | None:
        """Return what would be asked if it were posted now; None while a post is edited."""
        place, picker, typed = self._place, self._persona, self._form.typed()
        if place.edits or not place.subforum_id:
            return None
        return DraftQuestion(
            place.subforum_id,
            place.topic_id or None,
            place.parent_id,
            typed.text,
            typed.files,
            picker.persona_id,
            picker.version,
            self._model.answering,
            title=typed.title,
        )

    @property
    def prompt(self) -> Xray | None:
        """What would be sent, as it was measured last; None while nothing can be said."""
        return self._form.meter.xray

    @property
    def is_editing(self) -> bool:
        """Say whether a post is being changed, and nothing new written."""
        return bool(self._place.edits)

    @property
    def is_at_rest(self) -> bool:
        """Say whether all that follows from what was typed is shown."""
        works = (self._measuring, self._asking, self._sending)
        form = self._form
        return not any(work.is_busy for work in (*works, form.preview)) and not form.files.is_reading

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
        if self._sending.is_busy:
            return
        self._error.hide()
        try:
            self.flush()
            if self._form.files.is_reading:
                raise NotPossible("A file is still being read", "Wait a moment, or take it out.")
            wish = self._persona.wish(self._model.needed()) if asks else None
        except ForllmError as error:
            self._show_error(error)
            return
        self._form.allow(False)
        self._form.eye.setChecked(False)
        self._sending.send(self._place, self._form.typed(), wish, self._model.answering)

    def _take_sent(self, sent: Sent) -> None:
        self._form.allow(True)
        place = sent.place
        # Somebody may write elsewhere by now: what is in the fields is another text then.
        is_here = place.key == self._place.key
        left: tuple[AttachedFile, ...] = ()
        if is_here:
            if not place.edits:
                # A file that came meanwhile is not in the post.
                left = tuple(file for file in self._form.files.files if file not in self._sending.files)
            self._form.show_typed(Unsent(files=left))
        self._unsent.forget(place.key, is_shown=is_here)
        if left:
            self._unsent.note_change()
        self._note_asked()
        if is_here and (place.edits or place.label):
            self.write_in(sent.topic_id)
        if not place.topic_id:
            self.topic_made.emit(sent.topic_id)
        self.posted.emit(sent.post_id)
        done = "Saved" if place.edits else "Posted and queued" if sent.request_id else "Posted"
        self.saved.emit(f"{done} {words.clock(utc_now(), utc_now())}")
        if sent.request_id:
            self.asked.emit(sent.request_id)
        if sent.assigned:
            self.assigned.emit(sent.assigned)
        if sent.undo is not None:
            self.undo_offered.emit(sent.undo)

    def _take_refusal(self, error: ForllmError) -> None:
        """Tell what was refused where it was written; what was typed there is still its draft."""
        if self._sending.place.key == self._place.key:
            self._show_error(error)
        else:
            self._form.allow(True)
            self.failed.emit(error)

    def _show_error(self, error: ForllmError) -> None:
        self._form.allow(True)
        self._error.setText(f"{error.title}. {error.message}" if error.message else error.title)
        self._error.show()
        if isinstance(error, InvalidInput):
            if error.field == "model":
                self.settings_requested.emit()
            (self._title if error.field == "name" and not self._place.topic_id else self._text).setFocus()
        else:
            self.failed.emit(error)

    # -- steps

    def _go_to(self, place: Place, text: Unsent = Unsent()) -> None:  # noqa: B008 (it is frozen)
        self.flush()
        found = self._unsent.found(place.key)
        # Only now: what is in the field must never be saved as the draft of another place.
        self._place = place
        self._left.note(place)
        self._form.show_typed(found or text)
        self._unsent.go_to(place.key)
        self._note_asked()
        self._form.show_prompt(None)
        self._measuring.note_change()
        self._form.show_place(place)
        self._persona.show_subforum(place.subforum_id)
        self._completing.show_subforum(place.subforum_id)
        self._model.refresh()
        self._form.fit()

    def _note_change(self) -> None:
        self._error.hide()
        self._unsent.note_change()
        self._note_asked()
        self._measuring.note_change()

    def _note_posts(self, _post_id: int) -> None:
        self._measuring.note_change()

    def _follow_edited(self, post_id: int) -> None:
        """Show an edited post anew that undo, say, gave another text: saving would take that back."""
        if post_id == self._place.edits and self._unsent.is_untouched:
            with suppress(ForllmError):
                self.edit(post_id)

    def _note_topic(self, topic_id: int) -> None:
        """Follow the topic into another subforum: others may answer there, by other options."""
        place = self._place
        if topic_id != place.topic_id:
            return
        with suppress(NotFound):
            subforum_id = self._forum.topic(topic_id).subforum_id
            if subforum_id != place.subforum_id:
                self._place = replace(place, subforum_id=subforum_id)
                self._persona.show_subforum(subforum_id)
                self._completing.show_subforum(subforum_id)
        self._measuring.note_change()

    def _note_asked(self) -> None:
        self._asking.note(self._place, self._read_asked)

    def _read_asked(self) -> tuple[str, int, str]:
        """Return the text, and whom "Post and ask" would ask besides its tags."""
        picker, text = self._persona, self._form.text.stored_text()
        if self._place.edits or picker.chosen is None:
            return text, 0, ""
        return text, picker.persona_id, picker.name

    def _follow_tags(self) -> None:
        """Let the picker show whom the text asks first."""
        asked = (one.tag for one in self._form.text.tokens.all if isinstance(one.tag, PersonaTag))
        first = next(asked, None)
        self._persona.follow(first.persona_id if first is not None else None)

    def _note_persona(self) -> None:
        """Let the model be the one that the persona prefers, if its server is known."""
        picker, place, personas = self._persona, self._place.subforum_id, self._workspace.personas
        preferred = personas.preferred_model(place, picker.persona_id, picker.version)
        self._model.prefer(preferred, picker.name)
        self._measuring.note_change()

    def _apply_settings(self) -> None:
        settings, ask = self._workspace.settings.current(), self._form.ask
        self._text.posts_on_enter = settings.post_key == "enter"
        self._text.use_fixed_width(settings.monospace_editor)
        key = "Enter" if settings.post_key == "enter" else "Ctrl+Enter"
        ask.set_key("↵" if settings.post_key == "enter" else "⌘ ↵" if _IS_MAC else "Ctrl ↵")
        self._form.fit()
        self._form.ask_tip = f"Post, and let the persona answer ({key})"
        self._form.show_prompt(self._form.meter.xray)
        self._model.refresh()
        self._measuring.note_change()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._measuring.wake(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._measuring.wake(False)

    def _connect(self) -> None:
        form, events = self._form, self._workspace.events
        self._text.textChanged.connect(self._note_change)
        self._title.textChanged.connect(self._note_change)
        self._title.returnPressed.connect(self._text.setFocus)
        self._text.submitted.connect(self.post_and_ask)
        self._text.escaped.connect(self.give_up)
        form.text.tokens.changed.connect(self._follow_tags)
        form.files.changed.connect(self._note_change)
        form.files.failed.connect(lambda _error: self._error.hide())
        form.box.files_dropped.connect(form.files.add_paths)
        self._text.files_pasted.connect(form.files.add_paths)
        form.meter.opened.connect(self.xray_requested)
        self._measuring.measured.connect(form.show_prompt)
        self._measuring.measured.connect(self.measured)
        self._asking.said.connect(form.show_asking)
        self._sending.sent.connect(self._take_sent)
        self._sending.failed.connect(self._take_refusal)
        self._completing.files_requested.connect(self.files_requested)
        self._unsent.saved.connect(self.saved)
        self._unsent.failed.connect(self.failed)
        form.post.clicked.connect(self.post)
        form.ask.clicked.connect(self.post_and_ask)
        form.cancel.clicked.connect(self.give_up)
        self._model.settings_requested.connect(self.settings_requested)
        self._persona.changed.connect(self._note_persona)
        self._model.changed.connect(self._measuring.note_change)
        for happened in (events.post_added, events.post_changed, events.post_removed):
            happened.connect(self._note_posts)
        events.topic_changed.connect(self._note_topic)
        for happened in (events.models_changed, events.personas_changed, events.subforums_changed):
            happened.connect(self._measuring.note_change)
        events.post_changed.connect(self._follow_edited)
        events.settings_changed.connect(self._apply_settings)
        events.personas_changed.connect(self._persona.refresh)
        events.subforums_changed.connect(self._persona.refresh)
        events.servers_changed.connect(self._note_persona)
