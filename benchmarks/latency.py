"""How long the commands take, as ratios to what they cannot do without: `make latency`.

    overview, start, hint, reset      against importing the CLI library alone       at most 3x
    check 1                           against importing torch and triton            at most 1.5x
    check 1, 2, 3                     beyond importing torch and triton             at most 1.0 s

Each command runs alternately with its yardstick, so that a machine that slows down slows both. Medians of `ROUNDS`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUEST = str(Path(__file__).resolve().parent.parent / "triton_quest" / "quest.py")
COURSE = Path(QUEST).parent / "course"
ROUNDS = 11
CLI_LIBRARY = ("-c", "import rich_click")
TORCH_AND_TRITON = ("-c", "import torch, triton")
SOLUTIONS = {"1": "vector-add", "2": "matmul", "3": "softmax"}  # what is judged: a file that passes, so everything is
ROWS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], float | None], ...] = (
    ("overview", (QUEST,), CLI_LIBRARY, 3.0),
    ("start 1", (QUEST, "start", "1"), CLI_LIBRARY, 3.0),
    ("hint 1", (QUEST, "hint", "1", "--again"), CLI_LIBRARY, 3.0),
    ("reset 1 --yes", (QUEST, "reset", "1", "--yes"), CLI_LIBRARY, 3.0),
    *(
        (
            f"check {number}",
            (QUEST, "check", number, "--file", str(COURSE / slug.replace("-", "_") / "solution.py")),
            TORCH_AND_TRITON,
            None,
        )
        for number, slug in SOLUTIONS.items()
    ),
)


def seconds(words: tuple[str, ...], environ: dict[str, str]) -> float:
    """Wall seconds of one run of this Python with `words`."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], env=environ, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "QUEST_WORKSPACE": folder}
        subprocess.run([sys.executable, QUEST, "init", folder], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([sys.executable, QUEST, "hint", "1"], check=True, stdout=subprocess.DEVNULL, env=environ)
        print(f"{'command':<16}{'median':>9}{'yardstick':>11}{'ratio':>8}{'beyond':>10}")
        for name, words, yardstick, limit in ROWS:
            pairs = [(seconds(words, environ), seconds(yardstick, environ)) for _ in range(ROUNDS)]
            ours, least = (statistics.median(column) for column in zip(*pairs, strict=True))
            asked = (
                f"   at most {limit}x" if limit else "   at most 1.0 s beyond" + (", 1.5x" if name == "check 1" else "")
            )
            beyond = (ours - least) * 1000
            print(
                f"{name:<16}{ours * 1000:>6.0f} ms{least * 1000:>8.0f} ms{ours / least:>7.2f}x{beyond:>7.0f} ms{asked}"
            )


if __name__ == "__main__":
    main()
