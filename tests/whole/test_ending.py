"""With the shipped network, on simulated time: a performance of some bars ends on a chord of its key."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import SetKey
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.grid import Grid
from nesvae_live.music.key import Key, likeliest_key
from nesvae_live.music.voices import Voice
from nesvae_live.paths import shipped_dir
from tests.support.rig import Rig, check_events, do, turn

pytestmark = pytest.mark.slow

BARS = 6
BAR, START = 2.0, 0.1
"""Seconds at 120 BPM, and where beat 0 is."""


@pytest.fixture(scope="module")
def network() -> SongCritic:
    path = shipped_dir("checkpoints") / "nesmdb-song.safetensors"
    decoder = make_decoder(load_song_checkpoint(path))
    assert isinstance(decoder, SongCritic)
    return decoder


def rig_of(
    network: SongCritic, seed: int, grid: Grid | None = None, bars: int | None = BARS
) -> Rig:
    style = np.random.default_rng([seed, 1]).standard_normal(32).astype(np.float32)
    return Rig(
        decoder=network,
        style=style,
        seed=seed,
        sampling=SAMPLING,
        composed=SAMPLING,
        bars=bars,
        grid=grid or Grid(),
    )


def onsets(rig: Rig) -> list[tuple[float, NoteOn]]:
    """Where notes begin, in seconds from beat 0."""
    return [(at - START, e) for at, e in rig.output.sent if isinstance(e, NoteOn)]


def sounding_at_the_end(rig: Rig) -> dict[Voice, int]:
    last = max(at for at, _ in rig.output.sent)
    return {e.voice: e.note for at, e in rig.output.sent if isinstance(e, NoteOff) and at == last}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_last_bar_is_one_chord_on_the_tonic(network: SongCritic, seed: int) -> None:
    rig = rig_of(network, seed)
    if seed % 2:
        turn(rig, density=0.8)  # by hand, and busy
    rig.play((BARS + 1) * BAR)
    check_events(rig.output.sent, ended=True)
    begun = onsets(rig)
    late = [at for at, _ in begun if at > (BARS - 1) * BAR + 0.02]
    assert not late  # nothing begins within the last bar
    assert max(at for at, _ in rig.output.sent) == pytest.approx(BARS * BAR + START, abs=0.02)
    held = sounding_at_the_end(rig)
    assert held
    weight = np.zeros(12)
    for _, event in begun:
        weight[event.note % 12] += 1
    if Voice.TR in held:
        assert weight[held[Voice.TR] % 12] > 0
    roots = {held[voice] % 12 for voice in held}
    assert len(roots) <= 3


def test_in_a_key_that_is_kept_to_it_ends_there(network: SongCritic) -> None:
    rig = rig_of(network, 5)
    do(rig, SetKey, Key(2, "minor"))
    rig.play((BARS + 1) * BAR)
    held = sounding_at_the_end(rig)
    assert held
    assert {note % 12 for note in held.values()} <= {2, 5, 9}
    if Voice.TR in held:
        assert held[Voice.TR] % 12 == 2


def test_a_knob_that_is_turned_in_the_last_bar_leaves_the_chord(network: SongCritic) -> None:
    rig = rig_of(network, 6)
    rig.play((BARS - 0.6) * BAR)
    turn(rig, density=0.9)
    rig.play(2 * BAR)
    assert not [at for at, _ in onsets(rig) if at > (BARS - 1) * BAR + 0.02]


def test_the_key_is_found_by_what_sounds() -> None:
    scale = np.zeros(12)
    scale[[7, 9, 11, 0, 2, 4, 6]] = 1
    scale[[7, 2]] += 2
    assert likeliest_key(scale) == Key(7, "major")
    assert likeliest_key(np.zeros(12)) == Key(0)


@pytest.mark.parametrize("cell", [8, 16])
def test_quantised_all_that_sounds_begins_on_lines_and_nothing_falls_away(
    network: SongCritic, cell: int
) -> None:
    rig = rig_of(network, 7, Grid(quantise=cell, strict=True), bars=None)
    for value in (None, 0.95, 0.3):
        turn(rig, density=value)
        rig.play(8.0)
    begun = onsets(rig)
    lines = np.array([at for at, _ in begun]) * 2.0 * cell / 4
    assert len(begun) > 60
    assert np.abs(lines - lines.round()).max() < 1e-6
    for placed in rig.sequencer.player.playing.history._past:
        assert (np.diff(placed.placed.places) > 1e-6).all()
