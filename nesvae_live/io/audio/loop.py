"""Measures a loop on JACK: clicks and notes go out, and come back as sound or as notes.

Two clients, one that speaks and one that hears, so that the way from the one to the other is no
circle, to which JACK would add a period. Both count the server's frames: what is measured is exact
to the frame, whatever the period is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nesvae_live import NesvaeError
from nesvae_live.io.audio.clicks import Way, click, click_delay, sound_delay
from nesvae_live.io.jacklisting import list_ports
from nesvae_live.io.matching import match_name

SPEAKS, HEARS = "nesvae_live_align", "nesvae_live_align_in"
ROUNDS = 10
FEWEST = 6
"""Of the rounds, so many must come back."""

APART_SECONDS = 0.4
"""From a click to the note after it, and on to the next click: longer than any offset."""

LONGEST_SECONDS = 0.3
KEY, CHANNEL = 60, 0
NOTE_SECONDS = 0.05
LEAD_SECONDS = 0.3
END_SECONDS = 5.0
"""By how much later than planned everything may be over."""


class LoopError(NesvaeError):
    """The loop can't be measured; one line says why."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came back: the click as sound, the note as a note or as sound; None: nothing."""

    sample_rate: int
    period: int
    audio: Way | None
    midi: Way | None


@dataclass(frozen=True, slots=True)
class Route:
    """Parts of the names of ports: where clicks and notes go, where they come back.

    None leaves a port alone, for the person to connect.
    """

    audio_to: str | None = None
    audio_from: str | None = None
    midi_to: str | None = None
    midi_from: str | None = None


@dataclass
class _Plan:
    """At which frames clicks and notes go out."""

    first: int
    apart: int
    clicks: list[int] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for i in range(ROUNDS):
            self.clicks.append(self.first + 2 * i * self.apart)
            self.notes.append(self.first + (2 * i + 1) * self.apart)

    @property
    def end(self) -> int:
        """The frame on which everything is over."""
        return self.first + 2 * ROUNDS * self.apart


