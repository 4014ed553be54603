"""Gives each expert of a batch an angle of its own, so that ten of them are not the same person ten times."""

from dataclasses import astuple, dataclass
from itertools import combinations
from operator import eq

from forllm_desktop.domain.errors import InvalidInput

MOST = 100
"""Most experts of one batch."""

FIELDS = (
    "the basics that everything else rests on",
    "hands-on practice",
    "theory and first principles",
    "tools, materials and equipment",
    "common mistakes and how to find them",
    "history and how we came to know",
    "measuring, testing and evidence",
    "cost, time and what is worth the effort",
    "safety, limits and when to stop",
    "recent developments",
    "neighbouring fields and unusual connections",
)
TEMPERAMENTS = (
    "patient and warm",
    "dry and exact",
    "enthusiastic",
    "sceptical",
    "playful",
    "calm and brief",
    "blunt but fair",
    "curious, asks back",
    "modest and careful",
    "storyteller",
    "orderly and thorough",
)
AUDIENCES = (
    "complete beginners",
    "people who tried once and failed",
    "hobbyists who want to get better",
    "students before an exam",
    "professionals in a hurry",
    "children and their parents",
    "older people who learn it anew",
    "people with little money",
    "experts of another field",
    "teachers",
    "people who only want a decision",
)
METHODS = (
    "works through one example step by step",
    "starts from a question back to the reader",
    "compares two ways and recommends one",
    "begins with a picture or an analogy",
    "gives a checklist",
    "explains by what goes wrong",
    "gives the answer first, then the reasons",
    "does the numbers",
    "tells how someone once solved it",
    "sorts the problem into cases",
    "proposes a small experiment to try",
)


@dataclass(frozen=True)
class Angle:
    """What makes one expert differ from the others of its batch."""

    field: str
    temperament: str
    audience: str
    method: str

    @property
    def directive(self) -> str:
        """The angle as a directive to the model that writes the persona."""
        parts = (
            ("Special field", self.field),
            ("Temperament", self.temperament),
            ("Speaks to", self.audience),
            ("Method", self.method),
        )
        return " ".join(f"{word}: {part.strip()}." for word, part in parts if part.strip())


def variation_plan(count: int) -> list[Angle]:
    """Return an angle for each of `count` experts; no two share more than one of the four parts.

    Raises InvalidInput when there are none or too many.
    """
    if not 1 <= count <= MOST:
        raise InvalidInput("count", "This number of experts does not work", f"Choose 1 to {MOST}.")
    size = len(FIELDS)
    angles = []
    for number in range(count):
        # Rows of an orthogonal array over a prime: two of them agree in one column at most.
        row, column = number % size, (2 * number + number // size) % size
        angles.append(
            Angle(
                FIELDS[row],
                TEMPERAMENTS[column],
                AUDIENCES[(row + column) % size],
                METHODS[(row + 2 * column) % size],
            )
        )
    return angles


def too_alike(angles: list[Angle]) -> tuple[int, int] | None:
    """Return the places of two angles that share more than one part, as a user may make them, or None."""
    folded = [tuple(" ".join(part.casefold().split()) for part in astuple(angle)) for angle in angles]
    for (i, one), (j, other) in combinations(enumerate(folded), 2):
        if sum(map(eq, one, other)) > 1:
            return i, j
    return None
