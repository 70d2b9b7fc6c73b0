"""What comes in: everything a performer or a program beside us can ask for, on one inbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nesvae_live.book import Swap
from nesvae_live.scales import Key
from nesvae_live.voices import Voice

Reply = Callable[[Mapping[str, Any]], None]
"""How a command answers: called once, from the sequencer's thread; must not block."""


def no_reply(answer: Mapping[str, Any]) -> None:
    """For commands whose sender does not listen."""


@dataclass(frozen=True, slots=True)
class MidiIn:
    """One MIDI message as it came: `data` are its bytes, `at` its stamp in seconds."""

    port: str
    data: tuple[int, ...]
    at: float


@dataclass(frozen=True, slots=True)
class SetKnob:
    """Set knob `knob` to `value` in 0..1, or let it go with None."""

    knob: str
    value: float | None
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetMute:
    """Mute or unmute a voice."""

    voice: Voice
    muted: bool
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetLevel:
    """Hear a voice, or everything (None), `level` dB louder than the chip makes it."""

    voice: Voice | None
    level: float
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetSolo:
    """Take a voice into solo or out of it: what is not in it, if any is, can't be heard."""

    voice: Voice
    solo: bool
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetSwap:
    """Let turned knobs be heard from the next bar line, beat or tuple on."""

    swap: Swap
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetTempo:
    """Let the internal clock go at `tempo` beats a minute."""

    tempo: float
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on a beat; the second one sets the internal clock's tempo."""

    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class ReleaseKnobs:
    """Let every knob go: the network does as it likes."""

    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetTranspose:
    """Let a voice, or all three (None), sound `semitones` higher than it was written."""

    voice: Voice | None
    semitones: int
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetKey:
    """Keep the voices in a key, or let them have any note (None)."""

    key: Key | None
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetTemperature:
    """Draw more safely, or more wildly."""

    temperature: float
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetSeed:
    """Draw otherwise; None takes the next seed: other notes at the same place of the map."""

    seed: int | None
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetHold:
    """Let the phrase that plays go round, or go on from it."""

    hold: bool
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class LookBack:
    """Play again what was played `phrases` phrases before, and hold it; below 0 it goes forward."""

    phrases: int
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class StoreSnapshot:
    """Keep how everything stands under number `slot`."""

    slot: int
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class ClearSnapshot:
    """Forget snapshot `slot`."""

    slot: int
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class RecallSnapshot:
    """Let everything stand as in snapshot `slot`, from the next line of the swap on."""

    slot: int
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class StartMorph:
    """Go to snapshot `slot` in `bars` bars; None: in as many as were said last."""

    slot: int
    bars: float | None
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetMorphBars:
    """Let morphs that don't say it take so many bars."""

    bars: float
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetPair:
    """Put the fader between two snapshots."""

    low: int
    high: int
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class MoveFader:
    """Let everything stand `value` (0..1) of the way between the fader's snapshots."""

    value: float
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetBounds:
    """Let chance that doesn't say it move knobs by at most so much (0..1)."""

    amount: float
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Roll:
    """Let chance move each knob of the map by at most `amount` (0..1; None: the bounds)."""

    amount: float | None
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Capture:
    """Go on from what was played last on the inputs."""

    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class CapturePhrase:
    """Go on from a phrase: up to 13 tuples of notes of P1, P2 and TR and a hold."""

    tuples: tuple[tuple[int, int, int, int], ...]
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class SetAuto:
    """Let the knobs wander by themselves, or stay."""

    on: bool
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Mark:
    """Put a mark into the take."""

    text: str
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class TurnPage:
    """Put page `page` of the controls up (0-based), or with None the one `step` pages on."""

    page: int | None
    step: int
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Refresh:
    """Send the controller everything that it can show.

    `connected` says that there is, or is no more, a port to send it to; None: as before.
    """

    at: float
    connected: bool | None = None
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Learn:
    """Let the next control that is moved be `target`'s; None: no more of that."""

    target: str | None
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Unlearn:
    """Take back what was learnt last."""

    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class GetLearning:
    """Ask what is being learnt, what was heard, and what it means."""

    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Panic:
    """End every note now, whatever the books say of them."""

    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Stop:
    """End the performance: notes off, files closed; the log has `why`."""

    at: float
    reply: Reply = no_reply
    why: str = "it was stopped"


@dataclass(frozen=True, slots=True)
class GetStatus:
    """Ask for the figures that the status line shows."""

    at: float
    reply: Reply = no_reply


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
    | Mark
)
"""What hands do to everything but single knobs."""

SurfaceInput = TurnPage | Refresh | Learn | Unlearn | GetLearning
"""What is asked of the controller's side."""


@dataclass(frozen=True, slots=True)
class KeepBars:
    """Make files of the last `bars` bars that are over, while the music goes on."""

    bars: int
    at: float
    reply: Reply = no_reply


Input = (
    MidiIn
    | SurfaceInput
    | Gesture
    | SetKnob
    | SetMute
    | SetLevel
    | SetSolo
    | SetSwap
    | SetTempo
    | Tap
    | KeepBars
    | Panic
    | Stop
    | GetStatus
)


def answered(item: Input, reply: Reply) -> Input:
    """The same input, answered through `reply`; a MIDI message is answered by nobody."""
    return item if isinstance(item, MidiIn) else replace(item, reply=reply)
