"""The other end of `bench timing`: a JACK client that turns knobs and receives what comes of it.

It runs in a process of its own, so that it is on time whatever is measured, and stamps with
`time.perf_counter`, which is the same for all processes of a machine.
"""

from __future__ import annotations

import multiprocessing
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from nesvae_live.bench.server import BenchError
from nesvae_live.io.jack.cycle import Cycle
from nesvae_live.io.jack.times import CycleTimes

NOTES, RTMIDI, CLOCK, SOURCE, KNOBS = "notes", "rtmidi", "clock", "source", "knobs"
CONTROLS = range(20, 28)
PORT_SECONDS = 20.0
CLOSE_SECONDS = 3.0


Turn = tuple[float, int, int]
"""When a knob was turned, the number of its control change, and the value."""


LOG_MICROSECONDS = 1
"""How exact a time in the log is, which counts from one that is as exact: of a time so near the middle
between two frames it doesn't say which one is nearest."""

NO_CYCLE = Cycle(0, 1, 0, 1)


@dataclass(frozen=True, slots=True)
class Caught:
    """A message that came in: on which port, at which frame, which falls at `at` seconds.

    `cycle` is the one in which it came.
    """

    port: str
    frame: int
    at: float
    data: bytes
    cycle: Cycle = NO_CYCLE

    def frames_behind(self, due: float) -> int:
        """How many frames it lies behind the frame of a time in seconds, by JACK's own line."""
        cycle = self.cycle
        per_microsecond = cycle.frames / (cycle.ends - cycle.begins)
        off = self.frame - cycle.first - (1e6 * due - cycle.begins) * per_microsecond
        return 0 if abs(off) <= 0.5 + LOG_MICROSECONDS * per_microsecond else round(off)


class Listener:
    """Receives messages and turns knobs, for the duration of a `with`."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, pipe = context.Pipe()
        self._process = context.Process(target=_run, args=(pipe,), daemon=True)

        def start() -> None:
            self._process.start()
            pipe.close()

        self._start = start

    def __enter__(self) -> Self:
        self._start()
        self._receive()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipe.close()
        self._process.join(CLOSE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def connect(self, port: str, pattern: str) -> None:
        """Connect one of our ports with the first port whose name matches, once it is there."""
        self._ask("connect", port, pattern)

    def transport(self, verb: str, *arguments: int) -> None:
        """Control JACK's transport: `start`, `stop`, or `locate` a frame."""
        self._ask("transport", verb, *arguments)

    def turn(self, per_second: float) -> None:
        """Turn knobs so many times a second from now on; 0 leaves them alone."""
        self._ask("turn", per_second)

    def collect(self) -> tuple[list[Caught], list[Turn]]:
        """What was received, and how knobs were turned, since the last call."""
        caught, turned = self._ask("collect")
        return [
            Caught(name, cycle.first + offset, cycle.time_of(offset) / 1e6, data, cycle)
            for name, cycle, offset, data in caught
        ], list(turned)

    def _ask(self, what: str, *arguments: object) -> Any:
        self._pipe.send((what, arguments))
        return self._receive()

    def _receive(self) -> Any:
        try:
            worked, answer = self._pipe.recv()
        except EOFError:
            worked, answer = False, "it ended"
        if not worked:
            raise BenchError(f"the listener failed: {answer}")
        return answer


def _run(pipe: Connection) -> None:
    """Run the process: a client that answers until the pipe is closed."""
    client: Any = None
    what, arguments = "ready", ()
    while True:
        try:
            client = client or _Client()
            pipe.send((True, getattr(client, what)(*arguments)))
        except Exception as error:  # noqa: BLE001 - told to the bench
            pipe.send((False, " ".join(str(error).split()) or type(error).__name__))
        try:
            what, arguments = pipe.recv()
        except EOFError:
            break
    if client is not None:
        client.close()


class _Client:
    """The JACK client itself."""

    def __init__(self) -> None:
        import jack

        self._client: Any = jack.Client("nesvae_bench_listener", no_start_server=True)
        self._heard = {
            name: self._client.midi_inports.register(name)
            for name in (NOTES, RTMIDI, CLOCK, SOURCE)
        }
        self._knobs = self._client.midi_outports.register(KNOBS)
        self._times = CycleTimes(self._client)
        self._caught: list[tuple[str, Cycle, int, bytes]] = []
        self._turned: list[Turn] = []
        self._pause = 0.0
        self._due = 0.0
        self._count = 0
        self._client.set_process_callback(self._process)
        self._client.activate()

    def _process(self, frames: int) -> None:
        """Keep what came in, turn what is due, each turn at its frame. Runs in the server's cycle."""
        cycle = self._times.read(frames)
        for name, port in self._heard.items():
            for offset, data in port.incoming_midi_events():
                self._caught.append((name, cycle, offset, bytes(data)))
        self._knobs.clear_buffer()
        while self._pause and (offset := cycle.offset_of(round(self._due * 1e6))) < frames:
            round_, which = divmod(self._count, len(CONTROLS))
            turn = CONTROLS[which], round_ * 37 % 128  # a new value each time, for ten seconds
            self._knobs.write_midi_event(max(offset, 0), (0xB0, *turn))
            self._turned.append((cycle.time_of(max(offset, 0)) / 1e6, *turn))
            self._count += 1
            self._due += self._pause

    def ready(self) -> None:
        """Do nothing: the client is open."""

    def turn(self, per_second: float) -> None:
        self._due = time.perf_counter()
        self._pause = 1.0 / per_second if per_second else 0.0

    def transport(self, verb: str, *arguments: int) -> None:
        getattr(self._client, f"transport_{verb}")(*arguments)

    def collect(self) -> tuple[Sequence[tuple[str, Cycle, int, bytes]], Sequence[Turn]]:
        caught, self._caught = self._caught, []
        turned, self._turned = self._turned, []
        return caught, turned

    def connect(self, port: str, pattern: str) -> None:
        import jack

        ours = self._knobs if port == KNOBS else self._heard[port]
        last = time.monotonic() + PORT_SECONDS
        while time.monotonic() < last:
            for other in self._client.get_ports(
                is_midi=True, is_output=ours.is_input, is_input=ours.is_output
            ):
                if re.search(pattern, other.name) and "bench" not in other.name:
                    ends = (ours, other) if ours.is_output else (other, ours)
                    with suppress(jack.JackError):  # its client may not be active yet
                        self._client.connect(*ends)
                        return
            time.sleep(0.02)
        raise LookupError(f"there is no port {pattern!r}")

    def close(self) -> None:
        self._client.deactivate()
        self._client.close()
