"""Evaluates a checkpoint on held-out songs: every figure that needs no listener."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from nesvae_live.chip.corpus import Corpus
from nesvae_live.evaluation.autorun import KnownPhrases, auto_figures, run_auto
from nesvae_live.evaluation.batchdecode import GREEDY, load_model, no_past, phrase_decoder
from nesvae_live.evaluation.contexts import choose_phrases, encode, true_past
from nesvae_live.evaluation.knobtest import Responses, knob_figures, own_correlation, turn_knobs
from nesvae_live.evaluation.likelihood import accuracy_figures, importance_weighted, nats_per_token
from nesvae_live.evaluation.slerptest import Ways, slerp_figures, walk_ways
from nesvae_live.latent.attributes import measure
from nesvae_live.latent.decoding import Sampling
from nesvae_live.latent.walk import Spread
from nesvae_live.model.checkpoint import Checkpoint
from nesvae_live.music.phrase import Ints, tuples_to_phrases


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """How much is measured; the nats per token always cover every song."""

    iwae_phrases: int
    contexts: int
    pairs: int
    accuracy_phrases: int
    runs: int
    phrases: int
    settings: int = 33
    iwae_draws: int = 64


FULL = EvaluationPlan(
    iwae_phrases=4000, contexts=256, pairs=500, accuracy_phrases=4000, runs=256, phrases=16
)
QUICK = EvaluationPlan(
    iwae_phrases=250, contexts=48, pairs=100, accuracy_phrases=1000, runs=128, phrases=16
)


@dataclass(frozen=True)
class Evaluation:
    """The figures, and the music that a report shows.

    `figures` is a tree whose leaves are `{value, low, high, n}`, with an `about`. `responses` are
    those to the knobs, `ways` the interpolations, `music` the auto mode's `[runs, phrases, 13, 4]`,
    and `held_out` each held-out song's phrases `[m, 13, 4]`.
    """

    figures: dict[str, Any]
    responses: Responses
    ways: Ways
    music: Ints
    held_out: list[Ints]


def evaluate(
    checkpoint: Checkpoint,
    held_out: Corpus,
    train: Corpus | None,
    sampling: Sampling,
    plan: EvaluationPlan = FULL,
    *,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Measure a checkpoint.

    Args:
        checkpoint: the one to measure.
        held_out: songs that it was not trained on.
        train: songs that it was trained on, for the human divergences and the copies; without them
            these figures are None.
        sampling: the instrument's own, for everything that is measured as played.
        plan: how much to measure.
        seed: for all draws.
        say: is told what is being measured.
    """
    began = time.monotonic()
    model, quantiles = load_model(checkpoint), checkpoint.quantiles
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    say("nats a token")
    figures: dict[str, Any] = nats_per_token(model, quantiles, held_out, seed)
    encoded = encode(model, quantiles, held_out, rng)
    say("nats a token, importance-weighted")
    rows = np.sort(rng.permutation(len(encoded))[: plan.iwae_phrases])
    figures["nats_per_token"]["iwae"] = importance_weighted(
        model, encoded, rows, generator, plan.iwae_draws
    )
    say("accuracy")
    figures |= accuracy_figures(model, encoded, choose_phrases(encoded, plan.accuracy_phrases, rng))
    say("knobs")
    rows = choose_phrases(encoded, plan.contexts, rng, with_past=True)
    responses = turn_knobs(
        phrase_decoder(model, sampling, seed, quantiles),
        quantiles,
        encoded.u[rows],
        true_past(model, encoded, rows),
        encoded.song[rows],
        plan.settings,
    )
    songs = [tuples_to_phrases(song)[0] for song in held_out.songs]
    figures |= knob_figures(responses, own_correlation(measure(np.concatenate(songs))))
    say("interpolation")
    ends = rng.permutation(choose_phrases(encoded, 2 * plan.pairs, rng))
    z = np.concatenate((encoded.a, encoded.mu), 1)
    n = len(ends) // 2
    ways = walk_ways(
        phrase_decoder(model, GREEDY, seed), z[ends[:n]], z[ends[n : 2 * n]], no_past(model, n)
    )
    figures |= slerp_figures(ways)
    say("auto mode")
    spread = Spread.of(checkpoint.about, model.config.style)
    music = run_auto(model, quantiles, spread, sampling, plan.runs, plan.phrases, seed)
    figures |= auto_figures(
        music,
        songs,
        None if train is None else [tuples_to_phrases(song)[0] for song in train.songs],
        None if train is None else KnownPhrases(train.songs),
    )
    figures["about"] = {
        "checkpoint": checkpoint.path.name if checkpoint.path else "",
        "checkpoint_sha256": checkpoint.sha256,
        "held_out_sha256": held_out.sha256,
        "train_sha256": train.sha256 if train else None,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "guidance": sampling.guidance,
        "candidates": sampling.candidates,
        "seed": seed,
        "plan": {name: getattr(plan, name) for name in EvaluationPlan.__slots__},
        "seconds": round(time.monotonic() - began, 1),
    }
    return Evaluation(figures, responses, ways, music, songs)
