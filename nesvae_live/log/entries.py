"""The entries of a jam's log: the vocabulary in which a jam is recorded.

Times are seconds on the stamps' scale (`time.perf_counter` when live); the recorder writes them
relative to the jam's start. Beats count quarter notes from the jam's start.

What the sequencer decides follows from what it was given and when. `Stepped`, `Heard`,
`Answered` and `Overtaken` are all that came from outside, in the order in which it came, and a replay
computes everything else from them again (`nesvae_live.take.replay`). The sound needs besides the samples at
which the chip took the events: `Sounded`, `Silenced`, `Rendered`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from nesvae_live.clock.timing import Meter
from nesvae_live.control.inputs import Input
from nesvae_live.music.dialect import GENERAL
from nesvae_live.music.events import Event

VERSION = 2
"""The version of the log's format; a reader refuses any other."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The first entry: what is needed to read the others and to play the jam again.

    `at` is the time of beat 0, `started` the local wall time (ISO 8601), `beats_per_bar` is in
    quarter notes. `settings` and `versions` are name -> text, for people. For a replay, `origin` is
    what the stamps' clock showed at beat 0, and `setup` is all that the sequencer was made with
    (`nesvae_live.engine.live.config`; without it there is no replay). `dialect` is the MIDI dialect.
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
    """The sequencer read the time: everything until the next such entry happened at `at`."""

    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """An input came; it carries its own stamp."""

    input: Input

    @property
    def at(self) -> float:
        """When it came."""
        return self.input.at


