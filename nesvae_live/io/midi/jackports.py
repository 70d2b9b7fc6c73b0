"""Ports of ours on a JACK server, as the rest of the program sees them: their process, from here.

A `JackHost` runs the process and talks to it; a `JackSlot` is a port there, with the face of every
`Slot`.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Any

from nesvae_live.io.jack.cycle import NOW, Kind, read_records, to_record
from nesvae_live.io.midi.ports import MidiError
from nesvae_live.io.midi.sender import LatenessBook
from nesvae_live.io.midi.slot import Slot
from nesvae_live.io.ownprocess import own_command
from nesvae_live.io.realtime import DECIDING, ask_for_realtime

ANSWER_SECONDS = 8.0
"""How long opening or closing a port may take: a server may be slow to let a client in."""

END_SECONDS = 2.0

Heard = Callable[[Kind, int, bytes], None]
"""Takes what a port's process says: the kind, the time in microseconds, the bytes."""


class JackHost:
    """The process that has our ports; started with the first of them, and anew after its end.

    `open`, `close` and `forget` are for one thread, `put` for any.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._to = -1
        self._numbers = 0
        self._heard: dict[int, Heard] = {}
        self._said = b""
        self._writing = threading.Lock()  # no pipe is closed while it is written to
        self.dropped = 0
        """How many messages found no room in the pipe: nobody reads it while a server hangs."""

    def open(self, wish: dict[str, Any], heard: Heard) -> tuple[int, str]:
        """Open a port: its number, and its full name on the server.

        Raises:
            MidiError: it can't be opened.
        """
        if self._process is None or self._process.poll() is not None:
            self._start()
        number = self._numbers = self._numbers % 255 + 1
        self._heard[number] = heard
        try:
            return number, str(self._ask(wish | {"do": "open", "number": number})["name"])
        except MidiError:
            del self._heard[number]
            raise

    def close(self, number: int) -> None:
        """Close a port, once all that it has to say has left."""
        self._end("close", number)

    def forget(self, number: int) -> None:
        """Leave a port that the server threw out as it is."""
        self._end("forget", number)

    def start(self, number: int) -> None:
        """Start the transport that is led there."""
        with contextlib.suppress(MidiError):
            self._ask({"do": "start", "number": number})

    def put(self, number: int, kind: Kind, at: int = NOW, data: bytes = b"") -> None:
        """Have a port do something: one write, which never waits."""
        record = to_record(number, kind, at, data)
        with self._writing:
            try:
                os.write(self._to, record)
            except OSError:  # it is full, or the process has ended
                self.dropped += 1

    def kill(self) -> None:
        """End the process at once; harmless when it has ended."""
        process, self._process = self._process, None
        self._heard.clear()
        if process is not None:
            process.kill()
            self._leave(process)

    def stop(self) -> None:
        """End the process; its ports are closed by now."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            self._leave(process)

    def _leave(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        with self._writing:
            os.close(self._to)
            self._to = -1
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()

    def _start(self) -> None:
        if self._process is not None:  # it has ended by itself
            self._leave(self._process)
            self._heard.clear()
        here, self._to = os.pipe()
        back, there = os.pipe()
        os.set_blocking(self._to, False)
        command, environment = own_command("io.jack.process")
        environment["JACK_NO_START_SERVER"] = "1"
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [*command, str(here), str(there)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libjack writes there
            pass_fds=(here, there),
        )
        os.close(here)
        os.close(there)
        self._said = b""
        threading.Thread(target=self._read, args=(back,), name="MIDI in", daemon=True).start()

    def _read(self, back: int) -> None:
        """The loop of the thread that reads the inputs, until the process ends."""
        ask_for_realtime(DECIDING)
        data = bytearray()
        while came := os.read(back, 1 << 16):
            data += came
            for number, kind, at, message in read_records(data):
                if (heard := self._heard.get(number)) is not None:
                    heard(kind, at, message)
        os.close(back)

    def _end(self, how: str, number: int) -> None:
        with contextlib.suppress(MidiError):  # the process has ended, and the port with it
            self._ask({"do": how, "number": number})
        self._heard.pop(number, None)

    def _ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        if process is None or process.poll() is not None:
            raise MidiError("the process of the JACK ports ended")
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(wish).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            raise MidiError("the process of the JACK ports ended") from None
        while b"\n" not in self._said:
            there = select.select([process.stdout], [], [], ANSWER_SECONDS)[0]
            came = os.read(process.stdout.fileno(), 1 << 16) if there else b""
            if not came:
                self.kill()
                raise MidiError("the JACK server let no port in" if not there else "it crashed")
            self._said += came
        line, self._said = self._said.split(b"\n", 1)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise MidiError(answer["error"])
        return answer


class JackSlot(Slot):
    """A port of ours on a JACK server, in the process of `host`."""

    def __init__(
        self,
        host: JackHost,
        kind: str,
        client: str,
        name: str,
        wanted: str | None = None,
        *,
        notes: bool = False,
    ) -> None:
        super().__init__("jack", kind, client, name, wanted)
        self._host = host
        self._wish: dict[str, Any] = {
            "what": "port",
            "client": client,
            "port": name,
            "sends": kind == "MidiOut",
            "notes": notes,
        }
        self.lateness = LatenessBook()

    def open(self, names: Sequence[str] | None = None) -> None:
        """Open it; what it is to be connected with is not this port's matter.

        Raises:
            MidiError: it can't be opened.
        """
        del names
        self._fresh()
        self.port, self.own = self._host.open(self._wish, self._heard)

    def send(self, message: Sequence[int]) -> None:
        """Send as soon as can be."""
        self.put(Kind.MESSAGE, NOW, bytes(message))

    def send_at(self, message: Sequence[int], at: float) -> None:
        """Send at `at` seconds, or as soon as can be if that is past."""
        self.put(Kind.MESSAGE, round(at * 1e6), bytes(message))

    def put(self, kind: Kind, at: int = NOW, data: bytes = b"") -> None:
        """Have the port do something; dropped while it is closed. Any thread; never waits."""
        number = self.port
        if number is not None:
            self._host.put(number, kind, at, data)

    def close(self) -> None:
        """Close it, once all has left that it has to say; harmless when closed."""
        number, self.port = self.port, None
        if number is not None:
            self._host.close(number)

    def abandon(self) -> None:
        """Forget it: its server is gone, or threw it out."""
        number, self.port = self.port, None
        if number is not None:
            self._host.forget(number)

    def start(self) -> None:
        """Start what it leads, if it leads; ask from one thread."""
        if self.port is not None:
            self._host.start(self.port)

    def _heard(self, kind: Kind, at: int, data: bytes) -> None:
        """Take what its process says. Runs in the thread that reads."""
        if kind is Kind.SENT:
            self.lateness.add(at / 1e6)
        else:
            self._hand_over(data, at / 1e6)
