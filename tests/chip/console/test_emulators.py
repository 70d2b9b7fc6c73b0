"""Our ROM in two emulators: it boots, shows what was drawn, and plays what was meant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.image import imread

from nesvae_live.chip.console.cartridge import Edition, to_cartridge
from nesvae_live.chip.console.frames import CONSOLE_HZ, log_to_frames
from nesvae_live.chip.console.nsf import Credits
from nesvae_live.chip.console.screen import tiles
from nesvae_live.chip.convert import to_log
from nesvae_live.chip.timeline import Change, Timeline
from nesvae_live.music.voices import Voice
from nesvae_live.take.folder import read_jam
from nesvae_live.take.sound import jam_to_timeline
from tests.support.emulators import run_fceux, run_mednafen
from tests.support.machine6502 import RomMachine
from tests.support.pitch import cents, chip_frequency, pitch_of
from tests.support.registers import intended
from tests.support.simulated import SimulatedJam

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

TOP, BOTTOM = 16, 208
"""The lines of the picture that every emulator shows."""

WATCHED = 250
"""How many frames of the take are watched."""

ABOUT = Credits("A tune by nobody", "Somebody", "(C) 2026")
NOTES = (45, 52, 60, 67, 76, 88)
Mask = npt.NDArray[np.bool_]


def jam_timeline(folder: Path, seed: int, seconds: float) -> Timeline:
    jam = SimulatedJam(seed, seconds)
    jam.play()
    return jam_to_timeline(read_jam(jam.write(folder / "take")))


def drawn(machine: RomMachine) -> Mask:
    """Where the machine's screen isn't black `[240, 256]`."""
    patterns = np.frombuffer(tiles(), np.uint8).reshape(-1, 2, 8)
    dots = np.unpackbits(patterns[:, 0] | patterns[:, 1], axis=1).reshape(-1, 8, 8)
    names = [machine.picture[0x2000 + i] for i in range(960)]
    return np.asarray(
        dots[names].reshape(30, 32, 8, 8).swapaxes(1, 2).reshape(240, 256).astype(bool)
    )


def shown(picture: Path, lines: int) -> Mask:
    """Where a picture isn't black, in whose middle an emulator shows so many of the lines."""
    image = imread(picture)[..., :3].max(2) > 0.1
    top, left = (image.shape[0] - lines) // 2, (image.shape[1] - 256) // 2
    whole = np.zeros((240, 256), bool)
    first = (240 - lines) // 2
    whole[first : first + lines] = image[top : top + lines, left : left + 256]
    return whole


def test_fceux_writes_what_was_meant_and_shows_what_was_drawn(tmp_path: Path) -> None:
    timeline = jam_timeline(tmp_path, 4, 7.0)
    rom = tmp_path / "take.nes"
    made = to_cartridge(timeline, ".nes", Edition(ABOUT, (0.0, 2.0, 4.0, 6.0)))
    rom.write_bytes(made.data)
    frames = log_to_frames(*to_log(timeline), CONSOLE_HZ)
    written, picture = run_fceux(rom, tmp_path, WATCHED)
    begins = next(i for i, writes in enumerate(written) if (0x4017, 0x40) in writes[1:]) + 1
    assert begins < 10
    assert written[begins:-2] == intended(frames)[: len(written) - 2 - begins]
    machine = RomMachine(made.data)
    machine.boot()
    for _ in range(WATCHED - 4 - begins):
        machine.frame()
    screen = shown(picture, imread(picture).shape[0])
    different = []
    for _ in range(4):  # which of the frames around it the picture is of, is the emulator's
        machine.frame()
        different.append(int((screen != drawn(machine))[TOP:BOTTOM].sum()))
    assert drawn(machine)[TOP:BOTTOM].sum() > 1200  # some levels aren't empty
    assert min(different) == 0, different


def test_mednafen_plays_each_note_at_its_pitch_and_in_its_frame(tmp_path: Path) -> None:
    changes = []
    for i, note in enumerate(NOTES):
        changes += [
            Change(1 + 30 * i, Voice.P1, note, 15, 2),
            Change(16 + 30 * i, Voice.P1, 0, 0, 2),
        ]
    rom = tmp_path / "notes.nes"
    made = to_cartridge(Timeline(60, 181, tuple(changes)), ".nes", Edition(ABOUT, (0.0, 1.5)))
    rom.write_bytes(made.data)
    sound, rate, picture = run_mednafen(rom, tmp_path, 4.5)
    moves = np.abs(np.diff(sound))
    at = np.flatnonzero(moves > 0.05 * moves.max())
    begun = np.array([at[0], *at[1:][np.diff(at) > 0.05 * rate]]) / rate
    assert len(begun) >= 8  # the second round has begun
    assert (begun - begun[0]) * CONSOLE_HZ == pytest.approx(30 * np.arange(len(begun)), abs=0.2)
    for note, start in zip(NOTES, begun, strict=False):
        held = sound[round((start + 0.05) * rate) : round((start + 0.2) * rate)]
        assert cents(pitch_of(held, rate), chip_frequency(Voice.P1, note)) == pytest.approx(
            0, abs=1
        )
    machine = RomMachine(made.data)
    machine.boot()
    machine.frame()
    machine.frame()
    titles = slice(3 * 8, 8 * 8)  # the lines that stay
    assert np.array_equal(shown(picture, 224)[titles], drawn(machine)[titles])
