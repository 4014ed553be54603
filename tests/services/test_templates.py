"""Templates: built-in, as the user's own versions, and what personas made with them were rated."""

import pytest

from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.persona import Origin, Source
from forllm_desktop.domain.templates import PLACEHOLDERS, TemplateScore
from forllm_desktop.events import Events
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.ratings import RatingService
from forllm_desktop.services.templates import TemplateService
from forllm_desktop.storage.database import Database

NAME = "expansion/from_name_and_description"


@pytest.fixture
def templates(database: Database, events: Events) -> TemplateService:
    return TemplateService(database, events)


@pytest.fixture
def ratings(database: Database, events: Events) -> RatingService:
    return RatingService(database, events)


def test_every_template_fits_its_placeholders(templates: TemplateService) -> None:
    assert len(templates.names()) == 10
    for name in templates.names():
        filled = templates.preview(name, templates.template(name).text)
        assert "{{" not in filled
        assert set(templates.required(name)) <= set(templates.placeholders(name))


def test_every_placeholder_is_explained(templates: TemplateService) -> None:
    used = {placeholder for name in templates.names() for placeholder in templates.placeholders(name)}
    assert used == set(PLACEHOLDERS)


def test_findings_say_what_keeps_a_template_from_being_used(templates: TemplateService) -> None:
    name = "refinement/subforum_expert"
    for built_in in templates.names():
        assert templates.findings(built_in, templates.built_in(built_in).text) == []
    text = "Write {{ tone_preference }}, {{mood}} and {{a b}}."
    missing, unknown, odd = templates.findings(name, text)
    assert (missing.is_blocking, missing.start, missing.end) == (True, 0, 0)
    assert missing.message.startswith("{{brainstormed_text_from_stage_1}} is missing")
    assert (unknown.message, unknown.is_blocking) == ("{{mood}} stands for nothing here.", True)
    assert text[unknown.start : unknown.end] == "{{mood}}"
    assert (odd.is_blocking, text[odd.start : odd.end]) == (False, "{{a b}}")
    assert [finding.is_blocking for finding in templates.findings(name, "x" * 50_000)] == [True, True]
    assert "empty" in templates.findings(name, " ")[0].message


def test_own_copy_is_versioned_and_can_be_reset(templates: TemplateService) -> None:
    built_in = templates.template(NAME)
    first = templates.save(NAME, "Brainstorm about {{name_hint}}.")
    again = templates.save(NAME, "Brainstorm about {{name_hint}}.")
    second = templates.save(NAME, "Think about {{name_hint}}.")
    assert [first.version, again.version, second.version] == ["own v1", "own v1", "own v2"]
    assert templates.reset(NAME) == built_in
    assert templates.reset(NAME) == built_in
    assert [(one.version, one.text) for one in templates.versions(NAME)] == [
        (3, None),
        (2, "Think about {{name_hint}}."),
        (1, "Brainstorm about {{name_hint}}."),
    ]


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        (NAME, "  ", "empty"),
        (NAME, "About {{subforum_name}}.", "unknown placeholder"),
        ("refinement/subforum_expert", "Write it.", "lacks a placeholder"),
        (NAME, "x" * 50_000, "too long"),
    ],
)
def test_template_that_does_not_fit_is_refused(
    templates: TemplateService, name: str, text: str, title: str
) -> None:
    with pytest.raises(InvalidInput, match=title):
        templates.save(name, text)
    assert not templates.template(name).is_own


def test_unknown_template_is_told_in_words(templates: TemplateService) -> None:
    for name in ("expansion/nobody", "../secret", "x"):
        with pytest.raises(NotFound):
            templates.template(name)


def test_ratings_are_counted_by_template_version(personas: PersonaService, ratings: RatingService) -> None:
    made = [
        personas.create(
            f"P{number}",
            "You are.",
            origin=Origin(Source.FROM_NAME, {"templates": {"expansion": {"name": NAME, "version": version}}}),
        ).persona_id
        for number, version in enumerate(["own v1", "own v1", "own v2", "own v2"])
    ]
    ratings.rate(made[0], 1, "Good.")
    ratings.rate(made[1], -1)
    ratings.rate(made[2], 1)
    ratings.rate(made[2], 0)
    rating = ratings.rating(made[0])
    assert rating is not None
    assert (rating.thumbs, rating.note) == (1, "Good.")
    assert ratings.scores() == [
        TemplateScore(NAME, "own v1", 1, 1, 0),
        TemplateScore(NAME, "own v2", 0, 0, 2),
    ]


def test_only_generated_personas_are_rated(personas: PersonaService, ratings: RatingService) -> None:
    with pytest.raises(NotPossible):
        ratings.rate(personas.create("Ada", "You are Ada.").persona_id, 1)
