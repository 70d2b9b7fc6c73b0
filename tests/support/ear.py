"""The JACK client of a probe: it hears and speaks in the server's cycle."""

from __future__ import annotations

import errno
import itertools
import re
import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from nesvae_live.io.midi.jackwatch import hush_libjack
from tests.support.timebase import Timebase
from tests.support.waiting import wait_until


class Ear:
    """A client of the default server; what a probe asks of it is in `JackProbe`."""

    def __init__(
        self, name: str = "probe", audio_seconds: float = 60.0, speaks_as: str = "midi_out"
    ) -> None:
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
        self.fault = ""
        self._flood: tuple[float, Iterator[bytes]] = (0.0, iter(()))
        self._dawdling = 0.0
        self._to_send: SimpleQueue[bytes] = SimpleQueue()
        self._timebase: Timebase | None = None
        self._rolled = False
        self.rolls: list[tuple[int, int]] = []
        self._transport_next = -1
        self._loop_end = 0
        self._audio = np.zeros(round(audio_seconds * self.sample_rate), np.float32)
        self.frames = 0
        self._ports = {
            "midi_in": self._client.midi_inports.register("midi_in"),
            "midi_out": self._client.midi_outports.register(speaks_as),
            "audio_in": self._client.inports.register("audio_in"),
        }
        self._own_names = {port.name for port in self._ports.values()}
        self._client.set_process_callback(self._process)
        self._client.activate()

    def _process(self, frames: int) -> None:
        """Runs in the server's cycle, from which no error comes out: the test is told of the first."""
        try:
            self._take_and_give(frames)
        except Exception as error:  # noqa: BLE001 - whatever it is
            self.fault = self.fault or f"in the cycle of {self._client.name}: {error!r}"

    def _take_and_give(self, frames: int) -> None:
        if self._dawdling:
            time.sleep(self._dawdling)
            self._dawdling = 0.0
        frame, now = self._client.last_frame_time, time.perf_counter()
        if self.first_frame < 0:
            self.first_frame = frame
        self._watch_transport(frame, frames)
        for offset, data in self._ports["midi_in"].incoming_midi_events():
            self.midi_at.append(now + offset / self.sample_rate)
            self.midi.append((frame + offset, bytes(data)))
            if self._echoes:
                self._to_send.put(bytes(data))
        self._ports["midi_out"].clear_buffer()
        per_frame, messages = self._flood
        for _ in range(round(frames * per_frame)):
            self._ports["midi_out"].write_midi_event(0, next(messages))
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

    def _watch_transport(self, frame: int, frames: int) -> None:
        """Keep where the transport begins to roll, or jumps."""
        import jack

        state, position = self._client.transport_query_struct()
        if state != jack.ROLLING:
            self._transport_next = -1
            return
        if position.frame != self._transport_next:
            self.rolls.append((frame, int(position.frame)))
        self._transport_next = position.frame + frames
        if 0 < self._loop_end <= self._transport_next + frames:  # it is carried out a cycle later
            self._client.transport_frame = 0

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
        self._flood = (
            per_second / self.sample_rate,
            itertools.cycle(messages),
        )  # at once: a cycle may come between

    def dawdle(self, seconds: float) -> None:
        self._dawdling = seconds

    def transport(self, verb: str, *arguments: int) -> None:
        self._rolled = True
        if verb == "locate":
            (self._client.transport_frame,) = arguments
        else:
            getattr(self._client, f"transport_{verb}")()

    def loop(self, end: int) -> None:
        self._loop_end = end

    def lead(self, tempo: float) -> None:
        if self._timebase is not None:
            self._timebase.begin(tempo)
            return
        self._timebase = timebase = Timebase(tempo, self.sample_rate)
        self._client.set_timebase_callback(lambda _state, _size, pos, _new: timebase.fill(pos))

    def change_tempo_in_a_bar(self, tempo: float) -> float:
        assert self._timebase is not None, "it doesn't lead"
        return self._timebase.change_in_a_bar(tempo, self._client.transport_frame)

    def glide_in_a_bar(self, tempo: float, seconds: float) -> tuple[float, float]:
        assert self._timebase is not None, "it doesn't lead"
        return self._timebase.glide_in_a_bar(tempo, seconds, self._client.transport_frame)

    def meter_in_a_bar(self, numerator: int, denominator: int) -> float:
        assert self._timebase is not None, "it doesn't lead"
        return self._timebase.meter_in_a_bar(numerator, denominator, self._client.transport_frame)

    def bar_before(self, beat: float) -> float:
        assert self._timebase is not None, "it doesn't lead"
        return self._timebase.bar_before(beat)

    def frame_of(self, beat: float) -> int:
        assert self._timebase is not None, "it doesn't lead"
        return self._timebase.frame_of(beat)

    def rename(self, port: str, name: str) -> None:
        self._ports[port].shortname = name

    def beat_at(self, frame: int) -> float:
        assert self._timebase is not None, "it doesn't lead"
        return self._timebase.beat_at(frame)

    def bbt(self) -> dict[str, float]:
        import jack

        state, position = self._client.transport_query_struct()
        return {
            "rolls": float(state == jack.ROLLING),
            "bar": float(position.bar),
            "tempo": float(position.beats_per_minute),
            "beats_per_bar": float(position.beats_per_bar),
        }

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
        if self._rolled:  # others find the transport as it was
            self.transport("stop")
            self.transport("locate", 0)
        self._client.deactivate()
        self._client.close()
