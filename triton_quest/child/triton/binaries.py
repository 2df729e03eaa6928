"""Reads a compiled kernel: registers, spills, the width of its loads, whether it uses tensor cores. Runs nothing on a GPU.

The counts are of instructions in the code, not of how often they run.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from typing import Any

from triton import knobs

from triton_quest.records.measured import Dot, Width

from .sass import wgmma_in_loops

_ACCESS = r"\b{what}\.global(?:\.[A-Za-z]\w*(?:::\w+)*)*?(?:\.v(?P<vector>\d))?\.[bsuf](?P<bits>\d+)\b"
_PTX_LOAD, _PTX_STORE = (re.compile(_ACCESS.format(what=what)) for what in ("ld", "st"))
_PTX_COPY = re.compile(r"\bcp\.async\.c[ag]\.shared\.global\b[^;]*?\], *(?P<bytes>0x[0-9a-f]+|\d+)")
_PTX_BULK = re.compile(r"\bcp\.async\.bulk\.\w+")
_PTX_TENSOR_CORE = re.compile(r"\b(mma\.sync|wgmma\.mma_async|tcgen05\.mma)\b")
_PTX_THREADS = re.compile(r"^\.reqntid (\d+)", re.MULTILINE)
_HOPPERS = "wgmma.mma_async"
_GCN_ACCESS = re.compile(
    r"^\s+(?:buffer|global|flat)_(?P<what>load|store)_(?P<type>[a-z]+\d*)\b(?P<rest>.*)$", re.MULTILINE
)
_GCN_TENSOR_CORE = re.compile(r"\b(v_mfma|v_smfma|v_wmma)\w*")
_GCN_BYTES = {"ubyte": 1, "sbyte": 1, "byte": 1, "ushort": 2, "sshort": 2, "short": 2, "dword": 4, "dwordx2": 8,
              "dwordx3": 12, "dwordx4": 16}  # fmt: skip
_USAGE = re.compile(r"REG:(?P<registers>\d+) STACK:(?P<stack>\d+)")
_GCN_USAGE = r"^\s+\.{key}:\s+(\d+)"
_DOT = re.compile(r"\btt\.dot [^\n]*?: tensor<(?P<m>\d+)x(?P<k>\d+)x(?P<dtype>\w+)> \* tensor<\d+x(?P<n>\d+)x")
_LOOP = re.compile(r"\bscf\.(?:for|while)\b")
_PRECISION = re.compile(r"inputPrecision = (\w+)")
_DTYPES = {"f16": "fp16", "bf16": "bf16", "f32": "fp32", "f64": "fp64"}


def dots(ttir: str) -> Iterator[Dot]:
    """Each `tl.dot` of the kernel, in the order of its source."""
    for found in _DOT.finditer(ttir):
        dtype, precision = _DTYPES.get(found["dtype"], found["dtype"]), _PRECISION.search(found[0])
        how = (precision[1] if precision else "ieee") if dtype == "fp32" else ""  # MLIR leaves "ieee" out
        yield Dot(dtype, how, (int(found["m"]), int(found["n"]), int(found["k"])))


def _widths(sizes: Iterator[int]) -> tuple[Width, ...]:
    return tuple(Width(size, count) for size, count in sorted(Counter(sizes).items(), reverse=True))


def _ptx_widths(access: re.Pattern[str], ptx: str) -> tuple[Width, ...]:
    return _widths(int(found["vector"] or 1) * int(found["bits"]) // 8 for found in access.finditer(ptx))


def read_ptx(ptx: str) -> dict[str, Any]:
    """Fields of a `Compiled`: the widths of loads, stores and copies, and the tensor-core instructions."""
    copies = [int(found["bytes"], 0) for found in _PTX_COPY.finditer(ptx)]
    return {
        "loads": _ptx_widths(_PTX_LOAD, ptx),
        "stores": _ptx_widths(_PTX_STORE, ptx),
        "copies": _widths(iter([*copies, *(0 for _ in _PTX_BULK.finditer(ptx))])),
        "tensor_cores": tuple(sorted(set(_PTX_TENSOR_CORE.findall(ptx)))),
    }


def read_amdgcn(assembly: str) -> dict[str, Any]:
    """The same from an AMD GPU's assembly, with its registers and spills."""
    accesses = [found for found in _GCN_ACCESS.finditer(assembly) if found["type"] in _GCN_BYTES]

    def widths(what: str, to_shared: bool) -> tuple[Width, ...]:
        chosen = (one for one in accesses if one["what"] == what and (" lds" in one["rest"]) is to_shared)
        return _widths(_GCN_BYTES[one["type"]] for one in chosen)

    def usage(key: str) -> int:
        found = re.search(_GCN_USAGE.format(key=key), assembly, re.MULTILINE)
        return int(found[1]) if found else 0

    return {
        "loads": widths("load", False),
        "stores": widths("store", False),
        "copies": widths("load", True),
        "tensor_cores": tuple(sorted(set(_GCN_TENSOR_CORE.findall(assembly)))),
        "registers": usage("vgpr_count"),
        "spilled_bytes": 4 * usage("vgpr_spill_count"),
    }


def read_cubin(cubin: bytes, looks_at_loops: bool = False) -> dict[str, int]:
    """A thread's registers and the bytes that it spills, as the driver tells of a kernel that it has loaded.

    looks_at_loops: disassemble, too, which takes a few tenths of a second, and count the wgmma of its loops.
    """
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        options = ["-res-usage", *(["-sass"] if looks_at_loops else [])]
        command = [knobs.nvidia.cuobjdump.path, *options, file.name]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = _USAGE.search(said)
    if found is None:
        raise ValueError(f"cuobjdump tells no registers: {said[-200:]!r}")
    usage = {"registers": int(found["registers"]), "spilled_bytes": int(found["stack"])}
    if not looks_at_loops:
        return usage
    in_loops, one_by_one = wgmma_in_loops(said)
    return {**usage, "wgmma_in_loops": in_loops, "wgmma_one_by_one": one_by_one}


def read(binary: Any) -> dict[str, Any]:
    """The fields of a `Compiled` that its code tells: `binary` is Triton's CompiledKernel."""
    metadata, code = binary.metadata, binary.asm
    fields = {
        "stages": metadata.num_stages,
        "shared_bytes": metadata.shared,
        "tensor_memory": getattr(metadata, "tmem_size", None) or 0,  # columns
        "dots": tuple(dots(code["ttir"])),
        "loops": len(_LOOP.findall(code["ttir"])),
        "warps": metadata.num_warps,
    }
    if "ptx" not in code:
        return {**fields, **read_amdgcn(code["amdgcn"])}
    threads = _PTX_THREADS.search(code["ptx"])  # more than num_warps asks for where warps have roles of their own
    warps = int(threads[1]) // metadata.target.warp_size if threads else metadata.num_warps
    told = read_ptx(code["ptx"])
    looks_at_loops = fields["loops"] > 0 and _HOPPERS in told["tensor_cores"]
    return {**fields, "warps": warps, **told, **read_cubin(code["cubin"], looks_at_loops)}
