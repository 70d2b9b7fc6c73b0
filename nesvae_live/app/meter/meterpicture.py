"""A piece's piano roll, in lines of 20 s, with the beats and bar lines that were found in it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nesvae_live.app.files.piece import DPI, LINE_SECONDS, MOST_LINES, draw_notes, dress_line
from nesvae_live.app.meter.found import FoundPiece, frames_to_seconds
from nesvae_live.music.metre.ticks import beat_lines
from nesvae_live.music.phrase import STEPS_PER_SECOND
from nesvae_live.music.voices import FAINT, INK, PAPER, VOICES, Voice

BAR_LINE, BEAT_LINE, FREE = "#8f897c", "#ded8ca", "#efe9db"
NOISE = "#55504a"
Notes = list[tuple[Voice, int, int, int]]


def write_meter_picture(piece: FoundPiece, path: Path) -> None:
    """Write it as PNG.

    Raises:
        OSError: it cannot be written.
    """
    with style.context("default", after_reset=True):  # whatever a user's matplotlibrc says
        meter_to_figure(piece).savefig(path, format="png", dpi=DPI)


def meter_to_figure(piece: FoundPiece) -> Figure:
    """Draw a piece; of one with more than 60 lines only the first 60.

    A bar's number stands at its line; where no metre is sure the paper is darker. Drums are ticks at
    the foot.
    """
    lines = min(max(int(np.ceil(piece.seconds / LINE_SECONDS)), 1), MOST_LINES)
    width = LINE_SECONDS if lines > 1 else max(piece.seconds, 1.0)
    figure = Figure(figsize=(13, 0.6 + 1.25 * lines), facecolor=PAPER, layout="constrained")
    figure.suptitle(piece.name, fontsize=12, color=INK, parse_math=False)
    axes = figure.subplots(lines, 1, sharey=True, squeeze=False)[:, 0]
    notes = roll_notes(piece)
    pitches = [note for _, note, _, _ in notes] or [60]
    lowest, highest = min(pitches) - 5, max(pitches) + 2
    axes[0].set_ylim(lowest, highest)
    hits = np.flatnonzero(piece.score[:, Voice.NO, 0]) / STEPS_PER_SECOND
    for i, axis in enumerate(axes):
        start = i * width
        dress_line(axis, start, width)
        _draw_metre(axis, piece, start, start + width)
        draw_notes(axis, notes, start, width)
        there = hits[(hits >= start) & (hits < start + width)]
        axis.vlines(there, lowest + 0.5, lowest + 2.5, NOISE, lw=0.7, zorder=3)
    return figure


def roll_notes(piece: FoundPiece) -> Notes:
    """Each pitched note: voice, number, first step, and the step after its last."""
    out: Notes = []
    for spec in VOICES:
        column = piece.score[:, spec.voice, 0].astype(np.int64)
        bounds = [0, *(np.flatnonzero(np.diff(column)) + 1).tolist(), len(column)]
        out += [(spec.voice, int(column[a]), a, b) for a, b in pairwise(bounds) if column[a]]
    return out


def _draw_metre(axis: Axes, piece: FoundPiece, start: float, end: float) -> None:
    whole = axis.get_xaxis_transform()
    bar = 0
    for stretch, found in zip(piece.stretches, piece.found, strict=True):
        if found.metre is None:
            axis.axvspan(found.start, found.end, color=FREE, lw=0, zorder=-1)
            continue
        frames, is_bar = beat_lines(stretch)
        for frame, on_bar in zip(frames.tolist(), is_bar.tolist(), strict=True):
            at = frames_to_seconds(frame)
            bar += on_bar
            if not start <= at < end:
                continue
            colour, thick = (BAR_LINE, 0.9) if on_bar else (BEAT_LINE, 0.5)
            axis.axvline(at, color=colour, linewidth=thick, zorder=0)
            if on_bar:
                axis.text(at, 1.0, f" {bar}", transform=whole, fontsize=6, color=FAINT, va="top")
