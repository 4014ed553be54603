"""API keys: in the operating system's keyring, or for this session only where there is none."""

from types import ModuleType

KEYRING_SERVICE = "FORLLM Desktop"


class KeyStore:
    """Keys by reference. Nothing of a key is ever written to a file of ours. Calls may block: not for the
    GUI thread."""

    def __init__(self) -> None:
        self._of_this_session: dict[str, str] = {}

    @property
    def has_keyring(self) -> bool:
        """Say whether there is a keyring that really keeps keys."""
        return _keyring().get_keyring().priority >= 1

    def save(self, reference: str, key: str) -> bool:
        """Keep a key; returns False when it is kept for this session only.

        The key is read back: some back-ends accept a key and drop it.
        """
        self._of_this_session[reference] = key
        if not self.has_keyring:
            return False
        keyring = _keyring()
        try:
            keyring.set_password(KEYRING_SERVICE, reference, key)
            return keyring.get_password(KEYRING_SERVICE, reference) == key
        except keyring.errors.KeyringError:
            return False

    def load(self, reference: str) -> str | None:
        """Return a key, or None when it is not known (any more)."""
        if reference in self._of_this_session:
            return self._of_this_session[reference]
        if not self.has_keyring:
            return None
        keyring = _keyring()
        try:
            return keyring.get_password(KEYRING_SERVICE, reference)
        except keyring.errors.KeyringError:
            return None

    def forget(self, reference: str) -> None:
        """Remove a key."""
        self._of_this_session.pop(reference, None)
        if not self.has_keyring:
            return
        keyring = _keyring()
        try:
            keyring.delete_password(KEYRING_SERVICE, reference)
        except keyring.errors.KeyringError:
            return


def _keyring() -> ModuleType:
    """Return the keyring's module: it takes 0.1 s to import, which a start without keys is spared."""
    import keyring
    import keyring.errors

    return keyring
