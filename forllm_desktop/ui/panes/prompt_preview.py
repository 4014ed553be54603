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
from forllm_desktop.ui.xray.view import XrayView

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

    shown()                        the newest wish can be seen
    post_requested(post_id)        a post of the prompt is to be shown
    rule_requested(post_id, rule)  a post is to enter prompts by another PromptRule
    """

    shown = Signal()
    post_requested = Signal(int)
    rule_requested = Signal(int, str)

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
        self._view = XrayView("Prompt preview", self._topics)
        self._worker = Latest("prompt preview", self)
        self._timer = QTimer(self, singleShot=True, interval=AFTER)
        self._lay_out()
        self._timer.timeout.connect(self._build)
        self._topics.activated.connect(self._choose_topic)
        self._worker.done.connect(self._take)
        self._worker.failed.connect(lambda error: self._say(error))
        self._view.post_requested.connect(self.post_requested)
        self._view.rule_requested.connect(self.rule_requested)
        self.refresh_topics()

    @property
    def is_busy(self) -> bool:
        """Say whether what is shown is not the newest yet."""
        return self._timer.isActive() or self._worker.is_busy or self._view.is_busy

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
        self._view.stop()

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
        self._view.show_xray(result)
        self.shown.emit()

    def _say(self, error: object) -> None:
        """Say why there is nothing to show."""
        assert isinstance(error, ForllmError)
        self.preview = None
        self._view.show_error(error)
        self.shown.emit()

    def _lay_out(self) -> None:
        self._topics.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._topics.setMinimumContentsLength(24)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)


def _short(title: str) -> str:
    return title if len(title) <= 80 else title[:79].rstrip() + "…"
