"""Takes the pictures of the panel, of an instrument that plays.

    python docs/panel/pictures.py

writes beside this file how the page looks on a laptop, a tablet and a phone, in the light and in the
dark, on stage, and `jam.png`, the film strip of a jam; with a folder as its argument, there. It needs Chromium
and Playwright. In CI `tests/panel/test_files_in_browser.py` lets it take them of another jam, quickly.
"""

# ruff: noqa: INP001 - a script

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from nesvae_live.io.remote.client import ControlError, send_command

HERE = Path(__file__).resolve().parent
PORT = 20_753
Scheme = Literal["light", "dark"]
Look = tuple[str, ViewportSize, tuple[Scheme, ...]]
STAGE = "stage"
LOOKS: tuple[Look, ...] = (
    ("desktop", {"width": 1440, "height": 1000}, ("dark", "light")),
    ("tablet", {"width": 820, "height": 1180}, ("light", "dark")),
    ("phone", {"width": 390, "height": 844}, ("light", "dark")),
    (STAGE, {"width": 1440, "height": 900}, ("dark",)),
)
"""Name, size, and schemes: the first has the plain name, the other is named after its scheme."""

FRAMES, COLUMNS, FRAME_SECONDS = 6, 2, 4.0
FRAME = {"x": 0, "y": 0, "width": 1100, "height": 520}
FRAME_WIDTH = 720
COMMANDS = (
    {"do": "store", "slot": 1},
    {"do": "set", "knob": "density", "value": 0.8},
    {"do": "set", "knob": "style1", "value": 0.9},
    {"do": "store", "slot": 2},
    {"do": "set", "knob": "noise", "value": 0.5},
    {"do": "release"},
    {"do": "auto", "on": True},
)
START_SECONDS, PLAYED_SECONDS, SEEN_SECONDS = 180.0, 12.0, 3.0


def main() -> None:
    """Play, look, stop."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        preset, control = folder / "mine.toml", folder / "control" / "socket"
        preset.write_text('name = "mine"\n', encoding="utf-8")
        command = [sys.executable, "-m", "nesvae_live", "play", "--audio", "none", "--midi-api"]
        command += ["none", "--seed", "21", "--preset", str(preset), "--panel-port", str(PORT)]
        command += ["--jams", str(folder / "jams"), "--control", str(control), "--no-status"]
        with subprocess.Popen(command) as playing:  # noqa: S603 - ourselves
            try:
                _wait_for(control)
                _show(control, out)
            finally:
                playing.terminate()


def _show(control: Path, out: Path) -> None:
    """Ask the instrument for what is to be seen, and take the pictures."""
    for asked in COMMANDS:
        send_command(asked, control)
    time.sleep(PLAYED_SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        url = f"http://127.0.0.1:{PORT}/"
        take_pictures(browser, url, out)
        send_command({"do": "morph", "slot": 1, "bars": 8}, control)
        take_film(browser, url, out)
        browser.close()


def _wait_for(control: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(ControlError):
            send_command({"do": "status"}, control)
            return
        time.sleep(0.2)
    raise SystemExit("the instrument did not begin to play")


def take_pictures(
    browser: Browser,
    url: str,
    out: Path,
    looks: tuple[Look, ...] = LOOKS,
    seen: float = SEEN_SECONDS,
) -> None:
    """How the page at `url` looks, each after `seen` seconds, as files in `out`."""
    for name, viewport, schemes in looks:
        for scheme in schemes:
            with _opened(browser, url, viewport, scheme, seen) as page:
                if name == STAGE:
                    page.get_by_role("button", name="Stage").click()
                    time.sleep(seen)
                plain = scheme == schemes[0]
                shot = Image.open(BytesIO(page.screenshot()))
                _save(shot, out / f"{name if plain else f'{name}-{scheme}'}.png")


def take_film(
    browser: Browser, url: str, out: Path, seconds: float = FRAME_SECONDS, frames: int = FRAMES
) -> None:
    """What the top of the page shows, every so many seconds, as `jam.png` in `out`."""
    size = FRAME_WIDTH, FRAME_WIDTH * FRAME["height"] // FRAME["width"]
    rows = -(-frames // COLUMNS)
    film = Image.new("RGB", (COLUMNS * size[0], rows * size[1]))
    viewport: ViewportSize = {"width": FRAME["width"], "height": FRAME["height"]}
    with _opened(browser, url, viewport, "dark", min(seconds, SEEN_SECONDS)) as page:
        for i in range(frames):
            shot = Image.open(BytesIO(page.screenshot(clip=FRAME)))
            place = i % COLUMNS * size[0], i // COLUMNS * size[1]
            film.paste(shot.resize(size, Image.Resampling.LANCZOS), place)
            time.sleep(seconds)
    _save(film, out / "jam.png")


def _save(picture: Image.Image, path: Path) -> None:
    """Save it with 256 colours, which are enough: a third of the bytes."""
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE, kmeans=2).save(
        path, optimize=True
    )


@contextmanager
def _opened(
    browser: Browser, url: str, viewport: ViewportSize, scheme: Scheme, seen: float
) -> Iterator[Page]:
    page = browser.new_page(viewport=viewport, color_scheme=scheme)
    page.goto(url)
    page.locator("#music .knob").first.wait_for()
    time.sleep(seen)
    yield page
    page.close()


if __name__ == "__main__":
    main()
