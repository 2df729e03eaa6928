"""The worker without torch, triton and the judge: a learner's file is run as it stands, in no time, and passes if it ends.

Everything else is the worker's own: how it serves, forks, reports and ends.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from triton_quest.child import worker  # noqa: E402
from triton_quest.records import verdict as v  # noqa: E402


def work(job: dict[str, Any], report: worker.Channel) -> v.Outcome:
    report.send(v.StageStarted("run", "running", job["seconds"]))
    exec(compile(job["text"], job["file"], "exec"), {"__name__": "learner"})
    return v.Outcome.PASSED


worker.prepare = worker.warm_up = lambda: None
worker.JOB_MODULES["judge_on_gpu"] = "json"  # what is imported ahead
worker.work = work
worker.CPU_GRACE_SECONDS = 0.5

if __name__ == "__main__":
    worker.main(sys.argv[1:])
