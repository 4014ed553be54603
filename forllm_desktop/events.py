"""All app-wide signals on one object: ids only, emitted after the commit."""

from PySide6.QtCore import QObject, Signal


class Events(QObject):
    """What has happened. Created once, in the GUI thread, and handed to constructors.

    subforums_changed()                       the list of subforums, or one of them
    topic_changed(topic_id)                   a topic was added, renamed, moved, deleted or restored
    post_added(post_id)
    post_changed(post_id)                     its text or state
    post_removed(post_id)                     it was deleted, or an empty reply was taken away
    reply_grew(post_id, offset, text)         text was appended to a running reply at `offset` characters
    job_changed(request_id)                   any change of a request, also of its progress
    cancel_requested(request_id)              a running request was cancelled; the worker stops its stream
    personas_changed()
    settings_changed()
    servers_changed()
    models_changed()                          what is known of a model or set for it: its window
    files_changed()                           the indexed folders, or how far they are indexed
    worker_state_changed(state)               a WorkerState value
    failed(title, message)                    something failed that belongs to no row
    """

    subforums_changed = Signal()
    topic_changed = Signal(int)
    post_added = Signal(int)
    post_changed = Signal(int)
    post_removed = Signal(int)
    reply_grew = Signal(int, int, str)
    job_changed = Signal(int)
    cancel_requested = Signal(int)
    personas_changed = Signal()
    settings_changed = Signal()
    servers_changed = Signal()
    models_changed = Signal()
    files_changed = Signal()
    worker_state_changed = Signal(str)
    failed = Signal(str, str)
