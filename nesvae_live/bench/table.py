"""The results of `bench timing`: a line for each case, and everything as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from nesvae_live.bench.spread import Spread

TURNS_PER_SECOND = 100
"""How often knobs are turned in every case."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The results of a case, in milliseconds; None: not measured in this case.

    `notes`: from the time for which a note was meant to the frame on which the listener had it.
    `frames`: the same in whole frames from the due one, without sign. `rtmidi`: as `notes`, of the
    same notes sent beside through RtMidi. `stamps`: from the frame at which a knob's message was
    written to its stamp in the instrument's log. `clock`: the
    same for clock messages; `clock_jitter`: how far the intervals between them are from their
    median. `knob`: from a knob's message at the port to the start of the first tuple decoded from
    it. `phase`: how far notes lie from where they belong between the source's clocks, without
    sign; `phase_p50`: with sign. `lost` notes never came: the server loses the messages of a
    client in a cycle for which it was late (`xruns`).
    """

    name: str
    notes: Spread | None = None
    frames: Spread | None = None
    rtmidi: Spread | None = None
    stamps: Spread | None = None
    clock: Spread | None = None
    clock_jitter: Spread | None = None
    knob: Spread | None = None
    phase: Spread | None = None
    phase_p50: float | None = None
    turns: int = 0
    missed: int = 0
    splices: int = 0
    splices_late: int = 0
    events_late: int = 0
    underruns: int = 0
    xruns: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class TimingBench:
    """Everything that was measured, `seconds` a case.

    `ratio` is how many times later the usual way's notes are than ours with `now`, at their 99th
    percentiles; `ratio_file` is the same for the way in which files are played. None: not measured.
    """

    seconds: float
    frames: int
    sample_rate: int
    realtime: bool
    cores: int
    load_average: tuple[float, float]
    ratio: float | None
    ratio_file: float | None
    cases: tuple[Timing, ...]


HEAD = f"{'case':<8}{'notes p50':>10}{'p99':>7}{'max':>8}{'frames p99':>12}{'stamp p99':>11}"
HEAD += f"{'rtmidi p50':>12}{'p99':>7}{'clock p99':>11}{'jitter p99':>11}"
HEAD += f"{'phase p50':>11}{'p99':>7}{'knob p50':>10}{'p95':>7}{'missed':>8}{'swaps late':>13}"


def timing_to_text(timing: Timing) -> str:
    """Format a case as a line of the table, under `HEAD`."""

    def show(spread: Spread | None, name: str, width: int, digits: int = 2) -> str:
        return f"{'-' if spread is None else f'{getattr(spread, name):.{digits}f}':>{width}}"

    phase = "-" if timing.phase_p50 is None else f"{timing.phase_p50:.2f}"
    late = f"{timing.splices_late} of {timing.splices + timing.splices_late}"
    return (
        f"{timing.name:<8}{show(timing.notes, 'p50', 10)}{show(timing.notes, 'p99', 7)}"
        f"{show(timing.notes, 'max', 8)}{show(timing.frames, 'p99', 12, 0)}"
        f"{show(timing.stamps, 'p99', 11, 3)}{show(timing.rtmidi, 'p50', 12)}"
        f"{show(timing.rtmidi, 'p99', 7)}{show(timing.clock, 'p99', 11)}"
        f"{show(timing.clock_jitter, 'p99', 11)}{phase:>11}{show(timing.phase, 'p99', 7)}"
        f"{show(timing.knob, 'p50', 10, 0)}{show(timing.knob, 'p95', 7, 0)}"
        f"{timing.missed:>8}{late:>13}"
    )


def timings_to_text(bench: TimingBench) -> str:
    """The lines under the table."""
    before, after = bench.load_average
    period = 1e3 * bench.frames / bench.sample_rate
    ratio = "the usual way was not measured: it needs torch"
    if bench.ratio is not None:
        ratio = (
            f"notes come {bench.ratio} times later the usual way, which sleeps between messages, "
            f"{bench.ratio_file} times as a file is played (99th percentiles, of `now`)"
        )
    return (
        f"milliseconds, but for frames; rtmidi: the same notes, sent beside; a JACK period is {period:.2f}; server "
        f"{'real-time' if bench.realtime else 'not real-time'}; {TURNS_PER_SECOND} turns of knobs "
        f"a second; load average of {bench.cores} cores: {before} before, {after} after\n{ratio}"
    )


def timings_to_json(bench: TimingBench) -> str:
    """Everything as JSON."""
    return json.dumps(asdict(bench), indent=2)
