"""Builds the prompt of a request; preview and worker call the same verb."""

from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.persona import PersonaVersion
from forllm_desktop.prompting.prompt import Prompt, Turn, assemble
from forllm_desktop.storage import forum as rows
from forllm_desktop.storage.database import Database, Session
from forllm_desktop.storage.persona import author_of


class PromptService:
    """From a post and a persona to one prompt."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def build(self, post_id: int, persona: PersonaVersion, *, system_role: bool = True) -> Prompt:
        """Return the prompt that asks `persona` to answer a post.

        Deleted posts and incomplete replies among its ancestors are left out.
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
        return assemble(persona.prompt_instructions, history, asked, system_role=system_role)


def _turn(session: Session, post: Post, answering: int) -> Turn:
    return Turn(author_of(session, post), post.content, is_own=post.llm_persona_id == answering)
