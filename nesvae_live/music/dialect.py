"""How events are said in MIDI: in General MIDI's way, or in that of NES-MDB.

| | general | nesmdb |
| --- | --- | --- |
| velocity | MIDI's, the chip's loudest is 100 | the chip's volume, 1-15 (TR: 1) |
| CC 11, volume under a note | as a velocity, 0-100 | 0-15 |
| CC 12, duty | 0-3 | 0-3 |
| channel 10 | General MIDI's drums | the noise's notes, 1-16 |

Controllers are said when they change, never on the triangle, which has neither, nor on General
MIDI's drums, which fade by themselves; a bend is not said: a chip's plug-in has a range of its own
for it.
"""

from __future__ import annotations

from nesvae_live.music.drums import DRUMS
from nesvae_live.music.events import (
    Event,
    MidiBytes,
    NoteOff,
    NoteOn,
    velocity_to_volume,
    volume_to_velocity,
)
from nesvae_live.music.voices import CHANNELS, VOICES, Voice

GENERAL, NESMDB = "general", "nesmdb"
DIALECTS = (GENERAL, NESMDB)

VOLUME_CC, DUTY_CC = 11, 12
ALL_SOUND_OFF, ALL_NOTES_OFF = 120, 123


def noise_to_drum(note: int) -> int:
    """General MIDI's drum for a note of the noise: that of the drum in the kit nearest to it."""
    return min(DRUMS, key=lambda drum: abs(drum.note - note)).midi_note


def drum_to_noise(midi_note: int) -> int:
    """The noise's note for a drum of General MIDI: that of the drum in the kit nearest to it."""
    return min(DRUMS, key=lambda drum: abs(drum.midi_note - midi_note)).note


class MidiSpeaker:
    """Says events as messages, and remembers the controllers that it has said.

    One thread at a time. Raises ValueError for a dialect that there isn't.
    """

    def __init__(self, dialect: str = GENERAL) -> None:
        if dialect not in DIALECTS:
            raise ValueError(f"no dialect {dialect!r}: one of {', '.join(DIALECTS)}")
        self._general = dialect == GENERAL
        self._said: dict[tuple[Voice, int], int] = {}
        self._drummed = False

    def messages(self, event: Event) -> list[MidiBytes]:
        """The messages of an event, on its voice's channel; real-time, some microseconds."""
        voice, channel = event.voice, CHANNELS[event.voice]
        if isinstance(event, NoteOn):
            self._drummed |= voice is Voice.NO
            return [(0x90 | channel, self._note(voice, event.note), self._velocity(event))]
        if isinstance(event, NoteOff):
            return [(0x80 | channel, self._note(voice, event.note), 0)]
        if voice is Voice.TR or (voice is Voice.NO and self._general):
            return []
        volume = volume_to_velocity(event.volume) if self._general else event.volume
        said: list[MidiBytes] = []
        for control, value in ((DUTY_CC, event.duty), (VOLUME_CC, volume)):
            if self._said.get((voice, control)) != value:
                self._said[voice, control] = value
                said.append((0xB0 | channel, control, value))
        return said

    def all_off(self, *, panic: bool) -> list[MidiBytes]:
        """All notes off on the channels that are ours, channel 10 only if it was drummed on.

        In a panic all sound off before it; and the controllers are said again when next due.
        """
        self._said.clear()
        controls = (ALL_SOUND_OFF, ALL_NOTES_OFF) if panic else (ALL_NOTES_OFF,)
        channels = [spec.channel for spec in VOICES]
        if self._drummed:
            channels.append(CHANNELS[Voice.NO])
        return [(0xB0 | channel, control, 0) for channel in channels for control in controls]

    def _note(self, voice: Voice, note: int) -> int:
        return noise_to_drum(note) if voice is Voice.NO and self._general else note

    def _velocity(self, event: NoteOn) -> int:
        if self._general:
            return event.velocity
        return 1 if event.voice is Voice.TR else velocity_to_volume(event.velocity)
