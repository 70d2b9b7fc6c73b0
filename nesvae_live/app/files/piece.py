"""A piece: phrases in a row, at 24 steps a second, as a MIDI file and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from nesvae_live.chip.nesmidi import messages_to_track
from nesvae_live.music.events import VELOCITY
from nesvae_live.music.phrase import STEPS_PER_SECOND, Ints, tuples_to_steps
from nesvae_live.music.voices import FAINT, INK, PAPER, VOICE_INKS, VOICES, Voice

TICKS_PER_BEAT = 480
TEMPO_BPM = 120
TICKS_PER_STEP = TICKS_PER_BEAT * TEMPO_BPM // 60 // STEPS_PER_SECOND
DPI = 110
LINE_SECONDS = 20.0
"""How much of a piece fits on one line of its picture."""
MOST_LINES = 60
LINE = "#d9d2c3"


@dataclass(frozen=True)
class Piece:
    """Phrases `[n, m, 4]`, in which a missing tuple has a hold of 0.

    `marks` are the names of the phrases, or empty.
    """

    phrases: Ints
    marks: Sequence[str] = ()
    title: str = ""

    def tuples(self) -> Ints:
        """All tuples `[k, 4]`."""
        flat = self.phrases.reshape(-1, 4)
        real: Ints = flat[flat[:, 3] > 0]
        return real

    def starts(self) -> Ints:
        """The step at which each phrase starts, `[n]`."""
        lengths = self.phrases[:, :, 3].sum(1)
        starts: Ints = np.cumsum(lengths) - lengths
        return starts

    def notes(self) -> list[tuple[Voice, int, int, int]]:
        """Each note: voice, number, first step, and the step after its last; held notes are one."""
        steps = tuples_to_steps(self.tuples())
        out = []
        for spec in VOICES:
            column = steps[:, spec.voice]
            changes = np.flatnonzero(np.diff(column)) + 1
            bounds = [0, *changes.tolist(), len(column)]
            out += [
                (spec.voice, int(column[a]), a, b)
                for a, b in pairwise(bounds)
                if b > a and column[a]
            ]
        return out


def write_piece_midi(piece: Piece, path: Path) -> None:
    """Write a MIDI file of type 1 at 120 BPM, 40 ticks a step, with a marker for each phrase.

    P1, P2 and TR have tracks of their own, on channels 1 to 3.

    Raises:
        OSError: it cannot be written.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    end = int(piece.tuples()[:, 3].sum()) * TICKS_PER_STEP
    head = [
        (0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(TEMPO_BPM))),
        (0, mido.MetaMessage("time_signature", numerator=4, denominator=4)),
    ]
    head += [
        (int(start) * TICKS_PER_STEP, mido.MetaMessage("marker", text=mark))
        for start, mark in zip(piece.starts(), piece.marks, strict=False)
    ]
    file.tracks.append(messages_to_track(head, end, piece.title or "nesvae_live"))
    notes = piece.notes()
    for spec in VOICES:
        messages = []
        for voice, note, first, after in notes:
            if voice is spec.voice:
                named = {"channel": spec.channel, "note": note}
                on = mido.Message("note_on", velocity=VELOCITY, **named)
                messages.append((first * TICKS_PER_STEP, on))
                messages.append((after * TICKS_PER_STEP, mido.Message("note_off", **named)))
        messages.sort(key=lambda timed: (timed[0], timed[1].type == "note_on"))
        file.tracks.append(messages_to_track(messages, end, spec.voice.name))
    file.save(path)


def write_piece_picture(piece: Piece, path: Path, *, line_seconds: float = LINE_SECONDS) -> None:
    """Write a piano roll as PNG, in lines of `line_seconds`; each phrase's start has its mark.

    Raises:
        OSError: it cannot be written.
    """
    with style.context("default", after_reset=True):  # whatever a user's matplotlibrc says
        piece_to_figure(piece, line_seconds).savefig(path, format="png", dpi=DPI)


def piece_to_figure(piece: Piece, line_seconds: float = LINE_SECONDS) -> Figure:
    """Draw a piece; of one with more than 60 lines only the first 60."""
    notes = piece.notes()
    seconds = float(piece.tuples()[:, 3].sum()) / STEPS_PER_SECOND
    lines = min(max(int(np.ceil(seconds / line_seconds)), 1), MOST_LINES)
    figure = Figure(figsize=(13, 0.6 + 1.25 * lines), facecolor=PAPER, layout="constrained")
    figure.suptitle(piece.title, fontsize=12, color=INK)
    axes = figure.subplots(lines, 1, sharey=True, squeeze=False)[:, 0]
    pitches = [note for _, note, _, _ in notes] or [60]
    axes[0].set_ylim(min(pitches) - 2, max(pitches) + 2)
    width = line_seconds if lines > 1 else max(seconds, 1.0)
    for i, axis in enumerate(axes):
        dress_line(axis, i * width, width)
    for i, axis in enumerate(axes):
        draw_notes(axis, notes, i * width, width)
    starts = piece.starts() / STEPS_PER_SECOND
    for i, start in enumerate(starts.tolist()):
        line = int(start // width)
        if line < lines:
            axes[line].axvline(start, color=LINE, linewidth=0.7, zorder=0)
            if i < len(piece.marks):
                at = (start, 1.0)
                where = axes[line].get_xaxis_transform()
                axes[line].text(*at, piece.marks[i], transform=where, fontsize=6.5, color=FAINT)
    return figure


def dress_line(axis: Axes, start: float, width: float) -> None:
    """Make an axis a line of a picture: from `start` on, `width` seconds of it."""
    axis.set_facecolor(PAPER)
    axis.set_xlim(start, start + width)
    axis.tick_params(labelsize=7, colors=FAINT, length=2)
    for spine in axis.spines.values():
        spine.set_visible(False)


def draw_notes(
    axis: Axes, notes: Sequence[tuple[Voice, int, int, int]], start: float, width: float
) -> None:
    """Draw the notes (as of `Piece.notes`) that sound on a line."""
    for ink in VOICE_INKS:
        boxes = []
        for of, note, first, after in notes:
            a, b = first / STEPS_PER_SECOND, after / STEPS_PER_SECOND
            if of is ink.voice and b > start and a < start + width:
                low, high = note - ink.height / 2, note + ink.height / 2
                boxes.append([(a, low), (b, low), (b, high), (a, high)])
        axis.add_collection(PolyCollection(boxes, facecolor=ink.colour, linewidth=0, zorder=3))
