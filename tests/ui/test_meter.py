"""The token meter: what it says, when it measures, and that the window never waits for it."""

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.persona import PersonaOptions
from forllm_desktop.domain.servers import ModelChoice, ServerKind
from forllm_desktop.domain.xray import DraftQuestion, LeftOut, Reason, Xray, XrayPart
from forllm_desktop.llm.backend import ModelInfo, TokenCount
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.composer import Composer
from forllm_desktop.ui.editor.meter import Meter, legend, spoken, total
from tests.builders import a_topic
from tests.ui.gui_loop import run, until  # noqa: F401

PARTS = tuple(
    XrayPart(source, "user", "", "text", tokens)
    for source, tokens in (
        ("persona", 268),
        ("thread", 1702),
        ("other", 540),
        ("files", 1180),
        ("post", 41),
    )
)
XRAY = Xray(({"role": "user", "content": "x"},), PARTS, (), total=3731, window=16_384, answer=4096)


@pytest.fixture
def model(workspace: Workspace) -> ModelChoice:
    server = workspace.models.server_at("http://127.0.0.1:9", "Ollama", ServerKind.OLLAMA)
    choice = ModelChoice(server.server_id, "qwen3:8b")
    workspace.models.use(choice)
    return choice


@pytest.fixture
def composer(started_look, workspace: Workspace, model: ModelChoice, qtbot: QtBot) -> Composer:
    topic, _ = a_topic(workspace.forum)
    made = Composer(workspace)
    qtbot.addWidget(made, before_close_func=lambda one: one.stop())
    made.write_in(topic.topic_id)
    made.resize(1000, 200)
    made.show()
    made.focus_text()
    return made


def measured(composer: Composer, qtbot: QtBot) -> Xray:
    qtbot.waitUntil(lambda: not composer._measuring.is_busy and composer._form.meter.xray is not None)
    found = composer._form.meter.xray
    assert found is not None
    return found


# -- the words


def test_the_legend_names_each_part_and_the_room_for_the_answer() -> None:
    assert [entry.words for entry in legend(XRAY)] == [
        "persona 268",
        "thread 1,702",
        "other threads 540",
        "files 1,180",
        "post 41",
        "answer 4,096",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ("~3,731 of 16,384", "text_2")),
        ({"is_exact": True}, ("3,731 of 16,384", "text_2")),
        ({"total": 11_060}, ("~11,060 of 16,384", "warn")),
        ({"total": 13_522}, ("~1,234 tokens too many", "danger")),
        ({"total": 12_289, "is_exact": True}, ("1 token too many", "danger")),
        (
            {"left_out": (LeftOut("thread", "Ada", 9, Reason.NO_ROOM, 3),) * 2},
            ("2 posts left out · ~3,731 of 16,384", "warn"),
        ),
        ({"left_out": (LeftOut("thread", "Ada", 9, Reason.BY_HAND, 3),)}, ("~3,731 of 16,384", "text_2")),
    ],
)
def test_the_number_warns_from_nine_tenths_and_tells_what_is_too_much(changes, said) -> None:
    assert total(replace(XRAY, **changes)) == said


def test_a_screen_reader_hears_all_of_it_with_how_far_off_it_may_be() -> None:
    words = spoken(replace(XRAY, error=0.043))
    assert words.startswith("~3,731 of 16,384 tokens, persona 268, thread 1,702")
    assert words.endswith("estimated, ± 4 %")


def test_where_there_is_no_room_the_number_stays_and_the_legend_is_in_the_tooltip(
    started_look, qtbot: QtBot
) -> None:
    meter = Meter()
    qtbot.addWidget(meter)
    meter.resize(1000, 20)
    meter.show_prompt(XRAY)
    assert len(meter._shown()) == 6
    meter.resize(300, 20)
    meter._fit()
    assert meter._shown() == []
    assert "thread 1,702" in meter.toolTip()
    assert meter._total_box().left() > meter._bar.geometry().right()


# -- measuring


