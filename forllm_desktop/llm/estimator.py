"""What is known of one model's tokens: learnt from its replies, with how sure that is.

A model's counts are taken for a weighted sum of our estimates by kind of text, plus what its template adds to
every prompt. The weights start at what current tokenizers have in common and move with each reply (Bayesian
linear regression; Bishop, Pattern Recognition and Machine Learning, 3.3). So the first few replies teach the
tokenizer, what was never seen stays uncertain, and the uncertainty is a number.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from forllm_desktop.llm.backend import Message
from forllm_desktop.llm.tokens import (
    TOKENS_PER_MESSAGE,
    TextSize,
    measure,
    measure_messages,
    rounded_up,
)

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]

PRIOR_MEANS: Vector = (1.0, 1.0, 1.0, 1.0, 4.0)
"""Words, marks, other scripts, turns, and the tokens a template adds to a prompt."""
PRIOR_SPREADS: Vector = (0.15, 0.25, 0.25, 0.35, 15.0)
"""How far tokenizers lie apart, as standard deviations: English 0.9 to 1.15 of ours, Russian 0.75 to 1.35."""
PRIOR_NOISE = 0.07
"""How far a single text is off when all of the tokenizer is known, of its size; the replies correct it."""
PRIOR_REPLIES = 4
"""How many replies this counts for."""
LEAST_NOISE, MOST_NOISE = 0.035, 0.15
NOISE_TOKENS = 3.0

LEAST_SIGMAS = 2.7
"""How far below the estimate no honest count lies: one false alarm in 290, were it a normal distribution."""
MOST_SIGMAS = 2.0

NEVER_CUT = 900
"""Tokens of a prompt that no server cuts: the smallest windows have 2,048, and half of that is kept."""
LOWEST_RATIO, HIGHEST_RATIO = 0.3, 4.0
"""Of a count to our estimate; what lies outside is no count of this prompt."""
AGREED, AGREEING = 3, 0.2
"""So many short prompts, off from each other by at most so much, are believed against all we know."""
ODD_SLACK = 4.0
"""How much wider the first guess is for a tokenizer that is like none we know."""
LEAST_WEIGHT = 0.1
ROUNDS = 3
"""How often what was learnt is applied again to what was doubted before."""
STUCK_WITHIN, STUCK_GROWTH = 0.005, 1.3
"""How near two counts lie, and how far the prompts, when a server keeps a fixed number of tokens."""
RECENT = 10
"""Replies that `error` looks at."""


@dataclass(frozen=True)
class Expected:
    """The tokens of one prompt as a model will count them: probably `value`, hardly below `least` or above
    `most`. `size` is the estimate by kind that it was made from.
    """

    value: int
    least: int
    most: int
    size: TextSize


@dataclass(frozen=True)
class Lesson:
    """A reply to learn from: the estimate of its prompt by kind, what was expected, what the server counted.

    `was_shortened`: the server had read far less than was sent, as far as could be told then.
    """

    size: TextSize
    expected: int
    reported: int
    was_shortened: bool = False


@dataclass(frozen=True)
class Estimator:
    """Estimates of tokens for one model. Plain numbers, so it may be used in any thread.

    `error` is how far estimates were off at the median of the last replies, 0.1 being 10 %; None before the
    first. `n_replies` is how many it has learnt from.
    """

    weights: Vector = PRIOR_MEANS
    spread: Matrix | None = None
    noise: float = PRIOR_NOISE
    error: float | None = None
    n_replies: int = 0

    @property
    def per_message(self) -> float:
        """The tokens that the template puts around one message."""
        return TOKENS_PER_MESSAGE * self.weights[3]

    @property
    def per_prompt(self) -> float:
        """The tokens that the template adds to a whole prompt."""
        return self.weights[4]

    def text(self, text: str) -> int:
        """Estimate the tokens of a text alone, rounded up. A longer text never has fewer."""
        return rounded_up(_dot(self.weights[:4], measure(text).kinds))

    def messages(self, messages: Sequence[Message]) -> int:
        """Estimate the tokens of a whole prompt, the template's own included; 0 for none."""
        return self.expect(measure_messages(messages)).value if messages else 0

    def expect(self, size: TextSize) -> Expected:
        """Return what a prompt measured by `measure_messages` will probably have."""
        features = _features(size)
        value = max(1.0, _dot(self.weights, features))
        spread = self.spread or _prior(1.0).spread or ()
        variance = _dot(features, _times(spread, features)) + (self.noise * value) ** 2 + NOISE_TOKENS**2
        deviation = math.sqrt(variance) / value
        return Expected(
            rounded_up(value),
            int(value * math.exp(-LEAST_SIGMAS * deviation)),
            rounded_up(value * math.exp(MOST_SIGMAS * deviation)),
            size,
        )


def learnt(lessons: Sequence[Lesson]) -> Estimator:
    """Return what replies taught, oldest first.

    Only prompts that were read whole teach: those that were not taken for shortened, and whose count is one
    that what is believed already allows, short prompts first, as those are never cut. A server that cuts
    every long prompt therefore stays a server that cuts. A tokenizer that is like none we know is believed
    when several short prompts agree on it; a server that cuts these too, all by the same share, cannot
    be told from it.
    """
    sane = [lesson for lesson in lessons if _is_sane(lesson)]
    by_size = sorted(sane, key=lambda lesson: lesson.size.total)
    believed = _believed(by_size, 1.0)
    short = [lesson for lesson in by_size if lesson.size.total < NEVER_CUT]
    slack = 1.0
    if len(set(short) - set(believed)) >= AGREED and _agree(short):
        slack = ODD_SLACK
        believed = _believed(by_size, slack)
    if not believed:
        return Estimator()
    recent = [lesson for lesson in lessons if lesson in set(believed)][-RECENT:]
    errors = [abs(lesson.expected - lesson.reported) / max(1, lesson.reported) for lesson in recent]
    return replace(_fitted(believed, _noise(believed, slack), slack), error=median(errors))


