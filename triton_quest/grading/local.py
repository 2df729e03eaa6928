"""The engine of this machine: as many processes as it has processors, each with a warm worker, level by level."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Generator, Sequence

from triton_quest.grading.judging import Judge, Manner, NotJudged, Started
from triton_quest.grading.submissions import Submission
from triton_quest.parent.runner import Cancelled
from triton_quest.records import verdict as v

Result = tuple[Submission, v.Verdict | NotJudged]
LOOK_SECONDS = 0.2  # between two looks whether somebody pressed Ctrl-C


def judge_all(
    submissions: Sequence[Submission], manner: Manner, on_start: Started, workers: int | None = None
) -> Generator[Result, None, None]:
    """Judge every submission; each result comes as it is there. Closing the iterator ends what is being judged."""
    waiting: queue.SimpleQueue[Submission] = queue.SimpleQueue()
    for one in sorted(submissions, key=lambda one: one.level.number):  # a worker prepares itself for a level once
        waiting.put(one)
    done: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()
    stopped = threading.Event()

    def work() -> None:
        with Judge(manner) as judge:
            while not stopped.is_set():
                try:
                    one = waiting.get_nowait()
                except queue.Empty:
                    return
                on_start(one)
                try:
                    done.put((one, judge.judge(one.level, one.file, one.text, stopped.is_set)))
                except Cancelled:
                    return
                except BaseException as trouble:  # a fault of ours: raised where the results are read
                    done.put(trouble)
                    return

    count = min(workers or os.cpu_count() or 1, len(submissions))
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        for _ in submissions:
            yield _next(done)
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def _next(done: queue.SimpleQueue[Result | BaseException]) -> Result:
    while True:
        try:
            result = done.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            continue
        if isinstance(result, BaseException):
            raise result
        return result
