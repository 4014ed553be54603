"""Which persona answers: every combination of what is chosen, assigned and set, written out as a table."""

import itertools

import pytest

from forllm_desktop.domain.persona import (
    FALLBACK_PERSONA_ID,
    Candidates,
    Resolution,
    ResolutionReason,
    resolve,
)

ADA, BO, CY = 2, 3, 4
CHOSEN, HERE = ResolutionReason.CHOSEN, ResolutionReason.SUBFORUM_DEFAULT
EVERYWHERE, LAST = ResolutionReason.GLOBAL_DEFAULT, ResolutionReason.FALLBACK
ALL_CHOICES = (None, FALLBACK_PERSONA_ID, ADA, BO, CY)
ALL_ASSIGNED = tuple(
    frozenset(some) for n in range(4) for some in itertools.combinations((FALLBACK_PERSONA_ID, ADA, BO), n)
)


@pytest.mark.parametrize(
    ("chosen", "assigned", "default", "everywhere", "answers", "reason"),
    [
        # Nobody is chosen: the subforum's default, the global default, the fallback.
        (None, (), None, None, FALLBACK_PERSONA_ID, LAST),
        (None, (ADA,), None, None, FALLBACK_PERSONA_ID, LAST),
        (None, (), None, BO, BO, EVERYWHERE),
        (None, (ADA,), None, BO, BO, EVERYWHERE),
        (None, (ADA,), ADA, None, ADA, HERE),
        (None, (ADA, BO), ADA, BO, ADA, HERE),
        (None, (FALLBACK_PERSONA_ID,), FALLBACK_PERSONA_ID, BO, FALLBACK_PERSONA_ID, HERE),
        (None, (), None, FALLBACK_PERSONA_ID, FALLBACK_PERSONA_ID, EVERYWHERE),
        # Somebody is chosen who is assigned: whoever the defaults are.
        (ADA, (ADA,), None, None, ADA, CHOSEN),
        (ADA, (ADA, BO), BO, CY, ADA, CHOSEN),
        # The global default and the fallback may be chosen everywhere.
        (BO, (), None, BO, BO, CHOSEN),
        (BO, (ADA,), ADA, BO, BO, CHOSEN),
        (FALLBACK_PERSONA_ID, (), None, None, FALLBACK_PERSONA_ID, CHOSEN),
        (FALLBACK_PERSONA_ID, (ADA,), ADA, BO, FALLBACK_PERSONA_ID, CHOSEN),
        # Anybody else is refused, and never replaced.
        (CY, (), None, None, None, CHOSEN),
        (CY, (ADA,), ADA, BO, None, CHOSEN),
        (ADA, (), None, BO, None, CHOSEN),
    ],
)
def test_who_answers(
    chosen: int | None,
    assigned: tuple[int, ...],
    default: int | None,
    everywhere: int | None,
    answers: int | None,
    reason: ResolutionReason,
) -> None:
    candidates = Candidates(chosen, frozenset(assigned), default, everywhere)
    assert resolve(candidates) == Resolution(answers, reason)


def test_every_combination_follows_the_four_rules() -> None:
    n_seen = 0
    for chosen, assigned, everywhere in itertools.product(ALL_CHOICES, ALL_ASSIGNED, ALL_CHOICES):
        for default in (None, *sorted(assigned)):
            n_seen += 1
            found = resolve(Candidates(chosen, assigned, default, everywhere))
            if chosen is not None:
                is_allowed = chosen in assigned or chosen in (everywhere, FALLBACK_PERSONA_ID)
                assert found == Resolution(chosen if is_allowed else None, CHOSEN)
                continue
            first = next(one for one in (default, everywhere, FALLBACK_PERSONA_ID) if one is not None)
            reason = HERE if default is not None else EVERYWHERE if everywhere is not None else LAST
            assert found == Resolution(first, reason)
    assert n_seen == 500
