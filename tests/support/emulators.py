"""Two NES emulators, fceux and mednafen, without a screen or a sound card: what they show and play."""

from __future__ import annotations

import os
import shutil
import subprocess
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.support.machine6502 import Write
from tests.support.waiting import wait_until

PROGRAMS = {"fceux": "fceux", "mednafen": "mednafen", "Xvfb": "xvfb", "import": "imagemagick"}
"""Each program, and Debian's package that has it."""

PATH = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/games"
SCREEN = "800x600x24"
PATIENCE = 60.0

LUA = """
local out = io.open("{folder}/writes", "w")
emu.speedmode("maximum")
local frame = 0
memory.registerwrite(0x4000, 0x18, function(address, size, value)
    out:write(frame, " ", address, " ", value, "\\n")
end)
while frame < {frames} do
    emu.frameadvance()
    frame = frame + 1
    if frame == {frames} - 2 then gui.savescreenshotas("{folder}/screen.png") end
end
out:close()
io.open("{folder}/done", "w"):close()
while true do emu.frameadvance() end
"""
"""What fceux does: it writes down what the ROM writes to the chip, with the frame."""


def why_no_emulator() -> str | None:
    missing = [package for name, package in PROGRAMS.items() if not shutil.which(name, path=PATH)]
    return f"no {missing[0]} found (Debian: {' '.join(missing)})" if missing else None


@contextmanager
def display(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a program with a screen that nobody sees."""
    read, write = os.pipe()
    command = [found("Xvfb"), "-displayfd", str(write), "-screen", "0", SCREEN]
    xvfb = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            number = told.readline().strip()
        yield os.environ | {
            "DISPLAY": f":{number}",
            "HOME": str(folder),
            "PATH": PATH,
            "SDL_AUDIODRIVER": "dummy",
        }
    finally:
        end(xvfb)


@contextmanager
def running(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """A program, which is ended; what it says goes into a file."""
    with (folder / "said").open("wb") as said:
        program = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            yield
        finally:
            end(program)


def end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    try:
        program.wait(3)
    except subprocess.TimeoutExpired:  # fceux goes on
        program.kill()
        program.wait()


def found(name: str) -> str:
    path = shutil.which(name, path=PATH)
    assert path, name
    return path


def run_fceux(rom: Path, folder: Path, frames: int) -> tuple[list[list[Write]], Path]:
    """What a ROM writes to the chip in each of its first frames, and the screen 2 before the last.

    Frames count from power-on.
    """
    script = folder / "log.lua"
    script.write_text(LUA.format(folder=folder, frames=frames))
    command = [found("fceux"), "--sound", "0", "--loadlua", str(script), str(rom)]
    with display(folder) as environment, running(command, folder, environment):
        assert wait_until((folder / "done").exists, PATIENCE), (folder / "said").read_text()
    written: list[list[Write]] = [[] for _ in range(frames + 1)]
    for line in (folder / "writes").read_text().splitlines():
        frame, address, value = map(int, line.split())
        written[frame].append((address, value))
    return written, folder / "screen.png"


def run_mednafen(
    file: Path, folder: Path, seconds: float
) -> tuple[npt.NDArray[np.float64], int, Path]:
    """The sound of a ROM or an NSF, mono, its rate, and the screen after `seconds`."""
    sound, screen = folder / "sound.wav", folder / "screen.png"
    options = {"sound.driver": "sdl", "video.driver": "softfb", "soundrecord": str(sound)}
    options |= {"nes.xscale": "1", "nes.yscale": "1"}
    command = [found("mednafen")]
    for name, value in options.items():
        command += [f"-{name}", value]

    def long_enough() -> bool:
        return sound.exists() and sound.stat().st_size >= 2 * 48_000 * seconds

    with display(folder) as environment, running([*command, str(file)], folder, environment):
        assert wait_until(long_enough, PATIENCE), (folder / "said").read_text()
        take = [found("import"), "-window", "root", str(screen)]
        subprocess.run(take, env=environment, check=True, timeout=PATIENCE)
    with wave.open(str(sound)) as read:
        samples = np.frombuffer(read.readframes(read.getnframes()), "<i2").astype(np.float64)
        channels, rate = read.getnchannels(), read.getframerate()
    return samples.reshape(-1, channels).mean(1), rate, screen
