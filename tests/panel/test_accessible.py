"""Who can't see the page, or not well, can use it: axe-core finds no serious fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.browser import chromium, opened
from tests.support.daemon import Daemon
from tests.support.panels import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]
QUIET = ("--audio", "none", "--midi-api", "none", "--no-status", "--seed", "3")
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    with Daemon(tmp_path_factory.mktemp("axe"), "--panel-port", str(port), *QUIET):
        yield f"http://127.0.0.1:{port}/"


LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 800}, "color_scheme": "light"},
}


@pytest.mark.parametrize("opens", ["as it is", "all of it", "stage", "keys"])
def test_axe_finds_no_serious_fault(url: str, opens: str) -> None:
    with chromium() as browser:
        for name, look in LOOKS.items():
            with opened(browser, url, **look) as page:
                if opens == "all of it":
                    page.evaluate(
                        "document.querySelectorAll('details').forEach(d => d.open = true)"
                    )
                elif opens == "stage":
                    page.get_by_role("button", name="Stage").click()
                elif opens == "keys":
                    page.keyboard.press("?")
                    page.get_by_role("heading", name="Keys").wait_for()
                found = Axe().run(page).response["violations"]
                grave = {
                    fault["id"]: [node["html"][:120] for node in fault["nodes"][:3]]
                    for fault in found
                    if fault["impact"] in GRAVE
                }
                assert not grave, name
