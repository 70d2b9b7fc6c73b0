"""Files on the page: earlier takes, and a MIDI file whose phrase is played."""

from __future__ import annotations

import importlib.util
import lzma
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import mido
import numpy as np
import pytest
from PIL import Image

from nesvae_live.log.entries import Posed
from nesvae_live.take.folder import LOG_NAME, read_jam
from tests.support.browser import chromium, opened
from tests.support.daemon import Daemon
from tests.support.panels import free_port
from tests.support.places import DOCS, RELEASE
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]
QUIET = ("--audio", "none", "--midi-api", "none", "--no-status", "--seed", "3")
EARLIER = "2020-01-01_12-00-00"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Page]]:
    folder, port = tmp_path_factory.mktemp("files"), free_port()
    with chromium() as browser, Daemon(folder, "--panel-port", str(port), *QUIET) as daemon:
        take = daemon.jams / EARLIER
        take.mkdir()
        (take / LOG_NAME).write_bytes(lzma.decompress((RELEASE / "led.jsonl.xz").read_bytes()))
        shutil.copy(DOCS / "demo.png", take / "take.png")
        with wave.open(str(take / "take.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(b"\0\x20" * 16_000)
        a_tune(take / "take.mid", 8)
        with opened(browser, f"http://127.0.0.1:{port}/") as page:
            yield daemon, page


def a_tune(path: Path, notes: int) -> None:
    """A MIDI file of a rising scale, two notes a second."""
    file, track = mido.MidiFile(), mido.MidiTrack()
    for i in range(notes):
        track.append(mido.Message("note_on", note=60 + i, velocity=80, time=0))
        track.append(mido.Message("note_off", note=60 + i, time=file.ticks_per_beat))
    file.tracks.append(track)
    file.save(path)


def test_an_earlier_take_is_listened_to_looked_at_and_had(
    played: tuple[Daemon, Page], tmp_path: Path
) -> None:
    _, page = played
    page.get_by_text("earlier takes").click()
    row = page.locator("#takes-list li", has_text=EARLIER)
    row.get_by_role("button", name="listen").click()
    assert wait_until(lambda: row.locator("audio").evaluate("a => a.currentTime") > 0.2)
    row.get_by_role("button", name="look").click()
    assert wait_until(lambda: row.locator("img").evaluate("i => i.naturalWidth") > 100)
    assert row.locator("audio").count() == 0
    with page.expect_download() as had:
        row.get_by_role("link", name="as mid").click()
    had.value.save_as(tmp_path / "had.mid")
    assert len([m for m in mido.MidiFile(tmp_path / "had.mid") if m.type == "note_on"]) == 8
    assert row.get_by_role("link").count() == 4


def pictures() -> ModuleType:
    """The script that takes the pictures of the README and of docs/panel.md."""
    spec = importlib.util.spec_from_file_location("pictures", DOCS / "panel" / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readmes_pictures_can_be_made(played: tuple[Daemon, Page], tmp_path: Path) -> None:
    _, page = played
    browser, script = page.context.browser, pictures()
    assert browser is not None
    script.take_pictures(browser, page.url, tmp_path, script.LOOKS[:1], seen=0.3)
    script.take_film(browser, page.url, tmp_path, seconds=0.1, frames=script.COLUMNS)  # a row
    bright = {}
    for path in tmp_path.iterdir():
        with Image.open(path) as made, Image.open(DOCS / "panel" / path.name) as kept:
            assert made.width == kept.width
            pixels = np.asarray(made.convert("L"))
        assert len(np.unique(pixels)) > 50, f"{path.name} shows something"
        bright[path.stem] = float(np.median(pixels))
    assert set(bright) == {"desktop", "desktop-light", "jam"}
    assert max(bright["desktop"], bright["jam"]) < 80
    assert bright["desktop-light"] > 180


DROP = """([name, bytes]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
  const at = document.getElementById("roll");
  for (const kind of ["dragover", "drop"]) {
    at.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


def test_a_phrase_of_a_dropped_midi_file_is_gone_on_from(
    played: tuple[Daemon, Page], tmp_path: Path
) -> None:
    daemon, page = played
    a_tune(tmp_path / "tune.mid", 20)
    page.evaluate(DROP, ["tune.mid", list((tmp_path / "tune.mid").read_bytes())])
    page.get_by_role("button", name="Phrase 2: C♯5 D5 E♭5 E5").wait_for()
    page.get_by_role("button", name="Phrase 1: C4 C♯4 D4 E♭4").click()

    def found() -> list[Posed]:
        (take,) = (path for path in daemon.jams.iterdir() if path.name != EARLIER)
        return [e for e in read_jam(take).entries if isinstance(e, Posed) and e.why == "capture"]

    assert wait_until(lambda: len(found()) == 1)
    (tmp_path / "text.mid").write_text("no music")
    page.locator("#file-open").set_input_files(tmp_path / "text.mid")
    page.get_by_text("text.mid: ").wait_for()
