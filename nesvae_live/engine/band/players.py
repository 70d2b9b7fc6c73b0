"""Voices that people play: theirs from the first key on, the network's again after a pause.

What they play may be answered: then a voice is the network's for as long as the answer lasts, and
theirs once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nesvae_live.clock.timing import ClockRef, Meter
from nesvae_live.engine.band.answering import Answering
from nesvae_live.engine.band.hands import Hands, Played
from nesvae_live.engine.band.keyboard import Keyboard
from nesvae_live.latent.given import Answer
from nesvae_live.latent.lines import Span
from nesvae_live.music.voices import SILENCE, Voice

Struck = Callable[[Mapping[Voice, int | None], Span | None], None]
Replies = Callable[[Span, Sequence[Voice]], None]
Where = Callable[[], tuple[ClockRef, Meter]]

REACH = 0.25
"""Seconds in which an answer that is asked for now is surely there."""


class Players:
    """Takes what keyboards send; in the sequencer's thread.

    `hands` has what is heard of it. `struck` is called with the notes that have changed, 0 for silence
    and None for a voice that is the network's again, and with the beats of the answer to them, if one is
    near; `replies` when that begins. `where` tells the clock's line and the metre. Everything is decided
    `lookahead` seconds ahead.
    """

    def __init__(self, struck: Struck, replies: Replies, where: Where, lookahead: float) -> None:
        self.hands = Hands()
        self._struck = struck
        self._replies = replies
        self._where = where
        self._lookahead = lookahead
        self._keyboard = Keyboard()
        self._answering = Answering()
        self._told: Span | None = None  # the answer that the decoder knows of
        self._runs = False  # whether the clock does
        self._notes: dict[Voice, int] = {}  # of the voices that are being played
        self._rests: dict[Voice, float] = {}  # since which beat no key is down for one of them

    def own(self, voices: Sequence[Voice], at: float) -> None:
        """These voices are people's from now on, and no others."""
        self._keyboard.play(voices)
        self._leave([voice for voice in self._notes if voice not in voices], at)

    def answer(self, mode: Answer, at: float) -> None:
        """Answer what is played from now on as `mode` says."""
        if mode is not self._answering.mode:
            self._cancel(at)
            self._answering = Answering(mode)

    @property
    def answering(self) -> Span | None:
        """The beats on which the next answer, or the present one, begins and ends; None: not known.

        Any thread may ask.
        """
        return self._answering.plan

    def receive(self, port: str, data: Sequence[int], at: float, split: int) -> None:
        """Take a MIDI message stamped `at` seconds that is no control's."""
        if self._keyboard.receive(port, data, at, split):
            self._follow(at)
            self._look(at)

    def panic(self, at: float) -> None:
        """Every key is let go."""
        self._keyboard.clear()
        self._cancel(at)
        self._look(at)
        self._answering.clear()

    def tick(self, now: float, beat: float | None, rest: float | None) -> None:
        """Notice what was not sent: a key that is stuck, and that nobody plays any more.

        At `now` seconds the clock is on a `beat` (None: it stands). A voice is given back after `rest`
        beats; None: never.
        """
        self._runs = beat is not None
        if self._keyboard.tick(now):
            self._look(now)
        if beat is None:
            self._rests.clear()
            self._cancel(now)
            self.hands.clear()
            return
        self._follow(now)
        for voice, note in self._notes.items():
            if note != SILENCE or self._answering.plan is not None:
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
        if not changed:
            return
        struck, begun = any(changed.values()), self._answering.begun
        self._notes.update(changed)
        if begun and not struck:
            return  # the answer goes on
        if begun:  # the voices are theirs again, all of them
            changed = dict(sorted(notes.items()))
        for voice, note in changed.items():
            self._rests.pop(voice, None)
            self.hands.play(Played(at, voice, note))
        if self._runs:
            ref, meter = self._where()
            beat, soonest = ref.beat_at(at), ref.beat_at(at + REACH)
            silent = not any(self._notes.values())
            self._answering.hear(beat, soonest, meter, struck=struck, silent=silent)
        self._tell(changed, at)

    def _tell(self, changed: Mapping[Voice, int | None], at: float) -> None:
        """Tell the decoder which notes have changed, and of an answer that is near."""
        told = self._answering.told(self._reached(at)) if self._runs else None
        if told != self._told:
            self._told, changed = told, dict(sorted(self._notes.items()))
        if changed:
            self._struck(changed, told)

    def _reached(self, at: float) -> float:
        """The beat up to which everything is decided at a time."""
        ref, _ = self._where()
        return ref.beat_at(at + self._lookahead)

    def _follow(self, at: float) -> None:
        """Let an answer begin, or end, if its time has come."""
        if not self._runs or self._answering.plan is None:
            return
        begin, end = self._answering.plan
        reached = self._reached(at)
        if not self._answering.begun:
            self._tell({}, at)
            if reached >= begin:
                self._answering.begun = True
                for voice in sorted(self._notes):
                    self.hands.play(Played(at, voice, None, begin))
                self._replies((begin, end), sorted(self._notes))
        if self._answering.begun and reached >= end:
            for voice in sorted(self._notes):
                self.hands.play(Played(at, voice, SILENCE, end))
            self._answering.clear()
            self._told = None  # after the answer it knows of silence

    def _cancel(self, at: float) -> None:
        """Let what is answered, or is to be, be the players' again."""
        begun = self._answering.begun
        self._answering.clear()
        if begun:
            for voice, note in sorted(self._notes.items()):
                self.hands.play(Played(at, voice, note))
        self._tell({}, at)

    def _leave(self, voices: Sequence[Voice], at: float) -> None:
        for voice in voices:
            del self._notes[voice]
            self._rests.pop(voice, None)
            self.hands.play(Played(at, voice, None))
        if voices:
            self._struck(dict.fromkeys(voices), None)
        if not self._notes:
            self._answering.clear()
            self._told = None
