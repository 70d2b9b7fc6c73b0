"""Evaluation of format 3 on held-out songs: nats, knobs, beat and recurrence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from nesvae_live.chip.tickcorpus import TickCorpus
from nesvae_live.evaluation.beat import WINDOW, Music, beat_figures
from nesvae_live.evaluation.bootstrap import interval
from nesvae_live.evaluation.knobtest import knob_figures, own_correlation, turn_knobs
from nesvae_live.evaluation.songnats import nats_figures
from nesvae_live.evaluation.songplaying import (
    SongPast,
    SongPlay,
    choose_contexts,
    read_song,
    run_song,
)
from nesvae_live.latent.attributes import N_ATTRIBUTES, measure
from nesvae_live.latent.decoding import Sampling
from nesvae_live.model.song.devicecorpus import DeviceCorpus
from nesvae_live.model.song.measuring import Ranks
from nesvae_live.model.song.song import SongVae
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, tuples_to_phrases


@dataclass(frozen=True, slots=True)
class SongPlan:
    """How much is measured: the nats are always of every song."""

    contexts: int = 128
    settings: int = 33
    runs: int = 128
    phrases: int = 24


SONG_SAMPLING = Sampling(temperature=0.85, top_p=0.93, guidance=3.5, candidates=3)
SONG_AUTO = replace(SONG_SAMPLING, guidance=2.5, candidates=2)
"""How it plays what the prior, and no hand, has set: harder guided, the beat suffers."""
SONG_QUOTE = 0.65
"""How it plays: the least with which music comes back as often as in songs."""


def load_song_model(checkpoint: SongCheckpoint) -> SongVae:
    """The network of a checkpoint, ready to be evaluated."""
    model = SongVae(checkpoint.config)
    model.load_state_dict({k: torch.from_numpy(v) for k, v in checkpoint.weights.items()})
    return model.eval()


def evaluate_song(
    checkpoint: SongCheckpoint,
    held_out: TickCorpus,
    plan: SongPlan = SongPlan(),
    *,
    sampling: Sampling = SONG_SAMPLING,
    quote: float = SONG_QUOTE,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure a checkpoint of format 3.

    Args:
        checkpoint: what is measured.
        held_out: songs that it was not trained on.
        plan: how much to measure.
        sampling: the instrument's.
        quote: how much it quotes.
        seed: for all draws.
        say: told what is being measured.

    Returns:
        A tree of figures: those of `nats_figures`, `knob_figures` and `beat_figures`, `metre.sure`
        (the share of the songs' seconds whose metre is sure), and `about`.
    """
    model, quantiles = load_song_model(checkpoint), checkpoint.quantiles
    songs = [Music(*held_out.song(i)) for i in range(len(held_out.lengths))]
    say("nats")
    cpu = torch.device("cpu")
    corpus = DeviceCorpus(held_out, cpu)
    figures = nats_figures(model, Ranks(quantiles, cpu), corpus, held_out.seconds, seed)
    say("knobs")
    decoder = SongDecoder(checkpoint.weights, checkpoint.config)
    critic = SongCritic(decoder, quantiles)
    rng = np.random.default_rng(seed)
    contexts = choose_contexts(songs, plan.contexts, rng)
    read = [read_song(model, quantiles, songs[song], phrase) for song, phrase in contexts]
    responses = turn_knobs(
        SongPlay(critic, sampling, rng, quote),
        quantiles,
        np.stack([z[N_ATTRIBUTES:] for _, z in read]),
        SongPast(tuple(state for state, _ in read)),
        np.array([song for song, _ in contexts]),
        plan.settings,
    )
    phrases = np.concatenate([tuples_to_phrases(song.tuples)[0] for song in songs])
    figures |= knob_figures(responses, own_correlation(measure(phrases)))
    say("auto mode")
    prior = SongPrior(checkpoint.weights, checkpoint.config)
    ours = [
        run_song(
            critic,
            prior,
            SONG_AUTO if sampling is SONG_SAMPLING else sampling,
            plan.phrases,
            np.random.default_rng([seed, run]),
            place=place_of(0, 4),
            quote=quote,
        )
        for run in range(plan.runs)
    ]
    long_enough = [song for song in songs if len(song.tuples) >= max(WINDOW, TUPLES_PER_PHRASE)]
    figures |= beat_figures(ours, long_enough or songs)
    figures["metre"] = {"sure": interval(held_out.sure * held_out.seconds, held_out.seconds)}
    figures["about"] = {
        "checkpoint": checkpoint.path.name if checkpoint.path else "",
        "checkpoint_sha256": checkpoint.sha256,
        "held_out_sha256": held_out.sha256,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "guidance": sampling.guidance,
        "candidates": sampling.candidates,
        "quote": quote,
        "seed": seed,
        "plan": {name: getattr(plan, name) for name in SongPlan.__slots__},
    }
    return figures
