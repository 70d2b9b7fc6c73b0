"""A simulated jam behind JACK's transport: it rolls, stands, jumps, glides, and changes its metre."""

from __future__ import annotations

from types import SimpleNamespace

from nesvae_live.clock.jackclock import TRANSPORT_PORT
from nesvae_live.io.jack.cycle import Cycle
from nesvae_live.io.jack.said import Said
from nesvae_live.io.jack.transport import TransportReader
from nesvae_live.io.midi.transportslots import to_transport
from tests.support.simulated import SimulatedJam
from tests.support.timebase import Timebase

RATE, FRAMES = 48_000, 256
METRES = ((3, 4), (4, 4), (7, 8), (2, 4))


class TransportJam(SimulatedJam):
    """A jam that follows a transport, whose timebase master does by chance what masters do."""

    followed = TRANSPORT_PORT

    def __init__(self, seed: int, seconds: float, *, stalls: bool = False) -> None:
        super().__init__(seed, seconds, follows=True, stalls=stalls)
        self.timebase = Timebase(self.tempo, RATE, honest=seed % 2 == 0, rounds=seed % 3 == 0)
        self._reader = TransportReader(RATE, self.tempo, (4, 4))
        self._frame, self._cycle, self._moves = 0, 0, False
        self._begins = self.time.value

    def pass_time(self, seconds: float) -> None:
        while self._begins + FRAMES / RATE <= self.time.value + seconds:
            self._run_cycle()
        super().pass_time(seconds)

    def retempo(self) -> None:
        if self.draw.random() < 0.5:
            self.timebase.change_in_a_bar(self.draw.uniform(60, 220), self._frame)
        else:
            tempo, seconds = self.draw.uniform(60, 220), self.draw.uniform(1, 5)
            self.timebase.glide_in_a_bar(tempo, seconds, self._frame)

    def transport(self) -> None:
        draw = self.draw
        if draw.random() < 0.4:
            self.timebase.meter_in_a_bar(*draw.choice(METRES), self._frame)
        elif draw.random() < 0.4:
            self._frame = draw.randrange(20 * RATE)
        elif not self._moves or draw.random() < 0.3:
            self._moves = not self._moves

    def _run_cycle(self) -> None:
        begins = round(1e6 * self._begins)
        cycle = Cycle(self._cycle * FRAMES, FRAMES, begins, begins + round(1e6 * FRAMES / RATE))
        told = self._reader.read(
            cycle, self._frame, said_of(self.timebase, self._frame), rolls=self._moves
        )
        if told is not None:
            self.put(to_transport(told, begins))
        self._cycle += 1
        self._frame += FRAMES * self._moves
        self._begins += FRAMES / RATE


class MetresJam(TransportJam):
    """A jam whose source rolls through other metres, and through tempi that change and glide."""

    def __init__(self, seed: int, seconds: float) -> None:
        super().__init__(seed, seconds)
        self._moves = True
        for i, metre in enumerate(((7, 8), (3, 4), (6, 8))):
            self.timebase.meter_in_a_bar(*metre, round((3 * i + 2) * RATE))
        self.timebase.change_in_a_bar(91.7, round(3.5 * RATE))
        self.timebase.glide_in_a_bar(150.0, 2.0, round(7.0 * RATE))

    def retempo(self) -> None:
        """Nothing: it is in the map."""

    def transport(self) -> None:
        """Nothing: it rolls."""


def said_of(timebase: Timebase, frame: int) -> Said:
    """What a timebase master says of a frame."""
    at = SimpleNamespace(frame=frame)
    timebase.fill(at)
    return Said(
        at.bar,
        at.bar_start_tick / at.ticks_per_beat,
        at.beat - 1,
        at.tick,
        at.ticks_per_beat,
        at.beats_per_bar,
        at.beat_type,
        at.beats_per_minute,
    )
