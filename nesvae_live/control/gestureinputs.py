"""The gestures: inputs that act on the phrase, the setting or the snapshots, not on one knob."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.control.reply import AnsweredInput
from nesvae_live.latent.given import Answer, Source
from nesvae_live.music.key import Key
from nesvae_live.music.voices import Voice


@dataclass(frozen=True, slots=True)
class ReleaseKnobs(AnsweredInput):
    """Release every knob: the network is free to choose."""


@dataclass(frozen=True, slots=True)
class SetTranspose(AnsweredInput):
    """Transpose a voice, or all three pitched ones (None), up by `semitones`."""

    voice: Voice | None
    semitones: int


@dataclass(frozen=True, slots=True)
class SetKey(AnsweredInput):
    """Keep the voices in a key, or allow every note (None)."""

    key: Key | None


@dataclass(frozen=True, slots=True)
class SetTemperature(AnsweredInput):
    """Set the temperature at which tokens are drawn."""

    temperature: float


@dataclass(frozen=True, slots=True)
class SetQuote(AnsweredInput):
    """Set how much of the past may come back, 0..1; in the middle as much as was learnt."""

    quote: float


@dataclass(frozen=True, slots=True)
class SetSteady(AnsweredInput):
    """Set which attributes stay where they stand when a hand turns another knob."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GiveVoice(AnsweredInput):
    """Let `source` play a voice; the network writes the others to fit."""

    voice: Voice
    source: Source


@dataclass(frozen=True, slots=True)
class GiveLine(AnsweredInput):
    """Let a voice play a file's line from the next bar on: notes, and for how many ticks each lasts."""

    voice: Voice
    line: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SetKeysReturn(AnsweredInput):
    """After `beats` beats without a key a voice that is played is the network's again; None: never."""

    beats: float | None


@dataclass(frozen=True, slots=True)
class SetKeysSplit(AnsweredInput):
    """Where one keyboard plays several voices, keys below `note` are the lowest one's."""

    note: int


@dataclass(frozen=True, slots=True)
class SetAnswer(AnsweredInput):
    """Let the network answer what is played, when it is over or after so many bars, or let it not."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class SetChords(AnsweredInput):
    """Keys held on a MIDI channel (from 0) are the harmony; None: no channel's are."""

    channel: int | None


@dataclass(frozen=True, slots=True)
class KeepTheme(AnsweredInput):
    """Keep what plays as theme `theme`, A to H."""

    theme: str


@dataclass(frozen=True, slots=True)
class ReturnTheme(AnsweredInput):
    """Let theme `theme` come back at the next quantised launch."""

    theme: str


@dataclass(frozen=True, slots=True)
class ForgetAll(AnsweredInput):
    """Let nothing come back that was played so far, themes neither."""


@dataclass(frozen=True, slots=True)
class SetSeed(AnsweredInput):
    """Draw with another seed, or the next one (None): other notes at the same place of the map."""

    seed: int | None


@dataclass(frozen=True, slots=True)
class SetHold(AnsweredInput):
    """Repeat the phrase that plays, or go on from it."""

    hold: bool


@dataclass(frozen=True, slots=True)
class LookBack(AnsweredInput):
    """Play what was played `phrases` phrases ago, and hold it; a number below 0 goes forward."""

    phrases: int


@dataclass(frozen=True, slots=True)
class StoreSnapshot(AnsweredInput):
    """Store the setting as snapshot `slot`, called `name`; "": as it was called before."""

    slot: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class StorePoint(AnsweredInput):
    """Store a point of the map as snapshot `slot`; where the knobs are, they stay.

    `z` has the coordinates of the attributes and then of the style.
    """

    slot: int
    z: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ClearSnapshot(AnsweredInput):
    """Delete snapshot `slot`."""

    slot: int


@dataclass(frozen=True, slots=True)
class RecallSnapshot(AnsweredInput):
    """Recall snapshot `slot` at the next quantised launch."""

    slot: int


@dataclass(frozen=True, slots=True)
class AimRecall(AnsweredInput):
    """Let the next recall, within `AIM_SECONDS`, `store` there or `morph` there instead."""

    what: str


STORE, MORPH = "store", "morph"
AIM_SECONDS = 5.0
"""For how long a recall is aimed: long enough to find the button, too short to be forgotten."""


@dataclass(frozen=True, slots=True)
class StartMorph(AnsweredInput):
    """Morph to snapshot `slot` within `bars` bars; None: within as many as are set."""

    slot: int
    bars: float | None


@dataclass(frozen=True, slots=True)
class SetMorphBars(AnsweredInput):
    """Set how many bars a morph takes that doesn't say it."""

    bars: float


@dataclass(frozen=True, slots=True)
class SetPair(AnsweredInput):
    """Put the fader between snapshots `low` and `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class MoveFader(AnsweredInput):
    """Set everything `value` (0..1) of the way between the fader's two snapshots."""

    value: float


@dataclass(frozen=True, slots=True)
class SetBounds(AnsweredInput):
    """Set the farthest (0..1) that a roll moves a knob, unless the roll says it."""

    amount: float


@dataclass(frozen=True, slots=True)
class Roll(AnsweredInput):
    """Move each knob of the map at random, by at most `amount` (0..1; None: the bounds)."""

    amount: float | None


@dataclass(frozen=True, slots=True)
class Capture(AnsweredInput):
    """Go on from what was last played on the MIDI inputs."""


@dataclass(frozen=True, slots=True)
class CapturePhrase(AnsweredInput):
    """Go on from a phrase: up to 13 tuples of the notes of P1, P2 and TR and a hold."""

    tuples: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class SetPoint(AnsweredInput):
    """Stand at a point of the map: z, the coordinates of the attributes and then of the style."""

    z: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SetAuto(AnsweredInput):
    """Let the knobs wander by themselves, or stop them."""

    on: bool


@dataclass(frozen=True, slots=True)
class GoRound(AnsweredInput):
    """Morph from snapshot to snapshot, in `bars` bars each (None: as a morph), or stop."""

    on: bool
    bars: float | None


@dataclass(frozen=True, slots=True)
class Mark(AnsweredInput):
    """Put a mark into the log."""

    text: str


Gesture = (
    ReleaseKnobs
    | SetTranspose
    | SetKey
    | SetTemperature
    | SetQuote
    | SetSteady
    | GiveVoice
    | GiveLine
    | SetKeysReturn
    | SetKeysSplit
    | SetAnswer
    | SetChords
    | KeepTheme
    | ReturnTheme
    | ForgetAll
    | SetSeed
    | SetHold
    | LookBack
    | StoreSnapshot
    | StorePoint
    | ClearSnapshot
    | RecallSnapshot
    | AimRecall
    | StartMorph
    | SetMorphBars
    | SetPair
    | MoveFader
    | SetBounds
    | Roll
    | Capture
    | CapturePhrase
    | SetPoint
    | SetAuto
    | GoRound
    | Mark
)
