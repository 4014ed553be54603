"""The list of personas: its model, its rows as pixels, its view."""

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QBuffer, QIODevice, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.persona import Persona
from forllm_desktop.events import Events
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.ui.delegates.persona_row import PersonaRowDelegate, row_height
from forllm_desktop.ui.item_models.persona_list import (
    PERSONAS_MIME,
    PersonaListModel,
    Role,
    dragged_personas,
    persona_mime,
)
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.portraits import portraits
from forllm_desktop.ui.theme import ColourScheme, Look, theme
from forllm_desktop.ui.tokens import AVATAR_COLOURS
from forllm_desktop.ui.widgets.persona_capsule import capsule
from tests.builders import a_subforum
from tests.ui.forum_support import HOSTILE_NAMES

TEXT = Qt.ItemDataRole.DisplayRole


def make(personas: PersonaService, name: str, description: str = "", tags: tuple[str, ...] = ()) -> Persona:
    return personas.create(name, "Be yourself.", description, tags=tags)


@pytest.fixture
def model(personas: PersonaService, events: Events, started_look: Look) -> PersonaListModel:
    make(personas, "Ada", "Physics tutor", ("science",))
    make(personas, "Nonna", "Ligurian home cooking")
    make(personas, "Skeptic", "Looks for the hole", ("science", "Logic"))
    made = PersonaListModel(personas, events)
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    return made


def names(model: PersonaListModel) -> list[str]:
    return [model.index(row, 0).data(TEXT) for row in range(model.rowCount())]


def test_the_personas_are_listed_by_name(model: PersonaListModel) -> None:
    assert names(model) == ["Ada", "Assistant", "Nonna", "Skeptic"]
    assert model.index(0, 0).data(Role.CARD).description == "Physics tutor"
    assert model.index(0, 0).data(Role.SORT) == "ada"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ADA", ["Ada"]),
        ("cooking", ["Nonna"]),
        ("logic", ["Skeptic"]),
        ("science hole", ["Skeptic"]),
        ("  ", ["Ada", "Assistant", "Nonna", "Skeptic"]),
        ("zebra", []),
    ],
)
def test_the_filter_looks_at_name_description_and_tags(
    model: PersonaListModel, typed: str, found: list[str]
) -> None:
    model.set_filter(typed)
    assert names(model) == found
    assert model.total == 4


def test_a_change_elsewhere_is_shown_and_the_selection_stays(
    model: PersonaListModel, personas: PersonaService, qtbot: QtBot
) -> None:
    view = PersonaListView(model)
    qtbot.addWidget(view)
    view.selectAll()
    ada, nonna = model.card(model.index(0, 0)).persona_id, model.card(model.index(2, 0)).persona_id
    held = QPersistentModelIndex(model.index(0, 0))
    with qtbot.waitSignal(model.refreshed):
        personas.change(ada, name="Zuse")
        personas.delete(nonna)
        make(personas, "Mira")
    assert names(model) == ["Assistant", "Mira", "Skeptic", "Zuse"]
    assert held.data(TEXT) == "Zuse"
    assert [card.name for card in view.selected_cards()] == ["Assistant", "Skeptic", "Zuse"]


def test_among_many_the_selection_survives_a_filter(
    model: PersonaListModel, personas: PersonaService, qtbot: QtBot
) -> None:
    for number in range(200):
        make(personas, f"P{number:03}", "odd" if number % 2 else "even")
    model.refresh()
    view = PersonaListView(model)
    qtbot.addWidget(view)
    odd = [f"P{number:03}" for number in range(1, 200, 2)]
    chosen = [*odd[:3], "P004"]
    for row in range(model.rowCount()):
        if model.index(row, 0).data(TEXT) in chosen:
            view.selectionModel().select(model.index(row, 0), view.selectionModel().SelectionFlag.Select)
    with qtbot.waitSignal(model.modelReset):
        model.set_filter("odd")
    assert names(model) == odd
    assert [card.name for card in view.selected_cards()] == odd[:3]
    model.set_filter("")
    assert [card.name for card in view.selected_cards()] == odd[:3]


