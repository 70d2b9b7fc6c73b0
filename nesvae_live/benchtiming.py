"""`nesvae-live bench timing`: whether notes, clocks and knobs are in time, through real ports.

On a JACK server of its own (dummy driver): the instrument with its sound on, in each swap mode,
while a listener turns knobs 100 times a second and hears notes and clock; then behind
`jack_midi_clock`; then, in the same run, the usual Python way (`benchusual`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from itertools import accumulate, pairwise
from statistics import median
from typing import Any

from nesvae_live.benchear import CLOCK, KNOBS, NOTES, SOURCE, Caught, Ear
from nesvae_live.benchplay import Meant, PlayCase
from nesvae_live.benchserver import SAMPLE_RATE, BenchError, bench_server
from nesvae_live.follower import Status
from nesvae_live.realtime import realtime_granted
from nesvae_live.timing import CLOCKS_PER_BEAT

FRAMES = 256
TURNS_PER_SECOND = 100
SWAPS = ("now", "beat", "bar")
SETTLE_SECONDS = 1.0
END_SECONDS = 60.0
FOLLOWED_TEMPO = 123.4
MIDI_CLOCK = "jack_midi_clock"


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number of milliseconds are spread; `n` of them."""

    n: int
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Timing:
    """What came of a case, in milliseconds.

    `notes`: from the time for which a note was meant to when the listener had it. `clock`: the
    same of clocks; `clock_jitter`: how far intervals between clocks are from their median.
    `knob`: from a knob's message at the port to the start of the first tuple decoded from it.
    `phase`: how far notes lie from where they belong between the source's clocks, without sign;
    `phase_p50` with it. None: not in this case.
    """

    name: str
    notes: Spread | None = None
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


@dataclass(frozen=True, slots=True)
class TimingBench:
    """All that was measured, `seconds` a case.

    `ratio` is how many times later the usual way's notes are than ours with `now`, at their 99th
    percentiles; None: torch isn't installed.
    """

    seconds: float
    frames: int
    sample_rate: int
    realtime: bool
    cores: int
    load_average: tuple[float, float]
    ratio: float | None
    cases: tuple[Timing, ...]


def bench_timing(
    seconds: float,
    swaps: Sequence[str] = SWAPS,
    *,
    beside: bool = True,
    say: Callable[[str], None] = print,
) -> TimingBench:
    """Measure each case for `seconds`; `beside` with the source and the usual way too.

    Raises:
        BenchError: there is no JACK, or a case failed.
    """
    before, realtime = os.getloadavg()[0], realtime_granted()
    cases: list[Timing] = []
    with bench_server(None, FRAMES, realtime=realtime) as (server, _, counter):
        runs: list[Callable[[], Timing]] = [
            lambda swap=swap: _measure_play(server, swap, seconds)  # type: ignore[misc]
            for swap in swaps
        ]
        if beside:
            runs += [lambda: _measure_follow(server, seconds)] if shutil.which(MIDI_CLOCK) else []
            runs += [lambda: _measure_usual(server, seconds)] if find_spec("torch") else []
        for run in runs:
            xruns = counter.xruns
            timing = run()
            cases.append(Timing(**_fields(timing) | {"xruns": counter.xruns - xruns}))
            say(timing_to_text(cases[-1]))
    by_name = {case.name: case.notes for case in cases}
    ours, usual = by_name.get("now"), by_name.get("usual")
    return TimingBench(
        seconds=seconds,
        frames=FRAMES,
        sample_rate=SAMPLE_RATE,
        realtime=realtime,
        cores=os.cpu_count() or 1,
        load_average=(round(before, 2), round(os.getloadavg()[0], 2)),
        ratio=round(usual.p99 / ours.p99, 1) if ours and usual else None,
        cases=tuple(cases),
    )


def _fields(timing: Timing) -> dict[str, Any]:
    return {name: getattr(timing, name) for name in Timing.__dataclass_fields__}


HEAD = f"{'case':<8}{'notes p50':>10}{'p99':>7}{'max':>8}{'clock p99':>11}{'jitter p99':>11}"
HEAD += f"{'phase p50':>11}{'p99':>7}{'knob p50':>10}{'p95':>7}{'missed':>8}{'swaps late':>13}"


def timing_to_text(timing: Timing) -> str:
    """A line of the table, under `HEAD`."""

    def show(spread: Spread | None, name: str, width: int, digits: int = 2) -> str:
        return f"{'-' if spread is None else f'{getattr(spread, name):.{digits}f}':>{width}}"

    phase = "-" if timing.phase_p50 is None else f"{timing.phase_p50:.2f}"
    late = f"{timing.splices_late} of {timing.splices + timing.splices_late}"
    return (
        f"{timing.name:<8}{show(timing.notes, 'p50', 10)}{show(timing.notes, 'p99', 7)}"
        f"{show(timing.notes, 'max', 8)}{show(timing.clock, 'p99', 11)}"
        f"{show(timing.clock_jitter, 'p99', 11)}{phase:>11}{show(timing.phase, 'p99', 7)}"
        f"{show(timing.knob, 'p50', 10, 0)}{show(timing.knob, 'p95', 7, 0)}"
        f"{timing.missed:>8}{late:>13}"
    )


