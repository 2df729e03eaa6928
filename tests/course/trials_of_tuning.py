"""The trials of level 9's "Common mistakes"."""

from __future__ import annotations

from tests.course.trials import Trial, matrices

KEY = 'KEY = ["M", "N", "K"]'
GRID = """    def grid(meta):
        return (triton.cdiv(M, meta["BLOCK_M"]) * triton.cdiv(N, meta["BLOCK_N"]),)
"""
FLAT = "    config(32, 64, 64, 4, 4),\n"
SENSIBLE = "block_m <= max(16, triton.next_power_of_2(M)) and block_n <= max(64, triton.next_power_of_2(N))"
TILE = "    pid_m = first_m + place % rows\n    pid_n = place // rows\n"
ALL = "configs=CONFIGS"
GROUPS = (
    'configs=[triton.Config({"BLOCK_M": 16, "BLOCK_N": 64, "BLOCK_K": 32, "GROUP_M": group}) for group in range(3, 11)]'
)
NO_ROWS = '    triton.Config({"BLOCK_M": 32, "BLOCK_N": 64, "BLOCK_K": 64, "GROUP_M": 0}, num_warps=4, num_stages=4),\n'
BEYOND = "    pid_m = first_m + place % GROUP_M\n    pid_n = place // GROUP_M\n"

TRIALS: dict[tuple[str, str], tuple[Trial, ...]] = {
    ("autotuning", "`key` without K, or without M"): (
        Trial("no K", ((KEY, 'KEY = ["M", "N"]'),), matrices(3, 5, 7), "property", "lacks K", properties=True),
        Trial("no M", ((KEY, 'KEY = ["N", "K"]'),), matrices(3, 5, 7), "property", "lacks M", properties=True),
    ),
    ("autotuning", "A misspelt name in `key`"): (
        Trial(
            "misspelt", ((KEY, 'KEY = ["m", "N", "K"]'),), matrices(3, 5, 7), "property", "names `m`", properties=True
        ),
    ),
    ("autotuning", "The grid from a fixed block"): (
        Trial(
            "blocks of 64",
            ((GRID, "    grid = (triton.cdiv(M, 64) * triton.cdiv(N, 64),)\n"),),
            matrices(65, 5, 69),
            "memory",
            "never written",
        ),
    ),
    ("autotuning", "Configs that differ in nothing but `GROUP_M`"): (
        Trial("one tile", ((ALL, GROUPS),), matrices(3, 5, 7), "property", "same tile", properties=True),
    ),
    ("autotuning", "A config that is wrong only in itself"): (
        Trial("not taken", ((FLAT, NO_ROWS),), matrices(3, 5, 7), "passes"),
        Trial("forced", ((FLAT, NO_ROWS),), matrices(65, 5, 69), "memory", "config 7 of 10"),
    ),
    ("autotuning", "Pruning that leaves nothing"): (
        Trial(
            "a tiny matrix",
            ((SENSIBLE, "block_m <= M and block_n <= N"),),
            matrices(3, 5, 7),
            "numbers",
            "leaves no config",
        ),
        Trial("a larger one", ((SENSIBLE, "block_m <= M and block_n <= N"),), matrices(65, 5, 69), "passes"),
    ),
    ("autotuning", "`num_warps=3`"): (
        Trial(
            "three warps",
            ((FLAT, "    config(32, 64, 64, 3, 4),\n"),),
            matrices(3, 5, 7),
            "compile",
            "must be a power of two",
            compiled=True,
        ),
    ),
    ("autotuning", "Groups that repeat or skip tiles"): (
        Trial("one whole group", ((TILE, BEYOND),), matrices(500, 5, 69), "passes"),
        Trial("9 rows of tiles", ((TILE, BEYOND),), matrices(520, 5, 69), "memory"),
    ),
}
