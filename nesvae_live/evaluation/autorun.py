"""The auto mode as it ships, compared with real music: seams, features and copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import Estimate, bootstrap, interval
from nesvae_live.evaluation.features import FEATURES, features, histograms, jensen_shannon
from nesvae_live.latent.attributes import ATTRIBUTES, measure
from nesvae_live.music.phrase import N_VOICES, SLOTS, TUPLES_PER_PHRASE, Ints
from nesvae_live.music.voices import VOICES


def seams(songs: Sequence[Ints]) -> dict[str, Any]:
    """Measure how phrases join at their borders.

    Args:
        songs: for each the phrases in order, `[m, 13, 4]`; the last may be short.

    Returns:
        `held.P1|P2|TR`: of the borders before which the voice sounds, the share across which its
        note is held. `jumps.P1|P2|TR`: semitones from the last note to the next where the voice
        sounds on both sides (0 for a held note). `jump`: the mean of these over the voices.
    """
    sums = np.stack([_sums(phrases) for phrases in songs])  # songs, (held, before, jump, both), 3
    names = [v.voice.name for v in VOICES]
    held = {name: interval(sums[:, 0, i], sums[:, 1, i]) for i, name in enumerate(names)}
    jumps = {name: interval(sums[:, 2, i], sums[:, 3, i]) for i, name in enumerate(names)}
    return {"held": held, "jump": _mean_jump(sums), "jumps": jumps}


def _sums(phrases: Ints) -> NDArray[np.float64]:
    last = phrases[:-1, TUPLES_PER_PHRASE - 1, :N_VOICES]
    first = phrases[1:, 0, :N_VOICES]
    both = (last > 0) & (first > 0)
    return np.stack(
        (
            (both & (last == first)).sum(0),
            (last > 0).sum(0),
            (np.abs(last - first) * both).sum(0),
            both.sum(0),
        )
    ).astype(np.float64)


def _mean_jump(sums: NDArray[np.float64]) -> dict[str, Any]:
    def mean(total: NDArray[np.float64]) -> NDArray[np.float64]:
        by_voice = total.reshape(*total.shape[:-1], 2, N_VOICES)
        count = np.where(by_voice[..., 1, :] > 0, by_voice[..., 1, :], np.nan)
        jump: NDArray[np.float64] = (by_voice[..., 0, :] / count).mean(-1)
        return jump

    return bootstrap(mean, sums[:, 2:].reshape(len(sums), -1))


MOST_TUPLES = 4 * TUPLES_PER_PHRASE
"""The longest runs that are looked for."""
HASH_FACTORS = np.random.default_rng(52).integers(
    1, 2**63, MOST_TUPLES * SLOTS, dtype=np.uint64
) * np.uint64(2) + np.uint64(1)


class KnownPhrases:
    """Every run of 13 tuples (or `tuples`) in some songs, wherever it starts, as a 64-bit hash."""

    def __init__(self, songs: Iterable[Ints], tuples: int = TUPLES_PER_PHRASE) -> None:
        self.tuples = tuples
        parts = [
            _hashes(sliding_window_view(song, tuples, axis=0).transpose(0, 2, 1))
            for song in songs
            if len(song) >= tuples
        ]
        self._hashes = np.sort(np.concatenate([np.zeros(0, np.uint64), *parts]))

    def holds(self, phrases: Ints) -> NDArray[np.bool_]:
        """Which of the runs `[n, 13, 4]` occur in the songs, `[n]`."""
        wanted = _hashes(phrases)
        left, right = (np.searchsorted(self._hashes, wanted, side) for side in ("left", "right"))
        return left < right


def _hashes(phrases: Ints) -> NDArray[np.uint64]:
    flat = phrases.reshape(len(phrases), phrases.shape[1] * SLOTS).astype(np.uint64)
    out: NDArray[np.uint64] = (flat * HASH_FACTORS[: flat.shape[1]]).sum(1)
    return out


Floats = NDArray[np.float64]
HUMAN_DRAWS = 20
"""The human divergence is the mean over this many samples of the training songs."""


def auto_figures(
    music: Ints, held_out: Sequence[Ints], train: Sequence[Ints] | None, known: KnownPhrases | None
) -> dict[str, Any]:
    """The figures of an auto run: seams, correlation between phrases, divergences, copies.

    Args:
        music: `[runs, phrases, 13, 4]` of `run_auto`.
        held_out: each held-out song's phrases `[m, 13, 4]`.
        train: the same for the training songs, for the human divergence.
        known: the training songs, for the copies.

    Returns:
        `seam`, `phrase_correlation`, `js`, `js_over_human`, `copies`, and the same for the held-out
        songs under `human`. Figures that need the training songs are None without them.
    """
    figures: dict[str, Any] = {
        "seam": seams(list(music)),
        "phrase_correlation": phrase_correlations(list(music)),
        "js_over_human": None,
        "copies": None,
        "human": {"seam": seams(held_out), "phrase_correlation": phrase_correlations(held_out)},
    }
    ours, theirs = _histograms(list(music)), _histograms(held_out)
    figures["js"] = {
        f.name: bootstrap(jensen_shannon, ours[i], theirs[i], centred=True)
        for i, f in enumerate(FEATURES)
    }
    if train is not None:
        samples = train_samples(train, *music.shape[:2])
        figures["human"]["js"], figures["js_over_human"] = {}, {}
        for i, spec in enumerate(FEATURES):
            human = [s[i] for s in samples]
            figures["human"]["js"][spec.name] = bootstrap(
                _mean_divergence, theirs[i], *human, centred=True
            )
            figures["js_over_human"][spec.name] = bootstrap(
                _ratio, ours[i], theirs[i], *human, centred=True
            )
    if known is not None:
        figures["copies"] = copied(list(music), known)
        figures["human"]["copies"] = copied(held_out, known)
    return figures


def phrase_correlations(songs: Sequence[Ints]) -> dict[str, Estimate]:
    """Pearson's correlation of each attribute between a phrase and the next, over all pairs."""
    measured = [measure(song) for song in songs]
    out = {}
    for i, spec in enumerate(ATTRIBUTES):
        sums = np.stack([_moments(m[:-1, i], m[1:, i]) for m in measured])
        out[spec.name] = bootstrap(_pearson, sums)
    return out


