"""No two modules of the package import each other, by whatever way round; imports inside functions count, too."""

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


def imports(*, for_types: bool) -> dict[str, set[str]]:
    """What each module imports. Imports that only a type checker sees count `for_types`."""
    graph = grimp.build_graph("triton_quest", exclude_type_checking_imports=not for_types, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_no_module_imports_itself_by_way_of_others() -> None:
    found = imports(for_types=False)
    assert len(found) > 200
    assert circle(found) == []


def test_outside_of_the_child_no_types_need_a_circle_either() -> None:
    found = imports(for_types=True)
    assert circle({module: after for module, after in found.items() if ".child" not in module}) == []


@pytest.mark.parametrize("way", [("a", "b"), ("a", "b", "c", "d")])
def test_a_circle_is_found(way: tuple[str, ...]) -> None:
    ring = {module: {after} for module, after in zip(way, (*way[1:], way[0]), strict=True)}
    found = circle({**ring, "x": {"a"}})
    assert found[0] == found[-1] and set(found) == set(way)
    assert all(after in ring[module] for module, after in zip(found, found[1:], strict=False))
