"""Words for the templates that personas are written with."""

from forllm_desktop.domain.generation import GenerationType, Stage
from forllm_desktop.domain.templates import TemplateScore

STAGES = {
    Stage.EXPANSION: "Expand",
    Stage.REFINEMENT: "Refine",
    Stage.CRITIQUE: "Check",
    Stage.REPAIR: "Mend",
}
"""What a model shall do with the templates of a stage."""
WHEN = {
    Stage.EXPANSION: "First the model collects ideas, from the hints alone.",
    Stage.REFINEMENT: "Then it makes instructions of its ideas.",
    Stage.CRITIQUE: "If wished for, it checks the instructions against the hints.",
    Stage.REPAIR: "If headings are missing, it is asked for them once.",
}
"""When the templates of a stage are used."""
KINDS = {
    GenerationType.FROM_NAME_AND_DESCRIPTION: "From an idea",
    GenerationType.SUBFORUM_EXPERT: "Expert for a subforum",
    GenerationType.GENERAL_PURPOSE_ASSISTANT: "General assistant",
}


def stage_of(name: str) -> Stage:
    """Return the stage that a template is for."""
    return Stage(name.partition("/")[0])


def kind_words(name: str) -> str:
    """Return what a template makes: "Expert for a subforum"; "Missing headings" for the one that mends."""
    kind = name.partition("/")[2]
    return KINDS[GenerationType(kind)] if kind in set(GenerationType) else "Missing headings"


def title_of(name: str) -> str:
    """Return stage and kind of a template: "Refine: expert for a subforum"."""
    words = kind_words(name)
    return f"{STAGES[stage_of(name)]}: {words[:1].lower()}{words[1:]}"


def score_words(score: TemplateScore | None) -> str:
    """Return how personas made with a version were rated: "5 up, 1 down, 3 unrated"."""
    if score is None:
        return "not used yet"
    return f"{score.up:,} up, {score.down:,} down, {score.unrated:,} unrated"
