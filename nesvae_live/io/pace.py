"""How far ahead everything is done, by the device's period and how late this machine wakes threads.

A knob's way to the ear is as long as what is decided ahead. What has to fit into it: the events of
a block must be there before the device fetches it, a period ahead; the renderer and the sequencer
look every so often; and each of them may wake up late.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

PERIOD = 0.00533
"""Of whom nobody knows the period, in seconds: 256 frames at 48 kHz."""

SLACK = 0.005
"""What the sequencer is given for what it does, and for who holds the interpreter's lock."""

RENDER_SLACK = 0.008
"""The same for the renderer: what it misses is heard."""

QUICKEST, SLOWEST = 0.0015, 0.005
"""How often the renderer looks, in seconds: twice a period, within these."""

LATEST = 0.01
"""The most seconds of lateness that are allowed for: who is later than that is late."""

NAPS = 100
NAP = 0.001


@dataclass(frozen=True, slots=True)
class Pace:
    """How far ahead things are done, in seconds.

    `poll` is how often the renderer looks; `lead` how far ahead of its hearing the sound is
    rendered, and a clock message handed over; `lookahead` how far ahead everything is decided, in
    time for the renderer however it looks.
    """

    poll: float
    lead: float
    lookahead: float


def find_pace(period: float, wake: float) -> Pace:
    """The pace for a device's period and for how late a thread may wake up, in seconds."""
    poll = min(max(period / 2, QUICKEST), SLOWEST)
    lead = period + poll + wake + RENDER_SLACK
    return Pace(poll, lead, lead + poll + wake + SLACK)


USUAL = find_pace(PERIOD, 0.001)
"""Of a machine of today, with the usual period."""

FORMER = Pace(0.005, 0.035, 0.05)
"""What held for every device and machine until it was measured; for comparison."""


def take_pace(period: float | None) -> Pace:
    """The pace for a device's period in seconds; measures for a tenth of a second."""
    return find_pace(period or PERIOD, min(LATEST, measure_wake()))


def measure_wake() -> float:
    """How late a thread wakes up here, in seconds: the greatest of many short sleeps but one."""
    late = []
    for _ in range(NAPS):
        due = time.perf_counter() + NAP
        time.sleep(NAP)
        late.append(time.perf_counter() - due)
    return sorted(late)[-2]
