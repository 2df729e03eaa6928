"""The processor time of a check that passes, beside that of an older build: `make passing-checks OLDER=../older`.

    python benchmarks/passing_checks.py OLDER [ROUNDS]

    the older build's solution of a level, judged by both builds      at most 1.1 times as long
    a tuned kernel besides the same one untuned, for each config      at most 0.4 s

OLDER is a worktree with a `.venv` of its own. Both builds judge the same file, one after the other, in a warm process each; the least
of all rounds counts, since what disturbs only adds.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from gate_sample import ROOT, Build

ROUNDS = 3
UNTUNED = "add_kernel[(triton.cdiv(x.numel(), 256),)](x, y, out, x.numel(), BLOCK_SIZE=256)"


def solutions(tree: Path) -> dict[str, str]:
    """The levels' solutions by their slugs, in the order of the levels."""
    found = {
        file.parent.name.replace("_", "-"): file for file in (tree / "triton_quest" / "course").glob("*/solution.py")
    }
    numbers = {slug: _number(tree, slug) for slug in found}
    return {slug: found[slug].read_text(encoding="utf-8") for slug in sorted(found, key=numbers.__getitem__)}


def _number(tree: Path, slug: str) -> int:
    (file,) = (tree / "triton_quest" / "levels").glob(f"level*_{slug.replace('-', '_')}.py")
    return int(re.findall(r"level(\d+)_", file.name)[0])


def tuned_and_untuned() -> tuple[str, str, int]:
    """A tuned kernel of level 1, the same one with a single block, and how many configs there are."""
    tuned = (ROOT / "triton_quest/course/vector_add/variants/autotuned.py").read_text(encoding="utf-8")
    plain, decorators = re.subn(r"@triton\.autotune\(.*?\n\)\n", "", tuned, flags=re.DOTALL)
    untuned, launches = re.subn(r"add_kernel\[lambda.*", UNTUNED, plain)
    assert decorators == launches == 1
    return tuned, untuned, 2  # of the three, pruning leaves two


def main(older: Path, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        builds = Build(older, folder), Build(ROOT, folder)
        print(f"{'level':<20}{'older':>8}{'now':>8}{'ratio':>8}   the least of {rounds}, in seconds of the processor")
        for slug, text in solutions(older).items():
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(rounds):
                for build, seconds in zip(builds, times, strict=True):
                    seconds.append(build.judge((slug, slug, text))[0])
            before, now = map(min, times)
            print(f"{slug:<20}{before:>8.2f}{now:>8.2f}{now / before:>8.2f}", flush=True)
        tuned, untuned, configs = tuned_and_untuned()
        with_configs, without = (
            min(builds[1].judge(("vector-add", "vector-add", text))[0] for _ in range(rounds))
            for text in (tuned, untuned)
        )
        print(f"a tuned kernel: {(with_configs - without) / configs:.2f} s for each of {configs} configs")
        for build in builds:
            build.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *(int(word) for word in sys.argv[2:] or [ROUNDS]))
