"""The sound in a real browser: it is the take, gaps are counted, and it is said how late it is."""

from __future__ import annotations

import base64
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.chip.apu import FULL_SCALE, DcBlocker
from tests.support.browser import chromium, opened
from tests.support.daemon import Daemon
from tests.support.panels import free_port
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("jack"),  # with those that have to be in time
]
QUIET = ("--audio", "none", "--midi-api", "none", "--no-status", "--seed", "3")

EAR = """(() => {
  const ear = `registerProcessor('ear', class extends AudioWorkletProcessor {
    constructor() { super(); this.kept = []; }
    process([[left]]) {
      this.kept.push(left ? left.slice() : new Float32Array(128));
      if (this.kept.length === 64) { this.port.postMessage(this.kept); this.kept = []; }
      return true;
    }
  });`;
  const connect = AudioNode.prototype.connect;
  window.heard = [];
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) {
      const { context } = this;
      const analyser = connect.call(this, new AnalyserNode(context, { fftSize: 2048 }));
      Object.assign(window, { context, analyser });
      context.audioWorklet.addModule(URL.createObjectURL(new Blob([ear], { type: 'text/javascript' }))).then(() => {
        const node = connect.call(this, new AudioWorkletNode(context, 'ear', { numberOfOutputs: 0 }));
        node.port.onmessage = ({ data }) => window.heard.push(...data);
      });
    }
    return connect.call(this, to, ...rest);
  };
})();"""
LEVEL = """() => {
  const samples = new Float32Array(window.analyser.fftSize);
  window.analyser.getFloatTimeDomainData(samples);
  return Math.hypot(...samples) / Math.sqrt(samples.length);
}"""
TAKEN = """() => {
  const all = new Float32Array(window.heard.length * 128);
  window.heard.forEach((part, i) => all.set(part, i * 128));
  let text = '';
  const bytes = new Uint8Array(all.buffer);
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}"""
WINDOW = 2048
SEARCH = 48
ALIKE = 0.95
SILENT = 0.005
HEARD = 0.003
"""The RMS, as an analyser of the page has it, of the softest music."""
LOOK_MS = 500
UNLIKE = 5
"""Windows that a gap makes unlike, at most: its own, and those that fade."""


def listen(page: Page, seconds: float) -> tuple[NDArray[np.float32], dict[str, str]]:
    """What the page plays, float32 `[n]` at the take's rate, and what it says of it."""
    page.get_by_role("button", name="Listen").click()
    button = page.locator("#listen[data-late]")
    button.wait_for()
    assert wait_until(lambda: page.evaluate(LEVEL) > HEARD)
    page.evaluate("window.heard.length = 0")
    levels = [
        page.evaluate(f"() => new Promise(done => setTimeout(() => done(({LEVEL})()), {LOOK_MS}))")
        for _ in range(int(1000 * seconds / LOOK_MS))
    ]
    assert sum(level > HEARD for level in levels) > 0.8 * len(levels), "music has rests"
    data = base64.b64decode(page.evaluate(TAKEN))
    said: dict[str, str] = page.evaluate("({...document.getElementById('listen').dataset})")
    assert page.evaluate("window.context.sampleRate") == 44_100
    return np.frombuffer(data, np.float32), said


def sound_of(take: Path) -> NDArray[np.float32]:
    """The take as it is heard: without DC."""
    with wave.open(str(take / "take.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        rate = file.getframerate()
    return DcBlocker(rate).process(samples.astype(np.float32) / FULL_SCALE)


def likeness(heard: NDArray[np.float32], take: NDArray[np.float32]) -> list[float]:
    """How much each window of what was heard is like the take where it should be, -1..1.

    A window is looked for next to the one before it, since the player plays a little faster or
    slower than the take; where it isn't there, as after a gap, it and those after it are looked for
    everywhere.
    """
    found: list[float] = []
    at = 0
    for first in range(0, len(heard) - 4 * WINDOW, WINDOW):
        part = heard[first : first + WINDOW].astype(np.float64)
        if np.std(part) < SILENT:
            continue
        alike, near = best_of(part, take, at + first)
        if alike < ALIKE:
            anywhere = place_of(heard[first : first + 4 * WINDOW], take)
            alike, near = max((alike, near), best_of(part, take, anywhere))
        found.append(alike)
        at = near - first
    return found


def best_of(part: NDArray[np.float64], take: NDArray[np.float32], place: int) -> tuple[float, int]:
    """How much a window is like the take near a place, and where it is most so."""
    near = range(max(place - SEARCH, 0), place + SEARCH + 1)
    return max((_alike(part, take[at : at + WINDOW]), at) for at in near)


def place_of(part: NDArray[np.float32], take: NDArray[np.float32]) -> int:
    """Where in the take a part of it lies."""
    size = 1 << int(np.ceil(np.log2(len(take) + len(part))))
    products = np.fft.irfft(np.fft.rfft(take, size) * np.conj(np.fft.rfft(part, size)), size)
    power = np.cumsum(np.concatenate(([0.0], take.astype(np.float64) ** 2)))
    room = np.sqrt(power[len(part) :] - power[: -len(part)] + 1e-3)
    return int(np.argmax(products[: len(room)] / room))


def _alike(a: NDArray[np.float64], b: NDArray[np.float32]) -> float:
    if len(a) != len(b) or not b.any():
        return -1.0
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def hear_a_jam(folder: Path, seconds: float) -> tuple[list[float], dict[str, str]]:
    """How much what a page plays is like the take, window by window, and what the page says."""
    port = free_port()
    with chromium() as browser, Daemon(folder, "--panel-port", str(port), *QUIET) as daemon:
        with opened(browser, f"http://127.0.0.1:{port}/", script=EAR, bypass_csp=True) as page:
            heard, said = listen(page, seconds)
        assert daemon.end() == 0
    return likeness(heard, sound_of(daemon.take)), said


@pytest.mark.parametrize("seconds", [10.0, pytest.param(60.0, marks=pytest.mark.soak)])
def test_a_page_plays_the_take_and_counts_each_gap_and_says_how_late(
    tmp_path: Path, seconds: float
) -> None:
    alike, said = hear_a_jam(tmp_path, seconds)
    print(f"{len(alike)} windows, least alike {min(alike):.4f}, page says {said}")
    assert len(alike) > 6 * seconds
    assert sum(a < ALIKE for a in alike) <= UNLIKE * int(said["gaps"])
    assert int(said["gaps"]) <= 5  # others are at work here too; each makes it keep more
    assert 20 < int(said["late"]) < 600