def test_where_a_persona_is_assigned_follows(
    model: PersonaListModel, personas: PersonaService, forum: ForumService, qtbot: QtBot
) -> None:
    place = a_subforum(forum).subforum_id
    with qtbot.waitSignal(model.refreshed):
        personas.assign(place, 2, default=True)
    assert model.card(model.index(0, 0)).default_in == (place,)


def test_any_sequence_of_changes_shows_what_the_service_lists(
    model: PersonaListModel, personas: PersonaService
) -> None:
    dice = random.Random(4)
    deleted: list[int] = []
    for step in range(120):
        ids = [card.persona_id for card in personas.cards() if not card.is_fallback]
        kind = dice.choice(["create", "rename", "delete", "restore", "filter", "switch"])
        if kind == "create":
            make(personas, f"P{dice.randrange(10_000)} {step}", dice.choice(["", "tutor", "cook"]))
        elif kind == "filter":
            model.set_filter(dice.choice(["", "tutor", "p1", "cook"]))
        elif kind == "restore" and deleted:
            personas.restore(deleted.pop())
        elif ids and kind == "rename":
            personas.change(dice.choice(ids), name=f"R{dice.randrange(10_000)} {step}")
        elif ids and kind == "switch":
            personas.set_active(dice.choice(ids), dice.random() < 0.5)
        elif ids and kind == "delete":
            deleted.append(dice.choice(ids))
            personas.delete(deleted[-1])
        model.refresh()
    model.set_filter("")
    assert [model.card(model.index(row, 0)) for row in range(model.rowCount())] == personas.cards()


@pytest.mark.parametrize("name", [name for name in HOSTILE_NAMES if len(name) <= 100 or "W" in name])
def test_a_hostile_name_is_plain_text(personas: PersonaService, events: Events, name: str) -> None:
    made = make(personas, name[:100])
    model = PersonaListModel(personas, events)
    index = model.index_of(made.persona_id)
    assert index.data(TEXT) == made.name
    assert "<b>bold" not in index.data(Qt.ItemDataRole.ToolTipRole)
    assert "<img" not in index.data(Qt.ItemDataRole.ToolTipRole)


def test_a_screen_reader_hears_what_is_painted(model: PersonaListModel, personas: PersonaService) -> None:
    ada, nonna = model.card(model.index(0, 0)).persona_id, model.card(model.index(2, 0)).persona_id
    personas.set_global_default(ada)
    personas.set_active(nonna, False)
    model.refresh()
    spoken = Qt.ItemDataRole.AccessibleTextRole
    assert [model.index(row, 0).data(spoken) for row in range(4)] == [
        "Ada, version 1, global default",
        "Assistant, version 1, fallback",
        "Nonna, version 1, switched off",
        "Skeptic, version 1",
    ]


def test_dragged_personas_are_those_of_this_window_alone(model: PersonaListModel) -> None:
    data = model.mimeData([model.index(2, 0), model.index(0, 0)])
    assert dragged_personas(data) == [
        model.card(model.index(2, 0)).persona_id,
        model.card(model.index(0, 0)).persona_id,
    ]
    for forged in (b"", b"[1]", b'{"process": 1, "ids": [1]}', b'{"ids": 3}', b"\xff"):
        data.setData(PERSONAS_MIME, forged)
        assert dragged_personas(data) == []
    assert dragged_personas(persona_mime([5, 5, 6])) == [5, 6]


