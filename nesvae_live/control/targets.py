"""Everything that a control can move: one table, which presets, OSC and the docs read.

A target has an id, which is the same everywhere, and a kind. Whatever its kind, it is moved by a
value in 0..1, which `ask` turns into the input that the sequencer carries out:

| kind | a value means | a press (a button, a pad, a program change) |
| --- | --- | --- |
| knob | that value; a knob of the map can also be untouched (None) | its range's upper end |
| trigger | nothing: it happens | it happens |
| switch | on from 0.5 | turns it over |
| choice | `choices[value_to_choice(value)]` | the next choice, or the one that the control picks |

`now` tells where a target stands, for takeover and feedback: a value in 0..1, or None if it has
none (a trigger, or a knob that is untouched). It reads the live state through a `StateView`.

A `MidiIn` goes through the surface (takeover, curve and range make a value in 0..1 of it) to `ask`,
and the input that `ask` makes is carried out as if it had come on the inbox. The log, however, has
only the MIDI message as `Heard`, so that a replay does nothing twice.

To add a target: an input in `inputs` that the sequencer carries out, and a row here. Ids are
letters, digits and hyphens, so that they are bare keys in TOML; a voice or number stands last.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from nesvae_live.control.gesturetargets import GESTURE_TARGETS
from nesvae_live.control.inputs import (
    Panic,
    Refresh,
    SetKnob,
    SetLevel,
    SetMute,
    SetOne,
    SetSolo,
    SetSwap,
    SetTempo,
    Stop,
    Tap,
    TurnPage,
)
from nesvae_live.control.target import (
    StateView,
    TargetSpec,
    choice,
    knob,
    level_to_value,
    switch,
    tempo_to_value,
    trigger,
    value_to_level,
    value_to_tempo,
)
from nesvae_live.latent.knobs import KNOBS, SOUND_KNOBS, KnobSpec
from nesvae_live.music.ranges import TEMPO
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice


def _knob(spec: KnobSpec) -> TargetSpec:
    name = spec.name
    return knob(name, spec.more, partial(SetKnob, name), lambda view: view.knobs.values.get(name))


def _level(voice: Voice | None) -> TargetSpec:
    def now(view: StateView) -> float:
        balance = view.balance
        return level_to_value(balance.level if voice is None else balance.voices[voice])

    return knob(
        f"level-{'all' if voice is None else voice.name}",
        "everything louder" if voice is None else f"{voice.name} louder",
        lambda value, *, at: SetLevel(voice, value_to_level(value), at=at),
        now,
    )


def _mute(voice: Voice) -> TargetSpec:
    name = voice.name
    return switch(
        f"mute-{name}", f"mute {name}", partial(SetMute, voice), lambda view: voice in view.muted
    )


def _solo(voice: Voice) -> TargetSpec:
    return switch(
        f"solo-{voice.name}",
        f"solo {voice.name}: only voices in solo are heard",
        partial(SetSolo, voice),
        lambda view: voice in view.balance.solo,
    )


def _page(number: int) -> TargetSpec:
    return trigger(
        f"page-{number}",
        f"select page {number} of the controls",
        partial(TurnPage, number - 1, 0),
        lambda view: float(view.page == number - 1),
    )


def _page_step(which: str, step: int) -> TargetSpec:
    return trigger(
        f"page-{which}", f"select the {which} page of the controls", partial(TurnPage, None, step)
    )


SWAPS = tuple(Swap)
PAGES = 8
"""How many pages of the controls have a target each."""

TARGETS: tuple[TargetSpec, ...] = (
    *(_knob(spec) for spec in (*KNOBS, *SOUND_KNOBS)),
    *(_level(voice) for voice in (None, *Voice)),
    knob(
        "tempo",
        f"faster, {TEMPO} (internal clock)",
        lambda value, *, at: SetTempo(value_to_tempo(value), at=at),
        lambda view: tempo_to_value(view.clock.ref.tempo),
    ),
    *(_mute(voice) for voice in Voice),
    *(_solo(voice) for voice in Voice),
    choice("swap", "when a knob change takes effect", SWAPS, SetSwap, lambda view: view.swap),
    trigger("tap", "tap on a beat; two taps set the tempo", Tap),
    trigger(
        "one",
        "a bar of the followed clock begins now; joins a clock that is already running",
        SetOne,
    ),
    *(_page(number) for number in range(1, PAGES + 1)),
    _page_step("next", 1),
    _page_step("previous", -1),
    *GESTURE_TARGETS,
    trigger("refresh", "send the controller all its values again", Refresh),
    trigger("panic", "end every note now", Panic),
    trigger("stop", "end the performance", Stop),
)
"""Every target."""

TARGET_BY_NAME: Mapping[str, TargetSpec] = MappingProxyType({spec.name: spec for spec in TARGETS})
