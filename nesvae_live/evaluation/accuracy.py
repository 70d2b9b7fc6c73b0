"""How much of a phrase its own point in z gives back, token by token."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from nesvae_live.chip.corpus import phrases_to_symbols
from nesvae_live.evaluation.batchdecode import GREEDY, decode, no_past
from nesvae_live.evaluation.bootstrap import mean_by_song
from nesvae_live.evaluation.contexts import Encoded
from nesvae_live.model.vae import Vae, condition
from nesvae_live.music.phrase import SLOTS, Ints


@torch.no_grad()
def accuracy_figures(model: Vae, encoded: Encoded, rows: Ints) -> dict[str, Any]:
    """Tokens given back from (a, mean of u), without context, all attributes set, greedily.

    Args:
        model: in eval mode.
        encoded: the held-out phrases.
        rows: of whole phrases.

    Returns:
        `accuracy.teacher_forced`, each token after the true ones before it, and
        `accuracy.free_running`, each after the decoded ones.
    """
    truth = encoded.symbols[rows]
    z = np.concatenate((encoded.a[rows], encoded.mu[rows]), 1)
    mask = np.ones_like(encoded.a[rows])
    past = no_past(model, len(rows))
    symbols = torch.from_numpy(truth)
    zm = condition(*(torch.from_numpy(x) for x in (encoded.a[rows], encoded.mu[rows], mask)))
    shifted = torch.cat((past.previous[:, None], symbols[:, :-1]), 1)
    y, _ = model.decoder.hidden(shifted, zm, past.state)
    heads = [model.decoder.head(i, y, symbols, shifted) for i in range(SLOTS)]
    guess = torch.stack([logits.argmax(-1) for logits in heads], -1)
    tuples, _ = decode(model, z, mask, past, GREEDY, np.random.default_rng(0))
    song = encoded.song[rows]
    forced = (guess.numpy() == truth).mean((1, 2))
    free = (phrases_to_symbols(tuples) == truth).mean((1, 2))
    return {
        "accuracy": {
            "teacher_forced": mean_by_song(forced, song),
            "free_running": mean_by_song(free, song),
        }
    }
