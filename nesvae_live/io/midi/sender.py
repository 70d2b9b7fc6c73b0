"""The deadline sender: a thread that holds each event until its time, and ends what it started.

`step()` is the logic, which a test can drive with a time of its own; `run()` is the loop. Only this
thread transmits, so a port needs no lock, and only it keeps track of the sounding notes.
"""

from __future__ import annotations

import contextlib
import heapq
import threading
import time as wall
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from nesvae_live.clock.hosttime import Time
from nesvae_live.io.realtime import ask_for_realtime
from nesvae_live.music.events import Event, NoteOff, NoteOn
from nesvae_live.music.voices import Voice

FINE_SECONDS = 0.001
"""So long before a deadline the thread leaves the queue, which wakes late, and sleeps."""

LATE_SECONDS = 0.002
"""An event sent later than this after its time counts as late."""

REMEMBERED = 1024
"""The lateness of so many last events is kept."""

STOP_SECONDS = 2.0
"""How long ending the thread may take."""

DOUBTFUL_SECONDS = 5.0
"""The loss of a port is noticed within this time: what was sent meanwhile is in doubt."""

AGAIN_SECONDS = 2.0
"""The loss of messages is noticed within this time."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How long after their time events were sent, in seconds.

    `p50` and `p99` are of the last `REMEMBERED` events; `sent`, `late` (by more than
    `LATE_SECONDS`) and `worst` of all.
    """

    sent: int = 0
    late: int = 0
    p50: float = 0.0
    p99: float = 0.0
    worst: float = 0.0


