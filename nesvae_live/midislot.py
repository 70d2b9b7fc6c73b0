"""A port of ours, which can be opened, lost, and opened again under the same name."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

from nesvae_live.inputs import MidiIn
from nesvae_live.midiports import MidiError, choose, make_client
from nesvae_live.protocols import Time

ACTIVE_SENSING = 0xFE
RTMIDI_ERRORS = (OSError, RuntimeError, ValueError)
"""What RtMidi's errors are."""


class Slot:
    """Our port `name` of client `client`, for `MidiIn` or `MidiOut`; made closed.

    `wanted` is the full name of the port that it stands for, `part` what a person called that;
    None: it is a virtual port. `label` tells its messages apart, and stays whatever comes back.
    """

    def __init__(
        self,
        api: str,
        kind: str,
        client: str,
        name: str,
        wanted: str | None = None,
        part: str = "",
    ) -> None:
        self.api = api
        self.kind = kind
        self.client = client
        self.name = name
        self.wanted = wanted
        self.part = part
        self.label = wanted or name
        self.port: Any = None
        """RtMidi's object while it is open; replaced, so that a thread sees a port or none."""
        self.own = ""
        """Its full name, where the system has one: JACK."""
        self.heard = 0.0
        """When something came in last, in seconds."""
        self.fault = ""
        """Why it could not be written to, if it couldn't."""
        self._hear: Callable[[Any, object], None] | None = None

    def listen(self, inbox: SimpleQueue[Any], time: Time) -> None:
        """Let what comes in go to the inbox: clock too, not sysex, not sensing."""
        now, put, label = time.now, inbox.put, self.label

        def receive(event: tuple[list[int], float], _data: object = None) -> None:
            """Stamp and hand over. Runs in RtMidi's thread, under JACK in the server's cycle."""
            self.heard = at = now()
            data = tuple(event[0])
            if data != (ACTIVE_SENSING,):
                put(MidiIn(label, data, at))

        self._hear = receive

    def open(self, names: Sequence[str] | None = None) -> None:
        """Open it; `names` are the ports to find the wanted one in, none: it is a port of its own.

        Raises:
            MidiError: it can't be, or what it stands for isn't there.
        """
        port = make_client(self.api, self.kind, self.client)
        try:
            if names is None or self.wanted is None:
                port.open_virtual_port(self.name)
            else:
                port.open_port(self.find(names), self.name)
            if self._hear is not None:
                port.ignore_types(sysex=True, timing=False, active_sense=False)
                port.set_callback(self._hear)
        except RTMIDI_ERRORS as error:
            port.delete()
            raise MidiError(str(error)) from error
        except MidiError:
            port.delete()
            raise
        self.fault = ""
        self.port = port

    def find(self, names: Sequence[str]) -> int:
        """Where among the names the port is that it stands for.

        Raises:
            MidiError: it isn't there, not even under another full name.
        """
        if self.wanted not in names:  # ALSA gives it another number
            self.wanted = names[choose(names, [self.part or str(self.wanted)], "MIDI port")[0]]
        return names.index(self.wanted)

    def send(self, message: Sequence[int]) -> None:
        """Send now, to nobody if it is closed. Runs in the sender's thread, and never raises."""
        port = self.port
        if port is None or self.fault:
            return
        try:
            port.send_message(message)
        except RTMIDI_ERRORS as error:
            self.fault = str(error)

    def close(self) -> None:
        """Let go of the port, harmless when closed. No thread may be sending."""
        port, self.port = self.port, None
        if port is not None:
            if self._hear is not None:
                port.cancel_callback()  # it would wait for the GIL, which closing holds
            with contextlib.suppress(*RTMIDI_ERRORS):
                port.close_port()
            port.delete()

    def abandon(self) -> None:
        """Forget the port without closing it, to the end of the process.

        For a port that a thread may be sending to, and for one whose JACK server is gone or hangs:
        closing that waits, with the GIL held, for an answer that doesn't come.
        """
        port, self.port = self.port, None
        if port is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(port))
