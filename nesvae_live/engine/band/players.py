"""Voices that people play: theirs from the first key on, the network's again after a pause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nesvae_live.engine.band.hands import Hands, Played
from nesvae_live.engine.band.keyboard import Keyboard
from nesvae_live.music.voices import SILENCE, Voice

Struck = Callable[[Mapping[Voice, int | None]], None]


class Players:
    """Takes what keyboards send; in the sequencer's thread.

    `hands` has what is heard of it. `struck` is called with the notes that have changed, 0 for silence
    and None for a voice that is the network's again.
    """

    def __init__(self, struck: Struck) -> None:
        self.hands = Hands()
        self._struck = struck
        self._keyboard = Keyboard()
        self._notes: dict[Voice, int] = {}  # of the voices that are being played
        self._rests: dict[Voice, float] = {}  # since which beat no key is down for one of them

    def own(self, voices: Sequence[Voice], at: float) -> None:
        """These voices are people's from now on, and no others."""
        self._keyboard.play(voices)
        self._leave([voice for voice in self._notes if voice not in voices], at)

    def receive(self, port: str, data: Sequence[int], at: float, split: int) -> None:
        """Take a MIDI message stamped `at` seconds that is no control's."""
        if self._keyboard.receive(port, data, at, split):
            self._look(at)

    def panic(self, at: float) -> None:
        """Every key is let go."""
        self._keyboard.clear()
        self._look(at)

    def tick(self, now: float, beat: float | None, rest: float | None) -> None:
        """Notice what was not sent: a key that is stuck, and that nobody plays any more.

        At `now` seconds the clock is on a `beat` (None: it stands). A voice is given back after `rest`
        beats; None: never.
        """
        if self._keyboard.tick(now):
            self._look(now)
        if beat is None:
            self._rests.clear()
            self.hands.clear()
            return
        for voice, note in self._notes.items():
            if note != SILENCE:
                self._rests.pop(voice, None)
            else:
                self._rests[voice] = min(self._rests.get(voice, beat), beat)
        if rest is not None:
            over = [v for v, since in self._rests.items() if beat - since >= rest]
            self._leave(over, now)

    def _look(self, at: float) -> None:
        """Tell which notes have changed."""
        down = self._keyboard.notes
        notes = {voice: down.get(voice, SILENCE) for voice in {*self._notes, *down}}
        changed = {v: n for v, n in sorted(notes.items()) if self._notes.get(v) != n}
        for voice, note in changed.items():
            self._notes[voice] = note
            self._rests.pop(voice, None)
            self.hands.play(Played(at, voice, note))
        if changed:
            self._struck(changed)

    def _leave(self, voices: Sequence[Voice], at: float) -> None:
        for voice in voices:
            del self._notes[voice]
            self._rests.pop(voice, None)
            self.hands.play(Played(at, voice, None))
        if voices:
            self._struck(dict.fromkeys(voices))
