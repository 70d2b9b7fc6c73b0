"""Events as MIDI messages, in one of two dialects: General MIDI's or NES-MDB's.

| | general | nesmdb |
| --- | --- | --- |
| velocity | MIDI's; the chip's loudest is 100 | the chip's volume, 1-15 (TR: 1) |
| CC 11, volume under a note | like a velocity, 0-100 | 0-15 |
| CC 12, duty | 0-3 | 0-3 |
| channel 10 | General MIDI's drums | the noise's notes, 1-16 |

Controllers are sent when they change; never on the triangle, which has neither, nor on General
MIDI's drums, which fade by themselves. Bends are not sent, because each chip plug-in has a bend
range of its own.
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
    """General MIDI's drum for a note of the noise: that of the nearest drum in the kit."""
    return min(DRUMS, key=lambda drum: abs(drum.note - note)).midi_note


def drum_to_noise(midi_note: int) -> int:
    """The noise's note for a drum of General MIDI: that of the nearest drum in the kit."""
    return min(DRUMS, key=lambda drum: abs(drum.midi_note - midi_note)).note


class MidiSpeaker:
    """Turns events into messages, and remembers which controller values it has sent.

    Used by one thread at a time. Raises ValueError for an unknown dialect.
    """

    def __init__(self, dialect: str = GENERAL) -> None:
        if dialect not in DIALECTS:
            raise ValueError(f"no dialect {dialect!r}: one of {', '.join(DIALECTS)}")
        self._general = dialect == GENERAL
        self._said: dict[tuple[Voice, int], int] = {}
        self._drummed = False

    def messages(self, event: Event) -> list[MidiBytes]:
        """The messages for an event, on its voice's channel; real-time, takes some microseconds."""
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
        """All notes off on the channels that are ours; on channel 10 only if drums were played.

        In a panic all sound off comes first. Controllers are sent again when they are next due.
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
