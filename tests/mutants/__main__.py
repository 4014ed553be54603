"""`python -m tests.mutants [--only NAME ...] [--jobs N]`: applies every breakage and prints what noticed it.

Exits with 1 when a breakage survives, or no longer applies because its line has changed.
"""

import argparse
import itertools
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.breakage import PACKAGE, Mutant
from tests.mutants.catalogue import MUTANTS

ROOT = Path(__file__).parents[2]
COPIED = (PACKAGE, "tests", "resources", "prompt_templates", "pyproject.toml", "README.md")
TIME_LIMIT = 100.0
"""Seconds that the tests of one breakage may take; a red test is quick."""
RED = 1
"""pytest's exit code for tests that ran and failed; others mean that none ran."""


class Tree:
    """A copy of the project in which one thing at a time is broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / name)
        cache = {"PYTHONPYCACHEPREFIX": str(folder / "pycache"), "PYTHONPATH": str(folder)}
        self._environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | cache
        self._times = itertools.count(2_000_000_000)

    def test(self, tests: Sequence[str]) -> tuple[int, str]:
        """Run tests; returns pytest's exit code, and what it printed."""
        nodes = [f"tests/{test}" for test in tests]
        # A session of its own can be ended with all its children.
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *nodes],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=TIME_LIMIT * (1 + len(nodes) // 10))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return -1, process.communicate()[0]
        return process.returncode, output

    @contextmanager
    def with_(self, mutant: Mutant) -> Iterator[None]:
        """Break one line within the block."""
        path = mutant.path(self.folder)
        healthy, broken = path.read_text(encoding="utf-8"), mutant.broken(self.folder)
        try:
            self._write(path, broken)
            yield
        finally:
            self._write(path, healthy)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        # Byte code is kept by size and second of its source: no two texts may share them.
        moment = next(self._times)
        os.utime(path, (moment, moment))


def verdict(tree: Tree, mutant: Mutant) -> tuple[str, str]:
    """Return what became of a breakage, and what to read when it was not noticed."""
    try:
        with tree.with_(mutant):
            code, output = tree.test(mutant.tests)
    except LookupError as error:
        return "DOES NOT APPLY", str(error)
    if code == RED:
        return "killed", ""
    return {0: "SURVIVED", -1: "HANGS"}.get(code, "NO TEST RAN"), output


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="names of breakages")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), metavar="N")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not options.only or mutant.name in options.only]
    if unknown := set(options.only or ()) - {mutant.name for mutant in MUTANTS}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as folder:
        trees: queue.Queue[Tree] = queue.Queue()
        for number in range(options.jobs):
            (place := Path(folder, str(number))).mkdir()
            trees.put(Tree(place))
        return _run(chosen, trees, options.jobs)


def _run(mutants: Sequence[Mutant], trees: "queue.Queue[Tree]", jobs: int) -> int:
    def judge(mutant: Mutant) -> tuple[str, str, float]:
        tree = trees.get()
        started = time.monotonic()
        try:
            return *verdict(tree, mutant), time.monotonic() - started
        finally:
            trees.put(tree)

    tests = sorted({test for mutant in mutants for test in mutant.tests})
    started = time.monotonic()
    tree = trees.get()
    code, output = tree.test(tests)
    trees.put(tree)
    if code != 0:
        print(output, "Not everything is green before anything is broken.", sep="\n")
        return 1
    print(f"{len(tests)} tests and files are green without a breakage ({time.monotonic() - started:.0f} s)")
    width = max(len(mutant.name) for mutant in mutants)
    missed = 0
    with ThreadPoolExecutor(jobs) as pool:
        for mutant, (word, why, seconds) in zip(mutants, pool.map(judge, mutants), strict=True):
            print(f"{mutant.name:{width}}  {word}  {seconds:.1f} s", flush=True)
            if word != "killed":
                missed += 1
                print(f"  {mutant.file}: {mutant.old.strip()!r} -> {mutant.new.strip()!r}\n{why.rstrip()}")
    spent = time.monotonic() - started
    print(f"{len(mutants) - missed} of {len(mutants)} breakages were noticed, in {spent:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
