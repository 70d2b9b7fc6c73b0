"""Gestures of the band, carried out: who plays which voice, when they are answered, held chords.

All of it runs in the sequencer's thread.
"""

from __future__ import annotations

from nesvae_live.control.gestureinputs import (
    GiveLine,
    GiveVoice,
    SetAnswer,
    SetChords,
    SetKeysReturn,
    SetKeysSplit,
)
from nesvae_live.engine.band.chords import Chords
from nesvae_live.engine.band.fileline import Ticks, checked_line, laid_on_bars
from nesvae_live.engine.band.players import Players
from nesvae_live.engine.live.state import NO_CHORDS, NOT_GIVEN, LiveState
from nesvae_live.engine.phrases.phraseplayer import PhrasePlayer
from nesvae_live.latent.given import Answer, Source
from nesvae_live.latent.lines import Loop
from nesvae_live.music.grid import Mode
from nesvae_live.music.ranges import KEYS_BEATS, KEYS_SPLITS
from nesvae_live.music.voices import CHORD_CHANNELS, Voice

BandGesture = GiveVoice | GiveLine | SetKeysReturn | SetKeysSplit | SetAnswer | SetChords
"""What concerns voices that somebody else plays than the network."""


class BandGestures:
    """Carries them out."""

    def __init__(
        self, live: LiveState, player: PhrasePlayer, players: Players, chords: Chords
    ) -> None:
        self.live = live
        self.player = player
        self.players = players
        self.chords = chords
        self._files: dict[Voice, Ticks] = {}  # the lines of files that were given last

    def take(self, item: BandGesture) -> None:
        """Carry a gesture out.

        Raises:
            ValueError: what it asks for is not possible; one line for a person.
        """
        band, at = self.live.band, item.at
        match item:
            case GiveVoice(voice, source):
                self._give(voice, source, at)
            case GiveLine(voice, line):
                self._give(voice, Source.FILE, at, checked_line(line))
            case SetKeysReturn(beats):
                band.keys_return = None if beats is None else KEYS_BEATS.check("beats", beats)
            case SetKeysSplit(note):
                band.keys_split = int(KEYS_SPLITS.check("the split", note))
            case SetAnswer(answer):
                self._answer(answer, at)
            case SetChords(channel):
                self._take_chords(channel, at)

    def _give(self, voice: Voice, source: Source, at: float, ticks: Ticks | None = None) -> None:
        """Let somebody play a voice: its own line, one in `ticks`, a player, or the network again."""
        live = self.live
        if voice is Voice.NO:
            raise ValueError(f"{voice.name} plays drums: it can't be given")
        if not live.remembers:
            raise ValueError(NOT_GIVEN)
        if live.performance.grid.mode is Mode.BARS:
            raise ValueError("--grid bars stretches phrases: no voice can be given to fit them")
        if source is live.band.sources.get(voice, Source.MODEL) and ticks is None:
            return
        line = self._file(voice, ticks) if source is Source.FILE else None
        if source is Source.HELD:
            line = self.player.playing.line(voice)
        sources = {**live.band.sources, voice: source}
        self.players.own([v for v, s in sources.items() if s is Source.KEYS], at)
        live.band.give(voice, source, line, at)
        live.hold = False

    def _answer(self, answer: Answer, at: float) -> None:
        """Answer what is played; if nobody has a voice to play, it is P1."""
        if answer is not Answer.OFF and Source.KEYS not in self.live.band.sources.values():
            self._give(Voice.P1, Source.KEYS, at)
        self.live.band.answer = answer
        self.players.answer(answer, at)

    def _take_chords(self, channel: int | None, at: float) -> None:
        if channel is not None and channel not in CHORD_CHANNELS:
            there = [number + 1 for number in CHORD_CHANNELS]
            raise ValueError(
                f"chords on channel {channel + 1}: one of {', '.join(map(str, there))}"
            )
        if channel is not None and not self.live.remembers:
            raise ValueError(NO_CHORDS)
        self.live.band.chords = channel
        self.chords.listen(channel, at)

    def _file(self, voice: Voice, ticks: Ticks | None) -> Loop:
        """A file's line, laid on the bars from the next one on; None: the one of last time."""
        ticks = self._files.get(voice) if ticks is None else ticks
        if ticks is None:
            raise ValueError(
                f"no file for {voice.name} yet: `ctl voice {voice.name} file FILE.mid`"
            )
        self._files[voice] = ticks
        player = self.player
        beat = self.live.clock.coming if player.joining else player.next_line()
        return laid_on_bars(voice, ticks, beat, self.live.meter)
