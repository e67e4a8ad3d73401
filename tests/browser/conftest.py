"""A real browser for the pages that Cascade writes. Without one these tests are skipped, and pytest says why."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Playwright

    Open = Callable[..., Page]

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
QUIET: Final = (
    "--no-sandbox",  # which containers do not have
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")  # not longer: its event loop would be in the way of other tests
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    installed = next(filter(None, map(shutil.which, BROWSERS)), None)
    if installed is None:
        pytest.skip(f"no browser: install one of {', '.join(BROWSERS)}, as Debian's package chromium does")
    browser = playwright.chromium.launch(executable_path=installed, args=[*QUIET])
    yield browser
    browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open files as a reader does who is offline; what the console says, and every request, fails the test."""
    complaints: list[str] = []
    with ExitStack() as closing:

        def open_page(path: Path, **context: Any) -> Page:
            page = closing.enter_context(browser.new_context(offline=True, **context)).new_page()
            page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
            page.on("request", lambda request: complaints.append(request.url))
            page.goto(path.as_uri())
            complaints.remove(path.as_uri())
            return page

        yield open_page
        assert complaints == []
