"""What dropping personas somewhere would do, in words: for the hint beside the target and the status line."""

from collections.abc import Sequence
from dataclasses import dataclass

from forllm_desktop.domain.errors import ForllmError, NotPossible
from forllm_desktop.domain.forum import Post
from forllm_desktop.domain.forum_tree import AssignedPersona
from forllm_desktop.domain.persona_card import PersonaCard
from forllm_desktop.domain.servers import model_word
from forllm_desktop.services.asking import PersonaAskingService
from forllm_desktop.services.forum import ForumService
from forllm_desktop.services.persona import PersonaService
from forllm_desktop.services.prompt import PromptService

_NAMED = 4
"""How many names a sentence has before it counts."""


@dataclass(frozen=True)
class Person:
    """One of those who are dragged: with which version, and what is to be said of them there."""

    persona_id: int
    name: str
    note: str


@dataclass(frozen=True)
class Key:
    """A key that changes what a drop does; `is_down` while it is held."""

    name: str
    words: str
    is_down: bool = False


@dataclass(frozen=True)
class DropPlan:
    """What a drop would do. With a `refusal` it does nothing, for that reason.

    `coming` are those whose avatars the row of the target would have in addition.
    """

    title: str
    people: tuple[Person, ...] = ()
    line: str = ""
    keys: tuple[Key, ...] = ()
    sentence: str = ""
    coming: tuple[AssignedPersona, ...] = ()
    refusal: ForllmError | None = None


_ESC = Key("Esc", "leave everything as it is")


class DropPlans:
    """Makes plans by asking the services; nothing is changed."""

    def __init__(
        self,
        personas: PersonaService,
        forum: ForumService,
        asking: PersonaAskingService,
        prompts: PromptService,
    ) -> None:
        self._personas, self._forum, self._asking, self._prompts = personas, forum, asking, prompts

    def for_subforum(
        self, subforum_id: int, persona_ids: Sequence[int], *, makes_default: bool = False
    ) -> DropPlan:
        """Say what assigning personas to a subforum would do."""
        try:
            place = self._forum.subforum(subforum_id).name
            cards = self._personas.usable(persona_ids)
            members = self._personas.members(subforum_id)
        except ForllmError as error:
            return _refused("Cannot assign here", error)
        here = {member.card.persona_id for member in members}
        default = next((member.card for member in members if member.is_default), None)
        first = cards[0]
        is_default = default is not None and default.persona_id == first.persona_id
        new = [card for card in cards if card.persona_id not in here]
        shift = Key("Shift", f"{first.name} becomes the default", makes_default)
        coming = [
            AssignedPersona(card.persona_id, card.name, makes_default and card is first)
            for card in cards
            if card in new or (makes_default and card is first)
        ]
        return DropPlan(
            f"Assign to {place}",
            tuple(
                Person(card.persona_id, card.name, _where_note(card, subforum_id, here, names))
                for names in [self._places(cards)]
                for card in cards
            ),
            _default_line(place, default, first, makes_default=makes_default),
            (_ESC,) if is_default else (shift, _ESC),
            _assign_sentence(place, new, first, makes_default=makes_default, is_default=is_default),
            tuple(coming),
        )

    def for_topic(self, topic_id: int, persona_ids: Sequence[int]) -> DropPlan:
        """Say what asking personas in a topic would do: they answer its newest whole post."""
        try:
            topic = self._forum.topic(topic_id)
            self._prompts.answered_post(topic_id)
            return self._asked(f"Ask in “{topic.title}”", topic.subforum_id, persona_ids, "there")
        except ForllmError as error:
            return _refused("Cannot ask here", error)

    def for_post(self, post_id: int, persona_ids: Sequence[int]) -> DropPlan:
        """Say what asking personas about a post would do."""
        try:
            post = self._forum.post(post_id)
            if post.is_incomplete:
                raise NotPossible("This reply is not finished", "Wait for it, or try its request again.")
            subforum_id = self._forum.topic(post.topic_id).subforum_id
            whose = self._whose(post)
            return self._asked(f"Ask about {whose} post", subforum_id, persona_ids, f"about {whose} post")
        except ForllmError as error:
            return _refused("Cannot ask here", error)

    def _asked(self, title: str, subforum_id: int, persona_ids: Sequence[int], what: str) -> DropPlan:
        cards = self._personas.usable(persona_ids)
        wishes = self._asking.wishes(persona_ids)
        place = self._forum.subforum(subforum_id).name
        new = [card for card in cards if not self._may_answer(subforum_id, card)]
        people = tuple(
            Person(card.persona_id, card.name, f"v{card.version}, {model_word(wish.model.name)}")
            for card, wish in zip(cards, wishes, strict=True)
        )
        also = f"{_named(new)} {_is(new)} assigned to {place} as well." if new else ""
        sentence = f"Drop to ask {_named(cards)} {what}."
        return DropPlan(title, people, also, (_ESC,), f"{sentence} {also}".strip())

    def _may_answer(self, subforum_id: int, card: PersonaCard) -> bool:
        try:
            self._personas.require_answerable(subforum_id, card.persona_id)
        except NotPossible:
            return False
        return True

    def _whose(self, post: Post) -> str:
        if post.llm_persona_id is None or post.persona_version is None:
            return "your"
        version = (post.llm_persona_id, post.persona_version)
        name = self._personas.names([version]).get(version)
        return f"{name}’s" if name else "this"

    def _places(self, cards: Sequence[PersonaCard]) -> dict[int, str]:
        if not any(card.subforum_ids for card in cards):
            return {}
        return {subforum.subforum_id: subforum.name for subforum in self._forum.subforums()}


def _refused(title: str, error: ForllmError) -> DropPlan:
    words = f"{error.title}. {error.message}" if error.message else f"{error.title}."
    return DropPlan(title, line=words, sentence=words, refusal=error)


def _where_note(card: PersonaCard, subforum_id: int, here: set[int], names: dict[int, str]) -> str:
    version = f"v{card.version}"
    if card.persona_id in here:
        return f"{version}, already here"
    others = [names[id] for id in card.subforum_ids if id != subforum_id and id in names]
    if not others:
        return version
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    return f"{version}, also in {others[0]}{more}"


def _default_line(place: str, default: PersonaCard | None, first: PersonaCard, *, makes_default: bool) -> str:
    if default is not None and default.persona_id == first.persona_id:
        return f"{first.name} is the default here."
    if makes_default:
        instead = f" instead of {default.name}" if default else ""
        return f"{first.name} becomes the default here{instead}."
    return f"{default.name} stays the default here." if default else f"{place} stays without a default."


def _assign_sentence(
    place: str, new: Sequence[PersonaCard], first: PersonaCard, *, makes_default: bool, is_default: bool
) -> str:
    if makes_default and not is_default:
        if not new or list(new) == [first]:
            return f"Drop to make {first.name} the default of {place}."
        return f"Drop to assign {_named(new)} to {place} and make {first.name} the default."
    shift = "" if is_default else f" Shift makes {first.name} the default."
    if not new:
        return f"Everybody is already in {place}.{shift}"
    who = new[0].name if len(new) == 1 else f"{len(new)} personas"
    return f"Drop to assign {who} to {place}.{shift}"


def _named(cards: Sequence[PersonaCard]) -> str:
    names = [card.name for card in cards]
    if len(names) > _NAMED:
        return f"{len(names)} personas"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _is(cards: Sequence[PersonaCard]) -> str:
    return "is" if len(cards) == 1 else "are"
