"""A second client of a JACK server, in a process of its own, to test the instrument against."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tests.support.ear import Ear
from tests.support.waiting import POLL_SECONDS, WAIT_SECONDS, wait_until


class JackProbe:
    """A client of the default server that hears and speaks, for tests.

    It lives in a process of its own: it keeps its time whatever the test does, and RtMidi, which
    holds the GIL while it opens a port, would wait seconds for a Python callback of its process.

    It has a MIDI input, a MIDI output (called `speaks_as`) and a mono audio input. Frames count from the server's
    start, to the sample; what it was sent late by the server is silence, and `frames_missed`.
    """

    def __init__(
        self, name: str = "probe", audio_seconds: float = 60.0, speaks_as: str = "midi_out"
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, pipe = context.Pipe()
        self._process = context.Process(
            target=_run_probe, args=(pipe, name, audio_seconds, speaks_as), daemon=True
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
    def rolls(self) -> list[tuple[int, int]]:
        """(frame, the transport's frame) of each start and each jump of JACK's transport."""
        return [(frame, there) for frame, there in self._ask("rolls")]

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

    def loop(self, end: int) -> None:
        """From now on, locate the transport's frame 0 whenever it reaches a frame."""
        self._ask("loop", end)

    def dawdle(self, seconds: float) -> None:
        """Be late by so much in the next cycle: the server counts an xrun."""
        self._ask("dawdle", seconds)

    def transport(self, verb: str, *arguments: int) -> None:
        """`start` or `stop` JACK's transport, or `locate` a frame."""
        self._ask("transport", verb, *arguments)

    def lead(self, tempo: float) -> None:
        """Be the timebase master, from now on: one tempo from frame 0 on."""
        self._ask("lead", tempo)

    def glide_in_a_bar(self, tempo: float, seconds: float) -> tuple[float, float]:
        """As the master, glide to another tempo from the next bar line on; from which beat to which."""
        begins, ends = self._ask("glide_in_a_bar", tempo, seconds)
        return float(begins), float(ends)

    def meter_in_a_bar(self, numerator: int, denominator: int) -> float:
        """As the master, go on in another metre from the next bar line on; its beat."""
        return float(self._ask("meter_in_a_bar", numerator, denominator))

    def bar_before(self, beat: float) -> float:
        """As the master: the last beat, up to this one, on which a bar begins."""
        return float(self._ask("bar_before", beat))

    def change_tempo_in_a_bar(self, tempo: float) -> float:
        """As the master, go at another tempo from the middle of the next bar on; its beat."""
        return float(self._ask("change_tempo_in_a_bar", tempo))

    def frame_of(self, beat: float) -> int:
        """As the master: the transport's frame on which a beat falls."""
        return int(self._ask("frame_of", beat))

    def beat_at(self, frame: int) -> float:
        """As the master: the beat that falls on a frame of the transport."""
        return float(self._ask("beat_at", frame))

    def bbt(self) -> dict[str, float]:
        """What the timebase master says now; `rolls` is 1 while the transport does."""
        return dict(self._ask("bbt"))

    def connect_midi_from(self, pattern: str) -> str:
        """Hear the MIDI output whose name matches the pattern, once it is there; its name."""
        return str(self._ask("connect", "midi_in", pattern))

    def connect_midi_to(self, pattern: str) -> str:
        """Speak to the MIDI input whose name matches the pattern, once it is there; its name."""
        return str(self._ask("connect", "midi_out", pattern))

    def connect_audio_from(self, pattern: str) -> str:
        """Hear the first audio output whose name matches the pattern, once it is there."""
        return str(self._ask("connect", "audio_in", pattern))

    def rename(self, port: str, name: str) -> None:
        """Give `midi_in` or `midi_out` another name on the server, as DAWs do with their tracks'."""
        self._ask("rename", port, name)

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


def _run_probe(pipe: Connection, name: str, audio_seconds: float, speaks_as: str) -> None:
    """The probe's process: an ear that answers until the pipe is closed."""
    ear: Any = None
    what, arguments = "start", ()
    while True:
        try:
            if ear is None:
                ear = Ear(name, audio_seconds, speaks_as)
            answer = getattr(ear, what)
            if callable(answer):
                answer = answer(*arguments)
            pipe.send((False, ear.fault) if ear.fault else (True, answer))
        except Exception as error:  # noqa: BLE001 - told to the test
            pipe.send((False, f"{type(error).__name__}: {error}"))
        try:
            what, arguments = pipe.recv()
        except EOFError:
            break
    if ear is not None:
        ear.close()
