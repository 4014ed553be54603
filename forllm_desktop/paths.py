"""Where things lie: the data folder, and the files that ship with the app."""

import os
import sys
from pathlib import Path

import platformdirs

APP_NAME = "forllm"


def data_dir(override: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder that holds everything a user makes; it is not created here.

    Order: `override` (the `--data-dir` option), the variable FORLLM_DATA_DIR, the platform's own place.
    """
    chosen = override or os.environ.get("FORLLM_DATA_DIR")
    if chosen:
        # As the shell does: "~name" of a user who is not there is a name like any other.
        return Path(os.path.abspath(os.path.expanduser(chosen)))
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False, roaming=False))


def resources_dir() -> Path:
    """Return the folder `resources/`: icons, themes, demo material."""
    return _shipped("resources")


def prompt_templates_dir() -> Path:
    """Return the folder `prompt_templates/`: the texts that prompts are made from."""
    return _shipped("prompt_templates")


def own_command() -> list[str]:
    """Return the command that starts this app again, from a frozen app or from Python."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, "-m", "forllm_desktop"]


def _shipped(name: str) -> Path:
    """Find a shipped folder: inside a frozen app, inside the wheel, or at the top of a checkout."""
    package = Path(__file__).resolve().parent
    frozen = getattr(sys, "_MEIPASS", None)
    candidates = [Path(frozen) / name] if frozen else [package / name, package.parent / name]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"{name} is missing from this installation; looked in {candidates}")
