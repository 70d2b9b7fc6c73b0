"""Our 6502 code in a 6502 core: what it writes to the chip is what was meant, in every frame."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from nesvae_live.chip.console.frames import CONSOLE_HZ, FrameLog, log_to_frames
from nesvae_live.chip.console.nsf import NSF_HZ, PLAYER, Credits, frames_to_nsf
from nesvae_live.chip.console.rom import Count, frames_to_rom
from nesvae_live.chip.convert import to_log
from nesvae_live.take.folder import read_jam
from nesvae_live.take.sound import jam_to_timeline
from tests.support.machine6502 import NsfMachine, RomMachine, Write
from tests.support.registers import any_log, held, intended
from tests.support.simulated import SimulatedJam

POWER_ON = [(0x4015, 0), *((0x4000 + i, 0) for i in range(15, -1, -1)), (0x4017, 0x40)]


def jam_frames(folder: Path, seed: int, seconds: float, fps: float = NSF_HZ) -> FrameLog:
    jam = SimulatedJam(seed, seconds)
    jam.play()
    return log_to_frames(*to_log(jam_to_timeline(read_jam(jam.write(folder / "take")))), fps)


def played(frames: FrameLog, loop: int | None, more: int = 0) -> list[list[Write]]:
    """What the NSF's player writes in each frame, and in `more` behind the last one."""
    machine = NsfMachine(frames_to_nsf(frames, Credits("T"), loop).data)
    assert machine.call(machine.init) == POWER_ON
    return [machine.call(machine.play) for _ in range(frames.count + more)]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_take_s_writes_are_the_intended_ones_in_every_frame(seed: int, tmp_path: Path) -> None:
    frames = jam_frames(tmp_path, seed, 12.0)
    assert sum(map(len, frames.voices)) > 100
    assert played(frames, None) == intended(frames)


def test_any_writes_come_through_over_many_banks() -> None:
    frames = log_to_frames(44_100, any_log(3, 20.0, 4.0), NSF_HZ)
    assert len(frames_to_nsf(frames, Credits(), None).data) > 4 * 4096
    assert played(frames, None) == intended(frames)


@pytest.mark.parametrize("loop", [0, 1, 77, 298, 299])
def test_a_loop_goes_on_as_it_was_there_the_first_time(loop: int) -> None:
    """The registers hold the same in every frame of the second round as in the first one."""
    frames = log_to_frames(44_100, any_log(loop, 300 / NSF_HZ, 1.0), NSF_HZ)
    assert frames.count == 300
    round_ = frames.count - loop
    twice = held(played(frames, loop, 2 * round_))
    first, second, third = (twice[at : at + round_] for at in (loop, 300, 300 + round_))
    assert [sounding(now) for now in second] == [sounding(now) for now in first]
    assert third == second


def sounding(registers: dict[int, int]) -> dict[int, int]:
    """What registers hold of the voices that are on."""
    status = registers.get(0x4015, 0) & 0x0F
    on = {0x4000 + i: registers.get(0x4000 + i, 0) for i in range(16) if status >> (i >> 2) & 1}
    return {0x4015: status, **on}


def test_a_note_that_is_struck_where_the_loop_begins_is_struck_each_time(tmp_path: Path) -> None:
    frames = jam_frames(tmp_path, 5, 8.0)
    struck = next(f for f, turn in frames.voices[0] if f > 60 and turn.values[3] is not None)
    writes = played(frames, struck, 1)
    high = [value for address, value in writes[struck] if address == 0x4003]
    assert [value for address, value in writes[-1] if address == 0x4003] == high


def test_without_a_loop_it_falls_silent_and_stays_so(tmp_path: Path) -> None:
    frames = jam_frames(tmp_path, 6, 5.0)
    over = played(frames, None, 200)[frames.count :]
    assert [write for frame in over[1:] for write in frame] == []
    assert held(played(frames, None, 1))[-1][0x4015] == 0


def test_the_rom_writes_the_same_and_counts_bars(tmp_path: Path) -> None:
    frames = jam_frames(tmp_path, 7, 10.0, CONSOLE_HZ)
    count = Count("BAR", list(range(0, frames.count, 120)))
    rom = frames_to_rom(frames, Credits("A tune: <1>", "Me", "2026 Me"), 0, count)
    machine = RomMachine(rom.data)
    assert machine.boot() == [(0x4017, 0x40), (0x4010, 0), *POWER_ON]
    written = []
    for frame in range(frames.count):
        written.append(machine.frame())
        bar = max(0, frame - 1) // 120 + 1
        if frame:
            assert machine.line(11)[3:16].split() == ["BAR", str(bar), "OF", str(len(count.frames))]
    assert written == intended(frames)
    assert machine.line(3).strip() == "A TUNE: <1>"
    assert [machine.line(row).strip() for row in (6, 7)] == ["ME", "2026 ME"]
    status = held(written)[-2].get(0x4015, 0)
    for voice, (row, name) in enumerate(((15, "P1"), (17, "P2"), (19, "TR"), (21, "NO"))):
        level = held(written)[-2].get(0x4000 + 4 * voice, 0) & 15 if voice != 2 else 15
        full = level if status >> voice & 1 else 0
        assert machine.line(row).strip() == f"{name}  {'#' * full}{'.' * (15 - full)}"


def test_a_frame_s_work_fits_into_a_frame_and_the_picture_s_into_the_dark() -> None:
    """The screen is dark for 20 lines of 113.67 clocks; half a line is left for the interrupt."""
    frames = log_to_frames(44_100, any_log(8, 5.0, 4.0), CONSOLE_HZ)
    machine = RomMachine(frames_to_rom(frames, Credits(), 0, Count("SEC", [0, 60])).data)
    machine.boot()
    longest = drawing = 0
    for _ in range(frames.count):
        begun = machine.mpu.processorCycles
        machine.frame()
        longest = max(longest, machine.mpu.processorCycles - begun)
        drawing = max(drawing, machine.drawn_at - begun)
    assert 500 < drawing < 19.5 * 113.67
    assert drawing < longest < 29_780 / 4


@pytest.mark.cc65
@pytest.mark.parametrize("name", ["nsf", "nes"])
def test_the_bytes_are_what_cc65_makes_of_the_source(name: str, tmp_path: Path) -> None:
    asm = PLAYER.parent
    made, code = tmp_path / f"{name}.bin", tmp_path / f"{name}.o"
    ca65, ld65 = shutil.which("ca65"), shutil.which("ld65")
    assert ca65
    assert ld65
    subprocess.run([ca65, "-o", code, asm / f"{name}.s"], check=True, cwd=asm)
    subprocess.run([ld65, "-C", asm / f"{name}.cfg", "-o", made, code], check=True)
    assert made.read_bytes() == (asm / f"{name}.bin").read_bytes()
