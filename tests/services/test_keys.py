"""Keys: kept by the keyring where there is one, for the session only where there is none."""

import logging
from collections.abc import Callable
from typing import Any

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from forllm_desktop.services.keys import KeyStore

SECRET = "sk-very-secret-key"


class Keeping(KeyringBackend):
    """A keyring that works."""

    priority = 5  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("not there")


class Weak(Keeping):
    """A keyring that keeps keys in the open: its priority says so."""

    priority = 0.5  # type: ignore[assignment]


class Dropping(Keeping):
    """A keyring that takes keys and drops them."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return


class Raising(Keeping):
    """A keyring that is locked, or whose service is gone."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def set_password(self, *args: Any) -> None:
        raise self.error

    get_password = delete_password = set_password  # type: ignore[assignment]


class Unviable(Keeping):
    """A keyring whose very priority cannot be told."""

    @property
    def priority(self) -> float:  # type: ignore[override]
        raise RuntimeError("no session bus")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[KeyringBackend], KeyStore]:
    def use_backend(backend: KeyringBackend) -> KeyStore:
        monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
        monkeypatch.setattr("keyring.core._keyring_backend", backend)
        return KeyStore()

    return use_backend


ERRORS = [
    keyring.errors.KeyringLocked("locked"),
    keyring.errors.InitError("no service"),
    OSError("gone"),
    RuntimeError("no bus"),
]
BAD = [Weak(), Dropping(), Unviable(), *[Raising(error) for error in ERRORS]]


def test_key_outlives_the_session(use: Callable[[KeyringBackend], KeyStore]) -> None:
    backend = Keeping()
    assert use(backend).save("server-1", SECRET) is True
    later = use(backend)
    assert later.has_keyring
    assert later.load("server-1") == SECRET
    later.forget("server-1")
    assert later.load("server-1") is None
    assert backend.kept == {}


@pytest.mark.parametrize("backend", BAD, ids=lambda backend: type(backend).__name__)
def test_key_that_is_not_kept_lasts_for_the_session_and_this_is_said(
    use: Callable[[KeyringBackend], KeyStore], backend: KeyringBackend, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store = use(backend)
    assert store.save("server-1", SECRET) is False
    assert store.load("server-1") == SECRET
    assert use(backend).load("server-1") is None
    store.forget("server-1")
    assert store.load("server-1") is None
    assert SECRET not in caplog.text


def test_weak_keyring_is_never_given_a_key(use: Callable[[KeyringBackend], KeyStore]) -> None:
    backend = Weak()
    use(backend).save("server-1", SECRET)
    assert backend.kept == {}


def test_key_changed_in_the_keyring_is_found_by_the_next_session(
    use: Callable[[KeyringBackend], KeyStore],
) -> None:
    backend = Keeping()
    use(backend).save("server-1", "old")
    use(backend).save("server-1", "new")
    assert use(backend).load("server-1") == "new"
    assert use(backend).load("server-2") is None


def test_forgetting_an_unknown_key_is_harmless(use: Callable[[KeyringBackend], KeyStore]) -> None:
    use(Keeping()).forget("server-9")
