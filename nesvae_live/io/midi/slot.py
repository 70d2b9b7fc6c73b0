"""A port of ours, which can be opened, lost and opened again under the same name; and its reader.

Under JACK a callback runs in the server's cycle. There it would wait for Python's lock, the server
for it, and every other client for the server: a turned knob would cost sound. So RtMidi queues what
comes in, and a thread fetches it.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any

from nesvae_live.clock.hosttime import Time
from nesvae_live.control.inputs import MidiIn
from nesvae_live.io.midi.ports import MidiError, make_client
from nesvae_live.io.midi.stream import MidiStream

ACTIVE_SENSING = 0xFE
RTMIDI_ERRORS = (OSError, RuntimeError, ValueError)
"""The types of RtMidi's errors."""

POLLED = ("jack",)
"""Systems whose driver would wait for the interpreter in a callback, and all sound with it."""

STALE_SECONDS = 0.02
"""A message that came longer ago than this by RtMidi's count is taken to have come now."""


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
        self.received_at = 0.0
        """When something last came in, in seconds."""
        self.fault = ""
        """Why it could not be written to; empty if it could."""
        self._inbox: SimpleQueue[Any] | None = None
        self._time: Time | None = None
        self._reading = threading.Lock()  # no port is closed while it is read
        self._came = 0.0
        self._stream = MidiStream()

    @property
    def polled(self) -> bool:
        """Whether what comes in waits for `read`, and isn't handed over by a thread of RtMidi's."""
        return self.kind == "MidiIn" and self.api in POLLED

    def listen(self, inbox: SimpleQueue[Any], time: Time) -> None:
        """Deliver what comes in to the inbox: clock too, but neither sysex nor active sensing."""
        self._inbox, self._time = inbox, time

    def read(self) -> None:
        """Hand over what came in, stamped with the time when it came; for one thread.

        RtMidi says how long after the previous message each one came, and we know when it was here
        at the latest: that gives a stamp of the driver's cycle, however late we read.
        """
        assert self._time is not None  # `listen` comes before `read`
        while True:
            with self._reading:
                event = None if self.port is None else self.port.get_message()
            if event is None:
                return
            now, came = self._time.now(), self._came + event[1]
            self._came = came if now - STALE_SECONDS < came <= now else now
            self._hand_over(event[0], self._came)

    def _receive(self, event: tuple[list[int], float], _data: object = None) -> None:
        """Stamp a message and hand it over. Runs in RtMidi's thread."""
        assert self._time is not None
        self._hand_over(event[0], self._time.now())

    def _hand_over(self, message: Sequence[int], at: float) -> None:
        assert self._time is not None
        self.received_at = self._time.now()
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
                # What RtMidi ignores itself is missing from its count of the time between.
                port.ignore_types(sysex=not self.polled, timing=False, active_sense=False)
                if not self.polled:
                    port.set_callback(self._receive)
        except RTMIDI_ERRORS as error:
            port.delete()
            raise MidiError(str(error)) from error
        self.fault = ""
        self._stream = MidiStream()
        self.port = port

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
        with self._reading:
            port, self.port = self.port, None
        if port is not None:
            if self._inbox is not None and not self.polled:
                port.cancel_callback()  # it would wait for the GIL, which closing holds
            with contextlib.suppress(*RTMIDI_ERRORS):
                port.close_port()
            port.delete()

    def abandon(self) -> None:
        """Forget the port without closing it, until the process ends.

        For a port that a thread may be sending to, and for one whose JACK server is gone or hangs:
        closing it would wait, with the GIL held, for an answer that doesn't come.
        """
        port, self.port = self.port, None
        if port is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(port))


READ_SECONDS = 0.002
"""How often the inputs are read: more than once in a JACK period."""


class MidiReader:
    """A thread that reads slots, from `start` to `stop`."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._slots = slots
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, if there is anything to read."""
        if self._slots:
            self._thread = threading.Thread(target=self._run, name="MIDI in", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; harmless when it has ended."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        """The loop of the thread, until it is stopped."""
        while not self._stopping.wait(READ_SECONDS):
            for slot in self._slots:
                slot.read()