class LatenessBook:
    """Keeps how late events were sent: one thread adds, any may ask."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=REMEMBERED)
        self._sent = 0
        self._late = 0
        self._worst = 0.0

    def add(self, seconds: float) -> None:
        """Take how long after its time an event was sent."""
        self._last.append(seconds)
        self._sent += 1
        self._late += seconds > LATE_SECONDS
        self._worst = max(self._worst, seconds)

    def figures(self) -> Lateness:
        """What came of it."""
        ordered = sorted(self._last.copy())
        if not ordered:
            return Lateness()
        last = len(ordered) - 1
        p50, p99 = ordered[last // 2], ordered[round(last * 0.99)]
        return Lateness(self._sent, self._late, p50, p99, self._worst)


@dataclass(frozen=True, slots=True)
class _Silence:
    panic: bool


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


@dataclass(frozen=True, slots=True)
class _Doubt:
    pass


@dataclass(frozen=True, slots=True)
class _Heal:
    pass


@dataclass(frozen=True, slots=True)
class _Again:
    pass


_Put = tuple[float, Event] | _Silence | _Doubt | _Heal | _Again | _Stop


class DeadlineSender:
    """Sends events at their time, never before; an `Output` in front of a port.

    `transmit` is called in the sender's thread with each event at its time; `all_off` is called
    when a silence has ended every sounding note, with whether it is a panic. An error in either
    ends the thread and is kept in `error`; what is sent after that is dropped.
    """

    def __init__(
        self,
        transmit: Callable[[Event], None],
        all_off: Callable[[bool], None],
        time: Time,
    ) -> None:
        self._transmit = transmit
        self._all_off = all_off
        self._time = time
        self._queue: SimpleQueue[_Put] = SimpleQueue()
        self._held: list[tuple[float, int, Event]] = []  # a heap, in order of time
        self._order = 0
        self._stopped = False
        self._thread = threading.Thread(target=self.run, name="MIDI sender", daemon=True)
        self._lateness = LatenessBook()
        self.sounding: dict[Voice, int] = {}
        """The note that each voice sounds; only the sender's thread writes it."""
        self._struck: dict[tuple[Voice, int], float] = {}  # when each note was last struck or ended
        self._doubtful: set[tuple[Voice, int]] = set()
        self._doubted = self._healed = False
        self.error: BaseException | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Drop what is held, end every note and the thread; harmless when already stopped."""
        self._queue.put(_Stop())
        if self._thread.is_alive():
            self._thread.join(timeout=STOP_SECONDS)

    def send(self, event: Event, at: float) -> None:
        """Send `event` at `at` seconds, at once if that is past. From any thread: one queue put."""
        self._queue.put((at, event))

    def silence(self, *, panic: bool = False) -> None:
        """Drop what is still held and end every note. From any thread: one queue put."""
        self._queue.put(_Silence(panic))

    def doubt(self) -> None:
        """A receiver is gone: remember what may sound there. From any thread: one queue put."""
        self._queue.put(_Doubt())

    def heal(self) -> None:
        """The receiver is back: end whatever may sound there. From any thread: one queue put."""
        self._queue.put(_Heal())

    def end_again(self) -> None:
        """Messages may be lost: end again what ended lately. From any thread: one queue put."""
        self._queue.put(_Again())

    def lateness(self) -> Lateness:
        """How late events were sent. Any thread may ask."""
        return self._lateness.figures()

    def step(self) -> float:
        """Send what is due; returns the seconds until the next deadline (inf: there is none)."""
        while not self._stopped:
            try:
                self._take(self._queue.get_nowait())
            except Empty:
                break
        while self._held:
            wait = self._held[0][0] - self._time.now()
            if wait > 0:
                return wait
            at, _, event = heapq.heappop(self._held)
            self._play(event, at)
        return float("inf")

    def run(self) -> None:
        """The loop of the sender's thread: real-time, so it must neither log nor allocate much."""
        ask_for_realtime()
        try:
            while not self._stopped:
                self._wait(self.step())
        except BaseException as error:  # noqa: BLE001 - kept for whoever watches the port
            self.error = error

    def _wait(self, seconds: float) -> None:
        """Wait for something to do, at most `seconds`."""
        if self._stopped:
            return
        if seconds <= FINE_SECONDS:
            wall.sleep(seconds)
            return
        timeout = None if seconds == float("inf") else seconds - FINE_SECONDS
        with contextlib.suppress(Empty):
            self._take(self._queue.get(timeout=timeout))

    def _take(self, item: _Put) -> None:
        if isinstance(item, tuple):
            at, event = item
            self._order += 1
            heapq.heappush(self._held, (at, self._order, event))
            return
        if isinstance(item, _Again):
            self._end_silent(self._struck_since(AGAIN_SECONDS))
            return
        if isinstance(item, _Doubt):
            if self._healed:
                self._doubtful.clear()
            self._doubted, self._healed = True, False
            self._doubtful |= self._struck_since(DOUBTFUL_SECONDS)
            self._doubtful |= set(self.sounding.items())
            return
        if isinstance(item, _Heal):
            if not self._doubted:  # nobody was gone
                return
            self._end_silent(self._doubtful)
            self._healed = True  # but others may come back later
        else:
            self._held.clear()
        self._end_notes()
        self._all_off(isinstance(item, _Silence) and item.panic)
        self._stopped = isinstance(item, _Stop)

    def _play(self, event: Event, at: float) -> None:
        sounding = self.sounding.get(event.voice)
        if isinstance(event, NoteOff):
            if sounding != event.note:
                return  # it was ended by a silence, or never struck
            del self.sounding[event.voice]
        elif isinstance(event, NoteOn) and sounding is not None:  # voices are monophonic
            self._end(event.voice, sounding)
        if isinstance(event, NoteOn):
            self.sounding[event.voice] = event.note
        self._transmit(event)
        now = self._time.now()
        if isinstance(event, NoteOn | NoteOff):
            self._struck[event.voice, event.note] = now
        self._lateness.add(now - at)

    def _end_notes(self) -> None:
        while self.sounding:
            self._end(*self.sounding.popitem())

    def _end(self, voice: Voice, note: int) -> None:
        self._transmit(NoteOff(voice, note))
        self._struck[voice, note] = self._time.now()

    def _struck_since(self, seconds: float) -> set[tuple[Voice, int]]:
        """The notes that were struck or ended in the last `seconds`."""
        since = self._time.now() - seconds
        return {note for note, at in self._struck.items() if at >= since}

    def _end_silent(self, notes: set[tuple[Voice, int]]) -> None:
        """End once more those of the notes that don't sound as far as we know."""
        for voice, note in sorted(notes - set(self.sounding.items())):
            self._transmit(NoteOff(voice, note))
