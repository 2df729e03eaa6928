"""The GPUs that kernels are compiled for: what one program may use, and what a multiprocessor has to share out.

Sources: CUDA C++ Programming Guide 13.0, "Technical Specifications per Compute Capability"; for gfx942 AMD CDNA 3 white paper
(2023) and "AMD Instinct MI300 Instruction Set Architecture" (2024). Imports neither torch nor triton.
"""

from __future__ import annotations

from dataclasses import dataclass

Arch = int | str  # as Triton names it: 90, "gfx942"


@dataclass(frozen=True)
class Target:
    """One GPU. Memory in bytes; a multiprocessor is an SM, or one of AMD's compute units."""

    name: str
    chip: str
    arch: Arch
    multiprocessors: int
    shared_per_program: int  # the most that one may ask for
    shared: int  # of a multiprocessor
    warps: int
    programs: int
    registers: int = 65536  # of a multiprocessor, 32 bits each
    registers_per_thread: int = 255
    register_unit: int = 256  # a warp gets multiples of these
    shared_reserved: int = 1024  # for the system, in each program
    warp_size: int = 32
    backend: str = "cuda"
    assembly: str = "ptx"
    disassembly: str = "sass"

    @property
    def an_example(self) -> str:
        """ "an A100" """
        article = "an" if self.chip[0] in "AHMR" else "a"  # as the letter is spoken
        return f"{article} {self.chip}"


TARGETS = (
    Target("sm_80", "A100", 80, 108, 166_912, 167_936, 64, 32),
    Target("sm_89", "RTX 4090", 89, 128, 101_376, 102_400, 48, 24),
    Target("sm_90", "H100", 90, 132, 232_448, 233_472, 64, 32),
    Target("sm_100", "B200", 100, 148, 232_448, 233_472, 64, 32),
    Target(
        "gfx942", "MI300X", "gfx942", 304, 65_536, 65_536, 32, 32,
        registers=131_072, registers_per_thread=512, register_unit=512, shared_reserved=0, warp_size=64,
        backend="hip", assembly="amdgcn", disassembly="amdgcn",
    ),
)  # fmt: skip
"""An example of each architecture; what a launcher asks of the device is answered as this one would."""

USUAL = ("sm_80", "sm_90")  # what is compiled for unless something else is asked for
PARTITIONS = 4  # of a multiprocessor, each with its own share of the registers, on all of these


def find(name: object) -> Target | None:
    """By --target's name ("sm_90") or by Triton's (90)."""
    return next((target for target in TARGETS if name in (target.name, target.arch)), None)


def name_of(arch: Arch) -> str:
    """ "sm_90" for 90"""
    return f"sm_{arch}" if isinstance(arch, int) else arch
