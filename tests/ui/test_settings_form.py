"""The form made from the options: stored at once, wrong values kept and explained, the way back."""

from dataclasses import fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.settings import SECTIONS, Settings
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.widgets.accent_picker import AccentPicker
from forllm_desktop.ui.widgets.settings_form import OptionRow, SettingsForm, options_of
from forllm_desktop.ui.widgets.switch import Switch

pytestmark = pytest.mark.usefixtures("started_look")


@pytest.fixture
def form(workspace: Workspace, qtbot: QtBot) -> SettingsForm:
    options = [option for section in SECTIONS for option in options_of(section)]
    made = SettingsForm(workspace.settings, workspace.events, options)
    qtbot.addWidget(made)
    made.resize(640, 900)
    made.show()
    return made


def row(form: SettingsForm, name: str) -> OptionRow:
    return form._rows[name]


def line(form: SettingsForm, name: str) -> QLineEdit:
    return row(form, name).findChild(QLineEdit)


def errors(form: SettingsForm, name: str) -> str:
    label = row(form, name)._error
    return label.text() if label.isVisible() else ""


def type_into(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_every_option_with_a_section_is_in_the_form() -> None:
    shown = {option.name for section in SECTIONS for option in options_of(section)}
    assert shown == {option.name for option in fields(Settings) if option.metadata["section"]}
    assert "queue_paused" not in shown


def test_switch_is_stored_at_once_by_mouse_and_by_keys(
    form: SettingsForm, workspace: Workspace, qtbot: QtBot
) -> None:
    switch = row(form, "think").findChild(Switch)
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert workspace.settings.current().think is False
    switch.setFocus()
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert workspace.settings.current().think is True
    qtbot.keyClick(switch, Qt.Key.Key_Return)
    assert workspace.settings.current().think is False


def test_number_is_stored_when_it_is_finished(form: SettingsForm, workspace: Workspace, qtbot: QtBot) -> None:
    with qtbot.waitSignal(form.changed) as said:
        type_into(qtbot, line(form, "text_size"), "150")
    assert said.args == ["Text size", "text_size", 100]
    assert workspace.settings.current().text_size == 150


def test_arrow_keys_change_a_number_within_its_range(
    form: SettingsForm, workspace: Workspace, qtbot: QtBot
) -> None:
    field = line(form, "text_size")
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert workspace.settings.current().text_size == 110
    for _ in range(20):
        qtbot.keyClick(field, Qt.Key.Key_Up)
    assert workspace.settings.current().text_size == 200


@pytest.mark.parametrize("typed", ["500", "abc", ""])
def test_wrong_number_stays_as_typed_and_is_explained(
    form: SettingsForm, workspace: Workspace, qtbot: QtBot, typed: str
) -> None:
    field = line(form, "text_size")
    field.setFocus()
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    qtbot.keyClicks(field, typed)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == typed
    assert errors(form, "text_size")
    assert workspace.settings.current().text_size == 100
    workspace.settings.change(think=False)
    assert field.text() == typed, "another option's change keeps it"
    type_into(qtbot, field, "120")
    assert errors(form, "text_size") == ""
    assert workspace.settings.current().text_size == 120


def test_segments_and_swatches_are_walked_with_arrow_keys(
    form: SettingsForm, workspace: Workspace, qtbot: QtBot
) -> None:
    button = next(
        b for b in row(form, "color_scheme").findChildren(QAbstractButton) if b.text() == "As the system"
    )
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Right)
    assert workspace.settings.current().color_scheme == "light"
    picker = row(form, "accent").findChild(AccentPicker)
    picker.setFocus()
    qtbot.keyClick(picker, Qt.Key.Key_Right)
    assert workspace.settings.current().accent == "teal"
    assert picker.accessibleName() == "Accent: teal"


def test_default_comes_back_by_its_button(form: SettingsForm, workspace: Workspace, qtbot: QtBot) -> None:
    reset = row(form, "stall_limit")._reset
    assert not reset.isVisible()
    type_into(qtbot, line(form, "stall_limit"), "300")
    assert reset.isVisible()
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert workspace.settings.current().stall_limit == 120
    assert line(form, "stall_limit").text() == "120"
    assert not reset.isVisible()


def test_change_from_elsewhere_is_shown(form: SettingsForm, workspace: Workspace) -> None:
    workspace.settings.change(think=False, accent="rose", text_size=130)
    assert not row(form, "think").findChild(Switch).isChecked()
    assert line(form, "text_size").text() == "130"


def test_filter_looks_at_labels_help_and_choices(form: SettingsForm) -> None:
    assert form.filter("dark")
    assert [name for name in form._rows if form._rows[name].isVisible()] == ["color_scheme"]
    assert not form.filter("xyzzy")
    assert form.filter("")


def test_every_control_has_an_accessible_name(form: SettingsForm) -> None:
    nameless = [
        widget
        for kind in (QAbstractButton, QLineEdit, QComboBox, QToolButton, AccentPicker)
        for widget in form.findChildren(kind)
        if not widget.accessibleName()
    ]
    assert nameless == []


def test_nothing_is_cut_at_twice_the_text_size(form: SettingsForm, started_look, qtbot: QtBot) -> None:
    from forllm_desktop.ui.theme import ColourScheme

    started_look.apply(ColourScheme.DARK, "teal", 2.0)
    form.resize(1280, form.sizeHint().height())
    form.show()
    for widget in form.findChildren(QWidget):
        if widget.isVisible() and isinstance(widget, QAbstractButton | QLineEdit):
            assert widget.width() >= widget.minimumSizeHint().width(), widget.accessibleName()
            assert widget.height() >= widget.minimumSizeHint().height(), widget.accessibleName()


def test_a_wrong_number_is_said_while_it_is_typed_and_no_longer_once_it_fits(
    form: SettingsForm, workspace: Workspace, qtbot: QtBot
) -> None:
    field = line(form, "context_window")
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "51")
    assert errors(form, "context_window") == "", "not before a pause"
    qtbot.waitUntil(lambda: errors(form, "context_window") == "It must be between 512 and 4,194,304.")
    with qtbot.waitSignal(form.typing) as told:
        qtbot.keyClicks(field, "2")
    assert told.args == ["context_window", 512]
    assert errors(form, "context_window") == ""
    assert workspace.settings.current().context_window == 8192, "stored when it is finished"


def test_lines_are_typed_as_lines_and_stored_when_the_field_is_left(
    form: SettingsForm, workspace: Workspace, qtbot: QtBot
) -> None:
    field = row(form, "files_block").findChild(QPlainTextEdit)
    field.setFocus()
    qtbot.keyClicks(field, "*.log")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClicks(field, "drafts/")
    assert workspace.settings.current().files_block == ""
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert workspace.settings.current().files_block == "*.log\ndrafts/"
    field.setFocus()
    qtbot.keyClicks(field, "x")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert workspace.settings.current().files_block == "*.log\ndrafts/"
    qtbot.mouseClick(row(form, "files_block")._reset, Qt.MouseButton.LeftButton)
    assert workspace.settings.current().files_block == ""
    assert field.toPlainText() == ""


def test_a_number_may_be_typed_as_the_app_writes_it(
    form: SettingsForm, workspace: Workspace, qtbot: QtBot
) -> None:
    type_into(qtbot, line(form, "context_window"), "16,384")
    assert workspace.settings.current().context_window == 16384
    assert line(form, "context_window").text() == "16384"
    type_into(qtbot, line(form, "context_window"), "1,5")
    assert errors(form, "context_window")
