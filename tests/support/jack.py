"""A JACK server with the dummy driver for one test, and a second client to test against."""

from __future__ import annotations

import errno
import itertools
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.io.midi.jackwatch import hush_libjack
from nesvae_live.io.realtime import realtime_granted
from tests.support.orphans import ends_with_its_parent
from tests.support.timebase import Timebase

WAIT_SECONDS = 10.0
POLL_SECONDS = 0.005
PRIORITY = 20
NAMES = 6
"""Of test servers; JACK has eight places for all servers of a user."""

strict_server = pytest.mark.parametrize(
    "jack_server", [(48000, 256, True)], indirect=True, ids=["strict"]
)
"""Marks a test whose server waits for its clients."""


def why_no_jack() -> str | None:
    """Why there can be no server here, or None."""
    missing = [name for name in ("jackd", "jack_wait") if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} not found: install jackd2"
    try:
        import jack  # noqa: F401
    except (ImportError, OSError) as error:
        return f"JACK-Client can't be used: {error}"
    return None


class JackServer:
    """A running `jackd -d dummy`, with the name that `name_for_this_process` gives.

    Names are used again, because JACK has eight places for servers, and one that was killed keeps
    its place until a server of the same name comes. After `kill`, close every client of this
    process before another is made: libjack frees the old ones then, and closing those crashes.

    A client that is late for a cycle loses the MIDI of that cycle. With `strict` the server waits for
    it, so that everybody hears the same, and is real-time where the system grants that.
    """

    def __init__(self, sample_rate: int = 48000, period: int = 256, strict: bool = False) -> None:
        self.name = name_for_this_process()
        self.sample_rate = sample_rate
        self.period = period
        options = ["-S"] if strict else []
        options += ["-R", "-P", str(PRIORITY)] if strict and realtime_granted() else ["-r"]
        command = ["jackd", *options, "-n", self.name, "-d", "dummy"]
        command += ["-r", str(sample_rate), "-p", str(period)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=ends_with_its_parent(signal.SIGTERM),  # noqa: PLW1509
        )
        self._killed = False
        if not wait_until(lambda: self._process.poll() is not None or answers(self.name)):
            self.stop()
            raise RuntimeError(f"the JACK server {self.name} does not answer")
        if self._process.poll() is not None:
            raise RuntimeError(f"the JACK server {self.name} ended: try its command by hand")

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End the server by a signal, and wait until it is gone."""
        self._killed = how == signal.SIGKILL
        self._process.send_signal(how)
        self._process.wait(timeout=WAIT_SECONDS)

    def pause(self) -> None:
        """Let the server hang."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the server, wait until it is gone, and leave no trace of it."""
        if self._process.poll() is None:
            self.resume()
            try:
                self.kill(signal.SIGTERM)
            except subprocess.TimeoutExpired:  # it waits for a client that is gone
                self.kill()
        if self._killed:
            free_the_place_of(self.name)
        for left in Path("/dev/shm").glob(f"jack_*{self.name}_*"):
            left.unlink(missing_ok=True)


def answers(name: str) -> bool:
    """Whether a server answers; asked by a program of its own, as `JackServer.kill` wants it."""
    command = ["jack_wait", "-s", name, "-c"]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout.strip() == b"running"


@cache
def name_for_this_process() -> str:
    """The first of some names that no other test process holds; ours until the process ends."""
    import fcntl

    # JACK keeps its list of servers in memory of this place, whatever TMPDIR a process has.
    shared = Path("/dev/shm")
    folder = shared if shared.is_dir() else Path(tempfile.gettempdir())
    for number in range(NAMES):
        name = f"nesvae_rig_{number}"
        try:
            lock = os.open(folder / f"{name}.lock", os.O_CREAT | os.O_WRONLY)
        except PermissionError:
            continue  # another user's
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        if answers(name):  # left over from a test process that was killed
            os.close(lock)
            continue
        return name
    raise RuntimeError(f"{NAMES} test processes run already, each with a JACK server of its own")


