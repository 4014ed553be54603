"""Brings the forum tree up to date: reads what events named and turns it into changes of single rows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex

from forllm_desktop.domain.forum_tree import SubforumEntry, TopicChanges, TopicEntry, TopicState
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.item_models.forum_rows import Branch, SubforumRow

if TYPE_CHECKING:
    from forllm_desktop.ui.item_models.forum_tree import ForumTreeModel


class TreeChanger:
    """Holds what may be different, until `apply` reads it and changes the rows of the model."""

    def __init__(self, model: "ForumTreeModel", forum: ForumService, personas: PersonaService) -> None:
        self._model = model
        self._forum = forum
        self._personas = personas
        self.subforums_changed = False
        self.topic_ids: set[int] = set()
        self.post_ids: set[int] = set()
        self.request_ids: set[int] = set()

    def load(self) -> None:
        """Read the subforums and all totals into an empty model that no view shows yet."""
        self._insert_missing(self._forum.tree.subforums())
        self._take_personas()
        self._take_states(self._forum.tree.states())

    def apply(self) -> bool:
        """Show what has changed; False when nothing was announced."""
        if not (self.subforums_changed or self.topic_ids or self.post_ids or self.request_ids):
            return False
        topics, posts, requests = self.topic_ids, self.post_ids, self.request_ids
        is_about_subforums, self.subforums_changed = self.subforums_changed, False
        self.topic_ids, self.post_ids, self.request_ids = set(), set(), set()
        # Whether a subforum holds anything may be different after any topic came or went.
        if is_about_subforums or topics:
            self._show_subforums()
        if is_about_subforums:
            self._take_personas()
        if topics or posts or requests:
            self._show_topics(self._forum.tree.changes(topics, posts, requests))
        return True

    def remove_subforum(self, subforum_id: int) -> None:
        """Take a subforum with all its rows away."""
        model = self._model
        row = model.order.index(subforum_id)
        model.beginRemoveRows(QModelIndex(), row, row)
        branch = model.branches.pop(subforum_id)
        del model.order[row]
        for topic in branch.topics:
            del model.homes[topic.entry.topic_id]
        model.endRemoveRows()

    # -- subforums

    def _show_subforums(self) -> None:
        entries = self._forum.tree.subforums()
        kept = {entry.subforum_id for entry in entries} | {0}
        for subforum_id in [known for known in self._model.order if known not in kept]:
            self.remove_subforum(subforum_id)
        if self._insert_missing(entries):
            self._take_states(self._forum.tree.states())
        for row, entry in enumerate(entries):
            self._move_subforum(entry.subforum_id, row)
            branch = self._model.branches[entry.subforum_id]
            # Nothing is left to fetch when the last topic went before any was shown.
            branch.is_complete = branch.is_complete or not entry.has_topics
            self._show_subforum(branch, entry)

    def _insert_missing(self, entries: Iterable[SubforumEntry]) -> bool:
        model, is_new = self._model, False
        for row, entry in enumerate(entries):
            if entry.subforum_id in model.branches:
                continue
            row = min(row, len(model.order))
            model.beginInsertRows(QModelIndex(), row, row)
            model.branches[entry.subforum_id] = Branch(SubforumRow(entry))
            model.order.insert(row, entry.subforum_id)
            model.endInsertRows()
            is_new = True
        return is_new

    def _move_subforum(self, subforum_id: int, row: int) -> None:
        model = self._model
        now = model.order.index(subforum_id)
        if now == row:
            return
        # Rows are brought into order from the top, so that each only ever moves up.
        model.beginMoveRows(QModelIndex(), now, now, QModelIndex(), row)
        model.order.insert(row, model.order.pop(now))
        model.endMoveRows()

    def _show_subforum(self, branch: Branch, entry: SubforumEntry) -> None:
        self._show_branch(branch, SubforumRow(entry, branch.row.personas, branch.row.unread, branch.row.mark))

    def _take_personas(self) -> None:
        assigned = self._personas.assigned()
        for subforum_id, branch in self._model.branches.items():
            row = branch.row
            if subforum_id:
                personas = assigned.get(subforum_id, ())
                self._show_branch(branch, SubforumRow(row.entry, personas, row.unread, row.mark))

    def _show_branch(self, branch: Branch, row: SubforumRow) -> None:
        if row != branch.row:
            branch.row = row
            index = self._model.subforum_index(row.entry.subforum_id)
            self._model.dataChanged.emit(index, index)

    # -- topics

    def _show_topics(self, changes: TopicChanges) -> None:
        self._take_states(changes.states, changes.topic_ids)
        entries = {entry.topic_id: entry for entry in changes.entries}
        for topic_id in sorted(changes.topic_ids):
            self._show_topic(topic_id, entries.get(topic_id))

    def _take_states(self, states: Iterable[TopicState], topic_ids: Iterable[int] | None = None) -> None:
        """Replace the states of these topics, or of all, and sum up the subforums they are and were in."""
        branches = self._model.branches
        for branch in branches.values():
            for topic_id in list(branch.states) if topic_ids is None else topic_ids:
                branch.states.pop(topic_id, None)
        for state in states:
            if state.subforum_id in branches:
                branches[state.subforum_id].states[state.topic_id] = state
        for subforum_id, branch in branches.items():
            if subforum_id:
                self._show_branch(branch, branch.summed())

    def _show_topic(self, topic_id: int, entry: TopicEntry | None) -> None:
        model = self._model
        old = model.branches.get(model.homes.get(topic_id, -1))
        new = model.branches.get(entry.subforum_id) if entry else None
        if entry is None or new is None or not new.shows(entry.place):
            if old is not None:
                self._remove_topic(old, topic_id)
        elif old is None:
            self._insert_topic(new, entry)
        else:
            self._move_topic(old, new, entry)

    def _remove_topic(self, branch: Branch, topic_id: int) -> None:
        index = self._model.topic_index(topic_id)
        self._model.beginRemoveRows(index.parent(), index.row(), index.row())
        del branch.topics[index.row()]
        del self._model.homes[topic_id]
        self._model.endRemoveRows()

    def _insert_topic(self, branch: Branch, entry: TopicEntry) -> None:
        subforum_id, row = entry.subforum_id, branch.position(entry.place)
        self._model.beginInsertRows(self._model.subforum_index(subforum_id), row, row)
        branch.topics.insert(row, branch.topic_row(entry))
        self._model.homes[entry.topic_id] = subforum_id
        self._model.endInsertRows()

    def _move_topic(self, old: Branch, new: Branch, entry: TopicEntry) -> None:
        model = self._model
        index = model.topic_index(entry.topic_id)
        row, shown = index.row(), new.topic_row(entry)
        target = new.position(entry.place)
        if old is not new or target not in (row, row + 1):
            parent = model.subforum_index(entry.subforum_id)
            model.beginMoveRows(index.parent(), row, row, parent, target)
            moved = old.topics.pop(row)
            new.topics.insert(target - (old is new and target > row), moved)
            model.homes[entry.topic_id] = entry.subforum_id
            model.endMoveRows()
            index = model.topic_index(entry.topic_id)
        if new.topics[index.row()] != shown:
            new.topics[index.row()] = shown
            model.dataChanged.emit(index, index)
