"""Templates: found by name, filled once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.errors import ForllmError
from forllm_desktop.paths import prompt_templates_dir
from forllm_desktop.prompting.templates import fill, template


def test_every_template_that_ships_can_be_read_and_names_its_placeholders_well() -> None:
    paths = sorted(prompt_templates_dir().rglob("*.txt"))
    assert paths
    for path in paths:
        text = template(path.relative_to(prompt_templates_dir()).with_suffix("").as_posix())
        assert text.strip()
        assert not text.endswith("\n")
        assert text.count("{{") == text.count("}}")


def test_missing_template_is_told_in_words() -> None:
    with pytest.raises(ForllmError, match="template is missing"):
        template("reply/nothing")


@given(st.text(), st.text())
def test_values_are_put_in_as_they_are(one: str, two: str) -> None:
    assert fill("<{{a}}|{{ b }}|{{a}}>", a=one, b=two) == f"<{one}|{two}|{one}>"


@pytest.mark.parametrize("values", [{}, {"a": "x", "b": "y"}, {"b": "y"}])
def test_values_must_fit_the_template(values: dict[str, str]) -> None:
    with pytest.raises(ForllmError, match="does not fit"):
        fill("{{a}}", **values)


def test_single_braces_are_text() -> None:
    assert fill("{a} {} {{a}}", a="x") == "{a} {} x"
