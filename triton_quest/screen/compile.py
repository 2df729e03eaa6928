"""What kernels became when they were compiled: a table of numbers for each, and what one changes to change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from triton_quest.machine.targets import find
from triton_quest.records import verdict as v
from triton_quest.records.measured import Assembly, Compiled, Refused
from triton_quest.report import reading
from triton_quest.screen import configs
from triton_quest.screen.console import Glyphs
from triton_quest.screen.lexers import lexer_for
from triton_quest.screen.verdict import failure

Key = tuple[str, tuple[tuple[str, str], ...], str, int]


@dataclass(frozen=True)
class CompileReport:
    """All that is shown of one compilation."""

    heading: str
    inputs: str
    targets: tuple[str, ...]
    compiled: tuple[Compiled, ...] = ()
    refused: tuple[Refused, ...] = ()
    failure: v.Check | None = None
    seconds: float = 0.0
    kernels: Mapping[Key, Mapping[str, Compiled]] = field(init=False)  # by target

    def __post_init__(self) -> None:
        found: dict[Key, dict[str, Compiled]] = {}
        for one in self.compiled:
            index = 0  # of several specialisations with the same constants
            while one.target in found.get((one.kernel, one.constants, one.config, index), {}):
                index += 1
            found.setdefault((one.kernel, one.constants, one.config, index), {})[one.target] = one
        object.__setattr__(self, "kernels", found)

    @property
    def went_through(self) -> bool:
        return self.failure is None and not self.refused


def report(shown: CompileReport, g: Glyphs) -> RenderableType:
    """Everything but the next step."""
    mark, style = (g.passed, "good.heading") if shown.went_through else (g.failed, "bad.heading")
    said = "compiled" if shown.went_through else "compiled in part" if shown.compiled else "not compiled"
    heading = Text(f"{mark} {shown.heading}: {said}", style).append(f"   {shown.seconds:.1f} s", "soft")
    parts: list[RenderableType] = [heading]
    if shown.inputs:
        parts.append(Text(f"{shown.inputs}; nothing was run", "soft"))
    tuned: dict[str, list[Compiled]] = {}
    for one_compiled in shown.compiled:
        if one_compiled.config:
            tuned.setdefault(one_compiled.kernel, []).append(one_compiled)
    for kernel, several in tuned.items():
        parts += _configs(kernel, several)
    for key, by_target in shown.kernels.items():
        if (
            key[0] in tuned
            and not any(one.spilled_bytes for one in by_target.values())
            and key != _first(shown, key[0])
        ):
            continue  # a row of the table says it
        parts += [Text(), _name(key), Text(), Padding(_numbers(by_target, shown.targets), (0, 0, 0, 2))]
        parts += [Text(), *_remarks(by_target, shown.targets, g)] if _has_remarks(by_target) else []
    for says, targets, one in _merged(shown.refused):
        parts += [Text(), *_refusal(says, targets, one, g)]
    if shown.failure:
        parts += [Text(), failure(shown.failure, g)]
    if shown.compiled:
        parts += [Text(), Text("What they are, and what changes them", "heading"), _meanings()]
    return Group(*parts)


def assembly(texts: Sequence[Assembly], coloured: bool) -> RenderableType:
    """The code of each kernel, under a line that is a comment in most of these languages."""
    parts: list[RenderableType] = []
    for one in texts:
        heading = f"// {one.kernel} for {one.target}: {one.kind}"
        code = Text(one.text.rstrip("\n"))
        if coloured:
            syntax = Syntax(one.text, lexer_for(one.kind), theme="ansi_dark", background_color="default")
            code = syntax.highlight(one.text.rstrip("\n"))
            code.rstrip()
        code.no_wrap, code.overflow = True, "ignore"
        parts += [Text(heading, "heading"), code]
    return Group(*parts)


def _configs(kernel: str, several: Sequence[Compiled]) -> list[RenderableType]:
    """The table of a tuned kernel's configs, for each target."""
    heading = Text(kernel, "heading").append("   every config that pruning leaves", "soft")
    parts: list[RenderableType] = [Text(), heading]
    for name, mine in configs.by_target(several).items():
        target = find(name)
        if target is not None:
            parts += [Text(), Padding(configs.compiled(mine, target), (0, 0, 0, 2))]
    return parts


def _first(shown: CompileReport, kernel: str) -> Key:
    return next(key for key in shown.kernels if key[0] == kernel)


def _name(key: Key) -> Text:
    kernel, constants, config, index = key
    text = Text(kernel, "heading").append(f"   {config}:" if config else "", "soft")
    text.append(" " * (1 if config else 3) + ", ".join(f"{name}={value}" for name, value in constants), "soft")
    return text.append(f"   (specialisation {index + 1})", "soft") if index else text


def _numbers(by_target: Mapping[str, Compiled], names: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="soft")
    targets = [target for name in names if (target := find(name)) and name in by_target]
    table.add_column("", no_wrap=True)
    for target in targets:
        table.add_column(f"{target.name} ({target.chip})")
    columns = [reading.values(by_target[target.name], target) for target in targets]
    for key, row in reading.ROWS.items():
        cells = [
            Text(column[key], _style(key, by_target[target.name]))
            for column, target in zip(columns, targets, strict=True)
        ]
        table.add_row(Text(row.name), *cells)
    return table


def _style(key: str, kernel: Compiled) -> str:
    if key == "spilled" and kernel.spilled_bytes:
        return "bad"
    return "star" if key == "tensor_cores" and kernel.dots and not kernel.tensor_cores else ""


def _said(by_target: Mapping[str, Compiled]) -> dict[str, list[str]]:
    """Each remark, and the targets that it is made of."""
    said: dict[str, list[str]] = {}
    for name, kernel in by_target.items():
        target = find(name)
        for remark in reading.remarks(kernel, target) if target else ():
            said.setdefault(remark, []).append(name)
    return said


def _has_remarks(by_target: Mapping[str, Compiled]) -> bool:
    return bool(_said(by_target))


def _remarks(by_target: Mapping[str, Compiled], names: Sequence[str], g: Glyphs) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for remark, targets in _said(by_target).items():
        where = "" if len(targets) == len(by_target) else f"{', '.join(targets)}: "
        lines.append(_listed(g.arrow, "star", Text(f"{where}{remark}")))
    return lines


def _listed(mark: str, style: str, text: Text) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=3, justify="right", no_wrap=True)
    grid.add_column()
    grid.add_row(Text(mark, style), text)
    return grid


def _merged(refused: Sequence[Refused]) -> list[tuple[str, list[str], Refused]]:
    """Each distinct refusal once, with all targets that refuse in the same words."""
    found: dict[tuple[str, int, str], tuple[list[str], Refused]] = {}
    for one in refused:
        found.setdefault((one.kernel, one.line, one.says), ([], one))[0].append(one.target)
    return [(key[2], targets, one) for key, (targets, one) in found.items()]


def _refusal(says: str, targets: Sequence[str], one: Refused, g: Glyphs) -> list[RenderableType]:
    lines: list[RenderableType] = [
        Text(f"{g.failed} {one.kernel}, for {' and '.join(targets)}: not compiled", "bad.heading")
    ]
    lines.append(Text(says, "bold"))
    if one.line:
        lines.append(Text(f"  line {one.line:>3}: ", "soft").append(one.source, "place"))
    if one.reason:
        lines.append(Text(f"Triton's own words: {one.reason}", "soft"))
    return lines


def _meanings() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for row in reading.ROWS.values():
        grid.add_row(Text(f"  {row.name}"), Text(f"{row.means}; {row.changed_by}", "soft"))
    return grid
