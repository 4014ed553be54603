"""The subforums a persona is assigned to, as chips that can be removed, and a menu of the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button, push_button
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.tips import plain_tip

MOST = 12
"""Chips that are shown before the rest has to be asked for."""


@dataclass(frozen=True)
class Seat:
    """A subforum, whether the persona is assigned to it, and whether it is the default there."""

    subforum_id: int
    name: str
    is_assigned: bool = False
    is_default: bool = False


class AssignedChips(QWidget):
    """Shows what is; every wish is only announced.

    assign_requested(subforum_id)
    unassign_requested(subforum_id)
    default_requested(subforum_id, is_default)    this persona is to be the default there, or no longer
    """

    assign_requested = Signal(int)
    unassign_requested = Signal(int)
    default_requested = Signal(int, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seats: Sequence[Seat] = ()
        self._chips: list[QWidget] = []
        self._shows_all = False
        self._add = push_button("Assign", "quiet", "plus")
        self._add.setAccessibleName("Assign to a subforum")
        self._more = push_button("", "quiet")
        self._menu = QMenu(self)
        self._flow = FlowLayout(self, 4)
        self._flow.addWidget(self._more)
        self._flow.addWidget(self._add)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._add.clicked.connect(self._open_menu)
        self._more.clicked.connect(self._show_all)
        self.setAccessibleName("Assigned to")

    def show_seats(self, seats: Sequence[Seat], *, may_assign: bool = True) -> None:
        """Show these subforums; the assigned ones in their order, the others in the menu."""
        self._add.setEnabled(may_assign and any(not seat.is_assigned for seat in seats))
        self._add.setToolTip("" if may_assign else "Save the persona first")
        if seats == self._seats:
            return
        self._seats = seats
        self._fill()

    def _fill(self) -> None:
        for chip in self._chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        assigned = [seat for seat in self._seats if seat.is_assigned]
        shown = assigned if self._shows_all else assigned[:MOST]
        self._chips = [self._chip(seat) for seat in shown]
        for button in (self._more, self._add):
            self._flow.removeWidget(button)
        for widget in (*self._chips, self._more, self._add):
            self._flow.addWidget(widget)
        for chip in self._chips:
            chip.show()
        rest = len(assigned) - len(shown)
        self._more.setText(f"and {rest} more")
        self._more.setAccessibleName(self._more.text())
        self._more.setVisible(rest > 0)
        self.updateGeometry()

    def _chip(self, seat: Seat) -> QWidget:
        chip = _Chip(seat)
        chip.name.clicked.connect(lambda: self._open_chip(chip, seat))
        chip.remove.clicked.connect(lambda: self.unassign_requested.emit(seat.subforum_id))
        return chip

    def _show_all(self) -> None:
        self._shows_all = True
        self._fill()

    def _open_menu(self) -> None:
        self._menu.clear()
        for seat in self._seats:
            if not seat.is_assigned:
                action = QAction(seat.name.replace("&", "&&"), self._menu)
                action.triggered.connect(lambda _=False, id=seat.subforum_id: self.assign_requested.emit(id))
                self._menu.addAction(action)
        self._menu.popup(self._add.mapToGlobal(self._add.rect().bottomLeft()))

    def _open_chip(self, chip: QWidget, seat: Seat) -> None:
        self._menu.clear()
        word = "No longer the default there" if seat.is_default else "Make default there"
        default = QAction(icon("star"), word, self._menu)
        default.triggered.connect(lambda: self.default_requested.emit(seat.subforum_id, not seat.is_default))
        remove = QAction(icon("x"), "Remove", self._menu)
        remove.triggered.connect(lambda: self.unassign_requested.emit(seat.subforum_id))
        self._menu.addActions([default, remove])
        self._menu.popup(chip.mapToGlobal(chip.rect().bottomLeft()))


class _Chip(QWidget):
    """A name, "default" if it is, and a cross."""

    def __init__(self, seat: Seat) -> None:
        super().__init__()
        default = ", default" if seat.is_default else ""
        self.name = QToolButton()
        self.name.setText(_short(seat.name) + ("   default" if seat.is_default else ""))
        self.name.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.name.setToolTip(plain_tip(seat.name))
        self.name.setAccessibleName(f"{seat.name}{default}")
        self.name.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.remove = icon_button(f"Remove from {seat.name}", "x")
        self.remove.setToolTip(plain_tip(f"Remove from {seat.name}"))
        self.remove.setFixedSize(QSize(theme().px(20), theme().px(20)))
        self.remove.setIconSize(QSize(theme().px(12), theme().px(12)))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 2, 0)
        layout.setSpacing(0)
        layout.addWidget(self.name)
        layout.addWidget(self.remove)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._is_default = seat.is_default
        look().changed.connect(self._dress)
        self._dress()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour("line"), 1))
        painter.setBrush(theme().colour("window"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _dress(self) -> None:
        self.name.setFont(theme().font("small_medium" if self._is_default else "small"))
        self.setMinimumHeight(theme().row(24, "small"))


def _short(name: str) -> str:
    return name if len(name) <= 28 else name[:27].rstrip() + "…"