def timings_to_text(bench: TimingBench) -> str:
    """What stands under the table."""
    before, after = bench.load_average
    period = 1e3 * bench.frames / bench.sample_rate
    ratio = "the usual way was not measured: it needs torch"
    if bench.ratio is not None:
        ratio = f"the usual way's notes are {bench.ratio} times later (99th percentiles)"
    return (
        f"milliseconds; a JACK period is {period:.2f}; server "
        f"{'real-time' if bench.realtime else 'not real-time'}; {TURNS_PER_SECOND} turns of knobs "
        f"a second; load average of {bench.cores} cores: {before} before, {after} after\n{ratio}"
    )


def timings_to_json(bench: TimingBench) -> str:
    """All of it as JSON."""
    return json.dumps(asdict(bench), indent=2)


def spread(milliseconds: Iterable[float]) -> Spread | None:
    """How they are spread; None: there are none."""
    ordered = sorted(milliseconds)
    if not ordered:
        return None
    last = len(ordered) - 1
    at = (round(ordered[round(share * last)], 3) for share in (0.5, 0.95, 0.99, 1.0))
    return Spread(len(ordered), *at)


def match_notes(meant: Meant, caught: Sequence[Caught]) -> list[tuple[float, float, Caught]]:
    """(due time, beat, what was caught) of each note that came, channel by channel in order.

    What was sent before the listener listened, and what was silenced, has no match.
    """
    heard: Mapping[int, list[Caught]] = defaultdict(list)
    for item in caught:
        if item.port == NOTES and item.data[0] & 0xF0 == 0x90 and item.data[2] > 0:
            heard[item.data[0] & 0x0F].append(item)
    matched = []
    for channel, items in heard.items():
        due = [note for note in meant.notes if note[2] == channel]
        names = [note[3] for note in due]
        # The listener misses a beginning, never a note in between.
        came = [item.data[1] for item in items]
        skip = next((i for i in range(len(due)) if names[i : i + len(came)] == came), None)
        if skip is None:
            raise BenchError("what was heard is not what was played")
        matched += [
            (at, beat, item) for (at, beat, *_), item in zip(due[skip:], items, strict=False)
        ]
    return matched


def knob_latencies(meant: Meant, turned: Sequence[float]) -> list[float]:
    """From each turn at the port to the start of the first tuple decoded from it, in ms.

    A turn has been taken when its message was stamped; a decode that was asked for after that
    holds it, or a newer one of the same knob.
    """
    decoded = sorted(meant.decoded)
    asked = [at for at, _ in decoded]
    starts = list(accumulate((start for _, start in reversed(decoded)), min))[::-1]
    latencies = []
    for at, taken in zip(turned, meant.turned, strict=False):
        first = bisect_left(asked, taken)
        if first < len(decoded):
            latencies.append(1e3 * (starts[first] - at))
    return latencies


def clock_lateness(meant: Meant, caught: Sequence[Caught]) -> tuple[list[float], list[float]]:
    """How late clocks came, and how far their intervals are from the median, in ms."""
    beat, at, beat_seconds = meant.lines[0]
    stamps = [item.at for item in caught if item.port == CLOCK and item.data[0] == Status.CLOCK]
    clock_seconds = beat_seconds / CLOCKS_PER_BEAT
    zero = at - beat * beat_seconds
    # A clock is less than half an interval late, or another one's.
    phases = [(stamp - zero) / clock_seconds for stamp in stamps]
    late = [1e3 * clock_seconds * (phase - round(phase)) for phase in phases]
    gaps = [1e3 * (after - before) for before, after in pairwise(stamps)]
    usual = median(gaps) if gaps else 0.0
    return late, [abs(gap - usual) for gap in gaps]


def phases(meant: Meant, caught: Sequence[Caught], rate: int) -> list[float]:
    """How far notes lie behind their place between the source's clocks, in ms, with sign."""
    lines: list[int] = []
    for item in caught:
        if item.port == SOURCE and item.data[0] == Status.START:
            lines = []
        elif item.port == SOURCE and item.data[0] == Status.CLOCK:
            lines.append(item.frame)
    found = []
    for _, beat, item in match_notes(meant, caught):
        clocks = beat * CLOCKS_PER_BEAT
        before = int(clocks)
        if before + 1 < len(lines):
            place = lines[before] + (clocks - before) * (lines[before + 1] - lines[before])
            found.append(1e3 * (item.frame - place) / rate)
    return found


