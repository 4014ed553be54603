"""The rows of the forum tree as pixels: what is painted where, in both themes and sizes."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPersistentModelIndex, QRect
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QTreeView

from forllm_desktop.domain.forum_tree import AssignedPersona, Mark, SubforumEntry, TopicEntry
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.storage.database import Database
from forllm_desktop.ui.delegates.forum_row import ForumRowDelegate, is_on_caret, text_left, tooltip
from forllm_desktop.ui.icons import load_icons
from forllm_desktop.ui.item_models import forum_tree
from forllm_desktop.ui.item_models.forum_rows import SubforumRow, TopicRow, TreeRow
from forllm_desktop.ui.item_models.forum_tree import ForumTreeModel
from forllm_desktop.ui.theme import ColourScheme, Look, start_look, theme
from tests.builders import FixedClock
from tests.ui.forum_support import HOSTILE_NAMES, Forum

STATE = QStyle.StateFlag
PLAIN = STATE.State_Enabled | STATE.State_Active


@pytest.fixture
def look(qapp) -> Iterator[Look]:
    before = qapp.font()
    font = qapp.font()
    font.setPointSizeF(9.75)
    qapp.setFont(font)
    load_icons()
    made = start_look(qapp)
    made.apply(ColourScheme.LIGHT, "blue", 1.0)
    yield made
    # Later tests start with the font that was there.
    made.apply(ColourScheme.SYSTEM, "blue", 1.0)
    qapp.setFont(before)


class Painted:
    """Paints one row of a model into a picture of the sidebar's width."""

    def __init__(self, model: ForumTreeModel) -> None:
        self.model = model
        self.delegate = ForumRowDelegate(lambda index, name: None)
        self.view = QTreeView()

    def row(self, row: TreeRow, state: QStyle.StateFlag = PLAIN, width: int = 272) -> QImage:
        index = self.model.index(0, 0)
        if isinstance(row, TopicRow):
            index = self.model.index(0, 0, index)
            self.model.branches[1].topics[0] = row
        else:
            self.model.branches[1].row = row
        option = QStyleOptionViewItem()
        option.state = state
        option.rect = QRect(0, 0, width, self.delegate.sizeHint(option, index).height())
        option.widget = self.view  # type: ignore[attr-defined]
        picture = QImage(option.rect.size(), QImage.Format.Format_RGB32)
        picture.fill(theme().colour("window"))
        painter = QPainter(picture)
        self.delegate.paint(painter, option, index)
        painter.end()
        return picture


@pytest.fixture
def painted(
    look: Look, database: Database, events: Events, forum: ForumService, clock: FixedClock
) -> Iterator[Painted]:
    filled = Forum(database, events, forum, clock)
    filled.subforum("Physics", "Top")
    model = ForumTreeModel(filled.forum, filled.personas, filled.events)
    model.fetchMore(model.index(0, 0))
    made = Painted(model)
    yield made
    made.view.deleteLater()


def a_topic_row(title: str = "Top", unread: int = 0, mark: Mark = Mark.NONE) -> TopicRow:
    return TopicRow(TopicEntry(1, 1, title, 1), unread, mark)


def a_subforum_row(name: str = "Physics", personas: int = 0, has_topics: bool = True, **more) -> SubforumRow:
    who = tuple(AssignedPersona(id, f"Persona {id}", id == 1) for id in range(1, personas + 1))
    return SubforumRow(SubforumEntry(1, name, "", has_topics), who, **more)


def ink(picture: QImage, left: int, right: int) -> int:
    """Count the pixels between two columns that differ from the ground."""
    ground = picture.pixel(0, 0)
    rows, columns = range(picture.height()), range(left, right)
    return sum(picture.pixel(x, y) != ground for x in columns for y in rows)


def has_colour(picture: QImage, token: str) -> bool:
    wanted = theme().colour(token).rgb()
    return any(picture.pixel(x, y) == wanted for x in range(picture.width()) for y in range(picture.height()))


def colour_at(picture: QImage, x: int) -> QColor:
    return picture.pixelColor(x, picture.height() - 5)


