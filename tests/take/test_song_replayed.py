"""A jam with the network of format 3 is played again to the byte, and decoded again to the token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.control.gestureinputs import (
    GiveVoice,
    KeepTheme,
    ReturnTheme,
    SetAuto,
    SetQuote,
)
from nesvae_live.log.entries import Answered, Heard, Lent, Spliced, Turned
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, SOUND_NAME
from nesvae_live.take.replayfiles import replay_take
from tests.support.simulated import SimulatedJam
from tests.support.tinysong import TINY_SONG, tiny_song_checkpoint


class SmallEncoder:
    """Finds every phrase in the middle of the tiny network's map."""

    def encode(self, tuples: NDArray[np.int64]) -> NDArray[np.float32]:
        """`[13]`."""
        del tuples
        return np.zeros(TINY_SONG.latent, np.float32)


STEADY = "register"
"""Is set where it stands when somebody turns another knob."""


def tiny_critic() -> SongCritic:
    tiny = tiny_song_checkpoint()
    prior = SongPrior(tiny.weights, tiny.config)
    return SongCritic(SongDecoder(tiny), tiny.quantiles, prior)


def song_jam(seed: int) -> SimulatedJam:
    jam = SimulatedJam(
        seed,
        10.0,
        follows=seed % 2 == 1,
        decoder=tiny_critic(),
        style=TINY_SONG.style,
        encoder=SmallEncoder(),
        remembers=True,
        steady=(STEADY,),
        quantiles=tiny_song_checkpoint().quantiles,
    )
    jam.play()
    return jam


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_what_was_played_with_the_past_is_computed_again(seed: int, tmp_path: Path) -> None:
    take = song_jam(seed).write(tmp_path / "take")
    for name, decoder in (("given", None), ("decoded", tiny_critic())):
        done = replay_take(take / LOG_NAME, tmp_path / name, decoder=decoder)
        assert not done.faults
        assert not done.difference
        for file in (MIDI_NAME, SOUND_NAME):
            assert (tmp_path / name / file).read_bytes() == (take / file).read_bytes()


def test_these_jams_have_everything_in_them_that_concerns_the_past() -> None:
    entries = [entry for seed in range(4) for entry in song_jam(seed).written.entries]
    heard = {type(e.input) for e in entries if isinstance(e, Heard)}
    assert any(isinstance(e, Turned) and e.knob == STEADY and e.value for e in entries)
    assert heard >= {SetQuote, KeepTheme, ReturnTheme, SetAuto, GiveVoice}
    located = [
        e for e in entries if isinstance(e, Heard) and getattr(e.input, "data", ())[:1] == (0xF2,)
    ]
    assert located
    assert any(isinstance(e, Spliced) for e in entries)
    assert any(isinstance(e, Answered) and e.z for e in entries)
    assert {e.source for e in entries if isinstance(e, Lent)} == {"keys", "held", "model"}
