"""Garbage is collected in the GUI thread only."""

import gc
import threading

import pytest

from forllm_desktop.ui.collector import Collector


@pytest.fixture
def collector(qapp):
    made = Collector()
    yield made
    gc.enable()


class Cycle:
    """Garbage that only the collector can free; notes in which thread it went."""

    def __init__(self, seen: list[threading.Thread]) -> None:
        self.me, self.seen = self, seen

    def __del__(self) -> None:
        self.seen.append(threading.current_thread())


def make_garbage(seen: list[threading.Thread]) -> None:
    for _ in range(20_000):
        Cycle(seen)


def test_another_thread_that_makes_garbage_does_not_collect_it(collector):
    seen: list[threading.Thread] = []
    thread = threading.Thread(target=make_garbage, args=(seen,))
    thread.start()
    thread.join()
    assert seen == []
    collector.collect()
    assert set(seen) == {threading.current_thread()}


def test_nothing_is_collected_while_there_is_little_garbage(collector, monkeypatch):
    gc.collect()
    calls = []
    monkeypatch.setattr(gc, "collect", lambda generation: calls.append(generation))
    monkeypatch.setattr(gc, "get_count", lambda: (10, 1, 0))
    collector.collect()
    assert calls == []
