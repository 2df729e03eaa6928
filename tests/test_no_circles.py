"""No two modules of the package import each other, by whatever way round; imports inside functions and for types count, too."""

from __future__ import annotations

from collections.abc import Mapping, Set
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def circle(imports: Mapping[str, Set[str]]) -> list[str]:
    """Modules each of which imports the one behind it, the last one the first; none where there is no circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as found:
        modules: list[str] = found.args[1]
        return modules[::-1]
    return []


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph("triton_quest", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 200
    assert circle(imports) == []


@pytest.mark.parametrize("way", [("a", "b"), ("a", "b", "c", "d")])
def test_a_circle_is_found(way: tuple[str, ...]) -> None:
    imports = {module: {after} for module, after in zip(way, (*way[1:], way[0]), strict=True)}
    found = circle({**imports, "x": {"a"}})
    assert found[0] == found[-1] and set(found) == set(way)
    assert all(after in imports[module] for module, after in zip(found, found[1:], strict=False))
