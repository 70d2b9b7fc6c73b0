"""What others play than the network: who has which voice, their lines, the chord that is held.

Only the sequencer's thread writes; what other threads read is replaced, never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from nesvae_live.engine.band.chord import REMEMBERED, Chord
from nesvae_live.engine.live.protocols import Clock
from nesvae_live.latent.given import Answer, Source
from nesvae_live.latent.harmony import Harmony
from nesvae_live.latent.lines import NONE_GIVEN, Line, Span
from nesvae_live.log.entries import Harmonised, Journal, Lent, Replied
from nesvae_live.music.voices import Voice

KEYS_RETURN, KEYS_SPLIT = 4.0, 60
"""How it is with players unless somebody says."""


class Band:
    """Who plays beside the network, and what of it the network is told.

    `renew` is called whenever that has changed. Controls read it as a
    `nesvae_live.control.target.BandView`.
    """

    def __init__(self, journal: Journal, clock: Clock, renew: Callable[[], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._renew = renew
        self.sources: Mapping[Voice, Source] = MappingProxyType({})
        """Who plays the voices that are not the network's."""
        self.lines = NONE_GIVEN
        """What they play, along the beats."""
        self.keys_return: float | None = KEYS_RETURN
        """After so many beats without a key a voice is the network's again; None: never."""
        self.keys_split = KEYS_SPLIT
        """One keyboard plays several voices: keys below this note are the lowest one's."""
        self.answer = Answer.OFF
        """When what is played is answered."""
        self.chords: int | None = None
        """The MIDI channel, from 0, on which keys are the harmony; None: none is."""
        self.chord: Chord | None = None
        """The chord that is held."""
        self._chords: tuple[Chord, ...] = ()  # those that were held last, with this one
        self._scale: tuple[int, ...] = ()  # of the chord that is held

    def harmony(self, transpose: tuple[int, int, int]) -> Harmony | None:
        """What is held, for voices that are transposed by so many semitones; None: nothing is."""
        if self.chord is None:
            return None
        return Harmony(self.chord.tones, self._scale, transpose)

    def give(self, voice: Voice, source: Source, line: Line | None, at: float) -> None:
        """Let somebody play a voice, along a line if there is one."""
        sources = {**self.sources, voice: source}
        self.sources = MappingProxyType({v: s for v, s in sources.items() if s is not Source.MODEL})
        if line is not None or voice in self.lines.lines:
            self.lines = self.lines.changed(voice, line)
            self._renew()
        self._journal.put(Lent(at, voice.name, source))

    def strike(self, notes: Mapping[Voice, int | None], answer: Span | None = None) -> None:
        """Notes that somebody plays in voices of theirs have changed; None: they left it.

        An `answer` to them is to come on its beats.
        """
        self.lines = self.lines.struck(notes, answer)
        self._renew()

    def reply(self, answer: Span, voices: Sequence[Voice]) -> None:
        """The network answers what was played in voices, from one beat to another."""
        begin, end = answer
        names = tuple(voice.name for voice in voices)
        self._journal.put(Replied(self._clock.ref.time_of(begin), begin, end - begin, names))

    def harmonise(self, chord: Chord | None, at: float) -> None:
        """Let what is written fit a chord that is held; None: it is the network's again."""
        if chord == self.chord:
            return
        self.chord, self._scale = chord, ()
        if chord is not None:
            before = self._chords
            if before and set(before[-1].tones) < set(chord.tones):
                before = before[:-1]  # key after key of one chord
            self._scale = chord.scale(before)
            self._chords = (*before, chord)[-REMEMBERED:]
        self._renew()
        tones = () if chord is None else chord.tones
        self._journal.put(Harmonised(at, str(chord or ""), tones, self._scale))
