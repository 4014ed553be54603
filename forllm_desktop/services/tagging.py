"""The steps that turn tags in a user's post into requests, inside the transaction of the verb."""

from collections.abc import Sequence
from datetime import datetime

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.persona import Persona, PersonaVersion
from forllm_desktop.domain.queue import Job, TagPlace, Wish
from forllm_desktop.domain.servers import ModelChoice, Server
from forllm_desktop.domain.tags import Chain, PersonaTag, broken_chains, chain_key
from forllm_desktop.services import job_steps as steps
from forllm_desktop.services.news import News
from forllm_desktop.services.persona_steps import usable
from forllm_desktop.storage import settings as setting_rows
from forllm_desktop.storage.database import Session


def require_whole(text: str, before: str = "") -> None:
    """Refuse a text with a chain that misses a link, unless it stood there before. Raises InvalidInput."""
    known = broken_chains(before)
    for piece in broken_chains(text):
        if piece not in known:
            raise InvalidInput(
                "text",
                f"A link is missing in “{piece}”",
                "A chain is written like @Ada:@Bob, each name one of your personas. Choose it from the list, "
                "or put a space behind the colon.",
            )


def require_usable(session: Session, chains: Sequence[Chain]) -> None:
    """Refuse tags of personas that cannot answer. Raises InvalidInput."""
    for tag in dict.fromkeys(tag for chain in chains for tag in chain):
        if session.get(Persona, tag.persona_id) is None:
            raise InvalidInput(
                "text",
                f"“{tag.words}” is none of your personas",
                "Choose one from the list that opens behind the sign, or take the tag out.",
            )
        try:
            usable(session, tag.persona_id)
        except ForllmError as error:
            cure = _cure(session.get_one(Persona, tag.persona_id))
            raise InvalidInput(
                "text", error.title, f"{error.message} Take the tag out, or {cure}."
            ) from error


def _cure(persona: Persona) -> str:
    if persona.deleted_at is not None:
        return "restore the persona from the Trash"
    return "switch the persona on" if not persona.is_active else "accept the persona first"


def wishes_of(session: Session, chain: Chain, model: ModelChoice | None) -> list[Wish]:
    """Return what is wished from each persona of a chain: by the model it prefers, else by this one.

    Without one the default is asked. Raises InvalidInput when there is none.
    """
    return [_wish_of(session, tag, model) for tag in chain]


def _wish_of(session: Session, tag: PersonaTag, model: ModelChoice | None) -> Wish:
    persona = session.get_one(Persona, tag.persona_id)
    chosen = preferred_model(session, persona) or model or default_model(session)
    if chosen is None:
        raise InvalidInput(
            "model", f"There is no model to ask {persona.name} with", "Choose one in Settings, Servers."
        )
    return Wish(chosen, persona.persona_id, assigns=True)


def insert_chain(
    session: Session, news: News, post: Post, chain: Chain, wishes: Sequence[Wish], now: datetime
) -> list[Job]:
    """Ask the first persona of a chain about a post, and each other one about the reply before its own."""
    jobs: list[Job] = []
    for step, wish in enumerate(wishes):
        after = jobs[-1].request_id if jobs else None
        place = TagPlace(post.post_id, chain_key(chain), step)
        jobs.append(steps.insert_job(session, news, post, wish, now, after, place))
    return jobs


def default_model(session: Session) -> ModelChoice | None:
    """Return the model of the settings, if its server is still known."""
    settings = setting_rows.load(session)
    if not settings.default_model or not session.get(Server, settings.default_server_id):
        return None
    return ModelChoice(settings.default_server_id, settings.default_model)


def preferred_model(session: Session, persona: Persona | PersonaVersion) -> ModelChoice | None:
    """Return the model that a persona prefers, if its server is still known."""
    model = persona.options.model
    return model if model is not None and session.get(Server, model.server_id) else None
