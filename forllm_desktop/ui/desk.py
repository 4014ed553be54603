"""The desk: fills the window with the panes of an open data folder and connects them with each other."""

import logging
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.errors import ForllmError, NotFound
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.actions import OPENED_PAGES
from forllm_desktop.ui.kept_keys import keep_keys
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.outside import Outside
from forllm_desktop.ui.page_maker import PageMaker, covered_by, new_topic_key, topic_key, topic_of
from forllm_desktop.ui.pages.page import Page
from forllm_desktop.ui.pane_focus import focus_first, focus_next
from forllm_desktop.ui.panes.late_search import LateSearch
from forllm_desktop.ui.panes.queue import QueuePane
from forllm_desktop.ui.panes.sidebar import Sidebar
from forllm_desktop.ui.persona_desk import PersonaDesk
from forllm_desktop.ui.portraits import portraits
from forllm_desktop.ui.server_status import ServerStatus
from forllm_desktop.ui.state_watch import StateWatch
from forllm_desktop.ui.tabs import CentreTabs
from forllm_desktop.ui.text_size import STEP, zoom
from forllm_desktop.ui.undo import UndoList
from forllm_desktop.ui.widgets.empty_pane import EmptyPane
from forllm_desktop.ui.widgets.tips import plain_tip

KEEP_AFTER = 1_000
"""Milliseconds after a change of the tabs or panes before they are kept, for the case of a crash."""

log = logging.getLogger(__name__)


