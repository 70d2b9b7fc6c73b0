"""Note and sound events: what is played, the same for every output."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nesvae_live.music.voices import SILENCE, Voice

VELOCITY = 100
"""The MIDI velocity of a note that no patch shapes: the chip's loudest."""

LOUDEST = 15
"""The chip's highest volume; 0 is silence."""


@dataclass(frozen=True, slots=True)
class NoteOn:
    """Voice `voice` starts MIDI note `note` (never 0) with a MIDI `velocity`, 1 to 127.

    The notes of the noise are the chip's own numbers, 1 (lowest) to 16.
    """

    voice: Voice
    note: int
    velocity: int = VELOCITY


@dataclass(frozen=True, slots=True)
class NoteOff:
    """Voice `voice` ends MIDI note `note`."""

    voice: Voice
    note: int


@dataclass(frozen=True, slots=True)
class Shape:
    """From now on `voice` has this volume (0-15), duty (0-3) and bend (cents off its note).

    It applies to the note that sounds or, just before a note-on at the same time, to that note. The
    triangle has no duty, and of its volume only whether it is 0 counts. On the noise the duty is
    the mode, 0 or 1.
    """

    voice: Voice
    volume: int
    duty: int = 0
    cents: int = 0


MidiBytes = tuple[int, ...]
"""A MIDI message, byte by byte."""

NoteEvent = NoteOn | NoteOff
Event = NoteEvent | Shape


def velocity_to_volume(velocity: int) -> int:
    """The chip's volume, 1 to 15, for a MIDI velocity; `VELOCITY` and above give the loudest."""
    return min(LOUDEST, max(1, round(velocity * LOUDEST / VELOCITY)))


def volume_to_velocity(volume: int) -> int:
    """The MIDI velocity for the chip's volume, 0 to 15; the loudest gives `VELOCITY`."""
    return round(volume * VELOCITY / LOUDEST)


@dataclass(frozen=True, slots=True)
class VoiceState:
    """What a voice of the chip is playing: `note` (0: none), volume, duty and bend."""

    note: int = SILENCE
    volume: int = 0
    duty: int = 0
    cents: int = 0

    @property
    def sounds(self) -> bool:
        """Whether there is anything to hear: volume 0 is silence, too."""
        return self.note != SILENCE and self.volume > 0

    def after(self, event: Event) -> VoiceState:
        """The state after one more event; the end of another note than its own changes nothing."""
        if isinstance(event, NoteOn):
            return replace(self, note=event.note, volume=velocity_to_volume(event.velocity))
        if isinstance(event, Shape):
            return VoiceState(self.note, event.volume, event.duty, event.cents)
        return replace(self, note=SILENCE) if self.note == event.note else self
