"""The report's pictures, as matplotlib figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nesvae_live.evaluation.features import BINS, FEATURES, features, to_bins
from nesvae_live.evaluation.knobtest import Responses
from nesvae_live.latent.attributes import ATTRIBUTES
from nesvae_live.music.phrase import N_VOICES, TUPLES_PER_PHRASE, Ints
from nesvae_live.music.voices import FAINT, INK, PAPER, VOICE_INKS, VOICES

Floats = NDArray[np.float64]


OURS, THEIRS = "#0072b2", "#e69f00"  # two of Okabe and Ito's colours, as for the voices
ROLLS = 5


def draw_knobs(responses: Responses, figures: dict[str, Any]) -> Figure:
    """What each knob does to its own attribute: the median and middle 80 % of the contexts."""
    figure, axes = _panels(2, 4, (13, 6.2), "What a knob does, the others released")
    for i, (axis, spec) in enumerate(zip(axes, ATTRIBUTES, strict=True)):
        low, middle, high = _quantiles(responses.measured[i, :, :, i], (0.1, 0.5, 0.9))
        axis.fill_between(responses.values, low, high, color=OURS, alpha=0.22, linewidth=0)
        axis.plot(responses.values, middle, color=OURS)
        rho = figures["knob_spearman"][spec.name]["value"]
        axis.set_title(f"{spec.name}   $\\rho$ {rho:.2f}", fontsize=10, color=INK)
        axis.set_ylabel(spec.unit, fontsize=8, color=FAINT)
        axis.set_xlabel("knob", fontsize=8, color=FAINT)
    return figure


def draw_seams(figures: dict[str, Any]) -> Figure:
    """Notes held and jumps made across the borders of phrases, beside real music's."""
    figure, axes = _panels(1, 2, (10, 3.8), "How phrases join")
    names = [v.voice.name for v in VOICES]
    for axis, key, title in zip(
        axes, ("held", "jumps"), ("notes that go on, share", "jump, semitones"), strict=True
    ):
        for offset, seam, colour, label in (
            (-0.2, figures["seam"], OURS, "auto mode"),
            (0.2, figures["human"]["seam"], THEIRS, "held-out music"),
        ):
            cells = [seam[key][name] for name in names]
            heights = np.array([c["value"] for c in cells])
            ends = np.array([[c["low"], c["high"]] for c in cells], float).T
            axis.bar(
                np.arange(N_VOICES) + offset,
                heights,
                width=0.38,
                color=colour,
                label=label,
                yerr=np.abs(ends - heights),
                ecolor=INK,
            )
        axis.set_xticks(range(N_VOICES), names)
        axis.set_title(title, fontsize=10, color=INK)
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def draw_features(music: Ints, held_out: Sequence[Ints], figures: dict[str, Any]) -> Figure:
    """Histograms of the eleven features of the auto mode, beside held-out music's.

    Args:
        music: `[runs, phrases, 13, 4]`.
        held_out: each held-out song's phrases `[m, 13, 4]`.
        figures: for `js_over_human`.
    """
    ours = to_bins(features(np.concatenate(list(music))))
    theirs = to_bins(features(np.concatenate(held_out)))
    figure, axes = _panels(3, 4, (13, 8.6), "The auto mode's music, and held-out music")
    ratios = figures["js_over_human"] or {}
    for i, (axis, spec) in enumerate(zip(axes, FEATURES, strict=False)):
        edges = np.linspace(spec.low, spec.high, BINS + 1)
        for bins, colour, label in ((theirs, THEIRS, "held-out"), (ours, OURS, "auto mode")):
            share = np.bincount(bins[:, i], minlength=BINS + 1)[:BINS] / len(bins)
            axis.stairs(share, edges, color=colour, fill=True, alpha=0.2)
            axis.stairs(share, edges, color=colour, label=label)
        title = spec.name
        if spec.name in ratios:
            title += f"   JS {ratios[spec.name]['value']:.1f}x human"
        axis.set_title(title, fontsize=10, color=INK)
        axis.set_xlabel(spec.unit, fontsize=8, color=FAINT)
        axis.set_yticks([])
    axes[0].legend(frameon=False, fontsize=8)
    for axis in axes[len(FEATURES) :]:
        axis.set_visible(False)
    return figure


def draw_rolls(music: Ints, title: str) -> Figure:
    """Piano rolls of some performances `[runs, phrases, 13, 4]`; faint lines separate phrases."""
    figure, axes = _panels(min(ROLLS, len(music)), 1, (13, 8.6), title)
    for axis, phrases in zip(axes, music, strict=False):
        draw_roll(axis, phrases)
        axis.set_ylabel("MIDI note", fontsize=8, color=FAINT)
    axes[-1].set_xlabel("steps of 1/24 s", fontsize=8, color=FAINT)
    return figure


def draw_roll(axis: Axes, phrases: Ints) -> None:
    """A piano roll of `[m, 13, 4]`."""
    tuples = phrases.reshape(-1, 4)
    ends = np.cumsum(tuples[:, 3])
    starts = ends - tuples[:, 3]
    for ink in VOICE_INKS:
        on = tuples[:, ink.voice] > 0
        x0, x1, y = starts[on], ends[on], tuples[on, ink.voice]
        corners = np.stack(
            [
                np.column_stack((x, y + side * ink.height / 2))
                for x, side in ((x0, -1), (x1, -1), (x1, 1), (x0, 1))
            ],
            1,
        )
        axis.add_collection(
            PolyCollection(list(corners), facecolors=ink.colour, label=ink.voice.name)
        )
    for border in ends[TUPLES_PER_PHRASE - 1 :: TUPLES_PER_PHRASE]:
        axis.axvline(border, color=FAINT, linewidth=0.4, alpha=0.6)
    notes = tuples[:, :N_VOICES][tuples[:, :N_VOICES] > 0]
    axis.set_xlim(0, max(int(ends[-1]), 1))
    axis.set_ylim(notes.min(initial=60) - 2, notes.max(initial=72) + 2)


def _panels(rows: int, columns: int, size: tuple[float, float], title: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=size, facecolor=PAPER, layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, columns)).reshape(-1)
    for axis in axes:
        axis.set_facecolor(PAPER)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8, colors=FAINT)
    figure.suptitle(title, color=INK, fontsize=13)
    return figure, axes


def _quantiles(values: Floats, at: tuple[float, ...]) -> Floats:
    """Quantiles over the first axis; a column of NaNs gives NaN."""
    out = np.full((len(at), values.shape[1]), np.nan)
    for i, column in enumerate(values.T):
        real = column[~np.isnan(column)]
        if len(real):
            out[:, i] = np.quantile(real, at)
    return out
