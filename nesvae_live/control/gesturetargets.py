"""The targets that ask for gestures: rows of the table in `targets`."""

from __future__ import annotations

import math
from collections.abc import Callable

from nesvae_live.control.gestureinputs import (
    MORPH,
    STORE,
    AimRecall,
    Capture,
    ForgetAll,
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
    SetQuote,
    SetSeed,
    SetTemperature,
    SetTranspose,
    StartMorph,
    StoreSnapshot,
)
from nesvae_live.control.inputs import Input, KeepBars, SetKnob
from nesvae_live.control.reply import ignore
from nesvae_live.control.target import (
    Kind,
    StateView,
    TargetSpec,
    choice_to_value,
    linear_to_value,
    ratio_to_value,
    value_to_choice,
    value_to_linear,
    value_to_ratio,
)
from nesvae_live.latent.given import ANSWERS, SOURCES, Source
from nesvae_live.latent.knobs import KNOBS, SOUND_KNOBS
from nesvae_live.latent.themes import LETTERS
from nesvae_live.music.key import ROOTS, Key
from nesvae_live.music.ranges import KEYS_SPLITS, TRANSPOSE, Range
from nesvae_live.music.voices import CHORD_CHANNELS, VOICES, Voice

TEMPERATURE_KNOB = Range(0.25, 2.0)
"""Temperatures at the ends of the knob; commands reach further."""

N_SNAPSHOTS = 16
"""How many snapshots have targets of their own; there can be more."""

MORPH_BARS_CHOICES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
KEYS = (None, *(Key(root, scale) for scale in ("major", "minor") for root in range(len(ROOTS))))
KEYS_RETURNS = (1.0, 2.0, 4.0, 8.0, 16.0, math.inf)
CHORDS = (None, *CHORD_CHANNELS)
OFF, NEVER = "off", "never"


def _trigger(
    name: str,
    more: str,
    ask: Callable[[float], Input],
    now: Callable[[StateView], float | None] = ignore,
) -> TargetSpec:
    return TargetSpec(name, Kind.TRIGGER, more, lambda _, at: ask(at), now)


def _release(knob: str) -> TargetSpec:
    return _trigger(f"release-{knob}", f"release {knob}", lambda at: SetKnob(knob, None, at=at))


def _transpose(voice: Voice | None) -> TargetSpec:
    who = "all" if voice is None else voice.name
    shown = Voice.P1 if voice is None else voice
    return TargetSpec(
        f"transpose-{who}",
        Kind.KNOB,
        f"{who} higher, {TRANSPOSE}; middle: as written",
        lambda value, at: SetTranspose(voice, round(value_to_linear(value, TRANSPOSE)), at=at),
        lambda view: linear_to_value(view.arrangement.transpose[shown], TRANSPOSE),
    )


def _recall(slot: int) -> TargetSpec:
    return _trigger(
        f"recall-{slot}",
        f"recall snapshot {slot} at the next swap point",
        lambda at: RecallSnapshot(slot, at=at),
        lambda view: float(slot in view.snapshots),
    )


def _store(slot: int) -> TargetSpec:
    return _trigger(
        f"store-{slot}",
        f"store everything as snapshot {slot}",
        lambda at: StoreSnapshot(slot, at=at),
        lambda view: float(slot in view.snapshots),
    )


def _morph(slot: int) -> TargetSpec:
    return _trigger(
        f"morph-{slot}",
        f"morph to snapshot {slot}, over morph-bars bars",
        lambda at: StartMorph(slot, None, at=at),
    )


def _given(voice: Voice) -> TargetSpec:
    return TargetSpec(
        f"given-{voice.name}",
        Kind.CHOICE,
        f"who plays {voice.name}; the network writes the others to fit",
        lambda value, at: GiveVoice(voice, SOURCES[value_to_choice(value, len(SOURCES))], at=at),
        lambda view: choice_to_value(
            SOURCES.index(view.sources.get(voice, Source.MODEL)), len(SOURCES)
        ),
        tuple(str(source) for source in SOURCES),
    )


def _return_now(view: StateView) -> float:
    beats = math.inf if view.keys_return is None else view.keys_return
    near = [0.0 if beats == x else abs(beats - x) for x in KEYS_RETURNS]
    return choice_to_value(near.index(min(near)), len(KEYS_RETURNS))


def _beats(choice: float) -> float | None:
    return None if math.isinf(choice) else choice


def _keep_theme(letter: str) -> TargetSpec:
    return _trigger(
        f"mark-{letter}",
        f"mark what is playing as theme {letter}",
        lambda at: KeepTheme(letter, at=at),
        lambda view: float(letter in view.themes.kept),
    )


def _return_theme(letter: str) -> TargetSpec:
    return _trigger(
        f"return-{letter}",
        f"bring theme {letter} back at the next swap point",
        lambda at: ReturnTheme(letter, at=at),
        lambda view: float(letter in view.themes.kept),
    )


def _keep(bars: int) -> TargetSpec:
    return _trigger(
        f"keep-{bars}", f"export the last {bars} bars to files", lambda at: KeepBars(bars, at=at)
    )


def _key_now(view: StateView) -> float:
    key = view.arrangement.key
    return choice_to_value(KEYS.index(key) if key in KEYS else 0, len(KEYS))


def _bars_now(view: StateView) -> float:
    nearest = min(MORPH_BARS_CHOICES, key=lambda bars: abs(bars - view.morph_bars))
    return choice_to_value(MORPH_BARS_CHOICES.index(nearest), len(MORPH_BARS_CHOICES))


