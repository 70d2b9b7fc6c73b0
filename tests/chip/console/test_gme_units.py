"""What games use of the chip, beside libgme, a player that is not ours: register for register.

Both play the same writes in the same frames. Loudness over time tells envelopes, counters and
sweeps apart: a unit that is left out, or runs at half its speed, falls far below the limits here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.console.nsf import NSF_HZ
from nesvae_live.chip.convert import queue_writes
from nesvae_live.chip.registers import CPU_CLOCK, note_to_period
from nesvae_live.chip.vgm.registerlog import RegisterLog
from nesvae_live.evaluation.performing.logmel import distance
from nesvae_live.music.voices import Voice
from tests.support.gme import RATE, play_nsf
from tests.support.rawnsf import raw_nsf

pytestmark = pytest.mark.gme

EVERY, COUNT = 20, 12
"""Frames a note, and notes."""

NOTES = (60, 64, 67, 72)
HOP = 147
FRAME = 5
"""Hops in a frame."""

Frame = list[tuple[int, int]]
Sound = npt.NDArray[np.float64]


def both(make: Callable[[int], Frame], samples: bytes = b"") -> tuple[Sound, Sound]:
    """What libgme and we make of notes, each begun by the writes that `make` gives."""
    frames: list[Frame] = [[] for _ in range(EVERY * COUNT)]
    for k in range(COUNT):
        frames[k * EVERY] = make(k)
    seconds = len(frames) / NSF_HZ + 0.1
    theirs = play_nsf(raw_nsf(frames, samples), seconds)
    rows = [(0, 0xC000 + i, value) for i, value in enumerate(samples)]
    rows += [(0, 0x4017, 0x40), (0, 0x4015, 0x0F)]
    for k, writes in enumerate(
        frames
    ):  # the player calls for the first time a frame after it began
        at = 1 + round((k + 1) / NSF_HZ * CPU_CLOCK)
        rows += [(at, address, value) for address, value in writes]
    log = RegisterLog(round(seconds * CPU_CLOCK) + 1, np.array(rows, np.int64))
    chip = Apu()
    ours = chip.render(queue_writes(CPU_CLOCK, log, chip)).astype(np.float64)
    n = min(len(ours), len(theirs))
    return theirs[:n], ours[:n]


def loudness(sound: Sound) -> Sound:
    """The effective value of each 3 ms, without what is slower than some 20 Hz."""
    slow = np.convolve(sound, np.ones(2000) / 2000, "same")
    power = np.add.reduceat((sound - slow) ** 2, np.arange(0, len(sound), HOP)) / HOP
    return np.asarray(np.sqrt(power))


def pulse(voice: Voice, note: int, control: int, length: int, sweep: int) -> Frame:
    period, base = note_to_period(voice, note), 0x4000 + 4 * voice
    return [
        (base, control),
        (base + 1, sweep),
        (base + 2, period & 255),
        (base + 3, length << 3 | period >> 8),
    ]


def triangle(note: int, linear: int) -> Frame:
    period = note_to_period(Voice.TR, note)
    return [(0x4008, linear), (0x400A, period & 255), (0x400B, 8 | period >> 8)]


def noise(period: int, control: int) -> Frame:
    return [(0x400C, control), (0x400E, period), (0x400F, 8)]


def sample(rate: int, start: int, length: int) -> Frame:
    writes = [(0x4010, rate), (0x4011, 60), (0x4012, start), (0x4013, length)]
    return [(0x4015, 0x0F), *writes, (0x4015, 0x1F)]


WAVE = np.packbits(np.sin(np.arange(8 * 1025) * 2 * np.pi / 90) > 0, bitorder="little").tobytes()
"""A tone, as the DMC's bits."""

CASES: dict[str, Callable[[int], Frame]] = {
    "nothing of it": lambda k: pulse(Voice.P1, NOTES[k % 4], 0xBF, 1, 0x08),
    "envelopes": lambda k: pulse(Voice.P1, NOTES[k % 4], 0x80 | k % 8, 1, 0x08),
    "envelopes that loop": lambda k: pulse(Voice.P2, NOTES[k % 4], 0xA0 | k % 4, 1, 0x08),
    "length counters": lambda k: pulse(
        Voice.P1, NOTES[k % 4], 0x9C, (3, 5, 7, 0, 2, 12)[k % 6], 0x08
    ),
    "P1's sweep": lambda k: pulse(Voice.P1, NOTES[k % 4], 0xBC, 1, (0x84, 0x8C, 0x9B, 0x93)[k % 4]),
    "P2's sweep": lambda k: pulse(Voice.P2, NOTES[k % 4], 0xBC, 1, (0x84, 0x8C, 0x9B, 0x93)[k % 4]),
    "the linear counter": lambda k: triangle(NOTES[k % 4], (3, 10, 30, 0x83)[k % 4]),
    "noise and its envelope": lambda k: noise((3, 8, 0x85, 12)[k % 4], (1, 3, 5, 0x22)[k % 4]),
    "the DMC": lambda k: sample(
        (15, 12, 9, 4)[k % 4], (0, 4, 8, 2)[k % 4], (20, 10, 30, 16)[k % 4]
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_unit_is_heard_as_libgme_plays_it(case: str) -> None:
    theirs, ours = both(CASES[case], WAVE)
    one, other = loudness(theirs), loudness(ours)
    assert np.corrcoef(one, other)[0, 1] > 0.95
    if case != "the linear counter":  # what it holds is DC to us, which a filter takes there
        assert distance(theirs, ours, RATE) < 4.5
    note = EVERY / NSF_HZ * RATE / HOP
    loud = [x > 0.15 * x.max() for x in (one, other)]
    # How long each sounds, within a frame; a jump of the level that the triangle holds is heard there.
    for k in range(COUNT - 1):
        cut = slice(round((k + 1) * note), round((k + 2) * note))
        assert abs(int(loud[0][cut].sum()) - int(loud[1][cut].sum())) <= FRAME + 4 * (
            case == "the linear counter"
        )
