"""What the functions of CUDA's libdevice compute, in NumPy: the interpreter knows none of them.

From NVIDIA's "libdevice User's Guide": a symbol is `__nv_exp` for fp64 and `__nv_expf` for fp32. What rounds in a direction of
its own (`_rz`, `_rd`, `_ru`) or takes two words apart is left out. The fast ones are computed like the exact ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

Array = npt.NDArray[Any]
Function = Callable[..., Any]


def function_of(symbol: str) -> Function | None:
    """What `symbol` computes, from arrays of one shape to an array that is yet to be cast; None if that isn't known."""
    name = symbol.removeprefix("__nv_")
    for candidate in (name, name.removesuffix("f"), name.removesuffix("d"), name.removesuffix("ll")):
        if candidate in _FUNCTIONS:
            return _FUNCTIONS[candidate]
    return None


def _torch(function: Callable[[torch.Tensor], torch.Tensor]) -> Function:
    return lambda x: function(torch.from_numpy(np.ascontiguousarray(x))).numpy()


def _whole(rounded: Callable[[Array], Array], dtype: Any) -> Function:
    """Rounded to a whole number; what doesn't fit becomes the nearest that does, NaN becomes 0."""

    def convert(x: Array) -> Array:
        limits, numbers = np.iinfo(dtype), np.nan_to_num(rounded(x).astype(np.float64), nan=0.0)
        inside = np.clip(numbers, float(limits.min), np.nextafter(float(limits.max), 0.0))
        return np.where(numbers >= float(limits.max), limits.max, inside.astype(dtype))

    return convert


def _remainder(x: Array, y: Array) -> Array:
    """IEEE's: x minus y times the whole number nearest to x / y."""
    wide, divisor = x.astype(np.float64), y.astype(np.float64)
    return np.asarray(wide - divisor * np.rint(wide / divisor))


def _fused(x: Array, y: Array, z: Array) -> Array:
    return np.asarray(x.astype(np.float64) * y.astype(np.float64) + z.astype(np.float64))


def _away_from_zero(x: Array) -> Array:
    return np.asarray(np.copysign(np.floor(np.abs(x) + 0.5), x))


def _norm(*sides: Array) -> Array:
    return np.asarray(np.sqrt(sum(side.astype(np.float64) ** 2 for side in sides)))


def _ones_in(x: Array) -> Array:
    bits = x.dtype.itemsize * 8
    return np.asarray([bin(int(value) & (2**bits - 1)).count("1") for value in x.ravel()]).reshape(x.shape)


def _zeros_before(x: Array) -> Array:
    bits = x.dtype.itemsize * 8
    return np.asarray([bits - (int(value) & (2**bits - 1)).bit_length() for value in x.ravel()]).reshape(x.shape)


def _high_half(x: Array, y: Array) -> Array:
    bits = x.dtype.itemsize * 8
    products = [int(one) * int(other) >> bits for one, other in zip(x.ravel(), y.ravel(), strict=True)]
    return np.asarray(products).astype(x.dtype).reshape(x.shape)


_ROUNDINGS: dict[str, Callable[[Array], Array]] = {"rn": np.rint, "rz": np.trunc, "rd": np.floor, "ru": np.ceil}
_WHOLE = {"int": np.int32, "uint": np.uint32, "ll": np.int64, "ull": np.uint64}

