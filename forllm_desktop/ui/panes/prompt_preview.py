"""What would be sent if the persona, as it is typed, answered in a topic now."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.persona import PersonaContent
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.domain.xray import Xray
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.prompt import PromptService
from forllm_desktop.services.search import SearchService
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.widgets.combo_box import ComboBox
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.prompt_view import PromptRow, PromptView
from forllm_desktop.ui.widgets.token_bar import Portion, TokenBar, TokenLegend

AFTER = 150
"""Milliseconds without a change before the prompt is built anew."""
TOPICS = 20
"""Recent topics that are offered."""


@dataclass(frozen=True)
class _Wish:
    persona_id: int
    content: PersonaContent
    topic_id: int


class PromptPreview(QWidget):
    """Built in a thread by the function that also builds what is sent; shows nothing of its own making.

    shown()    the newest wish can be seen
    """

    shown = Signal()

    def __init__(
        self,
        prompts: PromptService,
        search: SearchService,
        models: ModelsService,
        shown_topic: Callable[[], int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._prompts = prompts
        self._search = search
        self._models = models
        self._shown_topic = shown_topic
        self._wish = _Wish(0, PersonaContent("", ""), 0)
        self.preview: Xray | None = None
        self._topics = ComboBox("Topic of the preview")
        self._total = plain_label("", "small", "text_2")
        self._bar = TokenBar()
        self._legend = TokenLegend()
        self._view = PromptView()
        self._note = plain_label("", "small", "text_3", wraps=True)
        self._worker = Latest("prompt preview", self)
        self._timer = QTimer(self, singleShot=True, interval=AFTER)
        self._lay_out()
        self._timer.timeout.connect(self._build)
        self._topics.activated.connect(self._choose_topic)
        self._worker.done.connect(self._take)
        self._worker.failed.connect(lambda error: self._say(error))
        self._bar.pointed.connect(self._light)
        self._view.pointed.connect(self._light)
        self.refresh_topics()

    @property
    def is_busy(self) -> bool:
        """Say whether what is shown is not the newest yet."""
        return self._timer.isActive() or self._worker.is_busy

    @property
    def topic_id(self) -> int:
        """The topic in which the persona would answer; 0: there is none."""
        return self._wish.topic_id

    def show_persona(self, persona_id: int, content: PersonaContent) -> None:
        """Show what this persona would be sent, as it is or as it is typed."""
        wish = replace(self._wish, persona_id=persona_id, content=content)
        if wish != self._wish:
            self._wish = wish
            self._timer.start()

    def refresh_topics(self) -> None:
        """Offer the topics of today; the one that was chosen stays chosen."""
        hits = self._search.recent_topics(TOPICS)
        ids = [hit.id for hit in hits]
        self._topics.clear()
        for hit in hits:
            self._topics.add(_short(hit.text), hit.id, hit.where)
        last = self._shown_topic()
        chosen = self._wish.topic_id if self._wish.topic_id in ids else 0
        chosen = chosen or (last if last in ids else 0) or (ids[0] if ids else 0)
        self._topics.choose(chosen)
        self._topics.setVisible(bool(ids))
        if chosen != self._wish.topic_id:
            self._wish = replace(self._wish, topic_id=chosen)
        self._timer.start()

    def rebuild(self) -> None:
        """Build again what is shown: posts, models or options changed."""
        self._timer.start()

    def stop(self) -> None:
        """End what runs."""
        self._timer.stop()
        self._worker.stop()

    def _choose_topic(self, _row: int) -> None:
        self._wish = replace(self._wish, topic_id=int(self._topics.currentData() or 0))
        self._timer.start()

    def _build(self) -> None:
        wish = self._wish
        if not wish.topic_id:
            self._say(ForllmError("There is no topic yet", "Start one to see what would be sent there."))
            return
        self._worker.ask(lambda: self._preview(wish))

    def _preview(self, wish: _Wish) -> Xray:
        """Called in the worker's thread."""
        model: ModelChoice | None = wish.content.options.model or self._models.default_choice()
        post_id = self._prompts.answered_post(wish.topic_id)
        return self._prompts.preview(post_id, wish.persona_id, wish.content, model)

    def _take(self, result: object) -> None:
        assert isinstance(result, Xray)
        self.preview = result
        portions = [Portion(part.source, part.tokens) for part in result.parts]
        self._bar.show_parts(portions, result.answer, result.window)
        free = result.window - result.answer - result.total
        self._legend.show_sizes(result.sizes, result.answer, free)
        self._view.show_rows(
            [PromptRow(part.source, part.role, part.text, part.tokens) for part in result.parts]
        )
        self._total.setText(f"~{result.total:,} of {result.window:,} tokens")
        self._total.set_colour("text_2" if result.fits else "danger")
        self._note.setText(_note(result))
        self._show_parts(True)
        self.shown.emit()

    def _say(self, error: object) -> None:
        """Say why there is nothing to show."""
        assert isinstance(error, ForllmError)
        self.preview = None
        self._show_parts(False)
        self._total.setText("")
        self._note.setText(f"{error.title}. {error.message}")
        self._note.show()
        self.shown.emit()

    def _show_parts(self, is_shown: bool) -> None:
        for widget in (self._bar, self._legend, self._view):
            widget.setVisible(is_shown)
        self._note.setVisible(bool(self._note.text()))

    def _light(self, row: int) -> None:
        self._bar.light(row)
        self._view.light(row)

    def _lay_out(self) -> None:
        head = FlowLayout(ends_right=True)
        self._topics.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._topics.setMinimumContentsLength(24)
        head.addWidget(plain_label("Prompt preview", "ui_strong"))
        head.addWidget(self._topics)
        head.addWidget(self._total)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._bar)
        layout.addWidget(self._legend)
        layout.addWidget(self._view)
        layout.addWidget(self._note)


def _note(preview: Xray) -> str:
    """Say what the rows do not show."""
    lines = []
    if not preview.fits:
        lines.append(f"About {preview.over:,} tokens too many: this would not be sent.")
    if len(preview.messages) < len([part for part in preview.parts if part.message >= 0]):
        lines.append(f"Sent as {len(preview.messages)} messages: neighbours with the same role are joined.")
    if not preview.is_known_model:
        lines.append("The model was not asked yet; what it can do is assumed until then.")
    return " ".join(lines)


def _short(title: str) -> str:
    return title if len(title) <= 80 else title[:79].rstrip() + "…"
