"""Does what was wished for on the page: the actions of a post, links, the menu."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, QUrl, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.tags import plain, plain_start
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.ui import words
from forllm_desktop.ui.thread.actions import RULES, Act, possible
from forllm_desktop.ui.thread.attached import file_of
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.inline import is_tag
from forllm_desktop.ui.thread.keeper import Keeper
from forllm_desktop.ui.thread.menu import PostActions
from forllm_desktop.ui.thread.tags import file_place, persona_of

_EXCERPT_READ = 4_000
_EXCERPT = 80
"""Characters of an earlier text in the list of them."""


class Acting(QObject):
    """Answers wishes with the services, or passes them on. The signals are those of the page.

    turned(step)    the page of earlier (-1) or later (1) posts is wanted
    post_wished(key)    another post is to be shown

    `extend` is called with the menu of a post, to add what other parts of the window offer.
    """

    reply_requested = Signal(int)
    ask_requested = Signal(int)
    edit_requested = Signal(int)
    request_requested = Signal(int)
    prompt_requested = Signal(int)
    rule_requested = Signal(int, str)
    persona_requested = Signal(int, int)
    versions_requested = Signal(int)
    link_opened = Signal(str)
    file_requested = Signal(int, int)
    undo_offered = Signal(object)
    failed = Signal(object)
    turned = Signal(int)
    post_wished = Signal(int)

    def __init__(self, keeper: Keeper, forum: ForumService, queue: QueueService, page: QWidget) -> None:
        super().__init__(page)
        self._keeper, self._forum, self._queue, self._page = keeper, forum, queue, page
        self.extend: Callable[[QMenu, Entry, str], None] = lambda _menu, _entry, _author: None

    def entry(self, key: int | None) -> Entry | None:
        """Return a post by its key."""
        return self._keeper.source.thread.by_key.get(key) if key is not None else None

    def act(self, key: int | None, wished: Act) -> None:
        """Do something with a post, if that is possible now."""
        entry = self.entry(key)
        if entry is None:
            return
        allowed = possible(entry)
        # One key stops what is written and cancels what waits; the other retries what failed.
        if wished is Act.STOP and Act.CANCEL in allowed:
            wished = Act.CANCEL
        if wished not in allowed:
            return
        try:
            self._do(entry, wished)
        except ForllmError as error:
            self.failed.emit(error)

    def _do(self, entry: Entry, wished: Act) -> None:
        job_id = entry.job.request_id if entry.job is not None else 0
        blocking = entry.blocked_by.request_id if entry.blocked_by is not None else job_id
        match wished:
            case Act.REPLY:
                self.reply_requested.emit(entry.key)
            case Act.ASK:
                self.ask_requested.emit(entry.key)
            case Act.EDIT:
                self.edit_requested.emit(entry.key)
            case Act.COPY:
                _copy(self._keeper.source.copy_of(entry))
            case Act.STOP | Act.CANCEL:
                self._queue.cancel(job_id)
            case Act.RETRY:
                self._queue.retry(blocking)
            case Act.SKIP:
                self._queue.skip(blocking)
            case Act.REMOVE:
                self._remove(entry)
            case Act.QUEUE:
                self.request_requested.emit(job_id)
            case Act.SENT:
                self.prompt_requested.emit(job_id)
            case Act.LEAVE_OUT | Act.PIN | Act.AS_USUAL:
                self.rule_requested.emit(entry.key, RULES[wished].value)
            case Act.FOLD:
                self._keeper.fold(entry.key)
            case Act.EDITS:
                self.show_edits(entry)
            case Act.PERSONA:
                self._show_persona(entry)
            case Act.AGAIN:
                self.versions_requested.emit(entry.key)

    def _show_persona(self, entry: Entry) -> None:
        if entry.post is not None and entry.is_by_persona:
            self.persona_requested.emit(entry.post.llm_persona_id, entry.post.persona_version)

    def _remove(self, entry: Entry) -> None:
        if entry.post is not None:
            self.undo_offered.emit(self._forum.delete_post(entry.key))
        elif entry.job is not None:
            self._queue.cancel(entry.job.request_id)

    def follow_link(self, key: int, target: str) -> None:
        """Follow a link: unfold what it stands for, or pass an outside address on."""
        entry = self.entry(key)
        if is_tag(target):
            self._follow_tag(entry, target)
        elif not target.startswith("act:"):
            self.link_opened.emit(target)
        elif target in ("act:earlier", "act:later"):
            self.turned.emit(1 if target == "act:later" else -1)
        elif target == "act:persona" and entry is not None:
            self._show_persona(entry)
        elif target == "act:parent" and entry is not None:
            if entry.parent is not None:
                self.post_wished.emit(entry.parent)
        elif (place := file_of(target)) is not None:
            self.file_requested.emit(key, place)
        elif target == "act:prompt":
            self.act(key, Act.SENT)
        elif target == "act:edits" and entry is not None:
            self.show_edits(entry)
        elif entry is not None:
            self._keeper.follow_act(key, target)

    def _follow_tag(self, entry: Entry | None, target: str) -> None:
        if persona_id := persona_of(target):
            try:
                self._keeper.source.require_persona(persona_id)
            except ForllmError as error:
                self.failed.emit(error)
            else:
                self.persona_requested.emit(persona_id, 0)
        elif entry is not None:
            place = file_place(target, [shown.file for shown in self._keeper.source.files_of(entry)])
            if place is not None:
                self.file_requested.emit(entry.key, place)

    def enter(self, current: int | None) -> None:
        """Follow the link that Tab selected, else unfold the first thing that is folded in a post."""
        view = self._keeper.view
        focused = view.focused_link()
        if focused:
            slot = view.writer.slot_at(view.textCursor().selectionStart())
            self.follow_link(slot.key if slot is not None else 0, focused)
        elif current is not None and (act := self._keeper.first_act(current)):
            self.follow_link(current, act)

    def pop_up(self, actions: PostActions, key: int, position: QPoint) -> None:
        """Open the menu of a post at a global position."""
        entry = self.entry(key)
        acts = possible(entry) if entry is not None else []
        has_selection = self._keeper.view.textCursor().hasSelection()
        is_reply = entry is not None and entry.parent is not None
        menu = actions.menu(acts, has_selection=has_selection, is_reply=is_reply)
        if entry is not None:
            self.extend(menu, entry, self.author(entry))
        menu.popup(position)

    def author(self, entry: Entry) -> str:
        """Return who wrote a post, as its head names it."""
        return self._keeper.source.names.author(entry)

    def place_below(self, key: int) -> QPoint:
        """Return where a menu of a post belongs: below its head, in global coordinates."""
        view = self._keeper.view
        slot, below = view.writer.by_key.get(key), round(view.writer.style.px(28))
        y = round(view.top_of(slot)) - view.offset + below if slot is not None else below
        left = round(view.writer.style.text_left(slot.depth) if slot is not None else view.writer.style.left)
        inside = min(max(y, 0), max(0, view.viewport().height() - below))
        return view.viewport().mapToGlobal(QPoint(left, inside))

    def show_edits(self, entry: Entry) -> None:
        """Open the list of the texts a post had before; choosing one copies it."""
        menu = QMenu(self._page)
        menu.setAccessibleName("Earlier texts")
        menu.addSection("Earlier texts: choose one to copy it")
        for revision in reversed(self._forum.earlier_texts(entry.key)):
            first = " ".join(plain_start(revision.content[:_EXCERPT_READ]).split())
            excerpt = first if len(first) <= _EXCERPT else f"{first[: _EXCERPT - 1]}…"
            label = f"until {words.clock(revision.replaced_at, self._queue.now())}: {excerpt}"
            action = menu.addAction(label.replace("&", "&&"))
            action.triggered.connect(lambda _=False, text=revision.content: _copy(text))
        menu.popup(self.place_below(entry.key))


def _copy(text: str) -> None:
    # Tags as they are shown: elsewhere a persona's number means nothing.
    QGuiApplication.clipboard().setText(plain(text))


def real_address(url: QUrl) -> str:
    """Return where a link really leads, lookalike letters of a host spelled out; "" for our own links."""
    if url.scheme() in ("act", "persona", "folder") or url.isEmpty():
        return ""
    return bytes(url.toEncoded().data()).decode("ascii", "replace")
