"""Completion: the best first, every odd thing that can be typed taken for itself, and never late."""

import os
import time
from pathlib import Path

import pytest

from forllm_desktop.files import finding
from forllm_desktop.files.finding import find
from forllm_desktop.files.index import Index
from forllm_desktop.files.indexer import index_once
from forllm_desktop.files.plans import FolderPlan
from tests.files.trees import indexed, plant


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "files.db"


def found(index: Path, typed: str, most: int = 20) -> list[str]:
    return [match.path for match in find(index, typed, most, [1])]


def age(path: Path, days: float) -> None:
    moment = time.time() - days * 86_400
    os.utime(path, (moment, moment))


def test_better_fits_come_first(index: Path, tmp_path: Path) -> None:
    root = plant(
        tmp_path / "root",
        "plan.md",
        "work/planning.txt",
        "my plan.md",
        "plans/x.md",
        "p-l-a-n.md",
        "other.md",
    )
    indexed(index, root)
    assert found(index, "plan") == ["plan.md", "work/planning.txt", "my plan.md", "plans/x.md", "p-l-a-n.md"]
    assert found(index, "PLÁN", 2) == ["plan.md", "work/planning.txt"]
    assert found(index, "nothing of it") == []


def test_newer_and_shorter_come_first(index: Path, tmp_path: Path) -> None:
    root = plant(
        tmp_path / "root", "a/notes-old.md", "deep/er/notes-new.md", "b/notes-old.md", "c/x/notes-old.md"
    )
    for path in root.rglob("notes-old.md"):
        age(path, 100)
    indexed(index, root)
    assert found(index, "notes") == [
        "deep/er/notes-new.md",
        "a/notes-old.md",
        "b/notes-old.md",
        "c/x/notes-old.md",
    ]


def test_used_files_come_before_all_others(index: Path, tmp_path: Path) -> None:
    indexed(index, plant(tmp_path / "root", "plan.md", "far/away/the plan.md", "far/plan 2.md"))
    writer = Index(index)
    writer.note_use(1, "far/away/the plan.md", 1000.0)
    writer.note_use(1, "no/such.md", 3000.0)
    writer.close()
    assert found(index, "plan", 2) == ["far/away/the plan.md", "plan.md"]
    assert found(index, "", 1) == ["far/away/the plan.md"]
    assert found(index, "2") == ["far/plan 2.md"]


def test_words_may_be_of_the_path(index: Path, tmp_path: Path) -> None:
    indexed(
        index,
        plant(tmp_path / "root", "work/2024/budget.csv", "home/2024/budget.csv", "work/2023/budget.csv"),
    )
    for typed in ("work/2024/bud", "bud 2024 work", "work\\2024", "  Work   2024 "):
        assert found(index, typed) == ["work/2024/budget.csv"]
    assert len(found(index, "work")) == 2


@pytest.mark.parametrize(
    "typed", ["*", "?", "[", "]", "[a]", "%", "_", "'", '"', "\\", "--", "\0", "\ud800", ")("]
)
def test_signs_mean_themselves(index: Path, tmp_path: Path, typed: str) -> None:
    indexed(index, plant(tmp_path / "root", "plain.md"))
    assert found(index, typed) in ([], ["plain.md"])
    assert typed in ("\\", "\0", "\ud800") or found(index, typed) == []


def test_very_long_words_are_bounded(index: Path, tmp_path: Path) -> None:
    indexed(index, plant(tmp_path / "root", "plain.md"))
    assert found(index, "plain " * 1000) == ["plain.md"]
    assert found(index, "x" * 100_000) == []


def test_nothing_typed_names_the_newest(index: Path, tmp_path: Path) -> None:
    root = plant(tmp_path / "root", "old.md", "new.md", "middle.md")
    for days, name in enumerate(("new.md", "middle.md", "old.md")):
        age(root / name, days)
    indexed(index, root)
    assert found(index, "", 2) == ["new.md", "middle.md"]
    assert found(index, "", 0) == []


def test_other_folders_are_left_out(index: Path, tmp_path: Path) -> None:
    one, two = plant(tmp_path / "one", "a.md"), plant(tmp_path / "two", "a.md")
    index_once(index, [FolderPlan(1, str(one)), FolderPlan(2, str(two))], "", None, lambda _line: None)
    assert sorted(match.folder_id for match in find(index, "a", 9, [1, 2, 3])) == [1, 2]
    assert [match.folder_id for match in find(index, "a", 9, [2])] == [2]
    assert find(index, "a", 9, []) == find(index, "a", 9, [7]) == []


def test_when_time_is_up_the_best_fits_are_all(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed(index, plant(tmp_path / "root", "plan.md", "my plan.md", *(f"{n}.md" for n in range(200))))
    monkeypatch.setattr(finding, "PATIENCE", 0.0)
    monkeypatch.setattr(finding, "_STEPS_PER_LOOK", 1)
    assert found(index, "plan") == ["plan.md"]


def test_no_index_finds_nothing(index: Path) -> None:
    assert found(index, "plan") == []
    assert not index.exists()
