"""The welcome: what is found is chosen by itself, Ctrl+Enter asks, and nothing typed is ever lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QFileDialog, QLabel, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.services import model_files
from forllm_desktop.services import models as models_module
from forllm_desktop.services.model_sources import Source
from forllm_desktop.services.workspace import Workspace, open_workspace
from forllm_desktop.ui.pages import welcome_models
from forllm_desktop.ui.pages.welcome import WelcomePage
from forllm_desktop.ui.theme import ColourScheme, Look
from forllm_desktop.ui.widgets.choice_card import ChoiceCard
from forllm_desktop.ui.widgets.choice_row import ChoiceRow
from tests.fakes import FakeOllama
from tests.ui.gui_loop import Run, run, until

__all__ = ["run"]

pytestmark = pytest.mark.usefixtures("started_look", "run")
TinyGguf = Callable[[str], Path]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that lie on the disk; none at first."""
    found: list[Path] = []
    monkeypatch.setattr(model_files, "find_gguf_files", lambda: list(found))
    return found


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """The ports that are asked; none at first."""
    asked: dict[int, str] = {}
    monkeypatch.setattr(models_module, "WELL_KNOWN_PORTS", asked)
    monkeypatch.setattr(welcome_models, "installed_programs", dict)
    return asked


@pytest.fixture
def workspace(
    tmp_path: Path, database_path: Path, files: list[Path], ports: dict[int, str]
) -> Iterator[Workspace]:
    opened = open_workspace(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def page(workspace: Workspace, qtbot: QtBot) -> WelcomePage:
    ws = workspace
    made = WelcomePage(ws.forum, ws.queue, ws.personas, ws.models, ws.settings, ws.events)
    qtbot.addWidget(made)
    made.resize(1200, 900)
    return made


@contextmanager
def ollama(ports: dict[int, str]) -> Iterator[FakeOllama]:
    with FakeOllama() as fake:
        ports[int(fake.url.rpartition(":")[2])] = "Ollama"
        yield fake


def rows(page: QWidget) -> dict[str, ChoiceRow]:
    return {row.text(): row for row in page.findChildren(ChoiceRow) if row.isVisible()}


def ask_button(page: QWidget) -> QAbstractButton:
    return next(b for b in page.findChildren(QAbstractButton) if b.text().startswith("Post and ask"))


def click(qtbot: QtBot, page: QWidget, name: str) -> None:
    button = next(b for b in page.findChildren(QAbstractButton) if b.text() == name and b.isVisible())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def words(page: QWidget) -> str:
    return " | ".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def picker(page: QWidget) -> QComboBox:
    return page.findChild(QComboBox)


async def looked(page: WelcomePage) -> None:
    await until(lambda: "Found in" in words(page))


def test_ctrl_enter_asks_as_soon_as_a_server_was_found(
    page: WelcomePage, workspace: Workspace, ports: dict[int, str], qtbot: QtBot, run: Run
) -> None:
    started: list[int] = []
    page.started.connect(started.append)

    async def story() -> None:
        page.show()
        page.activateWindow()
        assert not ask_button(page).isEnabled()
        await until(ask_button(page).isEnabled)
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    with ollama(ports):
        run(story())
    (topic_id,) = started
    (subforum,) = workspace.forum.subforums()
    (job,) = workspace.queue.jobs()
    topic = workspace.forum.topic(topic_id)
    assert (subforum.name, topic.title) == ("Physics", "Why does a spinning top not fall?")
    persona = workspace.personas.persona(workspace.personas.resolve(subforum.subforum_id).persona_id or 0)
    assert (persona.name, job.llm_model) == ("Ada", "llama3.2:latest")
    (server,) = workspace.models.servers()
    assert (server.server_id, server.kind) == (job.server_id, "ollama")
    assert workspace.settings.current().default_model == "llama3.2:latest"


def test_own_question_in_another_example_by_keys_alone(
    page: WelcomePage, workspace: Workspace, files: list[Path], qtbot: QtBot, run: Run, tiny_gguf: TinyGguf
) -> None:
    files.append(tiny_gguf("chat"))

    async def story() -> None:
        page.show()
        page.activateWindow()
        await until(ask_button(page).isEnabled)
        cards = page.findChildren(ChoiceCard)
        cards[0].setFocus()
        qtbot.keyClick(cards[0], Qt.Key.Key_Right)
        assert cards[1].isChecked()
        assert ask_button(page).text() == "Post and ask Nonna"
        page._question.focus_text()
        qtbot.keyClicks(page._question.text, "How do I fry an egg?")
        qtbot.keyClick(page._question.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    with qtbot.waitSignal(page.started, timeout=10_000):
        run(story())
    (subforum,) = workspace.forum.subforums()
    (topic,) = workspace.forum.topics(subforum.subforum_id)
    (job,) = workspace.queue.jobs()
    assert (subforum.name, topic.title) == ("Cooking", "How do I fry an egg?")
    assert job.llm_model == str(tiny_gguf("chat"))
    assert job.server_id == workspace.models.engine().server_id


def test_server_is_preferred_to_the_engine_and_both_can_be_chosen(
    page: WelcomePage, ports: dict[int, str], files: list[Path], qtbot: QtBot, run: Run, tiny_gguf: TinyGguf
) -> None:
    files.append(tiny_gguf("chat"))

    async def story() -> None:
        page.show()
        await looked(page)
        assert rows(page)["Ollama"].isChecked()
        assert picker(page).currentText() == "llama3.2:latest"
        assert picker(page).findText("gpt-oss:120b-cloud") >= 0
        qtbot.mouseClick(rows(page)["Built-in engine"], Qt.MouseButton.LeftButton)
        assert picker(page).currentText() == "tiny-chat.gguf"
        assert "Nothing leaves this computer." in words(page)
        page._models.look_again()
        await until(lambda: "Ollama" in rows(page) and rows(page)["Ollama"].isEnabled())
        assert rows(page)["Built-in engine"].isChecked(), "what the user chose stays chosen"

    with ollama(ports):
        run(story())
    assert "1 server, 1 model file" in words(page)


def test_model_that_runs_elsewhere_is_said_to(page: WelcomePage, ports: dict[int, str], run: Run) -> None:
    async def story() -> None:
        page.show()
        await until(lambda: picker(page).count())
        box = picker(page)
        box.setCurrentIndex(box.findText("gpt-oss:120b-cloud"))
        box.activated.emit(box.currentIndex())

    with ollama(ports):
        run(story())
    assert "gpt-oss:120b-cloud runs elsewhere: your texts leave this computer." in words(page)


def test_without_any_model_it_says_what_to_do_and_keeps_the_question(
    page: WelcomePage, workspace: Workspace, qtbot: QtBot, run: Run, tiny_gguf: TinyGguf
) -> None:
    async def story() -> None:
        page.show()
        await looked(page)
        assert "No model was found yet" in words(page)
        assert not rows(page)["Built-in engine"].isEnabled()
        page._question.focus_text()
        qtbot.keyClicks(page._question.text, "Why?")
        qtbot.keyClick(page._question.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert "There is no model yet" in words(page)
        assert workspace.forum.subforums() == []

        click(qtbot, page, "Choose a file…")
        await until(lambda: page.findChildren(QFileDialog))
        (dialog,) = page.findChildren(QFileDialog)
        dialog.selectFile(str(tiny_gguf("chat")))
        dialog.accept()
        await until(ask_button(page).isEnabled)
        assert page._question.typed() == "Why?"
        click(qtbot, page, "Post and ask Ada")

    with qtbot.waitSignal(page.started, timeout=10_000):
        run(story())
    assert workspace.models.picked_files() == [str(tiny_gguf("chat"))]


def test_installed_program_whose_server_is_off_is_named(
    page: WelcomePage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(welcome_models, "installed_programs", lambda: {"LM Studio": 1234})

    async def story() -> None:
        page.show()
        await looked(page)
        page._models.look_again()
        await until(lambda: "LM Studio" in rows(page))
        await looked(page)

    run(story())
    row = rows(page)["LM Studio"]
    assert "Start it there, then look again" in row.facts()
    assert not row.isEnabled()
    assert len([r for r in page.findChildren(ChoiceRow) if r.text() == "LM Studio" and r.isVisible()]) == 1


def test_server_is_added_in_the_page(page: WelcomePage, workspace: Workspace, qtbot: QtBot, run: Run) -> None:
    async def story(url: str) -> None:
        page.show()
        await looked(page)
        click(qtbot, page, "Add a server or a file")
        (menu,) = page.findChildren(QMenu)
        menu.actions()[1].trigger()
        menu.close()
        address = next(f for f in page.findChildren(QLineEdit) if f.accessibleName() == "Address")
        qtbot.keyClicks(address, "no address")
        qtbot.keyClick(address, Qt.Key.Key_Return)
        assert address.isVisible()
        assert "not an address" in words(page)
        address.selectAll()
        qtbot.keyClicks(address, url)
        qtbot.keyClick(address, Qt.Key.Key_Return)
        await until(ask_button(page).isEnabled)

    with FakeOllama() as fake:
        run(story(fake.url))
    assert len(workspace.models.servers()) == 1
    assert picker(page).currentText() == "llama3.2:latest"


def test_typed_question_survives_another_example_and_an_error(
    page: WelcomePage, ports: dict[int, str], qtbot: QtBot, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ForllmError("The disk is full", "Free some space.")

    monkeypatch.setattr("forllm_desktop.ui.pages.welcome.ask_first_question", refuse)

    async def story() -> None:
        page.show()
        await until(ask_button(page).isEnabled)
        cards = page.findChildren(ChoiceCard)
        qtbot.mouseClick(cards[2], Qt.MouseButton.LeftButton)
        assert page._question.typed() == "Does a story need a villain?"
        page._question.focus_text()
        qtbot.keyClicks(page._question.text, "My own")
        qtbot.mouseClick(cards[3], Qt.MouseButton.LeftButton)
        assert page._question.typed() == "My own"
        click(qtbot, page, "Post and ask Librarian")

    with ollama(ports):
        run(story())
    assert "The disk is full" in words(page)
    assert page._question.typed() == "My own"


def test_suggestion_is_taken_by_its_button(page: WelcomePage, qtbot: QtBot, run: Run) -> None:
    async def story() -> None:
        page.show()
        click(qtbot, page, "Why is the sky dark at night?")

    run(story())
    assert page._question.typed() == "Why is the sky dark at night?"


def test_empty_start_is_possible(page: WelcomePage, workspace: Workspace, qtbot: QtBot, run: Run) -> None:
    async def story() -> None:
        page.show()
        click(qtbot, page, "Start empty")

    with qtbot.waitSignal(page.skipped, timeout=10_000):
        run(story())
    assert workspace.forum.subforums() == []


def test_server_without_a_model_cannot_be_chosen(page: WelcomePage, ports: dict[int, str], run: Run) -> None:
    async def story() -> None:
        page.show()
        await looked(page)

    with ollama(ports) as fake:
        fake.models.clear()
        run(story())
    assert not rows(page)["Ollama"].isEnabled()
    assert "no model yet" in rows(page)["Ollama"].facts()
    assert not ask_button(page).isEnabled()


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_cards_fit_in_a_narrow_window(page: WelcomePage, started_look: Look, run: Run, scale: float) -> None:
    started_look.apply(ColourScheme.LIGHT, "blue", scale)
    page.resize(900, 900)

    async def story() -> None:
        page.show()

    run(story())
    for card in page.findChildren(ChoiceCard):
        assert card.width() >= card.minimumSizeHint().width()
    ask = ask_button(page)
    assert ask.width() >= ask.minimumSizeHint().width()
    assert ask.mapTo(page, ask.rect().bottomRight()).x() < page.width()


def test_every_control_has_an_accessible_name(page: WelcomePage, ports: dict[int, str], run: Run) -> None:
    async def story() -> None:
        page.show()
        await looked(page)

    with ollama(ports):
        run(story())
    controls = [*page.findChildren(QAbstractButton), *page.findChildren(QComboBox)]
    assert [w for w in controls if w.isVisible() and not w.accessibleName()] == []


def test_source_is_ready_only_when_it_says_so() -> None:
    from forllm_desktop.llm.backend import ServerState

    assert not Source(0, "x", "http://x", None, ServerState.AUTH).is_ready
