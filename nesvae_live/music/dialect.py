"""Events as MIDI messages, in one of three dialects: General MIDI's, NES-MDB's or the Midines'.

| | general | nesmdb | midines |
| --- | --- | --- | --- |
| velocity | MIDI's; the chip's loudest is 100 | the chip's volume, 1-15 (TR: 1) | the volume in 7 bits |
| volume under a note | CC 11, like a velocity, 0-100 | CC 11, 0-15 | CC 7, in 7 bits |
| duty | CC 12, 0-3 | CC 12, 0-3 | CC 1, in 7 bits |
| the noise | channel 10, General MIDI's drums | channel 10, its notes 1-16 | channel 4, 16 notes from 48 on |

The Midines is a cartridge that plays a console by MIDI, and its manual has channels 1 to 4, CC 1
and CC 7 (https://wayfar.net/0xf00000_manual.php). Values in 7 bits lie in the middle of their
step, so that a receiver that drops the low bits gets the chip's own number.

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
    Shape,
    velocity_to_volume,
    volume_to_velocity,
)
from nesvae_live.music.voices import CHANNELS, VOICES, Voice

GENERAL, NESMDB, MIDINES = "general", "nesmdb", "midines"
DIALECTS = (GENERAL, NESMDB, MIDINES)

VOLUME_CC, DUTY_CC = 11, 12
MIDINES_VOLUME_CC, MIDINES_DUTY_CC = 7, 1
MIDINES_NOISE_CHANNEL, MIDINES_NOISE_NOTE = 3, 48
VOLUME_STEP, DUTY_STEP = 8, 32
"""What one volume and one duty are in 7 bits."""
ALL_SOUND_OFF, ALL_NOTES_OFF = 120, 123


def noise_to_drum(note: int) -> int:
    """General MIDI's drum for a note of the noise: that of the nearest drum in the kit."""
    return min(DRUMS, key=lambda drum: abs(drum.note - note)).midi_note


def drum_to_noise(midi_note: int) -> int:
    """The noise's note for a drum of General MIDI: that of the nearest drum in the kit."""
    return min(DRUMS, key=lambda drum: abs(drum.midi_note - midi_note)).note


def volume_to_7_bits(volume: int) -> int:
    """The middle of a volume's step in 7 bits; 0 for silence."""
    return volume * VOLUME_STEP + VOLUME_STEP // 2 if volume else 0


class MidiSpeaker:
    """Turns events into messages, and remembers which controller values it has sent.

    Used by one thread at a time. Raises ValueError for an unknown dialect.
    """

    def __init__(self, dialect: str = GENERAL) -> None:
        if dialect not in DIALECTS:
            raise ValueError(f"no dialect {dialect!r}: one of {', '.join(DIALECTS)}")
        self._general = dialect == GENERAL
        self._midines = dialect == MIDINES
        self._channels = dict(CHANNELS)
        if self._midines:
            self._channels[Voice.NO] = MIDINES_NOISE_CHANNEL
        self._said: dict[tuple[Voice, int], int] = {}
        self._drummed = False

    def messages(self, event: Event) -> list[MidiBytes]:
        """The messages for an event, on its voice's channel; real-time, takes some microseconds."""
        voice, channel = event.voice, self._channels[event.voice]
        if isinstance(event, NoteOn):
            self._drummed |= voice is Voice.NO
            return [(0x90 | channel, self._note(voice, event.note), self._velocity(event))]
        if isinstance(event, NoteOff):
            return [(0x80 | channel, self._note(voice, event.note), 0)]
        if voice is Voice.TR or (voice is Voice.NO and self._general):
            return []
        said: list[MidiBytes] = []
        for control, value in self._controls(event):
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
            channels.append(self._channels[Voice.NO])
        return [(0xB0 | channel, control, 0) for channel in channels for control in controls]

    def _controls(self, shape: Shape) -> tuple[tuple[int, int], ...]:
        """The controllers of a shape and their values."""
        if self._midines:
            volume = (MIDINES_VOLUME_CC, volume_to_7_bits(shape.volume))
            if shape.voice is Voice.NO:
                return (volume,)  # the manual gives its duty no meaning
            return (MIDINES_DUTY_CC, shape.duty * DUTY_STEP + DUTY_STEP // 2), volume
        volume_ = volume_to_velocity(shape.volume) if self._general else shape.volume
        return (DUTY_CC, shape.duty), (VOLUME_CC, volume_)

    def _note(self, voice: Voice, note: int) -> int:
        if voice is Voice.NO and self._midines:
            return MIDINES_NOISE_NOTE + note - 1
        return noise_to_drum(note) if voice is Voice.NO and self._general else note

    def _velocity(self, event: NoteOn) -> int:
        if self._general:
            return event.velocity
        if self._midines:
            return volume_to_7_bits(velocity_to_volume(event.velocity))
        return 1 if event.voice is Voice.TR else velocity_to_volume(event.velocity)
