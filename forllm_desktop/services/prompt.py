"""Builds the prompt of a request; preview and worker call the same verb."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import InvalidInput, NotFound
from forllm_desktop.domain.forum import Post, Subforum, Topic, User, storable
from forllm_desktop.domain.persona import Persona, PersonaContent, PersonaVersion, resolve
from forllm_desktop.domain.prompt_variables import resolve_variables
from forllm_desktop.domain.queue import Job
from forllm_desktop.domain.servers import ModelChoice, ModelFacts, Server, model_word
from forllm_desktop.domain.xray import SOURCES, DraftQuestion, Xray, XrayPart
from forllm_desktop.llm.tokens import estimate_tokens
from forllm_desktop.prompting.prompt import ANSWER_SHARE, Prompt, Turn, assemble
from forllm_desktop.services import job_steps as steps
from forllm_desktop.services.posting import WRITER, live_post, live_topic
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage import persona as persona_rows
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.database import Database, Session


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
            question = session.get_one(Post, post_id)
            return self._prompt(
                session,
                persona,
                rows.ancestors(session, post_id),
                _turn(session, question, persona.persona_id),
                topic_id=question.topic_id,
                model=model,
                system_role=system_role,
            )

    def build_trial(
        self, content: PersonaContent, question: str, *, model: str = "", system_role: bool = True
    ) -> Prompt:
        """Return the prompt that asks a persona one question outside of every topic."""
        with self._database.read() as session:
            values = self._values(session, content.name, model, None)
            asked = Turn(values["user"], question)
        instructions = resolve_variables(content.instructions, values)
        return assemble(instructions, [], asked, system_role=system_role, persona=content.name)

    def preview(
        self, post_id: int, persona_id: int, content: PersonaContent, model: ModelChoice | None
    ) -> Xray:
        """Return what would be sent if this persona, as it is or as it is being edited, answered a post now.

        No server is asked: sizes are estimates, and what a model can do is what it last said. May be called
        from any thread. Raises NotFound.
        """
        with self._database.read() as session:
            live_post(session, post_id)
            known = _known(session, model)
        version = PersonaVersion(persona_id=persona_id, version=0)
        version.take(
            replace(content, name=storable(content.name), instructions=storable(content.instructions))
        )
        prompt = self.build(
            post_id,
            version,
            model=model.name if model else "",
            system_role=known.has_system_role,
        )
        return _xray(prompt, known)

    def preview_draft(self, draft: DraftQuestion) -> Xray:
        """Return what would be sent for a post that is being written, were it posted now.

        Nothing is stored and no server is asked, as in `preview`. May be called from any thread. Raises
        NotFound, and NotPossible when the persona may not answer there.
        """
        with self._database.read() as session:
            persona = _answering(session, draft)
            model = draft.model or _model_of(session, persona)
            known = _known(session, model)
            parent = draft.parent_post_id
            if draft.edits is not None:
                parent = live_post(session, draft.edits).parent_post_id
            posts = [*rows.ancestors(session, parent), live_post(session, parent)] if parent else []
            asked = Turn(session.get_one(User, WRITER).username, draft.text, post_id=draft.edits)
            prompt = self._prompt(
                session,
                persona,
                posts,
                asked,
                topic_id=draft.topic_id,
                model=model.name if model else "",
                system_role=known.has_system_role,
            )
        return _xray(prompt, known)

    def require_fit(self, draft: DraftQuestion) -> None:
        """Raise InvalidInput, with the numbers and what to drop, when a post has no room in the window."""
        found = self.preview_draft(draft)
        if not found.fits:
            raise InvalidInput(
                "text",
                f"About {found.over:,} tokens too many",
                f"{found.window - found.answer:,} fit beside an answer. Shorten the post.",
            )

    def sent(self, request_id: int) -> Xray | None:
        """Return the prompt that a request sent; None when it has sent none yet. Raises NotFound."""
        with self._database.read() as session:
            job = steps.existing(session, request_id)
            return _sent(job)

    def before(self, request_id: int) -> Xray | None:
        """Return the prompt that the same persona was sent in the same topic before; None for the first."""
        with self._database.read() as session:
            steps.existing(session, request_id)
            return None

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

    def _prompt(
        self,
        session: Session,
        persona: PersonaVersion,
        posts: Sequence[Post],
        question: Turn,
        *,
        topic_id: int | None,
        model: str,
        system_role: bool,
    ) -> Prompt:
        history = [
            _turn(session, post, persona.persona_id)
            for post in posts
            if post.deleted_at is None and not post.is_incomplete and post.content.strip()
        ]
        values = self._values(session, persona.name, model, topic_id)
        instructions = resolve_variables(persona.prompt_instructions, values)
        return assemble(instructions, history, question, system_role=system_role, persona=persona.name)

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


@dataclass(frozen=True)
class _Known:
    """What is known of a model without asking its server."""

    window: int
    has_system_role: bool
    was_asked: bool


def _known(session: Session, model: ModelChoice | None) -> _Known:
    facts = persona_rows.model_facts(session, model) if model else None
    wanted = setting_rows.load(session).context_window
    window = min(wanted, facts.ctx) if facts is not None and facts.ctx else wanted
    return _Known(window, facts is None or facts.supports_system is not False, facts is not None)


def _answering(session: Session, draft: DraftQuestion) -> PersonaVersion:
    chosen = draft.persona_id
    persona_id = chosen or resolve(persona_rows.candidates(session, draft.subforum_id, None)).persona_id
    persona = session.get_one(Persona, persona_id)
    found = persona_rows.version(session, persona.persona_id, draft.version or persona.version)
    if found is None:
        raise NotFound(f"{persona.name} has no v{draft.version}", f"The newest is v{persona.version}.")
    return found


def _model_of(session: Session, persona: PersonaVersion) -> ModelChoice | None:
    preferred = persona.options.model
    if preferred is not None and session.get(Server, preferred.server_id):
        return preferred
    settings = setting_rows.load(session)
    default = ModelChoice(settings.default_server_id, settings.default_model)
    return default if default.name and session.get(Server, default.server_id) else None


def _xray(prompt: Prompt, known: _Known) -> Xray:
    return Xray(
        messages=tuple(prompt.messages),
        parts=_parts(prompt),
        left_out=(),
        total=estimate_tokens(prompt.messages),
        window=known.window,
        answer=known.window // ANSWER_SHARE,
        is_known_model=known.was_asked,
    )


def _parts(prompt: Prompt) -> tuple[XrayPart, ...]:
    return tuple(
        XrayPart(
            part.source,
            part.message["role"],
            part.label,
            part.message["content"],
            estimate_tokens([part.message]),
            part.post_id,
            part.place,
        )
        for part in prompt.parts
    )


def _sent(job: Job) -> Xray | None:
    if not job.prompt:
        return None
    numbers, metrics = job.token_breakdown or {}, job.metrics or {}
    parts = tuple(
        XrayPart(
            "persona" if message["role"] == "system" else "post" if last else "thread",
            message["role"],
            "",
            message["content"],
            estimate_tokens([message]),
            message=index,
        )
        for index, message in enumerate(job.prompt)
        for last in [index == len(job.prompt) - 1]
    )
    return Xray(
        messages=tuple(job.prompt),
        parts=parts,
        left_out=(),
        total=numbers.get("total", sum(part.tokens for part in parts)),
        window=numbers.get("window", 0),
        answer=numbers.get("answer", 0),
        is_exact=bool(numbers.get("is_exact")),
        is_sent=True,
        reported=metrics.get("prompt_tokens"),
        is_shortened=bool(metrics.get("prompt_shortened")),
    )


def estimated_sizes(prompt: Prompt) -> dict[str, int]:
    """Return the estimated tokens of each source of a prompt."""
    sizes = dict.fromkeys(SOURCES, 0)
    for part in prompt.parts:
        sizes[part.source] += estimate_tokens([part.message])
    return sizes


def _turn(session: Session, post: Post, answering: int) -> Turn:
    author, is_own = persona_rows.author_of(session, post), post.llm_persona_id == answering
    return Turn(author, post.content, is_own, post.post_id)
