"""The thread page: a topic to read, with everything that happens in it while it is read."""

import gc
from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QEvent, QPoint, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError, NotFound
from forllm_desktop.events import Events
from forllm_desktop.services.attachments import AttachmentService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.ui import words
from forllm_desktop.ui.theme import look
from forllm_desktop.ui.thread.acting import Acting, real_address
from forllm_desktop.ui.thread.actions import Act
from forllm_desktop.ui.thread.content import about
from forllm_desktop.ui.thread.entries import Entry
from forllm_desktop.ui.thread.find import FindBar
from forllm_desktop.ui.thread.folding import unfold_hits
from forllm_desktop.ui.thread.following import Following
from forllm_desktop.ui.thread.grounds import Scene
from forllm_desktop.ui.thread.keeper import Keeper
from forllm_desktop.ui.thread.menu import PostActions
from forllm_desktop.ui.thread.ordering import Ordering
from forllm_desktop.ui.thread.overlays import Chip, TitleLine
from forllm_desktop.ui.thread.reading import Reading
from forllm_desktop.ui.thread.source import Source
from forllm_desktop.ui.thread.style import ZOOMS, next_zoom
from forllm_desktop.ui.thread.view import ThreadView
from forllm_desktop.ui.thread.walking import Walking, first_unread
from forllm_desktop.ui.widgets.quiet_bar import QuietBar

_RESIZE = 120
"""Milliseconds that the width stays before lines are broken anew."""
_KEYS = "J and K walk the posts, N goes to the next unread reply, R replies, A asks, E edits, C copies."
_open_pages: set[int] = set()


