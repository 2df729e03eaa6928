"""What level 9 is judged on. Tiny first; `d.block` is the largest block size of the config with which a case is run.

Tiles differ from config to config, so that a length which is ragged around the largest block is cut into many of the smallest: rows
and columns are kept below a length that the interpreter can afford, and one long side stands beside a short one.
"""

from typing import Any

import torch

from triton_quest.course.call import Call, CallRecord
from triton_quest.course.case import Case, Draw, Race, too_large

LEAST_CONFIGS, LEAST_TIMED = 6, 2
PROBED = 512  # rows, columns and depth from which a length is changed to see whether the tuner tunes again


def pair(d: Draw, m: int, k: int, n: int, scale: float = 1.0) -> tuple:
    """a: (m, k), b: (k, n), contiguous"""
    return d.normal(m, k, scale=scale), d.normal(k, n, scale=scale)


def side(d: Draw) -> int:
    """The length of a side that is cut into tiles while the other one is, too."""
    return min(d.block, 128)


def long(d: Draw) -> int:
    """The length of a side, or of the way along K, that is cut alone."""
    return min(d.block, 256)


def long_sums(d: Draw) -> tuple:
    """a: (16, K), b: (K, 16), between 0.5 and 1, and K long enough for many additions whatever the blocks are"""
    k = max(600, 4 * long(d) + 1)
    return d.positive(16, k, low=0.5), d.positive(k, 16, low=0.5)


def a_transposed(d: Draw) -> tuple:
    """a: (block + 1, block + 3) with strides (1, block + 1)"""
    a, b = pair(d, side(d) + 1, side(d) + 3, 11)
    return d.transposed(a), b


def b_transposed(d: Draw) -> tuple:
    """b: (block + 3, block + 1) with strides (1, block + 3)"""
    a, b = pair(d, 7, side(d) + 3, side(d) + 1)
    return a, d.transposed(b)


def both_sliced(d: Draw) -> tuple:
    """a and b are every second column of wider matrices"""
    a, b = pair(d, 9, long(d) + 5, side(d) - 1)
    return d.strided(a), d.strided(b)


CASES = (
    Case(
        "one element",
        "the smallest product there is: pruning must leave a config for it, too",
        lambda d: pair(d, 1, 1, 1),
        quick=True,
    ),
    Case("3x5 @ 5x7", "smaller than any tile, and three different lengths", lambda d: pair(d, 3, 5, 7), quick=True),
    Case(
        "a rest along K",
        "the last step along K has a single column of a left",
        lambda d: pair(d, 3, 2 * long(d) + 1, 5),
        quick=True,
    ),
    Case(
        "a single step along K",
        "whole tiles, and less than one step along K",
        lambda d: pair(d, side(d), 3, long(d)),
        quick=True,
    ),
    Case(
        "ragged everywhere",
        "tiles hang over all three edges",
        lambda d: pair(d, side(d) + 1, side(d) + 3, side(d) + 5),
        quick=True,
    ),
    Case(
        "two columns and a rest", "few rows and several tiles to the right", lambda d: pair(d, 5, 20, 2 * long(d) + 1)
    ),
    Case("two rows and a rest", "few columns and several tiles down", lambda d: pair(d, 2 * long(d) + 1, 20, 5)),
    Case("a transposed", "the rows of a are one element apart: strides are not what the shape suggests", a_transposed),
    Case("b transposed", "the columns of b are a whole column apart", b_transposed),
    Case("both sliced", "every second column of wider matrices: no stride is 1", both_sliced),
    Case(
        "many rows of tiles",
        "more than one group of programs, the last one with fewer rows",
        lambda d: pair(d, 9 * min(d.blocks) + 1, 5, side(d) + 1),
    ),
    Case(
        "17 rows of tiles",
        "three groups of programs, the last one with a single row",
        lambda d: pair(d, 17 * side(d), 3, side(d) + 1),
    ),
    Case("long sums", "hundreds of positive products: an accumulator in half precision drifts", long_sums),
    Case(
        "too large for fp16",
        "results beyond 65,504, the largest number of fp16: fp32 and bf16 hold more",
        lambda d: (d.positive(5, 40, low=40.0, high=60.0), d.positive(40, 7, low=40.0, high=60.0)),
        dtypes=("fp32", "bf16"),
    ),
)

SHOWN = Case("two tiles and a rest", "what `show` draws", lambda d: pair(d, side(d) + 35, side(d) + 17, side(d) + 35))

LARGE = (
    too_large("2^25 rows", "a and c have more than 2^31 elements", (2**25 + 1, 80), (80, 80)),
    too_large("2^25 columns", "c has more than 2^31 elements", (80, 16), (16, 2**25 + 1)),
)
# without memory, and no kernel runs: which configs pruning leaves, and whether they fit
TUNED = (
    too_large("a large product", "for the largest tiles", (8192, 4096), (4096, 8192)),
    too_large("few rows", "for flat tiles", (16, 8192), (8192, 8192)),
    too_large("few columns", "for tall tiles", (8192, 8192), (8192, 16)),
    too_large("a small product", "for small tiles", (256, 256), (256, 256)),
)
# in which neighbouring programs are counted: many tiles each way, and the way along K is short, since one step shows the tile
NEIGHBOURS = too_large("many tiles", "128 rows of the largest tiles", (16384, 256), (256, 16384))

