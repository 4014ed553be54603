"""The breakages of `tests.mutants` stay applicable; whether a test notices them is checked there."""

from pathlib import Path

import pytest

from tests.mutants.breakage import Mutant
from tests.mutants.catalogue import MUTANTS

ROOT = Path(__file__).parent.parent


def test_there_are_eighty_breakages_at_least_and_each_has_its_own_name() -> None:
    names = {mutant.name for mutant in MUTANTS}
    assert len(names) == len(MUTANTS) >= 80


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_line_to_break_stands_once_and_its_tests_are_there(mutant: Mutant) -> None:
    broken = mutant.broken(ROOT)
    compile(broken, mutant.file, "exec")
    assert mutant.tests
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / "tests" / file).read_text(encoding="utf-8")
