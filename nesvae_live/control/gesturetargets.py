"""The targets of gestures: rows of the table in `targets`."""

from __future__ import annotations

from collections.abc import Callable

from nesvae_live.control.gestureinputs import (
    Capture,
    GoRound,
    LookBack,
    Mark,
    MoveFader,
    RecallSnapshot,
    ReleaseKnobs,
    Roll,
    SetAuto,
    SetBounds,
    SetHold,
    SetKey,
    SetMorphBars,
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
from nesvae_live.latent.knobs import KNOBS, SOUND_KNOBS
from nesvae_live.music.key import ROOTS, Key
from nesvae_live.music.ranges import TRANSPOSE
from nesvae_live.music.voices import VOICES, Voice

COLDEST, HOTTEST = 0.25, 2.0
"""Temperatures at the ends of its knob."""

N_SNAPSHOTS = 16
"""Snapshots that have targets of their own; there can be more."""

MORPH_BARS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
KEYS = (None, *(Key(root, scale) for scale in ("major", "minor") for root in range(len(ROOTS))))
OFF = "off"


def _trigger(
    name: str,
    more: str,
    ask: Callable[[float], Input],
    now: Callable[[StateView], float | None] = ignore,
) -> TargetSpec:
    return TargetSpec(name, Kind.TRIGGER, more, lambda _, at: ask(at), now)


def _release(knob: str) -> TargetSpec:
    return _trigger(f"release-{knob}", f"let {knob} go", lambda at: SetKnob(knob, None, at=at))


def _transpose(voice: Voice | None) -> TargetSpec:
    who = "all" if voice is None else voice.name
    shown = Voice.P1 if voice is None else voice
    return TargetSpec(
        f"transpose-{who}",
        Kind.KNOB,
        f"{who} higher, {TRANSPOSE}; the middle is as written",
        lambda value, at: SetTranspose(
            voice, round(value_to_linear(value, TRANSPOSE.low, TRANSPOSE.high)), at=at
        ),
        lambda standing: linear_to_value(
            standing.arrangement.transpose[shown], TRANSPOSE.low, TRANSPOSE.high
        ),
    )


def _recall(slot: int) -> TargetSpec:
    return _trigger(
        f"recall-{slot}",
        f"everything stands as in snapshot {slot}, from the next line of the swap on",
        lambda at: RecallSnapshot(slot, at=at),
        lambda standing: float(slot in standing.snapshots),
    )


def _store(slot: int) -> TargetSpec:
    return _trigger(
        f"store-{slot}",
        f"keep how everything stands as snapshot {slot}",
        lambda at: StoreSnapshot(slot, at=at),
        lambda standing: float(slot in standing.snapshots),
    )


def _morph(slot: int) -> TargetSpec:
    return _trigger(
        f"morph-{slot}",
        f"go to snapshot {slot}, over the bars that morph-bars says",
        lambda at: StartMorph(slot, None, at=at),
    )


def _keep(bars: int) -> TargetSpec:
    return _trigger(
        f"keep-{bars}", f"files of the last {bars} bars", lambda at: KeepBars(bars, at=at)
    )


def _key_now(standing: StateView) -> float:
    key = standing.arrangement.key
    return choice_to_value(KEYS.index(key) if key in KEYS else 0, len(KEYS))


def _bars_now(standing: StateView) -> float:
    nearest = min(MORPH_BARS, key=lambda bars: abs(bars - standing.morph_bars))
    return choice_to_value(MORPH_BARS.index(nearest), len(MORPH_BARS))


GESTURE_TARGETS: tuple[TargetSpec, ...] = (
    TargetSpec(
        "temperature",
        Kind.KNOB,
        f"wilder, {COLDEST:g} to {HOTTEST:g}",
        lambda value, at: SetTemperature(value_to_ratio(value, COLDEST, HOTTEST), at=at),
        lambda standing: ratio_to_value(standing.temperature, COLDEST, HOTTEST),
    ),
    *(_transpose(voice) for voice in (None, *(spec.voice for spec in VOICES))),
    TargetSpec(
        "key",
        Kind.CHOICE,
        "the voices keep to a key",
        lambda value, at: SetKey(KEYS[value_to_choice(value, len(KEYS))], at=at),
        _key_now,
        tuple(OFF if key is None else str(key) for key in KEYS),
    ),
    TargetSpec(
        "morph",
        Kind.KNOB,
        "nearer to the second of the fader's two snapshots",
        lambda value, at: MoveFader(value, at=at),
        lambda standing: standing.fader,
    ),
    TargetSpec(
        "morph-bars",
        Kind.CHOICE,
        "how many bars a morph takes",
        lambda value, at: SetMorphBars(MORPH_BARS[value_to_choice(value, len(MORPH_BARS))], at=at),
        _bars_now,
        tuple(f"{bars:g}" for bars in MORPH_BARS),
    ),
    TargetSpec(
        "bounds",
        Kind.KNOB,
        "chance moves the knobs farther",
        lambda value, at: SetBounds(value, at=at),
        lambda standing: standing.bounds,
    ),
    TargetSpec(
        "hold",
        Kind.SWITCH,
        "the phrase that plays goes round",
        lambda value, at: SetHold(value >= 0.5, at=at),
        lambda standing: float(standing.hold),
    ),
    TargetSpec(
        "auto",
        Kind.SWITCH,
        "the knobs wander by themselves; one that is touched is the hand's",
        lambda value, at: SetAuto(value >= 0.5, at=at),
        lambda standing: float(standing.auto),
    ),
    TargetSpec(
        "round",
        Kind.SWITCH,
        "a morph from snapshot to snapshot, round and round; a knob that is touched is the hand's",
        lambda value, at: GoRound(value >= 0.5, None, at=at),
        lambda standing: float(standing.round),
    ),
    _trigger("back", "the phrase before is played again, and held", lambda at: LookBack(1, at=at)),
    _trigger("forward", "the phrase after it; past the newest on", lambda at: LookBack(-1, at=at)),
    _trigger(
        "chance", "the map's knobs move by chance, within bounds", lambda at: Roll(None, at=at)
    ),
    _trigger("vary", "other notes at the same place of the map", lambda at: SetSeed(None, at=at)),
    _trigger("capture", "go on from what was played on the MIDI input", lambda at: Capture(at=at)),
    _trigger("mark", "a mark in the take's log", lambda at: Mark("", at=at)),
    *(_keep(bars) for bars in (4, 8, 16, 32)),
    _trigger("release", "let every knob go", lambda at: ReleaseKnobs(at=at)),
    *(_release(knob.name) for knob in (*KNOBS, *SOUND_KNOBS)),
    *(_recall(slot) for slot in range(1, N_SNAPSHOTS + 1)),
    *(_store(slot) for slot in range(1, N_SNAPSHOTS + 1)),
    *(_morph(slot) for slot in range(1, N_SNAPSHOTS + 1)),
)
"""They are moved like any other target."""
