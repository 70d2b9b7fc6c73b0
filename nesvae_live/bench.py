"""`nesvae-live bench audio`: whether the sound keeps its time, measured through JACK.

For each block size a JACK server of its own (dummy driver), and on it, one after the other: an
empty client, four `Osc` tables of pyo's, and the chip; each alone, and beside the whole instrument
at its hardest. An empty client stays throughout and counts the server's xruns. What an engine does
runs in a process of its own (`benchcase`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nesvae_live.apu import Apu
from nesvae_live.benchcase import ENGINES, Case, Figures
from nesvae_live.jackwatch import hush_libjack
from nesvae_live.registers import RegisterWriter
from nesvae_live.voices import Voice

SAMPLE_RATE = 48_000
FRAMES = (64, 128, 256, 512)
START_SECONDS = 15.0
CASE_SECONDS = 60.0
"""What a case may take over its measured time: the load compiles and opens everything."""

OFFLINE_SECONDS = 60
"""Of sound, rendered as fast as it goes."""


class BenchError(Exception):
    """It can't be measured here; one line says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case and what came of it; `xruns` of the server meanwhile, `cpu` in cores."""

    frames: int
    engine: str
    loaded: bool
    xruns: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Bench:
    """All that was measured; `load_average` of the machine before and after, for `cores` cores."""

    seconds: float
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
    server: str | None = None,
    say: Any = print,
) -> Bench:
    """Measure every case for `seconds`; `server` names a running JACK server to measure on.

    Raises:
        BenchError: there is no JACK, or a case failed.
    """
    before = os.getloadavg()[0]
    rows: list[Row] = []
    for period in frames if server is None else (0,):
        with _server(server, period) as (name, client, counter):
            for engine in engines:
                for loaded in (False, True):
                    row = _measure(
                        Case(engine, loaded=loaded, seconds=seconds), name, client, counter
                    )
                    rows.append(row)
                    say(row_to_text(row))
    speed = offline_speed()
    after = os.getloadavg()[0]
    load = (round(before, 2), round(after, 2))
    return Bench(seconds, SAMPLE_RATE, os.cpu_count() or 1, load, round(speed, 1), tuple(rows))


def offline_speed(seconds: int = OFFLINE_SECONDS) -> float:
    """How many times faster than it sounds the chip renders four busy voices at 44.1 kHz."""
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
    """A line of the table, under `HEAD`."""
    f = row.figures
    load = "loaded" if row.loaded else "alone"
    text = f"{row.frames:>6} {row.engine:<7}{load:<7}{f.blocks:>7}{f.blocks_late:>6}{row.xruns:>7}"
    return text + f"{f.underruns:>10}{100 * f.cpu:>7.1f}{f.decodes:>9}{f.inputs:>8}"


def bench_to_json(bench: Bench) -> str:
    """All of it as JSON."""
    return json.dumps(asdict(bench), indent=2)


class _XrunCounter:
    """The empty client: it does nothing with each block, and counts what the server complains of."""

    def __init__(self) -> None:
        self.xruns = 0

    def __call__(self, _delayed_usecs: float) -> None:
        """Count one. Runs in libjack's thread for notices."""
        self.xruns += 1


@contextmanager
def _server(name: str | None, period: int) -> Iterator[tuple[str, Any, _XrunCounter]]:
    """A running server's name, our empty client of it, and its counter."""
    process = None
    if name is None:
        name = f"nesvae_bench_{os.getpid()}"
        process = _start_server(name, period)
    try:
        client = _open_client(name)
        counter = _XrunCounter()
        client.set_xrun_callback(counter)
        client.activate()
        try:
            yield name, client, counter
        finally:
            client.deactivate()
            client.close()
    finally:
        if process is not None:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def _start_server(name: str, period: int) -> subprocess.Popen[bytes]:
    jackd, wait = shutil.which("jackd"), shutil.which("jack_wait")
    if jackd is None or wait is None:
        raise BenchError("jackd is not installed (on Debian: apt install jackd2)")
    command = [jackd, "-r", "-n", name, "-d", "dummy", "-r", str(SAMPLE_RATE), "-p", str(period)]
    process = subprocess.Popen(  # noqa: S603 - the user's own server
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last and process.poll() is None:
        done = subprocess.run(  # noqa: S603 - likewise
            [wait, "-s", name, "-c"], capture_output=True, check=False
        )
        if done.stdout.strip() == b"running":
            return process
        time.sleep(0.05)
    process.terminate()
    raise BenchError(f"no JACK server could be started: try {' '.join(command)}")


def _open_client(name: str) -> Any:
    os.environ["JACK_NO_START_SERVER"] = "1"
    try:
        import jack
    except (ImportError, OSError):
        raise BenchError("JACK-Client can't be used: pip install JACK-Client, and jackd2") from None
    hush_libjack()
    try:
        return jack.Client("nesvae_bench", no_start_server=True, servername=name)
    except jack.JackError:
        raise BenchError(f"the JACK server {name!r} does not answer") from None


def _measure(case: Case, server: str, client: Any, counter: _XrunCounter) -> Row:
    """Run a case in a process of its own; it says when it begins and, at the end, its figures."""
    command = [sys.executable, "-m", "nesvae_live.benchcase", json.dumps(asdict(case))]
    environment = {**os.environ, "JACK_DEFAULT_SERVER": server, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(  # noqa: S603 - our own module
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        began = process.stdout.readline()
        xruns = counter.xruns
        line = process.stdout.readline()
        xruns = counter.xruns - xruns
        try:
            process.communicate(timeout=CASE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    if not began or not line:
        raise BenchError(f"the case {case.engine!r} failed; what it said is above")
    return Row(client.blocksize, case.engine, case.loaded, xruns, Figures(**json.loads(line)))