GESTURE_TARGETS: tuple[TargetSpec, ...] = (
    TargetSpec(
        "temperature",
        Kind.KNOB,
        f"wilder, {TEMPERATURE_KNOB}",
        lambda value, at: SetTemperature(value_to_ratio(value, TEMPERATURE_KNOB), at=at),
        lambda view: ratio_to_value(view.temperature, TEMPERATURE_KNOB),
    ),
    TargetSpec(
        "quote",
        Kind.KNOB,
        "more of what was played comes back; 0: nothing, middle: as the network learnt it",
        lambda value, at: SetQuote(value, at=at),
        lambda view: view.quote,
    ),
    *(_given(spec.voice) for spec in VOICES),
    TargetSpec(
        "keys-return",
        Kind.CHOICE,
        "how many beats without a key until the network plays a voice again",
        lambda value, at: SetKeysReturn(
            _beats(KEYS_RETURNS[value_to_choice(value, len(KEYS_RETURNS))]), at=at
        ),
        _return_now,
        tuple(NEVER if math.isinf(beats) else f"{beats:g}" for beats in KEYS_RETURNS),
    ),
    TargetSpec(
        "keys-split",
        Kind.KNOB,
        "split one keyboard between voices at a higher key; middle: middle C",
        lambda value, at: SetKeysSplit(round(value_to_linear(value, KEYS_SPLITS)), at=at),
        lambda view: linear_to_value(view.keys_split, KEYS_SPLITS),
    ),
    TargetSpec(
        "answer",
        Kind.CHOICE,
        "the network answers what you play: when you stop for a beat, or after so many bars",
        lambda value, at: SetAnswer(ANSWERS[value_to_choice(value, len(ANSWERS))], at=at),
        lambda view: choice_to_value(ANSWERS.index(view.answer), len(ANSWERS)),
        tuple(str(answer) for answer in ANSWERS),
    ),
    TargetSpec(
        "chords",
        Kind.CHOICE,
        "the MIDI channel on which the keys you hold are the harmony",
        lambda value, at: SetChords(CHORDS[value_to_choice(value, len(CHORDS))], at=at),
        lambda view: choice_to_value(CHORDS.index(view.chords), len(CHORDS)),
        tuple(OFF if channel is None else str(channel + 1) for channel in CHORDS),
    ),
    *(_transpose(voice) for voice in (None, *(spec.voice for spec in VOICES))),
    TargetSpec(
        "key",
        Kind.CHOICE,
        "keep the voices in a key",
        lambda value, at: SetKey(KEYS[value_to_choice(value, len(KEYS))], at=at),
        _key_now,
        tuple(OFF if key is None else str(key) for key in KEYS),
    ),
    TargetSpec(
        "morph",
        Kind.KNOB,
        "crossfade towards the second of the fader's two snapshots",
        lambda value, at: MoveFader(value, at=at),
        lambda view: view.fader,
    ),
    TargetSpec(
        "morph-bars",
        Kind.CHOICE,
        "how many bars a morph takes",
        lambda value, at: SetMorphBars(
            MORPH_BARS_CHOICES[value_to_choice(value, len(MORPH_BARS_CHOICES))], at=at
        ),
        _bars_now,
        tuple(f"{bars:g}" for bars in MORPH_BARS_CHOICES),
    ),
    TargetSpec(
        "bounds",
        Kind.KNOB,
        "chance moves the knobs farther",
        lambda value, at: SetBounds(value, at=at),
        lambda view: view.bounds,
    ),
    TargetSpec(
        "hold",
        Kind.SWITCH,
        "loop the current phrase",
        lambda value, at: SetHold(value >= 0.5, at=at),
        lambda view: float(view.hold),
    ),
    TargetSpec(
        "auto",
        Kind.SWITCH,
        "the music wanders by itself; a knob you touch stays yours",
        lambda value, at: SetAuto(value >= 0.5, at=at),
        lambda view: float(view.auto),
    ),
    TargetSpec(
        "round",
        Kind.SWITCH,
        "morph from snapshot to snapshot; a knob you touch stays yours",
        lambda value, at: GoRound(value >= 0.5, None, at=at),
        lambda view: float(view.round),
    ),
    _trigger("back", "play the previous phrase again, and hold it", lambda at: LookBack(1, at=at)),
    _trigger(
        "forward",
        "play the next phrase; after the newest, the music goes on",
        lambda at: LookBack(-1, at=at),
    ),
    _trigger(
        "chance", "nudge the map's knobs at random, within bounds", lambda at: Roll(None, at=at)
    ),
    _trigger("vary", "other notes at the same place on the map", lambda at: SetSeed(None, at=at)),
    _trigger("capture", "go on from what you played on the MIDI input", lambda at: Capture(at=at)),
    *(_keep_theme(letter) for letter in LETTERS),
    *(_return_theme(letter) for letter in LETTERS),
    _trigger(
        "forget",
        "drop the themes; nothing played so far comes back",
        lambda at: ForgetAll(at=at),
    ),
    _trigger("mark", "put a mark into the take's log", lambda at: Mark("", at=at)),
    *(_keep(bars) for bars in (4, 8, 16, 32)),
    _trigger("release", "release every knob", lambda at: ReleaseKnobs(at=at)),
    *(_release(knob.name) for knob in (*KNOBS, *SOUND_KNOBS)),
    *(_recall(slot) for slot in range(1, N_SNAPSHOTS + 1)),
    _trigger(
        "store-to",
        "then press a recall button within 5 s: stores everything there",
        lambda at: AimRecall(STORE, at=at),
    ),
    _trigger(
        "morph-to",
        "then press a recall button within 5 s: morphs there, over morph-bars bars",
        lambda at: AimRecall(MORPH, at=at),
    ),
    *(_store(slot) for slot in range(1, N_SNAPSHOTS + 1)),
    *(_morph(slot) for slot in range(1, N_SNAPSHOTS + 1)),
)
"""The gestures' part of the table."""
