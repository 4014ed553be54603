"""The servers in the settings: known ones, those found on this computer, and the form for one."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.servers import Server, ServerKind
from forllm_desktop.events import Events
from forllm_desktop.services.model_sources import Source
from forllm_desktop.services.models import ModelsService, RemovedServer
from forllm_desktop.ui.background import Background
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.framed import RowList
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.server_editor import ServerDraft, ServerEditor
from forllm_desktop.ui.widgets.server_row import FoundServerRow, ServerRow
from forllm_desktop.ui.widgets.wrap_row import WrapRow

_WORDS = "servers address add edit test remove api key keyring ollama lm studio llama-server proxy https"


class ServersSection(QWidget):
    """Rows of servers. Nothing here waits for a server or the keyring: answers are shown as they come.

    said(sentence, undo)    something was done; `undo` is a function without arguments, or None
    failed(error)           something could not be done
    """

    said = Signal(str, object)
    failed = Signal(object)

    def __init__(self, models: ModelsService, events: Events, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models = models
        self._background = Background(self, self.failed.emit)
        self._looking = Background(self, self.failed.emit)
        self._rows: dict[int, ServerRow] = {}
        self._editor: ServerEditor | None = None
        self._list = RowList()
        self._found = RowList()
        self._empty = plain_label(
            "No server is known yet. Start one and look again, or use the built-in engine below.",
            "ui",
            "text_3",
            wraps=True,
        )
        self._look = push_button("Look again", "quiet", "arrow-clockwise", small=True)
        self._add = push_button("Add a server", "quiet", "plus", small=True)

        head = WrapRow()
        head.add(plain_label("Servers", "heading"), 80)
        head.add(self._look)
        head.add(self._add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self._empty)
        layout.addWidget(self._list)
        layout.addWidget(self._found)

        self._look.clicked.connect(self.look_around)
        self._add.clicked.connect(lambda: self.open_editor(None))
        events.servers_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the known servers as they are stored."""
        servers = {
            server.server_id: server for server in self._models.servers() if server.kind != ServerKind.ENGINE
        }
        for server_id in [known for known in self._rows if known not in servers]:
            self._list.remove(self._rows.pop(server_id))
        for server in servers.values():
            if server.server_id in self._rows:
                self._rows[server.server_id].show_server(server)
            else:
                self._add_row(server)
        addresses = {server.base_url for server in servers.values()}
        for row in self._found.rows:
            if isinstance(row, FoundServerRow) and row.source.address in addresses:
                self._found.remove(row)
        self._show_emptiness()

    def look_around(self) -> None:
        """Ask the known servers and this computer's usual ports."""
        self._looking.cancel()
        self._looking.start(self._look_around)

    def open_editor(self, server_id: int | None) -> None:
        """Open the form for a server, or for a new one."""
        self.close_editor()
        row = self._rows.get(server_id) if server_id is not None else None
        self._editor = ServerEditor(row.server if row else None)
        self._editor.saved.connect(self._save)
        self._editor.cancelled.connect(self._cancel_editor)
        self._list.put_after(self._editor, row)
        self._show_emptiness()
        self._editor.setFocus(Qt.FocusReason.TabFocusReason)
        self._background.start(self._say_about_keys, self._editor)

    def close_editor(self) -> None:
        """Take the form away."""
        if self._editor is not None:
            self._list.remove(self._editor)
            self._editor = None
            self._show_emptiness()

    def filter(self, text: str) -> bool:
        """Say whether a text is about servers or one of these."""
        own = " ".join([_WORDS, *(row.words() for row in self._rows.values())]).casefold()
        return all(word in own for word in text.casefold().split())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self.look_around()

    def _add_row(self, server: Server) -> None:
        row = ServerRow(server)
        row.test_requested.connect(partial(self._start_test, server.server_id))
        row.edit_requested.connect(partial(self.open_editor, server.server_id))
        row.remove_requested.connect(partial(self._start_removal, server.server_id))
        self._rows[server.server_id] = row
        self._list.add(row)

    def _show_emptiness(self) -> None:
        is_empty = not self._rows and not self._found.rows and self._editor is None
        self._empty.setVisible(is_empty)
        self._list.setVisible(bool(self._list.rows))
        self._found.setVisible(bool(self._found.rows))

    async def _look_around(self) -> None:
        self._found.clear()
        async with aclosing(self._models.look_around()) as sources:
            async for source in sources:
                row = self._rows.get(source.server_id)
                if row is not None:
                    row.show_state(source)
                elif source.is_there:
                    self._offer(source)

    def _offer(self, source: Source) -> None:
        row = FoundServerRow(source)
        row.add_requested.connect(partial(self._add_found, source))
        self._found.add(row)
        self._show_emptiness()

    def _add_found(self, source: Source) -> None:
        server = self._models.server_at(source.address, source.name, source.kind or ServerKind.AUTO)
        self._start_test(server.server_id)

    def _start_test(self, server_id: int) -> None:
        self._background.start(self._test, server_id)

    async def _test(self, server_id: int) -> None:
        if server_id in self._rows:
            self._rows[server_id].show_testing()
        source = await self._models.test(server_id)
        if server_id in self._rows:
            self._rows[server_id].show_result(source)

    def _start_removal(self, server_id: int) -> None:
        self._background.start(self._remove, server_id)

    async def _remove(self, server_id: int) -> None:
        removed = await asyncio.to_thread(self._models.remove, server_id)
        self.said.emit(f"Server “{removed.server.name}” removed", self._way_back(removed))

    def _way_back(self, removed: RemovedServer) -> Callable[[], None]:
        return lambda: self._background.start(asyncio.to_thread, self._models.restore, removed)

    async def _say_about_keys(self, editor: ServerEditor) -> None:
        are_kept = await asyncio.to_thread(self._models.keeps_keys)
        if editor is self._editor:
            editor.say_about_keys(are_kept)

    def _cancel_editor(self) -> None:
        self.close_editor()
        self._add.setFocus(Qt.FocusReason.TabFocusReason)

    def _save(self, draft: ServerDraft) -> None:
        try:
            server = self._stored(draft)
        except InvalidInput as error:
            if self._editor is not None:
                self._editor.show_error(error)
            return
        self.close_editor()
        self._background.start(self._keep_key_and_test, server.server_id, draft.key)

    def _stored(self, draft: ServerDraft) -> Server:
        if draft.server_id is None:
            server_id = self._models.server_at(draft.address, draft.name.strip()).server_id
            return self._models.edit(server_id, use_proxy=draft.use_proxy, verify_tls=draft.verify_tls)
        return self._models.edit(
            draft.server_id,
            name=draft.name,
            address=draft.address,
            use_proxy=draft.use_proxy,
            verify_tls=draft.verify_tls,
        )

    async def _keep_key_and_test(self, server_id: int, key: str | None) -> None:
        if not await self._models.keep_key(server_id, key):
            self.said.emit("There is no keyring here: the key is kept for this session only", None)
        await self._test(server_id)
