"""The network that plays: a checkpoint of either version, made ready for the inference thread."""

from __future__ import annotations

from pathlib import Path

from nesvae_live.model.checkpoint import Checkpoint, load_checkpoint, version_of
from nesvae_live.model.critic import Critic
from nesvae_live.model.decoder import Decoder
from nesvae_live.model.song.songcheckpoint import SONG_VERSION, SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder

AnyCheckpoint = Checkpoint | SongCheckpoint


def load_any_checkpoint(path: Path) -> AnyCheckpoint:
    """Read a checkpoint of either version.

    Raises:
        CheckpointError: it can't be used; one line says why.
    """
    if version_of(path) == str(SONG_VERSION):
        return load_song_checkpoint(path)
    return load_checkpoint(path)


def make_decoder(checkpoint: AnyCheckpoint) -> Critic | SongCritic:
    """A decoder that is compiled, with the critic that keeps the best of its candidates."""
    if isinstance(checkpoint, SongCheckpoint):
        songs = SongDecoder(checkpoint.weights, checkpoint.config)
        songs.warm_up()
        return SongCritic(songs, checkpoint.quantiles)
    decoder = Decoder(checkpoint)
    decoder.warm_up()
    return Critic(decoder, checkpoint.quantiles)
