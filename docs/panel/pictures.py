"""Takes the pictures of the panel, of an instrument that plays.

    python docs/panel/pictures.py

writes `desktop.png` and `phone.png` beside this file. It needs Chromium and Playwright.
"""

# ruff: noqa: INP001 - a script

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from nesvae_live.io.remote.client import ControlError, send_command

HERE = Path(__file__).resolve().parent
PORT = 20_753
LOOKS = (
    ("desktop", {"width": 1440, "height": 1000}, "dark"),
    ("phone", {"width": 390, "height": 844}, "light"),
)
COMMANDS = (
    {"do": "store", "slot": 1},
    {"do": "set", "knob": "density", "value": 0.8},
    {"do": "set", "knob": "style1", "value": 0.9},
    {"do": "store", "slot": 2},
    {"do": "set", "knob": "noise", "value": 0.5},
    {"do": "release"},
    {"do": "auto", "on": True},
)
START_SECONDS, PLAYED_SECONDS = 60.0, 16.0


def main() -> None:
    """Play, look, stop."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        preset, control = folder / "mine.toml", folder / "control" / "socket"
        preset.write_text('name = "mine"\n', encoding="utf-8")
        command = [sys.executable, "-m", "nesvae_live", "play", "--audio", "none", "--midi-api"]
        command += ["none", "--seed", "21", "--preset", str(preset), "--panel-port", str(PORT)]
        command += ["--jams", str(folder / "jams"), "--control", str(control), "--no-status"]
        with subprocess.Popen(command) as playing:  # noqa: S603 - ourselves
            _wait_for(control)
            for asked in COMMANDS:
                send_command(asked, control)
            time.sleep(PLAYED_SECONDS)
            _take_pictures()
            send_command({"do": "stop"}, control)
            playing.wait()


def _wait_for(control: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            send_command({"do": "status"}, control)
        except ControlError:
            time.sleep(0.2)
        else:
            return


def _take_pictures() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for name, viewport, scheme in LOOKS:
            page = browser.new_page(viewport=viewport, color_scheme=scheme)
            page.goto(f"http://127.0.0.1:{PORT}/")
            page.locator("#music .knob").first.wait_for()
            time.sleep(4.0)
            page.screenshot(path=HERE / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
