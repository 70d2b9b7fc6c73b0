"""A port's cycles: each message on its frame, and every note ended, whatever becomes of it."""

from __future__ import annotations

import random
import struct
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.io.jack.cycle import (
    FRAMES_ROUND,
    NOW,
    Cycle,
    Kind,
    Outbox,
    read_records,
    to_record,
)
from nesvae_live.io.jack.times import SteadyLine

PERIOD = 5333


@pytest.mark.parametrize(
    ("ends", "lasts"),
    [(5333, 5333), (5100, 5100), (9000, 9000), (1, 5333), (0, 5333), (-40, 5333), (60_000, 5333)],
)
def test_a_cycle_in_which_the_servers_line_leaps_lasts_what_it_must(ends: int, lasts: int) -> None:
    cycle = Cycle.told(256, 256, 7_000_000, 7_000_000 + ends, 48_000)
    assert (cycle.first, cycle.frames, cycle.begins) == (256, 256, 7_000_000)
    assert cycle.ends - cycle.begins == lasts
    assert cycle.offset_of(7_000_000 + lasts // 2) == 128


class Port:
    """An outbox whose cycles of 256 frames go by; `sent` is (frame, message)."""

    def __init__(self, *, notes: bool = True) -> None:
        self.box = Outbox(notes=notes)
        self.n = 0
        self.sent: list[tuple[int, bytes]] = []

    @property
    def cycle(self) -> Cycle:
        return Cycle(
            256 * self.n, 256, 1_000_000 + PERIOD * self.n, 1_000_000 + PERIOD * (self.n + 1)
        )

    def put(self, kind: Kind, at: int = NOW, data: bytes = b"") -> None:
        self.box.take(kind, at, data, self.cycle.begins)

    def note(self, frame: int, *message: int) -> None:
        self.put(Kind.MESSAGE, 1_000_000 + round(frame * PERIOD / 256), bytes(message))

    def run(self, cycles: int = 1) -> list[tuple[int, bytes]]:
        before = len(self.sent)
        for _ in range(cycles):
            cycle = self.cycle
            self.sent += [(cycle.first + offset, data) for offset, data in self.box.due(cycle)]
            self.n += 1
        return self.sent[before:]


@given(
    st.integers(16, 8192), st.integers(8_000, 192_000), st.integers(0, 2**40), st.integers(0, 8191)
)
def test_a_frames_time_leads_back_to_the_frame_and_each_time_has_one_cycle(
    frames: int, rate: int, begins: int, offset: int
) -> None:
    ends = begins + round(1e6 * frames / rate)
    cycle = Cycle(0, frames, begins, ends)
    offset %= frames
    assert cycle.offset_of(cycle.time_of(offset)) == offset
    after = Cycle(frames, frames, ends, 2 * ends - begins)
    at = begins + offset * (ends - begins) // frames
    there = [c.offset_of(at) for c in (cycle, after)]
    assert (0 <= there[0] < frames) != (0 <= there[1] < frames)


@given(st.lists(st.tuples(st.integers(0, 255), st.sampled_from(Kind), st.binary(max_size=40))))
def test_records_come_out_as_they_went_in_however_they_are_cut(
    records: list[tuple[int, Kind, bytes]],
) -> None:
    whole = b"".join(to_record(port, kind, 7, data) for port, kind, data in records)
    found, waiting = [], bytearray()
    for i in range(0, len(whole), 5):
        waiting += whole[i : i + 5]
        found += [(port, kind, data) for port, kind, _, data in read_records(waiting)]
    assert found == records
    assert not waiting


def test_each_message_leaves_on_its_frame_and_in_its_cycle() -> None:
    port = Port()
    for frame in (700, 0, 255, 256, 511):
        port.note(frame, 0xB0, 11, frame % 128)
    assert [frame for frame, _ in port.run()] == [0, 255]
    assert [frame for frame, _ in port.run()] == [256, 511]
    assert [frame for frame, _ in port.run()] == [700]
    assert port.box.lateness == [0] * 5


def test_what_comes_late_leaves_at_once_and_is_counted() -> None:
    port = Port()
    port.run(3)
    port.note(512, 0x90, 60, 100)
    assert port.run() == [(768, b"\x90\x3c\x64")]
    assert port.box.lateness == [PERIOD]


def test_a_note_that_nobody_could_strike_for_long_is_left_out_and_its_end_too() -> None:
    port = Port()
    port.run(100)
    port.note(10, 0x90, 60, 100)
    port.note(20, 0x80, 60, 0)
    assert port.run() == []


def test_a_channels_note_is_ended_before_another_and_an_end_without_a_note_is_left_out() -> None:
    port = Port()
    for frame, status, note in ((5, 0x80, 60), (10, 0x90, 60), (20, 0x90, 62), (30, 0x80, 60)):
        port.note(frame, status, note, 100)
    assert port.run() == [(10, b"\x90\x3c\x64"), (20, b"\x80\x3c\x00"), (20, b"\x90\x3e\x64")]


def test_a_silence_drops_what_is_held_ends_what_sounds_and_then_says_the_rest() -> None:
    port = Port()
    port.note(0, 0x91, 70, 100)
    port.run()
    port.note(2000, 0x90, 60, 100)
    port.put(Kind.SILENCE)
    port.put(Kind.PLAIN, data=b"\xb0\x7b\x00\xb1\x7b\x00")
    assert [data for _, data in port.run()] == [b"\x81\x46\x00", b"\xb0\x7b\x00", b"\xb1\x7b\x00"]
    assert port.run(20) == []


def test_who_comes_back_gets_the_ends_of_what_sounded_when_it_went_and_before() -> None:
    port = Port()
    for frame, status, note in ((0, 0x90, 60), (10, 0x80, 60), (20, 0x91, 70)):
        port.note(frame, status, note, 100)
    port.run()
    port.put(Kind.HEAL)
    assert port.run() == [], "nobody was gone"
    port.put(Kind.DOUBT)
    port.note(300, 0x91, 72, 100)
    port.run(2)
    port.put(Kind.HEAL)
    assert {data for _, data in port.run()} == {b"\x80\x3c\x00", b"\x81\x46\x00", b"\x81\x48\x00"}


def test_ends_of_the_last_two_seconds_are_said_again_but_what_sounds_sounds_on() -> None:
    port = Port()
    port.note(0, 0x90, 60, 100)
    port.note(10, 0x80, 60, 0)
    port.note(20, 0x90, 62, 100)
    port.run()
    port.put(Kind.END_AGAIN)
    assert [data for _, data in port.run()] == [b"\x80\x3c\x00"]
    port.run(500)
    port.put(Kind.END_AGAIN)
    assert port.run() == []


def test_before_a_port_goes_the_ends_of_its_notes_are_said_in_three_cycles() -> None:
    port = Port()
    port.note(0, 0x90, 50, 100)
    port.note(10, 0x80, 50, 0)
    port.run(1000)  # long ago, but its end may be among what was lost
    now = port.cycle.first
    port.note(now, 0x90, 60, 100)
    port.note(now + 1, 0x91, 70, 100)
    port.note(now + 2, 0x81, 70, 0)
    port.run()
    port.box.finish(port.cycle.begins)
    said: list[list[bytes]] = []
    while not port.box.finished:
        said.append([data for _, data in port.run()])
    assert said[0] == [b"\x80\x3c\x00"]
    assert [cycle for cycle in said[1:] if cycle] == [
        [b"\x80\x32\x00", b"\x80\x3c\x00", b"\x81\x46\x00"]
    ] * 2


def test_a_port_that_knows_no_notes_passes_everything_on() -> None:
    port = Port(notes=False)
    for message in (b"\x90\x3c\x64", b"\x90\x3e\x64", b"\x80\x10\x00", b"\xf8"):
        port.put(Kind.MESSAGE, data=message)
    assert [data for _, data in port.run()] == [
        b"\x90\x3c\x64",
        b"\x90\x3e\x64",
        b"\x80\x10\x00",
        b"\xf8",
    ]


def test_what_found_no_room_leaves_in_the_next_cycle_in_its_order() -> None:
    port = Port()
    port.put(Kind.PLAIN, data=b"\xb0\x7b\x00")
    port.box.put_back([b"\x80\x3c\x00", b"\x80\x3e\x00"])
    assert [data for _, data in port.run()] == [b"\x80\x3c\x00", b"\x80\x3e\x00", b"\xb0\x7b\x00"]


def test_a_steady_line_is_not_bent_by_late_cycles_and_follows_a_clock_that_is_off() -> None:
    rate, frames, real = 48_000, 256, 48_004.0
    line, draw = SteadyLine(rate), random.Random(3)
    meant = []
    for n in range(20_000):
        late = 900 * draw.random() if n % 50 < 5 else 20 * draw.random()
        begins = 1e6 * n * frames / real
        first = (FRAMES_ROUND - 999 + n * frames) % FRAMES_ROUND  # their count goes round
        cycle = line.steady(Cycle(first, frames, 0, 5333), round(begins + late))
        assert abs(cycle.begins - begins) < 600
        meant.append((cycle.begins + 30_000, line.frame_of(cycle.begins + 30_000)))
        if n > 8:
            at, frame = meant[n - 5]
            assert abs(Cycle(frame or 0, frames, 0, 1).offset_of_frame(line.frame_of(at) or 0)) <= 2


AHEAD = 0.03
"""Seconds by which everything is decided ahead, as at 256 frames."""


@pytest.mark.parametrize("stalls", [(0.035,), (0.144,), (0.08, 0.14), (0.13, 0.14), (0.3,)])
def test_after_jackd_stood_still_notes_are_decided_in_time_and_lie_on_their_frames(
    stalls: tuple[float, ...],
) -> None:
    jackd, line, draw = JackdsLine(), SteadyLine(48_000), random.Random(5)
    box = Outbox(notes=False, frame_of=line.frame_of)
    note, off, real = 0, [], 0.0
    for n in range(3_000):
        real += 256 / 48_000 + (stalls[n // 375 - 1] if n in STANDS[: len(stalls)] else 0.0)
        server = jackd.cycle(n * 256, real)
        # Our port's cycle comes first, then the transport's, and then is decided what is due.
        for offset, data in box.due(server):
            (due,) = struct.unpack("<q", data)
            off.append(n * 256 + offset - due)
        woke = real + 0.0001 * draw.random()
        steady = line.steady(server, round(1e6 * woke))
        while True:
            due = 997 * note  # the transport's frame, which is the server's
            at = steady.begins + round((due - n * 256) / 0.048)
            if at > 1e6 * (woke + AHEAD):
                break
            box.take(Kind.MESSAGE, at, struct.pack("<q", due), 0)
            note += 1
    assert len(off) > 700
    assert max(map(abs, off[1:])) <= 2


STANDS = (375, 750)
"""In which cycles it does."""


class JackdsLine:
    """The line from frames to times that jackd 1.9 tells: it swings for seconds after a late cycle."""

    def __init__(self) -> None:
        self._period = 1e6 * 256 / 48_000
        self._omega = self._period * 7.854e-7
        self._next: float | None = None

    def cycle(self, first: int, real: float) -> Cycle:
        """A cycle that woke up at `real` seconds, as the server tells it."""
        begins = 1e6 * real if self._next is None else self._next
        off = (1e6 * real - begins) * self._omega
        self._period += self._omega * off
        self._next = begins + floor(self._period + 1.41 * off + 0.5)
        return Cycle(first, 256, round(begins), round(self._next))
