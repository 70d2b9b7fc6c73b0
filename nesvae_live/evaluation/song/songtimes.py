"""How long the live decoder takes, as it is asked while a hand turns knobs."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import Estimate, quantile_interval
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import Sampling
from nesvae_live.model.song.songconfig import PAST
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE

F32 = NDArray[np.float32]
QUANTILES = {"p50": 0.5, "p99": 0.99}


def decode_times(
    critic: SongCritic, sampling: Sampling, n: int, seed: int
) -> dict[str, dict[str, Estimate]]:
    """Milliseconds of a decode with every attribute set and a past of 1,024 tuples.

    It is what this machine takes while it does whatever else it does.

    Args:
        critic: of the checkpoint.
        sampling: the instrument's.
        n: decodes of each kind, which take turns.
        seed: for z and the draws.

    Returns:
        `phrase` and `first_tuple` (what a tail of one tuple takes), each with `p50` and `p99`.
    """
    rng = np.random.default_rng([seed, n])
    mask = np.ones(N_ATTRIBUTES, np.float32)

    def uniforms(tuples: int) -> F32:
        return rng.random((tuples, SLOTS), dtype=np.float32)

    z = rng.standard_normal(critic.latent).astype(np.float32)
    state = critic.initial_state(place_of(0, 4))
    while len(state.memory) < PAST:
        decoded = critic.decode(z, mask, state, uniforms(TUPLES_PER_PHRASE), sampling)
        state = decoded.state(TUPLES_PER_PHRASE)
    spent: dict[str, list[float]] = {"phrase": [], "first_tuple": []}
    for _ in range(n):
        z = rng.standard_normal(critic.latent).astype(np.float32)
        for name, tuples in (("phrase", TUPLES_PER_PHRASE), ("first_tuple", 1)):
            drawn = uniforms(tuples)
            began = time.perf_counter()
            critic.decode(z, mask, state, drawn, sampling)
            spent[name].append(time.perf_counter() - began)
    return {
        name: {key: quantile_interval(1e3 * np.array(seconds), at) for key, at in QUANTILES.items()}
        for name, seconds in spent.items()
    }
