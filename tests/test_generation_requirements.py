"""The table of what was asked for names tests that exist, for every part of the specification."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.generation_requirements import REQUIREMENTS, Requirement

ROOT = Path(__file__).parents[1]
PARTS = ("2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "4", "5", "6", "7", "A", "B", "C")


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda r: f"{r.part.split()[0]}: {r.words}")
def test_requirement_is_shown_by_a_test_that_exists(requirement: Requirement) -> None:
    assert requirement.test.startswith("test_")
    assert requirement.test in names_in(requirement.file)


def test_no_part_is_left_out_and_nothing_is_listed_twice() -> None:
    assert tuple(dict.fromkeys(one.part.split()[0] for one in REQUIREMENTS)) == PARTS
    listed = [(one.part, one.words) for one in REQUIREMENTS]
    assert len(set(listed)) == len(listed)


def test_architecture_page_says_where_personas_are_written() -> None:
    page = (ROOT / "blueprint.md").read_text(encoding="utf-8")
    for words in ("`persona_generator.py`", "`prompt_templates/`", "`generation.py`", "generated persona"):
        assert words in page
