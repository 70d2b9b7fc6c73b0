"""What a performance is like: by the command line, or by the preset, or as it ships."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesvae_live.app.options import PlayOptions
from nesvae_live.engine.config import Performance
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.latent.walk import Spread
from nesvae_live.model.checkpoint import Checkpoint
from nesvae_live.music.swap import Swap
from nesvae_live.presets.preset import Preset

TEMPO = 120.0


def choose_tempo(options: PlayOptions, preset: Preset) -> float:
    """Beats a minute, of the internal clock."""
    return options.tempo or preset.play.tempo or TEMPO


def choose_performance(
    options: PlayOptions, preset: Preset, checkpoint: Checkpoint, seed: int
) -> Performance:
    """All that is fixed for the performance; `seed` says where the style axes rest too.

    Raises:
        ConfigError: a patch can't be had.
    """
    rng = np.random.default_rng([seed, 1])
    n_style = checkpoint.config.style
    return Performance(
        style=rng.standard_normal(n_style).astype(np.float32),
        reach=checkpoint.quantiles.reach(),
        seed=seed,
        meter=options.meter,
        bars=options.bars,
        grid=options.phrase_grid(),
        swap=Swap(options.swap or (Swap.BAR if options.follows else Swap.NOW)),
        lookahead=options.lookahead(),
        patches=preset.voice_patches(options.patch),
        sampling=replace(
            SAMPLING,
            temperature=preset.play.temperature or SAMPLING.temperature,
            top_p=preset.play.top_p or SAMPLING.top_p,
        ),
        spread=Spread.of(checkpoint.about, n_style),
    )
