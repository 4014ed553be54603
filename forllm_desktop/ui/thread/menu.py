"""The actions of the page as QActions: the keys, the context menu of a post and a "Post" menu."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.thread.actions import Act

_WALKS = (
    ("Next post", "J", "next"),
    ("Previous post", "K", "previous"),
    ("Next unread reply", "N", "unread"),
    ("The post it answers", "U", "parent"),
    ("Threaded or in order of time", "L", "flat"),
    ("Unfold or follow", "Return", "enter"),
    ("Find in this topic", "Ctrl+F", "find"),
    ("Larger text", "Ctrl++", "larger"),
    ("Smaller text", "Ctrl+-", "smaller"),
    ("Text at its usual size", "Ctrl+0", "usual"),
    ("Copy", "Ctrl+C", "copy"),
    ("To the end, and follow", "End", "end"),
)
_EVERYWHERE = {"find", "larger", "smaller", "usual"}


class PostActions:
    """Makes the actions of a page and its menus. `act` does one with the current post, `walk` moves."""

    def __init__(
        self,
        view: QWidget,
        page: QWidget,
        act: Callable[[Act], None],
        walk: Callable[[str], None],
    ) -> None:
        self._page = page
        self._act = act
        self.acts: dict[Act, QAction] = {}
        self.walks: dict[str, QAction] = {}
        keys: set[str] = set()
        for one in Act:
            if one is Act.MORE:
                continue
            action = QAction(icon(one.icon), one.word, page)
            action.triggered.connect(lambda _=False, one=one: act(one))
            if one.key not in keys:
                # Two actions on one key would be ambiguous; Stop and Cancel never apply to the same post.
                keys.add(one.key)
                action.setShortcut(QKeySequence(one.key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            view.addAction(action)
            self.acts[one] = action
        for words, key, name in _WALKS:
            action = QAction(words, page)
            action.setShortcut(QKeySequence(key))
            is_everywhere = name in _EVERYWHERE
            action.setShortcutContext(
                Qt.ShortcutContext.WidgetWithChildrenShortcut
                if is_everywhere
                else Qt.ShortcutContext.WidgetShortcut
            )
            action.triggered.connect(lambda _=False, name=name: walk(name))
            (page if is_everywhere else view).addAction(action)
            self.walks[name] = action
        self.walks["larger"].setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])

    def menu(self, possible: list[Act], *, has_selection: bool, is_reply: bool = False) -> QMenu:
        """Return a menu of what can be done with a post now; `is_reply` says whether it answers another."""
        menu = QMenu(self._page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("Post")
        if has_selection:
            menu.addAction(self.walks["copy"])
            menu.addSeparator()
        for one in possible:
            if one is Act.AGAIN:
                # Its versions are a menu below this one; see `Acting.extend`.
                continue
            if one is Act.REMOVE and len(possible) > 1:
                menu.addSeparator()
            menu.addAction(self.acts[one])
        if possible:
            menu.addSeparator()
            if is_reply:
                menu.addAction(self.walks["parent"])
        menu.addAction(self.walks["flat"])
        menu.addAction(self.walks["find"])
        return menu
