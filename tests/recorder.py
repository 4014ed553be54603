"""Writes down what an `Events` object emits."""

from collections.abc import Collection

from forllm_desktop.events import Events

SIGNALS = (
    "subforums_changed",
    "topic_changed",
    "post_added",
    "post_changed",
    "post_removed",
    "reply_grew",
    "job_changed",
    "cancel_requested",
    "personas_changed",
    "settings_changed",
    "servers_changed",
    "models_changed",
    "files_changed",
    "worker_state_changed",
    "failed",
)


class Recorder:
    """The emitted signals in order, each as a tuple of its name and its arguments."""

    def __init__(self, events: Events) -> None:
        self.emitted: list[tuple] = []
        for name in SIGNALS:
            getattr(events, name).connect(lambda *args, name=name: self.emitted.append((name, *args)))

    def take(self, names: Collection[str] = SIGNALS) -> list[tuple]:
        """Return what was emitted since the last call, of these names, and forget all of it."""
        taken, self.emitted = self.emitted, []
        return [entry for entry in taken if entry[0] in names]
