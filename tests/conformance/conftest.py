"""Fixtures of the conformance tests."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication

from forllm_desktop.services.workspace import DATABASE_FILE
from tests.conformance.harness import DIALECTS, Desk, Dialect
from tests.fakes import FakeOllama, FakeOpenAI


@pytest.fixture
def make_desk(
    qapp: QCoreApplication, tmp_path: Path, database_template: Path
) -> Iterator[Callable[..., Desk]]:
    """Return what opens a data folder with a worker; it is stopped and checked after the test."""
    desks: list[Desk] = []

    def make(**options: Any) -> Desk:
        folder = tmp_path / f"data-{len(desks)}"
        folder.mkdir()
        shutil.copy(database_template, folder / DATABASE_FILE)
        desks.append(Desk(folder, **options))
        return desks[-1]

    yield make
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Return each kind of server in turn."""
    return request.param


@pytest.fixture
def server(dialect: Dialect) -> Iterator[FakeOllama | FakeOpenAI]:
    """Return a running fake that speaks the dialect."""
    with dialect.make() as fake:
        yield fake


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama() as fake:
        yield fake
