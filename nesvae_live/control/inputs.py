"""The inputs: everything that a performer, or a program beside the instrument, can ask of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nesvae_live.control.gestureinputs import Gesture
from nesvae_live.control.reply import Reply, ignore
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice


@dataclass(frozen=True, slots=True)
class TurnPage:
    """Put page `page` of the controls up (0-based), or with None the one `step` pages on."""

    page: int | None
    step: int
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class Refresh:
    """Send the controller everything that it can show.

    `connected` says that there is, or is no more, a port to send it to; None: as before.
    """

    at: float
    connected: bool | None = None
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class Learn:
    """Let the next control that is moved be `target`'s; None: no more of that."""

    target: str | None
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class Unlearn:
    """Take back what was learnt last."""

    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class GetLearning:
    """Ask what is being learnt, what was heard, and what it means."""

    at: float
    reply: Reply = ignore


SurfaceInput = TurnPage | Refresh | Learn | Unlearn | GetLearning


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
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetMute:
    """Mute or unmute a voice."""

    voice: Voice
    muted: bool
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetLevel:
    """Hear a voice, or everything (None), `level` dB louder than the chip makes it."""

    voice: Voice | None
    level: float
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetSolo:
    """Take a voice into solo or out of it: what is not in it, if any is, can't be heard."""

    voice: Voice
    solo: bool
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetSwap:
    """Let turned knobs be heard from the next bar line, beat or tuple on."""

    swap: Swap
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class SetTempo:
    """Let the internal clock go at `tempo` beats a minute."""

    tempo: float
    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on a beat; the second one sets the internal clock's tempo."""

    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class Panic:
    """End every note now, whatever the books say of them."""

    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class Stop:
    """End the performance: notes off, files closed; the log has `why`."""

    at: float
    reply: Reply = ignore
    why: str = "it was stopped"


@dataclass(frozen=True, slots=True)
class GetStatus:
    """Ask for the figures that the status line shows."""

    at: float
    reply: Reply = ignore


@dataclass(frozen=True, slots=True)
class KeepBars:
    """Make files of the last `bars` bars that are over, while the music goes on."""

    bars: int
    at: float
    reply: Reply = ignore


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
