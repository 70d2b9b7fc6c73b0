"""The page beside an instrument that a test makes up: marks on the roll, takeover, takes, choices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nesvae_live.control.gestureinputs import StorePoint
from tests.support.browser import chromium, int_in
from tests.support.earlier import a_take, a_tune
from tests.support.panels import Told, serving, some_facts
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]
EARLIER = "2026-11-26_12-00-00"
SCALE = [[60 + i, 0, 36, 6] for i in range(13)]

INKED = """([where, colour]) => {
  const canvas = document.getElementById(`${where}-canvas`);
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${colour}`).trim();
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  const rows = {};
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) {
      const row = Math.floor(i / 4 / width);
      rows[row] = (rows[row] ?? 0) + 1;
    }
  }
  const counts = Object.values(rows);
  return { row: Math.max(0, ...counts), all: counts.reduce((sum, count) => sum + count, 0) };
}"""
"""Pixels of a colour on a canvas: in the row that has the most, and all."""


class Playing(Told):
    """It plays the same phrase again and again; its themes and takeovers are a test's."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.more: dict[str, Any] = {}
        self.index = 0

    def look(self, after: int, snapshots: bool) -> dict[str, Any]:
        beats = [self.status["beat"] - 2 + i / 2 for i in range(14)]
        phrase = {"index": self.index, "tuples": SCALE, "beats": beats}
        return super().look(after, snapshots) | {"phrase": phrase} | self.more


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Playing, Page, Path]]:
    folder = tmp_path_factory.mktemp("jams") / "2026-11-27_12-00-00"
    folder.mkdir()
    a_take(folder.parent / EARLIER)
    with Playing(folder) as told, serving(some_facts(folder)) as port, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"http://127.0.0.1:{port}/")
        page.locator("#music .knob").first.wait_for()
        yield told, page, folder


def test_a_theme_and_what_was_played_before_are_marked_on_the_roll(
    told: tuple[Playing, Page, Path],
) -> None:
    playing, page, _ = told
    assert wait_until(lambda: int_in(page, "#bar") > 0)
    theme, echo = (
        page.evaluate(INKED, ["roll", "accent"])["row"],
        page.evaluate(INKED, ["roll", "faint"])["row"],
    )
    playing.more = {"themes": {"B": [0, 0]}}
    assert wait_until(lambda: page.evaluate(INKED, ["roll", "accent"])["row"] > theme + 100)
    playing.more = {"themes": {}}
    assert wait_until(lambda: page.evaluate(INKED, ["roll", "accent"])["row"] <= theme)
    playing.index = 1  # the same notes as in phrase 0
    assert wait_until(lambda: page.evaluate(INKED, ["roll", "faint"])["row"] > echo + 100)
    plain = playing.status
    band = {"chords": 4, "chord": "Bbm7b5", "chord_tones": [10, 1, 4, 8], "answer": "played"}
    playing.status = plain | band | {"answering": [plain["beat"] + 1, plain["beat"] + 5]}
    page.get_by_text("chord B♭m7♭5: B♭ C♯ E A♭ · answers in 1 beat, for 4 beats").wait_for()
    assert wait_until(lambda: page.evaluate(INKED, ["roll", "accent"])["row"] > theme + 100)
    playing.status = plain | {"chords": None, "chord": "", "answer": "off", "answering": None}
    page.locator("#band").wait_for(state="hidden")


AHEAD = """async now => {
  const { State } = await import("./state.js");
  const state = new State();
  const scale = (first, notes) => Array.from(Array(notes), (_, i) => [first + i, 0, 36, 12]);
  state.takePhrase({ index: 7, tuples: scale(60, 4), beats: [0, 1, 2, 3, 4], again: [] });
  state.takePhrase({ index: 8, tuples: scale(70, 2), beats: [3.5, 4.5, 5.5], again: [] });
  return state.ahead(now);
}"""


def test_the_rest_of_a_phrase_still_comes_when_the_next_one_is_placed(
    told: tuple[Playing, Page, Path],
) -> None:
    _, page, _ = told
    bass: list[list[float]] = [[2, 36, 1.5, 3.5], [2, 36, 3.5, 5.5]]
    lead: list[list[float]] = [
        [0, 61, 1.5, 2],
        [0, 62, 2, 3],
        [0, 63, 3, 3.5],
        [0, 70, 3.5, 4.5],
        [0, 71, 4.5, 5.5],
    ]
    assert sorted(page.evaluate(AHEAD, 1.5)) == sorted(lead + bass)
    assert page.evaluate(AHEAD, 5.5) == []


def test_the_map_shows_where_the_music_goes_next_by_itself(
    told: tuple[Playing, Page, Path],
) -> None:
    playing, page, folder = told
    atlas = some_facts(folder).atlas
    assert atlas is not None
    left, right = atlas.z[atlas.xy[:, 0].argsort()[[0, -1]]].tolist()
    playing.more = {"z": left, "mask": [1.0] * 8}

    def inked() -> int:
        return int(page.evaluate(INKED, ["map", "accent"])["all"])

    page.locator("#map-canvas").scroll_into_view_if_needed()
    ring = inked()
    playing.more |= {"goal": right}
    assert wait_until(lambda: inked() > ring + 20)
    playing.more = {"z": left, "mask": [1.0] * 8}
    assert wait_until(lambda: inked() <= ring)
    playing.more = {}


def test_a_control_that_has_to_take_over_is_shown_where_it_stands(
    told: tuple[Playing, Page, Path],
) -> None:
    playing, page, _ = told
    knob = page.locator("[data-target=density]")
    assert knob.locator(".physical.there").count() == 0
    playing.more = {"takeover": {"density": 0.75}}
    knob.locator(".physical.there").wait_for()
    assert "waits for your controller" in (knob.get_attribute("aria-label") or "")
    playing.more = {}
    page.locator("[data-target=density]:not([data-waits])").wait_for()


def test_a_take_is_heard_again_when_that_is_confirmed_and_ended_from_the_page(
    told: tuple[Playing, Page, Path],
) -> None:
    playing, page, _ = told
    playing.asked.clear()
    page.get_by_text("earlier takes").click()
    page.get_by_role("button", name=f"replay: take {EARLIER}").click()
    assert wait_until(lambda: playing.asked == [EARLIER])
    playing.status = playing.status | {"again": {"take": EARLIER, "at": 5.2, "of": 63.0}}
    page.get_by_text(
        f"Take {EARLIER} is heard, 0:05 of 1:03; the music goes on unheard."
    ).wait_for()
    page.get_by_role("button", name="back to the music").click()
    assert wait_until(lambda: playing.asked == [EARLIER, None])
    playing.status = playing.status | {"again": None}
    page.locator("#again").wait_for(state="hidden")


def test_a_files_phrases_become_snapshots_on_free_pads(
    told: tuple[Playing, Page, Path], tmp_path: Path
) -> None:
    playing, page, _ = told
    playing.status = playing.status | {"snapshots": [1, 3]}
    page.locator(".pad.filled").nth(1).wait_for()
    a_tune(tmp_path / "tune.mid", 30)
    page.locator("#file-open").set_input_files(tmp_path / "tune.mid")
    page.locator("#file-modes").get_by_role("radio", name="store").click()
    page.get_by_role("button", name="Phrase 3: ").click()
    page.get_by_role("button", name="store all").click()

    def slots() -> list[int]:
        return [item.slot for item in playing.heard if isinstance(item, StorePoint)]

    assert wait_until(lambda: len(slots()) == 4)
    assert slots() == [2, 4, 5, 6]


def test_what_can_be_chosen_is_chosen_and_what_can_not_says_why(
    told: tuple[Playing, Page, Path],
) -> None:
    playing, page, _ = told
    playing.asked.clear()
    page.get_by_text("Controller, and more").click()
    page.get_by_text("Set-up: ").click()
    page.get_by_label("preset").select_option("mine")
    assert wait_until(lambda: playing.asked == [("preset", "mine")])
    assert page.get_by_label("sound device").is_disabled()
    page.get_by_text("none was opened at the start").wait_for()


def test_the_take_says_how_long_it_is_and_how_much_room_is_left(
    told: tuple[Playing, Page, Path],
) -> None:
    _, page, folder = told
    (folder / "take.wav").write_bytes(bytes(80 + 2 * 44_100 * 65))
    page.get_by_text("1:05, ").wait_for()
    text = page.locator("#take-text").text_content() or ""
    assert "room for " in text
    assert json.dumps(text).count("GB") == 1
