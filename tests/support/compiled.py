"""What numba compiles, compiled before the tests begin: on a fresh checkout it takes a while.

Else each of several processes would compile it, and a program that a test starts would be late.
"""

from __future__ import annotations

from nesvae_live.chip.apu import Apu
from nesvae_live.model.encoder import Encoder, PhraseEncoder
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songcritic import make_decoder
from nesvae_live.paths import find_checkpoint


def compile_what_plays() -> None:
    """Do once what `play` does before its first bar; numba keeps what it compiled on the disk."""
    checkpoint = load_song_checkpoint(find_checkpoint(None))
    make_decoder(checkpoint)
    PhraseEncoder(Encoder(checkpoint), checkpoint.quantiles).warm_up()
    Apu(48_000).render(64)


if __name__ == "__main__":
    compile_what_plays()
