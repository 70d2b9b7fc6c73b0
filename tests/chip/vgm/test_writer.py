"""VGM files: bytes out and back, a score's as nesmdb writes them."""

from __future__ import annotations

from dataclasses import astuple
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.convert import queue_writes, vgm_to_samples
from nesvae_live.chip.vgm.reader import vgm_to_writes
from nesvae_live.chip.vgm.registerlog import VGM_RATE, RegisterLog, Tags
from nesvae_live.chip.vgm.writer import steps_to_vgm, writes_to_vgm
from tests.support.places import ORACLE

with np.load(ORACLE / "all_voices.npz") as golden:
    SONG = golden["vgm"].tobytes()
    SAMPLES = golden["samples"]

any_tags = st.builds(Tags, *[st.text(st.characters(codec="utf-16-le"), max_size=8)] * 11)


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


addresses = st.one_of(st.integers(0x4000, 0x4017), st.integers(0xC000, 0xC008))


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(0, 200_000), addresses, st.integers(0, 255)), max_size=30),
    st.integers(1, 100_000),
    st.floats(0, 0.999),
    any_tags,
    st.booleans(),
)
def test_writes_at_any_samples_make_the_round_trip(
    writes: list[tuple[int, int, int]], tail: int, loop: float, tags: Tags, brief: bool
) -> None:
    ordered = sorted(writes, key=lambda write: write[0])
    nsamps = (ordered[-1][0] if ordered else 0) + tail
    array = np.array(ordered, dtype=np.int64).reshape(-1, 3)
    stripped = Tags(*(text.replace("\0", " ").strip() for text in astuple(tags)))
    log = RegisterLog(nsamps, array, loop=int(loop * nsamps), tags=tags)
    back = vgm_to_writes(writes_to_vgm(log, brief=brief))
    assert back.nsamps == nsamps
    assert back.writes.tolist() == log.writes.tolist()
    assert back.loop == log.loop
    assert back.tags == stripped
    assert not back.notices


def test_a_write_after_the_end_is_refused() -> None:
    log = RegisterLog(10, np.array([[11, 0x4000, 1]]))
    with pytest.raises(ValueError, match="a write at sample 11 is after the end at 10"):
        writes_to_vgm(log)


def test_a_loop_after_the_end_is_refused() -> None:
    log = RegisterLog(10, np.empty((0, 3), np.int64), loop=10)
    with pytest.raises(ValueError, match="it can't loop from sample 10: it ends at 10"):
        writes_to_vgm(log)


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
