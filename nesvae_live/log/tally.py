"""The tally of a jam: what stands where, as its entries go by, and where its bars begin."""

from __future__ import annotations

from nesvae_live.clock.timing import EPSILON
from nesvae_live.log.entries import Barred, Clocked, Entry, Opened, Sent, Turned
from nesvae_live.music.events import VELOCITY, Event, NoteOn, Played, Shape, velocity_to_volume
from nesvae_live.music.voices import SILENCE, Voice


class Tally:
    """Follows entries; `bar` is the last one that has begun (-1: none has)."""

    def __init__(self, opened: Opened) -> None:
        self.bar = -1
        self.line = Clocked(opened.at, 0.0, 60.0 / opened.tempo, runs=True)
        self.knobs: dict[str, float] = {}
        self.n = 0
        """How many events were sent."""
        self._bar_beats = opened.beats_per_bar
        self._played = [Played()] * len(Voice)
        self._velocities = [VELOCITY] * len(Voice)

    def begins(self, entry: Entry) -> Barred | None:
        """The bar that begins with `entry`, if one does; asked before `take`."""
        if not isinstance(entry, Sent):
            return None
        bar = int((entry.beat + EPSILON) // self._bar_beats)
        if bar <= self.bar:
            return None
        return self.stand(bar)

    def stand(self, bar: int) -> Barred:
        """How everything stands, said of the beginning of `bar`."""
        line, self.bar = self.line, bar
        beat = bar * self._bar_beats
        at = line.at + (beat - line.beat) * line.beat_seconds
        voices = tuple(
            (played.note, velocity, played.volume, played.duty, played.cents)
            for played, velocity in zip(self._played, self._velocities, strict=True)
        )
        knobs = dict(self.knobs)
        return Barred(at, bar, beat, line.beat_seconds, line.runs, knobs, voices, self.n)

    def take(self, entry: Entry) -> None:
        """Take an entry."""
        if isinstance(entry, Sent):
            self.n = max(self.n, entry.n + 1)
            self._play(entry.event)
        elif isinstance(entry, Turned):
            if entry.value is None:
                self.knobs.pop(entry.knob, None)
            else:
                self.knobs[entry.knob] = entry.value
        elif isinstance(entry, Clocked):
            self.line = entry
            if not entry.runs:
                self._end()
        elif isinstance(entry, Barred):
            self._resume(entry)

    def _play(self, event: Event) -> None:
        voice = event.voice
        self._played[voice] = self._played[voice].after(event)
        if isinstance(event, NoteOn):
            self._velocities[voice] = event.velocity

    def _end(self) -> None:
        silent = (Played(SILENCE, p.volume, p.duty, p.cents) for p in self._played)
        self._played = list(silent)

    def _resume(self, barred: Barred) -> None:
        """Go on from how everything stood."""
        self.bar, self.n, self.knobs = barred.bar, barred.n, dict(barred.knobs)
        self.line = Clocked(barred.at, barred.beat, barred.beat_seconds, barred.runs)
        self._played = [Played(note, *shape) for note, _, *shape in barred.voices]
        self._velocities = [velocity for _, velocity, *_ in barred.voices]


def events_of(barred: Barred) -> list[Event]:
    """The events that bring the voices to where they stood: shapes, then the notes held."""
    events: list[Event] = []
    for voice, (note, velocity, volume, duty, cents) in zip(Voice, barred.voices, strict=True):
        if note == SILENCE:
            continue
        if (volume, duty, cents) != (velocity_to_volume(velocity), 0, 0):
            events.append(Shape(voice, volume, duty, cents))
        events.append(NoteOn(voice, note, velocity))
    return events
