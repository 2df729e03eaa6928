"""What a timeline of a launcher's calls says: the GPU's time beside the launcher's, gaps, launches, copies. Pure.

Only what was asked for inside a call of the launcher counts, though the GPU may do it after the call has returned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from triton_quest.records.profiling import LAUNCHER, Event, Figures, Kind

BUSY, IDLE, NOTICEABLE = 0.9, 0.5, 0.1
WAITING = ("Synchronize", "Malloc", "Free")  # parts of the names of CUDA's calls that hold the launcher up


def figures(events: Iterable[Event]) -> Figures | None:
    """None where no call of the launcher was seen, or no kernel in it."""
    by_kind: dict[Kind, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.start_ns):
        by_kind[event.kind].append(event)
    ranges = [event for event in by_kind[Kind.RANGE] if event.name == LAUNCHER]
    api = [event for event in by_kind[Kind.API] if _is_in(event, ranges)]
    asked = {event.correlation for event in api}
    done = [e for e in (*by_kind[Kind.KERNEL], *by_kind[Kind.COPY]) if e.correlation in asked]
    kernels = [event for event in done if event.kind is Kind.KERNEL]
    if not ranges or not kernels:
        return None
    calls, copies = len(ranges), [event for event in done if event.kind is Kind.COPY]
    names = {name: [e.ns for e in kernels if e.name == name] for name in dict.fromkeys(e.name for e in kernels)}
    longest = max(names, key=lambda name: sum(names[name]))
    busy_ns, _ = _busy_and_gaps(done)
    gaps_ns = sum(_busy_and_gaps([e for e in done if e.correlation in asked_in])[1] for asked_in in _asked(api, ranges))
    end = max(max(event.end_ns for event in done), ranges[-1].end_ns)
    return Figures(
        calls=calls,
        between_us=(end - ranges[0].start_ns) / calls / 1e3,
        gpu_us=busy_ns / calls / 1e3,
        launcher_us=median(event.ns for event in ranges) / 1e3,
        gaps_us=gaps_ns / calls / 1e3,
        launches=len(kernels) / calls,
        copies=len(copies) / calls,
        copied_bytes=sum(event.bytes for event in copies) / calls,
        longest=longest,
        longest_us=median(names[longest]) / 1e3,
        api=_longest(api, calls),
        system=_longest([event for event in by_kind[Kind.SYSTEM] if _is_in(event, ranges)], calls),
    )


def _is_in(event: Event, ranges: Sequence[Event]) -> bool:
    return any(one.start_ns <= event.start_ns <= one.end_ns for one in ranges)


def _asked(api: Sequence[Event], ranges: Sequence[Event]) -> list[set[int]]:
    """Of each call of the launcher, the correlations of what it asked for."""
    return [{event.correlation for event in api if _is_in(event, [one])} for one in ranges]


def _busy_and_gaps(done: Sequence[Event]) -> tuple[int, int]:
    """Nanoseconds in which the GPU does any of this, and those in between."""
    busy, gaps, until = 0, 0, None
    for event in sorted(done, key=lambda event: event.start_ns):
        if until is not None and event.start_ns > until:
            gaps += event.start_ns - until
        begins = event.start_ns if until is None else max(event.start_ns, until)
        busy += max(0, event.end_ns - begins)
        until = event.end_ns if until is None else max(until, event.end_ns)
    return busy, gaps


def _longest(events: Sequence[Event], calls: int) -> tuple[tuple[str, float], ...]:
    sums: dict[str, int] = defaultdict(int)
    for event in events:
        sums[event.name] += event.ns
    largest = sorted(sums.items(), key=lambda item: -item[1])[:3]
    return tuple((name, ns / calls / 1e3) for name, ns in largest)


def sentences(found: Figures) -> list[str]:
    """What stands out, and what one changes about it."""
    told = []
    if found.busy >= BUSY:
        told.append("The GPU works nearly all the time: only faster kernels make the call faster.")
    elif found.launcher_us >= BUSY * found.between_us and found.busy < IDLE:
        told.append(
            f"The GPU works {found.gpu_us:,.0f} of every {found.between_us:,.0f} µs, and the launcher takes "
            f"{found.launcher_us:,.0f}: at this "
            "size the Python around the kernel costs more than the kernel. A larger size, or fewer steps in the launcher, changes that."
        )
    if found.gaps_us > NOTICEABLE * found.between_us and found.launches > 1:
        told.append(
            f"A call launches {found.launches:g} kernels, and the GPU waits {found.gaps_us:,.0f} µs between what "
            f"it does: one kernel in the place "
            "of several waits less."
        )
    if found.copies:
        told.append(
            f"A call copies or sets memory {found.copies:g} times, {found.copied_bytes:,.0f} bytes: what a kernel "
            f"can read by its strides, or fill "
            "itself, needs none of that."
        )
    for name, us in found.api:
        if any(part in name for part in WAITING) and us > NOTICEABLE * found.launcher_us:
            told.append(
                f"The launcher spends {us:,.0f} µs of each call in {name}: nothing should wait for the GPU there."
            )
    return told
