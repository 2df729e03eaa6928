"""Guards the parent's half of a judgement: whatever becomes of the child, the parent says which outcome that is.

The child is an actor here: a short script in the worker's place, which sends records, prints, hangs or dies on cue.
test_outcomes.py has the real worker.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.execution.conftest import is_gone
from triton_quest.child.worker import JOB_MODULES
from triton_quest.course.level import Level
from triton_quest.course.table import LEVELS
from triton_quest.parent import output, process, runner
from triton_quest.parent.output import Output
from triton_quest.parent.runner import Job, judge
from triton_quest.records import verdict as v

PRELUDE = f"""\
import os, signal, subprocess, sys, traceback
sys.path.insert(0, {str(ROOT)!r})
from triton_quest.child import serving
from triton_quest.child import worker
from triton_quest.records import verdict as v

def send(record):
    os.write(report, v.encode(record))

def stage(seconds=20.0):
    send(v.StageStarted("numbers", "one element, fp32", seconds))

def check(name="one element, fp32"):
    send(v.Check(name, "numbers", v.State.PASSED))

def finish(outcome=v.Outcome.PASSED):
    send(v.Finished(outcome, 0.1))

def act(job, report_fd, crash_fd):
    global report
    report, code = report_fd, 0
    try:
        exec(SCRIPT, globals())
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code)

