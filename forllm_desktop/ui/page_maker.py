"""Makes the pages of the centre by their keys, and passes on what they ask for."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from forllm_desktop.domain.errors import NotFound
from forllm_desktop.domain.files import ShownFile
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui import file_words
from forllm_desktop.ui.actions import Actions

if TYPE_CHECKING:
    from forllm_desktop.ui.thread.persona_drops import PostHandler

PAGES = {
    "queue": ("Queue", "queue"),
    "personas": ("Personas", "users"),
    "templates": ("Templates", "magic-wand"),
    "new-persona": ("New persona", "magic-wand"),
    "trash": ("Trash", "trash"),
    "settings": ("Settings", "gear-six"),
    "keyboard": ("Keyboard", "keyboard"),
    "about": ("About", "info"),
}
"""Title and icon of the pages by name."""

_GENERATORS = {"experts": "subforum_id", "generation": "request_id", "regenerate": "regenerates"}
"""What the numbers mean in the keys of pages that write personas."""


def topic_key(topic_id: int) -> str:
    """Return the key of a topic's page."""
    return f"topic:{topic_id}"


def new_topic_key(subforum_id: int) -> str:
    """Return the key of the page that starts a topic in a subforum."""
    return f"new:{subforum_id}"


def file_key(post_id: int, place: int) -> str:
    """Return the key of the page of a post's file, counted from 0."""
    return f"file:{post_id}:{place}"


def topic_of(key: str) -> int:
    """Return the topic that a key means; 0 when it means another page."""
    kind, _, number = key.partition(":")
    return int(number) if kind == "topic" and number.isdecimal() else 0


def covered_by(key: str) -> tuple[str, ...]:
    """Return the panes that fold while a page is shown, because it shows the same or needs their room."""
    kind, _, name = key.partition(":")
    if name == "personas":
        return ("personas", "queue")
    needs_room = kind in ("experts", "generation", "prompt", "proposal", "regenerate") or name in (
        "new-persona",
        "templates",
    )
    return ("personas",) if needs_room else (name,)


