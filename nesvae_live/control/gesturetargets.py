"""The targets that ask for gestures: rows of the table in `targets`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

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
    StateView,
    TargetSpec,
    choice,
    knob,
    linear_to_value,
    ratio_to_value,
    switch,
    trigger,
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
KEYS_RETURNS = (1.0, 2.0, 4.0, 8.0, 16.0)
CHORDS = (None, *CHORD_CHANNELS)
OFF, NEVER = "off", "never"


def _release(name: str) -> TargetSpec:
    return trigger(f"release-{name}", f"release {name}", partial(SetKnob, name, None))


def _transpose(voice: Voice | None) -> TargetSpec:
    who = "all" if voice is None else voice.name
    shown = Voice.P1 if voice is None else voice
    return knob(
        f"transpose-{who}",
        f"{who} higher, {TRANSPOSE}; middle: as written",
        lambda value, *, at: SetTranspose(voice, round(value_to_linear(value, TRANSPOSE)), at=at),
        lambda view: linear_to_value(view.arrangement.transpose[shown], TRANSPOSE),
    )


def _given(voice: Voice) -> TargetSpec:
    return choice(
        f"given-{voice.name}",
        f"who plays {voice.name}; the network writes the others to fit",
        SOURCES,
        partial(GiveVoice, voice),
        lambda view: view.band.sources.get(voice, Source.MODEL),
    )


def _slots(
    name: str, more: str, ask: Callable[..., Input], *, lit: bool = True
) -> Iterator[TargetSpec]:
    """One for each snapshot, whose number is for `{}` in `more`; `lit` where there is one."""
    for slot in range(1, N_SNAPSHOTS + 1):
        now = partial(_is_kept, slot) if lit else ignore
        yield trigger(f"{name}-{slot}", more.format(slot), partial(ask, slot), now)


def _is_kept(slot: int, view: StateView) -> float:
    return float(slot in view.snapshots)


def _themes(name: str, more: str, ask: Callable[..., Input]) -> Iterator[TargetSpec]:
    """One for each theme, whose letter is for `{}` in `more`."""
    for letter in LETTERS:
        now = partial(_is_marked, letter)
        yield trigger(f"{name}-{letter}", more.format(letter), partial(ask, letter), now)


def _is_marked(letter: str, view: StateView) -> float:
    return float(letter in view.themes.kept)


def _keep(bars: int) -> TargetSpec:
    return trigger(f"keep-{bars}", f"export the last {bars} bars to files", partial(KeepBars, bars))


def _return_now(view: StateView) -> float | None:
    beats = view.band.keys_return
    return None if beats is None else _nearest(KEYS_RETURNS, beats)


def _nearest(choices: Sequence[float], number: float) -> float:
    return min(choices, key=lambda one: abs(one - number))


GESTURE_TARGETS: tuple[TargetSpec, ...] = (
    knob(
        "temperature",
        f"wilder, {TEMPERATURE_KNOB}",
        lambda value, *, at: SetTemperature(value_to_ratio(value, TEMPERATURE_KNOB), at=at),
        lambda view: ratio_to_value(view.temperature, TEMPERATURE_KNOB),
    ),
    knob(
        "quote",
        "more of what was played comes back; 0: nothing, middle: as the network learnt it",
        SetQuote,
        lambda view: view.quote,
    ),
    *(_given(spec.voice) for spec in VOICES),
    choice(
        "keys-return",
        "how many beats without a key until the network plays a voice again",
        (*KEYS_RETURNS, None),
        SetKeysReturn,
        _return_now,
        lambda beats: NEVER if beats is None else f"{beats:g}",
    ),
    knob(
        "keys-split",
        "split one keyboard between voices at a higher key; middle: middle C",
        lambda value, *, at: SetKeysSplit(round(value_to_linear(value, KEYS_SPLITS)), at=at),
        lambda view: linear_to_value(view.band.keys_split, KEYS_SPLITS),
    ),
    choice(
        "answer",
        "the network answers what you play: when you stop for a beat, or after so many bars",
        ANSWERS,
        SetAnswer,
        lambda view: view.band.answer,
    ),
    choice(
        "chords",
        "the MIDI channel on which the keys you hold are the harmony",
        CHORDS,
        SetChords,
        lambda view: view.band.chords,
        lambda channel: OFF if channel is None else str(channel + 1),
    ),
    *(_transpose(voice) for voice in (None, *(spec.voice for spec in VOICES))),
    choice(
        "key",
        "keep the voices in a key",
        KEYS,
        SetKey,
        lambda view: view.arrangement.key if view.arrangement.key in KEYS else None,
        lambda key: OFF if key is None else str(key),
    ),
    knob(
        "morph",
        "crossfade towards the second of the fader's two snapshots",
        MoveFader,
        lambda view: view.fader,
    ),
    choice(
        "morph-bars",
        "how many bars a morph takes",
        MORPH_BARS_CHOICES,
        SetMorphBars,
        lambda view: _nearest(MORPH_BARS_CHOICES, view.morph_bars),
        lambda bars: f"{bars:g}",
    ),
    knob("bounds", "chance moves the knobs farther", SetBounds, lambda view: view.bounds),
    switch("hold", "loop the current phrase", SetHold, lambda view: view.hold),
    switch(
        "auto",
        "the music wanders by itself; a knob you touch stays yours",
        SetAuto,
        lambda view: view.auto,
    ),
    switch(
        "round",
        "morph from snapshot to snapshot; a knob you touch stays yours",
        partial(GoRound, bars=None),
        lambda view: view.round,
    ),
    trigger("back", "play the previous phrase again, and hold it", partial(LookBack, 1)),
    trigger(
        "forward",
        "play the next phrase; after the newest, the music goes on",
        partial(LookBack, -1),
    ),
    trigger("chance", "nudge the map's knobs at random, within bounds", partial(Roll, None)),
    trigger("vary", "other notes at the same place on the map", partial(SetSeed, None)),
    trigger("capture", "go on from what you played on the MIDI input", Capture),
    *_themes("mark", "mark what is playing as theme {}", KeepTheme),
    *_themes("return", "bring theme {} back at the next swap point", ReturnTheme),
    trigger("forget", "drop the themes; nothing played so far comes back", ForgetAll),
    trigger("mark", "put a mark into the take's log", partial(Mark, "")),
    *(_keep(bars) for bars in (4, 8, 16, 32)),
    trigger("release", "release every knob", ReleaseKnobs),
    *(_release(spec.name) for spec in (*KNOBS, *SOUND_KNOBS)),
    *_slots("recall", "recall snapshot {} at the next swap point", RecallSnapshot),
    trigger(
        "store-to",
        "then press a recall button within 5 s: stores everything there",
        partial(AimRecall, STORE),
    ),
    trigger(
        "morph-to",
        "then press a recall button within 5 s: morphs there, over morph-bars bars",
        partial(AimRecall, MORPH),
    ),
    *_slots("store", "store everything as snapshot {}", StoreSnapshot),
    *_slots(
        "morph",
        "morph to snapshot {}, over morph-bars bars",
        partial(StartMorph, bars=None),
        lit=False,
    ),
)
"""The gestures' part of the table."""
