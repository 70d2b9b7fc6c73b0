"""Interpolation: phrases along the arc from one place in z to another, to hear and to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nesvae_live.app.encode import EncodeError, read_places
from nesvae_live.app.piece import Piece, write_piece_midi, write_piece_picture
from nesvae_live.app.render import RenderOptions, render
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import Sampling
from nesvae_live.latent.point import LatentPoint
from nesvae_live.latent.space import slerp
from nesvae_live.model.checkpoint import Checkpoint
from nesvae_live.model.decoder import Decoder
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints, symbols_to_tuples

GREEDY = Sampling(temperature=1.0, top_p=1e-6)
"""The likeliest symbol each time: what changes along the way is z's doing alone."""
NAME = "interpolation"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class End:
    """An end of the way: phrase `phrase` (from 1) of a file of music or of snapshots."""

    path: Path
    phrase: int = 1


def interpolate(
    checkpoint: Checkpoint, a: End, b: End, steps: int, folder: Path, say: Say
) -> list[Path]:
    """Write the way from `a` to `b` in `steps` phrases, both ends among them.

    Args:
        checkpoint: which encodes and decodes.
        a: where it starts.
        b: where it ends.
        steps: how many phrases, from 2.
        folder: which gets `interpolation.mid`, `.wav` and `.png`; it is made if it isn't there.
        say: told what a person should know, a line each.

    Returns:
        The files.

    Raises:
        EncodeError: an end can't be read or isn't there, or the folder can't be written.
    """
    start, end = (_find(place, checkpoint, say) for place in (a, b))
    piece = Piece(
        walk_way(checkpoint, start, end, steps),
        [f"{alpha:.2f}" for alpha in np.linspace(0.0, 1.0, steps)],
        f"{start.name} → {end.name}",
    )
    files = [folder / f"{NAME}{suffix}" for suffix in (".mid", ".wav", ".png")]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_piece_midi(piece, files[0])
        render(RenderOptions(files[0], files[1]), say)
        write_piece_picture(piece, files[2])
    except OSError as error:
        raise EncodeError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return files


def walk_way(checkpoint: Checkpoint, start: LatentPoint, end: LatentPoint, steps: int) -> Ints:
    """`[steps, 13, 4]`: the phrases, each decoded without a past, the likeliest symbol each time.

    z goes along the arc between the ends (slerp). An attribute that is let go at one end is let
    go all along.
    """
    decoder = Decoder(checkpoint)
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
        decoded = decoder.decode(z, mask, decoder.initial_state(), draws, GREEDY)
        phrases.append(symbols_to_tuples(decoded.symbols))
    return np.stack(phrases)


def _find(end: End, checkpoint: Checkpoint, say: Say) -> LatentPoint:
    places = read_places(end.path, checkpoint, say)
    if end.phrase > len(places):
        raise EncodeError(f"{end.path}: there is no phrase {end.phrase}, only {len(places)}")
    return places[end.phrase - 1]
