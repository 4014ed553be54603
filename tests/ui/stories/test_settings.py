"""Settings: the look, a server, the default model."""

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLineEdit, QListWidget

from forllm_desktop.ui.widgets.accent_picker import AccentPicker
from tests.fakes import FakeOllama
from tests.ui.stories.driver import User

LIGHT, DARK = "#f4f4f6", "#18191c"
CORNER = (400, 4)


def test_change_the_look(user: User, ollama: FakeOllama) -> None:
    user.start()
    user.press("Ctrl+,")
    user.click_row("Appearance", QListWidget)
    user.click("Light")
    user.wait(lambda: user.window_colour(*CORNER) == LIGHT, "a light tool bar")
    user.click("Dark")
    user.wait(lambda: user.window_colour(*CORNER) == DARK, "a dark tool bar")
    user.sees("Colours: changed")

    swatches = user.find(AccentPicker, "Accent")
    user.click_at(swatches, QPoint(28 + 14, swatches.height() // 2))
    user.sees("Accent: teal")

    before = user.focus().fontMetrics().height()
    field = user.find(QLineEdit, "Text size")
    user.click_at(field, field.rect().center())
    user.press("Ctrl+A")
    user.write("150")
    user.press("Return")
    user.wait(lambda: user.find(QLineEdit, "Text size").fontMetrics().height() > before * 1.3, "larger text")

    user.quit()
    user.start()
    user.wait(lambda: user.window_colour(*CORNER) == DARK, "still dark")


def test_add_a_server_test_it_and_choose_its_model(user: User, empty_forum: None) -> None:
    with FakeOllama() as server:
        user.start()
        user.press("Ctrl+,")
        user.sees("No server is known yet.")
        user.click("Add a server")
        user.wait(lambda: user.focus().accessibleName() == "Address", "the keyboard in the address")
        user.write("not an address")
        user.press("Return")
        user.sees("This is not an address of a server")
        user.press("Ctrl+A")
        user.write(server.url)
        user.press("Return")
        user.sees(f"127.0.0.1:{server.port}")
        user.click("Test")
        user.sees("0.33.3")
        user.pick("Default model", "qwen3:8b")
        user.sees("qwen3:8b is the default model now")
        user.leave()
