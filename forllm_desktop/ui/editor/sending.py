"""Hands posts and edits in: checked in a thread, because that reads files, then stored at once."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.files import AttachedFile
from forllm_desktop.domain.queue import Wish
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.submission import Checked, CheckedEdit, NewPost
from forllm_desktop.domain.undo import PersonaUndo, Undo
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.place import Place
from forllm_desktop.ui.editor.unsent import Unsent
from forllm_desktop.ui.latest import Latest


@dataclass(frozen=True)
class Sent:
    """What came of a post: `place` is where it was written; `request_id` is 0 when nobody was asked.

    `assigned` is the request with which a persona was assigned, 0 for none; `undo` takes an edit back,
    or that tagged personas were assigned.
    """

    place: Place
    topic_id: int
    post_id: int
    request_id: int = 0
    assigned: int = 0
    undo: Undo | PersonaUndo | None = None


class Sending(QObject):
    """One post at a time; `place` is where the last one was written, `files` what was attached to it.

    sent(sent)       it is stored
    failed(error)    it is not; a ForllmError
    """

    sent = Signal(object)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._checking = Latest("post-checked", self)
        self._checking.done.connect(self._store)
        self._checking.failed.connect(self.failed)
        self.place = Place()
        self.files: tuple[AttachedFile, ...] = ()
        self._finish: Callable[[object], Sent] = self._refuse

    @property
    def is_busy(self) -> bool:
        """Say whether a post is on its way."""
        return self._checking.is_busy

    def send(self, place: Place, typed: Unsent, wish: Wish | None, model: ModelChoice | None) -> None:
        """Hand in what is typed at a place; `wish` asks for an answer besides the tags, by `model` too."""
        if self.is_busy:
            return
        submitting = self._workspace.submitting
        self.place, self.files = place, typed.files
        if place.edits:
            files: tuple[AttachedFile, ...] = typed.files
            self._finish = lambda checked: self._save(place, checked)
            self._checking.ask(lambda: submitting.check_edit(place.edits, typed.text, files, model))
            return
        new = NewPost(
            place.subforum_id,
            place.topic_id or None,
            typed.title,
            place.parent_id,
            typed.text,
            typed.files,
            wish,
            model,
            place.key,
        )
        self._finish = lambda checked: self._submit(place, wish, checked)
        self._checking.ask(lambda: submitting.check(new))

    def stop(self) -> None:
        """Wait for what is being checked and store nothing."""
        self._checking.stop()

    def _store(self, checked: object) -> None:
        try:
            sent = self._finish(checked)
        except ForllmError as error:
            self.failed.emit(error)
        else:
            self.sent.emit(sent)

    def _submit(self, place: Place, wish: Wish | None, checked: object) -> Sent:
        assert isinstance(checked, Checked)
        done = self._workspace.submitting.submit(checked)
        first = done.jobs[0].request_id if done.jobs else 0
        assigned = 0
        if wish is not None and wish.assigns:
            assigned = next((j.request_id for j in done.jobs if j.llm_persona == wish.persona_id), 0)
        return Sent(place, done.topic.topic_id, done.post.post_id, first, assigned, undo=done.undo)

    def _save(self, place: Place, checked: object) -> Sent:
        assert isinstance(checked, CheckedEdit)
        done = self._workspace.submitting.save(checked)
        asked = done.jobs[0].request_id if done.jobs else 0
        # The earlier text is kept with the post; requests and files are not.
        has_other_files = done.undo is not None and done.undo.files != checked.files
        undo = done.undo if done.jobs or done.cancelled or has_other_files else None
        return Sent(place, place.topic_id, place.edits, asked, undo=undo)

    def _refuse(self, checked: object) -> Sent:
        raise TypeError("nothing was sent")
