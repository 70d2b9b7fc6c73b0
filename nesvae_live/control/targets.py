"""Everything that a control can move: one table, which controls, OSC and the panel read.

A target has an id, the same everywhere, and a kind. Whatever its kind, it is moved by a value in
0..1, and `ask` makes of that the input which the sequencer carries out:

| kind | a value means | a press (a button, a pad, a program change) |
| --- | --- | --- |
| knob | that value; a knob of the map can be let go (None) | its range's upper end |
| trigger | nothing: it happens | it happens |
| switch | on from 0.5 | turns it over |
| choice | `choices[value_to_choice(value)]` | the next choice, or the one that the control picks |

`now` tells where a target stands, for takeover and feedback: a value in 0..1, or None if it has
none (a trigger; a knob that is let go). What it looks at, a `StateView`, is the performer.

A control's reading goes `MidiIn` -> the controls (takeover, curve, range: a value in 0..1) -> `ask`
-> an input that the sequencer carries out as if it had come on the inbox, except that the log has
only the MIDI message as `Heard`, so that a replay does nothing twice.

To add a target: an input in `inputs` that the sequencer carries out, and a row here. Ids are
letters, digits and hyphens, so that they are bare keys in TOML; a voice or number stands last.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nesvae_live.control.gesturetargets import GESTURE_TARGETS
from nesvae_live.control.inputs import (
    Panic,
    Refresh,
    SetKnob,
    SetLevel,
    SetMute,
    SetSolo,
    SetSwap,
    SetTempo,
    Stop,
    Tap,
    TurnPage,
)
from nesvae_live.control.target import (
    FASTEST,
    SLOWEST,
    Kind,
    StateView,
    TargetSpec,
    choice_to_value,
    level_to_value,
    tempo_to_value,
    value_to_choice,
    value_to_level,
    value_to_tempo,
)
from nesvae_live.latent.knobs import KNOBS, SOUND_KNOBS
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice


def _knob(name: str, more: str) -> TargetSpec:
    return TargetSpec(
        name,
        Kind.KNOB,
        more,
        lambda value, at: SetKnob(name, value, at=at),
        lambda standing: standing.knobs.values.get(name),
    )


def _level(voice: Voice | None) -> TargetSpec:
    def now(standing: StateView) -> float:
        balance = standing.balance
        return level_to_value(balance.level if voice is None else balance.voices[voice])

    who = "all" if voice is None else voice.name
    return TargetSpec(
        f"level-{who}",
        Kind.KNOB,
        "everything is louder" if voice is None else f"{who} is louder",
        lambda value, at: SetLevel(voice, value_to_level(value), at=at),
        now,
    )


def _mute(voice: Voice) -> TargetSpec:
    return TargetSpec(
        f"mute-{voice.name}",
        Kind.SWITCH,
        f"{voice.name} is silent",
        lambda value, at: SetMute(voice, value >= 0.5, at=at),
        lambda standing: float(voice in standing.muted),
    )


def _solo(voice: Voice) -> TargetSpec:
    return TargetSpec(
        f"solo-{voice.name}",
        Kind.SWITCH,
        f"only {voice.name}, and what else is in solo, is heard",
        lambda value, at: SetSolo(voice, value >= 0.5, at=at),
        lambda standing: float(voice in standing.balance.solo),
    )


def _page(number: int) -> TargetSpec:
    return TargetSpec(
        f"page-{number}",
        Kind.TRIGGER,
        f"page {number} of the controls",
        lambda _, at: TurnPage(number - 1, 0, at=at),
        lambda standing: float(standing.page == number - 1),
    )


def _page_step(which: str, step: int) -> TargetSpec:
    return TargetSpec(
        f"page-{which}",
        Kind.TRIGGER,
        f"the {which} page of the controls",
        lambda _, at: TurnPage(None, step, at=at),
    )


SWAPS = tuple(Swap)
PAGES = 8
"""Of the controls, that have a target each."""

TARGETS: tuple[TargetSpec, ...] = (
    *(_knob(knob.name, knob.more) for knob in (*KNOBS, *SOUND_KNOBS)),
    *(_level(voice) for voice in (None, *Voice)),
    TargetSpec(
        "tempo",
        Kind.KNOB,
        f"faster, {SLOWEST:g} to {FASTEST:g} BPM, of the internal clock",
        lambda value, at: SetTempo(value_to_tempo(value), at=at),
        lambda standing: tempo_to_value(standing.clock.ref.tempo),
    ),
    *(_mute(voice) for voice in Voice),
    *(_solo(voice) for voice in Voice),
    TargetSpec(
        "swap",
        Kind.CHOICE,
        "from when on a turned knob is heard",
        lambda value, at: SetSwap(SWAPS[value_to_choice(value, len(SWAPS))], at=at),
        lambda standing: choice_to_value(SWAPS.index(standing.swap), len(SWAPS)),
        tuple(str(swap) for swap in SWAPS),
    ),
    TargetSpec("tap", Kind.TRIGGER, "a tap on a beat: two set the tempo", lambda _, at: Tap(at=at)),
    *(_page(number) for number in range(1, PAGES + 1)),
    _page_step("next", 1),
    _page_step("previous", -1),
    *GESTURE_TARGETS,
    TargetSpec(
        "refresh", Kind.TRIGGER, "send the controller all it shows", lambda _, at: Refresh(at=at)
    ),
    TargetSpec("panic", Kind.TRIGGER, "end every note now", lambda _, at: Panic(at=at)),
    TargetSpec("stop", Kind.TRIGGER, "end the performance", lambda _, at: Stop(at=at)),
)
"""Every target."""

TARGET_BY_NAME: Mapping[str, TargetSpec] = MappingProxyType({spec.name: spec for spec in TARGETS})
