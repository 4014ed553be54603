"""Patterns: what is skipped by itself, what a list adds or takes back, and lines that are none."""

import pytest

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.files.patterns import (
    LONGEST_PATTERN,
    MOST_PATTERNS,
    Rules,
    checked_patterns,
    combined,
    usable_patterns,
)


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        "app/node_modules/left-pad/index.js",
        "src/__pycache__/a.py",
        "venv/lib/x.py",
        "build/a.txt",
        "photo.JPG",
        "song.mp3",
        "model.gguf",
        "weights.safetensors",
        "notes.db",
        "archive.tar.gz",
        ".env",
        "home/.ssh/config",
        "key.pem",
        "report.docx",
        "pkg.egg-info/PKG-INFO",
    ],
)
def test_what_is_no_text_or_a_secret_is_skipped_by_itself(path: str) -> None:
    assert Rules().skips(path)


@pytest.mark.parametrize(
    "path", ["README", "Makefile", "a/b/c.md", "main.py", "paper.pdf", ".gitignore", "git/x", "building/x.ts"]
)
def test_texts_are_found(path: str) -> None:
    assert not Rules().skips(path)


def test_lists_block_and_take_back() -> None:
    rules = Rules(block=("*.log", "drafts/", "!build/", "!keep.log", "/top.md"))
    found = {
        path: rules.skips(path)
        for path in ("a.log", "x/keep.log", "x/drafts/a.md", "build/a.md", "top.md", "x/top.md")
    }
    assert [path for path, is_skipped in found.items() if is_skipped] == ["a.log", "x/drafts/a.md", "top.md"]


def test_nothing_inside_a_blocked_folder_is_taken_back() -> None:
    assert Rules(block=("drafts/", "!drafts/one.md")).skips("drafts/one.md")


def test_allow_list_names_the_only_files() -> None:
    rules = Rules(allow=("*.md", "docs/"))
    assert not rules.skips("a/b.md")
    assert not rules.skips("docs/x/plain.txt")
    assert rules.skips("plain.txt")
    assert rules.skips("docs/photo.png")


def test_folder_list_stands_for_the_global_one() -> None:
    assert combined(["*.md"], ["a"], [], ["b"], is_recursive=True) == Rules(("*.md",), ("a", "b"))
    assert combined(["*.md"], [], ["*.txt"], [], is_recursive=False) == Rules(("*.txt",), (), False)


def test_without_subfolders_only_the_top_counts() -> None:
    rules = Rules(is_recursive=False)
    assert (rules.skips("a.md"), rules.skips("sub/a.md")) == (False, True)


def test_line_break_in_a_name_hides_nothing() -> None:
    assert Rules(block=("secret/", "*.key.md")).skips("a\nb/secret/x.md")
    assert Rules(block=("*.key.md",)).skips("a\nb/x.key.md")


@pytest.mark.parametrize(
    "pattern",
    [
        "!",
        "/",
        "[z-a]",
        "a\\",
        "*a*b*c*d*e",
        "x" * (LONGEST_PATTERN + 1),
        "**/**/**/**/**/x",
        "a\x1bb",
        "[[:alpha:]]",
    ],
)
def test_line_that_is_no_pattern_is_named(pattern: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked_patterns("block", ["# comment", "", "*.md", pattern])
    assert caught.value.field == "block"
    assert caught.value.title.startswith("Line 4 is no pattern: ")
    assert caught.value.message.endswith(".")
    assert usable_patterns(["*.md", pattern]) == ["*.md"]


def test_too_many_lines_are_refused() -> None:
    with pytest.raises(InvalidInput, match="too many"):
        checked_patterns("allow", ["a"] * (MOST_PATTERNS + 1))


def test_stars_are_few_enough_for_every_name() -> None:
    # With a dozen stars this would take years.
    [pattern] = checked_patterns("block", ["*a*a*a*b"])
    assert not Rules(block=(pattern,)).skips("a" * 250)