@dataclass(frozen=True, slots=True)
class Answered:
    """The decoder answered the last request, with a whole phrase or with its `splice`th tail.

    `tokens` are four a tuple; decoding took `seconds`. `Decoded` and `Spliced` tell whether the
    answer could be used. `z` is the encoder's point of a captured phrase, empty if none was asked.
    """

    at: float
    index: int
    splice: int
    tokens: tuple[int, ...]
    seconds: float
    z: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Overtaken:
    """An answer of so many `tuples` came too late to be used: decoding it took `seconds`.

    The sequencer learns from it how early to ask.
    """

    at: float
    tuples: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Performed:
    """How the notes of the answer that follows are played, where a performer says so.

    Each of `touches` is the number of the tuple with which a note begins, its voice, and its volume
    and duty by the frame, as in a preset's patches.
    """

    at: float
    index: int
    splice: int
    touches: tuple[tuple[int, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Drummed:
    """The drums of the answer that follows, where they are learnt.

    Each of `strokes` is the number of the tuple in which it falls, the tick within that, the noise's
    note, its volume and mode by the frame as in a preset's patches, and its rank: it is heard if the
    knob `noise` is above that.
    """

    at: float
    index: int
    splice: int
    strokes: tuple[tuple[int, int, int, str, str, float], ...]


@dataclass(frozen=True, slots=True)
class Turned:
    """A knob has a new value in 0..1, or None if it was released."""

    at: float
    knob: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Posed:
    """What no knob shows was set, because of `why`: a recall, a morph, a capture, the auto mode ...

    `style` is where the style axes of untouched knobs rest. The knobs' part is in `Turned`.
    """

    at: float
    why: str
    style: tuple[float, ...]
    temperature: float
    seed: int


@dataclass(frozen=True, slots=True)
class Quoted:
    """How much of the past may come back was set, in 0..1."""

    at: float
    quote: float


@dataclass(frozen=True, slots=True)
class Themed:
    """A theme was kept, or asked back, or all of them were forgotten, as `what` says.

    `theme` is its letter, `index` the phrase that it has as its last so far, and `shift` the
    semitones by which it comes back moved.
    """

    at: float
    theme: str
    what: str
    index: int
    shift: int


@dataclass(frozen=True, slots=True)
class Lent:
    """A voice is played by somebody else from now on: `source` is as in `latent.given.Source`."""

    at: float
    voice: str
    source: str


@dataclass(frozen=True, slots=True)
class Harmonised:
    """Somebody holds another `chord`, "" for none: `tones` are its pitch classes, `scale` its scale's."""

    at: float
    chord: str
    tones: tuple[int, ...]
    scale: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Replied:
    """From `beat` on, for `beats`, the network answers in `voices` what was played in them."""

    at: float
    beat: float
    beats: float
    voices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arranged:
    """From `beat` on these voices are muted, and the others are transposed and kept in a key.

    `muted` has the names of voices, `transpose` the semitones of P1, P2 and TR, `key` is as in
    `Key.parse`.
    """

    at: float
    beat: float
    muted: tuple[str, ...]
    transpose: tuple[int, int, int]
    key: str | None


@dataclass(frozen=True, slots=True)
class Decoded:
    """A phrase came out of the decoder.

    `z` and `mask` are what it was decoded from (mask: 1 is set, 0 untouched), `follows` is the
    index of the phrase whose final state it started from (-1: none), `tokens` are its 52 tokens.
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
    """Phrase `index` sounds from `beat` on for `beats`; `repeat` if its successor was late."""

    at: float
    index: int
    beat: float
    beats: float
    repeat: bool


@dataclass(frozen=True, slots=True)
class Spliced:
    """Phrase `index` got a new tail, its `splice`th, which sounds from `beat` on for `beats`.

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

    If `runs` is false, the position is held from then on: what had been sent for later beats never
    sounded, and every note ended.
    """

    at: float
    beat: float
    beat_seconds: float
    runs: bool


@dataclass(frozen=True, slots=True)
class Metered:
    """From `beat` on, a bar line of the metre before, bars are of another metre (as in `4/4`).

    Whoever leads the clock changed it. What counts bars in the log (`Barred`) goes on in the first.
    """

    at: float
    beat: float
    meter: str

    def __post_init__(self) -> None:
        """Refuse what is no metre.

        Raises:
            ValueError: it is none.
        """
        Meter.parse(self.meter)


@dataclass(frozen=True, slots=True)
class Sent:
    """An event was sent to the outputs for beat `beat`, which falls at `at`.

    `n` counts the events from 0; -1: a panic ended the note, without an event to the outputs.
    """

    at: float
    beat: float
    event: Event
    n: int = -1


@dataclass(frozen=True, slots=True)
class Sounded:
    """The chip took `count` events, from number `first` on, at `sample` of the WAV."""

    sample: int
    first: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class Silenced:
    """Every voice of the chip ended at `sample`; after a `panic` its registers were rewritten."""

    sample: int
    panic: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """The take's sound is `samples` long."""

    samples: int


@dataclass(frozen=True, slots=True)
class Barred:
    """Bar `bar` (from 0) begins here at the latest, with the state of everything at its beginning.

    The recorder writes it, so that a part of the log can be read without what came before. The
    tempo line is as in `Clocked`; `voices` are (note, velocity, volume, duty, cents) of P1, P2, TR
    and NO, with note 0 for silence and MIDI's velocities; `n` events had been sent.
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
    """A note for a person: a warning, a lost port, a panic, a mark."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The last entry: the jam ended at `beat`, because of `why`."""

    at: float
    beat: float
    why: str


Entry = (
    Opened
    | Stepped
    | Heard
    | Answered
    | Overtaken
    | Performed
    | Drummed
    | Turned
    | Posed
    | Quoted
    | Themed
    | Lent
    | Harmonised
    | Replied
    | Arranged
    | Decoded
    | Placed
    | Spliced
    | Clocked
    | Metered
    | Sent
    | Sounded
    | Silenced
    | Rendered
    | Barred
    | Noted
    | Closed
)


class Journal(Protocol):
    """Takes the entries of a jam, from any thread; a put must not block."""

    def put(self, entry: Entry) -> None:
        """Record `entry`."""
        ...
