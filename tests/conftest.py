"""Fixtures for every test."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from a variant of `tests.tiny_gguf` to its file, made once per session."""
    from tests.tiny_gguf import make_tiny_gguf

    folder = tmp_path_factory.mktemp("gguf")

    def make(variant: str = "chat") -> Path:
        path = folder / f"tiny-{variant}.gguf"
        return path if path.exists() else make_tiny_gguf(path, variant)

    return make
