"""Watches a JACK server with a client of its own: its end, its ports, what was late on it.

The watcher has no process callback, so it is no part of the graph and costs it nothing; still it is
told of the server's end within milliseconds, and of each xrun. Opening a new client just to ask
would be worse: after a server's death libjack then frees its other clients, and closing those
crashes the process.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections import deque
from typing import Any

from nesvae_live.clock.hosttime import Time
from nesvae_live.io import pipewire
from nesvae_live.io.jacklisting import list_ports
from nesvae_live.io.libraries import loaded_libraries
from nesvae_live.io.midi.wiring import SeenPort

CLIENT_NAME = "nesvae_live_watch"

STALLED_SECONDS = 2.0
"""A server whose frame clock has stood still for so long is as good as dead."""

CLOSE_SECONDS = 1.0
"""How long leaving may take."""


class JackWatch:
    """A watcher of the default JACK server, open from the start.

    Raises:
        OSError: there is no libjack, no JACK-Client, or no server; one line says which.
    """

    def __init__(self, time: Time) -> None:
        os.environ["JACK_NO_START_SERVER"] = "1"
        try:
            import jack
        except ImportError:
            raise OSError("JACK-Client is not installed (pip install JACK-Client)") from None
        except OSError:
            raise OSError("there is no libjack on this system (install jackd2)") from None
        hush_libjack()
        try:
            self._client: Any = jack.Client(CLIENT_NAME, no_start_server=True)
        except jack.JackError:
            raise OSError(pipewire.remedy() if pipewire.runs() else "no server answers") from None
        self._time = time
        self._dead = False
        self._is_pipewire = "PipeWire" in jack.version_string()
        self.stalled = False
        """Whether the server is there but does nothing, as `lost` found."""
        self.disturbed = 0
        """How often a cycle's MIDI may have been lost: a client was late, or the graph changed."""
        self._client.set_shutdown_callback(self._die)
        self._client.set_xrun_callback(self._count)
        if self._is_pipewire:  # a node that goes over to another driver may lose a cycle
            self._client.set_graph_order_callback(self._count)
        self._renamed: deque[tuple[str, str]] = deque()
        self._client.set_port_rename_callback(self._rename)
        self._client.activate()  # only active clients are told of xruns
        self._seen = (self._client.last_frame_time, time.now())

    def _die(self, status: object, reason: str) -> None:
        """Take note of the server's end. Runs in libjack's thread: one assignment."""
        del status, reason
        self._dead = True

    def _count(self, *_: float) -> None:
        """Take note of a lost cycle. Runs in libjack's thread, for which the server doesn't wait."""
        self.disturbed += 1

    def _rename(self, port: object, old: str, new: str) -> None:
        """Take note of a port's new name. Runs in libjack's thread, which nobody waits for."""
        del port
        self._renamed.append((old, new))

    def take_renamed(self) -> list[tuple[str, str]]:
        """The ports that were given another name since this was last asked: old and new."""
        return [self._renamed.popleft() for _ in range(len(self._renamed))]

    @property
    def period(self) -> float:
        """How long a cycle of the server lasts, in seconds."""
        return float(self._client.blocksize / self._client.samplerate)

    @property
    def gone(self) -> bool:
        """Whether the server has ended or stalled. Any thread may ask, at no cost."""
        return self._dead or self.stalled

    def lost(self) -> str | None:
        """Why the server is lost, or None; one thread asks, about twice a second."""
        if self._dead:
            self.stalled = False
            return "the JACK server went away"
        if self._client is None:
            return None
        now, frame = self._time.now(), self._client.last_frame_time
        if frame != self._seen[0]:
            self._seen = (frame, now)
        self.stalled = now - self._seen[1] > STALLED_SECONDS
        if self.stalled and self._is_pipewire:  # it ended untold, and this client won't come back
            self._dead, self.stalled = True, False
            return "the JACK server went away"
        return "the JACK server hangs" if self.stalled else None

    def midi_ports(self) -> set[str]:
        """The full names of all MIDI ports; there are none on a server that is gone."""
        if self._dead or self._client is None:
            return set()
        return {port.name for port in list_ports(self._client, is_midi=True)}

    def seen(self) -> list[SeenPort]:
        """All MIDI ports, with what is known of them."""
        if self._dead or self._client is None:
            return []
        ports = list_ports(self._client, is_midi=True)
        return [SeenPort(port.name, port.is_output, port.is_physical) for port in ports]

    def readable(self) -> list[str]:
        """The full names of the MIDI ports that can be read, in the server's order."""
        return [port.name for port in list_ports(self._client, is_midi=True, is_output=True)]

    def writable(self) -> list[str]:
        """The full names of the MIDI ports that can be written to, likewise."""
        return [port.name for port in list_ports(self._client, is_midi=True, is_input=True)]

    def cables(self, port: str) -> set[tuple[str, str]]:
        """The connections of a port, as (sending port, receiving port)."""
        import jack

        try:
            found = self._client.get_port_by_name(port)
            others = [other.name for other in self._client.get_all_connections(found)]
        except jack.JackError:  # it went away meanwhile
            return set()
        return {(port, other) if found.is_output else (other, port) for other in others}

    def connect(self, source: str, target: str) -> bool:
        """Connect two ports; returns whether they were not connected and now are."""
        import jack

        try:
            self._client.connect(source, target)
        except jack.JackError:
            return False
        return True

    def close(self) -> None:
        """Leave the server, dead or alive, within a second; harmless when already left.

        When other ports are closed at the same time, libjack may wait for ever for a lock that a
        thread of its own held when libjack ended it (jack2, issue 395): then the client is left
        as it is.
        """
        if self._client is None or self.stalled:  # a server that hangs would hang us
            return
        client, self._client = self._client, None
        leaving = threading.Thread(target=client.close, name="JACK watch, leaving", daemon=True)
        leaving.start()
        leaving.join(CLOSE_SECONDS)


def hush_libjack() -> None:
    """Keep every libjack of this process off the terminal; does nothing where there is no /proc.

    Each wheel brings a libjack, and each prints on standard error what we say in one line.
    """
    files = loaded_libraries("libjack")
    if not files:
        return
    # A C function that takes a string and does nothing with it: the callback needs no GIL.
    nothing = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p)
    for file in files:
        library = ctypes.CDLL(str(file))
        for verb in (library.jack_set_error_function, library.jack_set_info_function):
            verb.argtypes, verb.restype = [ctypes.c_void_p], None
            verb(nothing)
