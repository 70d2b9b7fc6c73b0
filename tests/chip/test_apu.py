"""The chip: samples equal to nesmdb's renderer, blocks, stems and the DC filter."""

from __future__ import annotations

import wave
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.chip.apu import QUEUE, Apu, DcBlocker
from nesvae_live.chip.convert import vgm_to_samples
from nesvae_live.chip.registers import RegisterWriter, note_to_period, period_to_frequency
from nesvae_live.music.voices import Voice
from tests.support.places import ORACLE

NAMES = sorted(path.stem for path in ORACLE.glob("*.npz"))
LOUDEST = 4 * (2117 + 2327)  # mixer units of both pulses, and of triangle and noise, all at 15
QUIET = -(2**31)

Writes = list[tuple[int, int, int]]


def play(
    *writes: tuple[int, int], frames: int, rate: int = 44_100, after: int = 0
) -> npt.NDArray[np.int64]:
    """Samples of a fresh chip under the opening writes and `writes`, all at its first sample."""
    apu = Apu(rate)
    for address, value in (*RegisterWriter().start(), *writes):
        apu.write(address, value, 0)
    apu.render(after)
    return apu.render(frames).astype(np.int64)


def note(voice: Voice, number: int, velocity: int = 15, timbre: int = 0) -> list[tuple[int, int]]:
    return RegisterWriter().set(voice, number, velocity, timbre)


def cycles_a_second(samples: npt.NDArray[np.int64], rate: int) -> float:
    high = samples > (int(samples.min()) + int(samples.max())) // 2
    rises = np.flatnonzero(high[1:] & ~high[:-1])
    return (len(rises) - 1) * rate / float(rises[-1] - rises[0])


def test_golden_files_are_there() -> None:
    assert len(NAMES) == 14


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_the_renderer_s_to_the_bit(name: str) -> None:
    with np.load(ORACLE / f"{name}.npz") as golden:
        assert np.array_equal(vgm_to_samples(golden["vgm"].tobytes(), Apu()), golden["samples"])


@pytest.mark.oracle
def test_samples_of_every_oracle_file_are_equal_to_the_bit(oracle_dir: Path) -> None:
    apu = Apu()
    names = sorted(path.stem for path in oracle_dir.glob("*.wav"))
    assert names
    for name in names:
        with wave.open(str(oracle_dir / f"{name}.wav")) as file:
            assert file.getframerate() == 44_100
            expected = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        samples = vgm_to_samples((oracle_dir / f"{name}.vgm").read_bytes(), apu)
        assert np.array_equal(samples, expected), name


