"""What the panel costs the music, and how quick it is; figures for docs/panel.md.

    python -m benchmarks.panel clients [--rounds 2] [--seconds 20]
    python -m benchmarks.panel browser        one Chromium: the live page beside a still one
    python -m benchmarks.panel gesture        from a page's message to the instrument's inbox
    python -m benchmarks.panel start          to the first note, with the panel and without
    python -m benchmarks.panel usable         from the first note to a page that can be played

`clients` and `browser` start a JACK server of their own (dummy driver, 48 kHz, 256 frames), and an
instrument for each turn, with a knob that is turned four times a second. Each prints a row of a table.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from websockets.sync.client import connect
from websockets.typing import Origin

from benchmarks.start import NO_DEVICE, PLAIN, start
from nesvae_live.bench.server import bench_server
from nesvae_live.control.inputs import SetKnob
from nesvae_live.io.realtime import realtime_granted
from nesvae_live.io.remote.client import ControlError, send_command
from nesvae_live.log.entries import Heard, Sent
from nesvae_live.log.jam import Jam
from nesvae_live.music.events import NoteOn
from nesvae_live.take.folder import read_jam

FRAMES = 256
PAGES = 3
TURN_SECONDS = 0.25
SETTLE_SECONDS = 2.0
PATIENCE_SECONDS = 120.0
GESTURES = 200
GESTURE_SECONDS = 0.05
FIGURES = ("events_late", "underruns", "decodes_missed", "blocks_late", "splices", "splices_late")
PORT = 20_762


class Playing:
    """An instrument that plays, in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.control = folder / "control" / "socket"
        command = [sys.executable, "-m", "nesvae_live", "play", "--no-status", "--seed", "3"]
        command += ["--jams", str(folder / "jams"), "--control", str(self.control), *options]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def ctl(self, **command: Any) -> dict[str, Any]:
        """Send a command to it."""
        return dict(send_command(command, self.control))

    def wait(self) -> None:
        """Wait until it plays."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(ControlError, KeyError):
                if self.ctl(do="status")["beat"] > 0:
                    return
            time.sleep(0.01)
        raise SystemExit("it did not start to play")

    def end(self) -> None:
        """Stop it, and wait until the take is whole."""
        with contextlib.suppress(ControlError):
            self.ctl(do="stop")
        try:
            self._process.wait(PATIENCE_SECONDS)
        finally:
            self._process.kill()

    def jam(self) -> Jam:
        """The log."""
        (log,) = (self.folder / "jams").rglob("take.jsonl")
        return read_jam(log)


@contextmanager
def playing(*options: str) -> Iterator[Playing]:
    """An instrument, from its first note on."""
    with tempfile.TemporaryDirectory() as name:
        instrument = Playing(Path(name), *options)
        try:
            instrument.wait()
            yield instrument
        finally:
            instrument.end()


class BarePage:
    """A page without a browser, that reads everything."""

    def __init__(self) -> None:
        self._socket = connect(
            f"ws://127.0.0.1:{PORT}/live",
            origin=Origin(f"http://127.0.0.1:{PORT}"),
            max_size=None,
            open_timeout=PATIENCE_SECONDS,
        )
        self.pictures = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def say(self, **message: Any) -> None:
        """Say something to the panel."""
        self._socket.send(json.dumps(message))

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _read(self) -> None:
        for _ in self._socket:
            self.pictures += 1


def turn(instrument: Playing, seconds: float) -> dict[str, Any]:
    """Turn a knob for some seconds; what was late meanwhile."""
    time.sleep(SETTLE_SECONDS)
    before = instrument.ctl(do="status")
    deadline = time.monotonic() + seconds
    step = 0
    while time.monotonic() < deadline:
        step += 1
        instrument.ctl(do="set", knob="density", value=(step * 37 % 100) / 100)
        time.sleep(TURN_SECONDS)
    after = instrument.ctl(do="status")
    found = {name: after[name] - before[name] for name in FIGURES}
    return found | {"midi_late_ms": after["midi_late_ms"], "decode_ms": after["decode_ms"]}


@contextmanager
def three_pages() -> Iterator[Callable[[], str]]:
    """Three bare pages look."""
    pages = [BarePage() for _ in range(PAGES)]
    began = time.monotonic()
    try:
        yield (
            lambda: f"{min(p.pictures for p in pages) / (time.monotonic() - began):.0f} pictures/s"
        )
    finally:
        for page in pages:
            page.close()


@contextmanager
def nobody() -> Iterator[Callable[[], str]]:
    """Nobody looks."""
    yield lambda: ""


@contextmanager
def chromium(url: str) -> Iterator[Callable[[], str]]:
    """One Chromium shows a page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        frames = "window.n = 0; (function f() { n += 1; requestAnimationFrame(f); })()"
        page.evaluate(frames)
        began = time.monotonic()
        yield lambda: f"{page.evaluate('window.n') / (time.monotonic() - began):.0f} frames/s"
        browser.close()


