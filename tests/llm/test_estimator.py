"""What is learnt of a model's tokenizer from its replies, and what is not."""

import random
from statistics import median

import pytest

from forllm_desktop.llm.backend import Message
from forllm_desktop.llm.estimator import Estimator, Expected, Lesson, is_stuck, learnt
from forllm_desktop.llm.prompt_size import was_shortened
from forllm_desktop.llm.tokens import TextSize, measure, measure_messages
from tests.counted_texts import Tokenizer, some_prompt
from tests.llm.support import chat_request

MIXES = (
    ("english",),
    ("german", "english"),
    ("english", "code", "data"),
    ("chinese",),
    ("russian", "english"),
    ("korean", "chat"),
    ("french", "code"),
)
HELLO: list[Message] = [{"role": "user", "content": "Hello?"}]


def a_prompt(
    dice: random.Random, mix: tuple[str, ...], shortest: int = 200, longest: int = 20_000
) -> tuple[list[Message], list[str]]:
    """Return a prompt of any length between two, in characters; short ones are as frequent as long ones."""
    length = int(shortest * (longest / shortest) ** dice.random())
    return some_prompt(dice, mix, length)


def lessons(
    dice: random.Random, tokenizer: Tokenizer, mix: tuple[str, ...], replies: int = 10
) -> list[Lesson]:
    """Play some replies, each judged as the worker does, and learnt from."""
    played: list[Lesson] = []
    for _ in range(replies):
        messages, kinds = a_prompt(dice, mix)
        reported = tokenizer.count_prompt(messages, kinds)
        expected = learnt(played).expect(measure_messages(messages))
        played.append(Lesson(expected.size, expected.value, reported, is_flagged(expected, reported)))
    return played


def is_flagged(expected: Expected, reported: int) -> bool:
    request = chat_request(
        n_prompt_estimate=expected.value, n_prompt_least=expected.least, ctx=131_072, max_tokens=1
    )
    return was_shortened(request, reported)


@pytest.mark.parametrize("factor", [0.6, 0.8, 1.0, 1.3, 1.7])
@pytest.mark.parametrize("mix", MIXES, ids="+".join)
def test_after_ten_replies_estimates_are_within_a_tenth(factor, mix):
    for seed in range(3):
        dice, tokenizer = random.Random(seed), Tokenizer(factor, seed)
        estimator = learnt(lessons(dice, tokenizer, mix))
        off = []
        for _ in range(15):
            messages, kinds = a_prompt(dice, mix)
            counted = tokenizer.count_prompt(messages, kinds)
            off.append(abs(estimator.messages(messages) - counted) / counted)
        assert median(off) <= 0.1


@pytest.mark.parametrize("mix", MIXES, ids="+".join)
def test_a_calibrated_model_that_drops_a_third_or_more_is_caught_and_a_whole_prompt_never_is(mix):
    caught, alarms = [], []
    for seed in range(4):
        dice, tokenizer = random.Random(seed), Tokenizer(dice_factor(seed), seed)
        estimator = learnt(lessons(dice, tokenizer, mix))
        for _ in range(5):
            messages, kinds = a_prompt(dice, mix, 1_500, 60_000)
            counted = tokenizer.count_prompt(messages, kinds)
            expected = estimator.expect(measure_messages(messages))
            alarms.append(is_flagged(expected, counted))
            caught.append(is_flagged(expected, round(counted * dice.uniform(0.1, 0.7))))
    assert caught == [True] * 20
    assert alarms == [False] * 20


def dice_factor(seed: int) -> float:
    return (0.85, 1.0, 1.1, 1.3)[seed]


def test_the_first_reply_of_a_model_catches_a_cut_of_half_and_never_a_tokenizer_of_today():
    """What lies between is not known then: tokenizers differ by as much as such a cut takes."""
    caught, alarms = [], []
    for seed in range(20):
        dice, tokenizer = random.Random(seed), Tokenizer(random.Random(seed).uniform(0.85, 1.1), seed)
        messages, kinds = a_prompt(dice, MIXES[seed % len(MIXES)], 4_000, 60_000)
        counted = tokenizer.count_prompt(messages, kinds)
        expected = Estimator().expect(measure_messages(messages))
        alarms.append(is_flagged(expected, counted))
        caught.append(is_flagged(expected, round(counted * dice.uniform(0.1, 0.5))))
    assert alarms == [False] * 20
    assert caught == [True] * 20


