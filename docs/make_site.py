"""Writes the source of the course's site, from the course, the documents and the traces of the solutions: `make site`.

Zensical makes the site of it. Of the generators that were looked at, MkDocs 1 has nobody left who maintains it and Material for MkDocs
takes no more than fixes of security; Sphinx with Furo and MyST lives and is as good, and wants directives where these pages are plain
Markdown. Zensical, by the people of Material, takes the pages as they are, searches without a server, and is one package.

The solutions aren't on the site: of a solution's trace the page keeps which elements are touched, and none of its lines.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from make_speeds import data_files, load, measured_on  # noqa: E402

from triton_quest.course import template  # noqa: E402
from triton_quest.course.level import Level  # noqa: E402
from triton_quest.course.table import LEVELS, act_of, by_act  # noqa: E402
from triton_quest.parent import runner  # noqa: E402
from triton_quest.parent.runner import Ending, Job  # noqa: E402
from triton_quest.parent.warm import Warm  # noqa: E402
from triton_quest.records import verdict as v  # noqa: E402
from triton_quest.records.race import YOURS  # noqa: E402
from triton_quest.records.show import ProgramSteps  # noqa: E402
from triton_quest.report.show import CallTrace  # noqa: E402
from triton_quest.report.show_data import page_data  # noqa: E402
from triton_quest.screen.show_page import render  # noqa: E402
from triton_quest.store import workspace  # noqa: E402

FOLDER = ROOT / "build" / "site"
CHART = "speeds_chart.html"
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)\s#]+)(#[^)\s]*)?\)")
LINKED_WORDS = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?://|#|mailto:)([^)\s#]+)(#[^)\s]*)?\)")
DOCUMENTS = {  # of the site, each with its page's name and title, in the order of the menu
    "README.md": ("play.md", "How to play"),
    "triton_quest/course/words.md": ("words.md", "Words"),
    "docs/speeds.md": ("speeds.md", "Speeds"),
    "findings/README.md": ("findings.md", "Findings"),
    "docs/life_of_a_check.md": ("life_of_a_check.md", "How the judge works"),
    "docs/grading.md": ("grading.md", "Grading a class"),
    "docs/json.md": ("json.md", "JSON for other programs"),
    "CONTRIBUTING.md": ("contributing.md", "Contributing"),
    "docs/write_a_level.md": ("write_a_level.md", "Write a level"),
    "docs/another_machine.md": ("another_machine.md", "Support another machine"),
    "docs/glossary.md": ("glossary.md", "Glossary of the code"),
}
CONFIG = """\
[project]
site_name = "Triton Attention Quest"
site_description = "Learn GPU kernel programming in Triton, from x + y to Flash Attention. No GPU needed."
docs_dir = "pages"
site_dir = "html"
use_directory_urls = false
extra_css = ["site.css"]
nav = [
{nav}
]

