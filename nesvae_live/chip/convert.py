"""Conversions between the chip's formats: scores, register logs, timelines, and their sound.

A source is an exprsco or a seprsco, a VGM file's register log, or a timeline (a MIDI file's, or a
jam's: `take.sound.jam_to_timeline`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.nesmdb import (
    MOST_SAMPLES,
    ExprScore,
    SeprScore,
    loads_blndsco,
    loads_exprsco,
    loads_seprsco,
    log_to_exprsco,
    score_to_vgm,
    score_to_writes,
    separated_to_expressive,
)
from nesvae_live.chip.nesmidi import timeline_to_midi
from nesvae_live.chip.nlm import loads_nlm
from nesvae_live.chip.npzscore import loads_npz
from nesvae_live.chip.timeline import Timeline, log_to_timeline, score_to_timeline, timeline_to_log
from nesvae_live.chip.vgm.reader import vgm_to_writes
from nesvae_live.chip.vgm.registerlog import VGM_RATE, RegisterLog
from nesvae_live.chip.vgm.writer import writes_to_vgm

Source = ExprScore | SeprScore | RegisterLog | Timeline

READERS: dict[str, Callable[[bytes], Source]] = {
    ".exprsco.pkl": loads_exprsco,
    ".seprsco.pkl": loads_seprsco,
    ".blndsco.pkl": loads_blndsco,
    ".nlm.pkl": loads_nlm,
    ".npz": loads_npz,
    ".vgm": vgm_to_writes,
    ".vgz": vgm_to_writes,
}
"""The end of a file's name -> what reads it; each raises ValueError for what it can't read."""

SCORE_RATE = 24.0
"""The step rate of NES-MDB's scores, used for sources that have none of their own."""

CHUNK_SECONDS = 1
"""How many seconds are rendered at a time."""


def to_log(source: Source) -> tuple[int, RegisterLog]:
    """The sample rate at which the chip's writes are stamped, and the writes.

    Raises:
        ValueError: it would last for more hours than a file can say.
    """
    if isinstance(source, ExprScore | SeprScore):
        return VGM_RATE, score_to_writes(source)
    if source.nsamps > MOST_SAMPLES:
        raise ValueError(
            f"it is too long: it would last {source.nsamps / VGM_RATE / 3600:.0f} hours"
        )
    if isinstance(source, RegisterLog):
        return VGM_RATE, source
    return source.rate, timeline_to_log(source)


def to_vgm_log(source: Source) -> RegisterLog:
    """The source's writes as a VGM file has them, at 44.1 kHz."""
    return at_vgm_rate(*to_log(source))


def at_vgm_rate(rate: int, log: RegisterLog) -> RegisterLog:
    """A log whose samples are counted at another rate, at 44.1 kHz."""
    if rate == VGM_RATE:
        return log
    writes = log.writes.copy()
    writes[:, 0] = writes[:, 0] * VGM_RATE // rate
    return replace(log, nsamps=log.nsamps * VGM_RATE // rate, writes=writes)


def to_vgm(source: Source) -> bytes:
    """The source as a VGM file; a score gives nesmdb's file to the byte."""
    if isinstance(source, ExprScore | SeprScore):
        return score_to_vgm(source)
    return writes_to_vgm(to_vgm_log(source))


def to_midi(source: Source) -> bytes:
    """The source as a MIDI file in NES-MDB's convention."""
    return timeline_to_midi(to_timeline(source))


def to_timeline(source: Source) -> Timeline:
    """The source as a timeline, if it is none."""
    if isinstance(source, RegisterLog):
        return log_to_timeline(source)
    return source if isinstance(source, Timeline) else score_to_timeline(source)


def to_exprsco(source: Source, rate: float | None = None) -> ExprScore:
    """The source as a score of `rate` steps a second (None: a score's own rate, or 24).

    At its own rate a score stays as it is; otherwise each step gets what sounded for longest in it.
    Bends between notes are lost, since a score has none, and so is what is shorter than a step.
    """
    if isinstance(source, SeprScore):
        source = separated_to_expressive(source)
    if isinstance(source, ExprScore) and rate in {None, source.rate}:
        return source
    return log_to_exprsco(to_vgm_log(source), SCORE_RATE if rate is None else rate)


def queue_writes(rate: int, log: RegisterLog, chip: Apu) -> int:
    """Reset a chip and queue all writes, stamped at `rate`; returns how many samples they last.

    That is one sample fewer than the log says: as in nesmdb's renderer, a write stamped t >= 1 acts
    before sample t - 1. If `rate` is not the chip's, times are scaled and rounded down.
    """
    writes = log.writes.copy()
    writes[:, 0] = np.maximum(writes[:, 0] - 1, 0) * chip.sample_rate // rate
    chip.load(writes, log.clock)
    return max(log.nsamps - 1, 0) * chip.sample_rate // rate


def log_to_blocks(
    rate: int, log: RegisterLog, chip: Apu, *, stems: bool
) -> Iterator[tuple[npt.NDArray[np.int16], npt.NDArray[np.int16] | None]]:
    """Render writes stamped at `rate`, block by block: the mix `[n]` and the stems `[n, 4]`.

    Of a log that uses the DMC the stems are `[n, 5]`. At 44.1 kHz these are the samples of nesmdb's
    renderer, including their DC.
    """
    frames = queue_writes(rate, log, chip)
    while (left := frames - chip.position) > 0:
        mix = np.empty(min(left, CHUNK_SECONDS * chip.sample_rate), dtype=np.int16)
        if stems:
            yield mix, chip.render_stems(len(mix), mix=mix, dmc=log.uses_dmc)
        else:
            yield chip.render(len(mix), mix), None


def vgm_to_samples(data: bytes, chip: Apu) -> npt.NDArray[np.int16]:
    """Render a VGM file on a chip, which is reset first: int16 `[frames]`, with DC."""
    return chip.render(queue_writes(VGM_RATE, vgm_to_writes(data), chip))