class JackLoop:
    """Both clients on the default JACK server; `with` closes them.

    Raises:
        LoopError: there is no JACK here, or a port that is named isn't there.
    """

    def __init__(self, route: Route) -> None:
        os.environ["JACK_NO_START_SERVER"] = "1"
        try:
            import jack
        except (ImportError, OSError):
            raise LoopError("align needs JACK or PipeWire's JACK, and JACK-Client") from None
        self._jack = jack
        try:
            self._out: Any = jack.Client(SPEAKS, no_start_server=True)
            self._in: Any = jack.Client(HEARS, no_start_server=True)
        except jack.JackError:
            raise LoopError("align needs a JACK server: none answers") from None
        self.sample_rate = int(self._out.samplerate)
        self._click = click(self.sample_rate)
        self._speaks = self._out.outports.register("click")
        self._says = self._out.midi_outports.register("notes")
        self._hears = self._in.inports.register("heard")
        self._reads = self._in.midi_inports.register("notes")
        self._plan: _Plan | None = None
        self._sound = np.zeros(0, np.float32)
        self._came: list[int] = []
        self._heard_to = 0
        self._out.set_process_callback(self._speak)
        self._in.set_process_callback(self._hear)
        self._out.activate()
        self._in.activate()
        try:
            self._connect(route)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the server."""
        self._out.close()
        self._in.close()

    @property
    def connected(self) -> bool:
        """Whether something goes out, and something comes in."""
        out = self._speaks.number_of_connections + self._says.number_of_connections
        back = self._hears.number_of_connections + self._reads.number_of_connections
        return bool(out and back)

    def measure(self, progress: Callable[[float], object] = float) -> Measured:
        """Play and hear every round; some eight seconds. `progress` is told the share that is done.

        Raises:
            LoopError: the server went away meanwhile.
        """
        rate = self.sample_rate
        first = self._out.frame_time + round(LEAD_SECONDS * rate)
        plan = _Plan(first, round(APART_SECONDS * rate))
        self._sound = np.zeros(plan.end - first, np.float32)
        self._came = []
        self._plan = plan
        total = plan.end - first
        deadline = time.monotonic() + total / rate + LEAD_SECONDS + END_SECONDS
        while self._heard_to < plan.end:
            progress(min(max((self._heard_to - first) / total, 0.0), 1.0))
            if time.monotonic() > deadline:
                raise LoopError("the JACK server gave no more blocks")
            time.sleep(0.05)
        self._plan = None
        return Measured(rate, int(self._out.blocksize), self._audio(plan), self._midi(plan))

    def _audio(self, plan: _Plan) -> Way | None:
        return _way(
            "sound", [click_delay(self._after(plan, at), self._click) for at in plan.clicks]
        )

    def _midi(self, plan: _Plan) -> Way | None:
        limit = round(LONGEST_SECONDS * self.sample_rate)
        came = [
            next((frame - at for frame in self._came if at <= frame < at + limit), None)
            for at in plan.notes
        ]
        if (way := _way("notes", came)) is not None:
            return way
        quiet = limit // 4
        sounds = [
            sound_delay(
                self._after(plan, at), self._sound[at - plan.first - quiet : at - plan.first]
            )
            for at in plan.notes
        ]
        return _way("the notes' sound", sounds)

    def _after(self, plan: _Plan, frame: int) -> NDArray[np.float32]:
        """What was heard from a frame on."""
        start = frame - plan.first
        return self._sound[start : start + round(LONGEST_SECONDS * self.sample_rate)]

    def _speak(self, frames: int) -> None:
        """Send what is due in a block. Runs in the server's cycle."""
        out = self._speaks.get_array()
        out[:] = 0.0
        self._says.clear_buffer()
        plan = self._plan
        if plan is None:
            return
        start = self._out.last_frame_time
        for at in plan.clicks:
            if at < start + frames and at + len(self._click) > start:
                low, high = max(at, start), min(at + len(self._click), start + frames)
                out[low - start : high - start] = self._click[low - at : high - at]
        length = round(NOTE_SECONDS * self.sample_rate)
        for at in plan.notes:
            if start <= at < start + frames:
                self._says.write_midi_event(at - start, (0x90 | CHANNEL, KEY, 100))
            if start <= at + length < start + frames:
                self._says.write_midi_event(at + length - start, (0x80 | CHANNEL, KEY, 0))

    def _hear(self, frames: int) -> None:
        """Keep what comes in a block. Runs in the server's cycle."""
        plan = self._plan
        start = self._in.last_frame_time
        if plan is not None:
            low, high = max(start, plan.first), min(start + frames, plan.end)
            if low < high:
                block = self._hears.get_array()[low - start : high - start]
                self._sound[low - plan.first : high - plan.first] = block
            for offset, data in self._reads.incoming_midi_events():
                message = bytes(data)
                if len(message) == 3 and message[0] & 0xF0 == 0x90 and message[2]:
                    self._came.append(start + offset)
        self._heard_to = start + frames

    def _connect(self, route: Route) -> None:
        for part, ours, midi, speaks in (
            (route.audio_to, self._speaks, False, False),
            (route.audio_from, self._hears, False, True),
            (route.midi_to, self._says, True, False),
            (route.midi_from, self._reads, True, True),
        ):
            if part is None:
                continue
            ports = list_ports(
                self._out, is_midi=midi, is_audio=not midi, is_output=speaks, is_input=not speaks
            )
            names = [port.name for port in ports if not port.name.startswith(SPEAKS)]
            other = names[match_name(names, part, "JACK port", LoopError)]
            pair = (other, ours.name) if speaks else (ours.name, other)
            try:
                self._out.connect(*pair)
            except self._jack.JackError:
                raise LoopError(f"{pair[0]!r} can't be connected with {pair[1]!r}") from None


def _way(what: str, delays: Sequence[int | None]) -> Way | None:
    """What came back often enough."""
    came = tuple(delay for delay in delays if delay is not None)
    return Way(what, came) if len(came) >= FEWEST else None
