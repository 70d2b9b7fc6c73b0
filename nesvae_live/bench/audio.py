"""`nesvae-live bench audio`: whether the sound is on time, measured through JACK.

Each block size gets a JACK server of its own (dummy driver). On it run, one after the other, an
empty client, four `Osc` tables of pyo, and the chip; each alone, and beside the whole instrument
under full load. An empty client stays throughout and counts the server's xruns. Each engine runs
in a process of its own (`bench.case`).

Where the system allows it the server is real-time, as on stage, and then libjack makes the threads
of all its clients so, whatever the engine. Cases take turns in rounds, so that whatever else the
machine does meets every case.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from nesvae_live.bench.case import ENGINES, READY, Case, Figures
from nesvae_live.bench.knobs import Controller
from nesvae_live.bench.server import SAMPLE_RATE, BenchError, XrunCounter, bench_server
from nesvae_live.chip.apu import Apu
from nesvae_live.chip.registers import RegisterWriter
from nesvae_live.io.realtime import realtime_granted
from nesvae_live.music.voices import Voice

FRAMES = (64, 128, 256, 512)
CASE_SECONDS = 60.0
"""How much longer than its measured time a case may take: the load compiles everything."""

OFFLINE_SECONDS = 60
"""How much sound is rendered as fast as it goes."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case and its figures; `xruns` are the server's meanwhile."""

    frames: int
    engine: str
    loaded: bool
    xruns: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that was measured; `load_average` is the machine's before and after.

    Each case was measured for `seconds` in all, in `rounds` parts. `realtime` is whether the
    server was real-time, None where it is somebody else's.
    """

    seconds: float
    rounds: int
    realtime: bool | None
    sample_rate: int
    cores: int
    load_average: tuple[float, float]
    offline_speed: float
    rows: tuple[Row, ...]


def bench_audio(
    seconds: float,
    frames: Sequence[int] = FRAMES,
    engines: Sequence[str] = ENGINES,
    *,
    loads: Sequence[bool] = (False, True),
    rounds: int = 1,
    realtime: bool | None = None,
    server: str | None = None,
    say: Any = print,
) -> Bench:
    """Measure every case for `seconds` in all, in `rounds` parts that take turns.

    `loads` says which cases to measure: alone (False), under load (True). `server` names a running
    JACK server to measure on; otherwise `realtime` says whether ours are real-time, by default if
    the system allows it.

    Raises:
        BenchError: there is no JACK, it may not be real-time, or a case failed.
    """
    granted = server is None and realtime is not False and realtime_granted()
    if realtime and not granted:
        raise BenchError("real-time scheduling is not granted here (see `ulimit -r`)")
    before = os.getloadavg()[0]
    rows: list[Row] = []
    for period in frames if server is None else (0,):
        cases = [(engine, loaded) for engine in engines for loaded in loads]
        parts: dict[tuple[str, bool], list[Row]] = {case: [] for case in cases}
        with bench_server(server, period, realtime=granted) as (name, client, counter):
            for number in range(rounds):
                for engine, loaded in cases if number % 2 == 0 else reversed(cases):
                    case = Case(engine, loaded=loaded, seconds=seconds / rounds)
                    row = _measure(case, name, client, counter)
                    parts[engine, loaded].append(row)
                    if rounds > 1:
                        say(row_to_text(row))
        together = [sum_of_rows(parts[case]) for case in cases]
        for row in together:
            say(row_to_text(row))
        rows += together
    speed = offline_speed()
    return Bench(
        seconds=seconds,
        rounds=rounds,
        realtime=granted if server is None else None,
        sample_rate=SAMPLE_RATE,
        cores=os.cpu_count() or 1,
        load_average=(round(before, 2), round(os.getloadavg()[0], 2)),
        offline_speed=round(speed, 1),
        rows=tuple(rows),
    )


def sum_of_rows(rows: Sequence[Row]) -> Row:
    """Combine equally long parts of one case: counts are summed up, the CPU is the mean."""
    figures = {
        field.name: sum(getattr(row.figures, field.name) for row in rows)
        for field in fields(Figures)
    }
    figures["cpu"] = round(figures["cpu"] / len(rows), 4)
    first = rows[0]
    xruns = sum(row.xruns for row in rows)
    return Row(first.frames, first.engine, first.loaded, xruns, Figures(**figures))


def offline_speed(seconds: int = OFFLINE_SECONDS) -> float:
    """How many times faster than real time the chip renders four busy voices at 44.1 kHz."""
    chip, registers = Apu(), RegisterWriter()
    rng = np.random.default_rng(1)
    chip.render(64)
    out = np.empty(chip.sample_rate, dtype=np.int16)
    began = time.perf_counter()
    for second in range(seconds):
        for step in range(24):
            sample = second * chip.sample_rate + step * chip.sample_rate // 24
            for voice in Voice:
                note = int(rng.integers(1, 17) if voice is Voice.NO else rng.integers(40, 90))
                volume = 0 if voice is Voice.TR else int(rng.integers(1, 16))
                for address, value in registers.set(voice, note, volume):
                    chip.write(address, value, sample)
        chip.render(len(out), out)
    return seconds / (time.perf_counter() - began)


HEAD = (
    f"{'frames':>6} {'engine':<7}{'load':<7}{'blocks':>7}{'late':>6}{'xruns':>7}{'underruns':>10}"
)
HEAD += f"{'CPU %':>7}{'decodes':>9}{'inputs':>8}"


def row_to_text(row: Row) -> str:
    """Format a row as a line of the table, under `HEAD`."""
    f = row.figures
    load = "loaded" if row.loaded else "alone"
    text = f"{row.frames:>6} {row.engine:<7}{load:<7}{f.blocks:>7}{f.blocks_late:>6}{row.xruns:>7}"
    return text + f"{f.underruns:>10}{100 * f.cpu:>7.1f}{f.decodes:>9}{f.inputs:>8}"


def bench_to_text(bench: Bench) -> str:
    """The lines under the table."""
    before, after = bench.load_average
    scheduling = {True: "real-time", False: "not real-time", None: "as it was found"}
    return (
        f"server: {scheduling[bench.realtime]}; offline: {bench.offline_speed} x real time; "
        f"load average of {bench.cores} cores: {before} before, {after} after"
    )


def bench_to_json(bench: Bench) -> str:
    """Everything as JSON."""
    return json.dumps(asdict(bench), indent=2)


def _measure(case: Case, server: str, client: Any, counter: XrunCounter) -> Row:
    """Run a case in a process of its own; the xruns are those from its beginning to its end."""
    command = [sys.executable, "-m", "nesvae_live.bench.case", json.dumps(asdict(case))]
    environment = {**os.environ, "JACK_DEFAULT_SERVER": server, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(  # noqa: S603 - our own module
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            ready = process.stdout.readline().strip() == READY
            with Controller(server) if case.loaded else nullcontext() as controller:
                joined = controller is None or (ready and controller.join(client))
                began = process.stdout.readline()
                xruns = counter.xruns
                line = process.stdout.readline()
                xruns = counter.xruns - xruns
            process.communicate(timeout=CASE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        except BaseException:  # we are to end: it must neither play on nor be waited for
            process.kill()
            raise
    if not joined or not began or not line:
        raise BenchError(f"the case {case.engine!r} failed; its output is above")
    return Row(client.blocksize, case.engine, case.loaded, xruns, Figures(**json.loads(line)))
