"""The process that has our MIDI ports on a JACK server, and nothing else that needs the interpreter.

What is to leave comes through a pipe, each message with its time, and is written at its frame; what
comes in goes back through another, stamped by its frame. The server's cycle waits for nobody but
this process, in which nothing runs between cycles. Ports are opened and closed on request: a line
of JSON on standard input each, answered by one on standard output. The end of standard input ends
the process.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from nesvae_live.io.jack.cycle import NOW, Cycle, Kind, Outbox, read_records, to_record
from nesvae_live.io.jack.times import CycleTimes
from nesvae_live.io.jack.transportclients import TransportFollower, TransportLeader
from nesvae_live.io.ownprocess import is_stopped
from nesvae_live.io.realtime import ask_for_realtime, keep_thread_state

READ_BYTES = 1 << 16
"""What a pipe holds."""

REPORT_CYCLES = 16
"""After so many cycles it is told how late messages left."""

LOOK_SECONDS = 0.1
"""How often it looks whether a cycle failed, or the process that plays was stopped."""

FINISH_SECONDS = 0.5
"""How long what is said before a port goes may take: some cycles."""


class Intake:
    """What comes from the other process, dealt out to the ports; their cycles call it."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._data = bytearray()
        self._lock = threading.Lock()
        self.outboxes: dict[int, Outbox | TransportLeader] = {}

    def deal(self, now: int) -> None:
        """Take what is there, and give each record to its port; `now` is the time."""
        with self._lock:  # the cycles of two clients may run at once; what is read stays in order
            try:
                self._data += os.read(self._fd, READ_BYTES)
            except BlockingIOError:
                return
            for number, kind, at, data in read_records(self._data):
                if (outbox := self.outboxes.get(number)) is not None:
                    outbox.take(kind, at, data, now)


