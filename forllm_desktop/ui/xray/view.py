"""The X-ray: shows what is sent to a model, what was left out, and what changed since the prompt before."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from forllm_desktop.domain.context import PromptRule
from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.domain.xray import Reason, Xray
from forllm_desktop.ui.icons import icon
from forllm_desktop.ui.latest import Latest
from forllm_desktop.ui.theme import look, theme
from forllm_desktop.ui.widgets.buttons import icon_button
from forllm_desktop.ui.widgets.flow_layout import FlowLayout
from forllm_desktop.ui.widgets.labels import plain_label
from forllm_desktop.ui.widgets.quiet_bar import QuietBar
from forllm_desktop.ui.widgets.token_bar import Portion, TokenBar, TokenLegend
from forllm_desktop.ui.xray.changes import Changes, compare
from forllm_desktop.ui.xray.copying import as_json, as_text
from forllm_desktop.ui.xray.finding import FindRow
from forllm_desktop.ui.xray.full_text import spans_within
from forllm_desktop.ui.xray.message_list import MessageList
from forllm_desktop.ui.xray.rows import (
    CHANGES_SECTION,
    LEFT_SECTION,
    Row,
    RowKind,
    change_rows,
    left_out_rows,
    part_rows,
    prefix_words,
)
from forllm_desktop.ui.xray.xray_words import (
    error_words,
    joined_words,
    over_words,
    reported_words,
    shortened_words,
    total_words,
)


class XrayView(QWidget):
    """One prompt. `title` and `beside` begin its head; it `fills` a page, or is as high as it needs to be.

    post_requested(post_id)        a post of the prompt, or one that was left out, is to be shown
    rule_requested(post_id, rule)  a post is to enter prompts by another PromptRule
    shown()                        what was to be shown can be seen
    """

    post_requested = Signal(int)
    rule_requested = Signal(int, str)
    shown = Signal()

    def __init__(
        self,
        title: str = "",
        beside: QWidget | None = None,
        *,
        fills: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.xray: Xray | None = None
        self._before: Xray | None = None
        self.changes: Changes | None = None
        self._stretches: list[range] = []
        self._title = plain_label(title, "ui_strong")
        self._total = plain_label("", "small", "text_2")
        self._accuracy = plain_label("", "small", "text_3")
        self._reported = plain_label("", "small", "text_3")
        self._find_button = icon_button("Find in the prompt", "magnifying-glass", shortcut="Ctrl+F")
        self._copy_button = icon_button("Copy the prompt", "copy")
        self._quiet = QuietBar()
        self._bar = TokenBar()
        self._legend = TokenLegend()
        self._find = FindRow(self._texts, stays=fills)
        self._list = MessageList(fills=fills)
        self._note = plain_label("", "small", "text_3", wraps=True)
        self._message = plain_label("", "ui", "text_3", wraps=True)
        self._comparing = Latest("changes of a prompt", self)
        self._bar.set_walkable()
        look().changed.connect(self._fit)
        self._lay_out(beside, fills=fills)
        self._connect(fills=fills)
        self._show_parts(False)
        self._fit()

    def set_title(self, title: str) -> None:
        """Begin the head with other words."""
        self._title.setText(title)
        self._title.setVisible(bool(title))

    @property
    def rows(self) -> list[Row]:
        """What is listed, in its order."""
        return self._list.rows

    @property
    def is_busy(self) -> bool:
        """Say whether something of it is still compared, searched or put in."""
        return self._comparing.is_busy or self._find.is_busy or self._list.is_busy

    def show_xray(self, xray: Xray, before: Xray | None = None) -> None:
        """Show a prompt; `before` is the one that was sent before it, if any."""
        self.xray = xray
        self._message.hide()
        self._show_numbers(xray)
        self._list.show_parts(part_rows(xray))
        self._list.show_section(LEFT_SECTION, left_out_rows(xray.left_out))
        self._show_note()
        self._show_parts(True)
        self._say_trouble(xray)
        if self._find.wanted:
            self._find.search()
        if before is None:
            self._before = self.changes = None
            self._list.show_section(CHANGES_SECTION, [])
            self._show_note()
        else:
            self._before = before
            self._comparing.ask(lambda: compare(before, xray))
        self.shown.emit()

    def show_error(self, error: ForllmError) -> None:
        """Say why there is nothing to show."""
        self._forget(f"{error.title}. {error.message}" if error.message else f"{error.title}.")

    def show_loading(self) -> None:
        """Say that the prompt is being read."""
        self._forget("Reading the prompt …")

    def find(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Let the user search in all messages."""
        if self.xray is not None:
            self._find.open_row()

    def stop(self) -> None:
        """End what runs."""
        for part in (self._comparing, self._find, self._list):
            part.stop()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.stop()
        super().closeEvent(event)

    # -- what is shown

    def _show_numbers(self, xray: Xray) -> None:
        portions, self._stretches = _stretches(xray)
        exact = xray.is_exact
        self._bar.show_parts(portions, xray.answer, xray.window, is_exact=exact)
        free = xray.window - xray.answer - xray.total
        self._legend.show_sizes(xray.sizes, xray.answer, free, is_exact=exact)
        self._total.setText(total_words(xray))
        self._total.set_colour("text_2" if xray.fits or not xray.window else "danger")
        for label, said in ((self._accuracy, error_words(xray)), (self._reported, reported_words(xray))):
            label.setText(said)
            label.setVisible(bool(said))

    def _say_trouble(self, xray: Xray) -> None:
        if xray.is_shortened:
            self._quiet.say(shortened_words(xray), kind="warn", icon="scissors")
        elif not xray.fits and not xray.is_sent:
            self._quiet.say(over_words(xray), kind="danger")
        else:
            self._quiet.hide()

    def _show_note(self) -> None:
        xray = self.xray
        if xray is None:
            return
        said = [joined_words(xray)]
        if not xray.is_known_model and not xray.is_sent:
            said.append("The model was not asked yet; what it can do is assumed until then.")
        if self.changes is not None:
            said.append(prefix_words(self.changes, xray))
        self._note.setText(" ".join(filter(None, said)))
        self._note.setVisible(bool(self._note.text()))

    def _take_changes(self, changes: object) -> None:
        assert isinstance(changes, Changes)
        if self._before is None:
            return
        self.changes = changes
        self._list.show_section(CHANGES_SECTION, change_rows(changes))
        self._show_note()
        self.shown.emit()

    def _forget(self, said: str) -> None:
        self.xray = self._before = self.changes = None
        self._show_parts(False)
        self._quiet.hide()
        self._note.hide()
        self._total.setText("")
        self._accuracy.hide()
        self._reported.hide()
        self._message.setText(said)
        self._message.show()
        self.shown.emit()

    def _show_parts(self, is_shown: bool) -> None:
        for widget in (self._list, self._copy_button):
            widget.setVisible(is_shown)
        for widget in (self._bar, self._legend):
            widget.setVisible(is_shown and self.xray is not None and self.xray.window > 0)
        self._find_button.setVisible(is_shown and not self._find_stays)
        self._find.setVisible(is_shown and (self._find_stays or bool(self._find.wanted)))

    # -- lighting up, finding, copying

    def _light_stretch(self, stretch: int) -> None:
        self._bar.light(stretch)
        is_one = 0 <= stretch < len(self._stretches)
        self._list.light(self._stretches[stretch] if is_one else range(0))

    def _light_row(self, at: int) -> None:
        row = self._list.row(at)
        part = row.part if row is not None else -1
        stretch = next((n for n, parts in enumerate(self._stretches) if part in parts), -1)
        self._bar.light(stretch)
        self._list.light(range(part, part + 1) if part >= 0 else range(0))

    def _fit(self) -> None:
        """Let the first line of the head be as high as the buttons beside it."""
        for label in (self._title, self._total):
            label.setMinimumHeight(theme().px(28))

    def _texts(self) -> list[str]:
        return [part.text for part in self.xray.parts] if self.xray is not None else []

    def _show_hit(self, hit: int) -> None:
        part = self._find.hits[hit][0]
        self._list.open(part, takes_focus=False)
        self._mark(part, hit)

    def _mark_all(self) -> None:
        for part in range(len(self._texts())):
            if self._list.full_text(part) is not None:
                self._mark(part, -1)

    def _mark(self, part: int, current: int) -> None:
        text = self._list.full_text(part)
        if text is not None:
            spans = spans_within(self._find.hits, part)
            wanted = self._find.hits[current][1:] if current >= 0 else None
            text.mark(spans, spans.index(wanted) if wanted in spans else -1)

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)

    def _copy_row(self, at: int) -> None:
        row = self._list.row(at)
        if row is not None and row.text:
            self._copy(row.text)

    def _copy_menu(self) -> QMenu:
        menu = _menu(self, "Copy the prompt")
        xray = self.xray
        if xray is not None:
            _add(menu, "Copy all", "copy", lambda: self._copy(as_text(xray)))
            _add(menu, "Copy as JSON messages", "code", lambda: self._copy(as_json(xray)))
        return menu

    def _pop_up_copy(self) -> None:
        self._copy_menu().popup(self._copy_button.mapToGlobal(QPoint(0, self._copy_button.height())))

    def _pop_up(self, at: int, place: QPoint) -> None:
        row = self._list.row(at)
        if row is None or row.kind is RowKind.HEAD:
            return
        menu = _menu(self, "Part of the prompt")
        if row.opens:
            _add(menu, "Full text\tReturn", "arrows-out-simple", lambda: self._list.toggle(at))
        if row.text and row.kind is not RowKind.LEFT_OUT:
            _add(menu, "Copy message\tCtrl+C", "copy", lambda: self._copy_row(at))
        post_id = row.post_id
        if post_id is not None:
            _add(
                menu,
                "Show the post\tCtrl+Return",
                "arrow-square-out",
                lambda: self.post_requested.emit(post_id),
            )
            menu.addSeparator()
            for rule, word, icon_name in rules_offered(row):
                _add(
                    menu,
                    word,
                    icon_name,
                    lambda rule=rule: self.rule_requested.emit(post_id, rule.value),
                )
        if menu.actions():
            menu.popup(place)

    # -- building

    def _connect(self, *, fills: bool) -> None:
        self._bar.pointed.connect(self._light_stretch)
        self._comparing.done.connect(self._take_changes)
        self._copy_button.clicked.connect(self._pop_up_copy)
        self._find_button.clicked.connect(self.find)
        self._find.closed.connect(self._list.setFocus)
        self._find.searched.connect(self._mark_all)
        self._find.stepped.connect(self._show_hit)
        self._list.copied.connect(self._copy_row)
        self._list.menu_requested.connect(self._pop_up)
        self._list.opened.connect(lambda at: self._mark(at, -1) if self._find.wanted else None)
        self._list.pointed.connect(self._light_row)
        self._list.post_requested.connect(self.post_requested)
        if not fills:
            key = QShortcut(
                QKeySequence("Ctrl+F"), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut
            )
            key.activated.connect(self.find)

    def _lay_out(self, beside: QWidget | None, *, fills: bool) -> None:
        self._find_stays = fills
        names = FlowLayout()
        for widget in (self._title, beside, self._total, self._accuracy, self._reported):
            if widget is not None:
                names.addWidget(widget)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(4)
        head.addLayout(names, 1)
        top = Qt.AlignmentFlag.AlignTop
        head.addWidget(self._find_button, 0, top)
        head.addWidget(self._copy_button, 0, top)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        for widget in (self._quiet, self._bar, self._legend, self._find):
            layout.addWidget(widget)
        layout.addWidget(self._list, int(fills))
        layout.addWidget(self._note)
        layout.addWidget(self._message)
        layout.addStretch()
        # Only now: what is shown before it has a place becomes a window of its own.
        self._title.setVisible(bool(self._title.text()))
        self.setFocusProxy(self._list)


