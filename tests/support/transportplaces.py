"""Where notes lie that were played behind JACK's transport, against its timebase master's map.

Not bar lines alone: every note's place in its bar, as the log has it, has a frame of the transport.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nesvae_live.clock.timing import Meter
from nesvae_live.log.jam import Jam
from nesvae_live.take.daw.arrangement import meters
from tests.support.barlines import Hearing
from tests.support.probe import JackProbe

UNTOLD_SECONDS = 0.3
"""After a start or a jump: nobody was told of it, and what was decoded was for elsewhere."""


@dataclass(frozen=True, slots=True)
class PlacedNote:
    """A note: how many frames behind its place it was heard, and since which start or jump.

    `beat` is the log's, `place` the transport's frame; `on_line`: it is on a bar line.
    """

    beat: float
    place: int
    off: float
    index: int
    on_line: bool


class Master(Protocol):
    """A timebase master, as one that knows its map."""

    def beat_at(self, frame: int) -> float: ...

    def frame_of(self, beat: float) -> int: ...

    def bar_before(self, beat: float) -> float: ...


def placed_notes(probe: JackProbe, jam: Jam, master: Master | None = None) -> list[PlacedNote]:
    """The notes that were heard, but for those just after a start or a jump.

    `master` leads; None: the probe itself.
    """
    master = master or probe
    rolls, metres, found = probe.rolls, meters(jam), []
    for beat, frame in Hearing(probe).notes(jam):
        index, (began, there) = [(i, r) for i, r in enumerate(rolls) if r[0] <= frame][-1]
        if frame - began < UNTOLD_SECONDS * probe.sample_rate:
            continue
        place = there + frame - began
        song = master.beat_at(place)
        meter = meter_at(metres, beat)
        in_bar = meter.counted(beat) % meter.beats_per_bar
        line = master.bar_before(song + meter.beats_per_bar / 2 - in_bar)
        due = master.frame_of(line + in_bar)
        on_line = min(in_bar, meter.beats_per_bar - in_bar) < 1e-6
        found.append(PlacedNote(beat, place, place - due, index, on_line))
    return found


def meter_at(metres: tuple[tuple[float, Meter], ...], beat: float) -> Meter:
    """The metre that holds on a beat."""
    return [meter for line, meter in metres if line <= beat + 1e-6][-1]
