"""What models can is asked by itself: once, again when it is old, and not where nothing answers."""

import pytest

from forllm_desktop.services.workspace import Workspace, open_workspace
from forllm_desktop.ui.window_watch import WindowWatch
from tests.builders import FixedClock
from tests.fakes import FakeOllama
from tests.ui.gui_loop import Run, run, until

__all__ = ["run"]

pytestmark = pytest.mark.usefixtures("started_look")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def workspace(tmp_path, database_path, clock):
    opened = open_workspace(tmp_path, clock=clock)
    yield opened
    opened.close()


def test_the_default_model_is_asked_once_and_again_when_that_is_old(
    workspace: Workspace, clock: FixedClock, run: Run
) -> None:
    async def story() -> None:
        choice = workspace.models.choose("qwen3:8b", fake.url)
        watch = WindowWatch(workspace)
        await until(lambda: workspace.windows.facts(choice))
        shown = len(fake.requests("/api/show"))
        watch.look()
        await until(lambda: not watch._background.is_busy)
        assert len(fake.requests("/api/show")) == shown
        clock.advance(25 * 3600)
        watch.look()
        await until(lambda: len(fake.requests("/api/show")) > shown)
        await until(lambda: not watch._background.is_busy)
        assert fake.chats == []
        assert fake.loads == []

    with FakeOllama() as fake:
        run(story())


def test_a_server_that_is_away_is_left_alone_until_servers_change(workspace: Workspace, run: Run) -> None:
    async def story() -> None:
        choice = workspace.models.choose("qwen3:8b", fake.url)
        fake.refuse()
        watch = WindowWatch(workspace)
        await until(lambda: watch._silent)
        fake.accept_again()
        watch.look()
        await until(lambda: not watch._background.is_busy)
        assert workspace.windows.facts(choice) is None
        workspace.events.servers_changed.emit()
        await until(lambda: workspace.windows.facts(choice))

    with FakeOllama() as fake:
        run(story())
