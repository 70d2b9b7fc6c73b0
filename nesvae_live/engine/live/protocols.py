"""Protocols: what the engine is given: outputs, a decoder, an encoder, a clock, callbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nesvae_live.clock.timing import ClockRef, Meter
from nesvae_live.control.reply import ignore
from nesvae_live.latent.decoding import Sampling, Spelling, Standing
from nesvae_live.latent.performing import Passage, Performance
from nesvae_live.music.balance import Balance
from nesvae_live.music.events import Event, MidiBytes


class Output(Protocol):
    """Takes events with the time they are for.

    Both verbs are called in the sequencer's thread: they hand the event over and return,
    and never block or raise. Events arrive in order of time, off before on at the same time.
    """

    def send(self, event: Event, at: float) -> None:
        """Play `event` at `at` seconds (in the near future, or late if already past)."""
        ...

    def silence(self, *, panic: bool = False) -> None:
        """Drop what is queued and end every note now; in a panic, those it believes silent too."""
        ...


class Decode(Protocol):
    """Decodes phrases; used by the inference thread alone, and releases the GIL while it works.

    That of a performance that `composes` is a `Compose` too, and one that says how the notes are
    played a `Perform`.
    """

    def initial_state(self) -> Standing:
        """The state without a past."""
        ...

    def decode(
        self,
        z: NDArray[np.float32],
        mask: NDArray[np.float32],
        start: Any,  # a state of its own
        uniforms: NDArray[np.float32],
        sampling: Sampling,
    ) -> Spelling:
        """Decode `[T, 4]` symbols from z `[8 + U]` and mask `[8]` by draws `uniforms` `[T, 4]`."""
        ...


@runtime_checkable
class Compose(Protocol):
    """Says where the music goes by itself, the same for the same question. Any thread may ask."""

    def compose(
        self,
        start: Any,  # a state of its own
        z: NDArray[np.float32],
        known: NDArray[np.bool_],
        seed: tuple[int, ...],
        sampling: Sampling,
    ) -> tuple[Any, NDArray[np.float32]]:
        """Where to go on from, and the z `[8 + U]` of the phrase that follows.

        Of `z` those coordinates are kept that are `known`.
        """
        ...


@runtime_checkable
class Perform(Protocol):
    """Says how notes are played; used by the inference thread alone, and releases the GIL."""

    def perform(self, passage: Passage) -> Performance:
        """How a passage is played; the same one always in the same way."""
        ...


class Encode(Protocol):
    """Finds phrases in latent space; used by the inference thread alone, and releases the GIL."""

    def encode(self, tuples: NDArray[np.int64]) -> NDArray[np.float32]:
        """Find `[n, 4]` tuples, n from 1 to 13: their z `[8 + U]`, within the knobs' reach."""
        ...


def nothing_recorded(bars: int, over: int) -> Mapping[str, Any]:
    """Answer a request for the last bars of a performance that is not recorded."""
    del bars, over
    return {"ok": False, "error": "nothing is being recorded"}


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Whom the engine tells and asks besides its outputs. None of them may block or raise.

    All but `status` are called in the sequencer's thread.
    """

    begin: Callable[[], object] = nothing
    """Called first in that thread."""
    show: Callable[[MidiBytes], None] = ignore
    """Sends a message to the controller, so that it shows the value of a control."""
    hear: Callable[[Balance], None] = ignore
    """Takes the balance in which the voices are to be heard from now on."""
    keep: Callable[[int, int], Mapping[str, Any]] = nothing_recorded
    """`keep(bars, over)` exports the last `bars` of the `over` bars that are over, and answers."""
    status: Callable[[], Mapping[str, Any]] = dict
    """What the status shows beyond what the engine knows itself. Any thread may ask."""


NO_CALLBACKS = Callbacks()
"""For an engine that nobody listens to."""


class Clock(Protocol):
    """Musical time. `ref` is replaced, never changed; the methods run in the sequencer's thread."""

    @property
    def ref(self) -> ClockRef:
        """The line to read now; while the clock stands, its `beat` is the position it holds."""
        ...

    @property
    def runs(self) -> bool:
        """Whether the clock runs."""
        ...

    @property
    def epoch(self) -> int:
        """Grows whenever the position jumps or the clock breaks off: phrases are placed anew."""
        ...

    @property
    def entry(self) -> float:
        """The beat from which phrases are placed anew."""
        ...

    @property
    def coming(self) -> float:
        """The beat on which music enters if the clock goes on now; while it runs, `entry`."""
        ...

    @property
    def meter(self) -> Meter | None:
        """The metre in which its source is now; None: it says none."""
        ...

    @property
    def held(self) -> float:
        """The beat that was reached at the last break."""
        ...

    @property
    def source(self) -> str:
        """Its name for a person."""
        ...

    @property
    def motion(self) -> str:
        """What its source is doing."""
        ...

    @property
    def warning(self) -> str:
        """What is wrong with its source, in one line; empty if nothing is."""
        ...

    @property
    def waiting(self) -> str:
        """What is waited for, in one line, though clocks come in; empty if nothing is."""
        ...

    def start(self, at: float) -> None:
        """Start at `at` seconds."""
        ...

    def resume(self, beat: float, at: float) -> None:
        """Go on at `at` seconds, though only `beat` had been reached: the time between is lost."""
        ...

    def receive(self, port: str, data: Sequence[int], at: float) -> bool:
        """Take a MIDI message and its time stamp; whether it was meant for the clock."""
        ...

    def tick(self, now: float) -> None:
        """Notice if the source has gone silent."""
        ...

    def set_one(self, at: float) -> None:
        """Let a bar begin at `at` seconds, about now.

        Raises:
            ValueError: it can't be told to this clock.
        """
        ...
