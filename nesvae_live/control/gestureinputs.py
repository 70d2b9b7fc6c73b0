"""What hands do to everything but single knobs: it comes in on the inbox, like any input."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.control.reply import Reply, ignore
from nesvae_live.music.key import Key
from nesvae_live.music.voices import Voice


@dataclass(frozen=True, slots=True)
class ReleaseKnobs:
    """Let every knob go: the network does as it likes."""

    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetTranspose:
    """Let a voice, or all three (None), sound `semitones` higher than it was written."""

    voice: Voice | None
    semitones: int
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetKey:
    """Keep the voices in a key, or let them have any note (None)."""

    key: Key | None
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetTemperature:
    """Draw more safely, or more wildly."""

    temperature: float
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetSeed:
    """Draw otherwise; None takes the next seed: other notes at the same place of the map."""

    seed: int | None
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetHold:
    """Let the phrase that plays go round, or go on from it."""

    hold: bool
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class LookBack:
    """Play again what was played `phrases` phrases before, and hold it; below 0 it goes forward."""

    phrases: int
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class StoreSnapshot:
    """Keep how everything stands under number `slot`."""

    slot: int
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class ClearSnapshot:
    """Forget snapshot `slot`."""

    slot: int
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class RecallSnapshot:
    """Let everything stand as in snapshot `slot`, from the next line of the swap on."""

    slot: int
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class StartMorph:
    """Go to snapshot `slot` in `bars` bars; None: in as many as were said last."""

    slot: int
    bars: float | None
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetMorphBars:
    """Let morphs that don't say it take so many bars."""

    bars: float
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetPair:
    """Put the fader between two snapshots."""

    low: int
    high: int
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class MoveFader:
    """Let everything stand `value` (0..1) of the way between the fader's snapshots."""

    value: float
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetBounds:
    """Let chance that doesn't say it move knobs by at most so much (0..1)."""

    amount: float
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class Roll:
    """Let chance move each knob of the map by at most `amount` (0..1; None: the bounds)."""

    amount: float | None
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class Capture:
    """Go on from what was played last on the inputs."""

    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class CapturePhrase:
    """Go on from a phrase: up to 13 tuples of notes of P1, P2 and TR and a hold."""

    tuples: tuple[tuple[int, int, int, int], ...]
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetAuto:
    """Let the knobs wander by themselves, or stay."""

    on: bool
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class GoRound:
    """Go from snapshot to snapshot, in `bars` bars each (None: as a morph), or stay."""

    on: bool
    bars: float | None
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class Mark:
    """Put a mark into the take."""

    text: str
    at: float
    reply: Reply = ignore


Gesture = (
    ReleaseKnobs
    | SetTranspose
    | SetKey
    | SetTemperature
    | SetSeed
    | SetHold
    | LookBack
    | StoreSnapshot
    | ClearSnapshot
    | RecallSnapshot
    | StartMorph
    | SetMorphBars
    | SetPair
    | MoveFader
    | SetBounds
    | Roll
    | Capture
    | CapturePhrase
    | SetAuto
    | GoRound
    | Mark
)
