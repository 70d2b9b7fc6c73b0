"""What is heard: the take to the sample while nothing is asked for, and no click when it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.chip.apu import FULL_SCALE, Apu, DcBlocker
from nesvae_live.chip.registers import RegisterWriter
from nesvae_live.io.audio.mixer import RAMP_SECONDS, Mixer
from nesvae_live.music.balance import Balance, amplitude
from nesvae_live.music.ranges import LEVEL
from nesvae_live.music.voices import Voice

RATE = 48000
SECOND = RATE
NOTES = ((Voice.P1, 57), (Voice.P2, 64), (Voice.TR, 45), (Voice.NO, 9))

Stems = npt.NDArray[np.int16]


def chord(frames: int = SECOND, voices: tuple[Voice, ...] = tuple(Voice)) -> tuple[Stems, Stems]:
    """The chip's mix and stems of some voices that sound together, from sample 100 on."""
    chip, registers = Apu(RATE), RegisterWriter()
    for address, value in registers.start():
        chip.write(address, value, 0)
    for voice, note in NOTES:
        if voice in voices:
            volume = 0 if voice is Voice.TR else 12
            for address, value in registers.set(voice, note, volume):
                chip.write(address, value, 100)
    mix = np.empty(frames, dtype=np.int16)
    stems = chip.render_stems(frames, mix=mix)
    return mix, stems


def blocked(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    return DcBlocker(RATE).process(samples.astype(np.float32) / np.float32(FULL_SCALE))


@pytest.mark.parametrize("outputs", [2, 6])
def test_with_nothing_asked_for_both_outputs_are_the_mix_to_the_sample(outputs: int) -> None:
    mix, stems = chord()
    heard = Mixer(RATE, outputs).process(mix, stems)
    assert heard.shape == (SECOND, outputs)
    np.testing.assert_allclose(heard[:, 0], blocked(mix), atol=1e-7)
    np.testing.assert_array_equal(heard[:, 0], heard[:, 1])


@pytest.mark.parametrize("spread", [0.0, 0.3, 1.0])
def test_at_any_spread_the_outputs_mean_is_the_mix(spread: float) -> None:
    mix, stems = chord()
    heard = Mixer(RATE, 2, Balance(spread=spread)).process(mix, stems)
    # The stems are integers and add up to the mix within 3 of 32768.
    np.testing.assert_allclose(heard.mean(axis=1), blocked(mix), atol=5 / FULL_SCALE)


def test_the_widest_spread_has_p1_left_p2_right_and_the_others_in_the_middle() -> None:
    gains = Balance(spread=1.0).gains(2)
    np.testing.assert_allclose(gains, [[2, 0, 1, 1], [0, 2, 1, 1]])


def test_a_level_is_in_decibels_and_its_floor_is_silence() -> None:
    mix, stems = chord()
    heard = Mixer(RATE, 2, Balance(level=-6.0206)).process(mix, stems)
    np.testing.assert_allclose(heard[:, 0], 0.5 * blocked(mix), atol=1e-6)
    assert not Mixer(RATE, 2, Balance(level=LEVEL.low)).process(mix, stems).any()
    assert amplitude(-90.0) == 0.0
    assert amplitude(0.0) == 1.0


def test_solo_leaves_nothing_of_the_other_voices() -> None:
    mix, stems = chord()
    balance = Balance().with_solo(Voice.P2, solo=True)
    heard = Mixer(RATE, 2, balance).process(mix, stems)
    np.testing.assert_allclose(heard[:, 0], blocked(stems[:, Voice.P2].copy()), atol=1e-7)
    mix, stems = chord(voices=(Voice.P1, Voice.TR, Voice.NO))
    assert not Mixer(RATE, 2, balance).process(mix, stems).any()


def test_out_of_solo_again_is_the_mix_again() -> None:
    balance = Balance(spread=0.2).with_solo(Voice.P2, solo=True)
    assert balance.with_solo(Voice.P2, solo=False) == Balance(spread=0.2)
    assert Balance().with_level(Voice.TR, -6.0).voices == (0.0, 0.0, -6.0, 0.0)
    assert Balance().with_level(None, -6.0) == Balance(level=-6.0)


def test_a_voices_own_output_has_its_level_and_nothing_else() -> None:
    mix, stems = chord()
    balance = Balance(level=-20.0, spread=1.0).with_solo(Voice.P1, solo=True)
    heard = Mixer(RATE, 6, balance.with_level(Voice.TR, 6.0206)).process(mix, stems)
    for voice in Voice:
        wanted = blocked(stems[:, voice].copy()) * (2.0 if voice is Voice.TR else 1.0)
        np.testing.assert_allclose(heard[:, 2 + voice], wanted, atol=1e-6)


BALANCES = st.builds(
    Balance,
    level=st.sampled_from([-90.0, -12.0, 0.0, 6.0]),
    spread=st.sampled_from([0.0, 0.5, 1.0]),
    solo=st.sets(st.sampled_from(list(Voice))).map(frozenset),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3000), st.none() | BALANCES), min_size=1, max_size=8))
def test_how_it_is_cut_into_blocks_changes_no_sample(
    blocks: list[tuple[int, Balance | None]],
) -> None:
    total = sum(frames for frames, _ in blocks)
    mix, stems = chord(total)

    def perform(longest: int) -> npt.NDArray[np.float32]:
        mixer, heard, first = Mixer(RATE), [], 0
        for frames, balance in blocks:
            if balance is not None:
                mixer.set_balance(balance)
            for begin in range(first, first + frames, longest):
                end = min(begin + longest, first + frames)
                heard.append(mixer.process(mix[begin:end], stems[begin:end]))
            first += frames
        return np.concatenate(heard)

    np.testing.assert_allclose(perform(77), perform(10**6), atol=2e-6)


def test_no_change_clicks_not_even_amid_a_change() -> None:
    """A voice's DC and its level go in steps no larger than the sound's own, in 10 ms."""
    mix, stems = chord(voices=(Voice.TR,))  # the triangle at 100 Hz, full of DC, has small steps
    mixer = Mixer(RATE)
    heard = [mixer.process(mix[: SECOND // 2], stems[: SECOND // 2])]
    own = np.abs(np.diff(heard[0][SECOND // 4 :, 0])).max()
    changes = (
        Balance().with_solo(Voice.P1, solo=True),
        Balance(),
        Balance(level=-90.0),
        Balance(),
        Balance().with_level(Voice.TR, -40.0),
    )
    first = SECOND // 2
    for balance, frames in zip(changes, (2000, 130, 200, 170, 3000), strict=True):
        mixer.set_balance(balance)
        heard.append(mixer.process(mix[first : first + frames], stems[first : first + frames]))
        first += frames
    sound = np.concatenate(heard)[SECOND // 4 :, 0]
    ramp = np.abs(sound).max() / (RAMP_SECONDS * RATE)
    assert np.abs(np.diff(sound)).max() < own + 1.5 * ramp
    silent = np.concatenate(heard)[SECOND // 2 + 600 : SECOND // 2 + 2000, 0]
    assert not silent.any()