def test_rows_have_their_least_height_and_grow_with_the_text(look: Look, painted: Painted) -> None:
    topic, subforum = a_topic_row(), a_subforum_row()
    assert (painted.row(topic).height(), painted.row(subforum).height()) == (28, 32)
    look.apply(ColourScheme.LIGHT, "blue", 2.0)
    height = QFontMetrics(theme().font("ui_strong")).height()
    assert painted.row(topic).height() >= height + 8
    assert painted.row(subforum).height() > painted.row(topic).height()


@pytest.mark.parametrize(
    ("state", "token"),
    [
        (PLAIN, "window"),
        (PLAIN | STATE.State_MouseOver, "hover"),
        (PLAIN | STATE.State_Selected, "selected_inactive"),
        (PLAIN | STATE.State_Selected | STATE.State_MouseOver, "selected_inactive"),
    ],
)
@pytest.mark.parametrize("scheme", [ColourScheme.LIGHT, ColourScheme.DARK])
def test_ground_says_hovered_or_selected_and_leaves_the_edges_free(
    look: Look, painted: Painted, scheme: ColourScheme, state: QStyle.StateFlag, token: str
) -> None:
    look.apply(scheme, "blue", 1.0)
    picture = painted.row(a_topic_row(), state)
    assert colour_at(picture, 200) == theme().colour(token)
    assert colour_at(picture, 7) == colour_at(picture, 264) == theme().colour("window")
    # The corners are round.
    assert picture.pixelColor(8, 0) == theme().colour("window")


def test_selection_is_in_accent_with_the_focus_and_for_the_topic_that_is_shown(
    painted: Painted, qtbot
) -> None:
    selected = PLAIN | STATE.State_Selected
    painted.delegate.open_topic = 1
    assert colour_at(painted.row(a_topic_row(), selected), 200) == theme().colour("accent_soft")
    # It stays to be seen when another row is selected.
    assert colour_at(painted.row(a_topic_row()), 200) == theme().colour("selected_inactive")
    painted.delegate.open_topic = 0
    qtbot.addWidget(painted.view)
    with qtbot.waitActive(painted.view):
        painted.view.show()
        painted.view.activateWindow()
    painted.view.setFocus()
    qtbot.waitUntil(painted.view.hasFocus)
    assert colour_at(painted.row(a_topic_row(), selected), 200) == theme().colour("accent_soft")


def test_ring_marks_the_focus_after_keys_and_the_target_of_a_drop(painted: Painted) -> None:
    focused = PLAIN | STATE.State_HasFocus
    assert not has_colour(painted.row(a_topic_row(), focused), "accent_text")
    painted.delegate.shows_focus = True
    picture = painted.row(a_topic_row(), focused)
    for x, y in ((8, 14), (9, 14), (263, 14), (100, 0), (100, 27)):
        assert picture.pixelColor(x, y) == theme().colour("accent_text"), (x, y)
    assert not has_colour(painted.row(a_topic_row()), "accent_text")
    painted.delegate.drop_target = QPersistentModelIndex(painted.model.index(0, 0))
    picture = painted.row(a_subforum_row())
    assert picture.pixelColor(100, 4) == theme().colour("accent_text")
    assert colour_at(picture, 200) == theme().colour("accent_soft")


def test_unread_topic_is_bold_with_a_badge_at_the_right(painted: Painted) -> None:
    title = "How does a bicycle stay up?"
    read, unread = painted.row(a_topic_row(title)), painted.row(a_topic_row(title, 2))
    assert ink(read, 240, 272) == 0
    assert has_colour(unread, "accent_soft")
    # The badge ends 16 px before the edge.
    assert ink(unread, 240, 256) > 100
    assert ink(unread, 256, 272) == 0
    assert has_colour(unread, "text")
    assert not has_colour(read, "text")


def test_large_counts_stay_short(painted: Painted) -> None:
    many = painted.row(a_topic_row("", 1_000))
    assert ink(many, 0, 210) == 0
    assert many == painted.row(a_topic_row("", 123_456))


