"""The editor of one persona: head, what happened meanwhile, fields; everything typed goes to its work."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.persona_card import PersonaCard, VersionEntry
from forllm_desktop.ui import words
from forllm_desktop.ui.editor.persona_form import PersonaForm
from forllm_desktop.ui.editor.persona_head import PersonaHead
from forllm_desktop.ui.editor.persona_work import PersonaWork
from forllm_desktop.ui.source_words import source_words
from forllm_desktop.ui.widgets.quiet_bar import QuietBar


class PersonaEditor(QWidget):
    """Binds the fields to a PersonaWork.

    compare_requested()    what is typed is to be compared with what was saved meanwhile
    """

    compare_requested = Signal()

    def __init__(self, work: PersonaWork, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._entry: VersionEntry | None = None
        self._told_stale = 0
        self.head = PersonaHead()
        self.form = PersonaForm()
        self.bar = QuietBar()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.bar)
        layout.addWidget(self.head)
        layout.addWidget(self.form)
        self.form.edited.connect(lambda: work.type(self.form.typed()))
        self.form.edited.connect(self._show_checks)
        self.head.discard.clicked.connect(work.discard)
        self.head.save.clicked.connect(work.save)
        work.opened.connect(self._show_typed)
        work.changed.connect(self._show_state)
        work.checked.connect(self._show_checks)

    def save_key(self, page: QWidget) -> QShortcut:
        """Let Ctrl+S save wherever the keyboard is on a page."""
        key = QShortcut(QKeySequence.StandardKey.Save, page)
        key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        key.activated.connect(self._work.save)
        return key

    def put_below_head(self, part: QWidget) -> None:
        """Let a part stand between the head and the fields."""
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(layout.indexOf(self.form), part)

    def show_facts(self, card: PersonaCard | None, newest: VersionEntry | None) -> None:
        """Say what is known around the persona: how much its newest version wrote."""
        self._entry = newest
        is_fallback = card is not None and card.is_fallback
        why_not = "The fallback cannot be switched off" if is_fallback else ""
        self.form.show_active(
            is_active=card is None or card.is_active,
            may_switch=card is not None and not is_fallback,
            why_not=why_not,
        )
        source = source_words(self._work.persona) if self._work.persona is not None else ""
        self.form.show_source(source[:1].upper() + source[1:])
        self._show_state()

    def _show_typed(self) -> None:
        self.bar.hide()
        self._told_stale = 0
        self.form.show_typed(self._work.typed)

    def _show_state(self) -> None:
        work = self._work
        name = work.typed.name.strip() or ("New persona" if work.is_new else work.stored.name)
        self.head.show_persona(work.persona_id, name, self._line())
        if work.is_new:
            words_of_save = "Save as v1"
        elif work.is_stale:
            words_of_save = f"Save anyway as v{work.newest + 1}"
        else:
            words_of_save = f"Save as v{work.newest + 1}" if work.differs else "Save"
        self.head.show_save(words_of_save, can_save=work.can_save, can_discard=work.has_changes)
        if work.is_stale and self._told_stale != work.newest:
            self._told_stale = work.newest
            self.bar.say(
                f"v{work.newest} was saved meanwhile; what you type is based on v{work.based_on}.",
                kind="warn",
                action="Compare",
                on_action=self.compare_requested.emit,
            )

    def _show_checks(self) -> None:
        work = self._work
        self.form.show_problems(work.problems, work.findings, work.size, work.room, is_new=work.is_new)
        self.head.save.setEnabled(work.can_save)

    def _line(self) -> str:
        work = self._work
        if work.persona is None:
            return "not saved yet"
        n_posts = self._entry.n_posts if self._entry is not None else 0
        what = words.counted(n_posts, "reply", "replies") if n_posts else "nothing yet"
        wrote = f"v{work.newest} wrote {what}"
        editing = f"editing v{work.newest + 1} · " if work.differs else ""
        return editing + wrote
