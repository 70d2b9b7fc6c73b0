"""MIDI ports through RtMidi (ALSA, JACK, CoreMIDI, WinMM): messages in, notes out on time."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from nesvae_live.dialect import GENERAL, Speaker
from nesvae_live.inputs import MidiIn
from nesvae_live.jackwatch import JackWatch
from nesvae_live.midiports import (
    APIS,
    AUTO,
    MidiError,
    MidiUnavailableError,
    choose,
    list_ports,
    make_client,
)
from nesvae_live.protocols import Time
from nesvae_live.sender import DeadlineSender

__all__ = ["Midi", "MidiError", "list_ports", "open_midi"]

IN_CLIENT, IN_PORT = "nesvae_live_in", "nesvae_live in"
OUT_CLIENT, OUT_PORT = "nesvae_live_out", "nesvae_live out"
CLOCK_CLIENT, CLOCK_PORT = "nesvae_live_clock", "nesvae_live clock"


class Midi:
    """Open ports; made by `open_midi`, closed by `close` or at the end of a `with`.

    `api` is the system in use (`none`: there are no ports), `inputs` the names of the ports that
    are read, `output` takes the notes (None: there is no port to write to), `send_clock` sends a
    message of MIDI clock now (None: that port was not asked for).
    """

    def __init__(self, api: str, watch: JackWatch | None = None) -> None:
        self.api = api
        self.inputs: tuple[str, ...] = ()
        self.output: DeadlineSender | None = None
        self.send_clock: Callable[[Sequence[int]], None] | None = None
        self._watch = watch
        self._ports: list[Any] = []  # a port that nobody refers to goes silent

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def lost(self) -> str | None:
        """Why MIDI is lost, in one line, or None; ask from one thread, about twice a second."""
        if self._watch is not None and (reason := self._watch.lost()) is not None:
            return reason
        if self.output is not None and self.output.error is not None:
            return f"the MIDI output failed ({self.output.error})"
        return None

    def silence(self, *, panic: bool = False) -> None:
        """End every note now, drop what is held; a panic trusts no books."""
        if self.output is not None:
            self.output.silence(panic=panic)

    def lateness_ms(self) -> dict[str, float]:
        """How long after their time notes were sent, in milliseconds, and how many were late."""
        if self.output is None:
            return {"p50": 0.0, "p99": 0.0, "max": 0.0, "late": 0}
        figures = self.output.lateness()
        return {
            "p50": round(figures.p50 * 1e3, 3),
            "p99": round(figures.p99 * 1e3, 3),
            "max": round(figures.worst * 1e3, 3),
            "late": figures.late,
        }

    def close(self) -> None:
        """End every note and let go of the ports, whatever state they are in."""
        if self.output is not None:
            self.output.stop()
        ports, self._ports = self._ports, []
        for port in ports:
            if self._watch is not None and self._watch.stalled:
                # libjack would wait for the server's answer for ever: leave the port to the end
                # of the process, unseen by Python's own cleaning up.
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(port))
                continue
            port.close_port()
            port.delete()
        if self._watch is not None:
            self._watch.close()

    def read(self, port: Any, name: str, inbox: SimpleQueue[Any], time: Time) -> None:
        """Let what comes in on an open port go to the inbox: clock too, not sysex, not sensing."""
        self._ports.append(port)
        self.inputs += (name,)
        port.ignore_types(sysex=True, timing=False, active_sense=True)
        port.set_callback(_receiver(name, inbox, time))

    def write(self, port: Any, time: Time, speaker: Speaker) -> None:
        """Make an open port the output, and start its sender."""
        self._ports.append(port)
        self.output = DeadlineSender(
            lambda event: self._transmit(port, *speaker.messages(event)),
            lambda panic: self._transmit(port, *speaker.all_off(panic=panic)),
            time,
        )
        self.output.start()

    def lead(self, port: Any) -> None:
        """Make an open port the one of the clock that others follow."""
        self._ports.append(port)
        self.send_clock = lambda data: self._transmit(port, tuple(data))

    def _transmit(self, port: Any, *messages: tuple[int, ...]) -> None:
        """Send now. Runs in the sender's thread.

        Once a JACK server is gone nobody empties RtMidi's ring, and whoever writes to it when it
        is full waits for ever and holds the GIL: so nothing is written then.
        """
        if self._watch is None or not self._watch.gone:
            for message in messages:
                port.send_message(message)


def _receiver(
    name: str, inbox: SimpleQueue[Any], time: Time
) -> Callable[[tuple[list[int], float], object], None]:
    now, put = time.now, inbox.put

    def receive(event: tuple[list[int], float], _data: object = None) -> None:
        """Stamp and hand over. Runs in RtMidi's thread, under JACK in the server's cycle."""
        at = now()
        put(MidiIn(name, tuple(event[0]), at))

    return receive


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
) -> Midi:
    """Open the ports that are named, virtual ones where none is.

    On JACK open them before pyo and close them after it: RtMidi holds the GIL while it waits for
    the server, the server for pyo's callback, and that for the GIL, seconds long.

    Args:
        api: a key of `APIS`, `none`, or `auto`: the first system of the platform that works
            here; where none does, `warn` hears why, and there are no ports.
        inputs: parts of the names of the ports to read; none: the virtual port `nesvae_live in`.
        output: part of the name of the port to write to; None: the virtual `nesvae_live out`.
        inbox: takes a `MidiIn` for each message, from RtMidi's threads.
        time: the clock of stamps and deadlines.
        warn: takes one line for a person.
        clock_out: open the virtual port `nesvae_live clock` too, for a clock of ours.
        dialect: how events are said, one of `dialect.DIALECTS`.

    Raises:
        MidiError: what was asked for can't be opened.
    """
    if api == "auto":
        return _open_any(inputs, output, inbox, time, warn, dialect, clock_out)
    if api != "none":
        return _open(api, inputs, output, inbox, time, warn, dialect, clock_out)
    if inputs or output is not None:
        raise MidiError("a MIDI port is named, but the MIDI API is none: name an API, or no port")
    return Midi("none")


def _open_any(
    inputs: Sequence[str],
    output: str | None,
    inbox: SimpleQueue[Any],
    time: Time,
    warn: Callable[[str], None],
    dialect: str,
    clock_out: bool,
) -> Midi:
    faults = []
    for api in AUTO.get(sys.platform, ("jack",)):
        try:
            return _open(api, inputs, output, inbox, time, warn, dialect, clock_out)
        except MidiUnavailableError as error:
            faults.append(str(error))
    if inputs or output is not None:
        wanted = ", ".join(repr(name) for name in (*inputs, *filter(None, [output])))
        raise MidiError(f"no MIDI to find {wanted} in ({'; '.join(faults)})")
    warn(f"no MIDI ports ({'; '.join(faults)})")
    return Midi("none")


def _open(
    api: str,
    inputs: Sequence[str],
    output: str | None,
    inbox: SimpleQueue[Any],
    time: Time,
    warn: Callable[[str], None],
    dialect: str,
    clock_out: bool,
) -> Midi:
    there = list_ports(api)
    virtual = APIS[api].virtual
    if clock_out and not virtual:
        raise MidiError(f"{APIS[api].label}: it has no virtual ports, so no clock can be sent")
    if not virtual and not inputs and output is None:
        raise MidiUnavailableError(
            f"{APIS[api].label}: it has no virtual ports; install loopMIDI and name its ports"
        )
    # All names are looked up before anything opens: our own ports are nobody's match.
    sources = choose(there.inputs, inputs, "MIDI input")
    targets = choose(there.outputs, [] if output is None else [output], "MIDI output")
    midi = Midi(api, _watch(time, warn) if api == "jack" else None)
    try:
        for index in sources:
            port = make_client(api, "MidiIn", IN_CLIENT)
            port.open_port(index, IN_PORT)
            midi.read(port, there.inputs[index], inbox, time)
        if not inputs and virtual:
            port = make_client(api, "MidiIn", IN_CLIENT)
            port.open_virtual_port(IN_PORT)
            midi.read(port, IN_PORT, inbox, time)
        if targets or virtual:
            port = make_client(api, "MidiOut", OUT_CLIENT)
            port.open_port(targets[0], OUT_PORT) if targets else port.open_virtual_port(OUT_PORT)
            midi.write(port, time, Speaker(dialect))
        if clock_out:
            port = make_client(api, "MidiOut", CLOCK_CLIENT)
            port.open_virtual_port(CLOCK_PORT)
            midi.lead(port)
    except BaseException as error:
        midi.close()
        if isinstance(error, (OSError, RuntimeError, ValueError)):  # what RtMidi's errors are
            raise MidiError(f"{APIS[api].label}: {error}") from error
        raise
    if not virtual and not (inputs and targets):
        warn("WinMM has no virtual ports: name an input and an output (loopMIDI makes some)")
    return midi


def _watch(time: Time, warn: Callable[[str], None]) -> JackWatch | None:
    try:
        return JackWatch(time)
    except OSError as error:
        warn(f"the end of the JACK server would go unnoticed: {error}")
        return None
