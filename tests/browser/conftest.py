"""A headless Chromium, where there is one: the tests of pages are skipped, with what to install, where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

INSTALL = "needs requirements-dev.txt, and Chromium (apt-get install chromium)"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDE, NARROW = (1440, 900), (390, 844)


@dataclass
class Browser:
    """Opens pages, and notes what goes wrong in them and what they ask of a network."""

    chromium: Any
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, page: Path, size: tuple[int, int] = WIDE, **options: Any) -> Any:
        context = self.chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        tab = context.new_page()
        tab.on("console", lambda message: self.troubles.append(message.text))
        tab.on("pageerror", lambda error: self.troubles.append(str(error)))
        tab.on("request", lambda request: self.requests.append(request.url))
        tab.goto(page.as_uri())
        return tab


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason=INSTALL)
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip(INSTALL)
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=program, args=OPTIONS)
        yield launched
        launched.close()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Browser]:
    """Fails the test if a page of it wrote to the console, raised, or asked for anything but itself."""
    made = Browser(chromium)
    yield made
    for context in chromium.contexts:
        context.close()
    assert made.troubles == []
    assert [url for url in made.requests if not url.startswith("file:")] == []
