"""What the judge can do with the version of Triton that is here, and how a job ends that it can't do."""

from __future__ import annotations

from dataclasses import dataclass

from triton_quest import environment
from triton_quest.child import selftest
from triton_quest.child.judge import code
from triton_quest.child.triton.interpreter import Adaptation
from triton_quest.course.case import DTYPES
from triton_quest.records import verdict as v


@dataclass(frozen=True)
class Abilities:
    """What the judge can do with this version of Triton."""

    dtypes: tuple[str, ...] = tuple(DTYPES)
    memory: bool = True
    compiling: bool = True

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not verified here, besides what only a GPU can show."""
        version = environment.installed_version("triton") or ()
        at_fault = f"this judge doesn't fit Triton {'.'.join(map(str, version))}"
        dtypes = tuple(f"{dtype} in the interpreter" for dtype in DTYPES if dtype not in self.dtypes)
        memory = () if self.memory else (f"loads and stores stay inside their tensors: {at_fault}",)
        compiling = () if self.compiling else (f"the kernels compile for a GPU: {at_fault}",)
        return (*dtypes, *memory, *compiling)


def abilities(adaptation: Adaptation) -> Abilities:
    """On a Triton that the tests know, everything that could be adapted; on others, what the self-test shows to work."""
    bf16_fits = not any("bf16" in name for name, _ in adaptation.left_out)
    dtypes = tuple(dtype for dtype in DTYPES if dtype != "bf16" or bf16_fits)
    if not environment.unknown_versions():
        return Abilities(dtypes)
    works = {test.name: test.ok for test in selftest.run((selftest.memory_checked, selftest.front_end_compiles))}
    memory_works, compiling_works = works.values()
    return Abilities(dtypes, memory_works, compiling_works)


def unfit(what: str) -> code.Stopped:
    """Ends a job that this version of Triton keeps from being done: `what` says which."""
    version = ".".join(map(str, environment.installed_version("triton") or ()))
    says = f"{what} with Triton {version}: it is newer than any the quest knows, and differs where it counts."
    advice = f"What works: {environment.pip_line(environment.PACKAGES)}"
    return code.Stopped(v.Check("Triton fits", "version", v.State.FAILED, says, advice, outcome=v.Outcome.ERROR))