def test_short_prompts_do_not_mislead_about_long_ones():
    """A template that says much by itself is no factor."""
    tokenizer = Tokenizer(1.0, 3)
    tokenizer.per_prompt = 40
    dice, played = random.Random(1), []
    for _ in range(10):
        messages, kinds = some_prompt(dice, ("english",), 60)
        size = measure_messages(messages)
        played.append(Lesson(size, round(size.total), tokenizer.count_prompt(messages, kinds)))
    messages, kinds = some_prompt(dice, ("english",), 30_000)
    counted = tokenizer.count_prompt(messages, kinds)
    assert learnt(played).messages(messages) == pytest.approx(counted, rel=0.15)


@pytest.mark.parametrize("kept", [0.1, 0.3, 0.5, 0.6])
def test_a_server_that_cuts_every_long_prompt_does_not_teach_that_this_is_how_it_counts(kept):
    dice, tokenizer = random.Random(8), Tokenizer(1.0, 8)
    played: list[Lesson] = []
    for _ in range(30):
        messages, kinds = a_prompt(dice, ("english", "code"), 8_000, 60_000)
        reported = round(kept * tokenizer.count_prompt(messages, kinds))
        expected = learnt(played).expect(measure_messages(messages))
        assert is_flagged(expected, reported)
        played.append(Lesson(expected.size, expected.value, reported, was_shortened=True))
    assert learnt(played) == Estimator()


def test_a_server_that_keeps_a_fixed_number_of_tokens_is_found_out_by_its_second_long_prompt():
    dice, played = random.Random(4), []
    caught = []
    for length in (11_000, 15_000, 22_000, 40_000):
        messages, _ = some_prompt(dice, ("english",), length)
        expected = learnt(played).expect(measure_messages(messages))
        stuck = is_stuck(played, expected.size, 1920)
        caught.append(is_flagged(expected, 1920) or stuck)
        played.append(Lesson(expected.size, expected.value, 1920, caught[-1]))
    assert caught == [False, True, True, True]


def test_growing_prompts_of_one_topic_are_not_taken_for_stuck():
    tokenizer, played = Tokenizer(1.0, 2), []
    for length in range(2_000, 40_000, 1_500):
        messages, kinds = some_prompt(random.Random(1), ("english",), length)
        size, reported = measure_messages(messages), tokenizer.count_prompt(messages, kinds)
        assert not is_stuck(played, size, reported)
        played.append(Lesson(size, reported, reported))


def test_a_shortened_prompt_teaches_nothing():
    dice, tokenizer = random.Random(5), Tokenizer(1.0, 5)
    played = lessons(dice, tokenizer, ("english",))
    before = learnt(played)
    size = measure_messages(some_prompt(dice, ("english",), 20_000)[0])
    cut = Lesson(size, before.expect(size).value, round(size.total * 0.85), was_shortened=True)
    assert learnt([*played, cut]) == before


def test_counts_that_cannot_be_of_this_prompt_teach_nothing():
    size = TextSize(words=500)
    assert learnt([Lesson(size, 500, 3), Lesson(size, 500, 90_000)]) == Estimator()


def test_the_error_is_the_median_of_the_last_replies():
    size = TextSize(words=400, turns=6)
    played = [Lesson(size, expected, 400) for expected in (380, 400, 440)]
    assert learnt(played).error == pytest.approx(0.05)
    assert learnt(played).n_replies == 3
    assert Estimator().error is None


def test_nobody_is_sure_before_the_first_reply_and_each_one_makes_surer():
    size = measure_messages([{"role": "user", "content": "Where does the river go? " * 300}])
    dice, tokenizer = random.Random(9), Tokenizer(1.0, 9)
    played = lessons(dice, tokenizer, ("english",), 20)
    widths = []
    for n_replies in (0, 2, 20):
        expected = learnt(played[:n_replies]).expect(size)
        assert expected.least < expected.value < expected.most
        widths.append((expected.most - expected.least) / expected.value)
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0.5 > widths[2]


def test_what_was_learnt_of_one_script_leaves_another_uncertain():
    played = lessons(random.Random(2), Tokenizer(1.0, 2), ("english",), 20)
    estimator = learnt(played)
    english = estimator.expect(measure("Where does the river go? " * 300))
    chinese = estimator.expect(measure("河流去哪里？" * 800))
    assert english.least / english.value > chinese.least / chinese.value + 0.1


def test_an_estimate_of_a_text_is_that_of_a_prompt_without_its_template():
    estimator = learnt(lessons(random.Random(7), Tokenizer(1.2, 7), ("english",)))
    text = "Where does the river go? " * 40
    around = estimator.per_message + estimator.per_prompt
    whole = estimator.messages([{"role": "user", "content": text}])
    assert abs(whole - estimator.text(text) - around) <= 2
    assert estimator.messages([]) == estimator.text("") == 0
    assert Estimator().messages(HELLO) > Estimator().text("Hello?")