def rules_offered(row: Row) -> list[tuple[PromptRule, str, str]]:
    """Return the rules that a row's post may be given: rule, word, icon."""
    is_left_out = row.reason is Reason.BY_HAND
    offered = []
    if not is_left_out:
        offered.append((PromptRule.LEFT_OUT, "Leave out of prompts", "scissors"))
    if not row.is_pinned:
        offered.append((PromptRule.PINNED, "Pin into prompts", "push-pin"))
    if is_left_out or row.is_pinned:
        offered.append((PromptRule.AUTO, "As usual in prompts", "arrow-counter-clockwise"))
    return offered


def _stretches(xray: Xray) -> tuple[list[Portion], list[range]]:
    """Return the parts of the bar, neighbours of one source joined, and which parts each stands for."""
    portions: list[Portion] = []
    ranges: list[range] = []
    for at, part in enumerate(xray.parts):
        if portions and portions[-1].source == part.source:
            portions[-1] = Portion(part.source, portions[-1].tokens + part.tokens)
            ranges[-1] = range(ranges[-1].start, at + 1)
        else:
            portions.append(Portion(part.source, part.tokens))
            ranges.append(range(at, at + 1))
    return portions, ranges


def _menu(parent: QWidget, name: str) -> QMenu:
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setAccessibleName(name)
    return menu


def _add(menu: QMenu, word: str, icon_name: str, step) -> None:
    action = QAction(icon(icon_name), word, menu)
    action.triggered.connect(lambda _=False: step())
    menu.addAction(action)