def test_enter_opens_and_a_drag_takes_all_that_are_selected(
    model: PersonaListModel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = PersonaListView(model)
    qtbot.addWidget(view)
    view.show()
    view.setCurrentIndex(model.index(2, 0))
    with qtbot.waitSignal(view.opened) as opened:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert opened.args == [model.card(model.index(2, 0)).persona_id]
    dragged: list[list[tuple[int, str]]] = []
    monkeypatch.setattr(
        "forllm_desktop.ui.panes.persona_view.drag_personas",
        lambda _view, who, **_: dragged.append(list(who)),
    )
    view.selectAll()
    view.startDrag(Qt.DropAction.CopyAction)
    assert [name for _, name in dragged[0]] == names(model)


# -- as pixels


@pytest.fixture
def small_font(started_look: Look) -> Iterator[Look]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.font()
    yield started_look
    app.setFont(before)


def painted(
    model: PersonaListModel, row: int, state: QStyle.StateFlag = QStyle.StateFlag.State_None
) -> QImage:
    option = QStyleOptionViewItem()
    option.state = state
    option.rect = QRect(0, 0, theme().px(264), row_height())
    picture = QImage(option.rect.size(), QImage.Format.Format_RGB32)
    picture.fill(theme().colour("window"))
    painter = QPainter(picture)
    PersonaRowDelegate().paint(painter, option, model.index(row, 0))
    painter.end()
    return picture


def has(picture: QImage, colour: str | QColor) -> bool:
    wanted = QColor(colour).rgb()
    return any(picture.pixel(x, y) == wanted for y in range(picture.height()) for x in range(picture.width()))


@pytest.mark.parametrize(("scheme", "scale"), [(ColourScheme.LIGHT, 1.0), (ColourScheme.DARK, 2.0)])
def test_a_row_has_room_for_its_two_lines(
    model: PersonaListModel, small_font: Look, scheme: ColourScheme, scale: float
) -> None:
    small_font.apply(scheme, "blue", scale)
    lines = QFontMetrics(theme().font("ui_medium")).height() + QFontMetrics(theme().font("small")).height()
    assert row_height() >= max(44, lines)
    picture = painted(model, 0, QStyle.StateFlag.State_MouseOver)
    assert has(picture, portraits().colour(model.card(model.index(0, 0)).persona_id))
    assert picture.pixelColor(theme().px(60), 1) == theme().colour("hover")


def test_an_avatar_has_the_chosen_colour(model: PersonaListModel, personas: PersonaService) -> None:
    ada = model.card(model.index(0, 0)).persona_id
    personas.set_avatar(ada, "plum")
    portraits().show(personas.colours(), personas.pictures())
    assert has(painted(model, 0), AVATAR_COLOURS["plum"])
    personas.set_avatar(ada, AVATAR_COLOURS["clay"].lower())
    portraits().show(personas.colours(), personas.pictures())
    assert has(painted(model, 0), AVATAR_COLOURS["clay"])
    personas.set_avatar(ada, "#00ff00")
    portraits().show(personas.colours(), personas.pictures())
    assert not has(painted(model, 0), "#00ff00")
    portraits().show({}, {})


def test_an_avatar_has_the_picture_that_was_given(
    model: PersonaListModel, personas: PersonaService, qtbot: QtBot
) -> None:
    ada = model.card(model.index(0, 0)).persona_id
    personas.set_avatar(ada, png=png("#FF0080"))
    with qtbot.waitSignal(portraits().changed):
        portraits().show(personas.colours(), personas.pictures())
    first = painted(model, 0)
    assert has(first, "#FF0080")
    # It is round: in the corner of its square there is the ground.
    middle = first.height() // 2
    assert first.pixelColor(17, middle - 13) == theme().colour("window")
    with qtbot.assertNotEmitted(portraits().changed):
        portraits().show(personas.colours(), personas.pictures())
    personas.set_avatar(ada, png=png("#00FF80"))
    portraits().show(personas.colours(), personas.pictures())
    assert has(painted(model, 0), "#00FF80")
    portraits().show(personas.colours(), {ada: b"\x89PNG broken"})
    assert has(painted(model, 0), portraits().colour(ada))
    portraits().show({}, {})


def test_the_capsule_shows_three_avatars_at_most(started_look: Look) -> None:
    one = capsule([(1, "Ada")], 1.0)
    three = capsule([(number, "Ada") for number in range(1, 4)], 1.0)
    many = capsule([(number, "Ada") for number in range(1, 40)], 2.0)
    assert one.height() == theme().px(36)
    assert one.width() < three.width()
    assert many.height() == 2 * theme().px(36)
    assert has(three.toImage(), portraits().colour(3))


def png(colour: str) -> bytes:
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())
