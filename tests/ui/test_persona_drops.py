"""Dragging personas onto the forum tree and onto posts: what is said before, done after, and taken back."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.desk import Desk
from forllm_desktop.ui.main_window import MainWindow
from forllm_desktop.ui.panes.persona_chooser import PersonaChooser
from forllm_desktop.ui.panes.persona_view import PersonaListView
from forllm_desktop.ui.thread.persona_drops import _Ring
from tests.ui.persona_support import ALT, SHIFT, Drag, Forum


@pytest.fixture
def filled(desk: Desk, window: MainWindow, workspace: Workspace) -> Forum:
    return Forum(desk, window, workspace)


# -- onto a subforum


def test_one_persona_is_assigned(filled: Forum) -> None:
    drag, cooking = filled.over_tree("Nonna"), filled.row("Cooking")
    assert drag.move(cooking)
    assert filled.plan.title == "Assign to Cooking"
    assert [(who.name, who.note) for who in filled.plan.people] == [("Nonna", "v1")]
    assert filled.plan.line == "Cooking stays without a default."
    assert filled.status() == "Drop to assign Nonna to Cooking. Shift makes Nonna the default."
    assert filled.tree._delegate.drop_target.data() == "Cooking"
    assert [who.name for who in filled.tree._delegate.coming] == ["Nonna"]
    filled.window.grab()
    assert drag.drop(cooking)
    assert filled.members(filled.cooking) == ["Nonna"]
    assert filled.hint.plan is None
    assert filled.said() == "Nonna is assigned to Cooking"
    filled.undo()
    assert filled.members(filled.cooking) == []


def test_several_are_assigned_and_one_is_already_there(filled: Forum) -> None:
    drag, physics = filled.over_tree("Skeptic", "Ada"), filled.row("Physics")
    filled.workspace.personas.assign(filled.cooking, filled.ids["Skeptic"])
    assert drag.move(physics)
    assert [who.note for who in filled.plan.people] == ["v1, also in Cooking", "v1, already here"]
    assert filled.plan.line == "Ada stays the default here."
    assert [(key.name, key.words) for key in filled.plan.keys] == [
        ("Shift", "Skeptic becomes the default"),
        ("Esc", "leave everything as it is"),
    ]
    assert [who.name for who in filled.tree._delegate.coming] == ["Skeptic"]
    drag.drop(physics)
    assert filled.members(filled.physics) == ["Ada*", "Skeptic"]


def test_shift_makes_the_first_the_default(filled: Forum) -> None:
    drag, physics = filled.over_tree("Nonna", "Skeptic"), filled.row("Physics")
    drag.move(physics)
    assert drag.move(physics, SHIFT)
    assert filled.plan.line == "Nonna becomes the default here instead of Ada."
    assert filled.plan.keys[0].is_down
    assert filled.status() == "Drop to assign Nonna and Skeptic to Physics and make Nonna the default."
    drag.drop(physics, SHIFT)
    assert filled.members(filled.physics) == ["Ada", "Nonna*", "Skeptic"]
    filled.undo()
    assert filled.members(filled.physics) == ["Ada*"]


def test_the_default_is_not_offered_again(filled: Forum) -> None:
    filled.over_tree("Ada").move(filled.row("Physics"))
    assert [key.name for key in filled.plan.keys] == ["Esc"]
    assert filled.status() == "Everybody is already in Physics."


def test_nothing_new_is_said_without_undo(filled: Forum) -> None:
    filled.over_tree("Ada").drop(filled.row("Physics"))
    assert filled.said() == ""
    assert filled.status() == "Ada is already there"


def test_leaving_and_escape_change_nothing(filled: Forum) -> None:
    drag = filled.over_tree("Nonna")
    drag.move(filled.row("Cooking"))
    drag.leave()
    assert filled.hint.plan is None
    assert filled.status() == ""
    assert not filled.tree._delegate.drop_target.isValid()
    assert filled.members(filled.cooking) == []


@pytest.mark.parametrize("word", ["Assign", "Assign, Nonna as default", "Cancel"])
def test_with_alt_the_drop_asks_what_is_meant(filled: Forum, word: str) -> None:
    assert filled.over_tree("Nonna").drop(filled.row("Cooking"), ALT)
    menu = next(menu for menu in filled.window.findChildren(QMenu) if menu.isVisible())
    assert filled.members(filled.cooking) == []
    next(action for action in menu.actions() if action.text() == word).trigger()
    menu.close()
    expected = {"Assign": ["Nonna"], "Cancel": []}.get(word, ["Nonna*"])
    assert filled.members(filled.cooking) == expected


def test_the_hint_stays_in_the_window_beside_the_row(filled: Forum, workspace: Workspace) -> None:
    filled.over_tree("Nonna", "Skeptic").move(filled.row("Cooking"))
    hint, row = filled.hint, filled.tree.mapTo(filled.window, QPoint(filled.tree.width(), 0)).x()
    assert hint.x() >= row
    workspace.settings.change(text_size=200)
    filled.window.resize(700, 500)
    filled.window.panes.show_sidebar(True)
    filled.over_tree("Nonna", "Skeptic").move(filled.row("Cooking"))
    assert filled.window.rect().contains(filled.hint.geometry())


# -- refused


def test_empty_space_takes_nobody(filled: Forum) -> None:
    drag = filled.over_tree("Nonna")
    drag.move(filled.row("Cooking"))
    below = QPoint(40, filled.tree.viewport().height() - 3)
    assert not drag.move(below)
    assert filled.hint.plan is None
    assert not drag.drop(below)


def test_the_row_of_a_new_subforum_takes_nobody(filled: Forum) -> None:
    index = filled.tree.model().begin_subforum()
    assert not filled.over_tree("Nonna").move(filled.tree.visualRect(index).center())


@pytest.mark.parametrize("target", ["Cooking", "Why is the sky blue?"])
def test_a_persona_deleted_meanwhile_is_refused_in_words(filled: Forum, target: str) -> None:
    filled.set_up_model()
    drag, point = filled.over_tree("Nonna"), filled.row(target)
    filled.workspace.personas.delete(filled.ids["Nonna"])
    assert not drag.move(point)
    assert filled.plan.line == "Nonna cannot answer. This persona is deleted."
    assert not filled.tree._delegate.drop_target.isValid()
    filled.window.grab()
    assert not drag.drop(point)
    assert filled.said() == "Nonna cannot answer. This persona is deleted."
    assert filled.members(filled.cooking) == []


def test_a_subforum_deleted_meanwhile_is_refused(filled: Forum) -> None:
    drag, point = filled.over_tree("Nonna"), filled.row("Cooking")
    filled.workspace.forum.delete_subforum(filled.cooking)
    assert not drag.move(point)
    assert filled.plan.refusal is not None


def test_without_a_model_a_topic_refuses_in_words(filled: Forum) -> None:
    drag, topic = filled.over_tree("Nonna"), filled.row("Why is the sky blue?")
    assert not drag.move(topic)
    assert filled.status() == "No model is set up. Choose one in Settings, Servers."
    drag.drop(topic)
    assert filled.asked() == []
    assert filled.members(filled.physics) == ["Ada*"]


def test_another_window_s_personas_are_not_taken(filled: Forum) -> None:
    data = filled.data("Nonna")
    kind = data.formats()[0]
    raw = bytes(data.data(kind).data())
    data.setData(kind, raw.replace(b'"process": ', b'"process": 9'))
    assert not Drag(filled.tree.viewport(), data).move(filled.row("Cooking"))


# -- onto a topic


def test_a_topic_is_asked_and_whoever_was_not_there_is_assigned(filled: Forum) -> None:
    model = filled.set_up_model()
    drag, topic = filled.over_tree("Ada", "Skeptic"), filled.row("Why is the sky blue?")
    assert drag.move(topic)
    assert filled.plan.title == "Ask in “Why is the sky blue?”"
    assert [who.note for who in filled.plan.people] == ["v1, tiny", "v1, tiny"]
    assert filled.status() == ("Drop to ask Ada and Skeptic there. Skeptic is assigned to Physics as well.")
    assert drag.drop(topic)
    assert filled.asked() == [
        (filled.ids[name], filled.post.post_id, model.name) for name in ("Ada", "Skeptic")
    ]
    assert filled.members(filled.physics) == ["Ada*", "Skeptic"]
    assert filled.said() == (
        "Ada and Skeptic will answer in “Why is the sky blue?”; Skeptic is now assigned to Physics"
    )
    filled.undo()
    assert filled.asked() == []
    assert filled.members(filled.physics) == ["Ada*"]
    assert filled.said() == "The requests are cancelled"


def test_a_persona_is_asked_with_the_model_it_prefers(filled: Forum) -> None:
    server = filled.set_up_model().server_id
    options = PersonaOptions(model=ModelChoice(server, "large"))
    filled.workspace.personas.change(filled.ids["Nonna"], options=options)
    filled.over_tree("Nonna").drop(filled.row("Why is the sky blue?"))
    assert [model for _, _, model in filled.asked()] == ["large"]


# -- onto a post


def test_a_post_is_asked_about(filled: Forum, qtbot: QtBot) -> None:
    filled.set_up_model()
    view = filled.thread(qtbot)
    drag, point = Drag(view.viewport(), filled.data("Skeptic")), _on_post(view)
    assert drag.move(point)
    assert filled.plan.title == "Ask about your post"
    assert filled.status() == ("Drop to ask Skeptic about your post. Skeptic is assigned to Physics as well.")
    ring = view.viewport().findChild(_Ring)
    assert ring.isVisible()
    assert ring.geometry().contains(point)
    filled.window.grab()
    assert drag.drop(point)
    assert not ring.isVisible()
    assert filled.asked() == [(filled.ids["Skeptic"], filled.post.post_id, "tiny")]
    assert filled.said() == "Skeptic will answer in “Why is the sky blue?”, now assigned to Physics"
    filled.undo()
    assert filled.members(filled.physics) == ["Ada*"]


def test_beside_posts_and_without_a_model_nothing_is_taken(filled: Forum, qtbot: QtBot) -> None:
    view = filled.thread(qtbot)
    drag = Drag(view.viewport(), filled.data("Skeptic"))
    assert not drag.move(_on_post(view))
    assert filled.plan.refusal is not None
    assert not view.viewport().findChild(_Ring).isVisible()
    assert not drag.move(QPoint(200, view.viewport().height() - 60))
    assert filled.hint.plan is None
    drag.leave()
    assert filled.asked() == []


def test_a_reply_that_is_not_finished_refuses(filled: Forum) -> None:
    filled.set_up_model()
    wish = filled.workspace.asking.wishes([filled.ids["Ada"]])[0]
    job = filled.workspace.queue.ask_about(filled.post.post_id, wish)
    claim = filled.workspace.queue.claim([job.request_id])
    assert claim is not None
    plan = filled.desk._personas.drops._plans.for_post(claim.reply.post_id, [filled.ids["Ada"]])
    assert plan.line == "This reply is not finished. Wait for it, or try its request again."


def test_the_thread_scrolls_under_a_drag_near_its_edge(filled: Forum, qtbot: QtBot) -> None:
    for number in range(30):
        filled.workspace.forum.add_post(filled.topic.topic_id, f"Reply {number}", filled.post.post_id)
    view = filled.thread(qtbot)
    bar = view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(0)
    drag = Drag(view.viewport(), filled.data("Skeptic"))
    drag.move(QPoint(200, view.viewport().height() - 4))
    qtbot.waitUntil(lambda: bar.value() > 60)
    drag.leave()
    stopped = bar.value()
    QTest.qWait(120)
    assert bar.value() == stopped


# -- what starts a drag


def _press_and_move(view, start: QPoint, button: Qt.MouseButton) -> None:
    viewport = view.viewport()
    QTest.mousePress(viewport, button, Qt.KeyboardModifier.NoModifier, start)
    far = start + QPoint(0, 3 * QApplication.startDragDistance())
    for point in (far, far + QPoint(0, 5)):
        where = viewport.mapToGlobal(QPointF(point))
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(point), where, button, button, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(viewport, event)


@pytest.mark.parametrize("button", [Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton])
def test_a_row_of_the_dock_is_dragged_by_both_buttons(
    filled: Forum, monkeypatch: pytest.MonkeyPatch, button: Qt.MouseButton
) -> None:
    started: list[tuple] = []
    monkeypatch.setattr(
        "forllm_desktop.ui.panes.persona_view.drag_personas",
        lambda _view, who, *, offers_menu: started.append((list(who), offers_menu)),
    )
    row = filled.list.visualRect(filled.list.model().index_of(filled.ids["Nonna"])).center()
    _press_and_move(filled.list, row, button)
    assert started == [([(filled.ids["Nonna"], "Nonna")], button is Qt.MouseButton.RightButton)]
    assert not [menu for menu in filled.window.findChildren(QMenu) if menu.isVisible()]


def test_an_avatar_in_the_tree_is_dragged(filled: Forum, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.workspace.personas.assign(filled.physics, filled.ids["Skeptic"])
    filled.tree.model().refresh()
    started: list[list] = []
    monkeypatch.setattr(
        "forllm_desktop.ui.panes.forum_view.drag_personas", lambda _view, who: started.append(list(who))
    )
    index = filled.tree.model().index(0, 0)
    rect = filled.tree.visualRect(index)
    who = {
        one.name: QPoint(x, rect.center().y())
        for x in range(rect.left(), rect.right())
        if (one := filled.tree._delegate.persona_at(rect, index, QPoint(x, rect.center().y()), is_open=False))
    }
    assert sorted(who) == ["Ada", "Skeptic"]
    filled.tree.collapse(index)
    _press_and_move(filled.tree, who["Skeptic"], Qt.MouseButton.LeftButton)
    assert started == [[(filled.ids["Skeptic"], "Skeptic")]]


# -- without a mouse


def _chooser(filled: Forum) -> PersonaChooser:
    return next(one for one in filled.window.findChildren(PersonaChooser) if one.isVisible())


def test_personas_are_assigned_by_keyboard(filled: Forum, qtbot: QtBot) -> None:
    filled.tree.setCurrentIndex(filled.tree.model().index(0, 0))
    qtbot.keyClick(filled.tree, Qt.Key.Key_P, ALT)
    chooser = _chooser(filled)
    view = chooser.findChild(PersonaListView)
    names = [view.model().index(row, 0).data() for row in range(view.model().rowCount())]
    assert names == ["Assistant", "Nonna", "Skeptic"], "Ada is already there"
    field = chooser.findChild(QLineEdit)
    qtbot.keyClick(field, Qt.Key.Key_Down)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Space):
        qtbot.keyClick(view, key)
    assert "Assign 2" in [button.text() for button in chooser.findChildren(QPushButton)]
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert filled.members(filled.physics) == ["Ada*", "Nonna", "Skeptic"]


def test_the_second_button_assigns_as_the_default(filled: Forum, qtbot: QtBot) -> None:
    filled.tree.setCurrentIndex(filled.tree.model().index(0, 0))
    qtbot.keyClick(filled.tree, Qt.Key.Key_P, ALT)
    chooser = _chooser(filled)
    button = next(b for b in chooser.findChildren(QPushButton) if b.text() == "Assign as default")
    assert not button.isEnabled()
    qtbot.keyClicks(chooser.findChild(QLineEdit), "skep")
    chooser.findChild(PersonaListView).selectAll()
    button.click()
    assert filled.members(filled.physics) == ["Ada", "Skeptic*"]


def test_a_persona_is_asked_by_keyboard(filled: Forum, qtbot: QtBot) -> None:
    filled.set_up_model()
    filled.workspace.personas.set_active(filled.ids["Nonna"], False)
    filled.tree.expand(filled.tree.model().index(0, 0))
    filled.tree.setCurrentIndex(filled.tree.model().index(0, 0, filled.tree.model().index(0, 0)))
    qtbot.keyClick(filled.tree, Qt.Key.Key_P, ALT)
    chooser = _chooser(filled)
    field = chooser.findChild(QLineEdit)
    qtbot.keyClicks(field, "nonna")
    assert not chooser.findChild(PersonaListView).model().rowCount(), "who is off cannot be asked"
    field.clear()
    qtbot.keyClicks(field, "skep")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert filled.asked() == [(filled.ids["Skeptic"], filled.post.post_id, "tiny")]


def _on_post(view) -> QPoint:
    """Return a point on the first post."""
    slot = view.writer.slots[0]
    return QPoint(200, round(view.top_of(slot)) - view.offset + 10)