def free_the_place_of(name: str) -> None:
    """Start and end a server of a killed server's name: that gives back its place."""
    with subprocess.Popen(
        ["jackd", "-r", "-n", name, "-d", "dummy"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: process.poll() is not None or answers(name))
        process.terminate()
        process.wait(timeout=WAIT_SECONDS)


class JackProbe:
    """A client of the default server that hears and speaks, for tests.

    It lives in a process of its own: it keeps its time whatever the test does, and RtMidi, which
    holds the GIL while it opens a port, would wait seconds for a Python callback of its process.

    It has a MIDI input, a MIDI output and a mono audio input. Frames count from the server's
    start, to the sample; what it was sent late by the server is silence, and `frames_missed`.
    """

    def __init__(self, name: str = "probe", audio_seconds: float = 60.0) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, pipe = context.Pipe()
        self._process = context.Process(
            target=_run_probe, args=(pipe, name, audio_seconds), daemon=True
        )
        self._process.start()
        pipe.close()
        self._receive()
        self.sample_rate = int(self._ask("sample_rate"))
        self.first_frame = int(self._ask("first_frame"))
        """The frame at which `audio` begins."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def midi(self) -> list[tuple[int, bytes]]:
        """What came so far, as (frame, bytes)."""
        return list(self._ask("midi"))

    @property
    def midi_at(self) -> list[float]:
        """When that came, in seconds of `time.perf_counter`: its cycle's beginning and its place there."""
        return list(self._ask("midi_at"))

    @property
    def sent(self) -> list[tuple[int, bytes]]:
        """What went out so far, likewise."""
        return list(self._ask("sent"))

    @property
    def audio(self) -> npt.NDArray[np.float32]:
        """What was heard since `first_frame`, float32 `[frames]`, at most `audio_seconds`."""
        return np.frombuffer(self._ask("audio_bytes"), np.float32)

    @property
    def frames(self) -> int:
        """How many frames went by since `first_frame`."""
        return int(self._ask("frames"))

    @property
    def frames_missed(self) -> int:
        """How many of them it did not get in time."""
        return int(self._ask("frames_missed"))

    def send_midi(self, message: bytes | tuple[int, ...]) -> None:
        """Send a message with the next block."""
        self._ask("send_midi", bytes(message))

    def echo(self) -> None:
        """From now on, send back at once whatever comes, as some controllers do."""
        self._ask("start_echo")

    def flood(self, messages: Sequence[bytes], per_second: int) -> None:
        """Send the messages over and over, so many a second, from now on; 0: no more."""
        self._ask("flood", list(messages), per_second)

    def dawdle(self, seconds: float) -> None:
        """Be late by so much in the next cycle: the server counts an xrun."""
        self._ask("dawdle", seconds)

    def transport(self, verb: str, *arguments: int) -> None:
        """`start` or `stop` JACK's transport, or `locate` a frame."""
        self._ask("transport", verb, *arguments)

    def lead(self, tempo: float) -> None:
        """Be the timebase master, from now on: one tempo from frame 0 on."""
        self._ask("lead", tempo)

    def change_tempo_in_a_bar(self, tempo: float) -> float:
        """As the master, go at another tempo from the middle of the next bar on; its beat."""
        return float(self._ask("change_tempo_in_a_bar", tempo))

    def frame_of(self, beat: float) -> int:
        """As the master: the transport's frame on which a beat falls."""
        return int(self._ask("frame_of", beat))

    def connect_midi_from(self, pattern: str) -> str:
        """Hear the MIDI output whose name matches the pattern, once it is there; its name."""
        return str(self._ask("connect", "midi_in", pattern))

    def connect_midi_to(self, pattern: str) -> str:
        """Speak to the MIDI input whose name matches the pattern, once it is there; its name."""
        return str(self._ask("connect", "midi_out", pattern))

    def connect_audio_from(self, pattern: str) -> str:
        """Hear the first audio output whose name matches the pattern, once it is there."""
        return str(self._ask("connect", "audio_in", pattern))

    def port_names(self) -> list[str]:
        """The names of all ports of the server, this one's too."""
        return list(self._ask("port_names"))

    def wait_until(
        self,
        condition: Callable[[], bool],
        timeout: float = WAIT_SECONDS,
        every: float = POLL_SECONDS,
    ) -> bool:
        """Wait for a condition; whether it came true in time.

        One that fetches `audio` is to be asked seldom, or the probe has no time to listen.
        """
        return wait_until(condition, timeout, every)

    def close(self) -> None:
        """Leave the server, which may be dead; harmless when already left."""
        self._pipe.close()
        self._process.join(WAIT_SECONDS / 2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _ask(self, what: str, *arguments: object) -> Any:
        self._pipe.send((what, arguments))
        return self._receive()

    def _receive(self) -> Any:
        worked, answer = self._pipe.recv()
        if not worked:
            raise RuntimeError(answer)
        return answer


def _run_probe(pipe: Connection, name: str, audio_seconds: float) -> None:
    """The probe's process: an ear that answers until the pipe is closed."""
    ear: Any = None
    what, arguments = "start", ()
    while True:
        try:
            if ear is None:
                ear = _Ear(name, audio_seconds)
            answer = getattr(ear, what)
            pipe.send((True, answer(*arguments) if callable(answer) else answer))
        except Exception as error:  # noqa: BLE001 - told to the test
            pipe.send((False, f"{type(error).__name__}: {error}"))
        try:
            what, arguments = pipe.recv()
        except EOFError:
            break
    if ear is not None:
        ear.close()


class _Ear:
    """The client itself."""

    def __init__(self, name: str = "probe", audio_seconds: float = 60.0) -> None:
        import jack

        hush_libjack()
        self._client: Any = jack.Client(name, no_start_server=True)
        self.sample_rate: int = self._client.samplerate
        self.midi: list[tuple[int, bytes]] = []
        self.midi_at: list[float] = []
        self.sent: list[tuple[int, bytes]] = []
        self.first_frame = -1
        self.frames_missed = 0
        self._echoes = False
        self._flood: Iterator[bytes] = iter(())
        self._flooding = 0.0
        self._dawdling = 0.0
        self._to_send: SimpleQueue[bytes] = SimpleQueue()
        self._timebase: Timebase | None = None
        self._audio = np.zeros(round(audio_seconds * self.sample_rate), np.float32)
        self.frames = 0
        self._ports = {
            "midi_in": self._client.midi_inports.register("midi_in"),
            "midi_out": self._client.midi_outports.register("midi_out"),
            "audio_in": self._client.inports.register("audio_in"),
        }
        self._own_names = {port.name for port in self._ports.values()}
        self._client.set_process_callback(self._process)
        self._client.activate()

    def _process(self, frames: int) -> None:
        """Take and give a block. Runs in the server's cycle."""
        if self._dawdling:
            time.sleep(self._dawdling)
            self._dawdling = 0.0
        frame, now = self._client.last_frame_time, time.perf_counter()
        if self.first_frame < 0:
            self.first_frame = frame
        for offset, data in self._ports["midi_in"].incoming_midi_events():
            self.midi_at.append(now + offset / self.sample_rate)
            self.midi.append((frame + offset, bytes(data)))
            if self._echoes:
                self._to_send.put(bytes(data))
        self._ports["midi_out"].clear_buffer()
        for _ in range(round(frames * self._flooding)):
            self._ports["midi_out"].write_midi_event(0, next(self._flood))
        while True:
            try:
                message = self._to_send.get_nowait()
            except Empty:
                break
            self._ports["midi_out"].write_midi_event(0, message)
            self.sent.append((frame, message))
        start = frame - self.first_frame
        self.frames_missed += start - self.frames
        block = self._audio[start : start + frames]
        block[:] = self._ports["audio_in"].get_array()[: len(block)]
        self.frames = start + frames

    def start(self) -> None:
        """Wait for the first block."""
        assert wait_until(lambda: self.first_frame >= 0), "the JACK server gives no blocks"

    def audio_bytes(self) -> bytes:
        return self._audio[: self.frames].tobytes()

    def send_midi(self, message: bytes) -> None:
        self._to_send.put(message)

    def start_echo(self) -> None:
        self._echoes = True

    def flood(self, messages: Sequence[bytes], per_second: int) -> None:
        self._flood = itertools.cycle(messages)
        self._flooding = per_second / self.sample_rate

    def dawdle(self, seconds: float) -> None:
        self._dawdling = seconds

    def transport(self, verb: str, *arguments: int) -> None:
        if verb == "locate":
            (self._client.transport_frame,) = arguments
        else:
            getattr(self._client, f"transport_{verb}")()

    def lead(self, tempo: float) -> None:
        if self._timebase is not None:
            self._timebase.begin(tempo)
            return
        self._timebase = timebase = Timebase(tempo, self.sample_rate)
        self._client.set_timebase_callback(lambda _state, _size, pos, _new: timebase.fill(pos))

    def change_tempo_in_a_bar(self, tempo: float) -> float:
        assert self._timebase is not None, "it doesn't lead"
        return self._timebase.change_in_a_bar(tempo, self._client.transport_frame)

    def frame_of(self, beat: float) -> int:
        assert self._timebase is not None, "it doesn't lead"
        return self._timebase.frame_of(beat)

    def port_names(self) -> list[str]:
        return [port.name for port in self._client.get_ports()]

    def connect(self, port: str, pattern: str) -> str:
        """Connect a port of ours with the first that fits it and matches the pattern."""
        import jack

        ours = self._ports[port]
        found: list[Any] = []

        def there() -> bool:
            found[:] = [
                other
                for other in self._client.get_ports(
                    is_midi=ours.is_midi,
                    is_audio=ours.is_audio,
                    is_output=ours.is_input,
                    is_input=ours.is_output,
                )
                if re.search(pattern, other.name) and other.name not in self._own_names
            ]
            return bool(found)

        if not wait_until(there):
            raise LookupError(f"no port {pattern!r} for {ours.name}; there is {self.port_names()}")
        ends = (ours, found[0]) if ours.is_output else (found[0], ours)

        def connected() -> bool:
            try:
                self._client.connect(*ends)
            except jack.JackErrorCode as error:
                return bool(error.code == errno.EEXIST)  # else its client is not active yet
            return True

        if not wait_until(connected):
            raise LookupError(f"{ours.name} can't be connected with {found[0].name}")
        return str(found[0].name)

    def close(self) -> None:
        self._client.deactivate()
        self._client.close()


def wait_until(
    condition: Callable[[], bool], timeout: float = WAIT_SECONDS, every: float = POLL_SECONDS
) -> bool:
    """Wait for a condition; whether it came true within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
