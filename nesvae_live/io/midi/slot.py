"""A port of ours, which can be opened, lost and opened again under the same name: RtMidi's."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any

from nesvae_live.clock.hosttime import Time
from nesvae_live.control.inputs import MidiIn
from nesvae_live.io.midi.ports import MidiError, make_client
from nesvae_live.io.midi.stream import MidiStream
from nesvae_live.music.capture import ALL_NOTES_OFF_CC, CONTROL_CHANGE

ACTIVE_SENSING = 0xFE
RTMIDI_ERRORS = (OSError, RuntimeError, ValueError)
"""The types of RtMidi's errors."""


class Slot:
    """Our port `name` of the client `client`, for `MidiIn` or `MidiOut`; closed at first.

    `wanted` is the full name of the port that it stands for (None: it is a virtual port). `label`
    names the port in its messages, and stays the same whatever number the port comes back under.
    """

    def __init__(
        self,
        api: str,
        kind: str,
        client: str,
        name: str,
        wanted: str | None = None,
    ) -> None:
        self.api = api
        self.kind = kind
        self.client = client
        self.name = name
        self.wanted = wanted
        self.label = wanted or name
        self.port: Any = None
        """RtMidi's object while it is open; replaced, so that a thread sees a port or none."""
        self.own = ""
        """Its full name, where the system has one: JACK."""
        self.fault = ""
        """Why it could not be written to; empty if it could."""
        self._inbox: SimpleQueue[Any] | None = None
        self._time: Time | None = None
        self._stream = MidiStream()

    def listen(self, inbox: SimpleQueue[Any], time: Time) -> None:
        """Deliver what comes in to the inbox: clock too, but neither sysex nor active sensing."""
        self._inbox, self._time = inbox, time

    def receive(self, event: tuple[list[int], float], _data: object = None) -> None:
        """Stamp a message and hand it over. Runs in RtMidi's thread."""
        assert self._time is not None
        self._hand_over(event[0], self._time.now())

    def let_go(self) -> None:
        """Who plays into it is gone: hand over that their keys are up, on every channel."""
        if self._inbox is not None and self._time is not None:
            for channel in range(16):
                data = (CONTROL_CHANGE | channel, ALL_NOTES_OFF_CC, 0)
                self._inbox.put(MidiIn(self.label, data, self._time.now()))

    def _hand_over(self, message: Sequence[int], at: float) -> None:
        for whole in self._stream.feed(message):
            if whole != (ACTIVE_SENSING,) and self._inbox is not None:
                self._inbox.put(MidiIn(self.label, whole, at))

    def open(self, names: Sequence[str] | None = None) -> None:
        """Open it: as the wanted port among `names`, or as a virtual port where there are none.

        Raises:
            MidiError: it can't be opened, or the port that it stands for isn't there.
        """
        if names is not None and self.wanted is not None and self.wanted not in names:
            raise MidiError(f"{self.wanted!r} isn't there")
        port = make_client(self.api, self.kind, self.client)
        try:
            if names is None or self.wanted is None:
                port.open_virtual_port(self.name)
            else:
                port.open_port(names.index(self.wanted), self.name)
            if self._inbox is not None:
                port.ignore_types(sysex=True, timing=False, active_sense=False)
                port.set_callback(self.receive)
        except RTMIDI_ERRORS as error:
            port.delete()
            raise MidiError(str(error)) from error
        self._fresh()
        self.port = port

    def _fresh(self) -> None:
        """Forget what the port was before it is opened again."""
        self.fault = ""
        self._stream = MidiStream()

    def send(self, message: Sequence[int]) -> None:
        """Send now; dropped while it is closed. Runs in the sender's thread, and never raises."""
        port = self.port
        if port is None or self.fault:
            return
        try:
            port.send_message(message)
        except RTMIDI_ERRORS as error:
            self.fault = str(error)

    def close(self) -> None:
        """Close the port; harmless when closed. No thread may be sending."""
        port, self.port = self.port, None
        if port is not None:
            if self._inbox is not None:
                port.cancel_callback()  # it would wait for the GIL, which closing holds
            with contextlib.suppress(*RTMIDI_ERRORS):
                port.close_port()
            port.delete()

    def abandon(self) -> None:
        """Forget the port without closing it, until the process ends.

        For a port that a thread may be sending to.
        """
        port, self.port = self.port, None
        if port is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(port))