def copied(songs: Sequence[Ints], known: KnownPhrases) -> Estimate:
    """The share of whole phrases, or of so many in a row, that are copies from the training songs."""
    rows = [song[(song[:, :, 3] > 0).all(1)].reshape(-1, SLOTS) for song in songs]
    runs = [row[: len(row) // known.tuples * known.tuples] for row in rows]
    whole = [run.reshape(len(run) // known.tuples, known.tuples, SLOTS) for run in runs]
    return interval([known.holds(w).sum() for w in whole], [len(w) for w in whole])


def train_samples(train: Sequence[Ints], runs: int, phrases: int) -> list[Floats]:
    """Histograms of samples of training music, each with as many excerpts as there are runs."""
    rng = np.random.default_rng(0)
    values = features(np.concatenate(train))
    phrases = min(phrases, len(values))
    group = np.repeat(np.arange(runs), phrases)
    out = []
    for _ in range(HUMAN_DRAWS):
        starts = rng.integers(len(values) - phrases + 1, size=runs)
        rows = (starts[:, None] + np.arange(phrases)).reshape(-1)
        out.append(histograms(values[rows], group, runs))
    return out


def _histograms(songs: Sequence[Ints]) -> Floats:
    group = np.repeat(np.arange(len(songs)), [len(song) for song in songs])
    return histograms(features(np.concatenate(songs)), group, len(songs))


def _mean_divergence(theirs: Floats, *human: Floats) -> Floats:
    mean: Floats = np.mean([jensen_shannon(h, theirs) for h in human], axis=0)
    return mean


def _ratio(ours: Floats, theirs: Floats, *human: Floats) -> Floats:
    human_js = _mean_divergence(theirs, *human)
    ratio: Floats = jensen_shannon(ours, theirs) / np.where(human_js > 0, human_js, np.nan)
    return ratio


def _moments(x: Floats, y: Floats) -> Floats:
    real = ~np.isnan(x + y)
    x, y = x[real], y[real]
    return np.array([len(x), x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])


def _pearson(sums: Floats) -> Floats:
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    n = np.where(n > 0, n, np.nan)
    spread = (xx / n - (x / n) ** 2) * (yy / n - (y / n) ** 2)
    pearson: Floats = (xy / n - x * y / n**2) / np.sqrt(np.where(spread > 0, spread, np.nan))
    return pearson