STILL = "data:text/html,<h1>still</h1>"
CASES: dict[str, list[tuple[str, Callable[[], Any]]]] = {
    "clients": [("nobody", nobody), ("three pages", three_pages)],
    "browser": [
        ("a still page", lambda: chromium(STILL)),
        ("the live page", lambda: chromium(f"http://127.0.0.1:{PORT}/")),
    ],
}


def by_turns(cases: list[tuple[str, Callable[[], Any]]], rounds: int, seconds: float) -> None:
    """Measure cases by turns, and print a row for each turn."""
    with bench_server(None, FRAMES, realtime=realtime_granted()) as (server, _, counter):
        os.environ["JACK_DEFAULT_SERVER"] = server
        options = ("--midi-api", "jack", "--audio", "jack", "--panel-port", str(PORT))
        for number in range(rounds):
            for name, looked_at in cases if number % 2 == 0 else cases[::-1]:
                with ExitStack() as stack:
                    instrument = stack.enter_context(playing(*options))
                    says = stack.enter_context(looked_at())
                    xruns = counter.xruns
                    found = turn(instrument, seconds)
                    print(name, says(), {**found, "xruns": counter.xruns - xruns}, load())


def gesture() -> None:
    """How long a page's message is on its way to the inbox, where a CC is stamped."""
    with playing(*NO_DEVICE, "--panel-port", str(PORT)) as instrument:
        page = BarePage()
        while page.pictures < 10:
            time.sleep(0.1)
        said = []
        for i in range(GESTURES):
            said.append(time.perf_counter())
            page.say(do="move", target="focus", value=(i + 1) / 1000)
            time.sleep(GESTURE_SECONDS)
        page.close()
        instrument.end()
        jam = instrument.jam()
        heard = {
            round(e.input.value * 1000): e.at + jam.opened.origin
            for e in jam.entries
            if isinstance(e, Heard) and isinstance(e.input, SetKnob) and e.input.value
        }
        way = sorted((heard[i + 1] - at) * 1e3 for i, at in enumerate(said))
    print(
        f"{len(way)} gestures, ms on the way: median {median(way):.2f}, "
        f"95 % {way[int(len(way) * 0.95)]:.2f}, longest {way[-1]:.2f}",
        load(),
    )


def starts(rounds: int) -> None:
    """From the command to the first note, with the panel and without, by turns."""
    cases = {"with": ("--panel-port", str(PORT)), "without": ("--no-panel",)}
    found: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, options in cases.items():
            measured = start(PLAIN, [*NO_DEVICE, *options])
            if number:
                found[name].append(measured)
    for name, measured_all in found.items():
        notes = sorted(one[1] for one in measured_all)
        computed = median(one[2] for one in measured_all)
        print(
            f"{name} the panel: first note after {', '.join(f'{note:.2f}' for note in notes)} s, "
            f"median {median(notes):.2f}, of it computed {computed:.2f}",
            load(),
        )


def usable(rounds: int) -> None:
    """From the first note to a page that is served, and that shows the music."""
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            instrument = Playing(Path(name), *NO_DEVICE, "--panel-port", str(PORT))
            times = {}
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/main.js") as answer:
                        answer.read()
                except OSError:
                    time.sleep(0.01)
                    continue
                times["served"] = time.perf_counter()
                page = BarePage()
                while page.pictures < 2:
                    time.sleep(0.002)
                times["shown"] = time.perf_counter()
                break
            instrument.wait()
            page.close()
            instrument.end()
            jam = instrument.jam()
            notes = (e for e in jam.entries if isinstance(e, Sent))
            first = min(e.at for e in notes if isinstance(e.event, NoteOn)) + jam.opened.origin
            after = {what: round(at - first, 2) for what, at in times.items()}
            print("seconds after the first note:", after, load())


def load() -> str:
    """The machine's load average, which every figure depends on."""
    return f"load {os.getloadavg()[0]:.1f}"


def main() -> int:
    """Measure one thing."""
    parser = argparse.ArgumentParser(description="Measure what the panel costs.")
    parser.add_argument("what", choices=(*CASES, "gesture", "start", "usable"))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    if arguments.what == "gesture":
        gesture()
    elif arguments.what == "start":
        starts(arguments.rounds)
    elif arguments.what == "usable":
        usable(arguments.rounds)
    else:
        by_turns(CASES[arguments.what], arguments.rounds, arguments.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
