"""Variables in instructions: found without regard to case, filled once, left as typed when unknown."""

import time

import pytest

from forllm_desktop.domain.prompt_variables import find_variables, resolve_variables


def test_variables_are_found_with_their_places_and_meanings() -> None:
    text = "{{user}} {{ Char }} {{CURRENT_DATE}} {{USER_NAME}} {{nobody}} {single}"
    found = find_variables(text)
    assert [variable.name for variable in found] == ["user", "char", "date", "user", None]
    assert [text[v.start : v.end] for v in found] == [v.typed for v in found]


def test_values_are_filled_once_and_never_looked_into() -> None:
    values = {"user": "{{char}}", "char": "Ada"}
    assert resolve_variables("{{user}} asks {{CHAR}} about {{x}}", values) == "{{char}} asks Ada about {{x}}"


def test_variable_without_a_value_stays_as_typed() -> None:
    assert resolve_variables("In {{topic}}, {{user}}", {"user": "Jonas"}) == "In {{topic}}, Jonas"


@pytest.mark.parametrize(
    "storm",
    [
        "{{" + " " * 1_500,
        "{{" * 200_000,
        "{{" + " " * 200_000,
        ("{{" + " " * 300) * 1_000,
        "{{" + "a" * 200_000,
        "{" * 400_000,
        "{{a}" * 100_000,
        "}}" * 200_000 + "{{",
        "{{x}}" * 80_000,
    ],
    ids=lambda storm: storm[:4],
)
def test_storm_of_braces_costs_no_time(storm: str) -> None:
    started = time.thread_time()
    assert resolve_variables(storm, {"user": "Jonas"}) == storm
    assert time.thread_time() - started < 1


def test_variable_has_no_line_break_and_no_brace_inside() -> None:
    for typed in ("{{us\ner}}", "{{us{er}}", "{{user}", "{user}}", "{{}}", "{{ }}"):
        assert resolve_variables(typed, {"user": "Jonas", "": "x"}) == typed
    assert resolve_variables("{{{user}}}", {"user": "Jonas"}) == "{Jonas}"
    assert resolve_variables("{{\tuser  }}", {"user": "Jonas"}) == "Jonas"
