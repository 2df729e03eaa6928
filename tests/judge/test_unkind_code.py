"""Guards against learner's code whose exceptions, names and settings would confuse the judge, the terminal or the database:
each gets a verdict of its own that names the line, and never "our own trouble"."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.judge.toys import HONEST, KERNEL, adding
from triton_quest.course.level import Level
from triton_quest.parent.runner import Job, judge
from triton_quest.parent.warm import Warm
from triton_quest.records import text as records_text
from triton_quest.records import verdict as v

pytestmark = pytest.mark.slow

ADDS = "out = torch.empty_like(x)\nLAUNCH\nreturn out"
TITLE = "\\x1b]0;mine\\x07\\x1b[2J\\x1b[31mred\\r"


UNKIND: dict[str, tuple[str, set[v.Outcome], str]] = {
    "a message that sets the title": (adding(f"raise ValueError('{TITLE}')"), {v.Outcome.CRASH}, "ValueError: red"),
    "a message of 50 MB": (adding("raise ValueError('x' * 50_000_000)"), {v.Outcome.CRASH}, "characters more"),
    "a class with a name of 50 MB": (adding("raise type('E' * 50_000_000, (Exception,), {})('so be it')"), {v.Outcome.CRASH}, "so be it"),
    "a __str__ that raises": (
        adding("raise Odd()", before="class Odd(Exception):\n    def __str__(self):\n        raise GeneratorExit\n"),
        {v.Outcome.CRASH},
        "Odd: no message",
    ),
    "a __str__ of a class of its own": (
        adding(
            "raise Odd()",
            before="class Text(str):\n    splitlines = __contains__ = encode = None\n"
            "class Odd(Exception):\n    def __str__(self):\n        return Text('so be it')\n",
        ),
        {v.Outcome.CRASH},
        "Odd: so be it",
    ),
    "a class whose metaclass hides its name": (
        adding(
            "raise Odd('so be it')",
            before="class Meta(type):\n    @property\n    def __name__(cls):\n        raise ValueError\n"
            "class Odd(Exception, metaclass=Meta):\n    pass\n",
        ),
        {v.Outcome.CRASH},
        "Odd: so be it",
    ),
    "GeneratorExit from the launcher": (adding("raise GeneratorExit('so be it')"), {v.Outcome.CRASH}, "GeneratorExit: so be it"),
    "StopIteration from the launcher": (adding("raise StopIteration('so be it')"), {v.Outcome.CRASH}, "StopIteration: so be it"),
    "a BaseException of its own": (
        adding("raise Odd('so be it')", before="class Odd(BaseException):\n    pass\n"),
        {v.Outcome.CRASH},
        "Odd: so be it",
    ),
    "GeneratorExit at import": (adding(ADDS, before="raise GeneratorExit('so be it')\n"), {v.Outcome.IMPORT}, "so be it"),
    "linecache and traceback are broken": (
        adding(
            "raise ValueError('so be it')",
            before="import linecache, traceback, inspect\n"
            "for one in (linecache, traceback, inspect):\n    for name in dir(one):\n"
            "        if not name.startswith('__'): setattr(one, name, None)\n",
        ),
        {v.Outcome.CRASH},
        "so be it",
    ),
    "linecache is broken, at import": (
        adding(ADDS, before="import linecache, traceback\nlinecache.cache = traceback.extract_tb = None\nraise ValueError('so be it')\n"),
        {v.Outcome.IMPORT},
        "ValueError: so be it",
    ),
}  # fmt: skip

HARMLESS: dict[str, str] = {
    "a default device without memory": adding(ADDS, before="torch.set_default_device('meta')\n"),
    "a default device that is set by the launcher": adding(f"torch.set_default_device('meta')\n{ADDS}"),
    "a default dtype": adding(ADDS, before="torch.set_default_dtype(torch.float64)\n"),
    "a default dtype that is set by the launcher": adding(f"torch.set_default_dtype(torch.float16)\n{ADDS}"),
    "no gradients at all": adding(ADDS, before="torch.set_grad_enabled(False)\n"),
    "deterministic algorithms": adding(ADDS, before="torch.use_deterministic_algorithms(True)\n"),
    "autocast": adding(ADDS, before="torch.set_autocast_enabled('cpu', True)\n"),
    "torch.compile at module level, of a helper and in the launcher": adding(
        "out = torch.empty_like(x)\ntorch.compile(lambda: LAUNCH, backend='eager')()\nreturn same(out)",
        before="doubled = torch.compile(lambda t: t * 2)(torch.ones(3))\n@torch.compile\ndef same(t):\n    return t\n",
    ),
    "linecache and traceback are broken, and nothing is wrong": adding(
        ADDS, before="import linecache, traceback\nlinecache.cache = linecache.getline = traceback.extract_tb = None\n"
    ),
}

THREAD = "import threading\ndef aside(work):\n    thread = threading.Thread(target=work)\n    thread.start()\n    thread.join()\n"
POOL = "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\n"
DUMMY = "from multiprocessing.dummy import Pool\npool = Pool(2)\n"
SERVANT = """\
import queue, threading
tasks, done = queue.Queue(), queue.Queue()
def serve():
    while True:
        done.put(tasks.get()())
