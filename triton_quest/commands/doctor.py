"""What this machine can verify: versions, device, and a known kernel judged from end to end."""

from __future__ import annotations

import json
import os
import platform
import shlex
import subprocess
import sys
from dataclasses import asdict, dataclass

from rich.status import Status as Spinner
from rich.text import Text

from triton_quest import environment, invocation
from triton_quest.commands.context import OK, TROUBLE, Context, print_json
from triton_quest.errors import NoWorkspace, StoreTrouble
from triton_quest.execution.runner import Job, child_environ, judge
from triton_quest.levels import LEVELS


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `mend` is what to type; a finding that isn't ok and mends nothing is a remark."""

    what: str
    ok: bool
    says: str
    mend: str = ""


def run(context: Context, as_json: bool) -> int:
    if as_json or not context.console.is_terminal:
        findings = examine(context)
    else:
        with Spinner("judging a known kernel", console=context.console):
            findings = examine(context)
    healthy = all(finding.ok or not finding.mend for finding in findings)
    if as_json:
        print_json({"schema": 1, "healthy": healthy, "findings": [asdict(finding) for finding in findings]})
        return OK if healthy else TROUBLE
    g = context.glyphs
    for finding in findings:
        mark, style = (
            (g.passed, "good") if finding.ok else ((g.failed, "bad") if finding.mend else (g.unverified, "soft"))
        )
        line = Text(f"{mark} ", style).append(f"{finding.what}: ", "heading").append(finding.says)
        if finding.mend:
            line.append(f"\n  {g.arrow} ", "soft").append(finding.mend, "command")
        context.show(line)
    if healthy:
        context.next("All is well.", "")
    return OK if healthy else TROUBLE


def examine(context: Context) -> list[Finding]:
    """Everything that the quest relies on, the cheap things first."""
    findings = [_python(), *_versions(), *_workspace(context)]
    trouble = environment.trouble_with_versions()
    if trouble:
        return [*findings, Finding("what can be verified", False, trouble, environment.install_command())]
    return [*findings, *_self_tests(), _known_kernel(), _gpu()]


def _python() -> Finding:
    return Finding(
        "Python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()} ({sys.executable})"
    )


def _versions() -> list[Finding]:
    findings = []
    for name in ("torch", "triton", "numpy", "rich"):
        version = environment.installed_version(name)
        shown = ".".join(map(str, version)) if version else "not installed"
        findings.append(Finding(name, version is not None, shown, "" if version else environment.install_command()))
    return [*findings, *(Finding("versions", False, sentence) for sentence in environment.unknown_versions())]


def _workspace(context: Context) -> list[Finding]:
    try:
        found = Finding("workspace", True, str(context.workspace.root))
        passed = sum(state.is_done for state in context.progress.states())
        return [found, Finding("progress", True, f"{passed} of {len(LEVELS)} levels passed")]
    except NoWorkspace as trouble:
        return [Finding("workspace", False, trouble.sentence, invocation.command(trouble.next_command or ""))]
    except StoreTrouble as trouble:
        database = shlex.quote(str(context.workspace.database))
        return [found, Finding("progress", False, trouble.sentence, f"mv {database} {database}.damaged")]


def _self_tests() -> list[Finding]:
    """Known kernels in each mode of the interpreter, in a process of their own."""
    module = "triton_quest.execution.adapt.selftest"
    environ = {**child_environ(), "PYTHONPATH": os.pathsep.join([environment.ROOT, os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, env=environ)
    try:
        tests = json.loads(done.stdout)
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        return [Finding("known kernels", False, f"they could not be run: {reason}", environment.INSTALL)]
    wrong = [
        Finding("known kernel", False, f"{t['name']}: {t['detail']}", environment.INSTALL) for t in tests if not t["ok"]
    ]
    right = len(tests) - len(wrong)
    return [
        Finding("known kernels", not wrong, f"{right} of {len(tests)} are right, in every mode of the interpreter"),
        *wrong,
    ]


def _known_kernel() -> Finding:
    """Judge the first level's own solution: the whole way, in a child process."""
    level = LEVELS[0]
    judged = judge(Job(level, level.folder / "solution.py"))
    if judged.passed:
        says = f"level 1's solution was judged right in {judged.seconds:.1f} s: levels are verified without a GPU"
        return Finding("interpreter", True, says)
    return Finding(
        "interpreter", False, f"a known right kernel was not accepted: {judged.cause}", environment.install_command()
    )


def _gpu() -> Finding:
    if environment.can_use_gpu():
        return Finding("GPU", True, "there is one; level files run on it, and the judge still works in the interpreter")
    if environment.nvidia_gpus():
        return Finding("GPU", False, "there is one, but this torch is a CPU build", "./quest --cuda")
    return Finding("GPU", False, "none found: speed and GPU-only behaviour are not verified here")
