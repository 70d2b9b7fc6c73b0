"""The chip's sound, rendered ahead of the device that plays it, and all of it into the take.

The renderer's thread takes events, finds each one's sample on the playhead's line, writes the
chip's registers there and renders up to `lead_seconds` ahead of now: after the events for that
time have come (the sequencer's lookahead is longer than the lead) and before the device reads
there. The take gets every sample that the chip makes, whatever becomes of the device.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.chipplayer import ChipPlayer
from nesvae_live.clock.hosttime import Time
from nesvae_live.io.audio.hearing import Device, Monitor, wipe_ring, write_ring
from nesvae_live.io.audio.insert import Insert
from nesvae_live.io.audio.mixer import Mixer
from nesvae_live.io.audio.playhead import Playhead
from nesvae_live.io.realtime import ask_for_realtime
from nesvae_live.log.entries import Journal, Rendered, Silenced, Sounded
from nesvae_live.music.events import Event
from nesvae_live.music.voices import Voice

LEAD_SECONDS = 0.035
"""How far ahead of the device the sound is rendered."""

POLL_SECONDS = 0.005
"""How often the renderer steps."""

LONGEST_STALL = 0.5
"""Seconds without a step after which the process was stopped: what sounded then doesn't sound on."""

CHUNK_FRAMES = 4096
"""How many samples go to the take at once."""

Tap = Callable[[npt.NDArray[np.int16]], None]
"""Given an array of the chip's samples to keep, in the renderer's thread; must not block."""


@dataclass(slots=True)
class RendererCounters:
    """What went wrong so far; only the renderer's thread writes it."""

    late: int = 0
    """Events that came after their sample had been rendered, and sounded at the next one."""
    underruns: int = 0
    """How often the device read what wasn't rendered yet."""
    slips: int = 0
    """How often the device lost frames and had to skip."""


@dataclass(frozen=True, slots=True)
class _Silence:
    panic: bool


