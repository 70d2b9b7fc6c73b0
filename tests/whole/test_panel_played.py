"""The panel played beside real MIDI ports: learn, snapshots, the keyboard, panic, two pages."""

from __future__ import annotations

import os
import re
import statistics
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nesvae_live.control.inputs import MidiIn
from nesvae_live.log.entries import Decoded, Heard
from tests.support.browser import chromium, opened
from tests.support.daemon import Daemon
from tests.support.jack import JackServer
from tests.support.panels import free_port
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.jack,
    pytest.mark.timeout(180),
]
CC, ALL_NOTES_OFF = 0xB0, 123
LEARNT = 50


class Stage:
    """An instrument with JACK's ports, a second client of JACK, and a browser."""

    def __init__(self, daemon: Daemon, probe: JackProbe, browser: Browser, url: str) -> None:
        self.daemon, self.probe, self.browser, self.url = daemon, probe, browser, url

    @property
    def knobs(self) -> dict[str, float]:
        return dict(self.daemon.ctl(do="status")["knobs"])


@pytest.fixture
def stage(jack_server: JackServer, tmp_path: Path) -> Iterator[Stage]:
    assert os.environ["JACK_DEFAULT_SERVER"] == jack_server.name
    port = free_port()
    preset = tmp_path / "mine.toml"
    preset.write_text('name = "mine"\n')
    options = ("--midi-api", "jack", "--audio", "none", "--swap", "now", "--seed", "3")
    with (
        Daemon(
            *(tmp_path, "--preset", str(preset), "--panel-port", str(port), "--no-status"),
            *options,
        ) as daemon,
        JackProbe() as probe,
        chromium() as browser,
    ):
        yield Stage(daemon, probe, browser, f"http://127.0.0.1:{port}/")
        assert daemon.end() == 0


@pytest.fixture
def page(stage: Stage) -> Iterator[Page]:
    with opened(stage.browser, stage.url, viewport={"width": 1280, "height": 1000}) as page:
        yield page


def test_a_real_cc_is_learnt_through_the_page_moves_the_knob_there_and_is_kept(
    stage: Stage, page: Page, tmp_path: Path
) -> None:
    stage.probe.connect_midi_to("nesvae_live_in")
    page.get_by_role("button", name="Learn").click()
    page.locator("[data-target=motion]").click()
    page.get_by_text("motion: move its control.").wait_for()

    def learnt() -> bool:
        for value in range(40, 60):
            stage.probe.send_midi((CC, LEARNT, value))
        return "is CC 50" in (page.locator("#said").text_content() or "")

    assert wait_until(learnt, every=0.1)
    stage.probe.send_midi((CC, LEARNT, 127))
    knob = page.locator("[data-target=motion]")
    assert wait_until(lambda: knob.get_attribute("aria-valuetext") == "100")
    assert stage.knobs["motion"] == 1.0

    def kept() -> bool:
        return "motion" in tomllib.loads((tmp_path / "mine.toml").read_text()).get("knobs", {})

    assert wait_until(kept)


def test_panic_on_the_page_ends_every_note_at_the_port(stage: Stage, page: Page) -> None:
    stage.probe.connect_midi_from("nesvae_live_out")
    assert wait_until(lambda: len(stage.probe.midi) > 10)
    page.get_by_role("button", name="Panic").click()

    def ended() -> set[int]:
        data = [data for _, data in stage.probe.midi]
        return {d[0] & 0x0F for d in data if d[0] & 0xF0 == CC and d[1] == ALL_NOTES_OFF}

    assert wait_until(lambda: ended() >= {0, 1, 2})


def test_a_phrase_played_on_the_page_is_captured_and_comes_back(stage: Stage, page: Page) -> None:
    for name in ("C4", "E4", "G4"):
        key = page.get_by_role("button", name=name, exact=True)
        key.click(delay=150)
    page.get_by_role("button", name=re.compile("^Computer")).click()
    for typed in ("a", "d", "g", "h"):  # C5 E5 G5 A5, where the keyboard stands
        page.keyboard.press(typed, delay=120)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="capture", exact=True).click()

    def came() -> list[Decoded]:
        """What was written anew, from no past, since the first phrase: what came of the capture."""
        entries = stage.daemon.jam().entries
        return [e for e in entries if isinstance(e, Decoded) and e.follows == -1 and e.index > 0]

    assert wait_until(lambda: len(came()) == 1)
    entries = stage.daemon.jam().entries
    struck = [
        e.input.data[1]
        for e in entries
        if isinstance(e, Heard) and isinstance(e.input, MidiIn) and e.input.data[2]
    ]
    assert struck == [60, 64, 67, 60, 64, 67, 69]


SEEN = """name => {
  window.seen = [];
  const knob = document.querySelector(`[data-target=${name}]`);
  new MutationObserver(() => window.seen.push([knob.ariaValueNow, performance.timeOrigin + performance.now()]))
    .observe(knob, {attributes: true, attributeFilter: ['aria-valuenow']});
}"""
TURNS, EACH_MS = 20, 60


def first_seen(seen: list[tuple[str, float]]) -> dict[str, float]:
    """When each value was shown first; a page may set one again that it shows already."""
    return dict(reversed(seen))


def lags_of_the_other_page(stage: Stage, page: Page, turns: int, each_ms: int) -> list[float]:
    """How many ms after a page the other one shows each of so many turns of a knob."""
    with opened(stage.browser, stage.url) as other:
        for each in (page, other):
            each.evaluate(SEEN, "focus")
        knob = page.locator("[data-target=focus]")
        knob.press("Home")
        for _ in range(turns):
            knob.press("ArrowUp")
            other.wait_for_timeout(each_ms)
        assert wait_until(lambda: other.evaluate("window.seen.length") > turns / 2)
        here, there = (first_seen(each.evaluate("window.seen")) for each in (page, other))
    lags = sorted(there[value] - at for value, at in here.items() if value in there)
    print(
        f"{len(lags)} turns, the other page: median {statistics.median(lags):.0f} ms later, "
        f"longest {lags[-5:]}"
    )
    return lags


def test_two_pages_agree_within_a_tenth_of_a_second(stage: Stage, page: Page) -> None:
    lags = lags_of_the_other_page(stage, page, TURNS, EACH_MS)
    assert len(lags) > TURNS / 2
    assert statistics.median(lags) < 100


@pytest.mark.soak
def test_two_pages_agree_within_a_tenth_of_a_second_always(stage: Stage, page: Page) -> None:
    lags = lags_of_the_other_page(stage, page, 99, 150)  # each is told before the next
    assert len(lags) > 95
    assert lags[-1] < 100
