"""Peaks of some GPUs, as their makers publish them: what the roofline is made of. Data, and nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gpu:
    """Peaks as the maker gives them, without sparsity."""

    name: str
    memory_tbs: float  # TB/s
    tensor_tflops: float  # fp16, accumulated in fp32
    fp32_tflops: float  # outside of the tensor cores
    source: str

    @property
    def ridge(self) -> float:
        """From so many operations for each byte on, the tensor cores are the limit, and below it the memory."""
        return self.tensor_tflops / self.memory_tbs


GPUS = (
    Gpu("A100", 2.039, 312.0, 19.5, "NVIDIA A100 Tensor Core GPU data sheet, 2021 (80 GB, SXM4)"),
    Gpu("H100", 3.352, 989.4, 66.9, "NVIDIA H100 Tensor Core GPU Architecture white paper, 2023 (SXM5)"),
    Gpu("H200", 4.8, 989.4, 66.9, "NVIDIA H200 Tensor Core GPU data sheet, 2024 (SXM)"),
    Gpu("MI300X", 5.3, 1307.4, 163.4, "AMD Instinct MI300X accelerator data sheet, 2023"),
    Gpu("RTX 4090", 1.008, 165.2, 82.6, "NVIDIA Ada GPU Architecture white paper, 2022"),
)


def find(name: str) -> Gpu | None:
    """A GPU by its name, whatever its case and spaces."""
    plain = name.replace(" ", "").lower()
    return next((gpu for gpu in GPUS if gpu.name.replace(" ", "").lower() == plain), None)
