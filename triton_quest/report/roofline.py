"""What a GPU's data sheet would allow a kernel at the most, from what was counted of it: the roofline model.

S. Williams, A. Waterman, D. Patterson: "Roofline: An Insightful Visual Performance Model for Multicore Architectures", 2009.
An upper bound: exponentials, latencies, launches and imperfect caches aren't in it. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from triton_quest.machine.gpus import Gpu
from triton_quest.report.growth import Sums

TERA = 1e12


@dataclass(frozen=True)
class RooflineBound:
    """At most `tflops` of the kernel's work; `limit` is what runs out first."""

    tflops: float
    limit: str


def bound(gpu: Gpu, sums: Sums) -> RooflineBound | None:
    """The roofline's answer; None where nothing was computed."""
    needs = {
        "memory": sums.once / (gpu.memory_tbs * TERA),
        "tensor cores": sums.dot_flops / (gpu.tensor_tflops * TERA),
        "fp32 units": sums.other_flops / (gpu.fp32_tflops * TERA),
    }
    limit = max(needs, key=lambda name: needs[name])
    return RooflineBound(sums.work / needs[limit] / TERA, limit) if sums.work else None
