"""The arrangement: mutes, transposition and the key that a phrase's notes are bent to.

A phrase stays as the network wrote it. Mutes, transposition and the lock to a key apply when its
notes are due, so that they can be undone in the middle of a phrase.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nesvae_live.music.key import Key
from nesvae_live.music.ranges import TRANSPOSE
from nesvae_live.music.voicenotes import to_range
from nesvae_live.music.voices import SILENCE, VOICES, Voice

Notes = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which voices are muted, each voice's transposition in semitones (P1, P2, TR), and the key.

    `key` is None when any note may sound.
    """

    muted: frozenset[Voice] = frozenset()
    transpose: tuple[int, int, int] = (0, 0, 0)
    key: Key | None = None

    def with_mute(self, voice: Voice, *, muted: bool) -> Arrangement:
        """The arrangement with a voice muted or unmuted."""
        return replace(self, muted=self.muted | {voice} if muted else self.muted - {voice})

    def with_transpose(self, voice: Voice | None, semitones: int) -> Arrangement:
        """The arrangement with a voice, or all voices (None), transposed by so many semitones.

        Raises:
            ValueError: outside of `TRANSPOSE`, or a voice that has no notes to transpose.
        """
        TRANSPOSE.check("transpose by", semitones)
        if voice is not None and voice >= len(VOICES):
            raise ValueError(f"{voice.name} has no notes to transpose")
        p1, p2, tr = (
            semitones if voice in (None, spec.voice) else self.transpose[spec.voice]
            for spec in VOICES
        )
        return replace(self, transpose=(p1, p2, tr))

    def notes(self, notes: Notes) -> Notes:
        """The notes that the voices hold for a tuple's notes; mutes are applied elsewhere.

        A note that leaves its voice's range is moved back by octaves, which keeps it in the key.
        """
        if self.key is None and self.transpose == (0, 0, 0):
            return notes
        p1, p2, tr = (self._note(spec.voice, notes[spec.voice]) for spec in VOICES)
        return p1, p2, tr

    def _note(self, voice: Voice, note: int) -> int:
        if note == SILENCE:
            return SILENCE
        moved = note + self.transpose[voice]
        return to_range(voice, moved if self.key is None else self.key.nearest(moved))
