"""A voice's notes as cells: an instrument, delays, cuts and effects.

A note that doesn't fall on a row is delayed by ticks (Gxx), one that ends within its row is cut
(Sxx). What an effect switches on stays on, so each is written when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nesvae_live.chip.tracker.instruments import Bank, Fit
from nesvae_live.chip.tracker.module import (
    HALT,
    LOWEST_OCTAVE_NOTE,
    MOST_COLUMNS,
    RELEASE,
    Cell,
    Effect,
)
from nesvae_live.chip.tracker.pitches import Bends, Room, bends_of, nearer_bends
from nesvae_live.chip.tracker.played import PlayedNote
from nesvae_live.chip.tracker.rows import Rows
from nesvae_live.music.voices import Voice

HIGHEST_NOTE = 95

PITCH_CENTRE = 0x80


@dataclass
class Line:
    """A note and what stands for it: from row `row` on, `late` ticks behind its beginning.

    `end` is the tick and the kind (`HALT`, `RELEASE`) of what ends it (None: the next note, or the
    music's end), and `stop` the row of that.
    """

    row: int
    late: int
    note: PlayedNote
    fit: Fit
    end: tuple[int, int] | None
    stop: int | None
    room: Room
    bends: Bends

    def come_nearer(self) -> None:
        """Have the effects that come nearest, in each row if need be."""
        self.bends = nearer_bends(self.note.voice, self.note.note, self.note.cents, self.room)

    def bend(self, instrument: int) -> None:
        """Let the instrument bend the note, and no effect."""
        self.fit = replace(self.fit, instrument=instrument)
        self.bends = Bends()


def notes_to_lines(
    notes: Mapping[int, tuple[int, PlayedNote]], rows: Rows, bank: Bank
) -> list[Line]:
    """The lines of a voice's notes, which are given by row, each with the ticks it comes late."""
    n_rows = len(rows.begins) - 1
    lines: list[Line] = []
    order = sorted(notes.items())
    for i, (row, (late, played)) in enumerate(order):
        begins = rows.begins[row] + late
        next_row, (next_late, _) = order[i + 1] if i + 1 < len(order) else (n_rows, (0, played))
        follows = rows.begins[next_row] + next_late if next_row < n_rows else None
        fit = bank.fit(played, rows.begins[row + 1] - begins)
        note = replace(played, cents=fit.cents)
        ends = min(rows.tick(played.end), begins + len(played.volumes))
        end: tuple[int, int] | None = None
        if fit.released is not None:
            end = begins + fit.released, RELEASE
        elif follows is None or ends < follows:
            end = ends, HALT
        if end is not None and end[0] >= rows.begins[-1]:
            end = None
        stop = None if end is None else rows.at(end[0])[0]
        free = [
            rows.begins[r] - begins
            for r in range(row + 1, next_row)
            if stop is None or r < stop or (r > stop and fit.released is not None)
        ]
        taken = (0, 0)
        if stop is not None and stop > row:
            taken = rows.begins[stop] - begins, rows.begins[stop + 1] - begins
        room = Room(tuple(free), taken, fit.stepped)
        lines.append(Line(row, late, note, fit, end, stop, room, bends_of(note, room)))
    return lines


def lines_to_cells(voice: Voice, lines: Sequence[Line], rows: Rows) -> tuple[dict[int, Cell], int]:
    """The cells of a voice by row, and how many of its notes had to be written an octave lower."""
    cells: dict[int, Cell] = {}
    lowered = 0
    bent = waves = False
    for i, line in enumerate(lines):
        row, bends = line.row, line.bends
        next_row = lines[i + 1].row if i + 1 < len(lines) else len(rows.begins) - 1
        effects = [(Effect.DELAY, line.late)] if line.late else []
        if bends.slide.semitones:
            way = Effect.NOTE_DOWN if bends.slide.semitones > 0 else Effect.NOTE_UP
            effects.append((way, bends.slide.speed << 4 | abs(bends.slide.semitones)))
        if bends.first_off or bent:
            effects.append((Effect.PITCH, PITCH_CENTRE - bends.first_off))
            bent = bool(bends.first_off)
        if waves:  # it ends, and its phase begins anew
            effects.append((Effect.VIBRATO, 0))
            waves = False
        begins = rows.begins[row] + line.late
        before = 0, bends.first_off
        for tick, parameter, off in bends.waves:
            at, wait = rows.at(begins + tick)
            written = [(Effect.VIBRATO, parameter)] if parameter != before[0] else []
            if off != before[1]:
                written.append((Effect.PITCH, PITCH_CENTRE - off))
            before = parameter, off
            waves, bent = parameter != 0, off != 0
            if at == row:
                effects += written
            else:
                cells[at] = Cell(at, effects=(*_waits(wait), *written))
        if line.end is not None and line.stop == row:
            effects.append((Effect.CUT, max(1, line.end[0] - begins)))
        elif line.end is not None and line.stop is not None and line.stop < next_row:
            tick, how = line.end
            cells[line.stop] = Cell(line.stop, how, effects=_waits(tick - rows.begins[line.stop]))
        height = line.note.note + bends.slide.semitones - LOWEST_OCTAVE_NOTE
        height += 12 * (voice is Voice.TR)
        if voice is Voice.NO:
            height = line.note.note - 1
        elif height > HIGHEST_NOTE:
            lowered += 1
            height -= 12
        octave, note = divmod(min(max(height, 0), HIGHEST_NOTE), 12)
        used = _most_needed(effects)
        cells[row] = Cell(row, note + 1, octave, line.fit.instrument, effects=used)
    return cells, lowered


def _waits(ticks: int) -> tuple[tuple[int, int], ...]:
    return ((Effect.DELAY, ticks),) if ticks else ()


def _most_needed(effects: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """As many effects as a row has columns for: when a note begins and ends matters most."""
    kept = sorted(effects, key=lambda e: e[0] not in {Effect.DELAY, Effect.CUT})[:MOST_COLUMNS]
    return tuple(effect for effect in effects if effect in kept)
