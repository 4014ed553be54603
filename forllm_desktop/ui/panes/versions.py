"""The pane of versions: a list, below it a version's text or what lies between two, and a way back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QItemSelectionModel, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListView, QVBoxLayout, QWidget

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.word_diff import Stretch, counts, word_diff
from forllm_desktop.ui.delegates.version_row import VersionRowDelegate
from forllm_desktop.ui.item_models.version_list import DRAFT, Role, VersionListModel, VersionRow
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.theme import look
from forllm_desktop.ui.version_words import option_changes
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.diff_view import DiffView
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.focus_ring import comes_by_keyboard
from forllm_desktop.ui.widgets.labels import hairline, plain_label
from forllm_desktop.ui.widgets.segmented import Segmented

SHORT = 3_000
"""Characters of both texts up to which they are compared at once; longer ones in a thread."""
_TEXT, _CHANGES = "text", "changes"


class VersionsPane(QWidget):
    """Shows the versions it is given.

    restore_requested(number)    a version is to become the newest again
    ask_requested(number)        a version is to be asked in the topic that is shown
    """

    restore_requested = Signal(int)
    ask_requested = Signal(int)

    def __init__(self, clock: Callable[[], datetime] = utc_now, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = VersionListModel(clock, self)
        self._list = _VersionView(self._model)
        self._count = plain_label("", "ui", "text_3")
        self._compare = push_button("Compare", "quiet", "git-diff")
        self._title = plain_label("", "ui_strong", elides=True)
        self._came = plain_label("", "small", "ok")
        self._went = plain_label("", "small", "danger")
        self._segments = Segmented("What to show of the version", {_TEXT: "Text", _CHANGES: "To the present"})
        self._options = plain_label("", "small", "text_2", wraps=True)
        self._view = DiffView("Text of the version")
        self._restore = push_button("Restore", "", "arrow-counter-clockwise")
        self._ask = push_button("Ask again", "quiet")
        self._owner = -1
        self._mode = _TEXT
        self._shown: tuple[VersionRow, VersionRow | None] | None = None
        self._worker = Latest("version diff", self)
        self._worker.done.connect(self._show_diff)
        self._can_ask = False
        self._lay_out()
        self._segments.choose(_TEXT)
        self._segments.chosen.connect(self._choose_mode)
        self._compare.clicked.connect(self.compare)
        self._restore.clicked.connect(lambda: self.restore_requested.emit(self._target()))
        self._ask.clicked.connect(lambda: self.ask_requested.emit(self._target()))
        self._list.selectionModel().selectionChanged.connect(self._show_selected)
        self._model.dataChanged.connect(self._show_selected)

    # -- what others ask of it

    def show_versions(self, owner: int, rows: Sequence[VersionRow]) -> None:
        """Show the versions of a persona, the newest first; the selection stays where it can."""
        is_same = owner == self._owner
        self._owner = owner
        self._model.show_rows(rows, is_same=is_same)
        self._count.setText(str(sum(row.number != DRAFT for row in rows)))
        if not is_same:
            self.select(*[row.number for row in rows if row.number != DRAFT][:2])
        self._show_selected()

    def select(self, *numbers: int) -> None:
        """Select versions by their numbers."""
        selection = self._list.selectionModel()
        selection.clear()
        for number in reversed(numbers):
            index = self._model.index_of(number)
            if index.isValid():
                selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.Select)
                self._list.scrollTo(index)

    def compare(self) -> None:
        """Compare the selected version with the newest, or the newest with the one before."""
        numbers = [row.number for row in self._selected()]
        newest = [row.number for row in self._model.rows]
        if len(numbers) != 1 or numbers[0] == newest[0]:
            self.select(*newest[:2])
        else:
            self.select(newest[0], numbers[0])

    def let_ask(self, can_ask: bool) -> None:
        """Offer to ask a version, where there is a topic to ask it in."""
        self._can_ask = can_ask
        self._show_footer()

    def stop(self) -> None:
        """End what runs."""
        self._worker.stop()

    @property
    def is_busy(self) -> bool:
        """Say whether two texts are being compared."""
        return self._worker.is_busy

    # -- what is shown below the list

    def _selected(self) -> list[VersionRow]:
        """Return the selected rows, the newest first; of more than two the first and the last."""
        indexes = sorted(self._list.selectionModel().selectedRows(), key=lambda index: index.row())
        rows = [index.data(Role.ROW) for index in indexes]
        return rows if len(rows) <= 2 else [rows[0], rows[-1]]

    def _show_selected(self) -> None:
        rows = self._selected()
        self._list.compare([row.number for row in rows] if len(rows) == 2 else [])
        newest = self._model.rows[0] if self._model.rows else None
        is_single = len(rows) == 1 and rows[0] is not newest
        self._segments.setVisible(is_single)
        self._compare.setEnabled(len(self._model.rows) > 1)
        self._show_footer()
        if len(rows) == 2:
            self._show(rows[1], rows[0])
        elif is_single and self._mode == _CHANGES:
            self._show(rows[0], newest)
        elif rows:
            self._show(rows[0], None)
        else:
            self._clear()

    def _show(self, old: VersionRow, new: VersionRow | None) -> None:
        if self._shown == (old, new):
            return
        self._shown = (old, new)
        self._came.setText("")
        self._went.setText("")
        if new is None:
            self._title.setText(old.name)
            self._say_options([])
            self._view.show_text(old.content.instructions)
            return
        self._title.setText(f"{old.name} → {new.name}")
        self._say_options(option_changes(old.content, new.content))
        before, after = old.content.instructions, new.content.instructions
        if len(before) + len(after) <= SHORT:
            self._show_diff(_Diff(old, new, word_diff(before, after)))
        else:
            self._title.setText(f"{old.name} → {new.name}, comparing…")
            self._worker.ask(lambda: _Diff(old, new, word_diff(before, after)))

    def _show_diff(self, diff: object) -> None:
        assert isinstance(diff, _Diff)
        if self._shown != (diff.old, diff.new):
            return
        came, went = counts(diff.stretches)
        self._title.setText(f"{diff.old.name} → {diff.new.name}")
        self._came.setText(f"+{came:,} {'word' if came == 1 else 'words'}" if came else "")
        self._went.setText(f"−{went:,} {'word' if went == 1 else 'words'}" if went else "")
        self._view.show_stretches(diff.stretches)

    def _clear(self) -> None:
        self._shown = None
        self._title.setText("")
        self._came.setText("")
        self._went.setText("")
        has_rows = bool(self._model.rows)
        hint = "Choose a version to read it, two to compare them."
        self._say_options([hint if has_rows else "The first version is made when you save."])
        self._view.show_stretches([])

    def _say_options(self, lines: list[str]) -> None:
        self._options.setText("\n".join(lines))
        self._options.setVisible(bool(lines))

    def _show_footer(self) -> None:
        number = self._target()
        newest = next((row.number for row in self._model.rows if row.number != DRAFT), 0)
        self._restore.setText(f"Restore v{number} as new" if number else "Restore as new")
        self._restore.setAccessibleName(self._restore.text())
        self._restore.setEnabled(bool(number) and number != newest)
        self._ask.setText(f"Ask again with v{number}")
        self._ask.setAccessibleName(self._ask.text())
        self._ask.setVisible(self._can_ask and bool(number))

    def _target(self) -> int:
        """Return the version that the buttons below mean: the older one of those selected; 0: none."""
        numbers = [row.number for row in self._selected() if row.number != DRAFT]
        return min(numbers, default=0)

    def _choose_mode(self, mode: str) -> None:
        self._mode = mode
        self._show_selected()

    # -- building

    def _lay_out(self) -> None:
        self.setAccessibleName("Versions")
        self.setFocusProxy(self._list)
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 12, 8)
        head.setSpacing(8)
        head.addWidget(plain_label("Versions", "ui_strong"))
        head.addWidget(self._count)
        head.addStretch()
        head.addWidget(self._compare)
        title = QHBoxLayout()
        title.setContentsMargins(0, 0, 0, 0)
        title.setSpacing(8)
        title.addWidget(self._title, 1)
        title.addWidget(self._came)
        title.addWidget(self._went)
        below = QVBoxLayout()
        below.setContentsMargins(16, 12, 8, 0)
        below.setSpacing(8)
        below.addLayout(title)
        below.addWidget(self._segments)
        below.addWidget(self._options)
        below.addWidget(self._view, 1)
        foot = FlowLayout()
        foot.setContentsMargins(16, 8, 16, 12)
        foot.addWidget(self._restore)
        foot.addWidget(self._ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._list, 2)
        layout.addWidget(hairline())
        layout.addLayout(below, 3)
        layout.addWidget(hairline())
        layout.addLayout(foot)


@dataclass(frozen=True)
class _Diff:
    old: VersionRow
    new: VersionRow
    stretches: list[Stretch]


class _VersionView(QListView):
    """The list; several rows can be selected."""

    def __init__(self, model: VersionListModel) -> None:
        super().__init__()
        self._delegate = VersionRowDelegate(self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Versions")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSizeAdjustPolicy(QListView.SizeAdjustPolicy.AdjustIgnored)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.viewport().setAutoFillBackground(False)
        look().changed.connect(self.scheduleDelayedItemsLayout)

    def compare(self, numbers: Sequence[int]) -> None:
        """Write "new" and "old" into the rows of two versions; none when there are not two."""
        self._delegate.compared = dict(zip(numbers, ("new", "old"), strict=False))
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._delegate.shows_focus = True
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if comes_by_keyboard(event):
            self._delegate.shows_focus = True
        super().focusInEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._delegate.shows_focus = False
        super().mousePressEvent(event)