def is_stuck(lessons: Iterable[Lesson], size: TextSize, reported: int) -> bool:
    """Say whether a server counted as many tokens for a far smaller prompt: then it keeps so many of any."""
    return (
        any(
            abs(lesson.reported - reported) <= STUCK_WITHIN * reported
            and lesson.size.total * STUCK_GROWTH <= size.total
            for lesson in lessons
        )
        and reported >= NEVER_CUT
    )


def _is_sane(lesson: Lesson) -> bool:
    return LOWEST_RATIO <= lesson.reported / max(1.0, lesson.size.total) <= HIGHEST_RATIO


def _believed(by_size: Sequence[Lesson], slack: float) -> list[Lesson]:
    belief, estimator, believed = _Belief(slack), _prior(slack), []
    for lesson in by_size:
        if _is_whole(lesson, estimator):
            believed.append(lesson)
            belief.add(lesson, PRIOR_NOISE)
            estimator = belief.estimator(PRIOR_NOISE)
    for _ in range(ROUNDS):
        again = [lesson for lesson in by_size if _is_whole(lesson, estimator)]
        if again == believed:
            break
        believed, estimator = again, _fitted(again, PRIOR_NOISE, slack)
    return believed


def _is_whole(lesson: Lesson, estimator: Estimator) -> bool:
    """Say whether a prompt seems to have been read to its end."""
    is_doubted = lesson.was_shortened and lesson.size.total >= NEVER_CUT
    return not is_doubted and lesson.reported >= estimator.expect(lesson.size).least


def _agree(lessons: Sequence[Lesson]) -> bool:
    """Say whether prompts fit one tokenizer, be it an odd one; prompts that were cut do not."""
    estimator = _fitted(lessons, PRIOR_NOISE, ODD_SLACK)
    counts = [(lesson.reported, estimator.expect(lesson.size).value) for lesson in lessons]
    return all(abs(reported - ours) <= AGREEING * reported for reported, ours in counts)


def _noise(lessons: Sequence[Lesson], slack: float) -> float:
    """Return how far single texts are off what was learnt, of their size."""
    estimator = _fitted(lessons, PRIOR_NOISE, slack)
    off = [(lesson.reported / estimator.expect(lesson.size).value - 1) ** 2 for lesson in lessons]
    noise = math.sqrt((PRIOR_REPLIES * PRIOR_NOISE**2 + sum(off)) / (PRIOR_REPLIES + len(off)))
    return min(MOST_NOISE, max(LEAST_NOISE, noise))


def _fitted(lessons: Iterable[Lesson], noise: float, slack: float) -> Estimator:
    belief = _Belief(slack)
    for lesson in lessons:
        belief.add(lesson, noise)
    return belief.estimator(noise)


class _Belief:
    """What is known of the weights: precision matrix and the vector that belongs to it."""

    def __init__(self, slack: float) -> None:
        precisions = [1 / (slack * spread) ** 2 for spread in PRIOR_SPREADS]
        self._precision = [
            [precision if row == column else 0.0 for column in range(len(precisions))]
            for row, precision in enumerate(precisions)
        ]
        self._vector = [p * mean for p, mean in zip(precisions, PRIOR_MEANS, strict=True)]
        self._n = 0

    def add(self, lesson: Lesson, noise: float) -> None:
        features = _features(lesson.size)
        weight = 1 / ((noise * lesson.reported) ** 2 + NOISE_TOKENS**2)
        for row, one in enumerate(features):
            self._vector[row] += weight * one * lesson.reported
            for column, other in enumerate(features):
                self._precision[row][column] += weight * one * other
        self._n += 1

    def estimator(self, noise: float) -> Estimator:
        spread = _inverse(self._precision)
        weights = tuple(max(LEAST_WEIGHT, weight) for weight in _times(spread, self._vector))
        return Estimator(weights, spread, noise, n_replies=self._n)


def _prior(slack: float) -> Estimator:
    return _Belief(slack).estimator(PRIOR_NOISE)


def _features(size: TextSize) -> Vector:
    return (*size.kinds, 1.0)


def _dot(one: Iterable[float], other: Iterable[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _times(matrix: Iterable[Iterable[float]], vector: Sequence[float]) -> Vector:
    return tuple(_dot(row, vector) for row in matrix)


def _inverse(matrix: Sequence[Sequence[float]]) -> Matrix:
    """Invert a symmetric, positive definite matrix (Gauss-Jordan; such a one needs no pivoting)."""
    n = len(matrix)
    rows = [[*row, *(1.0 if i == j else 0.0 for j in range(n))] for i, row in enumerate(matrix)]
    for i, row in enumerate(rows):
        pivot = row[i]
        rows[i] = row = [value / pivot for value in row]
        for j, other in enumerate(rows):
            if j != i:
                rows[j] = [a - other[i] * b for a, b in zip(other, row, strict=True)]
    return tuple(tuple(row[n:]) for row in rows)
