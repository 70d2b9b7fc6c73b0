"""The chip's units against what nesdev documents: counters, envelopes, sweeps and the DMC, heard."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.vgm.registerlog import NTSC_CLOCK, PAL_CLOCK

RATE = 48_000
QUARTER = 7458
"""CPU clocks between two steps of the frame counter."""

Writes = list[tuple[float, int, int]]
"""(CPU clocks, address, value)."""

ALL_ON: Writes = [(0, 0x4017, 0x00), (0, 0x4015, 0x0F)]


def play(writes: Writes, clocks: float, clock: int = NTSC_CLOCK) -> npt.NDArray[np.int64]:
    """The samples of so many CPU clocks."""
    chip = Apu(RATE)
    rows = [(int(at / clock * RATE), address, value) for at, address, value in writes]
    chip.load(np.array(rows, np.int64), clock)
    return chip.render(int(clocks / clock * RATE)).astype(np.int64)


def clocks_of(sample: int, clock: int = NTSC_CLOCK) -> float:
    return sample / RATE * clock


def pulse(
    control: int, period: int, length: int = 1, *, sweep: int = 0x08, base: int = 0
) -> Writes:
    registers = (control, sweep, period & 255, length << 3 | period >> 8)
    return [(0, 0x4000 + 4 * base + i, value) for i, value in enumerate(registers)]


def last_heard(samples: npt.NDArray[np.int64]) -> int:
    """The last sample that differs from the end's level."""
    return int(np.flatnonzero(samples != samples[-1])[-1])


def level_of(peak: int) -> int:
    """The volume of a lone pulse by the mixer's formula."""
    mixed = [0, *(4 * int(8192 * 95.88 / (8128 / v + 100)) for v in range(1, 16))]
    return int(np.abs(np.array(mixed) - peak).argmin())


