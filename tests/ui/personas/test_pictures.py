"""Pictures of personas: read from raster files alone, within limits, made small, and without a trace."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.persona import Persona
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.picture_file import MOST_BYTES, SIDE, read_picture
from tests.ui.personas.conftest import PersonasUser


def a_picture(folder: Path, name: str = "ada.png", width: int = 900, height: int = 600) -> Path:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkGreen)
    image.setText("Author", "somebody")
    file = folder / name
    assert image.save(str(file))
    return file


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "misnamed.txt.png"])
def test_a_picture_becomes_a_small_square_without_what_it_says_of_itself(tmp_path: Path, name: str) -> None:
    png = read_picture(a_picture(tmp_path, name))
    image = QImage.fromData(png)
    assert (image.width(), image.height()) == (SIDE, SIDE)
    assert image.pixelColor(SIDE // 2, SIDE // 2).green() > 100
    assert b"somebody" not in png


def test_a_small_picture_stays_as_small_as_it_is(tmp_path: Path) -> None:
    image = QImage.fromData(read_picture(a_picture(tmp_path, width=40, height=30)))
    assert (image.width(), image.height()) == (30, 30)


def test_what_is_no_picture_is_refused_in_words(tmp_path: Path) -> None:
    svg = tmp_path / "a.svg"
    svg.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    disguised = tmp_path / "disguised.png"
    disguised.write_text(svg.read_text())
    broken = tmp_path / "broken.png"
    broken.write_bytes(a_picture(tmp_path).read_bytes()[:200])
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    wide = a_picture(tmp_path, "wide.png", width=12_001, height=2)
    for file in (svg, disguised, broken, huge, wide, tmp_path / "missing.png", tmp_path):
        with pytest.raises(InvalidInput, match="cannot be used"):
            read_picture(file)


def test_choosing_and_removing_a_picture_and_a_colour(
    user: PersonasUser, ada: Persona, workspace: Workspace, tmp_path: Path, qtbot: QtBot
) -> None:
    user.open(ada)
    user.press("Colour and picture")
    user.choose("Rose")
    assert workspace.personas.persona(ada.persona_id).avatar_colour == "rose"
    user.press("Colour and picture")
    user.choose("Choose a picture")
    dialog = user.page.findChild(QFileDialog)
    dialog.fileSelected.emit(str(a_picture(tmp_path)))
    dialog.reject()
    qtbot.waitUntil(lambda: ada.persona_id in workspace.personas.pictures())
    assert workspace.personas.persona(ada.persona_id).avatar_colour == "rose"
    user.press("Colour and picture")
    user.choose("Remove picture")
    assert workspace.personas.pictures() == {}
    assert workspace.personas.persona(ada.persona_id).version == 2


def test_a_file_that_cannot_be_read_is_told(
    user: PersonasUser, ada: Persona, tmp_path: Path, qtbot: QtBot
) -> None:
    user.open(ada)
    with qtbot.waitSignal(user.page.failed) as told:
        user.page._commands.read_picture(ada.persona_id, str(tmp_path / "missing.png"))
    assert "missing.png" in told.args[0].title
