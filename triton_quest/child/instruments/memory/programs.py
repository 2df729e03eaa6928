"""Numbers every program of every launch, so that one integer in a shadow array tells which program of which launch."""

from __future__ import annotations

from bisect import bisect_right

from triton.runtime import interpreter

from ..launches import Launch


class Programs:
    """Stamps: `base` is "several programs of this launch", from `base + 1` on one each; less is an earlier launch."""

    def __init__(self) -> None:
        self.base = 1
        self._bases: list[int] = []
        self._launches: list[Launch] = []

    @property
    def count(self) -> int:
        return len(self._launches)

    def begin(self, launch: Launch) -> None:
        self._bases.append(self.base)
        self._launches.append(launch)

    def end(self) -> None:
        x, y, z = self._launches[-1].grid
        self.base += x * y * z + 1

    def current(self) -> int:
        builder = interpreter.interpreter_builder
        (x, y, z), (_, ny, nz) = builder.grid_idx, builder.grid_dim
        return self.base + 1 + int((x * ny + y) * nz + z)

    def launch(self, stamp: int) -> Launch:
        return self._launches[bisect_right(self._bases, stamp) - 1]

    def program(self, stamp: int) -> tuple[int, ...]:
        """The program ids behind a stamp, as many as its grid has dimensions in use."""
        place = bisect_right(self._bases, stamp) - 1
        _, ny, nz = self._launches[place].grid
        rest, z = divmod(stamp - self._bases[place] - 1, nz)
        x, y = divmod(rest, ny)
        return (x, y, z)[: len(self.grid(stamp))]

    def grid(self, stamp: int) -> tuple[int, ...]:
        grid = self.launch(stamp).grid
        used = max((d + 1 for d in range(3) if grid[d] != 1), default=1)
        return grid[:used]

    def is_last(self, stamp: int) -> bool:
        return all(at == size - 1 for at, size in zip(self.program(stamp), self.grid(stamp), strict=True))