def dmc_levels(samples: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The DMC's level in each sample, all else silent."""
    with np.errstate(divide="ignore"):
        mixed = 4 * (6144 * 159.79 / (100 + 1 / (np.arange(128) / 22638)))
    return np.asarray(np.abs(mixed[None, :] - samples[:, None]).argmin(axis=1))


def documented_length(index: int) -> int:
    """Odd ones are linear, even ones lengths of notes at two tempi."""
    if index % 2:
        return 254 if index == 1 else index - 1
    notes = (10, 20, 40, 80, 160, 60, 14, 26), (12, 24, 48, 96, 192, 72, 16, 32)
    return notes[index // 16][index // 2 % 8]


@pytest.mark.parametrize("index", range(32))
def test_a_length_lasts_as_many_half_frames_as_documented(index: int) -> None:
    ends = documented_length(index) * 2 * QUARTER
    samples = play(ALL_ON + pulse(0x9F, 200, index), ends + 40_000)
    assert clocks_of(last_heard(samples)) == pytest.approx(ends, abs=16 * 201)


@pytest.mark.parametrize(("voice", "base"), [("P2", 1), ("NO", 3)])
def test_every_voice_has_a_length_counter(voice: str, base: int) -> None:
    if voice == "P2":
        writes = pulse(0x9F, 200, 5, base=base)
    else:
        writes = [(0, 0x400C, 0x1F), (0, 0x400E, 0x04), (0, 0x400F, 5 << 3)]
    samples = play(ALL_ON + writes, 8 * QUARTER + 60_000)
    assert clocks_of(last_heard(samples)) == pytest.approx(8 * QUARTER, abs=5_000)


def test_a_halted_length_does_not_end_and_goes_on_when_it_is_let_run() -> None:
    writes = ALL_ON + pulse(0xBF, 200, 3)
    assert np.ptp(play(writes, 400_000)[-500:]) > 1000
    writes.append((200_000, 0x4000, 0x9F))
    samples = play(writes, 400_000)
    half_frames = 200_000 // (2 * QUARTER)
    assert clocks_of(last_heard(samples)) == pytest.approx(
        (half_frames + 2) * 2 * QUARTER, abs=4000
    )


def test_switching_off_ends_at_once_and_switching_on_needs_a_new_length() -> None:
    writes = ALL_ON + pulse(0xBF, 200)
    writes += [(50_000, 0x4015, 0), (90_000, 0x4003, 0), (130_000, 0x4015, 1)]
    samples = play([*writes, (170_000, 0x4003, 8)], 250_000)
    heard = np.flatnonzero(samples)
    quiet = np.flatnonzero(np.diff(heard) > 500)
    assert clocks_of(heard[quiet[0]]) == pytest.approx(50_000, abs=3300)
    assert clocks_of(heard[quiet[0] + 1]) == pytest.approx(170_000, abs=3300)


@pytest.mark.parametrize("period", [0, 1, 4, 15])
def test_an_envelope_falls_by_one_every_so_many_quarter_frames(period: int) -> None:
    """It is 15 from the first quarter frame on, and 0 from the last step on."""
    step = (period + 1) * QUARTER
    samples = play(ALL_ON + pulse(0xA0 & ~0x20 | period, 20, 1), QUARTER + 17 * step)
    found = []
    for i in range(16):
        middle = QUARTER + (i + 0.5) * step
        around = samples[int((middle - 700) / NTSC_CLOCK * RATE) :][: int(1400 / NTSC_CLOCK * RATE)]
        found.append(level_of(int(around.max())))
    assert found == list(range(15, -1, -1))
    assert not samples[-10:].any()


def test_an_envelope_that_loops_begins_again() -> None:
    samples = play(ALL_ON + pulse(0xA0, 20, 1), 40 * QUARTER)
    peaks = [
        level_of(int(samples[int((i + 0.3) * QUARTER / NTSC_CLOCK * RATE) :][:60].max()))
        for i in range(1, 40)
    ]
    assert peaks == [*range(15, -1, -1), *range(15, -1, -1), *range(15, 8, -1)]


def test_an_envelope_starts_with_the_quarter_frame_after_its_note() -> None:
    again = [*ALL_ON, *pulse(0x8F & ~0x0F | 2, 20, 1), (60 * QUARTER + 2000, 0x4003, 1 << 3)]
    samples = play(again, 62 * QUARTER)
    begins = np.flatnonzero(samples[int(59 * QUARTER / NTSC_CLOCK * RATE) :])[0]
    at = 59 * QUARTER + clocks_of(int(begins))
    assert at == pytest.approx(61 * QUARTER, abs=400)


def triangle(linear: int, period: int = 100, length: int = 1) -> Writes:
    registers = ((0x4008, linear), (0x400A, period & 255), (0x400B, length << 3 | period >> 8))
    return [(0, address, value) for address, value in registers]


@pytest.mark.parametrize("linear", [1, 2, 17, 127])
def test_the_linear_counter_stops_the_triangle_after_so_many_quarter_frames(linear: int) -> None:
    samples = play(ALL_ON + triangle(linear), (linear + 12) * QUARTER)
    moves = np.flatnonzero(np.diff(samples))
    assert clocks_of(moves[0]) == pytest.approx(QUARTER, abs=250)
    assert clocks_of(moves[-1]) == pytest.approx((linear + 1) * QUARTER, abs=250)


def test_the_triangle_holds_its_level_when_it_stops() -> None:
    samples = play(ALL_ON + triangle(3), 30 * QUARTER)
    assert samples[-1] > 0
    assert np.ptp(samples[-2000:]) == 0


def test_with_its_control_bit_the_linear_counter_is_loaded_for_ever() -> None:
    writes = ALL_ON + triangle(0x80 | 2)
    assert np.ptp(play(writes, 60 * QUARTER)[-300:]) > 1000
    writes.append((40.5 * QUARTER, 0x4008, 2))  # loaded once more, then let run
    moves = np.flatnonzero(np.diff(play(writes, 60 * QUARTER)))
    assert clocks_of(moves[-1]) == pytest.approx(43 * QUARTER, abs=250)


def test_the_triangle_has_a_length_counter_too() -> None:
    moves = np.flatnonzero(np.diff(play(ALL_ON + triangle(127, length=5), 60 * QUARTER)))
    assert clocks_of(moves[-1]) == pytest.approx(8 * QUARTER, abs=250)


def cycles(samples: npt.NDArray[np.int64]) -> float:
    """CPU clocks in a cycle."""
    high = samples > samples.max() // 2
    rises = np.flatnonzero(high[1:] & ~high[:-1])
    return clocks_of(int(rises[-1] - rises[0])) / (len(rises) - 1)


@pytest.mark.parametrize(("base", "less"), [(0, 1), (1, 0)])
@pytest.mark.parametrize("shift", [1, 3, 7])
def test_a_sweep_up_takes_one_more_from_p1_than_from_p2(base: int, less: int, shift: int) -> None:
    """Negated, P1 adds the ones' complement and P2 the two's: one step, at the second half frame."""
    period = 0x300
    writes = ALL_ON + pulse(0xBF, period, base=base, sweep=0x80 | 0x70 | 0x08 | shift)
    samples = play(writes, 17 * QUARTER)
    # The divider was 0: the first half frame sweeps, the next one 8 half frames later.
    after = samples[int(2.3 * QUARTER / NTSC_CLOCK * RATE) :]
    assert cycles(after) == pytest.approx(16 * (period - (period >> shift) - less + 1), rel=2e-3)


def test_a_sweep_down_goes_on_every_so_many_half_frames_until_it_is_too_low() -> None:
    writes = ALL_ON + pulse(0xBF, 0x40, sweep=0x80 | 0x10 | 2)
    periods, period = [], 0x40
    while period + (period >> 2) < 0x800:
        period += period >> 2
        periods.append(period)
    samples = play(writes, 80 * QUARTER)
    for i, expected in enumerate(periods[:-1]):
        begins = (2 + 4 * i + 0.2) * QUARTER
        part = samples[int(begins / NTSC_CLOCK * RATE) :][: int(3.7 * QUARTER / NTSC_CLOCK * RATE)]
        if expected < 0x180:
            assert cycles(part) == pytest.approx(16 * (expected + 1), rel=0.02)
    silent_from = (2 + 4 * (len(periods) - 1)) * QUARTER
    assert clocks_of(int(np.flatnonzero(samples)[-1])) < silent_from + 500
    assert periods[-1] + (periods[-1] >> 2) >= 0x800


@pytest.mark.parametrize(
    ("period", "sweep", "sounds"),
    [
        (7, 0x08, False),
        (8, 0x08, True),
        (0x7FF, 0x08, True),  # negated: never too long
        (0x400, 0x00, False),  # twice as long, though the sweep is off
        (0x3FF, 0x00, True),
        (0x7F1, 0x07, False),
        (0x7F0, 0x07, True),
        (0x600, 0x02, True),
        (0x667, 0x02, False),
    ],
)
def test_a_pulse_is_mute_where_its_sweep_would_lead_too_far(
    period: int, sweep: int, sounds: bool
) -> None:
    samples = play(ALL_ON + pulse(0xBF, period, sweep=sweep), 150_000)
    assert bool(samples.any()) is sounds


def test_five_steps_clock_at_once_and_then_more_slowly() -> None:
    """A length of 2 half frames: one of them with the write, one with the second step."""
    writes: Writes = [(0, 0x4015, 0x0F), *pulse(0x9F, 100, 3), (10, 0x4017, 0x80)]
    samples = play(writes, 20 * QUARTER)
    assert clocks_of(last_heard(samples)) == pytest.approx(2 * QUARTER, abs=2000)
    # 10 half frames: with the write, then at steps 2 and 5 of each five.
    writes[4] = (0, 0x4003, 0)
    samples = play(writes, 40 * QUARTER)
    assert clocks_of(last_heard(samples)) == pytest.approx((4 * 5 + 2) * QUARTER, abs=2000)


def test_four_steps_begin_anew_with_a_write_without_a_clock() -> None:
    writes: Writes = [(0, 0x4015, 0x0F), *pulse(0x9F, 100, 3)]
    writes += [(i * QUARTER * 1.5, 0x4017, 0) for i in range(1, 9)]  # none gets to its second step
    samples = play(writes, 20 * QUARTER)
    assert clocks_of(last_heard(samples)) == pytest.approx((12 + 4) * QUARTER, abs=2000)


def memory(contents: bytes, at: int = 0xC000) -> Writes:
    return [(0, at + i, value) for i, value in enumerate(contents)]


def dmc(rate: int, level: int, start: int, length: int) -> Writes:
    registers = (rate, level, start, length)
    writes: Writes = [(0, 0x4010 + i, value) for i, value in enumerate(registers)]
    return [(0, 0x4015, 0), *writes, (0, 0x4015, 0x10)]


def steps_of(levels: npt.NDArray[np.int64]) -> list[int]:
    """The levels in their order, without what a sample between two of them is on average."""
    held = levels[1:][np.diff(levels) == 0]
    return [int(held[0]), *(int(x) for x in held[1:][np.diff(held) != 0])]


def test_the_dmc_s_bits_move_its_level_by_two_lowest_bit_first() -> None:
    """0x0B is 1101 0000 from its lowest bit on, and 16 more bytes of 0x55 come and go."""
    writes = memory(b"\x0b" + b"\x55" * 16) + dmc(0, 64, 0, 1)
    levels = steps_of(dmc_levels(play(writes, 428 * 8 * 4)))
    assert levels[:17] == [64, 66, 68, 66, 68, 66, 64, 62, 60, 62, 60, 62, 60, 62, 60, 62, 60]


@pytest.mark.parametrize(
    ("byte", "level", "end"), [(0xFF, 120, 126), (0xFF, 125, 127), (0, 6, 0), (0, 5, 1)]
)
def test_the_dmc_s_level_stops_where_two_more_would_leave_its_range(
    byte: int, level: int, end: int
) -> None:
    levels = dmc_levels(play(memory(bytes([byte]) * 17) + dmc(0, level, 0, 1), 428 * 200))
    assert levels[-1] == end
    assert (levels.min(), levels.max()) == (min(level, end), max(level, end))


NTSC_RATES = (428, 380, 340, 320, 286, 254, 226, 214, 190, 160, 142, 128, 106, 84, 72, 54)
PAL_RATES = (398, 354, 316, 298, 276, 236, 210, 198, 176, 148, 132, 118, 98, 78, 66, 50)


@pytest.mark.parametrize("rate", range(16))
@pytest.mark.parametrize(
    ("clock", "rates"), [(NTSC_CLOCK, NTSC_RATES), (PAL_CLOCK, PAL_RATES)], ids=["NTSC", "PAL"]
)
def test_the_dmc_s_rates_are_the_documented_ones(
    rate: int, clock: int, rates: tuple[int, ...]
) -> None:
    """Of 17 bytes of 0x55 every bit is a step: 135 bits from the first to the last."""
    samples = play([*memory(b"\x55" * 17), *dmc(rate, 30, 0, 1)], rates[rate] * 8 * 20, clock)
    steps = np.flatnonzero(np.diff(samples))
    assert clocks_of(int(steps[-1] - steps[0]), clock) == pytest.approx(135 * rates[rate], abs=80)


def test_a_sample_ends_after_its_length_and_its_level_stays() -> None:
    """Length 2 is 33 bytes: they go up, and what lies behind them would go down."""
    writes = memory(b"\x55" * 32 + b"\x0f" + b"\x00" * 40) + dmc(15, 40, 0, 2)
    levels = dmc_levels(play(writes, 54 * 8 * 60))
    assert levels[-1] == 40
    assert levels.min() >= 40
    first = np.flatnonzero(levels != 40)
    assert clocks_of(int(first[-1] - first[0])) == pytest.approx(54 * 8 * 33, rel=0.03)


def test_a_sample_starts_at_64_times_its_address_and_goes_on_at_8000_behind_ffff() -> None:
    writes = memory(b"\x55" * 63 + b"\x55", 0xFFC0) + memory(b"\xff" * 3 + b"\x55" * 20, 0x8000)
    levels = dmc_levels(play(writes + dmc(15, 10, 0xFF, 5), 54 * 8 * 100))
    assert levels[-1] == 10 + 2 * 8 * 3


def test_a_sample_that_plays_is_not_started_anew_but_one_that_is_over_is() -> None:
    wave = memory(b"\x0f" + b"\x55" * 16)
    for at, plays in ((54 * 8 * 8, 1), (54 * 8 * 25, 2)):
        levels = dmc_levels(play([*wave, *dmc(15, 40, 0, 1), (at, 0x4015, 0x10)], 54 * 8 * 60))
        assert np.sum((levels[1:] == 48) & (levels[:-1] < 48)) == plays


def test_the_dmc_presses_on_triangle_and_noise_as_the_mixer_says() -> None:
    still = play([(0, 0x4011, 0), *ALL_ON, *triangle(0x83, 400)], 60 * QUARTER)
    pressed = play([(0, 0x4011, 127), *ALL_ON, *triangle(0x83, 400)], 60 * QUARTER)
    top = 4 * 6144 * 159.79 / (100 + 1 / (15 / 8227 + 127 / 22638))
    assert pressed.max() == pytest.approx(top, abs=12)
    assert np.ptp(pressed[5000:]) < 0.75 * np.ptp(still[5000:])


def test_pal_s_frames_and_noise_are_slower() -> None:
    writes = ALL_ON + pulse(0x9F, 200, 2)
    samples = play(writes, 60 * 8313, PAL_CLOCK)
    assert clocks_of(last_heard(samples), PAL_CLOCK) == pytest.approx(40 * 8313, abs=16 * 201)
    noise: Writes = [(0, 0x400C, 0x3F), (0, 0x400E, 0x8F), (0, 0x400F, 8)]
    samples = play(ALL_ON + noise, 3778 * 400, PAL_CLOCK)[400:]
    at = 50 + np.arange(186) * 3778 * RATE / PAL_CLOCK
    steps = samples[at.astype(int)] > 2_000
    assert np.array_equal(steps[:93], steps[93:])
    assert steps.any()
    assert not steps.all()
