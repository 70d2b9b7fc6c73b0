"""How close the chip comes to the console and to nesmdb's renderer: aliasing and levels.

At 44.1 kHz its samples are the renderer's (`test_apu`), so what is measured here are the genuine
samples, ours at that rate, and ours at the other rate that sound devices have.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.convert import vgm_to_samples
from nesvae_live.chip.registers import RegisterWriter, note_to_period, period_to_frequency
from nesvae_live.music.voices import Voice
from tests.support.places import ORACLE

STEP_SECONDS = 1 / 24
LOWEST = 60
"""Below it a step holds too few cycles to tell harmonics from what lies between."""

Sound = npt.NDArray[np.float64]


def alias_of(sound: Sound, rate: int, pitch: float) -> tuple[float, float]:
    """The energies of what is no harmonic of the pitch, and of what is one."""
    power = np.abs(np.fft.rfft((sound - sound.mean()) * np.blackman(len(sound)))) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / rate)
    width = 3.5 * rate / len(sound)  # of the window's lobe
    harmonic = np.abs(hz - np.round(hz / pitch) * pitch) < width
    above = hz > pitch / 2
    return float(power[~harmonic & above].sum()), float(power[harmonic & above].sum())


def alias_of_a_range(sound: Sound, rate: int, notes: list[int], voice: Voice) -> float:
    """The alias of notes that follow each other, a step each, in dB below what is to be heard."""
    energies = []
    for step, note in enumerate(notes):
        if note < LOWEST:
            continue
        first, last = (round((step + part) * STEP_SECONDS * rate) for part in (0.1, 0.98))
        pitch = period_to_frequency(voice, note_to_period(voice, note))
        energies.append(alias_of(sound[first:last], rate, pitch))
    alias, heard = np.sum(energies, axis=0)
    return float(10 * np.log10(alias / heard))


@pytest.mark.parametrize(
    ("name", "voice"), [("p1_range", Voice.P1), ("p2_range", Voice.P2), ("tr_range", Voice.TR)]
)
def test_the_alias_is_no_worse_than_the_renderer_s(name: str, voice: Voice) -> None:
    with np.load(ORACLE / f"{name}.npz") as golden:
        notes = golden["score"][:, voice, 0].tolist()
        genuine = golden["samples"].astype(np.float64)
        vgm = golden["vgm"].tobytes()
    theirs = alias_of_a_range(genuine, 44_100, notes, voice)
    assert theirs < -20, "there is something to measure"
    ours, at_48_khz = (
        alias_of_a_range(vgm_to_samples(vgm, Apu(rate)).astype(np.float64), rate, notes, voice)
        for rate in (44_100, 48_000)
    )
    assert ours <= theirs
    # Where a note's alias falls is another place at another rate: over all notes it is as strong.
    assert at_48_khz <= theirs + 1.0


def test_a_table_read_at_the_sample_rate_would_not_pass() -> None:
    """The measure tells: the same notes by a pulse whose edges fall on whole samples."""
    rate, notes = 44_100, list(range(LOWEST, 109))
    sounds = []
    for note in notes:
        pitch = period_to_frequency(Voice.P1, note_to_period(Voice.P1, note))
        cycles = np.arange(round(STEP_SECONDS * rate)) * pitch / rate
        sounds.append((cycles % 1.0 < 0.5).astype(np.float64))
    naive = alias_of_a_range(np.concatenate(sounds), rate, notes, Voice.P1)
    samples = np.concatenate([play(Voice.P1, note, 15, 2, rate=rate) for note in notes])
    assert alias_of_a_range(samples, rate, notes, Voice.P1) < naive - 5


def play(
    voice: Voice, note: int, volume: int, timbre: int = 0, *, rate: int = 44_100
) -> npt.NDArray[np.float64]:
    """A step of a note on a fresh chip."""
    chip, writer = Apu(rate), RegisterWriter()
    for address, value in (*writer.start(), *writer.set(voice, note, volume, timbre)):
        chip.write(address, value, 0)
    return chip.render(round(STEP_SECONDS * rate)).astype(np.float64)


def decibels(one: float, other: float) -> float:
    return float(20 * np.log10(one / other))


def squares(volumes: int) -> float:
    """The console's mixer for both pulses' volumes together, as the renderer scales it."""
    return 4 * 8192 * 95.88 / (8128 / volumes + 100)


def others(triangle: int, noise: int) -> float:
    """The same for the triangle's level and the noise's volume."""
    return 4 * 6144 * 159.79 / (100 + 1 / (triangle / 8227 + noise / 12241))


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("volume", range(1, 16))
def test_every_volume_of_pulse_and_noise_is_the_mixer_s(volume: int, rate: int) -> None:
    for voice, wanted in ((Voice.P2, squares(volume)), (Voice.NO, others(0, volume))):
        found = play(voice, 2 if voice is Voice.NO else 45, volume, rate=rate).max()
        assert abs(decibels(found, wanted)) < 0.1, voice.name


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_every_level_of_the_triangle_is_the_mixer_s(rate: int) -> None:
    sound = play(Voice.TR, 21, 0, rate=rate)
    for level in range(1, 16):
        wanted = others(level, 0)
        assert np.abs([decibels(x, wanted) for x in sound if x > 0]).min() < 0.1, level
    assert abs(decibels(sound.max(), others(15, 0))) < 0.1


def test_two_pulses_are_less_than_twice_one_as_the_mixer_is_not_linear() -> None:
    chip, writer = Apu(), RegisterWriter()
    writes = [
        *writer.start(),
        *writer.set(Voice.P1, 45, 15, 2),
        *writer.set(Voice.P2, 52, 15, 2),
    ]
    for address, value in writes:
        chip.write(address, value, 0)
    both = float(chip.render(4_410).max())
    assert abs(decibels(both, squares(30))) < 0.1
    assert decibels(both, 2 * squares(15)) < -1
