"""The inputs: everything that a performer, or a program beside the instrument, can ask of it.

Each has the stamp `at` and a `reply` of its base; a MIDI message, and JACK's transport, have their stamp
and no answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nesvae_live.clock.jackclock import TransportIn
from nesvae_live.control.gestureinputs import Gesture
from nesvae_live.control.reply import AnsweredInput, Reply
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice


@dataclass(frozen=True, slots=True)
class TurnPage(AnsweredInput):
    """Select page `page` of the controls (0-based); None: the page `step` pages further on."""

    page: int | None
    step: int


@dataclass(frozen=True, slots=True)
class Refresh(AnsweredInput):
    """Send the controller everything that it can show.

    `connected` says whether there now is a port to send to; None: as before.
    """

    connected: bool | None = None


@dataclass(frozen=True, slots=True)
class Learn(AnsweredInput):
    """Assign the next control that is moved to `target`; None stops listening for one."""

    target: str | None


@dataclass(frozen=True, slots=True)
class Unlearn(AnsweredInput):
    """Undo the last assignment that was learnt."""


@dataclass(frozen=True, slots=True)
class GetLearning(AnsweredInput):
    """Ask what is being learnt, what was heard, and what it was taken for."""


SurfaceInput = TurnPage | Refresh | Learn | Unlearn | GetLearning


@dataclass(frozen=True, slots=True)
class MidiIn:
    """A MIDI message as it came: `data` are its bytes, `at` its stamp in seconds."""

    port: str
    data: tuple[int, ...]
    at: float


@dataclass(frozen=True, slots=True)
class SetKnob(AnsweredInput):
    """Set knob `knob` to `value` in 0..1, or release it with None."""

    knob: str
    value: float | None


@dataclass(frozen=True, slots=True)
class SetMute(AnsweredInput):
    """Mute or unmute a voice."""

    voice: Voice
    muted: bool


@dataclass(frozen=True, slots=True)
class SetLevel(AnsweredInput):
    """Set the level of a voice, or of the whole (None), in dB; 0 is the chip's own level."""

    voice: Voice | None
    level: float


@dataclass(frozen=True, slots=True)
class SetSolo(AnsweredInput):
    """Put a voice into solo or take it out; while any voice is in solo, only those are heard."""

    voice: Voice
    solo: bool


@dataclass(frozen=True, slots=True)
class SetSwap(AnsweredInput):
    """Set the quantised launch: a change is heard from the next bar line, beat or tuple on."""

    swap: Swap


@dataclass(frozen=True, slots=True)
class SetTempo(AnsweredInput):
    """Set the internal clock to `tempo` beats a minute."""

    tempo: float


@dataclass(frozen=True, slots=True)
class Tap(AnsweredInput):
    """A tap on a beat; the second one sets the internal clock's tempo."""


@dataclass(frozen=True, slots=True)
class SetOne(AnsweredInput):
    """A bar of the clock that is followed begins here; one that came without a start is joined."""


@dataclass(frozen=True, slots=True)
class LinkBar:
    """A Link session began a bar `ago` seconds before `at`: a clock that rolls may be joined by it."""

    ago: float
    at: float


@dataclass(frozen=True, slots=True)
class Panic(AnsweredInput):
    """End every note now, even one that is not known to sound."""


@dataclass(frozen=True, slots=True)
class Pause(AnsweredInput):
    """End every note and play nothing, as the process is about to be stopped; or go on from now."""

    paused: bool


@dataclass(frozen=True, slots=True)
class Stop(AnsweredInput):
    """End the performance: notes end, files are closed, and the log says `why`."""

    why: str = "it was stopped"


@dataclass(frozen=True, slots=True)
class GetStatus(AnsweredInput):
    """Ask for the figures of the status line."""


@dataclass(frozen=True, slots=True)
class KeepBars(AnsweredInput):
    """Export the last `bars` completed bars to files while the music goes on."""

    bars: int


Input = (
    MidiIn
    | TransportIn
    | SurfaceInput
    | Gesture
    | SetKnob
    | SetMute
    | SetLevel
    | SetSolo
    | SetSwap
    | SetTempo
    | Tap
    | SetOne
    | LinkBar
    | KeepBars
    | Panic
    | Pause
    | Stop
    | GetStatus
)


def answered(item: Input, reply: Reply) -> Input:
    """The same input, answered through `reply`; what has no answer stays as it is."""
    return item if isinstance(item, MidiIn | TransportIn | LinkBar) else replace(item, reply=reply)