_FUNCTIONS: dict[str, Function] = {
    "abs": np.abs, "fabs": np.abs, "llabs": np.abs, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "rint": np.rint,
    "nearbyint": np.rint, "llrint": np.rint, "round": _away_from_zero, "llround": _away_from_zero,
    "sqrt": np.sqrt, "fsqrt_rn": np.sqrt, "dsqrt_rn": np.sqrt, "cbrt": np.cbrt, "rcbrt": lambda x: 1 / np.cbrt(x),
    "rsqrt": lambda x: 1 / np.sqrt(x), "frsqrt_rn": lambda x: 1 / np.sqrt(x), "frcp_rn": lambda x: 1 / x, "drcp_rn": lambda x: 1 / x,
    "exp": np.exp, "exp2": np.exp2, "exp10": lambda x: 10.0**x, "expm1": np.expm1,
    "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "logb": lambda x: np.floor(np.log2(np.abs(x))),
    "ilogb": lambda x: np.frexp(x)[1] - 1, "pow": np.power, "powi": lambda x, y: np.power(x, y.astype(x.dtype)),
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinpi": lambda x: np.sin(np.pi * x), "cospi": lambda x: np.cos(np.pi * x),
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "erf": _torch(torch.erf), "erfc": _torch(torch.erfc), "erfcx": _torch(torch.special.erfcx), "erfinv": _torch(torch.erfinv),
    "normcdf": _torch(torch.special.ndtr), "normcdfinv": _torch(torch.special.ndtri),
    "erfcinv": lambda x: _torch(torch.erfinv)(1 - x), "lgamma": _torch(torch.lgamma),
    "tgamma": lambda x: np.where(x > 0, np.exp(_torch(torch.lgamma)(x)), np.pi / (np.sin(np.pi * x) * np.exp(_torch(torch.lgamma)(1 - x)))),
    "j0": _torch(torch.special.bessel_j0), "j1": _torch(torch.special.bessel_j1),
    "y0": _torch(torch.special.bessel_y0), "y1": _torch(torch.special.bessel_y1),
    "cyl_bessel_i0": _torch(torch.special.i0), "cyl_bessel_i1": _torch(torch.special.i1),
    "hypot": np.hypot, "rhypot": lambda x, y: 1 / np.hypot(x, y), "norm3d": _norm, "norm4d": _norm,
    "rnorm3d": lambda *sides: 1 / _norm(*sides), "rnorm4d": lambda *sides: 1 / _norm(*sides),
    "fmod": np.fmod, "remainder": _remainder, "fdim": lambda x, y: np.where(np.isnan(x - y), x - y, np.maximum(x - y, 0)),
    "fma": _fused, "fma_rn": _fused, "fmaf_rn": _fused, "copysign": np.copysign, "nextafter": np.nextafter,
    "ldexp": lambda x, n: np.ldexp(x, n), "scalbn": lambda x, n: np.ldexp(x, n),
    "saturate": lambda x: np.nan_to_num(np.clip(x, 0, 1), nan=0.0),
    "fadd_rn": np.add, "dadd_rn": np.add, "fsub_rn": np.subtract, "dsub_rn": np.subtract, "fmul_rn": np.multiply,
    "dmul_rn": np.multiply, "fdiv_rn": np.divide, "ddiv_rn": np.divide,
    "isinf": np.isinf, "isnan": np.isnan, "finite": np.isfinite, "isfinite": np.isfinite, "signbit": np.signbit,
    "fast_sin": np.sin, "fast_cos": np.cos, "fast_tan": np.tan, "fast_tanh": np.tanh, "fast_exp": np.exp, "fast_exp10": lambda x: 10.0**x,
    "fast_log": np.log, "fast_log2": np.log2, "fast_log10": np.log10, "fast_pow": np.power, "fast_fdivide": np.divide,
    "float_as_int": lambda x: x.view(np.int32), "float_as_uint": lambda x: x.view(np.uint32), "int_as_float": lambda x: x.view(np.float32),
    "uint_as_float": lambda x: x.view(np.float32), "double_as_longlong": lambda x: x.view(np.int64),
    "longlong_as_double": lambda x: x.view(np.float64),
    "popc": _ones_in, "clz": _zeros_before, "mulhi": _high_half, "umulhi": _high_half, "mul64hi": _high_half, "umul64hi": _high_half,
    "hadd": lambda x, y: x.astype(object) + y.astype(object) >> 1, "uhadd": lambda x, y: x.astype(object) + y.astype(object) >> 1,
    "rhadd": lambda x, y: x.astype(object) + y.astype(object) + 1 >> 1, "urhadd": lambda x, y: x.astype(object) + y.astype(object) + 1 >> 1,
    "double2float_rn": np.asarray, **{f"{name}2{kind}_rn": np.asarray for name in _WHOLE for kind in ("float", "double")},
    **{f"{source}2{name}_{how}": _whole(rounded, dtype) for source in ("float", "double")
       for name, dtype in _WHOLE.items() for how, rounded in _ROUNDINGS.items()},
}  # fmt: skip