def test_it_measures_what_is_typed_with_who_answers_and_with_which_model(
    composer: Composer, workspace: Workspace, model: ModelChoice, qtbot: QtBot
) -> None:
    before = measured(composer, qtbot)
    QTest.keyClicks(composer._text, "Why is the sky blue at noon and red at night? ")
    found = measured(composer, qtbot)
    assert found.sizes["post"] > before.sizes["post"]
    question = composer.question()
    assert question == DraftQuestion(
        composer._place.subforum_id,
        composer._place.topic_id,
        composer._place.parent_id,
        "Why is the sky blue at noon and red at night? ",
        (),
        1,
        None,
        model,
    )
    assert found == workspace.prompts.preview_draft(question)


def test_it_waits_until_typing_rests_and_measures_once(
    composer: Composer, workspace: Workspace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(composer, qtbot)
    real, asked = workspace.prompts.preview_draft, []

    def count(draft: DraftQuestion) -> Xray:
        asked.append(draft.text)
        return real(draft)

    monkeypatch.setattr(workspace.prompts, "preview_draft", count)
    QTest.keyClicks(composer._text, "word by word")
    assert asked == []
    measured(composer, qtbot)
    assert asked == ["word by word"]


def test_it_follows_what_becomes_known_of_the_model_and_what_changes_around_the_text(
    composer: Composer, workspace: Workspace, model: ModelChoice, qtbot: QtBot
) -> None:
    assert measured(composer, qtbot).window == 8192
    workspace.windows.note(model, ModelInfo(model.name, ctx_trained=2048))
    qtbot.waitUntil(lambda: measured(composer, qtbot).window == 2048)
    workspace.context.set_own(composer._place.subforum_id, answer_tokens=300)
    qtbot.waitUntil(lambda: measured(composer, qtbot).answer == 300)
    workspace.personas.change(1, instructions="Answer in one word.")
    qtbot.waitUntil(lambda: "Answer in one word." in str(measured(composer, qtbot).messages))


def test_a_topic_that_moves_is_answered_by_who_answers_there(
    composer: Composer, workspace: Workspace, qtbot: QtBot
) -> None:
    composer._text.setPlainText("Still here?")
    measured(composer, qtbot)
    ada = workspace.personas.create("Ada", "You are Ada.").persona_id
    other = workspace.forum.create_subforum("Cooking").subforum_id
    workspace.personas.set_default(other, ada)
    workspace.forum.move_topic(composer._place.topic_id, other)
    qtbot.waitUntil(lambda: "You are Ada." in str(measured(composer, qtbot).messages))
    question = composer.question()
    assert question is not None
    assert (question.subforum_id, question.persona_id) == (other, ada)
    assert composer._text.toPlainText() == "Still here?"
    with qtbot.waitSignal(composer.posted):
        composer.post_and_ask()
    assert composer._text.toPlainText() == ""


def test_nothing_is_measured_while_nobody_sees_it(composer: Composer, qtbot: QtBot) -> None:
    measured(composer, qtbot)
    composer.hide()
    composer._text.setPlainText("unseen")
    assert not composer._measuring.is_busy
    composer.show()
    assert composer._measuring.is_busy
    measured(composer, qtbot)


def test_what_does_not_fit_can_be_posted_but_not_asked(
    composer: Composer, workspace: Workspace, qtbot: QtBot
) -> None:
    workspace.settings.change(context_window=1024)
    composer._text.setPlainText("many words indeed " * 2000)
    found = measured(composer, qtbot)
    qtbot.waitUntil(lambda: not composer._form.ask.isEnabled())
    assert composer._form.meter.words == f"~{found.over:,} tokens too many"
    assert composer._form.meter.words in composer._form.ask.toolTip()
    assert composer._form.post.isEnabled()
    with qtbot.waitSignal(composer.xray_requested):
        QTest.mouseClick(composer._form.meter.choose, Qt.MouseButton.LeftButton)
    composer.post_and_ask()
    qtbot.waitUntil(composer._error.isVisible)
    assert "too many" in composer._error.text()
    with qtbot.waitSignal(composer.posted):
        composer.post()
    measured(composer, qtbot)
    qtbot.waitUntil(composer._form.ask.isEnabled)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_a_key_or_a_click_opens_what_would_be_sent(composer: Composer, qtbot: QtBot, key: Qt.Key) -> None:
    measured(composer, qtbot)
    with qtbot.waitSignal(composer.xray_requested):
        QTest.keyClick(composer._form.meter, key)
    with qtbot.waitSignal(composer.xray_requested):
        QTest.mouseClick(composer._form.meter, Qt.MouseButton.LeftButton)


def test_an_edited_post_has_no_meter(composer: Composer, workspace: Workspace) -> None:
    first = workspace.forum.first_post(composer._place.topic_id)
    assert first is not None
    composer.edit(first.post_id)
    assert composer._form.meter.isHidden()
    assert composer.question() is None


def test_the_exact_number_of_a_loaded_model_follows_when_typing_rests(
    run,  # noqa: F811
    started_look,
    workspace: Workspace,
    model: ModelChoice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    async def exact(choice: ModelChoice, messages: list, options: PersonaOptions) -> TokenCount:
        asked.append((choice, messages[-1]["content"], options))
        return TokenCount(77, is_exact=True)

    monkeypatch.setattr(workspace.counting, "exact", exact)
    topic, _ = a_topic(workspace.forum)
    options = PersonaOptions(think=False)
    ada = workspace.personas.create("Ada", "You are Ada.", options=options).persona_id
    workspace.personas.assign(topic.subforum_id, ada)

    async def type_and_rest() -> None:
        composer = Composer(workspace)
        composer.write_in(topic.topic_id)
        composer.choose_persona(ada)
        composer.show()
        composer._text.setPlainText("How many?")
        meter = composer._form.meter
        await until(lambda: meter.xray is not None)
        assert meter.words.startswith("~")
        await until(lambda: meter.xray is not None and meter.xray.is_exact)
        assert meter.words.startswith("77 of ")
        assert meter.xray is not None
        assert sum(meter.xray.sizes.values()) == 77
        composer.stop()
        composer.deleteLater()

    run(type_and_rest())
    assert {choice for choice, _, _ in asked} == {model}
    assert "How many?" in asked[0][1]
    assert asked[0][2] == options, "a template can write more when thinking is switched off"


def test_typing_in_a_topic_of_ten_thousand_posts_with_two_hundred_above_never_stalls(
    started_look, workspace: Workspace, model: ModelChoice, qtbot: QtBot
) -> None:
    topic, first = a_topic(workspace.forum)
    parent = first.post_id
    with workspace.database.write() as session:
        for number in range(10_000):
            made = Post(
                topic_id=topic.topic_id,
                user_id=1,
                parent_post_id=parent if number < 200 else first.post_id + number % 200,
                content="Some sentences about it. " * 12,
                thinking="",
                created_at=utc_now(),
                read_at=utc_now(),
            )
            session.add(made)
            if number < 200:
                session.flush()
                parent = made.post_id
    composer = Composer(workspace)
    qtbot.addWidget(composer, before_close_func=lambda one: one.stop())
    composer.resize(1000, 200)
    composer.show()
    composer.write_in(topic.topic_id, parent)
    composer.focus_text()
    costs: list[float] = []

    def one_turn() -> None:
        began = time.thread_time()
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, 0)
        costs.append(time.thread_time() - began)

    one_turn()
    costs.clear()
    for character in "Is that so? @As":
        began = time.thread_time()
        QTest.keyClicks(composer._text, character)
        costs.append(time.thread_time() - began)
        one_turn()
    while composer._measuring.is_busy or composer._form.meter.xray is None:
        one_turn()
        time.sleep(0.002)
    one_turn()
    assert composer._form.meter.xray.sizes["thread"] > 1000
    assert max(costs) < 0.05