[project.theme]
font = false
features = ["navigation.top", "navigation.footer", "toc.follow"]

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"
toggle.icon = "lucide/sun"
toggle.name = "Switch to dark"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"
toggle.icon = "lucide/moon"
toggle.name = "Switch to light"
"""
STYLE = """\
[data-md-color-scheme="default"] { --md-primary-fg-color: #1b1f24; --md-typeset-a-color: #0b57c4; --md-accent-fg-color: #0b57c4; }
[data-md-color-scheme="slate"] { --md-primary-fg-color: #1e2329; --md-typeset-a-color: #8cc4ff; --md-accent-fg-color: #8cc4ff; }
.md-nav__link--active, .md-nav__item .md-nav__link--active { color: var(--md-typeset-a-color); }
"""
SECONDS = 60.0  # for any one step of a solution


def write(folder: Path, levels: Sequence[Level], traced: Callable[[Level], Ending]) -> None:
    """Write the pages and the configuration into an empty `folder`; `traced` gives the traced call of a level's solution."""
    pages = folder / "pages"
    (pages / "levels").mkdir(parents=True)
    (pages / "traces").mkdir()
    (pages / "index.md").write_text(front_page(levels), encoding="utf-8")
    for level in levels:
        (pages / "levels" / _name(level)).write_text(level_page(level), encoding="utf-8")
        (pages / "traces" / f"{level.slug}.html").write_text(trace_page(level, traced(level)), encoding="utf-8")
    for source, (name, _) in DOCUMENTS.items():
        (pages / name).write_text(moved(ROOT / source), encoding="utf-8")
    (pages / CHART).write_text(speeds_chart(), encoding="utf-8")
    speeds = (pages / "speeds.md").read_text(encoding="utf-8")
    frame = _frame(CHART, "The solutions beside a rival: choose a GPU, a level and a rival", "30rem")
    (pages / "speeds.md").write_text(speeds.replace("\n\n", f"\n\n{frame}\n\n", 1), encoding="utf-8")
    for picture in (ROOT / "docs").glob("*.svg"):
        shutil.copy(picture, pages / picture.name)
    (pages / "site.css").write_text(STYLE, encoding="utf-8")
    (folder / "zensical.toml").write_text(CONFIG.format(nav=",\n".join(_menu(levels))), encoding="utf-8")


def _name(level: Level) -> str:
    return f"{level.slug}.md"


def _menu(levels: Sequence[Level]) -> Iterator[str]:
    yield '  { "The map" = "index.md" }'
    for rows in by_act(levels).values():
        within = ", ".join(f'{{ "{row.number}. {row.title}" = "levels/{_name(row)}" }}' for row in rows)
        yield f'  {{ "{act_of(rows[0]).title}" = [{within}] }}'
    yield from (f'  {{ "{title}" = "{name}" }}' for name, title in DOCUMENTS.values())


def front_page(levels: Sequence[Level]) -> str:
    """The map: every level with what one writes and learns."""
    lines = [
        "# Triton Attention Quest",
        "",
        "Learn GPU kernel programming in Triton, one level at a time, from `x + y` to Flash Attention. You write the kernels, a judge "
        "decides, and no GPU is needed. [How to play](play.md) says how to begin.",
    ]
    for rows in by_act(levels).values():
        act = act_of(rows[0])
        lines += ["", f"## {act.title}: {act.about}", "", "| level | you write | you learn |", "|---|---|---|"]
        lines += [f"| [{row.number}. {row.title}](levels/{_name(row)}) | {row.asks} | {row.teaches} |" for row in rows]
    return "\n".join(lines) + "\n"


def level_page(level: Level) -> str:
    """The briefing, what the programs touch, the hints folded, and the side stories."""
    source = workspace.course_text(level, "solution.py")
    title, _, rest = template.briefing(source).partition("\n")
    shown = _frame(f"../traces/{level.slug}.html", f"Level {level.number}: what each program touches", "48rem")
    hints = [
        f'<details markdown="1">\n<summary>Hint {number}: {heading}</summary>\n\n{text}\n\n</details>\n'
        for number, (heading, text) in enumerate(
            template.split_hints(workspace.course_text(level, "hints.md")), start=1
        )
    ]
    parts = [
        title,
        rest.strip("\n"),
        "## Step through it",
        "What the programs of a right kernel load and store, on inputs small enough to draw. "
        f"[In a page of its own](../traces/{level.slug}.html); `quest show {level.number} --html page.html` makes one of your kernel.",
        shown,
        "## Hints",
        "In the quest the later ones cost a star.",
        *hints,
        template.more(source),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _frame(page: str, title: str, height: str) -> str:
    style = f"border:1px solid #8886;border-radius:6px;height:{height};width:100%"
    return f'<iframe src="{page}" title="{title}" style="{style}" loading="lazy"></iframe>'


def speeds_chart() -> str:
    """The page on which one chooses a GPU, a level and a rival, from what was measured."""
    titles = {level.slug: f"{level.number}. {level.title}" for level in LEVELS}
    measured = []
    for path in data_files():
        data = load(path)
        times: dict[str, dict[str, dict[str, float]]] = {}
        for row in data["timings"]:
            times.setdefault(titles[row["slug"]], {}).setdefault(row["size"], {})[row["contender"]] = row["time_ms"]
        levels = {
            level: [
                {"size": size, "ours": own[YOURS], "rivals": {name: ms for name, ms in own.items() if name != YOURS}}
                for size, own in sizes.items()
                if YOURS in own
            ]
            for level, sizes in times.items()
        }
        measured.append({"gpu": data["ceilings"]["gpu"], "date": measured_on(data), "levels": levels})
    pages = Environment(loader=FileSystemLoader(ROOT / "docs"), autoescape=True)
    return pages.get_template(CHART).render(data=measured)


def trace_page(level: Level, ended: Ending) -> str:
    """The page of `show` without a line of the solution."""
    if ended.outcome is not v.Outcome.PASSED:
        raise SystemExit(f"level {level.number}: the solution can't be traced: {ended.failure or ended.detail}")
    records = [without_lines(one) if isinstance(one, ProgramSteps) else one for one in ended.records]
    trace = CallTrace.of(records)
    title = f"Level {level.number}, {level.title}: what each program touches"
    page = page_data(trace, trace.start, records, None)
    return render(title, f"{trace.inputs}.", [], f"quest show {level.number}", "", trace, page)


def without_lines(steps: ProgramSteps) -> ProgramSteps:
    return replace(steps, steps=tuple(replace(step, line=0, source="") for step in steps.steps))


def moved(source: Path) -> str:
    """A document's text with its links as they are on the site; what isn't there is named without a link."""
    places = {(ROOT / known).resolve(): name for known, (name, _) in DOCUMENTS.items()}

    def place(path: str) -> str | None:
        target = (source.parent / path).resolve()
        return target.name if target.suffix == ".svg" else places.get(target)

    def unlinked(found: re.Match[str]) -> str:
        return found[0] if place(found[2]) else found[1]

    def linked(found: re.Match[str]) -> str:
        return f"]({place(found[1]) or found[1]}{found[2] or ''})"

    return LINK.sub(linked, LINKED_WORDS.sub(unlinked, source.read_text(encoding="utf-8")))


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    arrived = [level for level in LEVELS if level.has_arrived]
    with Warm() as warm:

        def trace(level: Level) -> Ending:
            job = Job(level, level.folder / "solution.py", SECONDS, "show", {"with_values": True})
            return runner.run(job, start=warm.start)

        write(FOLDER, arrived, trace)
    print(f"{FOLDER} is written: zensical build -f {FOLDER / 'zensical.toml'}")
