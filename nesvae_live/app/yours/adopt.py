"""`adopt`: one to some hundred files become a style to play in: a small prior over z, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesvae_live.app.say import Say
from nesvae_live.app.yours.calibrate import calibrate
from nesvae_live.app.yours.pieces import Piece, read_pieces
from nesvae_live.latent.adopted import Adopted, AdoptedTheme, fit_movement, fit_regions
from nesvae_live.latent.attributes import N_ATTRIBUTES, measure
from nesvae_live.latent.axes import axes_of
from nesvae_live.latent.space import coordinate_to_value
from nesvae_live.latent.themes import LETTERS, MOST_PHRASES
from nesvae_live.model.encoder import Encoder
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.music.metre.place import bar_ticks, tick_of_bar
from nesvae_live.music.phrase import (
    N_VOICES,
    TUPLES_PER_PHRASE,
    Ints,
    tuples_to_phrases,
    tuples_to_symbols,
)

Floats = NDArray[np.float64]

LEAST_TUPLES = 7
"""A phrase at the end of a piece that has fewer says little of it."""
DIGITS = 4
"""A style is kept to so many digits after the point, so that files and logs have exactly what plays."""
USUALLY = (10, 90)
"""The percentiles between which the files are said to lie."""


def adopt(
    sources: Sequence[Path],
    checkpoint: SongCheckpoint,
    name: str,
    say: Say,
    *,
    themes: bool = False,
) -> Adopted:
    """Fit a style to files of music.

    Args:
        sources: files and folders.
        checkpoint: the network that is to play in it.
        name: of the style.
        say: told, a line each, what was left out or changed.
        themes: fill the themes A to H with beginnings of the pieces.

    Raises:
        PiecesError: there is no music in them.
    """
    return adopt_pieces(read_pieces(sources, say), checkpoint, name, themes=themes)


def adopt_pieces(
    pieces: Sequence[Piece], checkpoint: SongCheckpoint, name: str, *, themes: bool = False
) -> Adopted:
    """Fit a style to pieces, one at least; as `adopt`."""
    encoder = Encoder(checkpoint)
    encoded = [encode_piece(piece.song.tuples, checkpoint, encoder) for piece in pieces]
    z = np.concatenate(encoded)
    regions = fit_regions(z)
    stay, kept = fit_movement(encoded, regions)
    order = order_axes(z, checkpoint)
    style = Adopted(
        name=name,
        checkpoint_sha256=checkpoint.sha256,
        weights=regions.weights,
        means=regions.means,
        deviations=regions.deviations,
        correlations=regions.correlations.round(DIGITS),
        stay=round(stay, DIGITS),
        kept=kept.round(DIGITS),
        order=order,
        labels=label_axes(z, order, checkpoint),
        pieces=len(pieces),
        phrases=len(z),
        themes=choose_themes(pieces, checkpoint, encoder) if themes else (),
    )
    style = calibrate(style, checkpoint, z)
    return replace(
        style, means=style.means.round(DIGITS), deviations=style.deviations.round(DIGITS)
    )


def encode_piece(tuples: Ints, checkpoint: SongCheckpoint, encoder: Encoder) -> Floats:
    """Where the phrases of a piece `[n, 4]` lie: `[m, 8 + U]`."""
    phrases, counts = tuples_to_phrases(tuples)
    whole = np.flatnonzero(counts >= min(LEAST_TUPLES, int(counts.max())))
    phrases, counts = phrases[whole], counts[whole]
    a = checkpoint.quantiles.to_coordinates(measure(phrases))
    u = []
    for phrase, count in zip(phrases, counts.tolist(), strict=True):
        symbols = np.zeros_like(phrase)
        symbols[:count] = tuples_to_symbols(phrase[:count])
        u.append(encoder.encode(symbols, count)[0])
    return np.concatenate((a, np.stack(u)), 1).astype(np.float64)


def order_axes(z: Floats, checkpoint: SongCheckpoint) -> tuple[int, ...]:
    """The style axes in a new order: first along which phrases `[n, Z]` differ by what is heard most."""
    effects = np.array([axis.effect for axis in axes_of(checkpoint.about, checkpoint.config.style)])
    heard = effects if effects.any() else np.ones(len(effects))
    differ = z[:, N_ATTRIBUTES:].std(0) if len(z) > 1 else np.ones(len(heard))
    return tuple(int(i) for i in np.argsort(-heard * differ, kind="stable"))


def label_axes(z: Floats, order: Sequence[int], checkpoint: SongCheckpoint) -> tuple[str, ...]:
    """What each axis does, and between which values of its knob the files lie."""
    axes = axes_of(checkpoint.about, checkpoint.config.style)
    out = []
    for axis in order:
        ends = np.percentile(z[:, N_ATTRIBUTES + axis], USUALLY)
        low, high = (coordinate_to_value(float(end)) for end in ends)
        does = axes[axis].label or "details"
        out.append(f"{does} (yours: {low:.2f} to {high:.2f})")
    return tuple(out)


def choose_themes(
    pieces: Sequence[Piece], checkpoint: SongCheckpoint, encoder: Encoder
) -> tuple[AdoptedTheme, ...]:
    """Up to eight stretches of four phrases, of as many pieces as there are, each from a bar line on."""
    out: list[AdoptedTheme] = []
    chosen = np.unique(np.linspace(0, len(pieces) - 1, len(LETTERS)).round().astype(int))
    each = -(-len(LETTERS) // len(chosen))
    length = MOST_PHRASES * TUPLES_PER_PHRASE
    for i in chosen.tolist():
        song = pieces[i].song
        sounding = int(np.flatnonzero((song.tuples[:, :N_VOICES] > 0).any(1))[0])
        last = max(len(song.tuples) - length, sounding)
        begins = {
            _on_a_line(song.places, int(at)) for at in np.linspace(sounding, last, each + 1)[:each]
        }
        for begin in sorted(begins):
            tuples = song.tuples[begin : begin + length]
            if len(tuples) >= TUPLES_PER_PHRASE and len(out) < len(LETTERS):
                z = encode_piece(tuples[:TUPLES_PER_PHRASE], checkpoint, encoder)[0]
                place = int(song.places[begin])
                out.append(AdoptedTheme(tuples, place, z.round(DIGITS), pieces[i].path.name))
    return tuple(out)


def _on_a_line(places: Ints, at: int) -> int:
    """The first tuple, from tuple `at` on, that begins on a bar line; that one if none does soon."""
    lines = np.flatnonzero(tick_of_bar(places[at : at + 4 * TUPLES_PER_PHRASE]) == 0)
    return at + int(lines[0]) if len(lines) and bar_ticks(int(places[at])) else at
