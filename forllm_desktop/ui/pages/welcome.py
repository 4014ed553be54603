"""The welcome: three choices on one page, everything preselected, and the first question."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShortcut,
    QShowEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.events import Events
from forllm_desktop.services.examples import Example, ask_first_question, examples
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.models import ModelsService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.ui.editor.growing_text import GrowingText
from forllm_desktop.ui.pages.welcome_models import WelcomeModels
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import push_button
from forllm_desktop.ui.widgets.choice_card import ChoiceCard
from forllm_desktop.ui.widgets.flow_cards import FlowCards
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.picture import Picture
from forllm_desktop.ui.widgets.quiet_bar import QuietBar
from forllm_desktop.ui.widgets.step_head import StepHead
from forllm_desktop.ui.widgets.wrap_row import WrapRow

WIDTH = 928
NARROW = 560
"""Widest content, and the width below which nothing is indented, in px at 100 %."""


class WelcomePage(QWidget):
    """What a first start shows.

    started(topic_id)    the first question was posted and asked
    skipped()            the user wants to start with an empty forum
    """

    started = Signal(int)
    skipped = Signal()

    def __init__(
        self,
        forum: ForumService,
        queue: QueueService,
        personas: PersonaService,
        models: ModelsService,
        settings: SettingsService,
        events: Events,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._forum, self._queue, self._personas = forum, queue, personas
        self._models_service, self._settings = models, settings
        self._examples = examples()
        self._was_shown = False
        self._bar = QuietBar()
        self._models = WelcomeModels(models, models.default_choice())
        self._found = plain_label("", "small", "text_3", elides=True)
        self._found.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._look = push_button("Look again", "quiet", "arrow-clockwise", small=True)
        self._add = push_button("Add a server or a file", "quiet", "plus", small=True)
        self._cards = QButtonGroup(self)
        self._question = _QuestionBox()
        self._lock = Picture("lock-simple", "text_3")
        self._privacy = plain_label("", "small", "text_3", elides=True)
        self._skip = push_button("Start empty", "quiet", small=True)
        self._content = QWidget()
        self._indents: list[QHBoxLayout] = []
        self._lay_out()

        self._look.clicked.connect(self._models.look_again)
        self._add.clicked.connect(
            lambda: self._models.open_menu(self._add.mapToGlobal(QPoint(0, self._add.height() + 2)))
        )
        self._models.changed.connect(self._show_state)
        self._models.noted.connect(self._found.setText)
        self._models.failed.connect(self._bar.say_error)
        self._cards.idClicked.connect(self._show_example)
        self._question.posted.connect(self._post)
        self._skip.clicked.connect(self.skipped)
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self, self._post)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        events.settings_changed.connect(self._apply_settings)
        look().changed.connect(self._dress)
        self._cards.button(0).setChecked(True)
        self._show_example(0)
        self._apply_settings()
        self._dress()

    def example(self) -> Example:
        """Return the chosen example."""
        return self._examples[self._cards.checkedId()]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            self._models.look_again()
            self._question.focus_text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme().colour("surface"))

    # -- building

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        around = QWidget()
        middle = self._around = QHBoxLayout(around)
        middle.addStretch(1)
        middle.addWidget(self._content, 100)
        middle.addStretch(1)
        scroll.setWidget(around)
        around.setAutoFillBackground(False)
        scroll.viewport().setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(scroll, 1)

        content = QVBoxLayout(self._content)
        content.setContentsMargins(0, 0, 0, 0)
        content.setSpacing(8)
        content.addWidget(plain_label("Ask now. It is answered by morning.", "display", wraps=True))
        words = "A forum for the language models on this computer. Three choices, then write."
        content.addWidget(plain_label(words, "reading", "text_2", wraps=True))
        content.addSpacing(20)
        self._add_step(content, 1, "Where the models are", self._models, (self._found, self._look, self._add))
        content.addSpacing(20)
        self._add_step(content, 2, "A first subforum, with someone in it", self._made_cards())
        content.addSpacing(20)
        self._add_step(content, 3, "Your first question", self._question)
        foot = WrapRow()
        foot.setContentsMargins(0, 8, 0, 0)
        foot.add(self._lock)
        foot.add(self._privacy, 160)
        foot.add(self._skip)
        content.addLayout(self._indented(foot))
        content.addStretch()

    def _add_step(
        self,
        content: QVBoxLayout,
        number: int,
        title: str,
        body: QWidget,
        extras: tuple[QWidget, ...] = (),
    ) -> None:
        content.addWidget(StepHead(number, title, extras))
        inner = QHBoxLayout()
        inner.addWidget(body)
        content.addLayout(self._indented(inner))

    def _indented(self, layout: QLayout) -> QHBoxLayout:
        outer = QHBoxLayout()
        outer.addLayout(layout, 1)
        self._indents.append(outer)
        return outer

    def _made_cards(self) -> QWidget:
        cards = []
        for place, example in enumerate(self._examples):
            card = ChoiceCard(
                example.subforum,
                example.icon,
                example.persona,
                example.line,
                (0, 3, 6, 7)[place % 4],
            )
            self._cards.addButton(card, place)
            cards.append(card)
        return FlowCards(cards)

    # -- what is shown

    def _dress(self) -> None:
        self._content.setMaximumWidth(theme().px(WIDTH))
        side = theme().px(14)
        self._lock.setFixedSize(side, side)
        self._fit()

    def _fit(self) -> None:
        """Indent what belongs to a step, unless the window is too narrow for that."""
        now, is_narrow = theme(), self.width() < theme().px(NARROW)
        side = 16 if is_narrow else 32
        self._around.setContentsMargins(side, 24 if is_narrow else 48, side, 32)
        for indented in self._indents:
            indented.setContentsMargins(0 if is_narrow else now.px(24) + 16, 0, 0, 0)

    def _apply_settings(self) -> None:
        self._question.text.posts_on_enter = self._settings.current().post_key == "enter"

    def _show_example(self, place: int) -> None:
        self._question.show_example(self._examples[place])
        self._show_state()

    def _show_state(self) -> None:
        privacy = self._models.privacy()
        self._privacy.setText(privacy)
        self._lock.setVisible(bool(privacy))
        self._question.allow(self._models.has_model)

    # -- the first question

    def _post(self) -> None:
        """Make what was chosen and ask; what was typed stays where it is when something fails."""
        if not self._models.has_model:
            self._bar.say(
                "There is no model yet: add a server or a file above. Your question is kept.", kind="warn"
            )
            return
        try:
            topic_id = self._asked()
        except ForllmError as error:
            self._bar.say_error(error)
            self._question.focus_text()
            return
        self.started.emit(topic_id)

    def _asked(self) -> int:
        choice = self._models.choice()
        assert isinstance(choice, ModelChoice)
        topic_id = ask_first_question(
            self._forum, self._personas, self._queue, self.example(), self._question.typed(), choice
        )
        if self._models_service.default_choice() is None:
            self._models_service.use(choice)
        return topic_id


class _QuestionBox(QWidget):
    """The text, two questions to try, and the button.

    posted()    the button or the key that posts and asks
    """

    posted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = GrowingText()
        self.text.setAccessibleName("Your first question")
        self.text.setPlaceholderText("Ask anything")
        self._ask = push_button("Post and ask", "primary")
        self._ask.setToolTip("Ctrl+Enter")
        self._tries = [push_button("", "quiet", small=True) for _ in range(2)]
        self._offered: set[str] = set()
        try_line = QHBoxLayout()
        try_line.setSpacing(4)
        self._try_word = plain_label("Try", "small", "text_3")
        try_line.addWidget(self._try_word)
        for button in self._tries:
            try_line.addWidget(button)
            button.clicked.connect(lambda _checked=False, button=button: self._try(button.text()))
        try_line.addStretch()
        try_line.addWidget(self._ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 8, 8)
        layout.setSpacing(10)
        layout.addWidget(self.text)
        layout.addLayout(try_line)
        self._ask.clicked.connect(self.posted)
        self.text.submitted.connect(self.posted)
        self.text.installEventFilter(self)

    def typed(self) -> str:
        """Return the text."""
        return self.text.toPlainText()

    def focus_text(self) -> None:
        """Let the user type."""
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def allow(self, is_possible: bool) -> None:
        """Say whether asking is possible."""
        self._ask.setEnabled(is_possible)

    def show_example(self, example: Example) -> None:
        """Offer an example's questions; the first is filled in unless something else was typed."""
        is_untouched = not self.typed().strip() or self.typed() in self._offered
        self._offered.update(example.questions)
        for button, question in zip(self._tries, example.questions, strict=False):
            button.setText(question)
            button.setAccessibleName(f"Try: {question}")
        self._ask.setText(f"Post and ask {example.persona}")
        self._ask.setAccessibleName(self._ask.text())
        self._show_tries()
        if is_untouched:
            self._try(example.questions[0], has_focus=False)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._ask.sizeHint().width() + 24, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_tries()

    def _show_tries(self) -> None:
        """Show as many of the questions to try as fit beside the button."""
        free = self.width() - self._ask.sizeHint().width() - theme().px(48) - 24
        for button in self._tries:
            free -= button.sizeHint().width() + 4
            button.setVisible(free >= 0)
        self._try_word.setVisible(self._tries[0].isVisibleTo(self))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return False

    def mousePressEvent(self, event) -> None:
        self.focus_text()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        has_focus = self.text.hasFocus()
        width = 2 if has_focus else 1
        painter.setPen(QPen(theme().colour("accent_text" if has_focus else "line_strong"), width))
        painter.setBrush(theme().colour("surface"))
        inset = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 8, 8)

    def _try(self, question: str, *, has_focus: bool = True) -> None:
        """Fill a question in, selected, so that typing replaces it."""
        self.text.selectAll()
        self.text.insertPlainText(question)
        self.text.selectAll()
        cursor = self.text.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.Start)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        self.text.setTextCursor(cursor)
        if has_focus:
            self.focus_text()
