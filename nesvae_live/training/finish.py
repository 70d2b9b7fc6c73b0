"""Finishes a trained checkpoint: turns, orders and labels its axes, and adds spread and map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from nesvae_live import NesvaeError
from nesvae_live.chip.tickcorpus import TickCorpus
from nesvae_live.evaluation.contexts import EncodedPhrases, choose_phrases, encode, measure_spread
from nesvae_live.evaluation.song.songevaluate import load_song_model
from nesvae_live.latent.axes import AXES, AxisSpec, axes_of, axes_to_about
from nesvae_live.latent.decoding import Sampling
from nesvae_live.latent.walk import SPREAD
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.yours.turning import rotate_style
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints, symbols_to_tuples
from nesvae_live.training.maplayout import draw_atlas, measure_fidelity
from nesvae_live.training.styleaxes import (
    CorpusNorms,
    every_past,
    find_axes,
    measure_axes,
    style_decoder,
)
from nesvae_live.training.traits import TRAITS, traits

EVERY = 8
"""One song in this many provides the contexts in which axes are found and measured."""

AN_AXIS = 4
"""Of a small corpus more songs do, until there are so many phrases with a past for each axis."""

DRAWS = 8_192
"""How many phrases are decoded to find the axes."""

CONTEXTS = 96
"""How many contexts each axis is turned in."""

FINISHED = "finished"
"""Where a checkpoint's `about` says with which data it was finished, and how good its map is."""

Say = Callable[[str], None]


class FinishError(NesvaeError):
    """A checkpoint can't be finished; one line says why."""


def finish(
    checkpoint: SongCheckpoint,
    corpus: TickCorpus,
    sampling: Sampling,
    *,
    seed: int = 0,
    say: Say = lambda _: None,
) -> SongCheckpoint:
    """The same network, with its style axes turned to what they do, and labels, spread and map.

    Args:
        checkpoint: a trained one; if it was finished before, that is done again.
        corpus: the songs it was trained on.
        sampling: the instrument's own.
        seed: for all draws.
        say: is told what is being done.

    Raises:
        FinishError: the corpus has too few phrases.
    """
    rng = np.random.default_rng(seed)
    say("looking for the axes")
    sample = corpus.subset(_some_songs(corpus, AN_AXIS * checkpoint.config.style))
    places = [sample.song(i)[1] for i in range(len(sample.lengths))]
    model = load_song_model(checkpoint)
    encoded = encode(model, checkpoint.quantiles, sample, rng)
    rows = choose_phrases(encoded, DRAWS, rng, with_past=True)
    if len(rows) < checkpoint.config.style:
        raise FinishError(
            f"{len(rows)} phrases with a past are too few to find the axes of a checkpoint: "
            "finish it with the songs that it was trained on"
        )
    usual = CorpusNorms.of(_whole(encoded))
    past = every_past(model, encoded, places)
    u = encoded.u[rng.choice(len(encoded), len(rows))]
    decoded = traits(style_decoder(_player(checkpoint), sampling, seed)(u, past.rows(rows)))
    checkpoint = rotate_style(checkpoint, find_axes(u, decoded / usual.deviation))
    say("measuring what each axis does")
    encoded = encode(load_song_model(checkpoint), checkpoint.quantiles, sample, rng)
    some = rows[np.linspace(0, len(rows) - 1, min(CONTEXTS, len(rows))).astype(int)]
    axes = measure_axes(
        style_decoder(_player(checkpoint), sampling, seed),
        encoded.u[some],
        past.rows(some),
        usual,
    )
    order = np.argsort([-axis.effect for axis in axes], kind="stable")
    checkpoint = rotate_style(checkpoint, np.eye(len(axes), dtype=np.float32)[order])
    axes = [axes[i] for i in order]
    say("drawing the map")
    encoded = encode(load_song_model(checkpoint), checkpoint.quantiles, corpus, rng)
    effects = np.array([axis.effect for axis in axes])
    atlas = draw_atlas(encoded, effects, rng)
    found: dict[str, Any] = {
        "data_sha256": corpus.sha256,
        "seed": seed,
        "contexts": len(some),
        "corpus_strays": round(usual.strays(_whole(encoded)), 3),
    }
    if atlas is not None:
        found["map"] = {"points": len(atlas.z), **asdict(measure_fidelity(atlas, effects, rng))}
    about = checkpoint.about | {
        SPREAD: measure_spread(encoded).to_about(),
        AXES: axes_to_about(axes),
        FINISHED: found,
    }
    return replace(checkpoint, about=about, atlas=atlas, sha256="", path=None)


def _some_songs(corpus: TickCorpus, phrases: int) -> Ints:
    """Every eighth song, or more of them if those have fewer phrases with a past than wanted."""
    with_past = np.maximum(corpus.lengths // TUPLES_PER_PHRASE - 1, 0)
    every = EVERY
    while every > 1 and with_past[::every].sum() < phrases:
        every //= 2
    return np.arange(0, len(corpus.lengths), every)


def card_lines(checkpoint: SongCheckpoint) -> str:
    """What a finished checkpoint's card should say about its axes and map, in Markdown."""
    found = checkpoint.about.get(FINISHED, {})
    lines = axes_to_table(axes_of(checkpoint.about, checkpoint.config.style))
    lines.append("")
    lines.append(
        f"Each axis was turned from -2.5 to 2.5 in {found.get('contexts', 0)} contexts of the train "
        "split, with the other axes left alone and all attributes released. Rho is Spearman's. The "
        f"effect is in standard deviations of the corpus, over {len(TRAITS)} traits; tokens is how "
        "many of a phrase's 52 differ between the ends; strays is the share of phrases at the ends "
        "that have one of 11 features outside the corpus' central 99 % "
        f"({found.get('corpus_strays')} of the corpus itself do)."
    )
    if "map" in found:
        drawn = found["map"]
        lines.append(
            f"The map has {drawn['points']} phrases of the train split. Blending a phrase's eight "
            f"neighbours on it gives R² {drawn['attributes']} for its attributes and "
            f"{drawn['style']} for its style."
        )
    return "\n".join(lines)


def axes_to_table(axes: Sequence[AxisSpec]) -> list[str]:
    """The axes as lines of a Markdown table."""
    rows = ["| knob | turned up | rho | effect | tokens | strays |", f"|{' --- |' * 6}"]
    for i, axis in enumerate(axes):
        told = list((axis.does or {}).values())[:3]
        rhos = ", ".join(f"{abs(rho):.2f}" for rho in told)
        rows.append(
            f"| `style{i + 1}` | {axis.label or 'details only'} | {rhos} | {axis.effect:.2f} "
            f"| {axis.tokens:.0f} | {axis.strays:.3f} |"
        )
    return rows


def _player(checkpoint: SongCheckpoint) -> SongCritic:
    return SongCritic(SongDecoder(checkpoint), checkpoint.quantiles)


def _whole(encoded: EncodedPhrases) -> Ints:
    """The phrases that have all their tuples, `[n, 13, 4]`."""
    symbols = encoded.symbols[encoded.counts == TUPLES_PER_PHRASE]
    return symbols_to_tuples(symbols.reshape(-1, SLOTS)).reshape(symbols.shape)
