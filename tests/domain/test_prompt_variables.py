"""Variables in instructions: found without regard to case, filled once, left as typed when unknown."""

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
