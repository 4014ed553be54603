"""Builds the prompt of a request; preview and worker call the same verb."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import NotFound
from forllm_desktop.domain.forum import Post, Subforum, Topic, User, storable
from forllm_desktop.domain.persona import PersonaContent, PersonaVersion
from forllm_desktop.domain.prompt_variables import resolve_variables
from forllm_desktop.domain.servers import ModelChoice, ModelFacts, model_word
from forllm_desktop.llm.tokens import estimate_tokens
from forllm_desktop.prompting.prompt import ANSWER_SHARE, Prompt, Turn, assemble
from forllm_desktop.services.posting import WRITER, live_post, live_topic
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage import persona as persona_rows
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.database import Database, Session


@dataclass(frozen=True)
class Preview:
    """What would be sent now. `sizes` are estimated tokens by source; `window` and `answer` are tokens.

    `part_sizes` are those of the prompt's parts, in their order.

    `is_known_model` says whether the model was asked before: only then is it known whether its template has
    a system role, and how large its window is.
    """

    prompt: Prompt
    sizes: dict[str, int]
    total: int
    window: int
    answer: int
    is_known_model: bool
    part_sizes: tuple[int, ...] = ()

    @property
    def fits(self) -> bool:
        """Say whether prompt and answer have room beside each other, as far as an estimate can tell."""
        return self.total <= self.window - self.answer


class PromptService:
    """From a post and a persona to one prompt."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._noted: dict[ModelChoice, tuple[int | None, bool | None]] = {}

    def build(
        self, post_id: int, persona: PersonaVersion, *, model: str = "", system_role: bool = True
    ) -> Prompt:
        """Return the prompt that asks `persona` to answer a post with a model.

        Deleted posts and incomplete replies among its ancestors are left out; variables in the instructions
        become what they stand for now, in the posts they stay.
        """
        with self._database.read() as session:
            posts = rows.ancestors(session, post_id)
            question = session.get_one(Post, post_id)
            history = [
                _turn(session, post, persona.persona_id)
                for post in posts
                if post.deleted_at is None and not post.is_incomplete and post.content.strip()
            ]
            asked = _turn(session, question, persona.persona_id)
            values = self._values(session, persona.name, model, question.topic_id)
        instructions = resolve_variables(persona.prompt_instructions, values)
        return assemble(instructions, history, asked, system_role=system_role)

    def build_trial(
        self, content: PersonaContent, question: str, *, model: str = "", system_role: bool = True
    ) -> Prompt:
        """Return the prompt that asks a persona one question outside of every topic."""
        with self._database.read() as session:
            values = self._values(session, content.name, model, None)
            asked = Turn(values["user"], question)
        return assemble(resolve_variables(content.instructions, values), [], asked, system_role=system_role)

    def preview(
        self, post_id: int, persona_id: int, content: PersonaContent, model: ModelChoice | None
    ) -> Preview:
        """Return what would be sent if this persona, as it is or as it is being edited, answered a post now.

        No server is asked: sizes are estimates, and what a model can do is what it last said.
        """
        with self._database.read() as session:
            live_post(session, post_id)
            facts = persona_rows.model_facts(session, model) if model else None
            wanted = setting_rows.load(session).context_window
        version = PersonaVersion(persona_id=persona_id, version=0)
        version.take(
            replace(content, name=storable(content.name), instructions=storable(content.instructions))
        )
        prompt = self.build(
            post_id,
            version,
            model=model.name if model else "",
            system_role=facts is None or facts.supports_system is not False,
        )
        window = min(wanted, facts.ctx) if facts is not None and facts.ctx else wanted
        sizes = estimated_sizes(prompt)
        total = estimate_tokens(prompt.messages)
        part_sizes = tuple(estimate_tokens([part.message]) for part in prompt.parts)
        answer = window // ANSWER_SHARE
        return Preview(prompt, sizes, total, window, answer, facts is not None, part_sizes)

    def answered_post(self, topic_id: int) -> int:
        """Return the post of a topic that a persona answers when none is named: its newest whole one."""
        with self._database.read() as session:
            live_topic(session, topic_id)
            found = rows.newest_whole_post(session, topic_id)
        if found is None:
            raise NotFound("The topic has no post to answer", "Write one first.")
        return found

    def note_model(self, choice: ModelChoice, *, ctx: int | None, supports_system: bool | None) -> None:
        """Keep what a server said of a model, for the next preview; the same again costs nothing."""
        # This lies between a request's commit and its first byte.
        if self._noted.get(choice) == (ctx, supports_system):
            return
        with self._database.write() as session:
            session.merge(
                ModelFacts(
                    server_id=choice.server_id,
                    model=choice.name,
                    ctx=ctx,
                    supports_system=supports_system,
                    seen_at=self._clock(),
                )
            )
        self._noted[choice] = (ctx, supports_system)

    def _values(self, session: Session, persona: str, model: str, topic_id: int | None) -> dict[str, str]:
        """Return what each variable stands for now; outside of a topic two of them stand for nothing."""
        now = self._clock().astimezone()
        values = {
            "char": persona,
            "user": session.get_one(User, WRITER).username,
            "date": f"{now:%Y-%m-%d}",
            "time": f"{now:%H:%M}",
            "weekday": _WEEKDAYS[now.weekday()],
            "model": model_word(model),
        }
        if topic_id is not None:
            topic = session.get_one(Topic, topic_id)
            values["topic"] = topic.title
            values["subforum"] = session.get_one(Subforum, topic.subforum_id).name
        return values


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def estimated_sizes(prompt: Prompt) -> dict[str, int]:
    """Return the estimated tokens of each source of a prompt."""
    sizes = {"persona": 0, "thread": 0, "post": 0}
    for part in prompt.parts:
        sizes[part.source] += estimate_tokens([part.message])
    return sizes


def _turn(session: Session, post: Post, answering: int) -> Turn:
    return Turn(persona_rows.author_of(session, post), post.content, is_own=post.llm_persona_id == answering)
