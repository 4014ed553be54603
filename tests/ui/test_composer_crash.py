"""`kill -9` while somebody types: tags and files of what was not sent are there after the next start."""

import os
import select
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from forllm_desktop.services.workspace import open_workspace
from forllm_desktop.ui.editor.composer import Composer
from tests.builders import a_topic

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills by signal")

SILENCE_ALLOWED = 60.0
"""Seconds the app may say nothing."""
APP = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from forllm_desktop.services.workspace import open_workspace
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.icons import load_icons
from forllm_desktop.ui.theme import start_look

app = QApplication([])
start_look(app)
load_icons()
workspace = open_workspace(Path(sys.argv[1]))
composer = Composer(workspace)
composer.show()
composer.activateWindow()
QTest.qWaitForWindowActive(composer)
typed = []

def type_on():
    # Between two words there is time for the draft to be saved, as there is for people.
    QTest.keyClicks(composer._text, f"word{len(typed)} ")
    typed.append(True)

def begin(post_id):
    composer.write_in(int(sys.argv[2]), post_id)
    composer.focus_text()
    QTest.keyClicks(composer._text, "@bo\\t")
    composer._form.files.add_text(f"{post_id}.txt", f"text {post_id}")

begin(int(sys.argv[3]))
composer.saved.connect(lambda _words: print(f"saved {composer._place.key} {len(typed)}", flush=True))
composer._form.files.changed.connect(lambda: begin(None) if composer._place.label else None)
composer._unsent.timer.setInterval(20)
timer = QTimer(interval=60)
timer.timeout.connect(type_on)
timer.start()
app.exec()
"""


def test_tags_and_files_of_a_topic_and_a_reply_survive(started_look, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "data"
    with closing(open_workspace(folder)) as workspace:
        bob = workspace.personas.create("Bob Builder", "You.").persona_id
        topic, first = a_topic(workspace.forum)
        reply = workspace.forum.add_post(topic.topic_id, "A reply", first.post_id)
        ids = (topic.topic_id, reply.post_id)
    words = killed_while_typing(folder, *ids)
    with closing(open_workspace(folder)) as workspace:
        composer = Composer(workspace)
        qtbot.addWidget(composer, before_close_func=lambda one: one.stop())
        for parent, file in ((ids[1], f"{ids[1]}.txt"), (None, "None.txt")):
            composer.write_in(ids[0], parent)
            assert composer._text.stored_text().startswith(f"[@Bob Builder](persona:{bob}) ")
            assert [token.tag.words for token in composer._text.tokens.all] == ["@Bob Builder"]
            assert [one.name for one in composer._form.files.files] == [file]
        assert f"word{words - 1} " in composer._text.toPlainText()


def killed_while_typing(folder: Path, *ids: int) -> int:
    """Let somebody type, kill the app after some drafts of the topic; returns how many words were kept."""
    app = subprocess.Popen(
        [sys.executable, "-c", APP, str(folder), *map(str, ids)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent.parent,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    with app:
        assert app.stdout is not None
        said = b""
        while said.count(b"saved topic:") < 8:
            assert select.select([app.stdout], [], [], SILENCE_ALLOWED)[0], f"the app says nothing: {said!r}"
            piece = os.read(app.stdout.fileno(), 4096)
            assert piece, "the app has ended"
            said += piece
        app.send_signal(signal.SIGKILL)
        said += app.stdout.read()
    return int(said.split(b"\n")[-2].split()[-1])
