"""Notes on rows: a module whose rows are fractions of the beat and whose patterns are bars.

A row is a sixteenth note, or less where the music has more notes than that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from nesvae_live.chip.tracker.instruments import Bank
from nesvae_live.chip.tracker.lines import lines_to_cells, notes_to_lines
from nesvae_live.chip.tracker.module import (
    CHANNELS,
    MOST_FRAMES,
    MOST_PATTERNS,
    MOST_ROWS,
    Cell,
    Effect,
    Module,
    Pattern,
    Track,
)
from nesvae_live.chip.tracker.pitchsteps import give_sequences
from nesvae_live.chip.tracker.played import Performance, PlayedNote
from nesvae_live.chip.tracker.rows import Rows
from nesvae_live.music.voices import Voice

ROWS_PER_BEAT = (4, 6, 8, 12, 16)
"""From a sixteenth note down to a 64th."""

MOST_LOST = 0.01
"""If more of the notes than this fall into a row that has one already, rows are made shorter."""

DPCM = 4
"""The channel without notes, on which tempo, loop and end stand."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A module, and lines on what is not in it as it was played."""

    module: Module
    notices: tuple[str, ...]


def compose(performance: Performance, title: str, artist: str, copyright_: str) -> Composed:
    """The module of a performance.

    Raises:
        ValueError: it has more bars or patterns than a module holds.
    """
    best: _Writer | None = None
    for per_beat in ROWS_PER_BEAT:
        if not _bars_per_frame(performance, per_beat):
            continue
        writer = _Writer(performance, per_beat)
        if best is None or writer.lost < best.lost:
            best = writer
        if writer.lost <= MOST_LOST * len(performance.notes):
            break
    if best is None:
        raise ValueError(
            f"{performance.n_bars} bars of {performance.beats_per_bar:g} beats are more than a "
            f"module holds: {MOST_FRAMES} frames of at most {MOST_ROWS} rows; export fewer bars"
        )
    return best.write(title, artist, copyright_)


def _bars_per_frame(performance: Performance, per_beat: int) -> int:
    """How many bars a pattern has: one, or more where a module hasn't enough frames; 0: none fit."""
    rows = performance.beats_per_bar * per_beat
    n = -(-performance.n_bars // MOST_FRAMES)
    return n if rows == round(rows) and n * rows <= MOST_ROWS else 0


class _Writer:
    """Writes a performance with so many rows a beat."""

    def __init__(self, performance: Performance, per_beat: int) -> None:
        self._performance = performance
        self._per_bar = round(performance.beats_per_bar * per_beat)
        self._bars = _bars_per_frame(performance, per_beat)
        self._per_frame = self._bars * self._per_bar
        self._n_rows = self._per_bar * performance.n_bars
        self._rows = Rows(performance, per_beat, self._n_rows)
        self._notes: dict[int, dict[int, tuple[int, PlayedNote]]] = defaultdict(dict)
        self.lost = 0
        for note in performance.notes:
            row, late = self._rows.at(self._rows.tick(note.start))
            if row in self._notes[note.voice]:
                self.lost += 1
            elif row < self._n_rows:
                self._notes[note.voice][row] = late, note
        self._cells: list[dict[int, Cell]] = [{} for _ in range(CHANNELS)]
        self._notices: list[str] = []
        self._lowered = 0

    def write(self, title: str, artist: str, copyright_: str) -> Composed:
        bank = Bank(self._performance.patches)
        lines = {voice: notes_to_lines(self._notes[voice], self._rows, bank) for voice in Voice}
        give_sequences([line for of_voice in lines.values() for line in of_voice], bank)
        for voice, of_voice in lines.items():
            self._cells[voice], lowered = lines_to_cells(voice, of_voice, self._rows)
            self._lowered += lowered
        self._write_flow()
        order: list[tuple[int, ...]] = []
        patterns: list[Pattern] = []
        for channel, cells in enumerate(self._cells):
            bars = self._frames(cells)
            numbers = {cells: number for number, cells in enumerate(dict.fromkeys(bars))}
            if len(numbers) > MOST_PATTERNS:
                raise ValueError(f"{len(numbers)} patterns are more than a module holds")
            patterns += [Pattern(0, channel, n, cells) for cells, n in numbers.items() if cells]
            order.append(tuple(numbers[bar] for bar in bars))
        columns = tuple(
            max([1, *(len(cell.effects) for cell in cells.values())]) for cells in self._cells
        )
        rows = self._rows
        frames = tuple(zip(*order, strict=True))
        track = Track(title or "Jam", rows.speed, rows.tempo, self._per_frame, frames, columns)
        highlight = (round(self._per_bar / self._performance.beats_per_bar), self._per_bar)
        module = Module(
            title,
            artist,
            copyright_,
            highlight=highlight,
            instruments=bank.instruments(),
            sequences=bank.sequences(),
            tracks=(track,),
            patterns=[_padded(pattern, columns) for pattern in patterns],
        )
        for n, what in (
            (self.lost, "notes left out, that begin in a row with another"),
            (self._lowered, "notes played an octave lower: the tracker has none so high"),
            (bank.heard, "notes on instruments of their own: no patch sounds like them"),
            (bank.near, "notes on a similar instrument: there was no room for more"),
        ):
            if n:
                self._notices.append(f"{n} {what}")
        return Composed(module, tuple(self._notices))

    def _frames(self, cells: dict[int, Cell]) -> list[tuple[Cell, ...]]:
        """The cells of each frame, with their rows counted from its beginning."""
        n_frames = -(-self._performance.n_bars // self._bars)
        bars: list[list[Cell]] = [[] for _ in range(n_frames)]
        for row, cell in sorted(cells.items()):
            bar, within = divmod(row, self._per_frame)
            bars[bar].append(
                Cell(within, cell.note, cell.octave, cell.instrument, cell.volume, cell.effects)
            )
        return [tuple(bar) for bar in bars]

    def _write_flow(self) -> None:
        """Tempi, and where it goes on at its end."""
        flow: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for row, tempo in self._rows.changes.items():
            if row:
                flow[row].append((Effect.SPEED, tempo))
        loop = self._performance.loop_bar
        if loop is None:
            flow[self._n_rows - 1].append((Effect.STOP, 0))
        elif loop or self._n_rows % self._per_frame:
            flow[self._n_rows - 1].append((Effect.JUMP, loop // self._bars))
            if loop % self._bars:
                self._notices.append(
                    f"it goes on from bar {loop - loop % self._bars + 1} of what is exported: with "
                    f"so many bars a pattern has {self._bars}, and a loop begins with one"
                )
        self._cells[DPCM] = {row: Cell(row, effects=tuple(e)) for row, e in flow.items()}


def _padded(pattern: Pattern, columns: Sequence[int]) -> Pattern:
    """A pattern whose cells have all the columns of their channel."""
    n = columns[pattern.channel]
    cells = tuple(
        Cell(c.row, c.note, c.octave, c.instrument, c.volume, (*c.effects, *((0, 0),) * n)[:n])
        for c in pattern.cells
    )
    return Pattern(pattern.track, pattern.channel, pattern.number, cells)
