"""The line that says whom a post asks, or what its edit changes in the queue, while it is typed."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from forllm_desktop.domain.errors import ForllmError, InvalidInput
from forllm_desktop.domain.submission import EditEffect
from forllm_desktop.domain.tags import PersonaTag, broken_chains, chains
from forllm_desktop.services.workspace import Workspace
from forllm_desktop.ui.editor.place import Place
from forllm_desktop.ui.latest import Latest

SAY_AFTER = 150
"""Milliseconds without a key before the line is worked out."""
_SHOWN = 6
"""Chains that are named; the others are counted."""


class Said(NamedTuple):
    """The line, and whether it is a warning."""

    words: str
    is_warning: bool = False


NOTHING = Said("")


def asked_words(text: str, names: Mapping[int, str], *, besides: str = "") -> Said:
    """Return whom a text asks; `names` are those of the personas that there are, by id.

    `besides` is the persona that "Post and ask" asks too.
    """
    trouble = _trouble(text, names)
    if trouble is not None:
        return trouble
    found = chains(text)
    if not found:
        return NOTHING
    shown = [_chain_words(chain, names) for chain in found[:_SHOWN]]
    if len(found) > _SHOWN:
        shown.append(f"{len(found) - _SHOWN:,} more")
    also = f"; Post and ask also asks {besides}" if besides else ""
    return Said(f"Asks {' · '.join(shown)}{also}")


def effect_words(effect: EditEffect) -> str:
    """Return what saving an edited post will do: "Will ask Bob. Cancels 2 waiting requests of Ada."."""
    parts = []
    if effect.added:
        parts.append(f"Will ask {_listed(list(dict.fromkeys(one.name for one in effect.added)))}.")
    if effect.cancelled:
        count = len(effect.cancelled)
        whose = _listed(list(dict.fromkeys(one.name for one in effect.cancelled)))
        parts.append(f"Cancels {'the request' if count == 1 else f'{count:,} requests'} to {whose}.")
    return " ".join(parts)


class AskingLine(QObject):
    """Works the line out a moment after the last key, in a thread.

    said(said)    it is different now; a Said
    """

    said = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._names: dict[int, str] | None = None
        self._place, self._read = Place(), _nothing
        self._work = Latest("asked-words", self)
        self._work.done.connect(self.said)
        self._work.failed.connect(lambda _error: self.said.emit(NOTHING))
        self._timer = QTimer(self, singleShot=True, interval=SAY_AFTER)
        self._timer.timeout.connect(self.say_now)
        workspace.events.personas_changed.connect(self._forget_names)

    @property
    def is_busy(self) -> bool:
        """Say whether the line is going to change."""
        return self._timer.isActive() or self._work.is_busy

    def note(self, place: Place, read: Callable[[], tuple[str, int, str]]) -> None:
        """Something is typed at a place; `read` returns the text, and who is asked besides its tags."""
        self._place, self._read = place, read
        self._timer.start()

    def say_now(self) -> None:
        """Work the line out."""
        self._timer.stop()
        place = self._place
        text, besides, name = self._read()
        if not place.edits and "](persona:" not in text:
            self._work.ask(lambda: NOTHING)
            return
        names = self._known()
        submitting = self._workspace.submitting

        def work() -> Said:
            if not place.edits:
                firsts = {chain[0].persona_id for chain in chains(text)}
                return asked_words(text, names, besides="" if besides in firsts else name)
            try:
                return Said(effect_words(submitting.effect(place.edits, text)))
            except InvalidInput as error:
                return Said(f"{error.title}.", is_warning=True)
            except ForllmError:
                return NOTHING

        self._work.ask(work)

    def stop(self) -> None:
        """Stop all work."""
        self._timer.stop()
        self._work.stop()

    def _known(self) -> dict[int, str]:
        if self._names is None:
            cards = self._workspace.personas.cards()
            self._names = {card.persona_id: card.name for card in cards if card.is_active}
        return self._names

    def _forget_names(self) -> None:
        self._names = None
        self._timer.start()


def _nothing() -> tuple[str, int, str]:
    return "", 0, ""


def _trouble(text: str, names: Mapping[int, str]) -> Said | None:
    for piece in broken_chains(text):
        return Said(f"A link is missing in “{piece}”: a chain is @Ada:@Bob, without gaps.", is_warning=True)
    gone = [tag for chain in chains(text) for tag in chain if tag.persona_id not in names]
    if gone:
        labels = _listed([f"“{label}”" for label in dict.fromkeys(tag.label for tag in gone)])
        verb = "is" if len({tag.persona_id for tag in gone}) == 1 else "are"
        return Said(f"{labels} {verb} deleted or switched off, and cannot answer.", is_warning=True)
    return None


def _chain_words(chain: Sequence[PersonaTag], names: Mapping[int, str]) -> str:
    return ", then ".join(names[tag.persona_id] for tag in chain)


def _listed(names: Sequence[str]) -> str:
    if len(names) > _SHOWN:
        names = [*names[: _SHOWN - 1], f"{len(names) - _SHOWN + 1:,} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