class Desk(QObject):
    """What is on the desk belongs to one workspace; the window is its parent and shows it."""

    def __init__(self, window: MainWindow, workspace: Workspace) -> None:
        super().__init__(window)
        ws = self._workspace = workspace
        self._window = window
        self._actions = window.actions_by_id
        portraits().follow(ws.personas, ws.events)
        self._maker = PageMaker(ws, self._actions, self)
        self._tabs = self._make_tabs()
        self._sidebar = Sidebar(ws.forum, ws.queue, ws.personas, ws.events)
        self._personas = PersonaDesk(window, ws, self._sidebar, self)
        self._maker.post_handler = self._personas.drops
        self._queue = QueuePane(ws.queue, ws.events)
        self._search = LateSearch(lambda: ws.search, list(self._actions), window)
        self._outside = Outside(ws.folder, window.bar)
        self._undos = UndoList(ws.forum, ws.personas, ws.asking, window.bar, self, ws.undo_edit)
        self._watch = StateWatch(window.toolbar.pill, ws.queue, ws.settings, ws.events)
        self._server = ServerStatus(window.status, ws.models, ws.settings, ws.queue)
        self._keep_timer = QTimer(self, singleShot=True, interval=KEEP_AFTER)
        self._place()
        self._connect()
        self._connect_actions()
        self._come_back()

    # -- what other parts of the window ask for

    def show_page(self, name: str) -> QWidget:
        """Show a page of the centre by its name: "queue", "trash", "settings", ..., or by its whole key."""
        page = self._tabs.open(name if ":" in name else f"page:{name}")
        if page is None:
            log.warning("there is no page named %s", name)
        self._uncover()
        return page or self._tabs

    def show_topic(self, topic_id: int, in_new_tab: bool = False) -> None:
        """Show a topic, in the tab of the topic that is shown now unless a new tab is wanted."""
        shown = self._tabs.current_key()
        replacing = "" if in_new_tab or not topic_of(shown) else shown
        if self._tabs.open(topic_key(topic_id), replacing=replacing) is None:
            self._fail(NotFound("The topic does not exist", "It may be in the trash."))
        self._uncover()

    def show_post(self, post_id: int) -> None:
        """Show a post in its topic."""
        try:
            post = self._workspace.forum.post(post_id)
        except ForllmError as error:
            self._fail(error)
            return
        self.show_topic(post.topic_id)
        page = self._tabs.current()
        if topic_of(self._tabs.current_key()) == post.topic_id and isinstance(page, Page):
            page.show_post(post_id)

    def show_persona(self, persona_id: int, version: int = 0) -> None:
        """Edit a persona, 0 is a new one; with a version, that one is shown beside it."""
        self.show_page("personas")
        page = self._tabs.current()
        if isinstance(page, Page):
            page.show_persona(persona_id, version)

    def show_request(self, request_id: int) -> None:
        """Show a request in the queue."""
        page = self._tabs.current()
        if self._tabs.current_key() == "page:queue" and isinstance(page, Page):
            page.show_request(request_id)
            return
        self._uncover()
        self._window.panes.show_queue(True)
        self._window.check_switches()
        self._queue.show_request(request_id)

    def start_topic(self, subforum_id: int = 0) -> None:
        """Show the page that starts a topic; without any subforum make one first."""
        chosen = subforum_id or self._sidebar.selected_subforum() or self._sidebar.first_subforum()
        if not chosen:
            self._add_subforum()
            return
        self._uncover()
        page = self._tabs.open(new_topic_key(chosen))
        if isinstance(page, Page):
            page.ask()

    def flush(self) -> None:
        """Save all drafts, and what is open, now."""
        for page in self._tabs.pages():
            if isinstance(page, Page):
                page.flush()
        self._keep()

    def close(self) -> None:
        """Stop what the pages still do; nothing is shown afterwards."""
        for page in self._tabs.pages():
            page.close()

    # -- wishes

    def _ask(self, persona_id: int | None = None, version: int | None = None, topic_id: int = 0) -> None:
        if topic_id:
            self.show_topic(topic_id)
        page = self._tabs.current()
        if isinstance(page, Page):
            page.ask(persona_id, version)
        else:
            self.start_topic()

    def _find(self) -> None:
        page = self._tabs.current()
        if isinstance(page, Page):
            page.find_in_page()

    def _go_to_next_unread(self) -> None:
        page = self._tabs.current()
        if not (isinstance(page, Page) and page.next_unread()):
            self._sidebar.next_unread()

    def _search_everything(self) -> None:
        if not self._window.toolbar.is_bare:
            self._search.open_below(self._window.toolbar.search)

    def _show_subforum(self, subforum_id: int) -> None:
        self._window.panes.show_sidebar(True)
        self._window.check_switches()
        self._sidebar.show_subforum(subforum_id)

    def _uncover(self) -> None:
        """Let the centre be seen: neither the welcome nor the drawer over it."""
        self._window.end_welcome()
        self._window.panes.close_drawer()

    def _add_subforum(self) -> None:
        self._window.end_welcome()
        self._window.panes.show_sidebar(True)
        self._window.check_switches()
        self._sidebar.add_subforum()

    def _pause(self, is_paused: bool) -> None:
        try:
            self._workspace.settings.change(queue_paused=is_paused)
        except ForllmError as error:
            self._fail(error)

    def _toggle_pause(self) -> None:
        self._pause(not self._workspace.settings.current().queue_paused)

    def _fail(self, error: ForllmError) -> None:
        self._window.bar.say_error(error)

    def _fail_in_words(self, title: str, message: str) -> None:
        self._fail(ForllmError(title, message))

    # -- keeping up with what happens

    def _show_current(self, key: str) -> None:
        page = self._tabs.current()
        self._maker.shown_topic = topic_of(key) or self._maker.shown_topic
        self._sidebar.show_current(topic_of(key), key.removeprefix("page:"))
        self._window.name(self._maker.title_of(key))
        self._personas.show_topic(topic_of(key))
        self._window.panes.cover(*covered_by(key))
        self._window.check_switches()
        self._actions["find"].setEnabled(isinstance(page, Page) and page.can_find)
        self._actions["close_tab"].setEnabled(bool(key))

    def _note_tabs(self) -> None:
        self._actions["split"].setChecked(self._tabs.is_split)
        self._actions["split"].setEnabled(self._tabs.is_split or len(self._tabs.open_keys()) > 1)
        self._keep_timer.start()

    def _rename(self, key: str, title: str) -> None:
        self._tabs.rename(key, title)
        if key == self._tabs.current_key():
            self._window.name(title)

    def _note_undos(self) -> None:
        label = self._undos.label
        self._actions["undo"].setEnabled(bool(label))
        self._actions["undo"].setToolTip(
            plain_tip(f"Take back: {label}") if label else "Nothing to take back"
        )

    def _note_topic(self, topic_id: int) -> None:
        """Close the tab of a topic that is gone."""
        key = topic_key(topic_id)
        if key in self._tabs.open_keys():
            try:
                self._workspace.forum.topic(topic_id)
            except NotFound:
                self._tabs.forget(key)

    def _note_subforums(self) -> None:
        for key in self._tabs.open_keys():
            if topic_of(key):
                self._note_topic(topic_of(key))
            elif key.startswith("subforum:") and self._maker.describe(key) is None:
                self._tabs.forget(key)

    def _apply_settings(self) -> None:
        now = self._workspace.settings.current()
        self._window.wear(now.color_scheme, now.accent, now.text_size, now.reduce_motion)
        pause = self._actions["pause"]
        pause.setText("&Run the queue" if now.queue_paused else "&Pause the queue")
        self._server.refresh()

    def _finish_topic(self, key: str, topic_id: int) -> None:
        self._tabs.open(topic_key(topic_id), replacing=key)

    # -- building

    def _make_tabs(self) -> CentreTabs:
        empty = EmptyPane(
            "chats-teardrop", "No topic is open", "Choose one at the left, or start a new one.", "New topic"
        )
        empty.button_pressed.connect(lambda: self.start_topic())
        return CentreTabs(self._maker, empty, [self._actions["find"], self._actions["split"]])

    def _place(self) -> None:
        window = self._window
        window.centre.addWidget(self._tabs)
        window.centre.setCurrentWidget(self._tabs)
        window.panes.put_sidebar(self._sidebar)
        window.panes.put_queue(self._queue)
        pill = window.toolbar.pill
        pill.menu.addActions([self._actions[id] for id in ("pause", "try_again", "open_queue")])

    def _connect(self) -> None:
        events, maker, pill = self._workspace.events, self._maker, self._window.toolbar.pill
        queue, search, sidebar = self._queue, self._search, self._sidebar
        tabs, status = self._tabs, self._window.status
        events.failed.connect(self._fail_in_words)
        events.servers_changed.connect(self._server.refresh)
        events.settings_changed.connect(self._apply_settings)
        events.subforums_changed.connect(self._note_subforums)
        events.topic_changed.connect(self._note_topic)
        maker.failed.connect(self._fail)
        maker.finished.connect(tabs.close_tab)
        maker.folder_requested.connect(self._outside.open_data_folder)
        maker.link_hovered.connect(status.show_passing)
        maker.link_opened.connect(self._outside.offer_link)
        maker.log_requested.connect(self._outside.open_log)
        maker.page_requested.connect(self.show_page)
        maker.persona_asked.connect(self._ask)
        maker.persona_requested.connect(self.show_persona)
        maker.post_requested.connect(self.show_post)
        maker.request_requested.connect(self.show_request)
        maker.retitled.connect(self._rename)
        maker.saved.connect(status.say)
        maker.topic_made.connect(self._finish_topic)
        maker.topic_requested.connect(self.show_topic)
        maker.undo_offered.connect(self._undos.offer)
        pill.changed.connect(lambda _words: self._server.refresh())
        pill.pause_requested.connect(self._pause)
        pill.retry_requested.connect(self._workspace.queue.release_all)
        self._personas.failed.connect(self._fail)
        self._personas.page_requested.connect(self.show_page)
        self._personas.persona_requested.connect(self.show_persona)
        self._personas.undo_offered.connect(self._undos.offer)
        queue.failed.connect(self._fail)
        queue.page_requested.connect(self.show_page)
        queue.persona_requested.connect(self.show_persona)
        queue.post_requested.connect(self.show_post)
        search.persona_asked.connect(self._ask)
        search.persona_requested.connect(self.show_persona)
        search.post_requested.connect(self.show_post)
        search.subforum_requested.connect(self._show_subforum)
        search.topic_requested.connect(self.show_topic)
        sidebar.failed.connect(self._fail)
        sidebar.new_topic_requested.connect(self.start_topic)
        sidebar.page_requested.connect(self.show_page)
        sidebar.topic_requested.connect(self.show_topic)
        sidebar.undo_offered.connect(self._undos.offer)
        tabs.changed.connect(self._note_tabs)
        tabs.current_changed.connect(self._show_current)
        self._keep_timer.timeout.connect(self._keep)
        self._undos.changed.connect(self._note_undos)
        self._window.panes.folded.connect(self._keep_timer.start)

    def _connect_actions(self) -> None:
        steps: dict[str, Callable[[], object]] = {
            "ask": self._ask,
            "close_tab": lambda: self._tabs.close_tab(self._tabs.current_key()),
            "find": self._find,
            "generate": lambda: focus_first(self.show_page("new-persona")),
            "larger_text": lambda: zoom(self._workspace.settings, STEP),
            "new_subforum": self._add_subforum,
            "new_topic": lambda: self.start_topic(),
            "next_pane": lambda: self._step_pane(1),
            "next_tab": lambda: self._tabs.step(1),
            "next_unread": self._go_to_next_unread,
            "open_data_folder": self._outside.open_data_folder,
            "open_log": self._outside.open_log,
            "new_persona": lambda: self.show_persona(0),
            "pause": self._toggle_pause,
            "previous_pane": lambda: self._step_pane(-1),
            "previous_tab": lambda: self._tabs.step(-1),
            "quit": self._window.close,
            "reopen_tab": self._tabs.reopen,
            "search": self._search_everything,
            "smaller_text": lambda: zoom(self._workspace.settings, -STEP),
            "split": self._tabs.toggle_split,
            "try_again": self._workspace.queue.release_all,
            "undo": self._undos.take_back_last,
            "usual_text": lambda: zoom(self._workspace.settings, 0),
        }
        steps |= {id: partial(self.show_page, name) for id, name in OPENED_PAGES.items()}
        for id, step in steps.items():
            # Keep only what a slot without arguments takes: triggered() says whether a switch is on.
            self._actions[id].triggered.connect(lambda _checked=False, step=step: step())
        self._note_undos()

    def _step_pane(self, by: int) -> None:
        centre = self._tabs.current() or self._tabs
        panes = [self._sidebar, centre, self._personas.dock, self._queue, self._window.toolbar]
        focus_next(panes, by)

    # -- coming back

    def _come_back(self) -> None:
        recall = self._workspace.settings.recall
        try:
            self._window.panes.restore(recall("panes") or self._window.panes.state())
            self._tabs.restore(recall("tabs") or self._tabs.state())
            self._sidebar.restore(recall("sidebar", {}))
        except (KeyError, TypeError, ValueError):
            log.warning("what was open could not be restored")
        keep_keys(self._actions, self._workspace.settings)
        self._apply_settings()
        self._window.check_switches()
        if self._workspace.forum.subforums() or recall("welcome_skipped"):
            focus_first(self._tabs.current() or self._sidebar)
        else:
            self._welcome()

    def _welcome(self) -> None:
        """Fill the window with the first steps until something is posted or the user wants none of it."""
        from forllm_desktop.ui.pages.welcome import WelcomePage

        ws = self._workspace
        page = WelcomePage(ws.forum, ws.queue, ws.personas, ws.models, ws.settings, ws.events)
        page.skipped.connect(self._skip_welcome)
        page.started.connect(self.show_topic)
        self._window.show_welcome(page)

    def _skip_welcome(self) -> None:
        self._workspace.settings.remember("welcome_skipped", True)
        self._uncover()
        focus_first(self._sidebar)

    def _keep(self) -> None:
        self._keep_timer.stop()
        state = {
            "geometry": self._window.geometry_text(),
            "panes": self._window.panes.state(),
            "sidebar": self._sidebar.state(),
            "tabs": self._tabs.state(),
        }
        try:
            self._workspace.settings.remember_all(state)
        except ForllmError as error:
            log.warning("what is open was not kept yet: %s", error)
            self._keep_timer.start()
