"""Our NSF in libgme, a player that is not ours: pitch, onsets, and the loop on its bar line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.chip.console.cartridge import Edition, to_cartridge
from nesvae_live.chip.console.frames import CONSOLE_HZ
from nesvae_live.chip.console.nsf import NSF_HZ, Credits
from nesvae_live.chip.timeline import Change, Timeline
from nesvae_live.music.voices import Voice
from tests.support.gme import RATE, play_nsf
from tests.support.pitch import cents, chip_frequency, pitch_of

pytestmark = pytest.mark.gme

LATE = 1 / CONSOLE_HZ
"""The player calls us for the first time a frame after it began."""

Sound = npt.NDArray[np.float64]


def blips(voice: Voice, notes: list[int], every: float) -> Timeline:
    """Notes of half the time each, on one voice."""
    changes = []
    for i, note in enumerate(notes):
        at = round(i * every * RATE) + 1
        volume = 0 if voice is Voice.TR else 15
        changes.append(Change(at, voice, note, volume, 2 if voice < Voice.TR else 0))
        changes.append(Change(at + round(every / 2 * RATE), voice, 0, 0, 0))
    return Timeline(RATE, round(len(notes) * every * RATE) + 1, tuple(changes))


def onsets(sound: Sound) -> list[float]:
    """When sound begins after silence, in seconds."""
    moves = np.abs(np.diff(sound)) > 30
    at = np.flatnonzero(moves)
    starts = [at[0], *at[1:][np.diff(at) > 0.05 * RATE]]
    return [start / RATE for start in starts]


@pytest.mark.parametrize("voice", [Voice.P1, Voice.P2, Voice.TR])
def test_notes_have_their_pitch_within_a_cent_and_begin_within_a_frame(voice: Voice) -> None:
    notes = [45, 52, 60, 67, 76, 88]
    source = blips(voice, notes, 0.5)
    sound = play_nsf(to_cartridge(source, ".nsf", Edition(loop=None)).data, 3.0)
    begun = onsets(sound)
    assert len(begun) == len(notes)
    for i, (note, at) in enumerate(zip(notes, begun, strict=True)):
        assert at - LATE == pytest.approx(0.5 * i, abs=0.6 / CONSOLE_HZ)
        held = sound[round((at + 0.05) * RATE) : round((at + 0.2) * RATE)]
        assert cents(pitch_of(held, RATE), chip_frequency(voice, note)) == pytest.approx(0, abs=1)


@pytest.mark.slow
def test_a_loop_lands_on_its_bar_line_for_ten_minutes() -> None:
    """Two bars of 2 s, the second of which comes again: a note each half second, in frames."""
    source = blips(Voice.P1, [60, 62, 64, 65, 67, 69, 71, 72], 0.5)
    made = to_cartridge(source, ".nsf", Edition(Credits(), (0.0, 2.0), 2.0))
    begun = np.array(onsets(play_nsf(made.data, 600.0)))
    rounds = begun[4::4]
    frames = round(4.0 * NSF_HZ) - round(2.0 * NSF_HZ)
    assert len(rounds) > 290
    its_frame = (rounds[-1] - rounds[0]) / (len(rounds) - 1) / frames
    assert its_frame * NSF_HZ == pytest.approx(1, abs=2e-4)  # it divides its clock by whole numbers
    exact = rounds[0] + its_frame * frames * np.arange(len(rounds))
    assert np.abs(rounds - exact).max() * RATE < 3


def test_the_credits_and_the_line_say_what_is_in_it() -> None:
    made = to_cartridge(
        blips(Voice.P1, [60], 1.0), ".nsf", Edition(Credits("Étude", "N. N.", "2026"), loop=None)
    )
    assert made.data[:8] == b"NESM\x1a\x01\x01\x01"
    assert made.data[0x0E:0x14] == b"?tude\0"
    assert made.data[0x2E:0x34] == b"N. N.\0"
    assert made.line.startswith("0.0 minutes in ")
