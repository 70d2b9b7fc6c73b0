"""The state of a jam as its entries go by, and the lines of the log that are made with it.

The tally knows what sounds, where the knobs stand and where a bar begins, so that each bar's first
line can say it, and a part of the log can be read without what came before.
"""

from __future__ import annotations

from nesvae_live.clock.timing import EPSILON
from nesvae_live.log.codec import entry_to_line
from nesvae_live.log.entries import Barred, Clocked, Entry, Noted, Opened, Sent, Turned
from nesvae_live.music.events import VELOCITY, Event, NoteOn, Shape, VoiceState, velocity_to_volume
from nesvae_live.music.voices import SILENCE, Voice


class Tally:
    """Follows the entries of a jam; `bar` is the last one that has begun (-1: none has)."""

    def __init__(self, opened: Opened) -> None:
        self.bar = -1
        self.line = Clocked(opened.at, 0.0, 60.0 / opened.tempo, runs=True)
        self.knobs: dict[str, float] = {}
        self.n = 0
        """How many events have been sent."""
        self._bar_beats = opened.beats_per_bar
        self._played = [VoiceState()] * len(Voice)
        self._velocities = [VELOCITY] * len(Voice)

    def begins(self, entry: Entry) -> Barred | None:
        """The bar that begins with `entry`, if one does; to be asked before `take`."""
        if not isinstance(entry, Sent):
            return None
        bar = int((entry.beat + EPSILON) // self._bar_beats)
        if bar <= self.bar:
            return None
        return self.stand(bar)

    def stand(self, bar: int) -> Barred:
        """The state of everything, as the entry that begins `bar`."""
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
        """Follow an entry."""
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
        silent = (VoiceState(SILENCE, p.volume, p.duty, p.cents) for p in self._played)
        self._played = list(silent)

    def _resume(self, barred: Barred) -> None:
        """Go on from the state that a bar's entry has."""
        self.bar, self.n, self.knobs = barred.bar, barred.n, dict(barred.knobs)
        self.line = Clocked(barred.at, barred.beat, barred.beat_seconds, barred.runs)
        self._played = [VoiceState(note, *shape) for note, _, *shape in barred.voices]
        self._velocities = [velocity for _, velocity, *_ in barred.voices]


def events_of(barred: Barred) -> list[Event]:
    """The events that bring the voices to a bar's state: shapes, then the notes held."""
    events: list[Event] = []
    for voice, (note, velocity, volume, duty, cents) in zip(Voice, barred.voices, strict=True):
        if note == SILENCE:
            continue
        if (volume, duty, cents) != (velocity_to_volume(velocity), 0, 0):
            events.append(Shape(voice, volume, duty, cents))
        events.append(NoteOn(voice, note, velocity))
    return events


class LogLines:
    """Makes the lines of a log: `Opened` first, and a `Barred` before what begins a bar.

    With `opened` the first line is already written; its `at` is the time of beat 0 on the scale
    of the entries that come.
    """

    def __init__(self, opened: Opened | None = None) -> None:
        self._opened = opened
        self._early: list[Entry] = []  # what came before the jam was opened
        self._tally = None if opened is None else Tally(opened)

    @property
    def begun(self) -> bool:
        """Whether the jam was opened; until then there are no lines."""
        return self._opened is not None

    @property
    def bar(self) -> int:
        """The last bar that has begun (-1: none has)."""
        return -1 if self._tally is None else self._tally.bar

    def take(self, entry: Entry) -> list[bytes]:
        """The lines to write for an entry, each with its newline.

        Raises:
            TypeError, ValueError: `Opened` can't be written, without which there is no log. In
                place of any other entry that can't be written, a line says so.
        """
        if self._opened is None or self._tally is None:
            if not isinstance(entry, Opened):
                self._early.append(entry)
                return []
            first = entry_to_line(entry, entry.at)
            self._opened, self._tally = entry, Tally(entry)
            early, self._early = self._early, []
            for each in early:
                self._tally.take(each)
            return [first, *map(self._line, early)]
        barred = self._tally.begins(entry)
        self._tally.take(entry)
        lines = [barred, entry] if barred else [entry]
        return [self._line(each) for each in lines]

    def _line(self, entry: Entry) -> bytes:
        assert self._opened
        try:
            return entry_to_line(entry, self._opened.at)
        except (KeyError, TypeError, ValueError) as error:
            text = f"an entry could not be written ({error!r}): {entry!r}"
            return entry_to_line(Noted(self._opened.at, text), self._opened.at)
