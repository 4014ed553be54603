"""Draws the scenes in each look and collects what is wrong with them."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication

from forllm_desktop.ui.icons import load_icons
from tests.builders import FixedClock
from tests.fakes import FakeOllama
from tests.screenshots import (  # noqa: F401 (their scenes)
    attachment_scenes,
    chain_scenes,
    composer_scenes,
    context_scenes,
    dragging_scenes,
    generation_scenes,
    generator_scenes,
    persona_scenes,
    prompt_scenes,
)
from tests.screenshots.checking import problems_of
from tests.screenshots.content import STILL, Filled, empty_workspace, filled_workspace
from tests.screenshots.scenes import SCENES, Scene
from tests.screenshots.stage import USUAL_WIDTH, Stage
from tests.tiny_gguf import make_tiny_gguf

NOW = datetime(2025, 11, 9, 16, 20, tzinfo=UTC)
"""When what the pictures show begins; it takes two days and an evening."""
CLOCKS = (
    "forllm_desktop.ui.item_models.queue_table.utc_now",
    "forllm_desktop.ui.pages.trash.utc_now",
    "forllm_desktop.ui.editor.persona_work.utc_now",
    "forllm_desktop.ui.pages.personas.utc_now",
    "forllm_desktop.ui.pages.settings_files.utc_now",
    "forllm_desktop.ui.pages.settings_windows.utc_now",
)
"""Where the window reads the time by itself."""


@dataclass(frozen=True)
class Variant:
    """A look: "light" or "dark", the text size in percent, and how wide the window is in px."""

    scheme: str
    scale: int
    width: int = USUAL_WIDTH

    @property
    def name(self) -> str:
        usual = f"{self.scheme}-{self.scale}"
        return usual if self.width == USUAL_WIDTH else f"{usual}-{self.width}"


VARIANTS = [
    *(Variant(scheme, scale) for scale in (100, 200) for scheme in ("light", "dark")),
    Variant("light", 100, 480),
    Variant("dark", 100, 640),
    Variant("light", 100, 1000),
    Variant("light", 200, 480),
    Variant("dark", 200, 640),
    Variant("dark", 200, 1000),
]


def draw(
    loop: asyncio.AbstractEventLoop,
    folder: Path,
    scenes: Sequence[Scene] = SCENES,
    variants: Sequence[Variant] = VARIANTS,
    say: Callable[[str], object] = lambda _line: None,
) -> list[str]:
    """Draw pictures into a folder; returns what is wrong, a line each."""
    problems = []
    load_icons()
    for variant in variants:
        # One data folder after the other: a window that is drawn does not hear of the events of another.
        for kind in dict.fromkeys(scene.folder for scene in scenes):
            chosen = [scene for scene in scenes if scene.folder == kind]
            with _stage(loop, kind, variant) as (stage, filled):
                for scene in chosen:
                    name = f"{scene.name}-{variant.name}"
                    say(name)
                    stage.clear()
                    scene.set_up(stage, filled)
                    stage.picture().save(str(folder / f"{name}.png"))
                    found = [problem for root in stage.roots() for problem in problems_of(root)]
                    problems += [f"{name}: {problem}" for problem in dict.fromkeys(found)]
    return problems


def use_neutral_fonts(app: QApplication) -> None:
    """Use Inter where it is installed, so that pictures of two machines can be compared."""
    if "Inter" in QFontDatabase.families():
        app.setFont(QFont("Inter", 10))
        font = app.font()
        font.setPointSizeF(9.75)
        app.setFont(font)


@contextmanager
def _stage(loop: asyncio.AbstractEventLoop, kind: str, variant: Variant) -> Iterator[tuple[Stage, Filled]]:
    clock = FixedClock(NOW)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="forllm-pictures-")))
        stack.enter_context(patch.dict(os.environ, _homes(home)))
        for name in CLOCKS:
            stack.enter_context(patch(name, clock))
        stack.enter_context(
            patch("forllm_desktop.services.running.time", SimpleNamespace(monotonic=lambda: STILL))
        )
        server = stack.enter_context(FakeOllama())
        ports = {server.port: "Ollama"} if kind == "welcome" else {}
        stack.enter_context(patch("forllm_desktop.services.models.WELL_KNOWN_PORTS", ports))
        data = home / ".local" / "share" / "forllm"
        data.mkdir(parents=True)
        if kind != "empty":
            _put_model_files(home)
        if kind == "filled":
            filled = filled_workspace(data, clock, server.url)
        else:
            filled = Filled(empty_workspace(data, clock), clock, 0, [], 0, 0, 0, 0, 0, 0, 0)
        stack.callback(filled.workspace.close)
        stage = Stage(loop, filled.workspace, scheme=variant.scheme, scale=variant.scale, width=variant.width)
        stack.callback(stage.close)
        yield stage, filled


def _homes(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "USERPROFILE": str(home), "XDG_DATA_HOME": "", "XDG_CACHE_HOME": "",
            "OLLAMA_MODELS": "", "PATH": ""}  # fmt: skip


def _put_model_files(home: Path) -> None:
    folder = home / ".lmstudio" / "models" / "lmstudio-community"
    for name in ("Qwen3-8B-Q4_K_M.gguf", "Mistral-Small-3.2-24B-Instruct-2506-UD-Q4_K_XL.gguf"):
        target = folder / name.removesuffix(".gguf") / name
        target.parent.mkdir(parents=True)
        make_tiny_gguf(target, "chat")
