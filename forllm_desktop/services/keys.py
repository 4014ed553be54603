"""API keys: in the operating system's keyring, or for this session only where there is none."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

KEYRING_SERVICE = "FORLLM Desktop"

log = logging.getLogger(__name__)

T = TypeVar("T")


class KeyStore:
    """Keys by reference. Nothing of a key is ever written to a file of ours. Calls may block: not for the
    GUI thread."""

    def __init__(self) -> None:
        self._of_this_session: dict[str, str] = {}

    @property
    def has_keyring(self) -> bool:
        """Say whether there is a keyring that really keeps keys."""
        return _ask(lambda keyring: keyring.get_keyring().priority >= 1) or False

    def save(self, reference: str, key: str) -> bool:
        """Keep a key; returns False when it is kept for this session only.

        The key is read back: some back-ends accept a key and drop it.
        """
        self._of_this_session[reference] = key
        if not self.has_keyring:
            return False
        _ask(lambda keyring: keyring.set_password(KEYRING_SERVICE, reference, key))
        return _ask(lambda keyring: keyring.get_password(KEYRING_SERVICE, reference)) == key

    def load(self, reference: str) -> str | None:
        """Return a key, or None when it is not known (any more)."""
        if reference in self._of_this_session:
            return self._of_this_session[reference]
        if not self.has_keyring:
            return None
        return _ask(lambda keyring: keyring.get_password(KEYRING_SERVICE, reference))

    def forget(self, reference: str) -> None:
        """Remove a key."""
        self._of_this_session.pop(reference, None)
        if self.has_keyring:
            _ask(lambda keyring: keyring.delete_password(KEYRING_SERVICE, reference))


def _ask(question: Callable[[Any], T]) -> T | None:
    """Put a question to the keyring; None when it fails.

    The module takes 0.1 s to import, which a start without keys is spared. Back-ends also raise errors of
    the system's services underneath.
    """
    import keyring
    import keyring.errors

    try:
        return question(keyring)
    except (keyring.errors.KeyringError, OSError, RuntimeError, ValueError) as error:
        log.warning("the keyring failed: %s", type(error).__name__)
        return None
