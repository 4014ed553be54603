"""The picture of the architecture, enforced: who imports whom, where SQL lives, how long files are."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "forllm_desktop"
ALL = frozenset({"*"})
LONGEST_FILE = 400
"""Lines."""

# Part of the package: (parts it may import besides itself, outsiders it may import).
TABLE: dict[str, tuple[set[str] | frozenset[str], set[str] | frozenset[str]]] = {
    "__init__": (set(), set()),
    "domain": (set(), {"sqlalchemy"}),
    "paths": (set(), {"platformdirs"}),
    "logs": (set(), {"platformdirs"}),
    "storage": ({"domain", "paths"}, {"sqlalchemy", "alembic"}),
    "prompting": ({"domain", "paths", "llm.backend", "llm.estimator"}, set()),
    "llm": ({"domain", "paths", "logs"}, {"httpx", "xllamacpp"}),
    "files": (
        {"domain", "paths", "logs"},
        {"pypdf", "charset_normalizer", "pathspec", "watchfiles"},
    ),
    "events": (set(), {"PySide6.QtCore"}),
    "services": ({"domain", "storage", "prompting", "llm", "files", "events", "paths", "logs"}, {"keyring"}),
    "worker": ({"domain", "services", "prompting", "llm", "events", "logs"}, {"PySide6.QtCore"}),
    "cli": ({"domain", "services", "worker", "events", "paths", "logs"}, set()),
    "ui": (
        {"domain", "services", "events", "paths", "logs"},
        {"PySide6", "qasync", "qtawesome", "markdown_it", "mdit_py_plugins", "pygments"},
    ),
    "platform_check": (set(), {"PySide6"}),
    "app": (ALL, ALL),
    "self_check": (ALL, ALL),
    "__main__": (ALL, ALL),
}
# These outsiders come in through one file each.
ONLY_IN = {
    "xllamacpp": {"llm/engine.py"},
    "httpx": {"llm/transport.py"},
    "keyring": {"services/keys.py"},
    "pypdf": {"files/pdf.py"},
    "charset_normalizer": {"files/guessing.py"},
    "pathspec": {"files/patterns.py"},
    "watchfiles": {"files/watching.py"},
}
ONLY_QT_IN = {"events.py", "worker/thread.py"}
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def part_of(file: str) -> str:
    return file.split("/")[0].removesuffix(".py")


def imports(file: str) -> Iterator[str]:
    """Yield what a file imports, dotted, down to each name: `from a.b import c` is `a.b.c`."""
    for node in ast.walk(ast.parse((PACKAGE / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: a relative import hides where it leads"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_below(name: str, allowed: set[str] | frozenset[str]) -> bool:
    return allowed is ALL or any(name == top or name.startswith(f"{top}.") for top in allowed)


@pytest.mark.parametrize("file", FILES)
def test_imports_follow_the_table(file: str) -> None:
    part = part_of(file)
    own, outsiders = TABLE[part]
    for name in imports(file):
        if name.startswith("forllm_desktop."):
            inner = name.removeprefix("forllm_desktop.")
            assert inner == "__version__" or is_below(inner, {part}) or is_below(inner, own), name
        elif name.split(".")[0] not in sys.stdlib_module_names:
            assert is_below(name, outsiders), f"{file} imports {name}"


@pytest.mark.parametrize("file", FILES)
def test_some_outsiders_come_in_through_one_file(file: str) -> None:
    found = {name.split(".")[0] for name in imports(file)}
    for outsider, files in ONLY_IN.items():
        assert outsider not in found or file in files
    if part_of(file) in ("events", "worker"):
        assert "PySide6" not in found or file in ONLY_QT_IN


@pytest.mark.parametrize("file", FILES)
def test_sql_lives_in_storage(file: str) -> None:
    if part_of(file) == "storage":
        return
    assert not {name for name in imports(file) if name.startswith("sqlalchemy")} & {
        f"sqlalchemy.{module}{name}"
        for module in ("", "orm.")
        for name in ("Session", "sessionmaker", "create_engine", "select", "insert", "update", "delete")
    }
    for node in ast.walk(ast.parse((PACKAGE / file).read_text(encoding="utf-8"))):
        called = node.func if isinstance(node, ast.Call) else None
        assert not (isinstance(called, ast.Name) and called.id == "select"), f"{file}:{node.lineno}"


@pytest.mark.parametrize("file", FILES)
def test_files_are_about_one_thing(file: str) -> None:
    text = (PACKAGE / file).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring or not text.strip(), "the first line of a file says what it is about"


def test_table_names_every_part_of_the_package() -> None:
    assert {part_of(file) for file in FILES} <= set(TABLE)
