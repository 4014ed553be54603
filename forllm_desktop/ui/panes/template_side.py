"""Beside a template: what a model would read, what differs from the built-in one, and its versions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from forllm_desktop.domain.templates import OwnTemplate, Template, TemplateScore
from forllm_desktop.domain.word_diff import Stretch, counts, word_diff
from forllm_desktop.ui import words
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.template_words import score_words
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.diff_view import DiffView
from forllm_desktop.ui.widgets.labels import hairline, plain_label
from forllm_desktop.ui.widgets.row_view import Row, RowView
from forllm_desktop.ui.widgets.segmented import Segmented

SHORT = 4_000
"""Characters of both texts up to which they are compared at once; longer ones in a thread."""
PREVIEW, CHANGES, VERSIONS = "preview", "changes", "versions"


@dataclass(frozen=True)
class Shown:
    """What the pane is about. `preview` is None while the text cannot be used."""

    typed: str
    built_in: Template
    in_use: Template
    preview: str | None
    versions: Sequence[OwnTemplate]
    scores: Sequence[TemplateScore]


class TemplateSide(QWidget):
    """Shows what it is told.

    restore_requested(version)    an own version is to be used again; 0: the built-in one
    """

    restore_requested = Signal(int)

    def __init__(self, clock: Callable[[], datetime], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._shown: Shown | None = None
        self._texts: dict[str, str] = {}
        self._wanted = ("", "")
        self._segments = Segmented(
            "What to show beside the text",
            {PREVIEW: "Preview", CHANGES: "Changes", VERSIONS: "Versions"},
        )
        self._line = plain_label("", "small", "text_2", wraps=True)
        self._view = DiffView("Preview")
        self._list = RowView("Versions of the template")
        self._version = DiffView("Text of the version")
        self._restore = push_button("Restore", "", "arrow-counter-clockwise")
        self._stack = QStackedWidget()
        self._mode = PREVIEW
        self._worker = Latest("template diff", self)
        self._worker.done.connect(self._show_diff)
        self._lay_out()
        self._segments.choose(PREVIEW)
        self._segments.chosen.connect(self.choose)
        self._list.chosen.connect(self._show_version)
        self._restore.clicked.connect(self._wish_restore)
        self.setFocusProxy(self._segments)

    def show_template(self, shown: Shown) -> None:
        """Show what is beside a template now."""
        self._shown = shown
        self._fill_versions(shown)
        self._refresh()

    def choose(self, mode: str) -> None:
        """Show the preview, the changes or the versions."""
        self._mode = mode
        self._segments.choose(mode)
        self._refresh()

    def stop(self) -> None:
        """End what runs."""
        self._worker.stop()

    @property
    def is_busy(self) -> bool:
        """Say whether two texts are being compared."""
        return self._worker.is_busy

    def _refresh(self) -> None:
        shown = self._shown
        if shown is None:
            return
        self._stack.setCurrentIndex(int(self._mode == VERSIONS))
        if self._mode == PREVIEW:
            self._view.setAccessibleName("Preview")
            is_ready = shown.preview is not None
            self._line.setText(
                "What a model reads, with sample values."
                if is_ready
                else "The preview comes back when the text can be used again."
            )
            self._view.show_text(shown.preview or "")
        elif self._mode == CHANGES:
            self._view.setAccessibleName("Changes to the built-in template")
            self._compare(shown.built_in.text, shown.typed)
        else:
            self._line.setText("How personas made with a version were rated.")
            self._show_version(self._list.key)

    def _compare(self, built_in: str, typed: str) -> None:
        self._wanted = (built_in, typed)
        if built_in == typed:
            self._line.setText("The text is the built-in one.")
            self._view.show_text(typed)
        elif len(built_in) + len(typed) <= SHORT:
            self._show_diff(((built_in, typed), word_diff(built_in, typed)))
        else:
            self._line.setText("Comparing with the built-in template…")
            self._worker.ask(lambda: ((built_in, typed), word_diff(built_in, typed)))

    def _show_diff(self, result: object) -> None:
        assert isinstance(result, tuple)
        texts, stretches = result
        if self._mode != CHANGES or texts != self._wanted:
            return
        found: list[Stretch] = stretches
        came, went = counts(found)
        parts = [f"{words.counted(came, 'word')} more"] if came else []
        parts += [f"{words.counted(went, 'word')} less"] if went else []
        self._line.setText(f"To the built-in template: {', '.join(parts) or 'other spaces or signs'}.")
        self._view.show_stretches(found)

    # -- versions

    def _fill_versions(self, shown: Shown) -> None:
        scores = {score.version: score for score in shown.scores}
        now, rows = self._clock(), []
        self._texts = {}
        for own in shown.versions:
            name = f"own v{own.version}"
            when = words.clock(own.created_at, now)
            if own.text is None:
                rows.append(Row(str(own.version), f"v{own.version}, reset", f"{when} · the built-in one"))
                self._texts[str(own.version)] = shown.built_in.text
            else:
                line = f"{when} · {score_words(scores.get(name))}"
                rows.append(
                    Row(str(own.version), name, line, "in use" if shown.in_use.version == name else "")
                )
                self._texts[str(own.version)] = own.text
        built_in = shown.built_in
        mark = "in use" if not shown.in_use.is_own else ""
        rows.append(Row("0", built_in.version, score_words(scores.get(built_in.version)), mark))
        self._texts["0"] = built_in.text
        known = {row.title for row in rows}
        rows += [
            Row(f"former {version}", version, f"of an earlier release · {score_words(score)}")
            for version, score in scores.items()
            if version not in known
        ]
        self._list.show_rows(rows)
        if not self._list.key:
            self._list.choose(rows[0].key)

    def _show_version(self, key: str) -> None:
        text = self._texts.get(key)
        shown = self._shown
        self._version.show_text(text if text is not None else "The text of this version is not kept.")
        self._restore.setEnabled(text is not None and shown is not None and text != shown.in_use.text)
        title = next((row.title for row in self._list.rows if row.key == key), "")
        self._restore.setText(f"Restore {title}" if title else "Restore")
        self._restore.setAccessibleName(self._restore.text())

    def _wish_restore(self) -> None:
        self.restore_requested.emit(int(self._list.key))

    def _lay_out(self) -> None:
        self.setAccessibleName("Preview, changes and versions")
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 12, 8)
        head.addWidget(self._segments)
        head.addStretch()
        line = QHBoxLayout()
        line.setContentsMargins(16, 0, 16, 8)
        line.addWidget(self._line)
        text = QWidget()
        around = QVBoxLayout(text)
        around.setContentsMargins(16, 8, 8, 8)
        around.addWidget(self._view)
        versions = QWidget()
        column = QVBoxLayout(versions)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        below = QVBoxLayout()
        below.setContentsMargins(16, 8, 8, 0)
        below.addWidget(self._version)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 12)
        foot.addWidget(self._restore)
        foot.addStretch()
        column.addWidget(self._list, 2)
        column.addWidget(hairline())
        column.addLayout(below, 3)
        column.addLayout(foot)
        self._stack.addWidget(text)
        self._stack.addWidget(versions)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addLayout(line)
        layout.addWidget(hairline())
        layout.addWidget(self._stack, 1)
