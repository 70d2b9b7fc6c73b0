"""Who leads others by our clock: by MIDI clock, and as the timebase master of JACK's transport."""

from __future__ import annotations

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.sources import InternalClock
from nesvae_live.clock.timing import Meter
from nesvae_live.io.midi.clocksender import ClockSender
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.midi.transportslots import TransportSender


def open_leaders(
    clock: object, midi: MidiPorts, time: Time, meter: Meter, early: float, *, transport: bool
) -> tuple[ClockSender | TransportSender, ...]:
    """Make what leads others by `clock`, if that is our own; none of it is started.

    `early` is how many seconds before its time a port gets a message that it places itself;
    `transport` asks to lead JACK's too.

    Raises:
        MidiError: JACK's transport is to be led, and can't be.
    """
    if not isinstance(clock, InternalClock):
        return ()
    leaders: list[ClockSender | TransportSender] = []
    if midi.send_clock is not None:
        ahead = early if midi.places_clocks else 0.0
        leader = ClockSender(clock, midi.send_clock, time, meter.beats_per_bar, ahead)
        midi.clock_joined = leader.join
        leaders.append(leader)
    if transport:
        leaders.append(midi.lead_transport(clock, meter))
    return tuple(leaders)
