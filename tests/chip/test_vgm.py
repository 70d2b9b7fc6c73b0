"""VGM files: bytes out and back, and what is refused."""

from __future__ import annotations

import gzip
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.convert import queue_writes, vgm_to_samples
from nesvae_live.chip.vgm import (
    VGM_RATE,
    RegisterLog,
    features_left_out,
    steps_to_vgm,
    vgm_to_writes,
    writes_to_vgm,
)
from tests.support.places import ORACLE

with np.load(ORACLE / "all_voices.npz") as golden:
    SONG = golden["vgm"].tobytes()
    SAMPLES = golden["samples"]


def with_number(data: bytes, at: int, number: int) -> bytes:
    return data[:at] + number.to_bytes(4, "little") + data[at + 4 :]


def with_commands(commands: bytes, nsamps: int) -> bytes:
    data = steps_to_vgm([])[:0xC0] + commands
    return with_number(with_number(data, 0x18, nsamps), 0x04, len(data) - 4)


def test_an_empty_file_is_a_header_and_an_end() -> None:
    data = steps_to_vgm([])
    assert len(data) == 0xC1
    assert data[-1] == 0x66
    assert vgm_to_writes(data).nsamps == 0


def test_writes_come_back_with_their_samples() -> None:
    data = steps_to_vgm([([(0x4015, 1), (0x4000, 0xBF)], 10), ([], 5), ([(0x4002, 7)], 0)])
    log = vgm_to_writes(data)
    assert log.nsamps == 15
    assert log.writes.tolist() == [[0, 0x4015, 1], [0, 0x4000, 0xBF], [15, 0x4002, 7]]


@pytest.mark.parametrize(
    ("wait", "commands"),
    [
        (0, "610000"),
        (1, "610100"),
        (65_535, "61ffff"),
        (65_536, "61ffff610100"),
        (131_070, "61ffff61ffff"),
        (200_000, "61ffff61ffff61ffff61430d"),
    ],
)
def test_a_long_wait_is_split_as_nesmdb_does(wait: int, commands: str) -> None:
    data = steps_to_vgm([([], wait)])
    assert data[0xC0:].hex() == commands + "66"
    assert vgm_to_writes(data).nsamps == wait


def test_short_waits_and_data_blocks_of_other_writers_are_read() -> None:
    block = b"\x67\x66\xc2" + (3).to_bytes(4, "little") + b"\x66\x66\x66"
    log = vgm_to_writes(with_commands(block + b"\x62\x63\x70\x7f\xb4\x00\x3f\x66", 735 + 882 + 17))
    assert log.nsamps == 735 + 882 + 17
    assert log.writes.tolist() == [[log.nsamps, 0x4000, 0x3F]]


@given(
    st.lists(
        st.tuples(st.integers(0, 200_000), st.integers(0x4000, 0x4017), st.integers(0, 255)),
        max_size=30,
    ),
    st.integers(0, 100_000),
)
def test_writes_at_any_samples_make_the_round_trip(
    writes: list[tuple[int, int, int]], tail: int
) -> None:
    ordered = sorted(writes, key=lambda write: write[0])
    nsamps = (ordered[-1][0] if ordered else 0) + tail
    log = RegisterLog(nsamps, np.array(ordered, dtype=np.int64).reshape(-1, 3))
    back = vgm_to_writes(writes_to_vgm(log))
    assert back.nsamps == nsamps
    assert back.writes.tolist() == log.writes.tolist()


def test_a_write_after_the_end_is_refused() -> None:
    log = RegisterLog(10, np.array([[11, 0x4000, 1]]))
    with pytest.raises(ValueError, match="a write at sample 11 is after the end at 10"):
        writes_to_vgm(log)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a VGM file: it starts with b''"),
        (b"RIFF" + SONG[4:], "not a VGM file: it starts with b'RIFF'"),
        (gzip.compress(SONG, mtime=0), "VGM is compressed"),
        (SONG[:100], "VGM is truncated: 100 bytes don't hold its header"),
        (SONG[:-1], "VGM is truncated: it has 1725 bytes, its header says 1726"),
        (SONG[:900], "VGM is truncated"),
        (SONG + b"x", "followed by foreign data"),
        (with_number(SONG, 0x08, 0x150), "VGM is version 0x150"),
        (with_number(SONG, 0x84, 0), "VGM has no NES APU"),
        (with_number(SONG, 0x84, 1_662_607), "NES APU clock 0x195e8f, not one NTSC chip's"),
        (with_number(SONG, 0x84, 1_789_773 | 1 << 30), "not one NTSC chip's"),
        (with_number(SONG, 0x84, 1_789_773 | 1 << 31), "not one NTSC chip's"),
        (with_number(SONG, 0x18, 1), "VGM lasts 176900 samples, its header says 1"),
        (with_number(SONG, 0x34, 1 << 31), "without its end mark"),
        (with_commands(b"\x61\x01", 0), "without its end mark"),
        (with_commands(b"\xb4\x00", 0), "without its end mark"),
        (with_commands(b"\x67\x66\xc2\xff\xff\xff\xff", 0), "without its end mark"),
        (with_commands(b"", 0), "without its end mark"),
        (with_commands(b"\x50\x9f\x66", 0), "VGM has command 0x50 at byte 192: not for the NES"),
        (with_commands(b"\xb4\x18\x00\x66", 0), "VGM writes to 0x4018"),
    ],
)
def test_foreign_and_truncated_files_are_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        vgm_to_writes(data)
    assert "\n" not in str(caught.value)


@given(st.integers(0, len(SONG) - 1), st.integers(0, 255))
def test_a_damaged_byte_gives_a_log_or_a_value_error(at: int, value: int) -> None:
    damaged = SONG[:at] + bytes([value]) + SONG[at + 1 :]
    try:
        log = vgm_to_writes(damaged)
    except ValueError:
        return
    assert log.nsamps == 176_900


@pytest.mark.parametrize(
    ("write", "features"),
    [
        ((0x4000, 0xBF), []),
        ((0x4000, 0xAF), ["volume envelope"]),
        ((0x4004, 0x80), ["volume envelope", "length counter"]),
        ((0x400C, 0x1F), ["length counter"]),
        ((0x4008, 0x7F), ["linear counter"]),
        ((0x4001, 0x07), []),
        ((0x4005, 0x87), ["sweep"]),
        ((0x4015, 0x1F), ["DMC"]),
        ((0x4011, 0x40), ["DMC"]),
    ],
)
def test_what_the_chip_has_not_is_named(write: tuple[int, int], features: list[str]) -> None:
    assert features_left_out(vgm_to_writes(steps_to_vgm([([write], 1)]))) == features


def test_nesmdb_s_files_use_nothing_that_the_chip_has_not() -> None:
    assert features_left_out(vgm_to_writes(SONG)) == []


@pytest.mark.parametrize("rate", [8_000, 48_000, 96_000])
def test_other_rates_last_as_long_and_sound_as_loud(rate: int) -> None:
    samples = vgm_to_samples(SONG, Apu(rate))
    assert len(samples) == 176_899 * rate // 44_100
    assert np.isclose(samples.mean(), SAMPLES.mean(), rtol=0.01)


def test_a_song_in_blocks_is_the_song() -> None:
    apu = Apu()
    frames = queue_writes(VGM_RATE, vgm_to_writes(SONG), apu)
    edges = [*range(0, frames, 256), frames]
    samples = np.concatenate([apu.render(high - low) for low, high in pairwise(edges)])
    assert np.array_equal(samples, SAMPLES)
