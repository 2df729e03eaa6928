"""The profiles of a workspace, each a record beside the file that the profiler left: `.quest/profiles/SLUG-WHEN.record`."""

from __future__ import annotations

from pathlib import Path

from triton_quest.records import wire
from triton_quest.records.profiling import KeptProfile
from triton_quest.store import files

SUFFIX = ".record"


def keep(stem: Path, profile: KeptProfile) -> None:
    """Raises StoreTrouble where nothing can be written."""
    files.write_atomically(stem.with_name(stem.name + SUFFIX), wire.encode(profile).decode())


def before(folder: Path, slug: str, profile: KeptProfile) -> KeptProfile | None:
    """The latest profile of this level that was made by the same tool, at the same size and on the same GPU; None if there is none."""
    for file in sorted(folder.glob(f"{slug}-[0-9]*{SUFFIX}"), reverse=True):
        try:
            found = wire.decode(file.read_bytes(), {KeptProfile.record: KeptProfile})
        except (OSError, ValueError):  # damaged, or of another version of the quest
            continue
        alike = (found.tool, found.workload.size, found.workload.gpu)
        if alike == (profile.tool, profile.workload.size, profile.workload.gpu) and found.when < profile.when:
            return found
    return None
