"""NES-MDB's scores: exprsco and seprsco, their pickles, and the VGM files that nesmdb makes.

An exprsco is uint8 `[N, 4, 3]`: for each step, (note, velocity, timbre) of P1, P2, TR and NO. A
seprsco is uint8 `[N, 4]`, the notes alone. Their files are pickles of `(rate, nsamps, array)` that
Python 2 wrote and that come from the internet: `pickled` reads them without running any code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.pickled import dumps_triple, loads_lists, loads_triple
from nesvae_live.chip.registers import (
    NOTES,
    STATUS,
    TIMBRES,
    VELOCITIES,
    RegisterWriter,
    Write,
)
from nesvae_live.chip.transcript import is_of_a_score, voice_spans
from nesvae_live.chip.vgm.reader import vgm_to_writes
from nesvae_live.chip.vgm.registerlog import VGM_RATE, RegisterLog
from nesvae_live.chip.vgm.writer import steps_to_vgm
from nesvae_live.music.ranges import Range
from nesvae_live.music.voices import SILENCE, Voice

Score = npt.NDArray[np.uint8]

STEP_RATES = Range(0.001, VGM_RATE, "steps a second")
MOST_SAMPLES = 2**31 - 1
"""The largest nsamps that a VGM header and a 32-bit integer of Python 2 can hold."""

SEPARATED_VELOCITY = (15, 15, 0, 15)
"""The velocities with which a separated score's voices are rendered."""


@dataclass(frozen=True, slots=True)
class ExprScore:
    """An expressive score: `rate` steps a second, `nsamps` samples at 44.1 kHz.

    `score` is uint8 `[N, 4, 3]`: notes of `registers.NOTES` or 0, velocities 0-15, timbres 0-3
    (noise 0-1). Raises ValueError, which names the first thing that is wrong, and where.
    """

    rate: float
    nsamps: int
    score: Score

    def __post_init__(self) -> None:
        _check(self.rate, self.nsamps, self.score, ("N", 4, 3))
        _check_field("note", self.score[:, :, 0], [_notes(voice) for voice in Voice])
        _check_field("velocity", self.score[:, :, 1], [range(VELOCITIES)] * 4)
        _check_field("timbre", self.score[:, :, 2], [range(TIMBRES[voice]) for voice in Voice])


@dataclass(frozen=True, slots=True)
class SeprScore:
    """A separated score: like `ExprScore`, but `score` is uint8 `[N, 4]`, the notes alone."""

    rate: float
    nsamps: int
    score: Score

    def __post_init__(self) -> None:
        _check(self.rate, self.nsamps, self.score, ("N", 4))
        _check_field("note", self.score, [_notes(voice) for voice in Voice])


def loads_exprsco(data: bytes) -> ExprScore:
    """Read an exprsco pickle; ValueError says what is wrong with a foreign or hostile one."""
    return ExprScore(*loads_triple(data))


def loads_seprsco(data: bytes) -> SeprScore:
    """Read a seprsco pickle; ValueError says what is wrong with a foreign or hostile one."""
    return SeprScore(*loads_triple(data))


def loads_blndsco(data: bytes) -> ExprScore:
    """Read a blended score, each step a list of notes: as nesmdb renders it.

    The notes of a step go to P1, P2 and TR in their order, at velocity 15 and timbre 0. One that
    is too low for the pulses is the triangle's instead, as it was when the scores were blended.
    ValueError says what is wrong with a foreign or hostile file.
    """
    rate, nsamps, steps = loads_lists(data)
    score = np.zeros((len(steps), 4, 3), dtype=np.uint8)
    lowest = NOTES[Voice.P1][0]
    for step, notes in zip(score, steps, strict=True):
        chord = [note for note in notes[: Voice.TR + 1] if note != SILENCE]
        low = [note for note in chord if note < lowest]
        if len(low) == 1:
            step[Voice.TR, 0] = low[0]
            chord.remove(low[0])
        for voice, note in enumerate(chord):
            step[voice, :2] = note, SEPARATED_VELOCITY[voice]
    return ExprScore(rate, nsamps, score)


def dumps_exprsco(score: ExprScore) -> bytes:
    """A pickle that nesmdb's Python 2 and `loads_exprsco` read."""
    return dumps_triple(score.rate, score.nsamps, score.score)


def dumps_seprsco(score: SeprScore) -> bytes:
    """A pickle that nesmdb's Python 2 and `loads_seprsco` read."""
    return dumps_triple(score.rate, score.nsamps, score.score)


def separated_to_expressive(score: SeprScore) -> ExprScore:
    """The score as nesmdb renders it: velocity 15 (also in silence) except for TR, and timbre 0."""
    expressive = np.zeros((len(score.score), 4, 3), dtype=np.uint8)
    expressive[:, :, 0] = score.score
    expressive[:, :, 1] = SEPARATED_VELOCITY
    return ExprScore(score.rate, score.nsamps, expressive)


def expressive_to_separated(score: ExprScore) -> SeprScore:
    """The score's notes alone."""
    return SeprScore(score.rate, score.nsamps, score.score[:, :, 0].copy())


