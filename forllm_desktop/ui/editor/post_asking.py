"""Asks personas about a post that stands there: the menu of its Ask action, and asking again by version."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.servers import ModelChoice, model_word
from forllm_desktop.services.assignment import Choice
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.version_menu import VersionMenu
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.widgets.persona_menu import Offer, PersonaMenu, offer_of, persona_action


class PostAsking(QObject):
    """Makes menus for a page and does what they offer. Nothing is written: the answer hangs below the post.

    write_requested(post_id)    the user wants to write a question first
    undo_offered(undo)          somebody was asked; how to take it back
    failed(error)               nobody could be asked; a ForllmError
    """

    write_requested = Signal(int)
    undo_offered = Signal(object)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, page: QWidget) -> None:
        super().__init__(page)
        self._workspace = workspace
        self._page = page
        self._model: ModelChoice | None = None

    def pop_up(self, post_id: int, place: QPoint) -> None:
        """Open the menu of who may answer a post at a global position; the first one is ready for Enter."""
        try:
            menu = self.menu(post_id)
        except ForllmError as error:
            self.failed.emit(error)
            return
        menu.popup(place)
        menu.setActiveAction(menu.actions()[0])

    def menu(self, post_id: int) -> QMenu:
        """Return the menu of who may answer a post, deleted once it closes. Raises NotFound."""
        ws = self._workspace
        subforum_id = ws.forum.topic(ws.forum.post(post_id).topic_id).subforum_id
        choices = ws.personas.choices(subforum_id)
        menu = self._empty_menu("Ask about this post")
        for choice in choices:
            menu.addAction(self._ask_action(menu, post_id, choice))
        menu.addSeparator()
        others = PersonaMenu("Ask another…", partial(self._others, choices), menu)
        others.setIcon(icon("plus"))
        others.chosen.connect(lambda id: self.ask(post_id, id))
        menu.addMenu(others)
        usual = next((choice for choice in choices if choice.is_default), None)
        if usual is not None and usual.version > 1:
            earlier = VersionMenu(
                f"Ask an earlier version of {usual.name}",
                partial(ws.personas.versions, usual.persona_id),
                usual.version,
                menu,
            )
            earlier.setIcon(icon("clock-counter-clockwise"))
            earlier.chosen.connect(lambda version: self.ask(post_id, usual.persona_id, version))
            menu.addMenu(earlier)
        menu.addMenu(self._models_menu(menu))
        menu.addSeparator()
        write = menu.addAction(icon("pencil-simple"), "Write a question first")
        write.triggered.connect(lambda _=False: self.write_requested.emit(post_id))
        return menu

    def ask(self, post_id: int, persona_id: int, version: int | None = None) -> None:
        """Ask a persona about a post; one that is not assigned there is assigned with the request."""
        asking = self._workspace.asking
        try:
            wish = asking.wish(persona_id, version=version, model=self._model)
            self.undo_offered.emit(asking.ask(post_id, [wish]))
        except ForllmError as error:
            self.failed.emit(error)

    def again(self, reply_id: int, version: int) -> None:
        """Ask for another answer to what a reply answers, by a version of the persona that wrote it."""
        try:
            self.undo_offered.emit(self._workspace.asking.again(reply_id, version))
        except ForllmError as error:
            self.failed.emit(error)

    def versions_menu(self, reply: Post, name: str, parent: QWidget) -> VersionMenu:
        """Return the menu of the versions that a reply can be asked again with; the used one is marked."""
        read = partial(self._workspace.personas.versions, reply.llm_persona_id or 0)
        menu = VersionMenu(f"Ask {name} again with…", read, reply.persona_version or 0, parent)
        menu.setIcon(icon("clock-counter-clockwise"))
        menu.chosen.connect(partial(self.again, reply.post_id))
        return menu

    def pop_up_versions(self, reply: Post, name: str, place: QPoint) -> None:
        """Open the menu of versions by itself."""
        menu = self.versions_menu(reply, name, self._page)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    # -- parts of the menu

    def _empty_menu(self, name: str) -> QMenu:
        menu = QMenu(self._page)
        menu.setAccessibleName(name)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _ask_action(self, menu: QMenu, post_id: int, choice: Choice) -> QAction:
        action = persona_action(choice.persona_id, choice.name, choice.note, menu, "Ask")
        action.triggered.connect(lambda _=False: self.ask(post_id, choice.persona_id))
        return action

    def _others(self, choices: Sequence[Choice]) -> list[Offer]:
        here = {choice.persona_id for choice in choices}
        cards = self._workspace.personas.cards()
        return [offer_of(card) for card in cards if card.is_active and card.persona_id not in here]

    def _models_menu(self, parent: QMenu) -> QMenu:
        """Return the menu of models; a choice holds for this page until another one is made."""
        models = self._workspace.models
        shown = model_word(self._model.name) if self._model else "as the persona prefers"
        menu = QMenu(f"Model: {shown}".replace("&", "&&"), parent)
        menu.setIcon(icon("cpu"))
        default = models.default_choice()
        usual = f"As the persona prefers, else {model_word(default.name)}" if default else "As it prefers"
        offered: list[tuple[str, ModelChoice | None]] = [(usual, None)]
        offered += [(f"{model_word(c.name)}   {server}", c) for c, server in models.known_choices()]
        for words, choice in offered:
            action = menu.addAction(words.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(choice == self._model)
            action.triggered.connect(partial(self._use, choice))
        return menu

    def _use(self, choice: ModelChoice | None, _checked: bool = False) -> None:
        self._model = choice
