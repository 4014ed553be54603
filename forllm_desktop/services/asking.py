"""Asks personas by name: several at once about a post, and one on trial, without posting."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from forllm_desktop.domain.base import utc_now
from forllm_desktop.domain.errors import NotPossible
from forllm_desktop.domain.forum import Post, Subforum, Topic, checked_text
from forllm_desktop.domain.persona import Persona, PersonaContent
from forllm_desktop.domain.queue import Job, JobKind, JobStatus, Wish
from forllm_desktop.domain.servers import ModelChoice, Server
from forllm_desktop.domain.undo import Kind, PersonaUndo, PersonaUndoKind, Restored
from forllm_desktop.events import Events
from forllm_desktop.services import job_steps as steps
from forllm_desktop.services.news import change
from forllm_desktop.services.persona_steps import existing, listed, usable
from forllm_desktop.services.posting import live_post
from forllm_desktop.services.queue import QueueService
from forllm_desktop.services.tagging import default_model, preferred_model
from forllm_desktop.storage import persona as persona_rows
from forllm_desktop.storage import queue as rows
from forllm_desktop.storage.database import Database


class PersonaAskingService:
    """Requests that begin with a persona, not with a text."""

    def __init__(
        self,
        database: Database,
        events: Events,
        queue: QueueService,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._events = events
        self._queue = queue
        self._clock = clock

    def wishes(self, persona_ids: Sequence[int]) -> list[Wish]:
        """Return wishes for answers of these personas, each with the model it prefers, else the default one.

        Who is not assigned where the answer is wanted will be. Raises NotFound, and NotPossible for a persona
        that may not answer and when there is no model to ask.
        """
        with self._database.read() as session:
            personas = [usable(session, persona_id) for persona_id in dict.fromkeys(persona_ids)]
            default = default_model(session)
            models = [preferred_model(session, persona) or default for persona in personas]
        if None in models:
            raise NotPossible("No model is set up", "Choose one in Settings, Servers.")
        return [
            Wish(model, persona.persona_id, assigns=True)
            for persona, model in zip(personas, models, strict=True)
            if model is not None
        ]

    def wish(self, persona_id: int, *, version: int | None = None, model: ModelChoice | None = None) -> Wish:
        """Return the wish for an answer of one persona, as `wishes`, at one of its versions if given.

        An earlier version is asked with the model that it preferred itself, unless `model` names another.
        """
        if model is not None:
            with self._database.read() as session:
                usable(session, persona_id)
            return Wish(model, persona_id, version, assigns=True)
        made = self.wishes([persona_id])[0]
        if version is None:
            return made
        with self._database.read() as session:
            steps.require_version(session, persona_id, version)
            then = persona_rows.version(session, persona_id, version)
            preferred = preferred_model(session, then) if then is not None else None
            chosen = preferred or default_model(session) or made.model
        return replace(made, model=chosen, version=version)

    def again(self, reply_id: int, version: int) -> PersonaUndo:
        """Ask once more for what a reply answers, by a version of the persona that wrote it.

        The new reply stands beside the old one. The model is that of the old one, if its server is still
        known. Raises what `ask` raises.
        """
        with self._database.read() as session:
            reply = live_post(session, reply_id)
            if reply.llm_persona_id is None or reply.parent_post_id is None:
                raise NotPossible("No persona wrote this post", "Ask about it instead.")
            is_known = reply.server_id is not None and session.get(Server, reply.server_id) is not None
        model = ModelChoice(reply.server_id or 0, reply.llm_model_id or "") if is_known else None
        wish = self.wish(reply.llm_persona_id, version=version, model=model)
        return self.ask(reply.parent_post_id, [wish])

    def undo_of(self, request_id: int) -> PersonaUndo:
        """Return how to take a waiting request back that assigned the persona it asks."""
        with self._database.read() as session:
            job = steps.existing(session, request_id)
            post = session.get_one(Post, job.post_id_to_respond_to)
            topic = session.get_one(Topic, post.topic_id)
            persona = session.get_one(Persona, job.llm_persona)
            place = session.get_one(Subforum, topic.subforum_id).name
        return PersonaUndo(
            f"{persona.name} will answer in “{topic.title}”, now assigned to {place}",
            PersonaUndoKind.ASKED,
            (persona.persona_id,),
            topic.subforum_id,
            request_ids=(request_id,),
        )

    def ask(self, post_id: int, wishes: Sequence[Wish]) -> PersonaUndo:
        """Ask several personas to answer a post, in one commit; returns how to take all of it back."""
        if not wishes:
            raise NotPossible("No persona is chosen", "Choose one first.")
        with change(self._database, self._events) as (session, news):
            post = live_post(session, post_id)
            if post.is_incomplete:
                raise NotPossible("This reply is not finished", "Wait for it, or try its request again.")
            topic = session.get_one(Topic, post.topic_id)
            before = persona_rows.assignments(session, topic.subforum_id)
            now = self._clock()
            jobs = [steps.insert_job(session, news, post, wish, now) for wish in wishes]
            ids = tuple(wish.persona_id for wish in wishes if wish.persona_id is not None)
            names = [session.get_one(Persona, persona_id).name for persona_id in ids]
            was_assigned = frozenset(row.persona_id for row in before)
            new = {row.persona_id for row in persona_rows.assignments(session, topic.subforum_id)}
            place = session.get_one(Subforum, topic.subforum_id).name
        assigned = [name for name, id in zip(names, ids, strict=True) if id in new - was_assigned]
        also = f", now assigned to {place}" if assigned == names else ""
        also = also or (
            f"; {listed(assigned)} {'is' if len(assigned) == 1 else 'are'} now assigned to {place}"
        )
        versions = [f" v{wish.version}" if wish.version else "" for wish in wishes if wish.persona_id]
        named = listed([name + version for name, version in zip(names, versions, strict=True)])
        named = named or "Whoever is the default"
        return PersonaUndo(
            f"{named} will answer in “{topic.title}”{also if assigned else ''}",
            PersonaUndoKind.ASKED,
            tuple(new - was_assigned),
            topic.subforum_id,
            request_ids=tuple(job.request_id for job in jobs),
        )

    def undo(self, undo: PersonaUndo) -> Restored:
        """Cancel the requests that `ask` made, and take back whom it assigned."""
        open_ids = [job.request_id for job in (self._queue.job(id) for id in undo.request_ids) if job.is_open]
        if not open_ids:
            raise NotPossible("The answer is already there", "Delete the reply if you do not want it.")
        for request_id in open_ids:
            if self._queue.job(request_id).is_open:
                self._queue.cancel(request_id)
        with change(self._database, self._events) as (session, news):
            for persona_id in undo.persona_ids:
                row = persona_rows.assignment(session, undo.subforum_id, persona_id)
                is_needed = rows.is_awaited(session, undo.subforum_id, persona_id)
                if row is not None and not row.is_default_for_subforum and not is_needed:
                    session.delete(row)
            if undo.persona_ids:
                news.tell(self._events.subforums_changed)
        return Restored(
            Kind.PERSONA,
            0,
            "The request is cancelled" if len(open_ids) == 1 else "The requests are cancelled",
        )

    def try_persona(self, persona_id: int, content: PersonaContent, question: str, model: ModelChoice) -> Job:
        """Ask a persona, as it is or as it is being edited, one question without posting; it runs next.

        `persona_id` is 0 for one that was never saved. The question and the persona are kept with the
        request, the answer in its `output`.
        """
        question = checked_text(question)
        with change(self._database, self._events) as (session, news):
            steps.require_server(session, model.server_id)
            if persona_id:
                existing(session, persona_id)
            job = Job(
                request_type=JobKind.TRY_PERSONA.value,
                request_params={"question": question, **steps.trial_params(content)},
                position=rows.position_in_front(session, JobKind.TRY_PERSONA),
                llm_model=model.name,
                server_id=model.server_id,
                llm_persona=persona_id or None,
                persona_is_chosen=True,
                requested_at=self._clock(),
                status=JobStatus.PENDING.value,
            )
            steps.park_with_server(session, job, self._clock())
            session.add(job)
            session.flush()
            news.tell(self._events.job_changed, job.request_id)
        return job
