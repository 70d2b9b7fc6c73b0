"""What a jam leaves behind: the entries of its log.

Times are seconds on the stamps' scale (`time.perf_counter` when live); the recorder writes them
relative to the jam's start. Beats count quarter notes from the jam's start.

What the sequencer decides follows from what it took and when: `Stepped`, `Heard` and `Answered` are
all that comes from outside, in the order in which it came, and from them everything else is
computed again (`nesvae_live.take.replay`). What the sound needs besides is at which sample the chip took
each event: `Sounded`, `Silenced`, `Rendered`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from nesvae_live.control.inputs import Input
from nesvae_live.music.dialect import GENERAL
from nesvae_live.music.events import Event

VERSION = 2
"""The log's format; a reader refuses another one."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The first entry: what is needed to read the others and to play the jam again.

    `at` is the time of beat 0; `started` is local wall time (ISO 8601); `beats_per_bar` in
    quarter notes; `settings` and `versions` are name -> text, for people. For replay: `origin` is
    what the stamps' clock showed at beat 0, and `setup` is all that the sequencer was made with
    (`nesvae_live.engine.config`); empty, there is no replay. `dialect` is how MIDI was said.
    """

    at: float
    started: str
    tempo: float
    meter: str
    beats_per_bar: float
    sample_rate: int
    seed: int
    checkpoint: str
    checkpoint_sha256: str
    preset: str
    settings: dict[str, str]
    versions: dict[str, str]
    origin: float = 0.0
    setup: dict[str, Any] = field(default_factory=dict)
    dialect: str = GENERAL


@dataclass(frozen=True, slots=True)
class Stepped:
    """The sequencer looked at the time: all that it took and sent until the next look was then."""

    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """An input as it came, with its stamp."""

    input: Input

    @property
    def at(self) -> float:
        """When it came."""
        return self.input.at


@dataclass(frozen=True, slots=True)
class Answered:
    """The decoder's answer to what was asked last came: a whole phrase, or its `splice`th tail.

    `tokens` are four a tuple; it took `seconds`. Whether it could be used, `Decoded` and `Spliced`
    tell. `z` is where the encoder found what was captured, if that was asked; else it is empty.
    """

    at: float
    index: int
    splice: int
    tokens: tuple[int, ...]
    seconds: float
    z: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Turned:
    """A knob has a new value in 0..1, or None when it was let go."""

    at: float
    knob: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Posed:
    """What no knob shows was set, because of `why`: a recall, a morph, a capture, the auto mode ...

    `style` is where the style axes rest whose knobs are let go. The knobs' part is in `Turned`.
    """

    at: float
    why: str
    style: tuple[float, ...]
    temperature: float
    seed: int


@dataclass(frozen=True, slots=True)
class Arranged:
    """From `beat` on these voices are silent, and the others transposed and kept in a key.

    `muted` are voices' names, `transpose` semitones of P1, P2 and TR, `key` as in `Key.parse`.
    """

    at: float
    beat: float
    muted: tuple[str, ...]
    transpose: tuple[int, int, int]
    key: str | None


@dataclass(frozen=True, slots=True)
class Decoded:
    """A phrase came out of the decoder.

    `z` and `mask` are what it was decoded from (mask: 1 is set, 0 is let go), `follows` the index
    of the phrase whose final state it started from (-1: none), `tokens` the 52 it spelt.
    """

    at: float
    index: int
    follows: int
    seed: int
    z: tuple[float, ...]
    mask: tuple[int, ...]
    tokens: tuple[int, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Placed:
    """Phrase `index` sounds from `beat` on and lasts `beats`; `repeat` if its successor was late."""

    at: float
    index: int
    beat: float
    beats: float
    repeat: bool


@dataclass(frozen=True, slots=True)
class Spliced:
    """Phrase `index` has a new tail, its `splice`th, which sounds from `beat` on for `beats`.

    Of the phrase as it was, `kept` tuples remain, the last of them held for `held` steps. The
    tail was decoded from `z` and `mask` with the draws of (seed, index, splice); `tokens` are
    four a tuple.
    """

    at: float
    index: int
    splice: int
    kept: int
    held: int
    beat: float
    beats: float
    seed: int
    z: tuple[float, ...]
    mask: tuple[int, ...]
    tokens: tuple[int, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Clocked:
    """The tempo line from here on: `beat` falls at `at`, and a beat lasts `beat_seconds`.

    If `runs` is false, the position is held from then on; what was sent for later beats before
    never sounded, and every note ended.
    """

    at: float
    beat: float
    beat_seconds: float
    runs: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """An event was sent to the outputs for beat `beat`, which falls at `at`.

    `n` counts them from 0; -1: a panic ended the note, and the outputs were told otherwise.
    """

    at: float
    beat: float
    event: Event
    n: int = -1


@dataclass(frozen=True, slots=True)
class Sounded:
    """The chip took `count` events, from the `first`th that was sent on, at `sample` of the WAV."""

    sample: int
    first: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class Silenced:
    """Every voice of the chip ended at `sample`; with `panic` its registers were written anew."""

    sample: int
    panic: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """The take's sound is so many samples long."""

    samples: int


@dataclass(frozen=True, slots=True)
class Barred:
    """Bar `bar` (from 0) begins here, at the latest: what stands in the log as it does.

    Written by the recorder, so that a part of the log can be read without what was before it. The
    tempo line is as `Clocked` has it; `voices` are (note, velocity, volume, duty, cents) of P1, P2,
    TR and NO, note 0 for silence and velocity as MIDI's; `n` counts the events sent.
    """

    at: float
    bar: int
    beat: float
    beat_seconds: float
    runs: bool
    knobs: dict[str, float]
    voices: tuple[tuple[int, int, int, int, int], ...]
    n: int


@dataclass(frozen=True, slots=True)
class Noted:
    """Something a person should know of: a warning, a lost port, a panic."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The last entry: the jam ended at `beat`, and why."""

    at: float
    beat: float
    why: str


Entry = (
    Opened
    | Stepped
    | Heard
    | Answered
    | Turned
    | Posed
    | Arranged
    | Decoded
    | Placed
    | Spliced
    | Clocked
    | Sent
    | Sounded
    | Silenced
    | Rendered
    | Barred
    | Noted
    | Closed
)


class Journal(Protocol):
    """Takes what is worth remembering of a jam; one queue put, from any thread."""

    def put(self, entry: Entry) -> None:
        """Remember `entry`."""
        ...