def score_to_steps(score: ExprScore | SeprScore) -> Iterator[tuple[list[Write], int]]:
    """What nesmdb writes to the chip: each step's writes, and the samples to wait (at 44.1 kHz).

    A step ends no later than `nsamps`; what is left after the last step is one more wait.
    """
    if isinstance(score, SeprScore):
        score = separated_to_expressive(score)
    writer = RegisterWriter()
    opening = writer.start()
    now = 0
    ends = _step_ends(score.rate, len(score.score))
    for states, end in zip(score.score.tolist(), ends, strict=True):
        writes = writer.step(states)
        if opening:
            # The first step's $4015 replaces that of the opening, so that it is written only once.
            status = dict(writes).get(STATUS, 0)
            rest = [write for write in writes if write[0] != STATUS]
            writes = [(STATUS, status), *opening[1:], *rest]
            opening = []
        wait = min(end, score.nsamps) - now
        now += wait
        yield writes, wait
    if opening or now < score.nsamps:
        yield opening, score.nsamps - now


def _step_ends(rate: float, steps: int) -> list[int]:
    """The samples at which steps end: int(44100 t), with t summed in float64 as in nesmdb."""
    ends = []
    seconds = 0.0
    for _ in range(steps):
        seconds += 1.0 / rate
        ends.append(int(VGM_RATE * seconds))
    return ends


def score_to_vgm(score: ExprScore | SeprScore) -> bytes:
    """The VGM file that nesmdb writes, byte for byte."""
    return steps_to_vgm(score_to_steps(score))


def score_to_writes(score: ExprScore | SeprScore) -> RegisterLog:
    """A score's register writes, each with its sample at 44.1 kHz."""
    now = 0
    writes: list[tuple[int, int, int]] = []
    for step, wait in score_to_steps(score):
        writes += [(now, address, value) for address, value in step]
        now += wait
    return RegisterLog(now, np.array(writes, dtype=np.int64).reshape(-1, 3))


def vgm_to_exprsco(data: bytes, rate: float = 24.0) -> ExprScore:
    """Read a VGM file into a score, as `log_to_exprsco` does.

    Raises ValueError for a file that isn't a VGM of the NES.
    """
    return log_to_exprsco(vgm_to_writes(data), rate)


def log_to_exprsco(log: RegisterLog, rate: float = 24.0) -> ExprScore:
    """The score of a log, of `rate` steps a second, as many as fit in full.

    A voice's step is what it did for most of the step's samples, of those in which it sounded
    (nesmdb's rule). What was written from a score of that rate gives that score. Note 33 then
    counts as sounding (it is written, though the chip mutes it; nesmdb drops it), and a note at
    volume 0 as silent. Of a game's log it is nesmdb's score (`transcript`).
    """
    _check_rate(rate)
    spans = voice_spans(log)
    if is_of_a_score(log):
        # 1e-9 keeps a length of whole steps from losing its last step to rounding.
        steps = int(log.nsamps / VGM_RATE * rate + 1e-9)
        edges = [0, *_step_ends(rate, steps)]
    else:
        steps = int(log.nsamps / VGM_RATE * rate)
        edges = [int(i / rate * VGM_RATE) for i in range(steps + 1)]
    score = np.zeros((steps, 4, 3), dtype=np.uint8)
    for voice in Voice:
        index = 0
        for step in range(steps):
            low, high = edges[step], edges[step + 1]
            while spans[voice][index][1] <= low and index + 1 < len(spans[voice]):
                index += 1
            heard: list[tuple[int, tuple[int, int, int]]] = []
            for start, end, state in spans[voice][index:]:
                if start >= high:
                    break
                heard.append((min(end, high) - max(start, low), state))
            sounding = [(length, state) for length, state in heard if state[0] != SILENCE]
            score[step, voice] = [
                _most([(length, state[field]) for length, state in sounding or heard])
                for field in range(3)
            ]
    return ExprScore(rate, log.nsamps, score)


def _most(held: list[tuple[int, int]]) -> int:
    """The value that was held longest; the smallest of several."""
    lengths: dict[int, int] = defaultdict(int)
    for length, value in held:
        lengths[value] += length
    return min(lengths, key=lambda value: (-lengths[value], value)) if lengths else 0


def _notes(voice: Voice) -> list[int]:
    lowest, highest = NOTES[voice]
    return [SILENCE, *range(lowest, highest + 1)]


def _check_rate(rate: object) -> None:
    if not isinstance(rate, int | float) or isinstance(rate, bool):
        raise ValueError(f"rate is {rate!r}, not a number")  # noqa: TRY004 (one kind of error)
    if rate not in STEP_RATES:
        raise ValueError(f"rate is {rate}, not {STEP_RATES}")


def _check(rate: object, nsamps: object, score: object, shape: tuple[str | int, ...]) -> None:
    """Refuse a score with a part of the wrong type, shape or range."""
    _check_rate(rate)
    if not isinstance(nsamps, int) or isinstance(nsamps, bool) or not 0 <= nsamps <= MOST_SAMPLES:
        raise ValueError(f"nsamps is {nsamps!r}, not a whole number of samples")
    if not isinstance(score, np.ndarray) or score.dtype != np.uint8:
        kind = score.dtype if isinstance(score, np.ndarray) else type(score).__name__
        raise ValueError(f"score is {kind}, not a uint8 array")
    if score.ndim != len(shape) or score.shape[1:] != shape[1:]:
        wanted = ", ".join(str(size) for size in shape)
        raise ValueError(f"score has shape {score.shape}, not ({wanted})")


def _check_field(name: str, values: Score, allowed: list[list[int]] | list[range]) -> None:
    """Refuse the first value, in order of steps, that its voice lacks."""
    good = np.zeros((4, 256), dtype=bool)
    for voice in Voice:
        good[voice, allowed[voice]] = True
    wrong = np.argwhere(~good[np.arange(4), values])
    if len(wrong):
        step, voice = wrong[0].tolist()
        raise ValueError(f"step {step}, {Voice(voice).name}: no {name} {values[step, voice]}")
