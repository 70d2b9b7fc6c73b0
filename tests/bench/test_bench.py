"""The bench measures what it says, and what it measures is good enough to play on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from nesvae_live.bench import audio as bench
from nesvae_live.bench.audio import (
    HEAD,
    Bench,
    Row,
    bench_audio,
    bench_to_json,
    bench_to_text,
    row_to_text,
    sum_of_rows,
)
from nesvae_live.bench.case import ENGINES, Figures
from nesvae_live.bench.server import BenchError, XrunCounter
from nesvae_live.cli.main import main
from tests.support.waiting import wait_until

SOAK_SECONDS = 300.0
SOAK_ROUNDS = 10


def of(result: Bench, frames: int, engine: str, *, loaded: bool) -> Row:
    (row,) = [
        row
        for row in result.rows
        if (row.frames, row.engine, row.loaded) == (frames, engine, loaded)
    ]
    return row


def test_figures_since_are_differences_and_cpu_is_a_share_of_the_time() -> None:
    earlier = Figures(blocks=100, blocks_late=1, inputs=5, cpu=2.0)
    later = Figures(blocks=300, blocks_late=1, inputs=7, cpu=3.0)
    assert later.since(earlier, 4.0) == Figures(blocks=200, inputs=2, cpu=0.25)


def test_a_row_stands_under_its_head() -> None:
    row = row_to_text(Row(64, "chip", True, 12, Figures(blocks=750, underruns=3, cpu=0.5)))
    assert len(row) == len(HEAD)
    assert row.split() == ["64", "chip", "loaded", "750", "0", "12", "3", "50.0", "0", "0"]


def test_the_parts_of_a_case_are_summed_up_and_their_cpu_is_the_mean() -> None:
    parts = [
        Row(64, "chip", True, 1, Figures(blocks=10, blocks_late=1, decodes=4, cpu=0.5)),
        Row(64, "chip", True, 2, Figures(blocks=12, underruns=1, decodes=3, cpu=0.2)),
    ]
    together = Figures(blocks=22, blocks_late=1, underruns=1, decodes=7, cpu=0.35)
    assert sum_of_rows(parts) == Row(64, "chip", True, 3, together)


def test_complaints_of_one_cycle_are_one_xrun(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = XrunCounter(period=256 / 48_000)
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for now in (1.0, 1.0001, 1.002, 1.005, 1.0051, 1.02):  # noqa: B007 - what the clock reads
        counter(0.0)
    assert counter.xruns == 3, "of three cycles, two of them one after the other"


def test_real_time_that_is_not_granted_is_one_line_if_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "realtime_granted", lambda: False)
    with pytest.raises(BenchError, match="real-time scheduling is not granted here"):
        bench_audio(1.0, realtime=True, say=list)


def test_the_chip_renders_faster_than_real_time() -> None:
    assert bench.offline_speed(5) > 2.0


def test_without_jackd_the_bench_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["bench", "audio", "--seconds", "0.5"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [HEAD, "nesvae-live: jackd is not installed (on Debian: apt install jackd2)"]


@pytest.mark.jack
def test_a_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(BenchError, match="the JACK server 'nobody' does not answer"):
        bench_audio(1.0, server="nobody", say=list)


@pytest.mark.jack
@pytest.mark.timeout(240)
@pytest.mark.parametrize("engines", [("chip",), pytest.param(ENGINES, marks=pytest.mark.soak)])
def test_every_case_is_measured_and_alone_the_ring_never_runs_dry(engines: Sequence[str]) -> None:
    said: list[str] = []
    result = bench_audio(2.0, (256,), engines, say=said.append)
    assert len(said) == 2 * len(engines)
    assert f"server: {'real-time' if result.realtime else 'not'}" in bench_to_text(result)
    again = json.loads(bench_to_json(result))
    assert [row["engine"] for row in again["rows"]] == [e for e in engines for _ in range(2)]
    assert {row["frames"] for row in again["rows"]} == {256}
    for engine in {"osc", "chip"} & set(engines):
        for loaded in (False, True):
            # A busy machine makes a server lose blocks, but not most of them.
            assert of(result, 256, engine, loaded=loaded).figures.blocks > 100
    for engine in engines:
        figures = of(result, 256, engine, loaded=True).figures
        assert figures.decodes > 10
        assert figures.inputs > 200
    assert of(result, 256, "chip", loaded=False).figures.underruns == 0


@pytest.mark.jack
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM")
def test_a_bench_that_is_ended_early_leaves_no_server_behind() -> None:
    command = [
        sys.executable,
        "-m",
        "nesvae_live",
        "bench",
        "audio",
        "--engine",
        "chip",
        "--loaded",
    ]
    with subprocess.Popen([*command, "--seconds", "60"], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()
        # Listing processes all the time would take a core from what is being started.
        started = wait_until(lambda: len(family(process.pid)) > 2, timeout=30.0, every=0.2)
        beneath = family(process.pid)
        process.terminate()
        assert started, "a server and a case"
        said = process.stderr.read()
    assert process.returncode == 128 + signal.SIGTERM
    assert said == b""
    assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in beneath))


def family(pid: int) -> list[int]:
    """The processes that descend from `pid`."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    found, news = [], [pid]
    while news:
        news = [child for child, parent in pairs if parent in news]
        found += news
    return found


@pytest.mark.soak
@pytest.mark.jack
@pytest.mark.timeout(14 * SOAK_SECONDS)
def test_for_minutes_the_ring_never_runs_dry_and_no_xrun_is_the_chips() -> None:
    result = bench_audio(SOAK_SECONDS, (128, 256), rounds=SOAK_ROUNDS)
    print(bench_to_json(result))
    assert result.offline_speed >= 60, "vgm2wav makes 54 times real time"
    for frames in (128, 256):
        for loaded in (False, True):
            chip = of(result, frames, "chip", loaded=loaded)
            empty = of(result, frames, "empty", loaded=loaded)
            assert chip.figures.underruns == 0, row_to_text(chip)
            assert chip.xruns <= empty.xruns, (row_to_text(chip), row_to_text(empty))
