"""Gestures: carries out what people do to everything but single knobs.

All of it runs in the sequencer's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nesvae_live.clock.hosttime import Time
from nesvae_live.control.gestureinputs import (
    AIM_SECONDS,
    MORPH,
    STORE,
    AimRecall,
    Capture,
    CapturePhrase,
    ClearSnapshot,
    ForgetAll,
    Gesture,
    GiveLine,
    GiveVoice,
    GoRound,
    KeepTheme,
    LookBack,
    Mark,
    MoveFader,
    RecallSnapshot,
    ReleaseKnobs,
    ReturnTheme,
    Roll,
    SetAnswer,
    SetAuto,
    SetBounds,
    SetChords,
    SetHold,
    SetKey,
    SetKeysReturn,
    SetKeysSplit,
    SetMorphBars,
    SetPair,
    SetPoint,
    SetQuote,
    SetSeed,
    SetSteady,
    SetTemperature,
    SetTranspose,
    StartMorph,
    StorePoint,
    StoreSnapshot,
)
from nesvae_live.engine.automation import ARRANGEMENT, Automation, Cue
from nesvae_live.engine.band.chords import Chords
from nesvae_live.engine.band.players import Players
from nesvae_live.engine.bandgestures import BandGestures
from nesvae_live.engine.live.state import NO_PAST, LiveState
from nesvae_live.engine.phrases.phraseplayer import PhrasePlayer
from nesvae_live.engine.phrases.placedphrase import Past
from nesvae_live.engine.phrases.request import Result
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.knobs import steers
from nesvae_live.latent.setting import ATTRIBUTE_KNOBS, Setting
from nesvae_live.latent.space import Vector, coordinate_to_value
from nesvae_live.latent.themes import LETTERS
from nesvae_live.log.entries import Noted, Themed
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.capture import CaptureBuffer, checked_phrase
from nesvae_live.music.phrase import Ints
from nesvae_live.music.ranges import BOUNDS, FADER, MORPH_BARS, SEEDS


@dataclass
class Gestures:
    """Carries gestures out. `arrange` arranges the voices anew from the horizon on."""

    time: Time
    live: LiveState
    player: PhrasePlayer
    automation: Automation
    players: Players
    chords: Chords
    arrange: Callable[[Arrangement], None]

    def __post_init__(self) -> None:
        self.buffer = CaptureBuffer()
        self.band = BandGestures(self.live, self.player, self.players, self.chords)
        self._aim: tuple[str, float] | None = None  # what for, and when it was said

    def take(self, item: Gesture) -> None:  # noqa: C901, PLR0912, PLR0915 - a table, one line a gesture
        """Carry a gesture out.

        Raises:
            ValueError: what it asks for is not possible; one line for a person.
        """
        live, automation, at = self.live, self.automation, item.at
        match item:
            case ReleaseKnobs():
                live.release_all(at)
            case SetTranspose(voice, semitones):
                self.rearrange(live.arrangement.with_transpose(voice, semitones))
            case SetKey(key):
                self.rearrange(replace(live.arrangement, key=key))
            case SetTemperature(temperature):
                live.set_temperature(temperature, at)
            case SetSteady(names):
                live.steady.keep(names)
            case SetQuote() | KeepTheme() | ReturnTheme() | ForgetAll():
                self._remember(item)
            case (
                GiveVoice()
                | GiveLine()
                | SetKeysReturn()
                | SetKeysSplit()
                | SetAnswer()
                | SetChords()
            ):
                self.band.take(item)
            case SetSeed(seed):
                live.set_seed((live.seed + 1) % len(SEEDS.whole) if seed is None else seed, at)
            case SetHold(hold):
                live.hold = hold
            case LookBack(phrases):
                self._look_back(phrases)
            case StoreSnapshot(slot, name):
                live.store(slot, name=name)
            case StorePoint(slot, z):
                live.store(slot, self._standing_at(checked_point(z, len(live.style))))
            case ClearSnapshot(slot):
                live.clear(slot)
            case AimRecall(what):
                self._aim = None if self._aimed(at) == what else (what, at)
            case RecallSnapshot(slot):
                self._recall(slot, at)
            case StartMorph(slot, bars):
                self._morph(slot, live.morph_bars if bars is None else bars)
            case SetMorphBars(bars):
                live.morph_bars = MORPH_BARS.check("a morph over", bars)
            case SetPair(low, high):
                automation.set_pair(low, high)
            case MoveFader(value):
                automation.fade(FADER.check("the fader", value), at)
            case SetBounds(amount):
                live.bounds = BOUNDS.check("bounds", amount)
            case Roll(amount):
                most = live.bounds if amount is None else amount
                automation.roll(BOUNDS.check("bounds", most), self.player.next_line())
            case Capture():
                self._capture(self.buffer.tuples(self.player.playing.placer.step_seconds, at))
            case CapturePhrase(tuples):
                self._capture(checked_phrase(tuples))
            case SetPoint(z):
                automation.stand(self._standing_at(checked_point(z, len(live.style))), at)
            case SetAuto(on):
                automation.set_auto(on=on)
            case GoRound(on, bars):
                self._go_round(on=on, bars=bars)
            case Mark(text):
                self.live.journal.put(Noted(self.time.now(), f"mark {text}".strip()))

    def play_captured(self, captured: Result) -> None:
        """Go to the position of what was captured, and play it back first."""
        assert captured.z is not None  # the encoder found it
        setting = self._standing_at(captured.z)
        self.automation.set_cue(Cue(self.player.next_line(), setting, "capture", captured))

    def _standing_at(self, z: Vector) -> Setting:
        """How everything stands at a point z, `[8 + U]`; the sound and the arrangement stay."""
        live, ends = self.live, self.live.performance.reach
        knobs = {k: v for k, v in live.knobs.values.items() if not steers(k)}
        for knob, coordinate, reach in zip(ATTRIBUTE_KNOBS, z, ends, strict=False):
            knobs[knob.name] = float(coordinate_to_value(float(coordinate), *reach))
        return replace(live.setting, knobs=knobs, style=z[N_ATTRIBUTES:])

    def rearrange(self, arrangement: Arrangement) -> None:
        """Arrange the voices by hand: automation leaves them alone from now on."""
        self.live.touched.add(ARRANGEMENT)
        self.arrange(arrangement)

    def _capture(self, tuples: Ints) -> None:
        self.player.capture(tuples)
        self.live.hold = False

    def _remember(self, item: SetQuote | KeepTheme | ReturnTheme | ForgetAll) -> None:
        """Carry out what concerns the past."""
        live = self.live
        match item:
            case SetQuote(quote, at=at):
                live.set_quote(quote, at)
            case KeepTheme(letter, at=at):
                self._keep_theme(letter, at)
            case ReturnTheme(letter, at=at):
                live.return_to(letter, at)
                live.hold = False
            case ForgetAll(at=at):
                live.forget(at)

    def _keep_theme(self, letter: str, at: float) -> None:
        if letter not in LETTERS:
            raise ValueError(f"no theme can be called {letter!r}: A to {LETTERS[-1]}")
        if not self.live.remembers:
            raise ValueError(NO_PAST)
        theme = self.player.playing.theme()
        self.live.themes.mark(letter, theme)
        self.live.journal.put(Themed(at, letter, "kept", theme.last, 0))

    def _aimed(self, at: float) -> str | None:
        """What the next recall is aimed at, if it still is."""
        if self._aim is None or at - self._aim[1] > AIM_SECONDS:
            return None
        return self._aim[0]

    def _recall(self, slot: int, at: float) -> None:
        """Recall a snapshot, or do with it what was aimed at."""
        what, self._aim = self._aimed(at), None
        if what == STORE:
            self.live.store(slot)
        elif what == MORPH:
            self._morph(slot, self.live.morph_bars)
        else:
            self.automation.recall(slot, self.player.next_line())

    def _morph(self, slot: int, bars: float) -> None:
        self.automation.morph_to(slot, self.player.next_line(), self._beats(bars))

    def _go_round(self, *, on: bool, bars: float | None) -> None:
        if on:
            beats = self._beats(self.live.morph_bars if bars is None else bars)
            self.automation.start_round(self.player.next_line(), beats)
        else:
            self.automation.end_round()

    def _beats(self, bars: float) -> float:
        """The beats of a morph over `bars` bars."""
        beats_per_bar = self.live.meter.beats_per_bar
        return MORPH_BARS.check("a morph over", bars) * beats_per_bar

    def _look_back(self, phrases: int) -> None:
        """Go back, and hold the phrase found there; going forward from the newest ends the hold."""
        live, history = self.live, self.player.playing.history
        if phrases < 0 and live.hold and history.back == 0:
            live.hold = False
            return
        past = history.go(-phrases)
        live.hold = True
        self.automation.set_cue(
            Cue(self.player.next_line(), self._position(past), "history", past.placed)
        )

    def _position(self, past: Past) -> Setting:
        """The setting of a past phrase, but with the present sound and arrangement."""
        then, now = past.setting, self.live.setting
        knobs = {k: v for k, v in then.knobs.items() if steers(k)}
        knobs |= {k: v for k, v in now.knobs.items() if not steers(k)}
        return replace(then, knobs=knobs, arrangement=now.arrangement)


FARTHEST = 10.0
"""No point of the map is farther from its middle, on any axis."""


def checked_point(z: tuple[float, ...], n_style: int) -> Vector:
    """A point of the map, `[8 + n_style]` float32, from what somebody asks for.

    Raises:
        ValueError: it has another count of axes, or lies off the map.
    """
    if len(z) != N_ATTRIBUTES + n_style:
        raise ValueError(f"a point has {N_ATTRIBUTES + n_style} coordinates here, not {len(z)}")
    if not all(abs(x) <= FARTHEST for x in z):
        raise ValueError(f"a point's coordinates are within {-FARTHEST:g} to {FARTHEST:g}")
    return np.array(z, np.float32)
