"""With the shipped network, on simulated time: knobs give what they ask for, and silence none."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.control.inputs import SetTempo
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.phrase import N_VOICES
from nesvae_live.paths import shipped_dir
from tests.support.rig import Rig, do, turn

pytestmark = pytest.mark.slow

TEMPO, SECONDS = 300.0, 24.0
STEPS_PER_SECOND = 60
"""Ticks at that tempo."""


@pytest.fixture(scope="module")
def checkpoint() -> SongCheckpoint:
    return load_song_checkpoint(shipped_dir("checkpoints") / "nesmdb-song.safetensors")


@pytest.fixture(scope="module")
def network(checkpoint: SongCheckpoint) -> SongCritic:
    decoder = make_decoder(checkpoint)
    assert isinstance(decoder, SongCritic)
    return decoder


def heard(rig: Rig) -> np.ndarray:
    """`[n, 3]`: which note sounds at each tick, 0 where none does."""
    notes = np.zeros((round(SECONDS * STEPS_PER_SECOND), N_VOICES), np.int64)
    for at, event in rig.output.sent:
        if isinstance(event, NoteOn | NoteOff) and event.voice < N_VOICES:
            note = event.note if isinstance(event, NoteOn) else 0
            notes[max(round(at * STEPS_PER_SECOND), 0) :, event.voice] = note
    return notes


def playing(checkpoint: SongCheckpoint, network: SongCritic, seed: int) -> Rig:
    """The network at the tempo, in a style of the seed's."""
    style = np.random.default_rng([seed, 1]).standard_normal(checkpoint.config.style)
    rig = Rig(
        decoder=network,
        reach=checkpoint.quantiles.reach(),
        style=style.astype(np.float32),
        seed=seed,
        sampling=SAMPLING,
        composed=SAMPLING,
    )
    assert do(rig, SetTempo, TEMPO)["ok"]
    return rig


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_who_asks_for_every_voice_has_every_voice(
    checkpoint: SongCheckpoint, network: SongCritic, seed: int
) -> None:
    rig = playing(checkpoint, network, seed)
    turn(rig, density=0.4, polyphony=1.0, bass=0.7)
    rig.play(SECONDS)
    notes = heard(rig)
    late = notes[len(notes) // 3 :]
    assert ((late > 0).mean(0) > 0.5).all()
    begun = (late[1:] > 0) & (late[1:] != late[:-1])
    assert begun.sum() > 40
    at = np.flatnonzero(begun.any(1))
    assert np.diff(at).max() < 4 * 48  # nothing stands still for four bars


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(n, marks=pytest.mark.soak) for n in range(4, 10))]
)
def test_density_up_is_more_notes_a_second(
    checkpoint: SongCheckpoint, network: SongCritic, seed: int
) -> None:
    rig = playing(checkpoint, network, seed)
    turn(rig, density=0.0)
    rig.play(SECONDS / 2)
    low = struck(rig)
    turn(rig, density=1.0)
    rig.play(SECONDS / 2)
    assert struck(rig) - low > low


def struck(rig: Rig) -> int:
    """How many notes began so far."""
    return sum(isinstance(event, NoteOn) for _, event in rig.output.sent)