RACES = tuple(
    Race(
        f"{m} x {n} x {k}",
        lambda d, m=m, n=n, k=k: (d.normal(m, k), d.normal(k, n)),
        least_bytes=2 * (m * k + k * n + m * n),
        flops=2 * m * n * k,
    )
    for m, n, k in (
        (1024, 1024, 1024),
        (16, 8192, 8192),
        (64, 8192, 8192),
        (4096, 4096, 4096),
        (8192, 8192, 8192),
    )
)

# What must hold whatever the numbers; a property's docstring is the sentence that it asserts, and a sentence that it returns says what is
# wrong. Nothing is timed here: what counts is what would be.


def _told(d: Draw, m: int, k: int, n: int) -> tuple:
    """a: (m, k), b: (k, n), of zeros: no kernel runs on them"""
    return tuple(torch.zeros(shape, dtype=d.dtype, device=d.device) for shape in ((m, k), (k, n)))


def _tuner(record: CallRecord) -> Any:
    """The autotuner with the longest list among those that made the launches; None where no launch was tuned."""
    tuners = [launch.config.tuner for launch in record.launches if launch.config is not None]
    return max(tuners, key=lambda tuner: len(tuner.configs), default=None)


def _tiles(config: Any) -> tuple:
    """The constants that can be a tile's lengths: whole numbers from 16 on."""
    return tuple((name, value) for name, value in sorted(config.kwargs.items()) if type(value) is int and value >= 16)


def list_of_configs(call: Call, d: Draw) -> bool | str:
    """The kernel is tuned, over six configs at least, which differ in tiles and in warps or stages."""
    tuner = _tuner(call.without_kernels(*_told(d, PROBED, PROBED, PROBED)))
    if tuner is None or len(tuner.configs) < 2:
        return "The kernel that is launched isn't tuned: `@triton.autotune` with a list of configs stands above `@triton.jit`."
    different = list(dict.fromkeys(tuner.configs))
    if len(different) < LEAST_CONFIGS:
        again = f", {len(tuner.configs) - len(different)} of them again" if len(different) < len(tuner.configs) else ""
        return f"The list has {len(different)} different configs{again}: {LEAST_CONFIGS} at least are asked for."
    if len({_tiles(config) for config in different}) < 2:
        return "All configs have the same tile: the tuner has nothing to choose but warps and stages."
    if len({(config.num_warps, config.num_stages) for config in different}) < 2:
        return "All configs have the same `num_warps` and `num_stages`: vary one of them, too."
    return True


def two_are_timed(call: Call, d: Draw) -> bool | str:
    """Pruning leaves two configs at least to be timed."""
    m, k, n = 2 * PROBED, PROBED, 2 * PROBED + 64
    tuner = _tuner(call.without_kernels(*_told(d, m, k, n)))
    tuner.cache.clear()
    timed = len(call.without_kernels(*_told(d, m, k, n)).tried)
    if timed < LEAST_TIMED:
        return (
            f"For a product of {m} x {k} x {n} pruning leaves {timed} config of the list: with fewer than {LEAST_TIMED} nothing is "
            "compared."
        )
    return True


def each_length_tunes_again(call: Call, d: Draw) -> bool | str:
    """Changing M, N or K alone tunes again, and the same shape is tuned once."""
    lengths = {"M": 96, "N": 224, "K": 160}
    tuner = _tuner(call.without_kernels(*_told(d, lengths["M"], lengths["K"], lengths["N"])))
    strange = [name for name in tuner.keys if name not in tuner.arg_names]
    if strange:
        return (
            f"`key` names `{strange[0]}`, which is no parameter of `{tuner.base_fn.__name__}`: Triton skips such a name without a word. "
            "Write the names as the kernel's parameters have them."
        )
    if call.without_kernels(*_told(d, lengths["M"], lengths["K"], lengths["N"])).tried:
        return (
            "The same shape is tuned again in the second call: the tuner must be made once, above the kernel, and its `key` must hold "
            "no value that changes from call to call."
        )
    for name in lengths:
        changed = {**lengths, name: 8 * lengths[name]}
        if not call.without_kernels(*_told(d, changed["M"], changed["K"], changed["N"])).tried:
            return (
                f"`key` lacks {name}: a call in which {name} alone has changed, from {lengths[name]} to {changed[name]}, takes the config "
                "of the call before, untimed."
            )
    return True


def _whole(d: Draw, rows: int, columns: int) -> torch.Tensor:
    """(rows, columns), whole numbers from -2 to 2: every sum is exact in each dtype and in any order"""
    return d.normal(rows, columns).round().clamp(-2, 2)


def transposing_swaps_the_factors(call: Call, d: Draw) -> bool:
    """The transpose of a @ b is b.T @ a.T, and transposing costs no copy."""
    a, b = _whole(d, side(d) + 3, 40), _whole(d, 40, 21)
    return torch.equal(call(b.T, a.T).out, call(a, b).out.T)


PROPERTIES = (list_of_configs, two_are_timed, each_length_tunes_again, transposing_swaps_the_factors)
