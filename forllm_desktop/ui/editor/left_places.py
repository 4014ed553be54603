"""Where one wrote in each topic when it was closed or the app ended: at a reply, or at an edited post."""

from contextlib import suppress

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.place import Place

_REMEMBERED = "writing"


class LeftPlaces:
    """So that a topic is opened again with the text that was being written in it."""

    def __init__(self, workspace: Workspace) -> None:
        self._settings, self._drafts = workspace.settings, workspace.drafts
        self._forum = workspace.forum

    def note(self, place: Place) -> None:
        """Remember where one writes now; replies to the topic itself need not be."""
        if not place.topic_id:
            return
        left, topic = self._all(), str(place.topic_id)
        wanted = place.key if place.label else None
        if left.get(topic) == wanted:
            return
        left.pop(topic, None)
        if wanted is not None:
            left[topic] = wanted
        # Without it the text is still kept: writing must not fail for this.
        with suppress(ForllmError):
            self._settings.remember(_REMEMBERED, left)

    def left_in(self, topic_id: int) -> tuple[str, int] | None:
        """Return "reply" or "edit" and the post, if something not sent is there; None otherwise."""
        key = self._all().get(str(topic_id))
        kind, _, number = str(key).partition(":")
        if kind not in ("reply", "edit") or not number.isdecimal() or self._drafts.draft(str(key)) is None:
            return None
        try:
            post = self._forum.post(int(number))
        except ForllmError:
            return None
        is_there = post.deleted_at is None and post.topic_id == topic_id
        return (kind, post.post_id) if is_there else None

    def _all(self) -> dict[str, str]:
        found = self._settings.recall(_REMEMBERED)
        return dict(found) if isinstance(found, dict) else {}
