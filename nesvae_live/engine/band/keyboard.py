"""The keys that are down, and which of them each voice plays that people have.

A voice plays one note: the key that was struck last, and when it is let go the one before it that is
still down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nesvae_live.music.capture import (
    ALL_NOTES_OFF_CC,
    ALL_SOUND_OFF_CC,
    CONTROL_CHANGE,
    MPE_CHANNELS,
    NOTE_OFF,
    NOTE_ON,
    PEDAL_CC,
    PEDAL_DOWN,
    STUCK_SECONDS,
)
from nesvae_live.music.voicenotes import to_range
from nesvae_live.music.voices import CHANNELS, Voice

Key = tuple[str, int, int]
"""A key: port, channel, note."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key was struck at `at` seconds, for a voice."""

    voice: Voice
    at: float


class Keyboard:
    """Reads what keyboards send, whatever they are; in the sequencer's thread.

    With one voice to play, every channel is its but the drums'. With several each has the channel of its
    own, unless it is one keyboard that plays: on one channel alone, or on a channel a key (MPE). That is
    split at `split`: what is lower is the lowest voice's, the rest the highest one's.
    """

    def __init__(self) -> None:
        self._voices: tuple[Voice, ...] = ()
        self._down: dict[Key, Stroke] = {}  # in the order in which they were struck
        self._sustained: set[Key] = set()  # keys that only the pedal holds
        self._pedals: set[tuple[str, int]] = set()
        self._channels: set[int] = set()  # on which was played since the voices were said

    def play(self, voices: Sequence[Voice]) -> None:
        """Play these voices from now on; what others had is let go."""
        self._voices = tuple(sorted(voices))
        self._channels.clear()
        self._end([key for key, stroke in self._down.items() if stroke.voice not in voices])

    def receive(self, port: str, data: Sequence[int], at: float, split: int) -> bool:
        """Take a MIDI message stamped `at` seconds; whether it may have changed a note."""
        if not self._voices or len(data) != 3 or not all(0 <= b <= 127 for b in data[1:]):
            return False
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == CONTROL_CHANGE:
            return self._control(port, channel, data[1], data[2])
        if kind not in {NOTE_OFF, NOTE_ON} or channel == CHANNELS[Voice.NO]:
            return False
        key = port, channel, data[1]
        if kind == NOTE_ON and data[2] > 0:
            self._channels.add(channel)
            self._strike(key, Stroke(self._voice(channel, data[1], split), at))
        elif (port, channel) in self._pedals and key in self._down:
            self._sustained.add(key)
        else:
            self._end([key])
        return True

    def tick(self, now: float) -> bool:
        """Let go of keys that are down for so long that their end was lost; whether there were any."""
        stuck = [key for key, stroke in self._down.items() if now - stroke.at > STUCK_SECONDS]
        self._end(stuck)
        return bool(stuck)

    def clear(self) -> None:
        """Let go of everything."""
        self._down.clear()
        self._sustained.clear()
        self._pedals.clear()

    @property
    def down(self) -> tuple[int, ...]:
        """The notes of the keys that are down, in the order in which they were struck."""
        return tuple(note for *_, note in self._down)

    @property
    def notes(self) -> Mapping[Voice, int]:
        """The note of each voice that a key is down for, in the voice's range."""
        return {
            stroke.voice: to_range(stroke.voice, note)
            for (*_, note), stroke in self._down.items()  # the last one counts
        }

    def _voice(self, channel: int, note: int, split: int) -> Voice:
        voices = self._voices
        if len(voices) == 1:
            return voices[0]
        one = len(self._channels) == 1 or len(self._channels) >= MPE_CHANNELS
        own = next((voice for voice in voices if CHANNELS[voice] == channel), None)
        if own is not None and not one:
            return own
        return voices[-1] if note < split else voices[0]

    def _strike(self, key: Key, stroke: Stroke) -> None:
        """A key goes down; what the pedal alone holds of its voice gives way."""
        held = [k for k in self._sustained if self._down[k].voice is stroke.voice]
        self._end([key, *held])
        self._down[key] = stroke

    def _control(self, port: str, channel: int, control: int, value: int) -> bool:
        if control == PEDAL_CC:
            if value >= PEDAL_DOWN:
                self._pedals.add((port, channel))
                return False
            self._pedals.discard((port, channel))
            self._end([key for key in self._sustained if key[:2] == (port, channel)])
            return True
        if control == ALL_SOUND_OFF_CC or control >= ALL_NOTES_OFF_CC:
            self._end([key for key in self._down if key[:2] == (port, channel)])
            return True
        return False

    def _end(self, keys: Sequence[Key]) -> None:
        for key in keys:
            self._down.pop(key, None)
            self._sustained.discard(key)
