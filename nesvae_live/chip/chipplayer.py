"""Plays events on the chip: each acts at a sample, and becomes register writes.

The state of the voices is kept here, so that the same events at the same samples give the same
sound, live and in a replay.
"""

from __future__ import annotations

from collections.abc import Sequence

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.registers import RegisterWriter, Write
from nesvae_live.music.events import Event, VoiceState
from nesvae_live.music.voices import SILENCE, Voice


class ChipPlayer:
    """Plays events on `chip`. Used by one thread; allocates little."""

    def __init__(self, chip: Apu) -> None:
        self.chip = chip
        self._registers = RegisterWriter()
        self._played = [VoiceState()] * len(Voice)

    def start(self) -> None:
        """Power-cycle the chip; it is silent."""
        self.chip.reset()
        self._played = [VoiceState()] * len(Voice)
        self._write(self._registers.start(), 0)

    @property
    def sounding(self) -> bool:
        """Whether any voice has a note."""
        return any(played.note != SILENCE for played in self._played)

    def act(self, events: Sequence[Event], sample: int) -> None:
        """Let events take effect together before `sample`.

        A voice that ends one note and starts another changes its pitch as in a score, without the
        silence between them that would retrigger it.
        """
        for event in events:
            self._played[event.voice] = self._played[event.voice].after(event)
        for voice in sorted({event.voice for event in events}):
            self._write(self._set(voice), sample)

    def silence(self, sample: int, *, panic: bool) -> None:
        """End every voice before `sample`; in a panic every register is written again."""
        self._played = [VoiceState()] * len(Voice)
        self._write(self._registers.start() if panic else self._registers.silence(), sample)

    def _set(self, voice: Voice) -> list[Write]:
        """The writes that bring a voice to its current state."""
        played = self._played[voice]
        if not played.sounds:
            return self._registers.release(voice)
        volume = 0 if voice is Voice.TR else played.volume
        return self._registers.set(voice, played.note, volume, played.duty, played.cents)

    def _write(self, writes: list[Write], sample: int) -> None:
        for address, value in writes:
            self.chip.write(address, value, sample)
