"""Streams: what a player writes by itself, at a rate, from a bank of samples."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.convert import vgm_to_samples
from nesvae_live.chip.vgm.reader import vgm_to_writes
from tests.support.vgmfiles import block, vgm, wait

BANK = bytes(range(10, 30))
LEVEL = 0x11


def number(value: int) -> bytes:
    return struct.pack("<I", value & 0xFFFFFFFF)


def set_up(rate: int, *, register: int = LEVEL, step: int = 1, base: int = 0) -> bytes:
    commands = block(7, BANK[:12]) + block(7, BANK[12:])
    commands += bytes((0x90, 3, 0x14, 0, register, 0x91, 3, 7, step, base, 0x92, 3))
    return commands + number(rate)


def start(at: int, mode: int, length: int) -> bytes:
    return b"\x93\x03" + number(at) + bytes((mode,)) + number(length)


def written(commands: bytes) -> list[tuple[int, int]]:
    log = vgm_to_writes(vgm(commands))
    assert set(log.writes[:, 1].tolist()) <= {0x4011}
    assert log.notices == ()
    return [(sample, value) for sample, _, value in log.writes.tolist()]


def spaced(values: bytes, every: float, since: int = 0) -> list[tuple[int, int]]:
    return [(since + int(i * every), value) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("call", "values"),
    [
        (start(0, 1, 5), BANK[:5]),
        (start(4, 1, 5), BANK[4:9]),
        (start(4, 1, 500), BANK[4:]),  # no further than the bank goes
        (start(0, 2, 3), BANK[:13]),  # 3 ms at 4410 a second
        (start(15, 3, 0), BANK[15:]),
        (start(2, 0x11, 4), BANK[5:1:-1]),  # backwards
        (start(0, 0, 9), b""),  # sets the position alone
        (b"\x95\x03\x00\x00\x00", BANK[:12]),
        (b"\x95\x03\x01\x00\x00", BANK[12:]),
        (b"\x95\x03\x01\x00\x10", BANK[:11:-1]),
        (b"\x95\x03\x02\x00\x00", b""),  # there is no third block
        (b"\x95\x04\x00\x00\x00", b""),  # nor another stream
    ],
)
def test_a_stream_plays_what_its_start_says(call: bytes, values: bytes) -> None:
    assert written(set_up(4410) + wait(7) + call + wait(1000)) == spaced(values, 10, 7)


def test_a_loop_goes_on_until_it_is_stopped() -> None:
    commands = set_up(4410) + start(0, 0x81, 3) + wait(95) + b"\x94\x03" + wait(100)
    assert written(commands) == spaced(bytes((10, 11, 12)) * 3 + b"\x0a", 10)
    commands = set_up(4410) + b"\x95\x03\x00\x00\x01" + wait(300) + b"\x94\xff" + wait(100)
    assert len(written(commands)) == 30


def test_steps_and_their_base_leave_samples_out() -> None:
    commands = set_up(4410, step=2, base=1) + start(0, 3, 0) + wait(1000)
    assert written(commands) == spaced(BANK[1::2], 10)
    commands = set_up(4410, step=2, base=1) + b"\x95\x03\x01\x00\x00" + wait(1000)
    assert written(commands) == spaced(BANK[13::2], 10)


def test_a_new_rate_holds_from_then_on() -> None:
    commands = set_up(4410) + start(0, 1, 8) + wait(35) + b"\x92\x03" + number(441) + wait(1000)
    assert written(commands) == spaced(BANK[:4], 10) + spaced(BANK[4:8], 100, 35)


def test_minus_one_goes_on_from_where_it_stands() -> None:
    commands = set_up(4410) + start(0, 1, 5) + wait(100) + start(-1, 1, 5) + wait(100)
    assert written(commands) == spaced(BANK[:5], 10) + spaced(BANK[5:10], 10, 100)


def test_rates_that_are_no_whole_number_of_samples_do_not_drift() -> None:
    commands = set_up(8363) + start(0, 0x81, 20) + wait(60_000) + wait(28_200)
    samples = [sample for sample, _ in written(commands)]
    assert samples == [n * 44_100 // 8363 for n in range(len(samples))]
    assert len(samples) == 16_726


def test_of_several_writes_within_a_sample_the_last_is_kept() -> None:
    found = written(set_up(441_000) + start(0, 0x81, 20) + wait(50))
    assert [sample for sample, _ in found] == list(range(50))
    assert {value for _, value in found} == {BANK[9], BANK[19]}


def test_a_stream_without_data_or_rate_writes_nothing() -> None:
    assert written(set_up(0) + start(0, 1, 5) + wait(1000)) == []
    bare = bytes((0x90, 3, 0x14, 0, LEVEL, 0x92, 3)) + number(4410)
    assert written(bare + start(0, 3, 5) + wait(1000)) == []


def test_a_sampled_tone_is_heard_at_its_pitch() -> None:
    wave = bytes(int(60 + 50 * np.sin(2 * np.pi * i / 16)) for i in range(16))
    commands = block(7, wave) + bytes((0x90, 0, 0x14, 0, LEVEL, 0x91, 0, 7, 1, 0, 0x92, 0))
    commands += number(8000) + b"\x93\0" + number(0) + b"\x83" + number(0) + wait(44_100)
    samples = vgm_to_samples(vgm(commands), Apu()).astype(float)
    spectrum = np.abs(np.fft.rfft(samples - samples.mean()))
    assert abs(int(spectrum.argmax()) - 500) <= 1
