"""The screens of writing: tags, the list beside the caret, the meter, files, the preview."""

from PySide6.QtCore import QMimeData
from PySide6.QtTest import QTest

from forllm_desktop.domain.submission import NewPost
from forllm_desktop.domain.tags import file_tag_text, persona_tag_text
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.pages.topic import TopicPage
from tests.screenshots.content import Filled
from tests.screenshots.scenes import scene
from tests.screenshots.stage import Stage


def _tag(stage: Stage, name: str) -> str:
    card = next(card for card in stage.workspace.personas.cards() if card.name == name)
    return persona_tag_text(card.persona_id, name)


def _measured(stage: Stage, composer: Composer) -> None:
    stage.settle(lambda: composer.is_at_rest)


def _write(stage: Stage, filled: Filled, text: str) -> Composer:
    """Reply in the main topic with a stored text."""
    page = stage.read(filled.main_topic, filled.table_post)
    page._write_to(filled.table_post)
    return _fill(stage, page, text)


def _fill(stage: Stage, page: TopicPage, text: str) -> Composer:
    composer = page._composer
    composer.focus_text()
    # What the scene before typed is still here, as a draft.
    composer._text.selectAll()
    composer._text.insert_stored(text)
    composer._form.paste_offer.forget()
    _measured(stage, composer)
    return composer


@scene()
def composer_tags_and_meter(stage: Stage, filled: Filled) -> None:
    file = file_tag_text(3, "notes/bicycle-1970.md", "notes/bicycle-1970.md")
    _write(
        stage,
        filled,
        "Is that also why a bicycle stays up? My wheels turn only twice a second. "
        f"{_tag(stage, 'Feynman')} read {file} first.",
    )


@scene()
def composer_chain(stage: Stage, filled: Filled) -> None:
    ada, skeptic = _tag(stage, "Ada"), _tag(stage, "Skeptic")
    _write(
        stage,
        filled,
        f"{ada}:{skeptic}:{ada} go through the numbers once more, please. {_tag(stage, 'Captain Hale')}, "
        "what do you make of it?",
    )


@scene()
def composer_broken_chain(stage: Stage, filled: Filled) -> None:
    _write(stage, filled, f"{_tag(stage, 'Ada')}:@Nobody what about the disc?")


@scene()
def composer_personas_offered(stage: Stage, filled: Filled) -> None:
    composer = _write(stage, filled, "Is that also why a bicycle stays up? ")
    QTest.keyClicks(composer._text, "@")
    _measured(stage, composer)


@scene()
def composer_persona_filtered(stage: Stage, filled: Filled) -> None:
    composer = _write(stage, filled, "Is that also why a bicycle stays up? ")
    QTest.keyClicks(composer._text, "@ha")
    _measured(stage, composer)


@scene()
def composer_no_folder(stage: Stage, filled: Filled) -> None:
    composer = _write(stage, filled, "Read ")
    QTest.keyClicks(composer._text, "#n")
    stage.settle(lambda: bool(composer._completing.offers))


@scene()
def composer_too_much(stage: Stage, filled: Filled) -> None:
    composer = _write(stage, filled, "What does this log say?\n")
    composer._text.insert_stored("12:04:07 disc 3 spun up, 4,200 turns per minute, all is well\n" * 900)
    _measured(stage, composer)


@scene()
def composer_edit_cancels(stage: Stage, filled: Filled) -> None:
    ws = stage.workspace
    skeptic = _tag(stage, "Skeptic")
    made = ws.submitting.submit(
        NewPost(filled.physics, filled.main_topic, text=f"{skeptic}:{skeptic} what is wrong with it?")
    )
    page = stage.read(filled.main_topic, made.post.post_id)
    page._edit(made.post.post_id)
    _fill(stage, page, f"{_tag(stage, 'Feynman')} what is right with it?")
    ws.forum.delete_post(made.post.post_id)


@scene()
def composer_preview(stage: Stage, filled: Filled) -> None:
    composer = _write(
        stage,
        filled,
        "## Two questions\n\n1. Why does the *axis* turn, not fall?\n2. What does `L = I * w` say?\n\n"
        f"> It walks round.\n\n{_tag(stage, 'Ada')}, with **numbers** please.",
    )
    composer._form.eye.click()
    _measured(stage, composer)


@scene()
def composer_pasted(stage: Stage, filled: Filled) -> None:
    composer = _write(stage, filled, "What does this log say?\n")
    data = QMimeData()
    data.setText("12:04:07 disc 3 spun up, 4,200 turns per minute, all is well\n" * 300)
    composer._text.insertFromMimeData(data)
    stage.settle(composer._form.paste_offer.isVisible)
    _measured(stage, composer)


@scene()
def composer_marks(stage: Stage, filled: Filled) -> None:
    composer = _write(stage, filled, "Is that also why a bicycle stays up?")
    composer._form._bar.more.click()