class PortClient:
    """A client of the server with one port, numbered `number` in records.

    `told` is called with what goes back; in the server's cycle.
    """

    def __init__(
        self,
        number: int,
        wish: dict[str, Any],
        intake: Intake,
        back: int,
        frame_of: Callable[[int], int | None],
    ) -> None:
        import jack

        self._number = number
        self._intake = intake
        self._back = back
        self.error = ""
        self._client: Any = jack.Client(wish["client"], no_start_server=True)
        self._times = CycleTimes(self._client)
        self._out: Outbox | None = None
        self._report: list[bytes] = []
        self._to_silence = False
        self.cycles = 0
        if wish["sends"]:
            self._port = self._client.midi_outports.register(wish["port"])
            self._out = intake.outboxes[number] = Outbox(notes=wish["notes"], frame_of=frame_of)
        else:
            self._port = self._client.midi_inports.register(wish["port"])
        self.name = str(self._port.name)
        self._client.set_process_callback(self._process)
        self._client.activate()

    def _process(self, frames: int) -> None:
        """One cycle. An error in it is kept, and ends the process."""
        if self.error:
            return
        if not self.cycles:
            keep_thread_state()
        self.cycles += 1
        try:
            cycle = self._times.read(frames)
            if self._out is not None:
                self._send(self._out, cycle)
            else:
                self._receive(cycle)
        except Exception as error:  # noqa: BLE001 - the server's thread has nobody to tell
            self.error = f"{type(error).__name__}: {error}"

    def _send(self, outbox: Outbox, cycle: Cycle) -> None:
        import jack

        self._intake.deal(cycle.begins)
        if self._to_silence:
            self._to_silence = False
            outbox.take(Kind.SILENCE, NOW, b"", cycle.begins)
        self._port.clear_buffer()
        due = outbox.due(cycle)
        for offset, data in due:
            try:
                self._port.write_midi_event(offset, data)
            except jack.JackError:  # the cycle's buffer is full: the next one is empty
                outbox.put_back([data, *(rest for _, rest in due)])
        if outbox.lateness:
            self._report += [to_record(self._number, Kind.SENT, late) for late in outbox.lateness]
            outbox.lateness.clear()
        if self._report and not self.cycles % REPORT_CYCLES:
            self.tell(self._report)
            self._report.clear()

    def _receive(self, cycle: Cycle) -> None:
        said = [
            to_record(self._number, Kind.MESSAGE, cycle.time_of(offset), bytes(data))
            for offset, data in self._port.incoming_midi_events()
        ]
        if said:
            self.tell(said)

    def tell(self, records: list[bytes]) -> None:
        """Hand records over, as many in one go as a pipe takes in one piece.

        What finds no room is lost, as nobody may be waited for here.
        """
        together = bytearray()
        for record in records:
            if len(together) + len(record) > select.PIPE_BUF:
                self._write(together)
                together.clear()
            together += record
        self._write(together)

    def _write(self, records: bytearray) -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._back, records)

    def silence(self) -> None:
        """Drop what is held, and end every note with the next cycle."""
        self._to_silence = True

    def close(self) -> None:
        """Say what is to be said, and leave the server."""
        if self._out is not None:
            self._out.finish(time.perf_counter_ns() // 1000)
            last, since = time.monotonic() + FINISH_SECONDS, self.cycles
            while time.monotonic() < last and (
                not self._out.finished or self.cycles < since + 2
            ):  # what was written leaves with its cycle's end
                time.sleep(0.001)
            if self._report:
                self.tell(self._report)
        self.forget()
        self._client.deactivate()
        self._client.close()

    def forget(self) -> None:
        """Have nothing more to do with the port; its client is left as it is."""
        self._intake.outboxes.pop(self._number, None)


class Ports:
    """The ports that are open here, by number; answers requests."""

    def __init__(self, intake: Intake, back: int) -> None:
        self._intake = intake
        self._back = back
        self._open: dict[int, PortClient | TransportFollower | TransportLeader] = {}
        self._follower: TransportFollower | None = None
        self._left: list[Any] = []  # closing a client that the server threw out may hang

    def answer(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request; its answer."""
        import jack

        number = int(wish["number"])
        try:
            if wish["do"] == "open":
                client = self._open[number] = self._make(number, wish)
                gc.collect()  # now, rather than while the server waits
                return {"name": client.name}
            if wish["do"] == "start":
                self._start(number)
                return {}
            client = self._open.pop(number)
            if client is self._follower:
                self._follower = None
            if wish["do"] == "close":
                client.close()
            else:
                client.forget()
                self._left.append(client)
        except (jack.JackError, KeyError) as error:
            return {"error": " ".join(str(error).split()) or type(error).__name__}
        return {}

    def _start(self, number: int) -> None:
        """Let the transport that we lead roll."""
        leader = self._open[number]
        if isinstance(leader, TransportLeader):
            leader.start()

    def _make(
        self, number: int, wish: dict[str, Any]
    ) -> PortClient | TransportFollower | TransportLeader:
        if wish["what"] == "follow":
            self._follower = follower = TransportFollower(number, wish, self._back)
            return follower
        if wish["what"] == "lead":
            leader = self._intake.outboxes[number] = TransportLeader(wish)
            return leader
        return PortClient(number, wish, self._intake, self._back, self._frame_of)

    def _frame_of(self, at: int) -> int | None:
        """The frame that is meant by a time, if the transport is followed. Runs in a cycle."""
        follower = self._follower
        return None if follower is None else follower.frame_of(at)

    def silence(self) -> None:
        """End every note: who would do it was stopped."""
        for client in self._open.values():
            if isinstance(client, PortClient):
                client.silence()

    def fault(self) -> str:
        """What went wrong in a cycle, if anything."""
        return next((client.error for client in self._open.values() if client.error), "")


def main(here: int, back: int) -> None:
    """Run until standard input ends; `here` and `back` are the pipes' ends that are ours."""
    # They go to the whole group; the other end decides. A server waits for who is stopped.
    for name in ("SIGINT", "SIGHUP", "SIGTSTP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    gc.disable()  # what runs from here on makes no cycles
    sys.setswitchinterval(1e-4)
    os.set_blocking(back, False)
    ports = Ports(Intake(here), back)
    ask_for_realtime()  # or any program could preempt the holder of the interpreter's lock
    waiting, player, was_stopped = b"", os.getppid(), False
    while not (fault := ports.fault()):
        stopped = is_stopped(player)
        if stopped and not was_stopped:
            ports.silence()
        was_stopped = stopped
        if not select.select([0], [], [], LOOK_SECONDS)[0]:
            continue
        if not (came := os.read(0, READ_BYTES)):
            break
        *lines, waiting = (waiting + came).split(b"\n")
        for line in lines:
            said = json.dumps(ports.answer(json.loads(line)))
            os.write(1, said.encode() + b"\n")
    if fault:
        os.write(1, json.dumps({"error": fault}).encode() + b"\n")
    os._exit(bool(fault))  # libjack cleans up badly after a lost server


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