@pytest.mark.parametrize("mark", [Mark.WAITING, Mark.PARKED, Mark.FAILED, Mark.WORKING])
def test_mark_stands_at_the_right_and_left_of_a_badge(painted: Painted, mark: Mark) -> None:
    alone, beside = painted.row(a_topic_row("", 0, mark)), painted.row(a_topic_row("", 1, mark))
    assert ink(alone, 242, 256) > 20
    assert ink(alone, 0, 240) == 0
    assert ink(beside, 212, 232) > 20


def test_each_mark_has_its_own_shape_and_colour(painted: Painted) -> None:
    pictures = [painted.row(a_topic_row("", 0, mark)) for mark in Mark]
    assert all(a != b for at, a in enumerate(pictures) for b in pictures[:at])


def test_mark_of_a_subforum_shows_only_while_it_is_closed(painted: Painted) -> None:
    row = a_subforum_row("", mark=Mark.FAILED)
    assert ink(painted.row(row), 240, 256) > 20
    assert ink(painted.row(row, PLAIN | STATE.State_Open), 240, 256) == 0


def test_caret_stands_where_something_is_below(painted: Painted) -> None:
    left = text_left()
    closed, opened = (
        painted.row(a_subforum_row("")),
        painted.row(a_subforum_row(""), PLAIN | STATE.State_Open),
    )
    assert ink(closed, 0, left) > 10
    assert closed != opened
    assert ink(painted.row(a_subforum_row("", has_topics=False)), 0, left) == 0
    assert is_on_caret(QRect(0, 0, 272, 32), 20)
    assert not is_on_caret(QRect(0, 0, 272, 32), left)


@pytest.mark.parametrize(("personas", "left"), [(1, 234), (3, 208), (5, 190)])
def test_avatars_end_at_the_right_edge(painted: Painted, personas: int, left: int) -> None:
    picture = painted.row(a_subforum_row("", personas))
    assert ink(picture, left, 258) > 100
    assert ink(picture, 258, 272) == ink(picture, text_left(), left) == 0
    beside_badge = painted.row(a_subforum_row("", personas, unread=3))
    assert ink(beside_badge, 233, 238) == 0


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "two\nlines"])
def test_names_of_any_kind_stay_on_their_line_and_off_the_badge(
    look: Look, painted: Painted, name: str, scale: float
) -> None:
    look.apply(ColourScheme.LIGHT, "blue", scale)
    picture, blank = painted.row(a_topic_row(name, 3)), painted.row(a_topic_row("", 3))
    first = next(x for x in range(272) if ink(blank, x, x + 1))
    assert ink(picture, 0, text_left() - 2) == 0
    assert picture.copy(first - 4, 0, 272 - first + 4, picture.height()) == blank.copy(
        first - 4, 0, 272 - first + 4, picture.height()
    )
    assert ink(picture, text_left(), first - 4) > 0


def test_markup_is_painted_as_text(painted: Painted) -> None:
    marked, plain = painted.row(a_topic_row("<b>x</b>")), painted.row(a_topic_row("x"))
    assert ink(marked, 32, 272) > 3 * ink(plain, 32, 272)


def test_tooltip_shows_a_cut_title_and_the_description_as_text(look: Look) -> None:
    assert tooltip(a_topic_row("Top"), 272) == ""
    long = "<img src=x> " + "and more " * 10
    assert tooltip(a_topic_row(long), 272).startswith("<p>&lt;img src=x&gt; and more")
    described = SubforumRow(SubforumEntry(1, "Physics", "All <i>that</i> falls", True))
    assert tooltip(described, 272) == "<p>All &lt;i&gt;that&lt;/i&gt; falls</p>"


def test_right_edge_gives_way_to_a_scroll_bar(painted: Painted) -> None:
    painted.delegate.right_inset = 0
    picture = painted.row(a_topic_row("", 2), PLAIN | STATE.State_MouseOver, width=262)
    assert colour_at(picture, 258) == theme().colour("hover")
    assert has_colour(picture, "accent_soft")


def test_painting_reads_nothing_from_the_database(
    painted: Painted, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    def refuse() -> Callable:
        raise AssertionError("the database was opened")

    monkeypatch.setattr(database, "read", refuse)
    painted.row(a_topic_row("Top", 1, Mark.FAILED))
    painted.row(a_subforum_row("Physics", 3, unread=2))
    assert forum_tree.PAGE
