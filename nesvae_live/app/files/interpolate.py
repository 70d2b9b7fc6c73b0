"""`interpolate`: phrases along the arc from one place in z to another, to hear and to see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nesvae_live.app.files.encode import EncodeError, Say, read_places
from nesvae_live.app.files.piece import Piece, write_piece_midi, write_piece_picture
from nesvae_live.app.files.render import RenderOptions, render
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import SAMPLING, Sampling
from nesvae_live.latent.point import LatentPoint
from nesvae_live.latent.space import slerp
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints, symbols_to_tuples
from nesvae_live.paths import make_dir

GREEDY = Sampling(temperature=1.0, top_p=1e-6, guidance=SAMPLING.guidance)
"""The likeliest symbol each time, so that only z changes the music along the way."""
NAME = "interpolation"
BAR_LINE = place_of(0, 4)


@dataclass(frozen=True, slots=True)
class End:
    """One end of the way: phrase `phrase`, counted from 1, of a file of music or of snapshots."""

    path: Path
    phrase: int = 1


def interpolate(
    checkpoint: SongCheckpoint, a: End, b: End, steps: int, folder: Path, say: Say
) -> list[Path]:
    """Write the way from `a` to `b` in `steps` phrases, both ends included.

    Args:
        checkpoint: encodes the ends and decodes the phrases.
        a: where the way starts.
        b: where the way ends.
        steps: how many phrases, at least 2.
        folder: gets `interpolation.mid`, `.wav` and `.png`; it is made if it doesn't exist.
        say: told what a person should know, a line each.

    Returns:
        The files.

    Raises:
        EncodeError: an end can't be read or doesn't exist, or the folder can't be written.
    """
    start, end = (_find(place, checkpoint, say) for place in (a, b))
    piece = Piece(
        walk_way(checkpoint, start, end, steps),
        [f"{alpha:.2f}" for alpha in np.linspace(0.0, 1.0, steps)],
        f"{start.name} → {end.name}",
    )
    files = [folder / f"{NAME}{suffix}" for suffix in (".mid", ".wav", ".png")]
    try:
        make_dir(folder)
        write_piece_midi(piece, files[0])
        render(RenderOptions(files[0], files[1]), say)
        write_piece_picture(piece, files[2])
    except OSError as error:
        raise EncodeError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return files


def walk_way(checkpoint: SongCheckpoint, start: LatentPoint, end: LatentPoint, steps: int) -> Ints:
    """The phrases along the way, `[steps, 13, 4]`, each decoded greedily, without a past, from a bar line.

    z follows the arc between the ends (slerp). An attribute that is unset at one end is unset all
    the way.
    """
    decoder = SongDecoder(checkpoint)
    origin = decoder.initial_state(BAR_LINE)
    mask = start.mask * end.mask
    still = np.zeros(checkpoint.config.style, np.float32)
    one, other = (
        np.concatenate((place.a * mask, still if place.u is None else place.u))
        for place in (start, end)
    )
    draws = np.full((TUPLES_PER_PHRASE, SLOTS), 0.5, np.float32)
    phrases = []
    for alpha in np.linspace(0.0, 1.0, steps):
        z = slerp(one, other, float(alpha))
        assert len(z) == N_ATTRIBUTES + checkpoint.config.style
        decoded = decoder.decode(z, mask, origin, draws, GREEDY)
        phrases.append(symbols_to_tuples(decoded.symbols))
    return np.stack(phrases)


def _find(end: End, checkpoint: SongCheckpoint, say: Say) -> LatentPoint:
    places = read_places(end.path, checkpoint, say)
    if end.phrase > len(places):
        raise EncodeError(f"{end.path}: there is no phrase {end.phrase}, only {len(places)}")
    return places[end.phrase - 1]
