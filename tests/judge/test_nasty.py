"""Guards the judge against the nastiest files, one after the other in one warm process: each gets a verdict of its own, and
the next honest file passes. What one does that is merely wrong is in tests/execution/test_outcomes.py."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.execution.conftest import is_gone
from tests.judge.toys import HONEST, adding
from triton_quest.course.level import Level
from triton_quest.parent import output
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.warm import Warm
from triton_quest.records import verdict as v

pytestmark = pytest.mark.slow

SECONDS = 60.0  # for a step, of which none takes long unless the machine is busy
ADDS = "out = torch.empty_like(x)\nLAUNCH\nreturn out"
IMPORTS = "import os, subprocess, sys, threading, time\n"
FORKS = (
    "children = []\n"
    "for _ in range(40):\n"
    "    pid = os.fork()\n"
    "    if pid == 0:\n"
    "        for _ in range(2): os.fork()\n"
    "        while True: time.sleep(1000)\n"
    "    children.append(pid)\n"
    "print('left behind:', *children)\n"
)
LEFT = "print('left behind:', subprocess.Popen(['sleep', '1000']).pid)\n"
PATCHES = (
    "torch.allclose = torch.equal = lambda *a, **k: True\nos._exit = os.write = os.kill = lambda *a: None\n"
    "time.monotonic = time.time = lambda: 0.0\nsys.modules.pop('json', None)\n"
)
STAY = "for _ in range(20): threading.Thread(target=threading.Event().wait).start()\n"

NASTY: dict[str, tuple[str, set[v.Outcome]]] = {
    "a fork bomb": (adding(ADDS, before=IMPORTS + FORKS), {v.Outcome.PASSED}),
    "a memory hog": (adding("hog = []\nwhile True: hog.append(torch.empty(1 << 26))"), {v.Outcome.OUT_OF_MEMORY}),
    "a monkey": (adding(ADDS, before=IMPORTS + PATCHES), {v.Outcome.RULES}),
    "a monkey at work": (
        adding(f"{PATCHES.strip()}\n{ADDS}", before=IMPORTS),
        {v.Outcome.RULES},
    ),
    "every descriptor closed": (adding("os.closerange(0, 65536)", before=IMPORTS), {v.Outcome.EXIT}),
    "threads and children left behind": (adding(ADDS, before=IMPORTS + STAY + LEFT), {v.Outcome.PASSED}),
    "a second judge": (
        adding(ADDS, before=IMPORTS + "pid = os.fork()\nif pid: print('left behind:', pid)\n"),
        {v.Outcome.PASSED},
    ),
}


@pytest.fixture(scope="module")
def verdict_of(level: Level, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], v.Verdict]:
    """verdict_of(text): all of them in one process, which has to outlive them."""
    file = tmp_path_factory.mktemp("nasty") / "mine.py"

    def verdict_of(text: str) -> v.Verdict:
        file.write_text(text)
        return judge(Job(level, file, SECONDS), start=warm.start)

    return verdict_of


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_file_gets_a_verdict_of_its_own_and_the_next_honest_one_passes(
    verdict_of: Callable[[str], v.Verdict], name: str
) -> None:
    text, outcomes = NASTY[name]
    verdict = verdict_of(text)
    assert verdict.outcome in outcomes, f"{verdict.cause} {verdict.detail}"
    failure = verdict.first_failure
    assert verdict.passed or (failure and failure.says and failure.advice and "Traceback" not in failure.says)
    assert len(verdict.output) < 3 * output.KEPT_BYTES
    left_behind = re.search(r"left behind:((?: \d+)+)", verdict.output)
    for pid in left_behind[1].split() if left_behind else ():
        assert is_gone(int(pid))
    honest = verdict_of(HONEST)
    assert honest.passed, f"{honest.cause} {honest.detail}"