threading.Thread(target=serve, daemon=True).start()
def ask(work):
    tasks.put(work)
    return done.get()
"""


def torchs_work(call: str, before: str, work: str = "torch.add(out, y)") -> str:
    """A file whose kernel copies x; `call` lets a thread do the rest, `work`."""
    body = f"out = torch.empty_like(x)\nLAUNCH\ndef work():\n    return {work}\nreturn {call}"
    return adding(body, before=before, kernel=KERNEL.replace("x + y", "x"))


IN_A_THREAD = {
    "an honest launch": (
        adding("out = torch.empty_like(x)\ndef work():\n    LAUNCH\naside(work)\nreturn out", before=THREAD),
        v.Outcome.PASSED,
    ),
    "half of the work is torch's": (
        adding(
            "out = torch.empty_like(x)\nLAUNCH\nbox = []\naside(lambda: box.append(torch.add(out, y)))\nreturn box[0]",
            before=THREAD,
            kernel=KERNEL.replace("x + y", "x"),
        ),
        v.Outcome.RULES,
    ),
    "a load outside": (
        adding(
            "out = torch.empty_like(x)\ndef work():\n"
            "    add_kernel[(triton.cdiv(x.numel(), 16),)](x, y, out, x.numel() + 16, BLOCK_SIZE=16)\naside(work)\nreturn out",
            before=THREAD,
        ),
        v.Outcome.MEMORY,
    ),
    "two launches at once": (
        adding(
            "out, half = torch.empty_like(x), x.numel() // 2\n"
            "def work(a, b):\n"
            "    if b > a:\n"
            "        add_kernel[(triton.cdiv(b - a, 16),)](x[a:b], y[a:b], out[a:b], b - a, BLOCK_SIZE=16)\n"
            "list(pool.map(work, [0, half], [half, x.numel()]))\nreturn out",
            before=POOL,
        ),
        v.Outcome.PASSED,
    ),
    "torch's work in a pool that was made at import": (torchs_work("pool.submit(work).result()", POOL), v.Outcome.RULES),
    "torch's work in a pool that was started at import": (torchs_work("pool.apply(work)", DUMMY), v.Outcome.RULES),
    "numpy's work in a pool that was started at import": (
        torchs_work("pool.apply(work)", DUMMY, "torch.from_numpy(out.numpy() + y.numpy())"),
        v.Outcome.RULES,
    ),
    "torch's work in a thread that was started at import": (torchs_work("ask(work)", SERVANT), v.Outcome.RULES),
}  # fmt: skip

TOO_LITTLE = {
    "a grid of 64 programs at the most": adding(
        "out = torch.empty_like(x)\nn = x.numel()\n"
        "add_kernel[(min(64, triton.cdiv(n, 1024)),)](x, y, out, n, BLOCK_SIZE=1024)\nreturn out"
    ),
    "100,000 elements at the most": adding(
        "out = torch.empty_like(x)\nn = x.numel()\n"
        "add_kernel[(triton.cdiv(n, 1024),)](x, y, out, min(n, 100_000), BLOCK_SIZE=1024)\nreturn out"
    ),
}

TOO_DEEP = {
    "brackets": "x = " + "(" * 5_000 + ")" * 5_000 + "\n",
    "operators": "x = " + "-" * 100_000 + "1\n",
    "a sum": "x = " + "1 + " * 100_000 + "1\n",
    "attributes": "x = y" + ".a" * 100_000 + "\n",
}


@pytest.fixture(scope="module")
def verdict_of(level: Level, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], v.Verdict]:
    """verdict_of(text): all of them in one process, which has to outlive them."""
    file = tmp_path_factory.mktemp("unkind") / "mine.py"

    def verdict_of(text: str) -> v.Verdict:
        file.write_text(text)
        return judge(Job(level, file, 60.0), start=warm.start)

    return verdict_of


@pytest.mark.parametrize("name", UNKIND)
def test_what_unkind_code_raises_is_told_as_its_own_in_a_few_clean_lines(
    verdict_of: Callable[[str], v.Verdict], name: str
) -> None:
    text, outcomes, says = UNKIND[name]
    verdict = verdict_of(text)
    failure = verdict.first_failure
    assert verdict.outcome in outcomes and failure, f"{verdict.cause} {verdict.detail}"
    assert says in failure.says and [place.line for place in failure.places]
    shown = (failure.says, failure.advice, failure.cause, *(place.source for place in failure.places))
    for part in shown:
        assert len(part) < 2 * records_text.LONGEST
        assert not {sign for sign in part if not sign.isprintable()} - {"\n", "\t"}
    assert len(json.dumps(verdict.as_json())) < 5 * records_text.LONGEST, "what the database keeps of a check"
    assert verdict_of(HONEST).passed


@pytest.mark.parametrize("name", HARMLESS)
def test_what_a_file_sets_in_torch_is_its_own_affair(verdict_of: Callable[[str], v.Verdict], name: str) -> None:
    verdict = verdict_of(HARMLESS[name])
    assert verdict.passed, f"{verdict.cause} {verdict.detail}"


@pytest.mark.parametrize("name", IN_A_THREAD)
def test_what_the_launcher_does_in_a_thread_is_watched_like_the_rest(
    verdict_of: Callable[[str], v.Verdict], name: str
) -> None:
    text, outcome = IN_A_THREAD[name]
    verdict = verdict_of(text)
    assert verdict.outcome is outcome, f"{verdict.cause} {verdict.detail}"


@pytest.mark.parametrize("name", TOO_LITTLE)
def test_what_is_right_of_small_vectors_alone_is_caught(verdict_of: Callable[[str], v.Verdict], name: str) -> None:
    verdict = verdict_of(TOO_LITTLE[name])
    assert verdict.outcome in (v.Outcome.MEMORY, v.Outcome.WRONG), f"{verdict.cause} {verdict.detail}"


def test_the_launcher_finds_what_its_file_has_set_in_torch(verdict_of: Callable[[str], v.Verdict]) -> None:
    sets = "torch.set_default_dtype(torch.float64)\ntorch.set_default_device('meta')\n"
    looks = "assert torch.empty(1).dtype == torch.float64 and torch.empty(1).is_meta\n"
    verdict = verdict_of(adding(looks + ADDS, before=sets))
    assert verdict.passed, f"{verdict.cause} {verdict.detail}"


@pytest.mark.parametrize("name", TOO_DEEP)
def test_a_text_that_is_too_deep_for_python_is_no_trouble_of_ours(
    verdict_of: Callable[[str], v.Verdict], name: str
) -> None:
    verdict = verdict_of(TOO_DEEP[name])
    assert verdict.outcome in (v.Outcome.SYNTAX, v.Outcome.IMPORT, v.Outcome.CONTRACT), verdict.detail
