"""A MIDI file's own bars: places by its time signatures, and whether its notes lie on its beats."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.chip.smf.bars import midi_to_song
from nesvae_live.chip.smf.reading import read_midi
from nesvae_live.music.metre.place import FREE, place_of
from nesvae_live.music.metre.ticks import TickSong
from tests.support.smf import END, SCALE, head, message, meta, scale, track

BEAT = 96


def signature(numerator: int, power: int, tick: int = 0) -> bytes:
    return meta(0x58, bytes((numerator, power, 24, 8)), tick)


def read(body: bytes, division: int = BEAT) -> TickSong | None:
    data = head(division=division) + track(body)
    return midi_to_song(data, read_midi(data, lambda _: None))


def test_eighths_lie_on_the_bars_of_the_files_time_signature() -> None:
    for numerator, power, beats in ((4, 2, 4), (3, 2, 3), (2, 2, 4), (6, 3, 3), (2, 1, 4)):
        song = read(signature(numerator, power) + scale() * 3)
        assert song is not None
        assert song.places.tolist() == [place_of(6 * i, beats) for i in range(24)]


def test_a_file_without_a_time_signature_is_in_four() -> None:
    song = read(message(2 * BEAT, 0x90, 60, 90) + message(BEAT, 0x80, 60, 0) + scale())
    assert song is not None
    assert song.places[0] == place_of(24, 4)


def test_bars_that_the_network_does_not_know_are_free() -> None:
    song = read(signature(5, 2) + scale() * 3)
    assert song is not None
    assert (song.places == FREE).all()


def test_an_upbeat_ends_on_the_first_bar_line() -> None:
    song = read(signature(1, 2) + scale(notes=(60, 62)) + signature(3, 2) + scale())
    assert song is not None
    assert song.places[:4].tolist() == [place_of(24 + 6 * i, 3) for i in range(4)]


def test_a_metre_may_change() -> None:
    song = read(signature(4, 2) + scale() + signature(3, 2) + scale(notes=SCALE[:6]))
    assert song is not None
    assert song.places[8:].tolist() == [place_of(6 * i, 3) for i in range(6)]


def test_time_is_that_of_the_files_tempi() -> None:
    slow = meta(0x51, (1_000_000).to_bytes(3))
    song = read(slow + scale())
    assert song is not None
    assert song.steps == 96
    assert np.diff(song.frames) == pytest.approx(np.full(7, 60.1 / 2), abs=0.01)


def test_notes_that_were_played_freely_lie_on_no_beats() -> None:
    rng = np.random.default_rng(0)
    body = b"".join(
        message(int(rng.integers(9, 99)), 0x90, int(note), 90) + message(20, 0x80, int(note), 0)
        for note in rng.integers(50, 80, 60)
    )
    assert read(body) is None
    assert read(scale(), division=0xE728) is None  # 25 frames a second: there are no beats


def test_the_mark_of_an_end_is_no_metre() -> None:
    song = read(signature(4, 2) + scale() + signature(1, 0) + END)
    assert song is not None
    assert song.places.tolist() == [place_of(6 * i, 4) for i in range(8)]