class Renderer:
    """An `Output` that sounds: events in, samples to `tap` and to the device's ring.

    The caller makes the chip, for the device's sample rate. Without a device the take follows wall
    time. `mixer`, with as many outputs as the device has, makes what is heard; the take is the
    chip's own mono mix. `monitor` hears it too, with a device or without. `insert` may be heard in its
    place.
    """

    def __init__(
        self,
        chip: Apu,
        time: Time,
        journal: Journal,
        tap: Tap,
        device: Device | None = None,
        *,
        mixer: Mixer | None = None,
        monitor: Monitor | None = None,
        insert: Insert | None = None,
        lead_seconds: float = LEAD_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.counters = RendererCounters()
        self.lead_seconds = lead_seconds
        self._chip = chip
        self._time = time
        self._journal = journal
        self._tap = tap
        self._device = device
        self._monitor = monitor
        self._insert = insert
        self._poll_seconds = poll_seconds
        self.mixer = mixer or Mixer(chip.sample_rate, len(device.rings) if device else 2)
        self._player = ChipPlayer(chip)
        self._inbox: SimpleQueue[tuple[Event, float] | _Silence] = SimpleQueue()
        self._waiting: deque[tuple[Event, float]] = deque()
        self._came = 0  # how many events have come in all; the last of them wait
        self._chunk = np.empty(CHUNK_FRAMES, dtype=np.int16)
        self._filled = 0
        self._stems = np.empty((CHUNK_FRAMES, len(Voice)), dtype=np.int16)
        self._taken = 0  # the device's frames at the last step
        self._wiped = 0  # frames that the device has surely read, and that are silent again
        self._stepped = math.inf
        self._is_behind = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self._line = Playhead(chip.sample_rate, 0.0)

    def send(self, event: Event, at: float) -> None:
        """Sound `event` at `at` seconds: one queue put, from the sequencer's thread."""
        self._inbox.put((event, at))

    def silence(self, *, panic: bool = False) -> None:
        """Drop what waits and end every voice at the next rendered sample: one queue put."""
        self._inbox.put(_Silence(panic))

    @property
    def samples(self) -> int:
        """How long the take is so far."""
        return self._chip.position

    @property
    def skew(self) -> float:
        """The device's clock against ours, as learnt so far (1e-4: 100 ppm fast)."""
        return self._line.skew

    def prepare(self, at: float) -> None:
        """Let sample 0 of the take fall at the time `at`; needed before `step`, done by `start`."""
        self._line = Playhead(self._chip.sample_rate, at)
        self._player.start()
        if self._device is not None:
            self._taken = self._wiped = self._device.frames_played()
            self._line.observe(self._time.now(), self._taken - self._device.block_ahead)

    def start(self, at: float) -> None:
        """Start the thread; sample 0 of the take falls at `at`, best half a second ahead."""
        self.prepare(at)
        self._thread = threading.Thread(target=self._run, name="renderer", daemon=True)
        self._thread.start()

    def stop(self, at: float | None = None) -> None:
        """End the thread; the take goes on through `at`, or through what has been asked for.

        What waits until then still sounds; the last samples go to `tap`. Raises what the thread
        raised. A second call does nothing.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self.check()
            until = self._time.now() + self.lead_seconds if at is None else at
            self._drain()
            self._render(int(self._line.sample_at(until)))
            self._journal.put(Rendered(self._chip.position))
        finally:
            self._hand_over()

    def check(self) -> None:
        """Raise what the renderer's thread raised, if anything."""
        if self._error is not None:
            raise self._error

    def step(self) -> None:
        """Take what came, follow the device, render what is due."""
        self._drain()
        now = self._time.now()
        if now - self._stepped > LONGEST_STALL:
            self._end_all(panic=False)
        self._stepped = now
        if self._device is not None:
            self._follow(self._device, now)
        due = int(self._line.sample_at(now + self.lead_seconds))
        # After a pause of the whole process: catch up by seconds, so that `stop` is heard.
        self._render(min(due, self._chip.position + self._chip.sample_rate))
        self._is_behind = self._chip.position < due

    def _run(self) -> None:
        """The loop of the renderer's thread: real-time, where that is granted."""
        ask_for_realtime()
        try:
            while not self._stopping.wait(0.0 if self._is_behind else self._poll_seconds):
                self.step()
        except BaseException as error:  # noqa: BLE001 - raised again by check()
            self._error = error

    def _drain(self) -> None:
        """Take what was sent; a silence forgets what was sent before it."""
        while True:
            try:
                item = self._inbox.get_nowait()
            except Empty:
                return
            if isinstance(item, _Silence):
                self._waiting.clear()
                self._end_all(panic=item.panic)
            else:
                self._waiting.append(item)
                self._came += 1

    def _end_all(self, *, panic: bool) -> None:
        self._journal.put(Silenced(self._chip.position, panic))
        self._player.silence(self._chip.position, panic=panic)

    def _follow(self, device: Device, now: float) -> None:
        """Steer the line by the device, count what it read too early, wipe what it has read."""
        taken = device.frames_played()
        if taken == self._taken:
            return
        self._line.observe(now, taken - device.block_ahead)
        self.counters.slips = self._line.slips
        if taken - self._line.shift > self._chip.position > 0:
            self.counters.underruns += 1
        # The newest block may still be being read; what was counted a step ago is not.
        for ring in device.rings:
            wipe_ring(ring, self._wiped, min(self._taken - self._wiped, len(ring)))
        self._wiped, self._taken = self._taken, taken

    def _render(self, end: int) -> None:
        """Render up to sample `end`, with the events before it."""
        self._place(end)
        while (left := end - self._chip.position) > 0:
            start = self._chip.position
            frames = min(left, CHUNK_FRAMES - self._filled)
            samples = self._chunk[self._filled : self._filled + frames]
            listener = self._monitor if self._monitor and self._monitor.wanted else None
            insert = self._insert if self._insert and self._insert.on else None
            if self._device is None and listener is None:
                self._chip.render(frames, samples)
                if insert is not None:
                    insert.through(np.zeros((frames, 2), np.float32), 0.0)  # its time goes on
            else:
                stems = self._chip.render_stems(frames, self._stems[:frames], samples)
                heard = self.mixer.process(samples, stems)
                if insert is not None:
                    heard = insert.through(heard, self.mixer.balance.level)
                if self._device is not None:
                    for ring, output in zip(self._device.rings, heard.T, strict=True):
                        write_ring(ring, start + self._line.shift, output)
                if listener is not None:
                    listener.put(start, heard, stems)
            self._filled += frames
            if self._filled == CHUNK_FRAMES:
                self._hand_over()

    def _hand_over(self) -> None:
        if self._filled:
            self._tap(self._chunk[: self._filled])
            self._chunk = np.empty(CHUNK_FRAMES, dtype=np.int16)
            self._filled = 0

    def _place(self, end: int) -> None:
        """Write the registers for every waiting event before `end`, a sample at a time."""
        together: list[Event] = []
        at_sample = self._chip.position
        while self._waiting:
            event, at = self._waiting[0]
            sample = round(self._line.sample_at(at))
            if sample >= end:
                break
            self._waiting.popleft()
            if sample < self._chip.position:
                self.counters.late += 1
            if sample > at_sample:
                self._act(together, at_sample, len(self._waiting) + 1)
                together, at_sample = [], sample
            together.append(event)
        self._act(together, at_sample, len(self._waiting))

    def _act(self, events: list[Event], sample: int, later: int) -> None:
        """Let the events of one sample act together; `later` ones wait still."""
        if events:
            first = self._came - later - len(events)
            self._journal.put(Sounded(sample, first, len(events)))
            self._player.act(events, sample)
