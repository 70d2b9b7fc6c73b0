"""A real browser, which a test looks through and plays with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser")
WAIT_MS = 30_000


def find_chromium() -> str | None:
    """Chromium's path, if it is installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-dev-shm-usage"],  # as root, in a container
        )
        try:
            yield browser
        finally:
            browser.close()


def int_in(page: Page, selector: str) -> int:
    """The number that an element shows; 0 for none."""
    text = page.locator(selector).first.text_content() or ""
    return int(text) if text.isdecimal() else 0


@contextmanager
def opened(browser: Browser, url: str, *, script: str = "", **look: Any) -> Iterator[Page]:
    """The panel in a tab of its own, ready to be played; what went wrong in it fails the test.

    Args:
        browser: from `chromium`.
        url: the panel's.
        script: runs in the page before anything of its own.
        look: of the tab: `viewport`, `color_scheme`, ... (see Playwright).
    """
    context = browser.new_context(**look)
    context.set_default_timeout(WAIT_MS)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    try:
        page.goto(url)
        page.locator("#music .knob").first.wait_for()
        assert wait_until(lambda: int_in(page, "#bar") > 0)
        yield page
        assert not faults
    finally:
        context.close()
