"""Opens the MIDI ports that are asked for: RtMidi's on ALSA, CoreMIDI or WinMM, ours on JACK."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any

from nesvae_live.clock.hosttime import Time
from nesvae_live.io.midi.jackports import JackHost, JackSlot
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.midi.ports import (
    APIS,
    AUTO,
    CLOCK_CLIENT,
    CLOCK_PORT,
    FEEDBACK_CLIENT,
    FEEDBACK_PORT,
    IN_CLIENT,
    IN_PORT,
    OUT_CLIENT,
    OUT_PORT,
    MidiError,
    MidiUnavailableError,
    list_ports,
    match_ports,
    watch_jack,
)
from nesvae_live.io.midi.slot import RTMIDI_ERRORS, Slot
from nesvae_live.music.dialect import GENERAL, MidiSpeaker

IN, OUT = (IN_CLIENT, IN_PORT), (OUT_CLIENT, OUT_PORT)
CLOCK, FEEDBACK = (CLOCK_CLIENT, CLOCK_PORT), (FEEDBACK_CLIENT, FEEDBACK_PORT)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: the arguments of `open_midi`."""

    inputs: tuple[str, ...]
    output: str | None
    dialect: str
    clock_out: bool
    feedback: str | None

    @property
    def names_a_port(self) -> bool:
        """Whether a port of another program must be there."""
        return bool(self.inputs or self.output is not None or self.feedback)


def open_midi(
    api: str,
    inputs: Sequence[str],
    output: str | None,
    *,
    inbox: SimpleQueue[Any],
    time: Time,
    warn: Callable[[str], None],
    dialect: str = GENERAL,
    clock_out: bool = False,
    feedback: str | None = None,
) -> MidiPorts:
    """Open the ports that are named, and virtual ones where none is.

    Args:
        api: a key of `APIS`, `none`, or `auto`: the first system of the platform that works
            here; where none does, `warn` is told why, and there are no ports.
        inputs: parts of the names of the ports to read; empty: the virtual port `nesvae_live in`.
        output: part of the name of the port to write to; None: the virtual `nesvae_live out`.
        inbox: gets a `MidiIn` for each message, from RtMidi's threads or from ours.
        time: the clock of stamps and deadlines.
        warn: told one line for a person.
        clock_out: whether to open the virtual port `nesvae_live clock` too, for our own clock.
        feedback: part of the name of the controller's port that takes values back, or
            `OWN_FEEDBACK` for the virtual port `nesvae_live feedback`. That one is opened on JACK
            alone, where we know whether anybody is connected with it: a control that is taken for
            moved to its value, and isn't, makes the value jump.
        dialect: how events are expressed in MIDI, one of `dialect.DIALECTS`.

    Raises:
        MidiError: what was asked for can't be opened.
    """
    wanted = Wanted(tuple(inputs), output, dialect, clock_out, feedback)
    if api == "auto":
        return _open_any(wanted, inbox, time, warn)
    if api != "none":
        return _open(api, wanted, inbox, time, warn)
    if wanted.names_a_port:
        raise MidiError("a MIDI port is named, but the MIDI API is none: name an API, or no port")
    return MidiPorts("none", time)


def _open_any(
    wanted: Wanted, inbox: SimpleQueue[Any], time: Time, warn: Callable[[str], None]
) -> MidiPorts:
    faults = []
    for api in AUTO.get(sys.platform, ("jack",)):
        try:
            return _open(api, wanted, inbox, time, warn)
        except MidiUnavailableError as error:
            faults.append(str(error))
    if wanted.names_a_port:
        named = (*wanted.inputs, *filter(None, [wanted.output, wanted.feedback]))
        raise MidiError(f"no MIDI to find {', '.join(map(repr, named))} in ({'; '.join(faults)})")
    warn(f"no MIDI ports ({'; '.join(faults)})")
    return MidiPorts("none", time)


def _open(
    api: str, wanted: Wanted, inbox: SimpleQueue[Any], time: Time, warn: Callable[[str], None]
) -> MidiPorts:
    there = list_ports(api)
    label, virtual = APIS[api].label, APIS[api].virtual
    inputs, output, feedback = wanted.inputs, wanted.output, wanted.feedback
    if wanted.clock_out and not virtual:
        raise MidiError(f"{label}: it has no virtual ports, so no clock can be sent")
    if not virtual and not inputs and output is None:
        raise MidiUnavailableError(
            f"{label}: it has no virtual ports; install loopMIDI and name its ports"
        )
    # All names are looked up before anything opens, so that none matches a port of ours.
    sources = match_ports(there.inputs, inputs, "MIDI input")
    targets = match_ports(there.outputs, [] if output is None else [output], "MIDI output")
    shown = match_ports(there.outputs, [feedback] if feedback else [], "MIDI output")
    host = JackHost() if api == "jack" else None
    midi = MidiPorts(api, time, watch_jack(time) if host else None, host)

    slot = partial(_slot, api, host)
    try:
        for index in sources:
            midi.add_input(slot("MidiIn", IN, there.inputs[index]), inbox)
        if not inputs and virtual:
            midi.add_input(slot("MidiIn", IN), inbox)
        if targets or virtual:
            port = there.outputs[targets[0]] if targets else None
            out = slot("MidiOut", OUT, port, notes=True)
            midi.add_output(out, MidiSpeaker(wanted.dialect))
        if wanted.clock_out:
            midi.add_clock(slot("MidiOut", CLOCK))
        if shown or (feedback is not None and midi.tells):
            port = there.outputs[shown[0]] if shown else None
            midi.add_feedback(slot("MidiOut", FEEDBACK, port))
        midi.open()
    except BaseException as error:
        midi.close()
        if isinstance(error, MidiUnavailableError):
            raise
        if isinstance(error, (MidiError, *RTMIDI_ERRORS)):
            raise MidiError(f"{label}: {error}") from error
        raise
    if not virtual and not (inputs and targets):
        warn("WinMM has no virtual ports: name an input and an output (loopMIDI makes some)")
    return midi


def _slot(
    api: str,
    host: JackHost | None,
    kind: str,
    own: tuple[str, str],
    port: str | None = None,
    *,
    notes: bool = False,
) -> Slot:
    """A port of ours, closed: client and port are called as `own` says."""
    if host is not None:
        return JackSlot(host, kind, *own, port, notes=notes)
    return Slot(api, kind, *own, port)
