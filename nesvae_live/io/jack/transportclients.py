"""JACK's transport in the process that has our ports: followed, or led as its timebase master.

Both are clients without a port, whose cycles tell what is new, or are told by `Kind.LINE`.
"""

from __future__ import annotations

import os
import struct
import time
from contextlib import suppress
from typing import Any

from nesvae_live.io.jack.cycle import Cycle, Kind, to_record
from nesvae_live.io.jack.said import Said
from nesvae_live.io.jack.times import CycleTimes, SteadyLine
from nesvae_live.io.jack.transport import TransportReader
from nesvae_live.io.realtime import keep_thread_state

LINE = struct.Struct("<dd")
"""What a record of the line that we lead by holds: the beat that falls at its time, seconds a beat."""

TICKS_PER_BEAT = 1920.0


class TransportFollower:
    """Tells where the transport is, through the pipe `back`, as port `number`."""

    def __init__(self, number: int, wish: dict[str, Any], back: int) -> None:
        import jack

        self._number = number
        self._back = back
        self.error = ""
        self._rolling = (jack.ROLLING,)
        self._bbt, self._late = jack.POSITION_BBT, jack.POSITION_BBT_FRAME_OFFSET
        self._client: Any = jack.Client(wish["client"], no_start_server=True)
        self._times = CycleTimes(self._client)
        self._rate = int(self._client.samplerate)
        self._reader = TransportReader(self._rate, wish["tempo"], wish["meter"])
        self.name = str(self._client.name)
        self._began = False
        self._line = SteadyLine(self._rate)
        # The frame on which the next cycle goes on, while it rolls.
        self._goes_on: int | None = None
        self._rolls = False
        # PipeWire asks the timebase master at the end of a cycle about its beginning, so that others
        # hear of it in the next.
        self._hears_later = "PipeWire" in jack.version_string()
        self._before: tuple[Cycle, int, bool] | None = None  # the cycle before
        self._client.set_process_callback(self._process)
        self._client.activate()

    def _process(self, frames: int) -> None:
        """One cycle. An error in it is kept, and ends the process."""
        if self.error:
            return
        if not self._began:
            self._began = True
            keep_thread_state()
        try:
            woke = time.perf_counter_ns() // 1000
            state, position = self._client.transport_query_struct()
            frame, rolls = int(position.frame), state in self._rolling
            cycle = self._line.steady(
                self._times.read(frames), woke, anew=not rolls or frame != self._goes_on
            )
            self._goes_on = frame + frames if rolls else None
            now = (cycle, frame, rolls)
            meant, self._before = self._before if self._hears_later else now, now
            if meant is None:
                return
            cycle, frame, rolls = meant
            told = self._reader.read(cycle, frame, self._said(position), rolls=rolls)
            self._rolls = rolls
            if told is not None:
                record = to_record(self._number, Kind.TRANSPORT, cycle.begins, told)
                with suppress(BlockingIOError, BrokenPipeError):
                    os.write(self._back, record)
        except Exception as error:  # noqa: BLE001 - the server's thread has nobody to tell
            self.error = f"{type(error).__name__}: {error}"

    def _said(self, position: Any) -> Said | None:
        """What a timebase master says; None if there is none, or it says nonsense."""
        if not position.valid & self._bbt or position.beats_per_minute <= 0:
            return None
        if position.ticks_per_beat <= 0 or position.beat_type <= 0:
            return None
        bar_start = position.bar_start_tick / position.ticks_per_beat
        if position.bar > 1 and not bar_start:  # it doesn't say
            bar_start = (position.bar - 1) * position.beats_per_bar
        late = position.bbt_offset if position.valid & self._late else None
        said = Said(
            position.bar,
            bar_start,
            position.beat - 1,
            position.tick,
            position.ticks_per_beat,
            position.beats_per_bar,
            position.beat_type,
            position.beats_per_minute,
            late,
        )
        return said.through_pipewire() if self._hears_later else said

    def frame_of(self, at: int) -> int | None:
        """The server's frame that is meant by a time which was worked out from what was told.

        So it stays the transport's, if the server's own line of time bends until then: after a cycle
        that was late it takes a second to be straight again. None while the transport stands.
        """
        return self._line.frame_of(at) if self._rolls else None

    def close(self) -> None:
        """Leave the server."""
        self._client.deactivate()
        self._client.close()

    def forget(self) -> None:
        """Do nothing: the client is left as it is."""


class TransportLeader:
    """Is the timebase master: bar, beat and tick by the line that it is told; starts and stops.

    `take` has the face of an `Outbox`'s.
    """

    def __init__(self, wish: dict[str, Any]) -> None:
        import jack

        self.error = ""
        self._meter: tuple[float, float] = (wish["numerator"], wish["denominator"])
        self._line = (0, 0.0, 0.5)  # a time, the beat that falls then, seconds a beat
        self._valid = jack.POSITION_BBT | jack.POSITION_BBT_FRAME_OFFSET
        self._client: Any = jack.Client(wish["client"], no_start_server=True)
        self._rate = self._client.samplerate
        self._times = CycleTimes(self._client)
        self.name = str(self._client.name)
        self._client.set_process_callback(self._process)  # without one there are no cycles for it
        self._client.activate()
        self._client.transport_stop()
        self._client.transport_frame = 0
        self._client.set_timebase_callback(self._fill)

    def take(self, kind: Kind, at: int, data: bytes, now: int) -> None:
        """Take the line that is led by from now on."""
        del now
        if kind is Kind.LINE:
            beat, beat_seconds = LINE.unpack(data)
            self._line = (at, beat, beat_seconds)

    def start(self) -> None:
        """Let the transport roll, from its beginning."""
        self._client.transport_start()

    def _process(self, frames: int) -> None:
        """Do nothing in a cycle."""

    def _fill(self, state: int, frames: int, position: Any, new: bool) -> None:
        """Write what the next cycle's first frame is. Runs in the server's cycle."""
        del state, new
        cycle = self._times.read(frames)
        at, beat, beat_seconds = self._line
        self.fill(position, cycle, beat + (cycle.ends - at) / 1e6 / beat_seconds, beat_seconds)

    def fill(self, position: Any, cycle: Cycle, beat: float, beat_seconds: float) -> None:
        """Write into a `jack_position_t` that `beat`, in quarter notes, falls on its frame."""
        del cycle
        numerator, denominator = self._meter
        beats = max(beat, 0.0) * denominator / 4.0
        whole, share = divmod(beats, 1.0)
        bar, of_bar = divmod(int(whole), int(numerator))
        tick = int(share * TICKS_PER_BEAT)
        position.bar, position.beat, position.tick = bar + 1, of_bar + 1, tick
        position.bar_start_tick = bar * numerator * TICKS_PER_BEAT
        position.beats_per_bar, position.beat_type = numerator, denominator
        position.ticks_per_beat = TICKS_PER_BEAT
        position.beats_per_minute = 60.0 / beat_seconds * denominator / 4.0
        # The tick began so many frames before.
        left = share - tick / TICKS_PER_BEAT
        position.bbt_offset = round(left * 4.0 / denominator * beat_seconds * self._rate)
        position.valid = self._valid

    def close(self) -> None:
        """Stop the transport, and leave the server."""
        self._client.transport_stop()
        self._client.release_timebase()
        self._client.deactivate()
        self._client.close()

    def forget(self) -> None:
        """Do nothing: the client is left as it is."""
