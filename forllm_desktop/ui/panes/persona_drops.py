"""Personas that are dropped: onto a subforum they are assigned, onto a topic or a post they are asked."""

from PySide6.QtCore import QMimeData, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu, QWidget

from forllm_desktop.ui.drop_plans import DropPlan, DropPlans
from forllm_desktop.ui.item_models.forum_rows import NEW_SUBFORUM, SubforumRow, TreeRow
from forllm_desktop.ui.item_models.persona_list import dragged_personas, offers_menu
from forllm_desktop.ui.panes.commands import SEPARATOR, Command, fill, short
from forllm_desktop.ui.panes.tree_drops import Hover
from forllm_desktop.ui.persona_acts import PersonaActs
from forllm_desktop.ui.widgets.drop_hint import DropHint

_MENU_INDENT = 24


class PersonaDrops(QObject):
    """Takes drops on rows of the forum tree and on posts, and says beforehand what they would do.

    sentence_changed(words)    what a drop would do now; empty when nothing is dragged over a target any more
    failed(error)              a drop was refused; a ForllmError
    """

    sentence_changed = Signal(str)
    failed = Signal(object)

    def __init__(self, plans: DropPlans, acts: PersonaActs, hint: DropHint, window: QWidget) -> None:
        super().__init__(window)
        self._plans, self._acts, self._hint, self._window = plans, acts, hint, window
        self._known: tuple[tuple[object, ...], DropPlan] | None = None
        self._place = QRect()

    # -- rows of the forum tree, see DropHandler

    def wants(self, data: QMimeData, row: TreeRow) -> bool:
        """Say whether personas are dragged, over a row that exists."""
        return row is not NEW_SUBFORUM and bool(dragged_personas(data))

    def hover(self, data: QMimeData, row: TreeRow, place: QRect, modifiers: Qt.KeyboardModifier) -> Hover:
        """Say what a drop on a row would do."""
        plan = self._plan(data, row, modifiers)
        self._say(plan, place)
        return Hover(plan.refusal is None, plan.coming)

    def leave(self) -> None:
        """Say nothing any more."""
        self._known = None
        self._hint.leave()
        self.sentence_changed.emit("")

    def drop(self, data: QMimeData, row: TreeRow, modifiers: Qt.KeyboardModifier) -> bool:
        """Assign to a subforum, or ask in a topic."""
        plan, ids = self._plan(data, row, modifiers), dragged_personas(data)
        self.leave()
        if self._is_refused(plan):
            return False
        if not isinstance(row, SubforumRow):
            self._acts.ask_in_topic(row.entry.topic_id, ids)
        elif offers_menu(data) or modifiers & Qt.KeyboardModifier.AltModifier:
            self._offer(row.entry.subforum_id, ids, plan)
        else:
            self._acts.assign(row.entry.subforum_id, ids, default=_has_shift(modifiers))
        return True

    # -- posts of a thread

    def hover_post(self, data: QMimeData, post_id: int, place: QRect) -> bool:
        """Say what a drop on a post would do; False when it would be refused. `place`: the post on screen."""
        plan = self._plan_for_post(data, post_id)
        self._say(plan, place, is_inside=True)
        return plan.refusal is None

    def drop_post(self, data: QMimeData, post_id: int) -> bool:
        """Ask for an answer to a post."""
        plan, ids = self._plan_for_post(data, post_id), dragged_personas(data)
        self.leave()
        if self._is_refused(plan):
            return False
        self._acts.ask_about(post_id, ids)
        return True

    # -- inside

    def _plan(self, data: QMimeData, row: TreeRow, modifiers: Qt.KeyboardModifier) -> DropPlan:
        ids = dragged_personas(data)
        if not isinstance(row, SubforumRow):
            topic_id = row.entry.topic_id
            return self._kept(("topic", topic_id, *ids), lambda: self._plans.for_topic(topic_id, ids))
        subforum_id, makes_default = row.entry.subforum_id, _has_shift(modifiers)
        return self._kept(
            ("subforum", subforum_id, makes_default, *ids),
            lambda: self._plans.for_subforum(subforum_id, ids, makes_default=makes_default),
        )

    def _plan_for_post(self, data: QMimeData, post_id: int) -> DropPlan:
        ids = dragged_personas(data)
        return self._kept(("post", post_id, *ids), lambda: self._plans.for_post(post_id, ids))

    def _kept(self, key: tuple[object, ...], make) -> DropPlan:
        """Return the plan for a target; it is made once, not for every move of the pointer."""
        if self._known is None or self._known[0] != key:
            self._known = (key, make())
        return self._known[1]

    def _say(self, plan: DropPlan, place: QRect, *, is_inside: bool = False) -> None:
        self._place = place
        if self._hint.plan is not plan:
            self._hint.show_plan(plan, place, is_inside=is_inside)
            self.sentence_changed.emit(plan.sentence)

    def _is_refused(self, plan: DropPlan) -> bool:
        if plan.refusal is not None:
            self.failed.emit(plan.refusal)
        return plan.refusal is not None

    def _offer(self, subforum_id: int, ids: list[int], plan: DropPlan) -> None:
        """Ask what is meant by a drop on a subforum."""
        first = plan.people[0].name

        def assign(*, default: bool) -> None:
            self._acts.assign(subforum_id, ids, default=default)

        menu = QMenu(self._window)
        menu.setAccessibleName(plan.title)
        menu.aboutToHide.connect(menu.deleteLater)
        fill(
            menu,
            [
                Command("Assign", lambda: assign(default=False), (), "plus"),
                Command(f"Assign, {short(first)} as default", lambda: assign(default=True), (), "star"),
                SEPARATOR,
                Command("Cancel", icon="x"),
            ],
        )
        below = self._place.bottomLeft() + QPoint(_MENU_INDENT, 0)
        menu.popup(below if self._place.isValid() else QCursor.pos())


def _has_shift(modifiers: Qt.KeyboardModifier) -> bool:
    return bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