@contextmanager
def _program(module: str, *arguments: str, server: str) -> Iterator[Callable[[], dict[str, Any]]]:
    """Run a case in a process of its own, once it is ready; what stops it gives what it says."""
    environment = {**os.environ, "JACK_DEFAULT_SERVER": server, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"nesvae_live.{module}", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def stop() -> dict[str, Any]:
            try:
                said, _ = process.communicate("stop\n", timeout=END_SECONDS)
                answer: dict[str, Any] = json.loads(said)
            except (subprocess.TimeoutExpired, json.JSONDecodeError, BrokenPipeError):
                raise BenchError(f"{module} failed; what it said is above") from None
            return answer

        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise BenchError(f"{module} failed; what it said is above")
            yield stop
        finally:
            process.kill()


@contextmanager
def _ear(server: str) -> Iterator[Ear]:
    before = os.environ.get("JACK_DEFAULT_SERVER")
    os.environ["JACK_DEFAULT_SERVER"] = server  # its process has it from here
    try:
        with Ear() as ear:
            yield ear
    finally:
        if before is None:
            del os.environ["JACK_DEFAULT_SERVER"]
        else:
            os.environ["JACK_DEFAULT_SERVER"] = before


def _measure_play(server: str, swap: str, seconds: float) -> Timing:
    case = json.dumps(asdict(PlayCase(swap=swap)))
    with _ear(server) as ear, _program("benchplay", case, server=server) as stop:
        ear.connect(NOTES, "nesvae_live_out")
        ear.connect(CLOCK, "nesvae_live_clock")
        ear.connect(KNOBS, "nesvae_live_in")
        time.sleep(SETTLE_SECONDS)
        ear.take()
        ear.turn(TURNS_PER_SECOND)
        time.sleep(seconds)
        ear.turn(0)
        time.sleep(SETTLE_SECONDS)
        caught, turned = ear.take()
        meant = _to_meant(stop())
    late, jitter = clock_lateness(meant, caught)
    return _counted(
        meant,
        name=swap,
        notes=spread(1e3 * (item.at - due) for due, _, item in match_notes(meant, caught)),
        clock=spread(late),
        clock_jitter=spread(jitter),
        knob=spread(knob_latencies(meant, turned)),
        turns=len(turned),
    )


def _measure_follow(server: str, seconds: float) -> Timing:
    case = json.dumps(asdict(PlayCase(clock="midi", swap="bar")))
    with ExitStack() as stack:
        ear = stack.enter_context(_ear(server))
        stop = stack.enter_context(_program("benchplay", case, server=server))
        clock = subprocess.Popen(  # noqa: S603 - the user's own
            [MIDI_CLOCK, "-b", str(FOLLOWED_TEMPO)],
            env={**os.environ, "JACK_DEFAULT_SERVER": server},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(clock.wait)
        stack.callback(clock.terminate)
        ear.transport("stop")
        ear.transport("locate", 0)
        ear.connect(NOTES, "nesvae_live_out")
        ear.connect(SOURCE, MIDI_CLOCK)
        ear.connect(KNOBS, "nesvae_live_in")
        _connect(server, f"{MIDI_CLOCK}:mclk_out", "nesvae_live_in:nesvae_live in")
        time.sleep(SETTLE_SECONDS)  # what is sent as ports are being connected gets lost
        ear.transport("start")
        ear.turn(TURNS_PER_SECOND)
        time.sleep(seconds)
        ear.turn(0)
        caught, turned = ear.take()
        ear.transport("stop")
        meant = _to_meant(stop())
    signed = phases(meant, caught, SAMPLE_RATE)
    middle = spread(signed)
    return _counted(
        meant,
        name="follow",
        notes=spread(1e3 * (item.at - due) for due, _, item in match_notes(meant, caught)),
        phase=spread(abs(phase) for phase in signed),
        phase_p50=middle.p50 if middle else None,
        turns=len(turned),
    )


def _measure_usual(server: str, seconds: float) -> Timing:
    with _ear(server) as ear, _program("benchusual", server=server) as stop:
        ear.connect(NOTES, "usual_out")
        ear.connect(KNOBS, "usual_in")
        time.sleep(SETTLE_SECONDS)
        ear.take()
        ear.turn(TURNS_PER_SECOND)
        time.sleep(seconds)
        ear.turn(0)
        caught, turned = ear.take()
        said = stop()
    meant = Meant(notes=tuple((*note,) for note in said["notes"]))
    late = spread(1e3 * (item.at - due) for due, _, item in match_notes(meant, caught))
    return Timing(name="usual", notes=late, turns=len(turned))


def _to_meant(said: dict[str, Any]) -> Meant:
    lists = {
        name: tuple(tuple(item) if isinstance(item, list) else item for item in value)
        for name, value in said.items()
        if isinstance(value, list)
    }
    return Meant(**said | lists)


def _counted(meant: Meant, **measured: Any) -> Timing:
    """What was measured, with what the instrument counted."""
    names = ("missed", "splices", "splices_late", "events_late", "underruns")
    return Timing(**measured, **{name: getattr(meant, name) for name in names})


def _connect(server: str, source: str, target: str) -> None:
    command = ["jack_connect", "-s", server, source, target]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - JACK's own
    if done.returncode:
        raise BenchError(f"{source} can't be connected to {target}: {done.stderr.decode().strip()}")
