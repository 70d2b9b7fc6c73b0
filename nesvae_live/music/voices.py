"""The chip's voices: where each stands in MIDI and in the vocabulary, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

SILENCE = 0
"""The note number for "this voice is silent" (NES-MDB's convention)."""


class Voice(IntEnum):
    """A voice of the 2A03, in NES-MDB's order."""

    P1 = 0
    P2 = 1
    TR = 2
    NO = 3


@dataclass(frozen=True, slots=True)
class VoiceSpec:
    """What the model and the outputs need to know about one voice.

    `channel` is the MIDI channel, 0-based; `lowest` and `highest` are MIDI notes;
    `token_base` is the token of silence, and `token_base + note - lowest + 1` that of a note;
    `clocks_per_cycle` is CPU clocks in one cycle of the waveform per period unit.
    """

    voice: Voice
    channel: int
    lowest: int
    highest: int
    token_base: int
    clocks_per_cycle: int

    @property
    def n_symbols(self) -> int:
        """How many symbols the voice has: silence, and every note of its range."""
        return self.highest - self.lowest + 2


VOICES = (
    VoiceSpec(Voice.P1, channel=0, lowest=33, highest=108, token_base=0, clocks_per_cycle=16),
    VoiceSpec(Voice.P2, channel=1, lowest=33, highest=108, token_base=77, clocks_per_cycle=16),
    VoiceSpec(Voice.TR, channel=2, lowest=21, highest=108, token_base=154, clocks_per_cycle=32),
)
"""The voices that the model writes, in the order of a tuple (NES-MDB's ranges)."""

CHANNELS = {spec.voice: spec.channel for spec in VOICES} | {Voice.NO: 9}
"""The MIDI channel of every voice, 0-based; the noise is on General MIDI's drum channel."""

CHORD_CHANNELS = tuple(channel for channel in range(16) if channel != CHANNELS[Voice.NO])
"""The MIDI channels, 0-based, on which chords may be held."""


@dataclass(frozen=True, slots=True)
class VoiceInk:
    """How a voice is drawn in a piano roll: `height` is that of its notes, in semitones."""

    voice: Voice
    label: str
    colour: str
    height: float


VOICE_INKS = (
    VoiceInk(Voice.TR, "triangle", "#009e73", 1.0),
    VoiceInk(Voice.P2, "pulse 2", "#e69f00", 0.86),
    VoiceInk(Voice.P1, "pulse 1", "#0072b2", 0.64),
)
"""The voices from the back to the front: where they meet, a thinner one lies on a thicker one. The
colours are Okabe and Ito's, which everybody can tell apart."""

PAPER, INK, FAINT = "#fbf9f4", "#2b2b33", "#8a8781"
"""What they are drawn on, and the colours of text and of lines beside them."""
