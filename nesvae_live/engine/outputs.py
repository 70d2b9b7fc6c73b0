"""The outputs: what each voice plays is shaped, sent to every output and journaled.

All of it runs in the sequencer's thread. Events leave in order of time, whatever becomes of the
tempo line that they are placed on.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.timing import ClockRef
from nesvae_live.engine.band.moment import Moment
from nesvae_live.engine.live.protocols import Output
from nesvae_live.engine.phrases.schedule import Voicing
from nesvae_live.log.entries import Journal, Sent
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.drums import DRUM_PATCHES, Hit
from nesvae_live.music.events import Event, NoteOn
from nesvae_live.music.patch import Patch
from nesvae_live.music.shaper import Shaper
from nesvae_live.music.voices import Voice

Knobs = Mapping[str, float]


class Outputs:
    """Sends what the voices play; its `voicing` is the only record of which notes sound."""

    def __init__(
        self,
        outputs: Sequence[Output],
        journal: Journal,
        time: Time,
        patches: Mapping[Voice, Patch],
    ) -> None:
        self.voicing = Voicing()
        self.shaper = Shaper(patches, DRUM_PATCHES)
        self.late = 0
        """How many events were sent when their time was already past."""
        self.excused = -math.inf
        """The beat up to which late events are not counted: a clock starts without warning."""
        self.devices = list(outputs)
        """Who gets every event; one more may be added before anything plays."""
        self._journal = journal
        self._time = time
        self._last_at = -math.inf
        self._sent = 0

    def play(
        self, due: Sequence[Moment | Hit], ref: ClockRef, knobs: Knobs, arrangement: Arrangement
    ) -> None:
        """Play moments and drums, at their beats on the line, in order of beat."""
        for item in sorted(due, key=lambda item: item.beat):
            if isinstance(item, Moment):
                for touch in item.touches:
                    self.shaper.touch(touch.voice, touch.volume, touch.duty)
                notes = arrangement.notes(item.notes)
                changes = self.voicing.change(notes, arrangement.muted)
                self._send(item.beat, changes, ref, knobs)
            elif Voice.NO not in arrangement.muted:
                if item.patch is not None:
                    self.shaper.touch(Voice.NO, item.patch.volume, item.patch.duty)
                self._send(item.beat, [NoteOn(Voice.NO, item.note)], ref, knobs)

    def shape(self, until: float, ref: ClockRef, knobs: Knobs) -> None:
        """Send the shapes of the sounding notes that fall before `until` seconds."""
        for at, event in self.shaper.due(until, knobs):
            self._put(at, ref.beat_at(at), event)

    def end(self, beat: float, ref: ClockRef, voices: Collection[Voice] = tuple(Voice)) -> None:
        """End whatever sounds in `voices` on a beat, releases included."""
        self.voicing.end(voices)
        for event in self.shaper.cut(voices):
            self._put(ref.time_of(beat), beat, event)

    def silence(self, *, panic: bool = False) -> list[Event]:
        """End everything now, and drop what the outputs hold; returns the note ends for the log."""
        self.silence_devices(panic=panic)
        self.voicing.end()
        self.shaper.forget()
        self._last_at = self._time.now()
        return self.shaper.cut()

    def silence_devices(self, *, panic: bool = False) -> None:
        """Let every output end its notes and drop what it holds; the record of notes stays."""
        for output in self.devices:
            output.silence(panic=panic)

    def _send(self, beat: float, events: Sequence[Event], ref: ClockRef, knobs: Knobs) -> None:
        """Send note events as the patches shape them, after all that is due before them."""
        if not events:
            return
        at = ref.time_of(beat)
        self.shape(at, ref, knobs)
        for event in self.shaper.take(events, at, knobs):
            self._put(at, beat, event)

    def _put(self, at: float, beat: float, event: Event) -> None:
        at = self._last_at = max(at, self._last_at)
        if at < self._time.now() and beat > self.excused:
            self.late += 1
        self._journal.put(Sent(at, beat, event, self._sent))
        self._sent += 1
        for output in self.devices:
            output.send(event, at)


class DelayedOutput:
    """An output that passes events on to another with their time moved by `seconds`, plus or minus.

    To play earlier, events must come that much earlier too: the lookahead has to grow with it.
    """

    def __init__(self, output: Output, seconds: float) -> None:
        self._output = output
        self._seconds = seconds

    def send(self, event: Event, at: float) -> None:
        """Pass `event` on with its time moved. Runs in the sequencer's thread."""
        self._output.send(event, at + self._seconds)

    def silence(self, *, panic: bool = False) -> None:
        """Pass it on. Runs in the sequencer's thread."""
        self._output.silence(panic=panic)
