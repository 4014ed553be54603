"""What running requests have written so far."""

import threading

from forllm_desktop.services.running import Progress, RunningReplies


def test_progress_is_found_by_request_and_by_post() -> None:
    running = RunningReplies()
    running.put(1, Progress(post_id=10))
    running.update(1, text="Because", phase="writing", pieces=3)
    found = running.get(1)
    assert found == Progress(post_id=10, text="Because", phase="writing", pieces=3)
    assert running.of_post(10) == found
    assert running.of_post(11) is None
    running.drop(1)
    assert running.get(1) is None
    assert running.of_post(10) is None


def test_request_that_ended_is_not_brought_back_by_a_late_update() -> None:
    running = RunningReplies()
    running.put(1, Progress(post_id=10))
    running.drop(1)
    running.update(1, text="late")
    running.drop(1)
    assert running.get(1) is None


def test_snapshot_does_not_change_under_its_reader() -> None:
    running = RunningReplies()
    running.put(1, Progress(post_id=10, text="a"))
    before = running.get(1)
    running.update(1, text="ab")
    assert before is not None
    assert before.text == "a"


def test_many_threads_may_read_and_write_at_once() -> None:
    running, torn = RunningReplies(), []
    running.put(0, Progress(post_id=0))

    def write(number: int) -> None:
        for step in range(300):
            running.put(number, Progress(post_id=number))
            running.update(number, text="x" * step, pieces=step)
            found = running.get(number)
            if found is None or len(found.text) != found.pieces:
                torn.append(found)
            running.of_post(0)
            running.drop(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torn == []
