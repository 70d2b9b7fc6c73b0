"""Plays a module as a tracker does, tick by tick: what our modules use of it, and nothing more.

It is how the tests hear what a module says. What stands behind a release, how fast slides are and how
deep vibrato is, are facts from the sources of FamiStudio (MIT) and bhop (MIT-0).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nesvae_live.chip.registers import CPU_CLOCK, POWER_ON
from nesvae_live.chip.tracker.module import HALT, RELEASE, Cell, Effect, Kind, Module, Steps
from nesvae_live.chip.vgm.registerlog import RegisterLog
from nesvae_live.music.voices import Voice

TICK_CLOCKS = CPU_CLOCK / 60
LONGEST_PERIOD = 0x7FF

DEPTHS = (1, 1.5, 2.5, 4, 5, 7, 10, 12, 14, 17, 22, 30, 44, 64, 96, 128)
"""By how much each depth of vibrato moves a period."""


def vibrato(depth: int, phase: int) -> int:
    """By how much a period is shorter, at a phase of 64 a wave."""
    half, within = divmod(phase & 63, 32)
    step = within if within < 16 else 31 - within
    moved = int(DEPTHS[depth] * np.sin(step * np.pi / 32))
    return -moved if half else moved


def period_of(height: float) -> int:
    """The period of a written note, 0 for C-0: A-3 is 440 Hz on the pulses."""
    hz = 440.0 * 2 ** ((height - 45) / 12)
    return round(CPU_CLOCK / (16 * hz) - 1)


@dataclass
class Sequence:
    """A sequence as it is played."""

    steps: Steps | None = None
    at: int = 0
    released: bool = False

    def value(self, default: int) -> int:
        """This tick's value, and on to the next."""
        if self.steps is None or not self.steps.values:
            return default
        values, loop, release = self.steps.values, self.steps.loop, self.steps.release
        now = values[min(self.at, len(values) - 1)]
        self.at += 1
        if self.at >= len(values):
            self.at = loop if loop >= 0 and loop > release else len(values) - 1
        elif self.at == release + 1 and release >= 0 and not self.released:
            self.at = loop if 0 <= loop <= release else release
        return now

    def release(self) -> None:
        self.released = True
        if self.steps is not None and self.steps.release >= 0:
            self.at = self.steps.release


@dataclass
class Channel:
    """A channel's state."""

    on: bool = False
    height: int = 0
    period: float = 0.0
    target: float = 0.0
    slide: int = 0
    sequences: dict[Kind, Sequence] = field(default_factory=dict)
    struck: bool = False
    cut: int = -1
    waiting: tuple[int, Cell] | None = None
    vibrato: tuple[int, int] = (0, 0)
    phase: int = 0
    pitch: int = 0