class PageMaker(QObject):
    """Everything that pages ask of the window, with the page's key where it matters.

    persona_asked(persona_id, version, topic_id)    a version is to be asked in a topic
    failed(error)                  what could not be done
    finished(key)                  a page is done with
    folder_requested()             the data folder is to be opened
    link_hovered(address)          empty when the pointer left
    link_opened(address)
    log_requested()
    page_requested(name)           another page is to be shown: "settings", ...
    persona_requested(persona_id, version)   a persona is to be shown; version 0 is the newest
    post_requested(post_id)
    request_requested(request_id)  a request is to be shown in the queue
    retitled(key, title)
    saved(words)                   what was kept, for the status line
    section_wished(name)           the page of settings, which is shown, is to show a section
    topic_made(key, topic_id)      a page that starts a topic has made it
    topic_requested(topic_id)
    undo_offered(undo)
    """

    persona_asked = Signal(int, int, int)
    failed = Signal(object)
    finished = Signal(str)
    folder_requested = Signal()
    link_hovered = Signal(str)
    link_opened = Signal(str)
    log_requested = Signal()
    page_requested = Signal(str)
    persona_requested = Signal(int, int)
    post_requested = Signal(int)
    request_requested = Signal(int)
    retitled = Signal(str, str)
    saved = Signal(str)
    section_wished = Signal(str)
    topic_made = Signal(str, int)
    topic_requested = Signal(int)
    undo_offered = Signal(object)

    def __init__(self, workspace: Workspace, actions: Actions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._actions = actions
        self.post_handler: PostHandler | None = None
        self.shown_topic = 0

    def describe(self, key: str) -> tuple[str, str] | None:
        """Return title and icon of a page; None when what it shows does not exist (any more)."""
        kind, _, rest = key.partition(":")
        try:
            if kind == "topic" and rest.isdecimal():
                return self._workspace.forum.topic(int(rest)).title, ""
            if kind == "new" and rest.isdecimal():
                self._workspace.forum.subforum(int(rest))
                return "New topic", "note-pencil"
            if kind == "subforum" and rest.isdecimal():
                return self._workspace.forum.subforum(int(rest)).name, "sliders-horizontal"
            if kind == "experts" and rest.isdecimal():
                return f"Experts for {self._workspace.forum.subforum(int(rest)).name}", "magic-wand"
            if kind == "generation" and rest.isdecimal():
                about = self._workspace.queue.table([int(rest)])
                return (about[0].writing.words, "magic-wand") if about and about[0].writing else None
            if kind == "regenerate" and rest.isdecimal():
                return f"Regenerate {self._workspace.personas.card(int(rest)).name}", "magic-wand"
            if kind == "file" and (shown := self._file(rest)) is not None:
                return shown.file.name, file_words.icon_of(shown.facts)
            if kind == "proposal" and rest.isdecimal():
                return self._describe_proposal(int(rest))
            if kind == "prompt" and rest.isdecimal():
                from forllm_desktop.ui.pages.prompt import page_title

                found = self._workspace.queue.table([int(rest)])
                return (page_title(found[0]), "eye") if found else None
        except NotFound:
            return None
        return PAGES.get(rest) if kind == "page" else None

    def title_of(self, key: str) -> str:
        """Return the title of a page; empty when what it shows does not exist (any more)."""
        described = self.describe(key)
        return described[0] if described else ""

    def make(self, key: str) -> QWidget:
        """Return a page that `describe` knows."""
        kind, _, rest = key.partition(":")
        if kind == "topic":
            return self._make_topic(key, int(rest))
        if kind == "new":
            return self._make_new_topic(key, int(rest))
        if kind == "subforum":
            return self._make_subforum(key, int(rest))
        if kind in _GENERATORS:
            return self._make_generator(**{_GENERATORS[kind]: int(rest)})
        if kind == "file":
            return self._make_file(*map(int, rest.split(":")))
        if kind == "proposal":
            return self._make_proposal(key, int(rest))
        if kind == "prompt":
            return self._make_prompt(key, int(rest))
        makers = {
            "new-persona": self._make_generator,
            "queue": self._make_queue,
            "personas": self._make_personas,
            "templates": self._make_templates,
            "trash": self._make_trash,
            "settings": self._make_settings,
            "keyboard": self._make_keyboard,
            "about": self._make_about,
        }
        return makers[rest]()

    def _make_topic(self, key: str, topic_id: int) -> QWidget:
        from forllm_desktop.ui.pages.topic import TopicPage
        from forllm_desktop.ui.thread.persona_drops import PostDrops
        from forllm_desktop.ui.thread.view import ThreadView

        page = TopicPage(topic_id, self._workspace)
        if self.post_handler is not None:
            for view in page.findChildren(ThreadView):
                PostDrops(view, self.post_handler)
        page.failed.connect(self.failed)
        page.file_requested.connect(lambda *file: self.page_requested.emit(file_key(*file)))
        page.link_hovered.connect(self.link_hovered)
        page.link_opened.connect(self.link_opened)
        page.persona_requested.connect(self.persona_requested)
        page.post_requested.connect(self.post_requested)
        page.prompt_requested.connect(lambda id: self.page_requested.emit(f"prompt:{id}"))
        page.request_requested.connect(self.request_requested)
        page.settings_requested.connect(lambda: self.page_requested.emit("settings"))
        page.files_requested.connect(partial(self._open_settings, "Files"))
        page.saved.connect(self.saved)
        page.title_changed.connect(lambda title: self.retitled.emit(key, title))
        page.undo_offered.connect(self.undo_offered)
        return page

    def _make_new_topic(self, key: str, subforum_id: int) -> QWidget:
        from forllm_desktop.ui.pages.new_topic import NewTopicPage

        page = NewTopicPage(subforum_id, self._workspace)
        page.saved.connect(self.saved)
        page.cancelled.connect(lambda: self.finished.emit(key))
        page.failed.connect(self.failed)
        page.post_requested.connect(self.post_requested)
        page.settings_requested.connect(lambda: self.page_requested.emit("settings"))
        page.files_requested.connect(partial(self._open_settings, "Files"))
        page.topic_made.connect(lambda topic_id: self.topic_made.emit(key, topic_id))
        page.undo_offered.connect(self.undo_offered)
        return page

    def _make_subforum(self, key: str, subforum_id: int) -> QWidget:
        from forllm_desktop.ui.pages.subforum import SubforumPage

        page = SubforumPage(subforum_id, self._workspace)
        page.failed.connect(self.failed)
        page.page_requested.connect(self.page_requested)
        page.persona_requested.connect(self.persona_requested)
        page.title_changed.connect(lambda title: self.retitled.emit(key, title))
        page.undo_offered.connect(self.undo_offered)
        return page

    def _make_generator(self, request_id: int = 0, subforum_id: int = 0, regenerates: int = 0) -> QWidget:
        from forllm_desktop.ui.pages.new_persona import NewPersonaPage

        page = NewPersonaPage(
            self._workspace, request_id=request_id, subforum_id=subforum_id, regenerates=regenerates
        )
        page.failed.connect(self.failed)
        page.page_requested.connect(self.page_requested)
        page.persona_requested.connect(self.persona_requested)
        page.undo_offered.connect(self.undo_offered)
        return page

    def _describe_proposal(self, request_id: int) -> tuple[str, str] | None:
        proposal = self._workspace.proposals.proposal(request_id)
        if proposal is None:
            return None
        return f"New text for {self._workspace.personas.persona(proposal.persona_id).name}", "git-diff"

    def _make_proposal(self, key: str, request_id: int) -> QWidget:
        from forllm_desktop.ui.pages.proposal import ProposalPage

        page = ProposalPage(request_id, self._workspace)
        page.failed.connect(self.failed)
        page.finished.connect(lambda: self.finished.emit(key))
        page.persona_requested.connect(self.persona_requested)
        page.saved.connect(self.saved)
        return page

    def _file(self, rest: str) -> ShownFile | None:
        """Return the file that the rest of a key means; None when there is none (any more)."""
        post, _, place = rest.partition(":")
        if not (post.isdecimal() and place.isdecimal()):
            return None
        self._workspace.forum.post(int(post))
        files = self._workspace.attachments.shown(post_ids=[int(post)]).get(int(post), [])
        return files[int(place)] if int(place) < len(files) else None

    def _make_file(self, post_id: int, place: int) -> QWidget:
        from forllm_desktop.ui.pages.file import FilePage

        page = FilePage(post_id, place, self._workspace)
        page.failed.connect(self.failed)
        page.post_requested.connect(self.post_requested)
        page.saved.connect(self.saved)
        return page

    def _make_prompt(self, key: str, request_id: int) -> QWidget:
        from forllm_desktop.ui.pages.prompt import PromptPage

        page = PromptPage(request_id, self._workspace)
        page.failed.connect(self.failed)
        page.post_requested.connect(self.post_requested)
        page.request_requested.connect(self.request_requested)
        page.title_changed.connect(lambda title: self.retitled.emit(key, title))
        page.undo_offered.connect(self.undo_offered)
        return page

    def _make_queue(self) -> QWidget:
        from forllm_desktop.ui.pages.queue import QueuePage

        page = QueuePage(self._workspace)
        page.undo_offered.connect(self.undo_offered)
        page.failed.connect(self.failed)
        page.page_requested.connect(self.page_requested)
        page.persona_requested.connect(self.persona_requested)
        page.post_requested.connect(self.post_requested)
        return page

    def _make_personas(self) -> QWidget:
        from forllm_desktop.ui.pages.personas import PersonasPage

        page = PersonasPage(self._workspace, lambda: self.shown_topic)
        page.asked.connect(self.persona_asked)
        page.failed.connect(self.failed)
        page.page_requested.connect(self.page_requested)
        page.post_requested.connect(self.post_requested)
        page.saved.connect(self.saved)
        page.settings_requested.connect(lambda: self.page_requested.emit("settings"))
        page.undo_offered.connect(self.undo_offered)
        return page

    def _make_templates(self) -> QWidget:
        from forllm_desktop.ui.pages.templates import TemplatesPage

        page = TemplatesPage(self._workspace)
        page.failed.connect(self.failed)
        page.saved.connect(self.saved)
        return page

    def _make_trash(self) -> QWidget:
        from forllm_desktop.ui.pages.trash import TrashPage

        page = TrashPage(self._workspace.forum, self._workspace.personas, self._workspace.events)
        page.persona_requested.connect(self.persona_requested)
        page.post_requested.connect(self.post_requested)
        page.topic_requested.connect(self.topic_requested)
        return page

    def _open_settings(self, section: str) -> None:
        self.page_requested.emit("settings")
        self.section_wished.emit(section)

    def _make_settings(self) -> QWidget:
        from forllm_desktop.ui.pages.settings import SettingsPage

        page = SettingsPage(self._workspace)
        self.section_wished.connect(page.show_section)
        page.persona_requested.connect(self.persona_requested)
        page.open_folder_requested.connect(self.folder_requested)
        page.templates_requested.connect(lambda: self.page_requested.emit("templates"))
        return page

    def _make_keyboard(self) -> QWidget:
        from forllm_desktop.ui.pages.shortcuts import ShortcutsPage

        return ShortcutsPage(self._actions)

    def _make_about(self) -> QWidget:
        from forllm_desktop.ui.pages.about import AboutPage

        page = AboutPage(self._workspace.folder)
        page.folder_requested.connect(self.folder_requested)
        page.log_requested.connect(self.log_requested)
        return page