register_writes = st.lists(
    st.tuples(
        st.integers(0, 1500),
        st.sampled_from([*range(0x4000, 0x4010), 0x4015, 0x4015, 0x4017]),
        st.integers(0, 255),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(
    writes=register_writes,
    cuts=st.lists(st.integers(0, 1600), max_size=12),
    rate=st.sampled_from([8_000, 44_100, 48_000, 192_000]),
)
def test_any_split_into_blocks_gives_the_same_samples(
    writes: Writes, cuts: list[int], rate: int
) -> None:
    whole, split = Apu(rate), Apu(rate)
    for at, address, value in writes:
        whole.write(address, value, at)
        split.write(address, value, at)
    edges = sorted({0, 1600, *cuts})
    blocks = [split.render(high - low) for low, high in pairwise(edges)]
    assert np.array_equal(np.concatenate(blocks), whole.render(1600))


def test_blocks_are_equal_across_a_second_and_over_the_extra_clock() -> None:
    # Look 453,438 is 5 clocks long: at 44.1 kHz it falls into sample 44,691.
    writes = [*note(Voice.P1, 60), *note(Voice.NO, 12), (0x4015, 0x0F)]
    whole = play(*writes, frames=90_000)
    apu = Apu()
    for address, value in (*RegisterWriter().start(), *writes):
        apu.write(address, value, 0)
    blocks = np.concatenate([apu.render(size) for size in [127] * 708 + [84]])
    assert np.array_equal(blocks, whole)
    assert apu.position == 90_000


@settings(max_examples=60, deadline=None)
@given(writes=register_writes, rate=st.integers(8_000, 192_000))
def test_random_writes_stay_within_the_mixer_s_range(writes: Writes, rate: int) -> None:
    apu = Apu(rate)
    for at, address, value in writes:
        apu.write(address, value, at)
    mix = np.empty(1600, dtype=np.int16)
    stems = apu.render_stems(1600, mix=mix)
    assert int(mix.min()) >= 0
    assert int(mix.max()) <= LOUDEST
    difference = mix - stems.sum(axis=1)
    assert int(difference.min()) >= 0
    assert int(difference.max()) <= 3


@pytest.mark.slow
def test_ten_minutes_of_random_writes_neither_grow_the_queue_nor_leave_the_range() -> None:
    rng = np.random.default_rng(1)
    apu, blocker = Apu(), DcBlocker(44_100)
    block = np.empty(4_096, dtype=np.int16)
    for _ in range(600 * 44_100 // 4_096):
        for _ in range(6):
            address = 0x4000 + int(rng.choice([*range(16), 0x15, 0x15, 0x15]))
            apu.write(address, int(rng.integers(256)), apu.position + int(rng.integers(5_000)))
        apu.render(len(block), block)
        assert 0 <= block.min() <= block.max() <= LOUDEST
        assert np.isfinite(blocker.process(block)).all()
    assert apu.position > 599 * 44_100
    assert len(apu._writes) == QUEUE


@pytest.mark.parametrize("number", [34, 45, 60, 69, 84, 96, 108])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_pulse_sounds_within_a_tenth_of_a_cent_of_its_period(number: int, rate: int) -> None:
    samples = play(*note(Voice.P1, number, timbre=2), frames=4 * rate, rate=rate)
    wanted = period_to_frequency(Voice.P1, note_to_period(Voice.P1, number))
    assert abs(1200 * np.log2(cycles_a_second(samples, rate) / wanted)) < 0.1


@pytest.mark.parametrize("number", [21, 45, 69, 96, 108])
def test_triangle_sounds_within_a_tenth_of_a_cent_of_its_period(number: int) -> None:
    samples = play(*note(Voice.TR, number), frames=4 * 44_100, after=1_000)
    wanted = period_to_frequency(Voice.TR, note_to_period(Voice.TR, number))
    assert abs(1200 * np.log2(cycles_a_second(samples, 44_100) / wanted)) < 0.1


@pytest.mark.parametrize("voice", [Voice.P1, Voice.P2])
def test_note_33_is_silent_and_34_is_not(voice: Voice) -> None:
    assert not play(*note(voice, 33), frames=4_410).any()
    assert play(*note(voice, 34), frames=4_410).any()


@pytest.mark.parametrize("timbre", range(4))
def test_pulse_is_high_for_its_duty(timbre: int) -> None:
    samples = play(*note(Voice.P1, 45, timbre=timbre), frames=44_100)
    assert np.isclose(samples.mean() / samples.max(), (0.125, 0.25, 0.5, 0.75)[timbre], atol=0.005)


@pytest.mark.parametrize("velocity", range(1, 16))
def test_pulse_level_is_the_mixer_s_within_a_tenth_of_a_decibel(velocity: int) -> None:
    level = play(*note(Voice.P1, 45, velocity), frames=4_410).max()
    exact = 4 * 8192 * 95.88 / (8128 / velocity + 100)
    assert abs(20 * np.log10(level / exact)) < 0.1


def test_short_noise_repeats_after_93_steps() -> None:
    # Period number 15: a step is 4068 clocks. Sampled once a step, mid-step.
    samples = play(*note(Voice.NO, 1, timbre=1), frames=40_000, after=4_000)
    steps = samples[(50 + np.arange(390) * 4068 * 44_100 / 1_789_773).astype(int)] > 2_000
    assert np.array_equal(steps[:93], steps[93:186])
    assert not np.array_equal(steps[:92], steps[92:184])
    assert steps[:93].any()


def test_triangle_holds_its_level_when_it_ends() -> None:
    apu = Apu()
    writer = RegisterWriter()
    for address, value in (*writer.start(), *writer.set(Voice.TR, 45, 0)):
        apu.write(address, value, 0)
    for address, value in writer.release(Voice.TR):
        apu.write(address, value, 5_100)
    apu.render(5_101)
    held = apu.render(5_000)
    assert held.min() == held.max() > 0


def test_pulse_is_cut_at_its_sample() -> None:
    apu = Apu()
    writer = RegisterWriter()
    for address, value in (*writer.start(), *writer.set(Voice.P1, 108, 15, 3)):
        apu.write(address, value, 0)
    for address, value in writer.release(Voice.P1):
        apu.write(address, value, 777)
    samples = apu.render(2_000)
    assert samples[:776].any()
    # A look that began before the write still counts in the sample after it.
    assert not samples[778:].any()


def test_write_answers_where_it_acts() -> None:
    apu = Apu()
    assert apu.write(0x4015, 1, 30) == 30
    apu.render(100)
    assert apu.write(0x4015, 1, 100) == 100
    assert apu.write(0x4015, 1, 20) == 100
    assert apu.write(0x4015, 1, QUIET) == 100
    assert apu.position == 100


def test_late_write_acts_at_the_next_sample() -> None:
    late, punctual = Apu(), Apu()
    for apu, at in ((late, 10), (punctual, 500)):
        apu.render(500)
        for address, value in note(Voice.P1, 60):
            apu.write(address, value, at)
    assert np.array_equal(late.render(1_000), punctual.render(1_000))


def test_writes_act_in_the_order_of_their_samples_then_of_their_coming() -> None:
    def volume(order: list[tuple[int, int]]) -> int:
        apu = Apu()
        for address, value in note(Voice.P1, 45, timbre=2):
            apu.write(address, value, 0)
        for at, value in order:
            apu.write(0x4000, 0xB0 | value, at)
        return int(apu.render(2_000)[200:].max())

    assert volume([(100, 9), (100, 4)]) == volume([(100, 4)])
    assert volume([(100, 4), (50, 9)]) == volume([(100, 4)])
    assert volume([(50, 4), (100, 9)]) == volume([(100, 9)]) != volume([(100, 4)])


def test_queue_takes_a_whole_song() -> None:
    apu = Apu()
    for i in range(3 * QUEUE):
        apu.write(0x4000, 0x30 | i % 16, i)
    assert apu.pending == 3 * QUEUE
    apu.render(QUEUE)
    assert apu.pending == 2 * QUEUE
    apu.render(2 * QUEUE)
    assert apu.pending == 0


def test_reset_is_a_new_chip() -> None:
    apu = Apu()
    fresh = play(*note(Voice.NO, 9), frames=3_000)
    apu.write(0x4015, 0x0F, 10)
    apu.write(0x4015, 0x0F, 10_000)
    apu.render(1_234)
    apu.reset()
    assert apu.position == apu.pending == 0
    for address, value in (*RegisterWriter().start(), *note(Voice.NO, 9)):
        apu.write(address, value, 0)
    assert np.array_equal(apu.render(3_000), fresh)


def test_noise_seed_changes_the_noise() -> None:
    def noise(seed: int) -> npt.NDArray[np.int16]:
        apu = Apu(noise_seed=seed)
        for address, value in note(Voice.NO, 9):
            apu.write(address, value, 0)
        return apu.render(2_000)

    assert not np.array_equal(noise(1), noise(2))


def test_out_is_filled_and_returned() -> None:
    apu, other = Apu(), Apu()
    for address, value in note(Voice.P2, 60):
        apu.write(address, value, 0)
        other.write(address, value, 0)
    out = np.empty(500, dtype=np.int16)
    assert apu.render(500, out) is out
    assert np.array_equal(out, other.render(500))


def test_stems_hold_each_voice_alone() -> None:
    apu = Apu()
    for address, value in (*RegisterWriter().start(), *note(Voice.P2, 60)):
        apu.write(address, value, 0)
    mix = np.empty(2_000, dtype=np.int16)
    stems = apu.render_stems(2_000, mix=mix)
    assert np.array_equal(stems[:, Voice.P2], mix)
    assert stems[:, Voice.P2].any()
    assert not stems[:, [Voice.P1, Voice.TR, Voice.NO]].any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Apu(7_999), "sample rate 7999 is outside 8000 to 192000 Hz"),
        (lambda: Apu(192_001), "sample rate 192001"),
        (lambda: Apu(noise_seed=0), "noise seed 0"),
        (lambda: Apu().write(0x3FFF, 0, 0), "no register 0x3fff"),
        (lambda: Apu().write(0x4018, 0, 0), "no register 0x4018"),
        (lambda: Apu().write(0x4000, 256, 0), "value 256 for register 0x4000"),
        (lambda: Apu().write(0x4000, -1, 0), "value -1"),
        (lambda: Apu().render(4, np.empty(3, dtype=np.int16)), r"out is int16 \(3,\)"),
        (lambda: Apu().render(4, np.empty(4, dtype=np.float32)), "out is float32"),
        (lambda: Apu().render(4, np.empty(8, dtype=np.int16)[::2]), "not a C-contiguous"),
        (lambda: DcBlocker(44_100, 2).process(np.zeros(5)), r"don't have 2 channel"),
    ],
)
def test_what_the_chip_cannot_do_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_dc_blocker_takes_away_dc_and_keeps_the_note() -> None:
    samples = play(*note(Voice.P1, 69, timbre=0), frames=2 * 44_100)
    blocked = DcBlocker(44_100).process(samples)
    assert samples[44_100:].mean() > 500
    assert abs(float(blocked[44_100:].mean())) < 2
    assert np.isclose(np.ptp(blocked[44_100:]), np.ptp(samples), rtol=0.03)


def test_dc_blocker_is_down_by_3_decibels_at_its_cutoff() -> None:
    wave_at_20 = np.sin(2 * np.pi * 20 * np.arange(96_000) / 48_000)
    out = DcBlocker(48_000, cutoff_hz=20.0).process(wave_at_20)[48_000:]
    assert abs(20 * np.log10(np.abs(out).max()) + 3.01) < 0.05


@given(cuts=st.lists(st.integers(0, 300), max_size=8), channels=st.integers(1, 4))
@settings(deadline=None)
def test_dc_blocker_gives_the_same_in_any_blocks(cuts: list[int], channels: int) -> None:
    samples = np.random.default_rng(0).normal(size=(300, channels)).astype(np.float32)
    split, whole = DcBlocker(44_100, channels), DcBlocker(44_100, channels)
    edges = sorted({0, 300, *cuts})
    blocks = [split.process(samples[low:high]) for low, high in pairwise(edges)]
    assert np.array_equal(np.concatenate(blocks), whole.process(samples))
