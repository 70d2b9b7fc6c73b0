"""The panel in a real browser, beside an instrument that plays."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mido
import pytest

from nesvae_live.control.targets import TARGETS
from nesvae_live.panel.door import own_address
from tests.support.browser import chromium, int_in, opened
from tests.support.daemon import Daemon
from tests.support.panels import free_port
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]
QUIET = ("--audio", "none", "--midi-api", "none", "--no-status", "--seed", "3")


def shows(page: Page, target: str, text: str) -> bool:
    """Wait until a knob says where it stands."""
    knob = page.locator(f"[data-target={target}]")
    return wait_until(lambda: knob.get_attribute("aria-valuetext") == text)


class Stage:
    """An instrument that plays, its panel's address, and a browser."""

    def __init__(self, daemon: Daemon, url: str, browser: Browser) -> None:
        self.daemon, self.url, self.browser = daemon, url, browser

    @property
    def status(self) -> dict[str, Any]:
        return self.daemon.ctl(do="status")

    @property
    def knobs(self) -> dict[str, float]:
        return dict(self.status["knobs"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Stage]:
    folder, port = tmp_path_factory.mktemp("stage"), free_port()
    preset = folder / "mine.toml"
    preset.write_text('name = "mine"\n')
    options = ("--preset", str(preset), "--panel-port", str(port), *QUIET)
    with Daemon(folder, *options) as daemon:
        yield Stage(daemon, f"http://127.0.0.1:{port}/", browser)


@pytest.fixture
def page(stage: Stage) -> Iterator[Page]:
    with opened(stage.browser, stage.url, viewport={"width": 1280, "height": 900}) as page:
        yield page


def test_the_page_shows_the_music_go_on(page: Page, stage: Stage) -> None:
    bar = int_in(page, "#bar")
    assert wait_until(lambda: int_in(page, "#bar") > bar)
    assert abs(int_in(page, "#bar") - stage.status["bar"]) <= 1
    assert wait_until(lambda: any(page.locator(".strip .note-name").all_text_contents()))
    assert "Recording" in (page.locator("#take-text").text_content() or "")
    drawn = "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size"
    for canvas in ("#map-canvas", "#roll-canvas"):
        assert page.locator(canvas).evaluate(drawn) > 20, canvas


def test_a_knob_is_turned_by_wheel_drag_and_keys_and_let_go(page: Page, stage: Stage) -> None:
    knob = page.locator("[data-target=density]")
    dial = knob.locator("svg")
    box = dial.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    stage.daemon.ctl(do="set", knob="density", value=0.5)
    assert shows(page, "density", "50")
    page.mouse.move(x, y)
    page.mouse.wheel(0, -100)
    assert wait_until(lambda: stage.knobs["density"] == pytest.approx(0.52))
    page.mouse.down()
    page.mouse.move(x, y - 36, steps=4)
    page.mouse.up()
    assert wait_until(lambda: stage.knobs["density"] == pytest.approx(0.72))
    for key in ("ArrowUp", "ArrowUp", "ArrowDown", "PageDown"):
        knob.press(key)
    assert wait_until(lambda: stage.knobs["density"] == pytest.approx(0.63))
    knob.press("Delete")
    assert wait_until(lambda: "density" not in stage.knobs)
    assert shows(page, "density", "free")


def test_a_drag_on_the_map_and_its_arrow_keys_go_there(page: Page, stage: Stage) -> None:
    canvas = page.locator("#map-canvas")
    canvas.drag_to(
        canvas, source_position={"x": 60, "y": 200}, target_position={"x": 220, "y": 120}
    )
    assert wait_until(lambda: len(stage.knobs) >= 8)
    before = stage.knobs
    canvas.press("Shift+ArrowLeft")
    assert wait_until(lambda: stage.knobs != before)


def test_every_target_of_the_table_is_on_the_page_and_can_be_learnt(page: Page) -> None:
    there: set[str] = set()

    def look() -> None:
        on_page = "[...document.querySelectorAll('[data-target]')].map(e => e.dataset.target)"
        there.update(page.evaluate(on_page))

    for group in ("#snapshot-modes", "#theme-modes"):
        for mode in page.locator(f"{group} button").all():
            mode.click()
            look()
    knobs_can_be_let_go = {f"release-{name}" for name in there}
    assert {spec.name for spec in TARGETS} <= there | knobs_can_be_let_go


def test_pads_store_recall_and_morph_and_two_pages_agree(page: Page, stage: Stage) -> None:
    stage.daemon.ctl(do="set", knob="focus", value=0.25)
    with opened(stage.browser, stage.url) as other:
        page.get_by_role("radio", name="store").click()
        page.locator(".pad", has_text=re.compile("^4$")).click()
        other.locator(".pad.filled", has_text=re.compile("^4$")).wait_for()
        assert stage.status["snapshots"] == [4]
    stage.daemon.ctl(do="set", knob="focus", value=0.9)
    page.locator(".pad", has_text=re.compile("^4$")).click()  # recall again, by itself
    assert wait_until(lambda: stage.knobs["focus"] == 0.25)
    stage.daemon.ctl(do="set", knob="focus", value=0.9)
    page.get_by_role("radio", name="morph").click()
    page.locator(".pad", has_text=re.compile("^4$")).click()
    page.locator(".pad.morphs").wait_for()
    stage.daemon.ctl(do="recall", slot=4)
    page.locator(".pad.stands", has_text=re.compile("^4$")).wait_for()
    stage.daemon.ctl(do="store", slot=4, name="chorus")
    page.get_by_role("button", name="morph snapshot 4, chorus").wait_for()
    page.locator(".pad small", has_text="chorus").wait_for()


def test_switches_choices_and_keys_do_what_they_say(page: Page, stage: Stage) -> None:
    page.get_by_role("button", name="Mute Pulse 2").click()
    assert wait_until(lambda: stage.status["muted"] == ["P2"])
    page.get_by_role("button", name="Mute Pulse 2", pressed=True).click()
    page.get_by_role("radio", name="beat").click()
    assert wait_until(lambda: stage.status["swap"] == "beat")
    page.locator("select[data-target=key]").select_option("D minor")
    assert wait_until(lambda: stage.status["key"] == "D minor")
    page.locator("h1").click()
    page.keyboard.press("h")
    assert wait_until(lambda: stage.status["hold"])
    page.keyboard.press("h")
    assert wait_until(lambda: not stage.status["hold"])
    page.get_by_role("button", name="Panic").click()
    assert wait_until(lambda: stage.status["muted"] == [])


def test_a_reload_in_mid_jam_keeps_everything(page: Page, stage: Stage) -> None:
    stage.daemon.ctl(do="set", knob="bass", value=0.8)
    page.reload()
    assert shows(page, "bass", "80")
    assert stage.knobs["bass"] == 0.8


def test_the_last_bars_are_kept_and_had(page: Page, stage: Stage, tmp_path: Path) -> None:
    assert wait_until(lambda: stage.status["bar"] > 2)
    page.get_by_role("button", name="keep 4 bars").click()
    link = page.locator("#take-files a", has_text=".mid")
    link.first.wait_for()
    dragged = link.first.evaluate(
        """link => {
            const data = new DataTransfer();
            link.dispatchEvent(new DragEvent("dragstart", { dataTransfer: data }));
            return data.getData("DownloadURL");
        }"""
    )
    kind, name, address = dragged.split(":", 2)
    assert (kind, name) == ("audio/midi", link.first.inner_text())
    assert page.request.get(address).body().startswith(b"MThd"), "it drops as a file"
    with page.expect_download() as had:
        link.first.click()
    had.value.save_as(tmp_path / "kept.mid")
    notes = [m for m in mido.MidiFile(tmp_path / "kept.mid") if m.type == "note_on"]
    assert len(notes) > 4


def test_a_target_is_learnt_by_a_click(page: Page, stage: Stage) -> None:
    page.get_by_role("button", name="Learn").click()
    page.locator("[data-target=motion]").click()
    assert wait_until(lambda: stage.daemon.ctl(do="learning")["target"] == "motion")
    page.get_by_text("motion: move its control.").wait_for()
    page.keyboard.press("Escape")
    assert wait_until(lambda: stage.daemon.ctl(do="learning")["target"] is None)


@pytest.mark.parametrize("width", [360, 820, 1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows_and_everything_has_a_name(stage: Stage, width: int, scheme: str) -> None:
    look: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with opened(stage.browser, stage.url, **look) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        nameless = page.evaluate(
            """[...document.querySelectorAll('button, select, [role=slider], canvas, a')]
            .filter(e => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim()
              || e.labels?.[0]?.textContent.trim())).map(e => e.outerHTML)"""
        )
        assert nameless == []


def test_on_stage_nothing_is_smaller_than_18_pixels(page: Page) -> None:
    page.get_by_role("button", name="Stage").click()
    small = page.evaluate(
        """[...document.querySelectorAll('body *')].filter(e => e.checkVisibility()
        && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
        && parseFloat(getComputedStyle(e).fontSize) < 18).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


FOREIGN = """<script>
window.tried = Promise.all([
  new Promise(done => { const s = new WebSocket('ws://HOST/live');
    s.onopen = () => done('in'); s.onerror = () => done('kept out'); }),
  fetch('http://HOST/map.bin').then(() => 'in', () => 'kept out'),
  import('http://HOST/link.js').then(() => 'in', () => 'kept out'),
]);
</script>"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's
        pass


def test_another_sites_page_is_kept_out(stage: Stage, tmp_path: Path) -> None:
    host = stage.url.removeprefix("http://").rstrip("/")
    (tmp_path / "index.html").write_text(FOREIGN.replace("HOST", host))
    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        page = stage.browser.new_page()
        page.goto(f"http://localhost:{other.server_port}/")
        assert page.evaluate("window.tried") == ["kept out"] * 3
        page.close()
        other.shutdown()


def test_the_page_can_be_installed(page: Page, stage: Stage) -> None:
    link = page.locator("link[rel=manifest]").get_attribute("href")
    answer = page.request.get(f"{stage.url}{link}")
    assert json.loads(answer.text())["display"] == "standalone"


def test_it_says_that_the_instrument_is_gone_and_that_it_is_back(
    tmp_path: Path, browser: Browser
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with Daemon(first, "--panel-port", str(port), *QUIET) as daemon:
        context = browser.new_context()
        page = context.new_page()
        page.goto(url)
        page.locator("#music .knob").first.wait_for()
        assert daemon.end() == 0
        page.get_by_text("The instrument is gone").wait_for()
    with Daemon(second, "--panel-port", str(port), *QUIET) as daemon:
        page.locator("#banner").wait_for(state="hidden")
        page.locator("[data-target=density]").press("Home")
        assert wait_until(lambda: daemon.ctl(do="status")["knobs"] == {"density": 0.0})
    context.close()


@pytest.mark.skipif(own_address() is None, reason="this machine is on no network")
def test_over_a_network_the_address_lets_in_and_the_page_says_what_is_missing(
    tmp_path: Path, browser: Browser
) -> None:
    port = free_port()
    options = ("--panel-port", str(port), "--panel-host", "0.0.0.0", *QUIET)
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    context = browser.new_context()
    page = context.new_page()
    with Daemon(first, *options) as daemon:
        found = re.search(r"with its token: (\S+)", daemon.said)
        assert found
        assert "without TLS" in daemon.said
        page.goto(found[1])
        page.locator("#music .knob").first.wait_for()
        assert "token" not in page.url
        assert page.locator("#unsafe").is_visible()
        page.locator("[data-target=density]").press("Home")
        assert wait_until(lambda: daemon.ctl(do="status")["knobs"] == {"density": 0.0})
        page.reload()
        assert shows(page, "density", "0")
        stranger = browser.new_page()
        stranger.goto(page.url)
        assert "the panel needs its token" in (stranger.text_content("body") or "")
        stranger.close()
        assert daemon.end() == 0
    with Daemon(second, *options):  # another session, another token
        page.get_by_text("this is not the panel's token").wait_for(timeout=60_000)
    context.close()
