"""Makes, changes, versions, deletes and restores personas."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace

from forllm_desktop.domain.base import name_key
from forllm_desktop.domain.errors import InvalidInput, NotFound, NotPossible
from forllm_desktop.domain.forum import storable
from forllm_desktop.domain.persona import (
    Origin,
    Persona,
    PersonaContent,
    PersonaOptions,
    PersonaPicture,
    PersonaVersion,
)
from forllm_desktop.domain.persona_card import PersonaCard, VersionEntry, changed_words
from forllm_desktop.domain.persona_text import (
    Finding,
    checked_colour,
    checked_content,
    checked_note,
    checked_picture,
    checked_tags,
    instruction_findings,
)
from forllm_desktop.domain.undo import Kind, PersonaUndo, PersonaUndoKind, Restored, TrashItem
from forllm_desktop.llm.tokens import estimate_text
from forllm_desktop.services import persona_steps as steps
from forllm_desktop.services.assignment import AssignmentService
from forllm_desktop.services.news import News, change
from forllm_desktop.storage import persona as rows
from forllm_desktop.storage import thread as thread_rows
from forllm_desktop.storage.database import IntegrityError, Session


class StaleVersion(NotPossible):
    """Someone else saved meanwhile; `newest` is the version there is now."""

    def __init__(self, persona: Persona, based_on: int) -> None:
        super().__init__(
            f"“{persona.name}” was changed meanwhile",
            f"v{persona.version} was saved after v{based_on}, which you were editing. "
            "Compare the two, then save again.",
        )
        self.newest = persona.version


class PersonaService(AssignmentService):
    """Personas and their versions; where they answer comes with `AssignmentService`.

    Nothing is ever lost: every change that changes something keeps a version, and what is deleted can be
    restored.
    """

    # -- reading

    def personas(self) -> Sequence[Persona]:
        """List the personas by name."""
        with self._database.read() as session:
            return rows.personas(session)

    def cards(self) -> list[PersonaCard]:
        """List the personas by name, with what a list shows of them."""
        with self._database.read() as session:
            return rows.cards(session)

    def card(self, persona_id: int) -> PersonaCard:
        """Return a persona as a list shows it. Raises NotFound when it is unknown or deleted."""
        with self._database.read() as session:
            steps.live(session, persona_id)
            return rows.cards(session, [persona_id])[0]

    def find(self, name: str) -> Sequence[Persona]:
        """List the personas of this name, without regard to case."""
        with self._database.read() as session:
            return rows.named(session, name_key(storable(name)))

    def persona(self, persona_id: int) -> Persona:
        """Return a persona, deleted or not. Raises NotFound."""
        with self._database.read() as session:
            return steps.existing(session, persona_id)

    def names(self, versions: Collection[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """Return the names that versions had, by persona id and version number; unknown ones are left out."""
        with self._database.read() as session:
            return thread_rows.persona_names(session, versions)

    def versions(self, persona_id: int) -> list[VersionEntry]:
        """List the versions of a persona, the newest first. Raises NotFound."""
        with self._database.read() as session:
            steps.existing(session, persona_id)
            found = rows.versions(session, persona_id)
            posts = rows.posts_by_version(session, persona_id)
        before = [version.content for version in found[1:]] + [None]
        return [
            VersionEntry(version, changed_words(former, version.content), posts.get(version.version, 0))
            for version, former in zip(found, before, strict=True)
        ]

    def version(self, persona_id: int, number: int) -> PersonaVersion:
        """Return one version of a persona. Raises NotFound."""
        with self._database.read() as session:
            return _version(session, steps.existing(session, persona_id), number)

    def pictures(self, persona_ids: Collection[int] | None = None) -> dict[int, bytes]:
        """Return the pictures of personas that have one, as PNG; only of these if given."""
        with self._database.read() as session:
            return rows.pictures(session, persona_ids)

    def smallest_window(self) -> int:
        """Return the smallest context window in use, in tokens.

        The least of the setting and of what servers said of the default model and of preferred ones.
        """
        with self._database.read() as session:
            return steps.smallest_window(session)

    def room(self) -> int:
        """Return how many tokens instructions may have, so that an answer fits beside them."""
        with self._database.read() as session:
            return steps.room(session)

    def findings(self, instructions: str) -> list[Finding]:
        """List what is odd about instructions, with their size against the smallest window in use."""
        return instruction_findings(instructions, estimate_text(instructions), self.room())

    def size_of(self, instructions: str) -> int:
        """Return about how many tokens instructions have."""
        return estimate_text(instructions)

    # -- writing

    def create(
        self,
        name: str,
        instructions: str,
        description: str = "",
        *,
        options: PersonaOptions | None = None,
        tags: Collection[str] = (),
        note: str = "",
        origin: Origin | None = None,
    ) -> Persona:
        """Make a persona and its first version. Raises InvalidInput."""
        origin, now, note = origin or Origin(), self._clock(), checked_note(note)
        typed = PersonaContent(name, instructions, description, options or PersonaOptions())
        tags = checked_tags(tags)
        with self._change(typed.name) as (session, news):
            content = self._checked(session, typed)
            persona = Persona(
                name_key=name_key(content.name),
                created_at=now,
                updated_at=now,
                created_by_user=steps.OWNER,
                version=1,
                generation_source=origin.source.value,
                generation_input_details=origin.details,
                tags=tags,
            )
            persona.take(content)
            session.add(persona)
            session.flush()
            steps.add_version(session, persona, now, note, origin.author)
            news.tell(self._events.personas_changed)
        return persona

    def change(
        self,
        persona_id: int,
        *,
        name: str | None = None,
        instructions: str | None = None,
        description: str | None = None,
        options: PersonaOptions | None = None,
        note: str = "",
        based_on: int | None = None,
    ) -> Persona:
        """Change a persona and keep a new version of it; without a difference nothing is written.

        `based_on` is the version the change was made from. Raises StaleVersion when there is a newer one by
        now, InvalidInput and NotFound.
        """
        note = checked_note(note)
        with self._change(name or "") as (session, news):
            persona = steps.live(session, persona_id)
            if based_on is not None and based_on != persona.version:
                raise StaleVersion(persona, based_on)
            now = persona.content
            wanted = PersonaContent(
                now.name if name is None else name,
                now.instructions if instructions is None else instructions,
                now.description if description is None else description,
                now.options if options is None else options,
            )
            self._become(session, news, persona, self._checked_change(session, now, wanted), note)
        return persona

    def revert(self, persona_id: int, number: int, note: str = "") -> Persona:
        """Make an earlier version the newest, as a version of its own; the name stays if the old is taken.

        What was saved once can always be brought back, also where it would not be taken today.
        """
        note = checked_note(note)
        with self._change("") as (session, news):
            persona = steps.live(session, persona_id)
            content = _version(session, persona, number).content
            others = [p for p in rows.named(session, name_key(content.name)) if p is not persona]
            if others:
                content = replace(content, name=persona.name)
            self._become(session, news, persona, content, note or f"Back to v{number}")
        return persona

    def duplicate(self, persona_id: int) -> Persona:
        """Make a copy of a persona under a name of its own, with its tags and its look."""
        now = self._clock()
        with self._change("") as (session, news):
            original = steps.live(session, persona_id)
            copy = Persona(
                created_at=now,
                updated_at=now,
                created_by_user=steps.OWNER,
                version=1,
                generation_source=original.generation_source,
                generation_input_details=original.generation_input_details,
                tags=list(original.tags),
                avatar_colour=original.avatar_colour,
            )
            copy.take(replace(original.content, name=steps.free_name(session, original.name)))
            copy.name_key = name_key(copy.name)
            session.add(copy)
            session.flush()
            steps.add_version(session, copy, now, f"Copy of {original.name} v{original.version}")
            picture = session.get(PersonaPicture, persona_id)
            if picture is not None:
                session.add(PersonaPicture(persona_id=copy.persona_id, png=picture.png))
            news.tell(self._events.personas_changed)
        return copy

    def set_tags(self, persona_id: int, tags: Collection[str]) -> None:
        """Replace the tags of a persona. Raises InvalidInput and NotFound."""
        wanted = checked_tags(tags)
        with self._change("") as (session, news):
            steps.live(session, persona_id).tags = wanted
            news.tell(self._events.personas_changed)

    def set_avatar(self, persona_id: int, colour: str | None = None, png: bytes | None = None) -> None:
        """Give a persona a colour (None: the one of its number) and a picture (None: its initials)."""
        with self._change("") as (session, news):
            steps.live(session, persona_id).avatar_colour = checked_colour(colour)
            picture = session.get(PersonaPicture, persona_id)
            if picture is not None:
                session.delete(picture)
                session.flush()
            if png is not None:
                session.add(PersonaPicture(persona_id=persona_id, png=checked_picture(png)))
            news.tell(self._events.personas_changed)

    def mark_seen(self, persona_id: int) -> None:
        """Take away the mark of a persona that just arrived."""
        if self.persona(persona_id).is_unseen:
            with change(self._database, self._events) as (session, news):
                steps.existing(session, persona_id).is_unseen = False
                news.tell(self._events.personas_changed)

    def set_active(self, persona_ids: int | Sequence[int], is_active: bool) -> PersonaUndo:
        """Switch personas on or off; switched off they keep their places and answer nowhere."""
        with self._change("") as (session, news):
            personas = steps.several(session, persona_ids, "" if is_active else "switched off")
            changed = [persona for persona in personas if persona.is_active != is_active]
            for persona in changed:
                persona.is_active = is_active
            news.tell(self._events.personas_changed)
        label = f"{_called(personas)} switched {'on' if is_active else 'off'}"
        return PersonaUndo(
            label,
            PersonaUndoKind.SWITCHED,
            tuple(p.persona_id for p in changed),
            was_active=not is_active,
        )

    def delete(self, persona_ids: int | Sequence[int]) -> PersonaUndo:
        """Move personas to the trash; their posts and places keep naming them, but they answer no more."""
        with self._change("") as (session, news):
            personas = steps.several(session, persona_ids, "deleted")
            for persona in personas:
                persona.deleted_at = self._clock()
            news.tell(self._events.personas_changed)
        one = f"Persona “{personas[0].name}” deleted"
        label = one if len(personas) == 1 else f"{len(personas)} personas deleted"
        return PersonaUndo(label, PersonaUndoKind.DELETED, tuple(p.persona_id for p in personas))

    def restore(self, persona_id: int) -> Restored:
        """Bring a persona back from the trash, with its places; a name taken meanwhile gets a number."""
        with self._change("") as (session, news):
            persona = steps.existing(session, persona_id)
            if persona.deleted_at is None:
                raise NotPossible("The persona is not in the trash", "It may have been restored before.")
            former = persona.name
            content = replace(persona.content, name=steps.free_name(session, former))
            persona.deleted_at = None
            if content.name != former:
                self._become(session, news, persona, content, "Restored under a free name")
            news.tell(self._events.personas_changed)
        taken = f"; the name “{former}” was taken meanwhile" if persona.name != former else ""
        return Restored(Kind.PERSONA, persona_id, f"Persona “{persona.name}” restored{taken}")

    def trash(self) -> list[TrashItem]:
        """List the deleted personas, the last deleted first."""
        with self._database.read() as session:
            found = rows.deleted(session)
        return [
            TrashItem(Kind.PERSONA, persona.persona_id, persona.name, "", persona.deleted_at)
            for persona in found
            if persona.deleted_at is not None
        ]

    def undo(self, undo: PersonaUndo) -> Restored:
        """Take an action on personas back."""
        if undo.kind is PersonaUndoKind.DELETED:
            still_there = [id for id in undo.persona_ids if self.persona(id).deleted_at is not None]
            restored = [self.restore(persona_id) for persona_id in still_there or undo.persona_ids]
            words = f"{len(restored)} personas restored"
            return restored[0] if len(restored) == 1 else replace(restored[0], message=words)
        if undo.kind is PersonaUndoKind.SWITCHED:
            if not undo.persona_ids:
                return Restored(Kind.PERSONA, 0, "Nothing had changed")
            back = self.set_active(undo.persona_ids, undo.was_active)
            return Restored(Kind.PERSONA, undo.persona_ids[0], back.label)
        return super().undo(undo)

    # -- inside

    def _become(
        self, session: Session, news: News, persona: Persona, content: PersonaContent, note: str
    ) -> None:
        """Write a new version if anything differs from the present one."""
        if content == persona.content:
            return
        persona.take(content)
        persona.name_key = name_key(content.name)
        persona.version += 1
        persona.updated_at = self._clock()
        session.flush()
        steps.add_version(session, persona, persona.updated_at, note)
        news.tell(self._events.personas_changed)

    def _checked(self, session: Session, typed: PersonaContent) -> PersonaContent:
        return checked_content(typed, estimate_text(typed.instructions), steps.room(session))

    def _checked_change(self, session: Session, now: PersonaContent, typed: PersonaContent) -> PersonaContent:
        """Check only what differs: what was good enough when it was saved stays so."""
        names = [f.name for f in fields(typed) if getattr(typed, f.name) != getattr(now, f.name)]
        plain = PersonaContent("-", "-")
        checked = self._checked(session, replace(plain, **{name: getattr(typed, name) for name in names}))
        return replace(now, **{name: getattr(checked, name) for name in names})

    @contextmanager
    def _change(self, name: str) -> Iterator[tuple[Session, News]]:
        """Open a transaction in which a name that is taken is told in words."""
        try:
            with change(self._database, self._events) as both:
                yield both
        except IntegrityError as error:
            raise InvalidInput(
                "name", f"There is already a persona named “{name.strip()}”", "Choose another name."
            ) from error


def _called(personas: Sequence[Persona]) -> str:
    return f"{steps.listed([p.name for p in personas])} {'is' if len(personas) == 1 else 'are'}"


def _version(session: Session, persona: Persona, number: int) -> PersonaVersion:
    version = rows.version(session, persona.persona_id, number)
    if version is None:
        raise NotFound(f"{persona.name} has no v{number}", f"The newest is v{persona.version}.")
    return version
