"""What the first frame reads: quick, and never in the way."""

import subprocess
import sys
from pathlib import Path

from forllm_desktop.events import Events
from forllm_desktop.services.settings import SettingsService
from forllm_desktop.storage.database import Database
from forllm_desktop.storage.first_look import first_look


def test_options_are_read_from_an_open_database(database: Database, database_path: Path) -> None:
    SettingsService(database, Events()).change(color_scheme="dark")
    assert first_look(database_path, ("color_scheme", "accent")) == {"color_scheme": "dark"}


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "forllm.db"
    assert first_look(path, ("accent",)) == {}
    assert not path.exists()


def test_a_file_that_is_no_database_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "forllm.db"
    path.write_bytes(b"something else entirely" * 100)
    assert first_look(path, ("accent",)) == {}


def test_a_database_without_options_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "forllm.db"
    path.touch()
    assert first_look(path, ("accent",)) == {}


def test_it_needs_no_sqlalchemy() -> None:
    code = "import sys; import forllm_desktop.storage.first_look; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
