"""What a benchmark found, and the one table all of it is printed in."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """Something counted: the same on every machine. `goal` is what it must be, if that is known."""

    what: str
    value: float
    goal: float | None = None


@dataclass(frozen=True)
class Measure:
    """Something timed: `ours` and, side by side in the same run, `bare`, in `unit`.

    The goal is an upper bound of the ratio, or of `ours` where there is nothing to compare with; None where
    a number only explains another.
    """

    what: str
    ours: float
    goal: float | None
    unit: str
    bare: float | None = None

    @property
    def result(self) -> float:
        return self.ours if self.bare is None else self.ours / self.bare


@dataclass(frozen=True)
class Result:
    """All that one benchmark found."""

    counts: Sequence[Count]
    measures: Sequence[Measure]


HEADS = ("", "FORLLM", "bare", "result", "goal", "")


def table(results: Sequence[Result]) -> str:
    """Return counts, then times, as aligned text."""
    rows = [HEADS]
    for count in (count for result in results for count in result.counts):
        goal = "" if count.goal is None else f"{count.goal:g}"
        is_met = count.goal is None or count.value == count.goal
        rows.append((count.what, "", "", f"{count.value:g}", goal, "" if is_met else "MISSED"))
    for measure in (measure for result in results for measure in result.measures):
        unit = measure.unit
        bare = "" if measure.bare is None else f"{measure.bare:.2f} {unit}"
        shown = f"{measure.result:.1f} {unit}" if measure.bare is None else f"{measure.result:.3f}"
        bound = "" if measure.goal is None else f"<= {measure.goal:g}"
        bound += f" {unit}" if bound and measure.bare is None else ""
        verdict = "" if measure.goal is None or measure.result <= measure.goal else "MISSED"
        rows.append((measure.what, f"{measure.ours:.2f} {unit}", bare, shown, bound, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
