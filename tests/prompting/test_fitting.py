"""Which posts have room: what is fixed stays whole, whole posts go, and a larger window loses nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.context import answer_room
from forllm_desktop.domain.xray import Reason
from forllm_desktop.llm.backend import BackendError, ErrorKind, Message, TokenCount
from forllm_desktop.llm.estimator import Estimator
from forllm_desktop.prompting.fitting import Budget, compose, fitted, require_fit, split
from forllm_desktop.prompting.material import Material, Missing, Turn, TurnFile
from forllm_desktop.prompting.prompt import BETWEEN, SizedPrompt
from tests.plain_estimates import ThreeCharacters

RAW = ThreeCharacters()


@dataclass
class Server:
    """Counts exactly, in its own way; `counts` is how often."""

    per_character: float = 1.0
    per_message: int = 0
    counts: int = 0

    def size(self, messages: Sequence[Message]) -> int:
        return sum(int(len(m["content"]) * self.per_character) + self.per_message for m in messages)

    async def __call__(self, messages: Sequence[Message]) -> TokenCount:
        self.counts += 1
        return TokenCount(self.size(messages), is_exact=True)


def turn(number: int, length: int = 300, *, is_own: bool = False, speaker: str = "User") -> Turn:
    text = f"{number} ".ljust(length, "x")
    return Turn("Ada" if is_own else speaker, text, is_own, number)


def budget(window: int, answer: int = 0, share: int = 25) -> Budget:
    return Budget(window, answer, share)


def entered(prompt: SizedPrompt, source: str) -> list[int]:
    return [part.post_id or 0 for part in prompt.parts if part.source == source and not part.is_pinned]


def fit_exactly(
    material: Material, room: Budget, server: Server, estimator: Estimator = RAW, *, system_role: bool = True
) -> SizedPrompt:
    return asyncio.run(fitted(material, room, estimator, server, system_role=system_role))


# -- rules


def test_everything_enters_a_window_that_is_large_enough() -> None:
    material = Material("Be Ada.", turn(9), [turn(1), turn(2)], branches=[turn(3)], topics=[turn(4)])
    prompt = compose(material, budget(10_000), RAW, system_role=True)
    assert (entered(prompt, "thread"), entered(prompt, "other")) == ([1, 2], [4, 3])
    assert prompt.left_out == ()


def test_oldest_posts_go_first_and_none_older_than_one_without_room_stays() -> None:
    thread = [turn(1, 30), turn(2, 3_000), turn(3, 300), turn(4, 300)]
    prompt = compose(Material("x", turn(9), thread), budget(600), RAW, system_role=True)
    assert entered(prompt, "thread") == [3, 4], "the first is short, and older than one without room"
    assert [(left.post_id, left.reason, left.source) for left in prompt.left_out] == [
        (1, Reason.NO_ROOM, "thread"),
        (2, Reason.NO_ROOM, "thread"),
    ]
    assert all(left.tokens > 0 and left.label == "User" for left in prompt.left_out)


def test_each_kind_has_its_share_where_both_need_the_room() -> None:
    thread = [turn(number, 280) for number in range(1, 41)]
    branches = [turn(number, 280) for number in range(41, 81)]
    material = Material("", Turn("U", ""), thread, branches=branches)
    for share in (0, 25, 50, 90):
        prompt = compose(material, budget(2_250, share=share), RAW, system_role=True)
        others, posts = entered(prompt, "other"), entered(prompt, "thread")
        assert len(others) + len(posts) >= 20
        assert abs(len(others) - share / 100 * (len(others) + len(posts))) <= 1
        assert others == list(range(81 - len(others), 81)), "the newest of them"


def test_what_one_kind_leaves_the_other_may_take() -> None:
    long, short = [turn(n, 288) for n in range(1, 41)], [turn(n, 288) for n in range(41, 43)]
    prompt = compose(Material("", Turn("U", ""), long, branches=short), budget(2_250), RAW, system_role=True)
    assert len(entered(prompt, "thread")) >= 17
    assert entered(prompt, "other") == [41, 42]
    prompt = compose(Material("", Turn("U", ""), short, branches=long), budget(2_250), RAW, system_role=True)
    assert entered(prompt, "thread") == [41, 42]
    assert len(entered(prompt, "other")) >= 17


def test_other_topics_enter_after_all_other_branches() -> None:
    topics = [turn(1), turn(2)]
    material = Material("", Turn("U", ""), [], branches=[turn(3), turn(4)], topics=topics)
    sizes = {}
    for window in range(60, 700, 5):
        prompt = compose(material, budget(window), RAW, system_role=True)
        sizes[tuple(entered(prompt, "other"))] = window
    assert list(sizes) == [(), (4,), (3, 4), (2, 3, 4), (1, 2, 3, 4)]


def test_pinned_posts_and_files_of_the_answered_post_are_fixed() -> None:
    question = replace(turn(9), files=(TurnFile("a.txt", "file " * 200),))
    pinned = replace(turn(1, 900), files=(TurnFile("b.txt", "pin"),), is_pinned=True)
    above = replace(turn(2, 30), is_pinned=True)
    material = Material("x", question, [above, turn(3), turn(4, 30)], [pinned])
    prompt = compose(material, budget(850), RAW, system_role=True)
    assert [part.label for part in prompt.parts if part.source == "files"] == ["b.txt", "a.txt"]
    assert [part.post_id for part in prompt.parts if part.is_pinned] == [1, 1, 2]
    assert [part.post_id for part in prompt.parts] == [None, 1, 1, 2, 4, 9, 9], "pinned ones keep their place"
    assert [left.post_id for left in prompt.left_out] == [3]


def test_files_of_a_post_in_the_thread_go_with_it_as_a_whole() -> None:
    with_file = replace(turn(1, 30), files=(TurnFile("a.txt", "file " * 400),))
    prompt = compose(Material("x", turn(9), [with_file, turn(2)]), budget(600), RAW, system_role=True)
    assert [part.source for part in prompt.parts] == ["persona", "thread", "post"]
    assert prompt.left_out[0].tokens > 600


def test_what_cannot_enter_is_listed_whatever_the_room() -> None:
    missing = (
        Missing("thread", Reason.BY_HAND, turn(1)),
        Missing("other", Reason.LIMIT, words="12 more posts of other branches"),
    )
    prompt = compose(Material("x", turn(9), missing=missing), budget(10_000), RAW, system_role=True)
    assert [(left.source, left.label, left.reason, left.post_id) for left in prompt.left_out] == [
        ("thread", "User", Reason.BY_HAND, 1),
        ("other", "12 more posts of other branches", Reason.LIMIT, None),
    ]
    assert [left.tokens > 0 for left in prompt.left_out] == [True, False]


@pytest.mark.parametrize(
    ("window", "wanted", "longest", "room"),
    [
        (8_192, 2_048, None, 2_048),
        (2_048, 2_048, None, 1_024),
        (8_192, 2_048, 500, 500),
        (8_192, 500, 900, 500),
    ],
)
def test_room_for_the_answer_is_what_is_wanted_and_at_most_half(
    window: int, wanted: int, longest: int | None, room: int
) -> None:
    assert answer_room(window, wanted, longest) == room


def test_too_long_is_told_with_the_numbers_and_what_could_go() -> None:
    question = replace(turn(9, 600), files=(TurnFile("big.txt", "word " * 600), TurnFile("small.txt", "x")))
    pinned = replace(turn(2, 900, speaker="Bo"), is_pinned=True)
    material = Material("You are Ada.", question, [turn(1)], [pinned], persona="Ada")
    prompt = compose(material, budget(1_200, 400), RAW, system_role=True)
    total = prompt.count.value
    with pytest.raises(BackendError) as refused:
        require_fit(prompt, 1_200)
    error = refused.value
    assert (error.kind, error.n_prompt, error.n_ctx) == (ErrorKind.CONTEXT_EXCEEDED, total, 1_200)
    assert f"About {total - 800:,} tokens too many" in error.message
    assert f"has about {total:,} tokens, and 800 fit" in error.message
    drops = ("take off the file “big.txt” (", "unpin the post of Bo (", "shorten the post (")
    places = [error.message.index(drop) for drop in drops]
    assert places == sorted(places), "the largest first"
    assert entered(prompt, "thread") == []
    require_fit(prompt, total + 400)


def test_exact_number_is_told_as_one() -> None:
    prompt = fit_exactly(Material("x", turn(9, 900)), budget(800, 100), Server())
    with pytest.raises(BackendError, match=r"^(?!.*bout ).* fit") as refused:
        require_fit(prompt, 800)
    assert refused.value.n_prompt == prompt.count.value == 900 + len("x") + len("User wrote:\n\n")


def test_share_of_nothing_gives_others_what_the_thread_leaves() -> None:
    thread, branches = [turn(n, 280) for n in range(1, 5)], [turn(n, 280) for n in range(5, 9)]
    material = Material("", Turn("U", ""), thread, branches=branches)
    for window in range(100, 1_000, 20):
        prompt = compose(material, budget(window, share=0), RAW, system_role=True)
        assert not entered(prompt, "other") or entered(prompt, "thread") == [1, 2, 3, 4]
    assert entered(prompt, "other") == [5, 6, 7, 8]


def test_room_is_what_the_answer_leaves() -> None:
    material = Material("x", turn(9), [turn(number) for number in range(1, 30)])
    for answer in (0, 100, 700):
        prompt = compose(material, budget(1_500, answer), RAW, system_role=True)
        assert 1_500 - answer - 120 < prompt.count.value <= 1_500 - answer


# -- by exact counts


def test_exact_counts_let_in_what_estimates_would_leave_out() -> None:
    thread = [turn(number, 400) for number in range(1, 21)]
    by_estimate = compose(Material("x", turn(99), thread), budget(1_500), RAW, system_role=True)
    server = Server(per_character=0.2)
    exact = fit_exactly(Material("x", turn(99), thread), budget(1_500), server)
    assert len(entered(exact, "thread")) > len(entered(by_estimate, "thread"))
    assert (exact.count.is_exact, by_estimate.count.is_exact) == (True, False)
    assert exact.count.value == server.size(exact.messages) <= 1_500


def test_exact_counts_leave_out_what_estimates_would_let_in() -> None:
    thread = [turn(number, 400) for number in range(1, 21)]
    server = Server(per_character=0.9)
    exact = fit_exactly(Material("x", turn(99), thread), budget(3_000), server)
    assert server.size(exact.messages) <= 3_000
    assert entered(exact, "thread") == list(range(21 - len(entered(exact, "thread")), 21))
    fuller = len(entered(exact, "thread")) + 1
    thread = thread[-fuller:]
    assert server.size(fit_exactly(Material("x", turn(99), thread), budget(9_000), server).messages) > 3_000


def test_prompt_that_fits_is_counted_once() -> None:
    server = Server()
    fit_exactly(Material("x", turn(99), [turn(1), turn(2)]), budget(10_000), server)
    assert server.counts == 1


def test_where_nothing_is_counted_exactly_the_estimate_decides_alone() -> None:
    async def count(messages: Sequence[Message]) -> TokenCount:
        return TokenCount(RAW.messages(messages), is_exact=False)

    material = Material("x", turn(99), [turn(number) for number in range(1, 21)])
    sent = asyncio.run(fitted(material, budget(900), RAW, count, system_role=True))
    assert sent == compose(material, budget(900), RAW, system_role=True)


@given(st.integers(1, 400), st.integers(0, 60), st.floats(0.05, 1.5))
def test_counts_are_few(posts: int, room: int, per_character: float) -> None:
    server = Server(per_character)
    material = Material("x", turn(999, 20), [turn(number, 60) for number in range(1, posts + 1)])
    fit_exactly(material, budget(room * 400), server)
    assert server.counts <= 2 * (posts + 2).bit_length() + 1


# -- properties

TEXTS = st.builds(lambda text, times: f"{text * times}.", st.text(max_size=12), st.integers(1, 40))
"""Short to draw and long enough to matter; no post is blank."""
FILES = st.lists(st.builds(TurnFile, st.text(max_size=9), st.text(max_size=30)), max_size=2).map(tuple)
NAMES = st.sampled_from(["Ada", "Bo", "User", "A very long name " * 6])
TURNS = st.builds(Turn, NAMES, TEXTS, st.booleans(), st.integers(1, 999), FILES)
PINNED = TURNS.map(lambda one: replace(one, is_pinned=True))
OTHERS = TURNS.map(lambda one: replace(one, is_own=False))
MATERIALS = st.builds(
    Material,
    st.text(max_size=90),
    TURNS,
    st.lists(st.one_of(TURNS, TURNS, TURNS, PINNED), max_size=9),
    st.lists(PINNED, max_size=1),
    st.lists(OTHERS, max_size=7),
    st.lists(OTHERS.map(lambda one: replace(one, topic="T")), max_size=3),
)
BUDGETS = st.builds(Budget, st.integers(100, 1_800), st.integers(0, 50), st.integers(0, 90))
ESTIMATORS = st.one_of(
    st.builds(ThreeCharacters, scale=st.floats(0.3, 2.5)),
    st.builds(Estimator, st.tuples(*[st.floats(0.1, 2.5)] * 4, st.floats(0, 40))),
)


@given(MATERIALS, BUDGETS, ESTIMATORS, st.booleans())
def test_the_answered_post_is_always_complete(
    material: Material, room: Budget, estimator: Estimator, system_role: bool
) -> None:
    prompt = compose(material, room, estimator, system_role=system_role)
    last = prompt.messages[-1]
    assert last["role"] == "user"
    for text in (material.question.text, *(file.text.removesuffix("\n") for file in material.question.files)):
        assert text in last["content"]
    assert (
        prompt.messages[0]["content"].startswith(material.instructions) or not material.instructions.strip()
    )
    sent = "\n".join(message["content"] for message in prompt.messages)
    assert all(one.text in sent for one in [*material.pinned, *material.thread] if one.is_pinned)


@given(MATERIALS, BUDGETS, ESTIMATORS, st.booleans())
def test_the_total_never_exceeds_the_budget(
    material: Material, room: Budget, estimator: Estimator, system_role: bool
) -> None:
    prompt = compose(material, room, estimator, system_role=system_role)
    assert prompt.count.value == estimator.messages(prompt.messages)
    has_entered = any(part.source in ("thread", "other") and not part.is_pinned for part in prompt.parts)
    assert prompt.fits(room.window) or not has_entered
    assert sum(part.tokens for part in prompt.parts) == prompt.count.value
    server = Server(0.4, 5)
    exact = fit_exactly(material, room, server, estimator, system_role=system_role)
    assert exact.count == TokenCount(server.size(exact.messages), is_exact=True)
    has_entered = any(part.source in ("thread", "other") and not part.is_pinned for part in exact.parts)
    assert exact.fits(room.window) or not has_entered


@given(MATERIALS, BUDGETS, ESTIMATORS, st.integers(0, 900))
def test_a_larger_window_never_loses_a_post(
    material: Material, room: Budget, estimator: Estimator, more: int
) -> None:
    larger = replace(room, window=room.window + more)
    few, many = (compose(material, one, estimator, system_role=True) for one in (room, larger))
    assert not set(map(id_of, left(many))) - set(map(id_of, left(few)))
    server = Server(0.4, 5)
    few, many = (fit_exactly(material, one, server, estimator) for one in (room, larger))
    assert not set(map(id_of, left(many))) - set(map(id_of, left(few)))


def test_a_name_that_is_lost_again_takes_no_post_with_it() -> None:
    # As the first of a thread the persona's post is named, and smaller again with one more in front of it.
    own = Turn("N" * 120, "own", is_own=True)
    material = Material("x", Turn("U", "q"), [Turn("U", "o"), own, Turn("U", "x" * 60)])
    server, missing = Server(0.3), []
    for window in range(5, 160):
        missing.append(len(left(fit_exactly(material, budget(window), server))))
    assert missing == sorted(missing, reverse=True)


def left(prompt: SizedPrompt) -> list:
    return [one for one in prompt.left_out if one.reason is Reason.NO_ROOM]


def id_of(one) -> tuple:
    return one.source, one.post_id, one.tokens


@given(MATERIALS, BUDGETS)
def test_every_post_is_in_or_listed_as_left_out(material: Material, room: Budget) -> None:
    prompt = compose(material, room, RAW, system_role=True)
    posts = [part for part in prompt.parts if part.source in ("thread", "other") and not part.is_pinned]
    thread = [one for one in material.thread if not one.is_pinned]
    possible = len(thread) + len(material.branches) + len(material.topics)
    assert len(posts) + len(prompt.left_out) == possible


@given(MATERIALS, BUDGETS, st.booleans())
def test_messages_are_their_parts_joined(material: Material, room: Budget, system_role: bool) -> None:
    prompt = compose(material, room, RAW, system_role=system_role)
    for index, message in enumerate(prompt.messages):
        parts = [part for part in prompt.parts if part.message == index]
        assert message["content"] == BETWEEN.join(part.text for part in parts)
        assert {part.role for part in parts} == {message["role"]}
    assert all(not part.text.strip() for part in prompt.parts if part.message < 0)


@given(st.integers(0, 10_000), st.lists(st.integers(0, 500), max_size=9))
def test_shares_add_up(total: int, weights: list[int]) -> None:
    shares = split(total, weights)
    assert sum(shares) == (total if sum(weights) else 0)
    assert all(share >= 0 for share in shares)