worker.run = act
SCRIPT = SCRIPT_HERE
worker.main(sys.argv[1:])
"""
Act = Callable[..., v.Verdict]


@pytest.fixture
def act(level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Act:
    """act(script): the verdict on a child that does what the script says."""

    def acted(
        script: str,
        seconds: float = 20.0,
        on_record: Callable[[v.Record], None] = lambda record: None,
        kind: str = "judge",
    ) -> v.Verdict:
        actor = tmp_path / "actor.py"
        actor.write_text(PRELUDE.replace("SCRIPT_HERE", repr(script)), encoding="utf-8")
        monkeypatch.setattr(process, "WORKER", actor)
        return judge(Job(level, tmp_path / "file.py", seconds, kind), on_record)

    return acted


def the_failure(verdict: v.Verdict) -> v.Check:
    failure = verdict.first_failure
    assert failure is not None and failure.says and failure.advice, "a failure says what was found and what to do"
    assert failure.outcome is verdict.outcome
    return failure


# Records


def test_the_verdict_is_made_of_the_records_in_their_order(act: Act, level: Level) -> None:
    verdict = act("stage(); check('first'); check('second'); finish(v.Outcome.WRONG)")
    assert [check.name for check in verdict.checks] == ["first", "second"]
    assert (verdict.outcome, verdict.level, verdict.slug) == (v.Outcome.WRONG, level.number, level.slug)


def test_every_record_is_told_as_it_arrives(act: Act) -> None:
    told: list[v.Record] = []
    act("stage(); check('first'); finish()", on_record=told.append)
    assert [type(record) for record in told] == [v.StageStarted, v.Check, v.Finished]


def test_records_that_arrive_in_pieces_are_put_together(act: Act) -> None:
    verdict = act("for byte in v.encode(v.Finished(v.Outcome.GAPS, 0.1)): os.write(report, bytes([byte]))")
    assert verdict.outcome is v.Outcome.GAPS


def test_thousands_of_records_all_arrive(act: Act) -> None:
    verdict = act("for n in range(5000): check(f'case {n}')\nfinish()")
    assert [check.name for check in verdict.checks] == [f"case {n}" for n in range(5000)]


def test_nothing_counts_after_the_last_word(act: Act) -> None:
    verdict = act("finish(v.Outcome.WRONG); check('too late'); finish(v.Outcome.PASSED)")
    assert verdict.outcome is v.Outcome.WRONG


def test_what_could_not_be_verified_is_listed(act: Act) -> None:
    verdict = act("send(v.Check('speed', 'gpu', v.State.NOT_VERIFIED_HERE)); check(); finish()")
    assert verdict.not_verified_here == ("speed",) and verdict.passed


@pytest.mark.parametrize(
    "written",
    [
        r"b'garbage\n'",
        r"b'\x00\xff\x1b[2J\n'",
        r"b'{}\n'",
        r"b'[' * 50_000 + b'\n'",
        r"""b'{"record": "stage", "stage": "numbers", "says": "one element", "seconds": "soon"}\n'""",
        r"b'unfinished'",
        r"b'x' * 5_000_000",
    ],
)
def test_garbage_on_the_channel_is_the_learners_and_does_not_pass(act: Act, written: str) -> None:
    verdict = act(f"stage(); os.write(report, {written}); check(); finish()")
    assert verdict.outcome in (v.Outcome.EXIT, v.Outcome.CRASH)
    assert "exit code 0" not in the_failure(verdict).says, "the learner's code called no exit"


# Endings


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_a_child_that_leaves_without_its_last_word_has_exited(act: Act, code: int) -> None:
    verdict = act(f"stage(); os._exit({code})")
    assert verdict.outcome is v.Outcome.EXIT
    assert f"exit code {code} " in the_failure(verdict).says
    assert "one element, fp32" in the_failure(verdict).says, "names what was being checked"


@pytest.mark.parametrize("kind", JOB_MODULES)
def test_a_child_that_leaves_has_exited_whatever_it_was_asked_to_do(act: Act, kind: str) -> None:
    verdict = act("stage(); os._exit(3)", kind=kind)
    assert verdict.outcome is v.Outcome.EXIT
    assert "one element, fp32" in the_failure(verdict).says


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGTERM"])
def test_a_child_killed_by_a_signal_has_crashed_and_the_signal_is_named(act: Act, name: str) -> None:
    verdict = act(f"stage(); os.kill(os.getpid(), signal.{name})")
    assert verdict.outcome is v.Outcome.CRASH
    assert name in the_failure(verdict).says


def test_a_signal_without_a_name_is_a_crash_too(act: Act) -> None:
    number = signal.SIGRTMIN + 6
    verdict = act(f"stage(); os.kill(os.getpid(), {number})")
    assert verdict.outcome is v.Outcome.CRASH
    assert str(number) in the_failure(verdict).says


def test_a_child_that_the_system_killed_ran_out_of_memory(act: Act) -> None:
    verdict = act("stage(); os.kill(os.getpid(), signal.SIGKILL)")
    assert verdict.outcome is v.Outcome.OUT_OF_MEMORY
    assert "memory" in the_failure(verdict).says


def test_what_arrived_while_this_process_was_suspended_counts(
    act: Act, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "GRACE_SECONDS", 0.0)
    os.mkfifo(tmp_path / "fifo")

    def hold_up(record: v.Record) -> None:
        if isinstance(record, v.StageStarted):
            (tmp_path / "fifo").write_text("go on")
            assert is_gone(int(record.says)), "by now its time is up, too"

    script = (
        f"send(v.StageStarted('numbers', str(os.getpid()), 0.01)); open({str(tmp_path / 'fifo')!r}).read(); finish()"
    )
    assert act(script, on_record=hold_up).passed


def test_a_step_that_outlasts_its_limit_and_the_grace_is_a_timeout(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "GRACE_SECONDS", 0.1)
    verdict = act("print('still here', flush=True); stage(seconds=0.2); signal.pause()")
    assert verdict.outcome is v.Outcome.TIMEOUT
    assert "one element, fp32" in the_failure(verdict).says
    assert verdict.output == "still here\n"


def test_a_channel_closed_by_the_learner_is_not_called_a_lack_of_memory(act: Act) -> None:
    verdict = act("stage(); os.close(report); signal.pause()")
    assert verdict.outcome in (v.Outcome.EXIT, v.Outcome.CRASH, v.Outcome.TIMEOUT)
    assert "memory" not in the_failure(verdict).says


def test_a_child_gone_while_a_process_it_left_behind_holds_the_channel_is_an_exit(act: Act) -> None:
    script = "stage()\nsubprocess.Popen(['sleep', '1000'], pass_fds=(report,))\nos._exit(5)"
    assert the_failure(act(script)).outcome is v.Outcome.EXIT


# Our own troubles are never called the learner's


def test_a_worker_that_ends_before_its_first_record_is_our_trouble_and_its_last_line_is_told(act: Act) -> None:
    verdict = act("raise ImportError('no module named torch')")
    assert verdict.outcome is v.Outcome.ERROR
    assert "no module named torch" in the_failure(verdict).says


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGSEGV)", "os._exit(1)"])
def test_a_worker_that_dies_before_it_touches_the_learners_file_is_our_trouble(act: Act, end: str) -> None:
    verdict = act(f"send(v.Check('the file parses', 'read', v.State.PASSED)); {end}")  # then torch is imported
    assert verdict.outcome is v.Outcome.ERROR


def test_a_worker_that_never_comes_to_the_learners_file_is_our_trouble(
    act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "START_SECONDS", 0.5)
    assert act("signal.pause()").outcome is v.Outcome.ERROR


def test_a_worker_that_is_missing_is_our_trouble(level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WORKER", tmp_path / "nowhere.py")
    assert judge(Job(level, tmp_path / "file.py")).outcome is v.Outcome.ERROR


# What is left behind


def test_processes_left_behind_are_ended(act: Act) -> None:
    script = "left = subprocess.Popen(['sleep', '1000'])\nstage(); check(str(left.pid)); finish()"
    verdict = act(script)
    assert verdict.passed and is_gone(int(verdict.checks[0].name))


def test_a_process_left_behind_that_keeps_printing_does_not_keep_the_judge(act: Act) -> None:
    pids: list[int] = []

    def note(record: v.Record) -> None:
        if isinstance(record, v.Check):
            pids.append(int(record.name))

    script = "left = subprocess.Popen(['yes'])\nstage(); check(str(left.pid)); finish()"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        judged = pool.submit(act, script, on_record=note)
        try:
            verdict = judged.result(timeout=20)
        finally:
            for pid in pids:
                if not judged.done():
                    os.kill(pid, signal.SIGKILL)
    assert verdict.passed and is_gone(pids[0])


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, BrokenPipeError])
def test_the_child_is_ended_when_the_one_who_watches_it_gives_up(act: Act, trouble: type[BaseException]) -> None:
    pids: list[int] = []

    def give_up(record: v.Record) -> None:
        assert isinstance(record, v.Check)
        pids.append(int(record.name))
        raise trouble

    with pytest.raises(trouble):
        act("check(str(os.getpid())); signal.pause()", on_record=give_up)
    assert is_gone(pids[0])


def test_no_descriptor_is_left_open(act: Act) -> None:
    before = os.listdir("/proc/self/fd")
    act("stage(); check(); finish()")
    act("stage(); os._exit(1)")
    assert os.listdir("/proc/self/fd") == before


def test_the_child_leads_a_group_in_a_session_without_our_terminal_and_with_nobody_at_its_input(act: Act) -> None:
    verdict = act(
        "check(str(os.getpgid(0) == os.getpid())); check(str(os.getsid(0))); check(repr(os.read(0, 1))); finish()"
    )
    group, session, read = (check.name for check in verdict.checks)
    assert group == "True" and int(session) != os.getsid(0) and read == "b''"


def test_the_child_uses_the_interpreter_and_writes_no_bytecode(act: Act) -> None:
    names = ("TRITON_INTERPRET", "PYTHONDONTWRITEBYTECODE")
    verdict = act(f"for name in {names}: check(os.environ[name])\nfinish()")
    assert [check.name for check in verdict.checks] == ["1", "1"]


@pytest.mark.parametrize("row", LEVELS, ids=lambda row: row.slug)
def test_the_row_of_a_level_arrives_in_the_child_as_it_is_in_the_table(row: Level) -> None:
    assert Level.from_row(json.loads(Job(row, Path("file.py")).as_json())["level"]) == row


# What was printed


def test_both_streams_are_kept_in_the_order_in_which_they_were_written(act: Act) -> None:
    verdict = act("os.write(1, b'out '); os.write(2, b'err '); os.write(1, b'out'); finish()")
    assert verdict.output == "out err out"


def test_what_was_printed_before_a_crash_is_kept(act: Act) -> None:
    verdict = act("stage(); os.write(1, b'last words'); os.kill(os.getpid(), signal.SIGSEGV)")
    assert verdict.outcome is v.Outcome.CRASH and verdict.output == "last words"


def test_a_flood_is_cut_in_its_middle_and_the_cut_is_counted(act: Act) -> None:
    verdict = act("print('beginning', 'x' * 10_000_000, 'end', flush=True); finish()")
    assert verdict.passed
    assert verdict.output.startswith("beginning xx") and verdict.output.endswith("xx end\n")
    kept = 2 * output.KEPT_BYTES
    assert f"... {len('beginning  end') + 10_000_000 + 1 - kept:,} bytes more ..." in verdict.output
    assert len(verdict.output) < kept + 100


def test_a_child_may_close_its_output(act: Act) -> None:
    assert act("print('hello', flush=True); os.close(1); os.close(2); stage(); check(); finish()").output == "hello\n"


@given(st.lists(st.binary(max_size=30), max_size=12))
def test_output_keeps_its_beginning_and_its_end_however_it_arrives(pieces: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "KEPT_BYTES", 16)
        printed = Output()
        for piece in pieces:
            printed.add(piece)
    everything = b"".join(pieces)
    assert bytes(printed.head) == everything[:16]
    assert bytes(printed.tail) == everything[16:][-16:]
    assert printed.dropped == max(0, len(everything) - 32)


@given(st.text("aé€😀", max_size=4), st.integers(1, 7))
def test_text_that_is_not_cut_is_shown_as_it_was_printed(text: str, piece: int) -> None:
    data = text.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "KEPT_BYTES", 8)  # it all fits, though not into the first half alone
        printed = Output()
        for at in range(0, len(data), piece):
            printed.add(data[at : at + piece])
        assert printed.text() == text


@given(st.text(st.sampled_from("\x1b[]0;31mHJ\x07\x08\r\n\t\x7f\x9b\x85é ?"), max_size=30))
def test_nothing_that_was_printed_can_command_the_terminal(text: str) -> None:
    printed = Output()
    printed.add(text.encode())
    commands = {character for character in printed.text() if not character.isprintable()} - {"\n", "\t"}
    assert not commands


def test_colours_are_taken_out_and_the_words_stay() -> None:
    output = Output()
    output.add(b"\x1b[1;31mwrong\x1b[0m is \x1b[2Kred\n")
    assert output.text() == "wrong is red\n"


# Gaps


OPEN_GAP = "send(v.Gaps((v.GapState(1, 40, ('pid',), v.Standing.RIGHT), v.GapState(2, 44, (), v.Standing.OPEN))))"


@pytest.mark.parametrize("ending", ["finish()", "finish(v.Outcome.WRONG)", "os._exit(3)"])
def test_a_file_with_an_open_gap_ends_with_gaps_however_its_child_ends(act: Act, ending: str) -> None:
    verdict = act(f"stage(); {OPEN_GAP}; {ending}")
    assert verdict.outcome is v.Outcome.GAPS and not verdict.passed
    assert verdict.as_json()["gaps"] == [
        {"number": 1, "line": 40, "names": ("pid",), "state": "right so far", "why": ""},
        {"number": 2, "line": 44, "names": (), "state": "open", "why": ""},
    ]


def test_the_last_word_on_the_gaps_counts_and_our_own_trouble_stays_ours(act: Act) -> None:
    told = OPEN_GAP.replace("v.Standing.RIGHT", "v.Standing.WRONG")
    verdict = act(f"stage(); {OPEN_GAP}; {told}; finish(v.Outcome.ERROR)")
    assert [gap.state for gap in verdict.gaps] == [v.Standing.WRONG, v.Standing.OPEN]
    assert verdict.outcome is v.Outcome.ERROR
