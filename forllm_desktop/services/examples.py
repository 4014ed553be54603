"""The ready examples of a first subforum, each with a persona and questions to try."""

import json
from dataclasses import dataclass

from forllm_desktop.domain.forum import Subforum, checked_text, title_from
from forllm_desktop.domain.servers import ModelChoice
from forllm_desktop.paths import resources_dir
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.queue import QueueService, Wish


@dataclass(frozen=True)
class Example:
    """A subforum that could be the first one. `icon` is the name of its icon, `line` says who answers."""

    subforum: str
    description: str
    icon: str
    persona: str
    line: str
    instructions: str
    questions: tuple[str, ...]


def examples() -> list[Example]:
    """Read the examples that ship with the app, in their order."""
    found = []
    for path in sorted((resources_dir() / "examples").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        persona = document["persona"]
        found.append(
            Example(
                subforum=document["subforum"],
                description=document["description"],
                icon=document["icon"],
                persona=persona["name"],
                line=persona["line"],
                instructions=persona["instructions"],
                questions=tuple(document["questions"]),
            )
        )
    return found


def ask_first_question(
    forum: ForumService,
    personas: PersonaService,
    queue: QueueService,
    example: Example,
    text: str,
    model: ModelChoice,
) -> int:
    """Make an example's subforum and persona, ask there, and return the topic's id.

    What is there already under these names is used, so that a second try after a failure makes nothing
    twice. Raises InvalidInput for an unusable text before anything is made.
    """
    title = title_from(checked_text(text))
    subforum = _subforum(forum, example)
    known = personas.find(example.persona)
    persona = known[0] if known else personas.create(example.persona, example.instructions, example.line)
    personas.assign(subforum.subforum_id, persona.persona_id, default=True)
    topic, _post, _job = queue.ask_in_new_topic(subforum.subforum_id, title, text, Wish(model))
    return topic.topic_id


def _subforum(forum: ForumService, example: Example) -> Subforum:
    known = forum.find_subforum(example.subforum)
    return known[0] if known else forum.create_subforum(example.subforum, example.description)
