"""Another checkpoint is chosen on the page while it plays, and the first one again."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nesvae_live.cli.main import main
from nesvae_live.log.entries import Decoded, Sent
from nesvae_live.log.jam import Jam
from nesvae_live.model.song.songcheckpoint import save_song_checkpoint
from nesvae_live.music.events import NoteOn
from nesvae_live.paths import find_checkpoint
from nesvae_live.take.folder import MIDI_NAME, SOUND_NAME, read_jam
from tests.support.browser import chromium
from tests.support.daemon import Daemon
from tests.support.jambeats import beat_at
from tests.support.panels import free_port
from tests.support.tiny import TINY, tiny_checkpoint
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(180)]
QUIET = ("--audio", "none", "--midi-api", "none", "--no-status", "--seed", "3", "--tempo", "180")
BAR_SECONDS = 4 * 60 / 180
SHIPPED = find_checkpoint()
AXES = "#style .knob"


def struck(jam: Jam) -> list[float]:
    """When each note begins, on the scale of the stamps, in seconds."""
    return [
        e.at + jam.opened.origin
        for e in jam.entries
        if isinstance(e, Sent) and isinstance(e.event, NoteOn)
    ]


def shows_axes(page: Page, axes: int) -> bool:
    """Wait until the page has so many knobs of style."""
    return wait_until(lambda: page.locator(AXES).count() == axes)


def test_another_checkpoint_goes_on_at_a_bar_line_and_the_page_is_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, preset, port = tmp_path / "own.safetensors", tmp_path / "mine.toml", free_port()
    save_song_checkpoint(own, tiny_checkpoint())
    preset.write_text('name = "mine"\n')
    takes: list[Path] = []
    options = ("--preset", str(preset), "--checkpoint", str(own), "--panel-port", str(port))
    with chromium() as browser, Daemon(tmp_path, *options, *QUIET) as daemon:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"http://127.0.0.1:{port}/")
        page.locator(AXES).first.wait_for()
        assert page.locator(AXES).count() == TINY.style
        assert page.locator("#map").is_hidden(), "nobody drew one of it"
        daemon.ctl(do="set", knob="density", value=0.75)
        daemon.ctl(do="store", slot=2)
        page.get_by_text("Controller, and more").click()
        page.get_by_text("Set-up: ").click()
        for name, axes in ((SHIPPED.stem, 32), (own.stem, TINY.style)):
            takes.append(Path(daemon.ctl(do="status")["take"]))
            page.get_by_label("checkpoint", exact=True).select_option(name)
            assert wait_until(lambda: daemon.ctl(do="status")["take"] not in map(str, takes))
            assert shows_axes(page, axes)
            page.get_by_text(f"checkpoint {name}.").wait_for()
            assert page.locator("#map").is_visible() == (axes == 32)
            assert wait_until(lambda: daemon.ctl(do="status")["bar"] > 1)
            status = daemon.ctl(do="status")
            assert (status["knobs"], status["snapshots"]) == ({"density": 0.75}, [2])
        takes.append(Path(daemon.ctl(do="status")["take"]))
        assert daemon.end() == 0
    jams = [read_jam(take) for take in takes]
    assert [jam.opened.checkpoint for jam in jams] == [own.name, SHIPPED.name, own.name]
    decoded = [[e for e in jam.entries if isinstance(e, Decoded)] for jam in jams]
    assert [{len(e.z) for e in phrases} for phrases in decoded] == [{13}, {40}, {13}]
    for before, after in pairwise(jams):
        line = beat_at(before, after.opened.origin) / 4
        assert line == pytest.approx(round(line), abs=1e-3)
        assert struck(after)[0] - struck(before)[-1] < 2 * BAR_SECONDS
    for take in takes:
        again = tmp_path / f"again {take.name}"
        network = ("--redecode", "--checkpoint", str(own)) if take is takes[0] else ()
        assert main(["jam", "replay", str(take), "-o", str(again), *network]) == 0
        for name in (SOUND_NAME, MIDI_NAME):
            assert (again / name).read_bytes() == (take / name).read_bytes(), name
    assert "every decode matches the log" in capsys.readouterr().out