class Player:
    """Plays the first track of a module once; `log` has what it writes to the chip."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.track = module.tracks[0]
        self.named = {(s.kind, s.index): s for s in module.sequences}
        self.cells = {
            (p.channel, p.number, cell.row): cell for p in module.patterns for cell in p.cells
        }
        self.channels = [Channel() for _ in Voice]
        self.writes: list[tuple[int, int, int]] = [(0, *write) for write in POWER_ON]
        self.held: dict[int, int] = {}
        self.ticks = 0

    def play(self) -> RegisterLog:
        """The writes, stamped in CPU clocks."""
        tempo, left = self.track.tempo, 0.0
        for frame in self.track.order:
            for row in range(self.track.rows):
                for channel, number in enumerate(frame):
                    cell = self.cells.get((channel, number, row))
                    if cell is None:
                        continue
                    for effect, parameter in cell.effects:
                        if effect == Effect.SPEED and parameter >= self.module.split:
                            tempo = parameter
                    if channel < len(self.channels):
                        self._row(self.channels[channel], cell)
                left += 150 * self.track.speed / tempo
                while left > 1e-6:
                    self._tick()
                    left -= 1
        end = 1 + round(self.ticks * TICK_CLOCKS)
        return RegisterLog(end, np.array(self.writes, dtype=np.int64))

    def _row(self, channel: Channel, cell: Cell) -> None:
        late = dict(cell.effects).get(Effect.DELAY, 0)
        channel.waiting = late, cell

    def _read(self, channel: Channel, cell: Cell) -> None:
        channel.cut = -1
        slide = 0
        for effect, parameter in cell.effects:
            if effect == Effect.CUT:
                channel.cut = parameter
            elif effect == Effect.VIBRATO:
                if parameter == 0:
                    channel.phase = 0
                channel.vibrato = parameter >> 4, parameter & 15
            elif effect == Effect.PITCH:
                channel.pitch = parameter - 0x80
            elif effect in {Effect.NOTE_UP, Effect.NOTE_DOWN}:
                slide = parameter if effect == Effect.NOTE_UP else -parameter
        if cell.note == HALT:
            channel.on = False
        elif cell.note == RELEASE:
            for sequence in channel.sequences.values():
                sequence.release()
        elif cell.note:
            height = 12 * cell.octave + cell.note - 1
            channel.on = channel.struck = True
            channel.height = height
            channel.slide = 0
            channel.period = channel.target = period_of(height)
            numbers = self.module.instruments[cell.instrument].sequences
            channel.sequences = {
                kind: Sequence(self.named[kind, number])
                for kind, number in zip(Kind, numbers, strict=True)
                if number is not None
            }
            if slide:
                up, semitones = slide > 0, abs(slide) & 15
                channel.height = height + (semitones if up else -semitones)
                channel.target = period_of(channel.height)
                channel.slide = 2 * (abs(slide) >> 4) + 1

    def _tick(self) -> None:
        status = 0
        writes: list[tuple[int, int]] = []
        for voice, channel in zip(Voice, self.channels, strict=True):
            if channel.waiting is not None:
                late, cell = channel.waiting
                channel.waiting = (late - 1, cell) if late else None
                if not late:
                    self._read(channel, cell)
            if channel.cut == 0:
                channel.on = False
            channel.cut = max(channel.cut - 1, -1)
            sounds = self._voice(voice, channel, writes) if channel.on else False
            status |= sounds << voice
            if not sounds and voice is not Voice.NO:  # as our chip's notes end
                writes += [(0x4002 + 4 * voice, 0), (0x4003 + 4 * voice, 0)]
        self._put([(0x4015, status), *writes])
        self.ticks += 1

    def _voice(self, voice: Voice, channel: Channel, writes: list[tuple[int, int]]) -> bool:
        sequence = channel.sequences
        volume = sequence[Kind.VOLUME].value(15) if Kind.VOLUME in sequence else 15
        arpeggio = sequence[Kind.ARPEGGIO].value(0) if Kind.ARPEGGIO in sequence else 0
        duty = sequence[Kind.DUTY].value(0) if Kind.DUTY in sequence else 0
        base = 0x4000 + 4 * voice
        struck, channel.struck = channel.struck, False
        if voice is Voice.NO:
            period = 15 - (channel.height & 15)
            writes += [(base, 0x30 | volume), (base + 2, duty << 7 | period), (base + 3, 0)]
            return volume > 0
        channel.period += min(max(channel.target - channel.period, -channel.slide), channel.slide)
        if Kind.ARPEGGIO in sequence:  # which sets the period anew in each tick
            channel.period = period_of(channel.height + arpeggio)
        if Kind.PITCH in sequence:
            channel.period += sequence[Kind.PITCH].value(0)
        height = channel.period
        speed, depth = channel.vibrato
        if depth:
            channel.phase += speed
            height -= vibrato(depth, channel.phase)
        number = int(min(max(height - channel.pitch, 0), LONGEST_PERIOD))
        if voice is not Voice.TR:
            writes.append((base, duty << 6 | 0x30 | volume))
        writes.append((base + 2, number & 0xFF))
        if struck and not self.held.get(0x4015, 0) >> voice & 1:
            self.held.pop(base + 3, None)
        writes.append((base + 3, number >> 8))
        return volume > 0

    def _put(self, writes: list[tuple[int, int]]) -> None:
        stamp = 1 + round(self.ticks * TICK_CLOCKS)
        rose = writes[0][1] & ~self.held.get(0x4015, 0)
        for address, value in writes:
            strikes = address & 3 == 3 and address < 0x4010 and rose >> (address - 0x4000 >> 2) & 1
            if strikes or self.held.get(address) != value:
                self.held[address] = value
                self.writes.append((stamp, address, value))
