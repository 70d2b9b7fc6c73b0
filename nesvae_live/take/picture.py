"""A take as a picture: the voices as a piano roll, the phrases, and the knobs below.

A phrase that played again because its successor was late is hatched; a knob's curve has a gap where
the knob was released.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from nesvae_live.chip.registers import NOTES
from nesvae_live.latent.knobs import KNOB_BY_NAME
from nesvae_live.log.entries import Placed, Turned
from nesvae_live.log.jam import Jam, Note
from nesvae_live.music.events import VELOCITY
from nesvae_live.music.voices import FAINT, INK, PAPER, VOICE_INKS, Voice

DPI = 120
NARROWEST, WIDEST = 12.0, 60.0  # inches
BAR_INCHES = 0.62
AIRY, CROWDED = (
    2.2,
    6.0,
)  # bars per inch: below the first, beats are drawn; above the second, bars are not
MARGIN_INCHES = 1.05
NOTE_INCHES = 0.095
PHRASE_INCHES = 0.2
NOISE_INCHES = 0.42
KNOB_INCHES = 0.42

BLACK_KEY, BAR_LINE, BEAT_LINE = "#f2eee5", "#b9b3a6", "#e6e1d6"
PHRASES = ("#d9d2c3", "#ebe6da")
KNOB = "#6d5a86"
NOISE = "#55504a"


def write_picture(jam: Jam, path: Path) -> None:
    """Draw the jam and write it to `path` as a PNG.

    Raises:
        OSError: it cannot be written.
    """
    with style.context("default", after_reset=True):  # whatever a user's matplotlibrc says
        jam_to_figure(jam).savefig(path, format="png", dpi=DPI)


def jam_to_figure(jam: Jam) -> Figure:
    """Draw a jam; the longer it is, the wider, from 12 to 60 inches."""
    notes = [note for note in jam.notes() if note.voice is not Voice.NO]
    hits = [note for note in jam.notes() if note.voice is Voice.NO]
    curves = knob_curves(jam)
    bars = jam.bars()
    lowest = min((n.note for n in notes), default=48) - 2
    highest = max((n.note for n in notes), default=72) + 2
    width = min(max(MARGIN_INCHES + BAR_INCHES * bars, NARROWEST), WIDEST)
    heights = [max(2.6, NOTE_INCHES * (highest - lowest)), PHRASE_INCHES]
    heights += [KNOB_INCHES] * len(curves)
    if hits:
        heights.insert(1, NOISE_INCHES)
    top, bottom, gap = 0.82, 0.25, 0.09
    total = sum(heights) + top + bottom + gap * (len(heights) - 1)
    figure = Figure(figsize=(width, total), facecolor=PAPER)
    left, right = MARGIN_INCHES / width, 1 - 0.3 / width
    rows: list[Axes] = []
    y = total - top
    for height in heights:
        row = figure.add_axes((left, (y - height) / total, right - left, height / total))
        rows.append(row)
        y -= height + gap
    density = bars / (width * (right - left))
    for row in rows:
        _grid(row, jam, bars, density)
    _roll(rows[0], notes, lowest, highest, edge=0.4 if density < AIRY else 0.0)
    if hits:
        _noise(rows.pop(1), hits)
    _phrases(rows[1], jam, bars, border=0.7 if density < CROWDED else 0.0)
    for row, (knob, curve) in zip(rows[2:], curves.items(), strict=True):
        _knob(row, knob, curve)
    _numbers(rows[0], jam, bars, density)
    _title(figure, jam, bars, left, total)
    return figure


def knob_curves(jam: Jam) -> dict[str, tuple[list[float], list[float]]]:
    """The curves of the knobs that were set, in the table's order: beats, and values from there on.

    A value is NaN where the knob is released; the last beat is the jam's end.
    """
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for entry in jam.entries:
        if isinstance(entry, Turned):
            beats, values = curves.setdefault(entry.knob, ([], []))
            beats.append(max(0.0, jam.beat_at(entry.at)))
            values.append(float("nan") if entry.value is None else entry.value)
    end_beat = jam.end_beat()
    for beats, values in curves.values():
        beats.append(max(end_beat, beats[-1]))
        values.append(values[-1])
    order = list(KNOB_BY_NAME)
    known = sorted((k for k in curves if k in KNOB_BY_NAME), key=order.index)
    return {knob: curves[knob] for knob in (*known, *sorted(curves.keys() - KNOB_BY_NAME))}


def _grid(axes: Axes, jam: Jam, bars: int, density: float) -> None:
    bar = jam.opened.beats_per_bar
    axes.set_facecolor(PAPER)
    axes.set_xlim(0, bars * bar)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelbottom=False, labelsize=8, labelcolor=FAINT)
    whole = axes.get_xaxis_transform()
    if density < AIRY:
        beats = [b for b in range(1, ceil(bars * bar)) if b % bar]
        axes.vlines(beats, 0, 1, BEAT_LINE, lw=0.5, transform=whole, zorder=0)
    lines = [b * bar for b in range(0, bars + 1, 1 if density < CROWDED else 16)]
    width = 0.8 if density < AIRY else 0.4
    axes.vlines(lines, 0, 1, BAR_LINE, lw=width, transform=whole, zorder=0)


def _roll(axes: Axes, notes: Sequence[Note], lowest: int, highest: int, edge: float) -> None:
    axes.set_ylim(lowest - 0.5, highest + 0.5)
    for note in range(lowest, highest + 1):
        if note % 12 in {1, 3, 6, 8, 10}:
            axes.axhspan(note - 0.5, note + 0.5, color=BLACK_KEY, lw=0, zorder=-1)
    octaves = [note for note in range(lowest, highest + 1) if note % 12 == 0]
    axes.hlines([c - 0.5 for c in octaves], *axes.get_xlim(), BAR_LINE, lw=0.5, zorder=0)
    axes.set_yticks(octaves, [f"C{c // 12 - 1}" for c in octaves])
    for ink in VOICE_INKS:
        half = ink.height / 2
        boxes = [
            [
                (n.start, n.note - half),
                (n.start, n.note + half),
                (n.end, n.note + half),
                (n.end, n.note - half),
            ]
            for n in notes
            if n.voice is ink.voice
        ]
        axes.add_collection(
            PolyCollection(
                boxes, facecolor=ink.colour, edgecolor=PAPER, lw=edge, zorder=3, label=ink.label
            )
        )


def _noise(axes: Axes, hits: Sequence[Note]) -> None:
    """Draw the drums: high ones above, each as long as it sounds, and the louder, the darker."""
    lowest, highest = NOTES[Voice.NO]
    axes.set_ylim(lowest - 1, highest + 1)
    axes.set_yticks([(lowest + highest) / 2], ["noise"])
    axes.axhspan(lowest - 1, highest + 1, color=BLACK_KEY, lw=0, zorder=-1)
    boxes = [
        [(n.start, n.note - 1), (n.start, n.note + 1), (n.end, n.note + 1), (n.end, n.note - 1)]
        for n in hits
    ]
    colours = [to_rgba(NOISE, min(1.0, 0.3 + 0.7 * n.velocity / VELOCITY)) for n in hits]
    axes.add_collection(PolyCollection(boxes, facecolor=colours, lw=0, zorder=3))


def _phrases(axes: Axes, jam: Jam, bars: int, border: float) -> None:
    axes.set_yticks([0.5], ["phrases"])
    axes.set_ylim(0, 1)
    placed = sorted((e for e in jam.entries if isinstance(e, Placed)), key=lambda e: e.beat)
    end_beat = min(jam.end_beat(), bars * jam.opened.beats_per_bar)
    after = [*(phrase.beat for phrase in placed[1:]), end_beat]
    spans: tuple[list[tuple[float, float]], ...] = ([], [], [])  # even, odd, repeated
    for phrase, next_beat in zip(placed, after, strict=bool(placed)):
        beats = max(0.0, min(phrase.beats, next_beat - phrase.beat))
        spans[2 if phrase.repeat else phrase.index % 2].append((phrase.beat, beats))
    for colour, boxes in zip(PHRASES, spans, strict=False):
        axes.broken_barh(boxes, (0, 1), facecolor=colour, lw=0, zorder=1)
    axes.broken_barh(spans[2], (0, 1), facecolor=PAPER, edgecolor=PHRASES[0], hatch="////", lw=0)
    axes.vlines([phrase.beat for phrase in placed], 0, 1, INK, lw=border, zorder=2)


def _knob(axes: Axes, knob: str, curve: tuple[list[float], list[float]]) -> None:
    axes.set_ylim(-0.06, 1.06)
    axes.set_yticks([0.5], [knob])
    axes.axhspan(0, 1, color=BLACK_KEY, lw=0, zorder=-1)
    # Each value holds until the next beat. The corners are made here: a step's fill ends too early.
    beats, values = (np.repeat(points, 2) for points in curve)
    axes.fill_between(beats[1:], values[:-1], color=KNOB, alpha=0.22, lw=0, zorder=2)
    axes.plot(beats[1:], values[:-1], color=KNOB, lw=1.2, zorder=3, solid_joinstyle="miter")


def _numbers(axes: Axes, jam: Jam, bars: int, density: float) -> None:
    every = next(n for n in (1, 4, 16, 64, 256, bars) if n / density > 0.3)
    bar = jam.opened.beats_per_bar
    for number in range(0, bars, every):
        axes.annotate(
            str(jam.first_bar + number),
            (number * bar, 1),
            xycoords=axes.get_xaxis_transform(),
            xytext=(2, 3),
            textcoords="offset points",
            fontsize=8,
            color=FAINT,
        )


def bars_in_words(jam: Jam, bars: int) -> str:
    """How many bars there are, or which of the take's."""
    if jam.first_bar == 1:
        return f"{bars} bar{'s' if bars > 1 else ''}"
    last = jam.first_bar + bars - 1
    return f"bar {last}" if bars == 1 else f"bars {jam.first_bar}-{last}"


def _title(figure: Figure, jam: Jam, bars: int, left: float, total: float) -> None:
    opened = jam.opened
    seconds = round(bars * opened.beats_per_bar * 60 / opened.tempo)
    when = opened.started.replace("T", "  ")[:20]
    facts = (
        f"{opened.tempo:g} BPM",
        opened.meter,
        bars_in_words(jam, bars),
        f"{seconds // 60}:{seconds % 60:02d}",
        f"{Path(opened.checkpoint).stem} {opened.checkpoint_sha256[:8]}",
        f"seed {opened.seed}",
    )
    place: dict[str, Any] = {"ha": "left", "va": "baseline", "parse_math": False}
    figure.text(left, 1 - 0.34 / total, when, size=14, color=INK, weight="bold", **place)
    text = "   ·   ".join(facts)
    figure.text(left, 1 - 0.56 / total, text, size=9, color=FAINT, **place)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles[::-1],
        labels[::-1],
        loc="upper right",
        bbox_to_anchor=(1 - 0.25 / figure.get_figwidth(), 1 - 0.12 / total),
        ncols=3,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=1.4,
        columnspacing=1.4,
    )