class ThreadPage(QWidget):
    """One topic.

    reply_requested(post_id)      somebody wants to reply to a post
    ask_requested(post_id)        somebody wants a model's answer to a post
    edit_requested(post_id)       somebody wants to edit a post
    request_requested(request_id) somebody wants to see a request in the queue
    prompt_requested(request_id)  somebody wants to see what was sent for a reply
    rule_requested(post_id, rule) a post is to enter prompts by another PromptRule
    persona_requested(persona_id, version)  somebody wants to see who wrote a reply
    versions_requested(post_id)   somebody wants a reply once more, by another version of its persona
    file_requested(post_id, place)  somebody wants to read a file of a post, counted from 0
    link_hovered(address)         where the link under the mouse or the focus leads; "" for none
    link_opened(address)          somebody followed a link that leads outside
    undo_offered(undo), failed(error in words)
    title_changed(title), topic_gone()
    flat_changed(is_flat)         the user chose another order of the posts
    announced(words)              a screen reader was told so
    """

    reply_requested = Signal(int)
    ask_requested = Signal(int)
    edit_requested = Signal(int)
    request_requested = Signal(int)
    prompt_requested = Signal(int)
    rule_requested = Signal(int, str)
    persona_requested = Signal(int, int)
    versions_requested = Signal(int)
    file_requested = Signal(int, int)
    link_hovered = Signal(str)
    link_opened = Signal(str)
    undo_offered = Signal(object)
    failed = Signal(object)
    title_changed = Signal(str)
    topic_gone = Signal()
    flat_changed = Signal(bool)
    announced = Signal(str)

    def __init__(
        self,
        topic_id: int,
        forum: ForumService,
        queue: QueueService,
        personas: PersonaService,
        events: Events,
        parent: QWidget | None = None,
        attachments: AttachmentService | None = None,
    ) -> None:
        super().__init__(parent)
        self.topic_id = topic_id
        self._source = Source(topic_id, forum, queue, personas, attachments)
        self._target: int | None = None
        self._is_open = False
        self._loading: Iterator[None] | None = None

        self._view = ThreadView(Scene(self._entry, self._avatar, self._about, self._source.tag_tip))
        self._keeper = Keeper(self._view, self._source, queue.now, self)
        self._following = Following(self._source, events, self._keeper.is_growing, self)
        self._source.read_title()
        self._bar = QuietBar()
        self._find = FindBar(self._view, partial(unfold_hits, self._keeper), self)
        self._title_line, self._chip = TitleLine(self), Chip(self)
        self._order = Ordering(self._keeper, self)
        self._walking = Walking(self._keeper, self._title_line, self._chip, self._order, self)
        self._acting = Acting(self._keeper, forum, queue, self)
        self._reading = Reading(self._view, self._source, forum, self)
        self._actions = PostActions(self._view, self, self._act_on_current, self._walk)
        self._resized = _once(self, _RESIZE, self._resize)
        self._opening = _once(self, 0, self._load)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(self._find)
        layout.addWidget(self._view, 1)
        self.setFocusProxy(self._view)
        self._view.setAccessibleDescription(_KEYS)
        self._name()
        self._connect()
        _open_pages.add(id(self))

    def _connect(self) -> None:
        view, keeper, acting = self._view, self._keeper, self._acting
        view.act_wished.connect(self._act)
        view.link_wished.connect(acting.follow_link)
        view.highlighted.connect(lambda url: self.link_hovered.emit(real_address(url)))
        view.rail_pressed.connect(keeper.fold)
        view.well_copied.connect(lambda text: QGuiApplication.clipboard().setText(text))
        view.menu_wished.connect(self._pop_up)
        view.pressed_on.connect(self._walking.make_current)
        view.resized.connect(self._resized.start)
        acting.turned.connect(self._walking.turn)
        acting.post_wished.connect(self.show_post)
        self._order.chosen.connect(self.flat_changed)
        for name in ("reply", "ask", "edit", "request", "prompt", "rule", "persona", "versions", "file"):
            getattr(acting, f"{name}_requested").connect(getattr(self, f"{name}_requested"))
        acting.link_opened.connect(self.link_opened)
        acting.undo_offered.connect(self.undo_offered)
        acting.failed.connect(self.failed)
        self._reading.failed.connect(self.failed)
        self._walking.announced.connect(self.announced)
        keeper.grew.connect(self._walking.note_growth)
        keeper.began.connect(lambda key: self._walking.tell_stream(key, "is writing"))
        keeper.ended.connect(lambda key: self._walking.tell_stream(key, "has stopped writing"))
        keeper.filled.connect(self._filled)
        self._find.closed.connect(view.setFocus)
        look().changed.connect(self._restyle)
        following = self._following
        following.changed.connect(self._sync)
        following.added.connect(self._walking.note_new)
        following.reply_grew.connect(keeper.streams.grew)
        following.renamed.connect(keeper.refresh_heads)
        following.retitled.connect(self.title_changed)
        following.gone.connect(self.topic_gone)

    # -- for the shell

    def show_post(self, post_id: int) -> None:
        """Show a post below the end of what stands before it and make it current, if it is there."""
        if self._source.is_loaded and post_id not in self._source.thread.by_key:
            return
        self._target = post_id
        if self._is_open:
            self._keeper.unfold_to(post_id)
            self._walking.go_to(post_id, in_context=True)

    def next_unread(self) -> bool:
        """Go to the next unread reply after the current post, or the first; returns whether there is one."""
        if not self._source.is_loaded:
            self._source.load()
        key = self._walking.next_unread()
        if key is not None:
            self.show_post(key)
        return key is not None

    def find(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Open the find bar."""
        self._find.open_bar()

    def copy_source(self, post_id: int) -> str:
        """Return a post as Markdown and put it onto the clipboard."""
        entry = self._entry(post_id)
        text = self._source.copy_of(entry) if entry is not None else ""
        QGuiApplication.clipboard().setText(text)
        return text

    @property
    def title(self) -> str:
        """The topic's title."""
        return self._source.topic.title

    @property
    def quiet_bar(self) -> QuietBar:
        """The bar for news, errors and undo at the top of the page."""
        return self._bar

    @property
    def current_post(self) -> int | None:
        """The current post; None when there is none, or when its answer has not begun."""
        current = self._walking.current
        return current if current is not None and current > 0 else None

    @property
    def post_actions(self) -> PostActions:
        """The actions with their keys, for menus and the list of shortcuts."""
        return self._actions

    @property
    def is_complete(self) -> bool:
        """Say whether all posts of this page are written."""
        return self._is_open and not self._keeper.is_busy

    @property
    def acting(self) -> Acting:
        """What does the things that are wished for, for those who add some."""
        return self._acting

    @property
    def zoom(self) -> float:
        """The page's own text size; 1.0 is that of the window."""
        return self._keeper.zoom

    def set_zoom(self, zoom: float) -> None:
        """Use another text size for this page."""
        self._keeper.zoom = min(max(zoom, ZOOMS[0]), ZOOMS[-1])
        self._restyle()

    def set_flat(self, is_flat: bool) -> None:
        """Show the posts in order of time instead of each below what it answers."""
        self._order.put(is_flat)

    def close_page(self) -> None:
        """Stop all work. Called when the page is closed; harmless the second time."""
        self._keeper.close()
        # The focus leaves the view after its document is gone.
        self._view.scene.current = None
        if id(self) in _open_pages:
            _open_pages.discard(id(self))
            if not _open_pages:
                gc.unfreeze()

    # -- Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._is_open:
            # One step each for the widgets, for reading and for writing: none of them is long then.
            self._opening.start()
        else:
            self._following.catch_up()
        self._keeper.streams.rest(False)
        self._walking.place()
        QTimer.singleShot(0, self, self._reading.look)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._keeper.streams.rest(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._walking.place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange:
            self._reading.look()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.close_page()
        super().closeEvent(event)

    # -- opening, and what happens in the store

    def _load(self) -> None:
        if not self.isVisible():
            return
        if self._source.is_loaded:
            self._open()
            return
        self._loading = self._loading or self._source.loading()
        try:
            next(self._loading, None)
        except NotFound:
            self.topic_gone.emit()
        except ForllmError as error:
            self.failed.emit(error)
        else:
            self._opening.start()

    def _open(self) -> None:
        entries = self._source.thread
        if self._target not in entries.by_key:
            self._target = first_unread(entries.entries)
        # What lives by now stays; the collector need not look at it while the page is filled.
        gc.freeze()
        self._is_open = True
        self._name()
        self._reading.note()
        self._keeper.open(self._target)
        self._walking.make_current(self._target or self._first_key())
        self._following.catch_up()
        self._walking.place()
        QTimer.singleShot(0, self, self._reading.look)

    def _sync(self, changed: tuple[int, ...] = ()) -> None:
        if self._is_open:
            self._keeper.sync(*changed)
        else:
            self._source.thread.arrange()
        if self._walking.current not in self._source.thread.by_key:
            self._walking.make_current(self._first_key())
        self._reading.note()
        self._name()
        self._view.viewport().update()

    # -- wishes

    def _act(self, key: int, act: Act) -> None:
        if act is Act.MORE:
            self._pop_up(key, self._view.cursor().pos())
        else:
            self._acting.act(key, act)

    def _act_on_current(self, act: Act) -> None:
        self._acting.act(self._walking.current, act)

    def _pop_up(self, key: int, position: QPoint) -> None:
        if key:
            self._walking.make_current(key)
        self._acting.pop_up(self._actions, key, position)

    def _walk(self, name: str) -> None:
        match name:
            case "next" | "previous":
                self._walking.step(1 if name == "next" else -1)
            case "unread":
                self.next_unread()
            case "enter":
                self._acting.enter(self._walking.current)
            case "find":
                self.find()
            case "larger" | "smaller":
                self.set_zoom(next_zoom(self.zoom, larger=name == "larger"))
            case "usual":
                self.set_zoom(1.0)
            case "copy":
                self._view.copy()
            case "parent":
                self._acting.follow_link(self._walking.current or 0, "act:parent")
            case "flat":
                self._order.choose(not self._order.is_flat)
            case "end":
                self._walking.follow()

    # -- steps

    def _entry(self, key: int) -> Entry | None:
        return self._source.thread.by_key.get(key)

    def _avatar(self, entry: Entry) -> tuple[int | None, str]:
        return self._source.names.persona_id(entry), self._source.names.author(entry)

    def _about(self, entry: Entry) -> str:
        return about(entry, self._source.names)

    def _first_key(self) -> int | None:
        return self._source.thread.entries[0].key if self._source.thread.entries else None

    def _name(self) -> None:
        title = self._source.topic.title
        self._view.setAccessibleName(f"Thread: {title}")
        self._title_line.say(title, words.counted(self._source.thread.count, "post"))

    def _filled(self) -> None:
        # Thousands of small values live now; the collector would look at all of them again and again.
        gc.freeze()
        self._reading.look()
        self._walking.place()

    def _resize(self) -> None:
        if self._is_open:
            self._keeper.resize()
            self._walking.place()

    def _restyle(self) -> None:
        if self._is_open:
            self._keeper.rebuild()
            self._walking.place()


def _once(parent: QWidget, milliseconds: int, do: Callable[[], None]) -> QTimer:
    timer = QTimer(parent, singleShot=True, interval=milliseconds)
    timer.timeout.connect(do)
    return timer
