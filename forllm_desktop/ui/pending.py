"""Stand-ins for panes that are still being built."""

from typing import Any

from PySide6.QtCore import Signal

from forllm_desktop.ui.widgets.empty_pane import EmptyPane


class _Pending(EmptyPane):
    failed = Signal(object)
    undo_offered = Signal(object)

    def __init__(self, *_services: Any) -> None:
        super().__init__("clock", type(self).__name__, "This part is still being built.")


class Sidebar(_Pending):
    topic_requested = Signal(int, bool)
    page_requested = Signal(str)
    new_topic_requested = Signal(int)

    def show_current(self, topic_id: int) -> None: ...

    def next_unread(self) -> None: ...

    def add_subforum(self) -> None: ...

    def selected_subforum(self) -> int:
        return 0


class QueuePane(_Pending):
    post_requested = Signal(int)

    def show_request(self, request_id: int) -> None: ...

    def set_expanded(self, is_expanded: bool) -> None: ...


class SettingsPage(_Pending):
    pass


class ThreadPage(_Pending):
    reply_requested = Signal(int)
    ask_requested = Signal(int)
    edit_requested = Signal(int)
    request_requested = Signal(int)
    link_hovered = Signal(str)
    link_opened = Signal(str)
    title_changed = Signal(str)

    def show_post(self, post_id: int) -> None: ...

    def next_unread(self) -> bool:
        return False

    def find(self) -> None: ...
