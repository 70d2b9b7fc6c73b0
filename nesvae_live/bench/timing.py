"""`nesvae-live bench timing`: whether notes, clocks and knobs are on time, through real ports.

It starts a JACK server of its own (dummy driver). On it plays the instrument with its sound on, in
each swap mode (`former`: `now`, with the horizon of 50 ms that once held everywhere; `plain`: `now`,
with hand-made patches and drums by the rule), while a
listener turns knobs 100 times a second and receives notes and clock; then it follows
`jack_midi_clock`. The same notes leave through RtMidi too. In the same run the usual Python way
(`bench.usual`) plays, once sleeping between messages and once as it would play a file.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from typing import Any

from nesvae_live.bench.listener import CLOCK, KNOBS, NOTES, RTMIDI, SOURCE, Caught, Listener
from nesvae_live.bench.play import RTMIDI_CLIENT, Meant, PlayCase
from nesvae_live.bench.server import SAMPLE_RATE, BenchError, bench_server
from nesvae_live.bench.spread import (
    Spread,
    clock_lateness,
    count_lost,
    knob_latencies,
    match_notes,
    phases,
    spread,
    stamp_errors,
)
from nesvae_live.bench.table import TURNS_PER_SECOND, Timing, TimingBench, timing_to_text
from nesvae_live.io.realtime import realtime_granted

FRAMES = 256
SWAPS = ("now", "beat", "bar")
SETTLE_SECONDS = 1.0
END_SECONDS = 60.0
"""For a case to end, and then as long again as it played: it reads its whole take, beside who knows what."""
FOLLOWED_TEMPO = 123.4
MIDI_CLOCK = "jack_midi_clock"
FORMER = "former"
"""The case of `now` with the horizon of 50 ms that once held everywhere."""
PLAIN = "plain"
"""The case of `now` with hand-made patches, and drums by the rule."""

USUAL, FILE = "usual", "file"
"""The two ways of `bench.usual`, and the names of their cases."""


def bench_timing(
    seconds: float,
    swaps: Sequence[str] = SWAPS,
    *,
    beside: bool = True,
    frames: int = FRAMES,
    say: Callable[[str], None] = print,
) -> TimingBench:
    """Measure each case for `seconds`; with `beside`, also behind a source and the usual way.

    The server's cycles have so many `frames`.

    Raises:
        BenchError: there is no JACK, or a case failed.
    """
    before, realtime = os.getloadavg()[0], realtime_granted()
    cases: list[Timing] = []
    with bench_server(None, frames, realtime=realtime) as (server, _, counter):
        runs: list[Callable[[], Timing]] = [
            partial(_measure_play, server, swap, seconds) for swap in swaps
        ]
        if beside and "now" in swaps:
            runs[1:1] = [
                partial(_measure_play, server, "now", seconds, name=name)
                for name in (FORMER, PLAIN)
            ]
        if beside and shutil.which(MIDI_CLOCK):
            runs.append(partial(_measure_follow, server, seconds))
        if beside and find_spec("torch"):
            runs += [partial(_measure_usual, server, way, seconds) for way in (USUAL, FILE)]
        for run in runs:
            xruns = counter.xruns
            timing = run()
            cases.append(Timing(**_fields(timing) | {"xruns": counter.xruns - xruns}))
            say(timing_to_text(cases[-1]))
    notes = {case.name: case.notes for case in cases}
    return TimingBench(
        seconds=seconds,
        frames=frames,
        sample_rate=SAMPLE_RATE,
        realtime=realtime,
        cores=os.cpu_count() or 1,
        load_average=(round(before, 2), round(os.getloadavg()[0], 2)),
        ratio=_ratio(notes.get(USUAL), notes.get("now")),
        ratio_file=_ratio(notes.get(FILE), notes.get("now")),
        cases=tuple(cases),
    )


def _ratio(theirs: Spread | None, ours: Spread | None) -> float | None:
    frame = 1e3 / SAMPLE_RATE
    return round(theirs.p99 / max(ours.p99, frame), 1) if ours and theirs else None


def _fields(timing: Timing) -> dict[str, Any]:
    return {name: getattr(timing, name) for name in Timing.__dataclass_fields__}


@contextmanager
def _program(
    module: str, *arguments: str, server: str, seconds: float
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Run a case of so many seconds in a process of its own.

    Yields what stops it and returns its answer.
    """
    environment = {**os.environ, "JACK_DEFAULT_SERVER": server, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"nesvae_live.bench.{module}", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def stop() -> dict[str, Any]:
            try:
                said, _ = process.communicate("stop\n", timeout=END_SECONDS + seconds)
                answer: dict[str, Any] = json.loads(said)
            except subprocess.TimeoutExpired:
                raise BenchError(f"{module} did not end in time") from None
            except (json.JSONDecodeError, BrokenPipeError):
                raise BenchError(f"{module} failed; its output is above") from None
            return answer

        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise BenchError(f"{module} failed; its output is above")
            yield stop
        finally:
            process.kill()


@contextmanager
def _listener(server: str) -> Iterator[Listener]:
    before = os.environ.get("JACK_DEFAULT_SERVER")
    os.environ["JACK_DEFAULT_SERVER"] = server  # its process inherits it
    try:
        with Listener() as listener:
            yield listener
    finally:
        if before is None:
            del os.environ["JACK_DEFAULT_SERVER"]
        else:
            os.environ["JACK_DEFAULT_SERVER"] = before


def _measure_play(server: str, swap: str, seconds: float, *, name: str = "") -> Timing:
    play = PlayCase(swap=swap, beside=True, former=name == FORMER, plain=name == PLAIN)
    case = json.dumps(asdict(play))
    with (
        _listener(server) as listener,
        _program("play", case, server=server, seconds=seconds) as stop,
    ):
        listener.connect(NOTES, "nesvae_live_out")
        listener.connect(RTMIDI, RTMIDI_CLIENT)
        listener.connect(CLOCK, "nesvae_live_clock")
        listener.connect(KNOBS, "nesvae_live_in")
        time.sleep(SETTLE_SECONDS)
        listener.collect()
        listener.turn(TURNS_PER_SECOND)
        time.sleep(seconds)
        listener.turn(0)
        time.sleep(SETTLE_SECONDS)
        caught, turned = listener.collect()
        meant = _to_meant(stop())
    late, jitter = clock_lateness(meant, caught)
    return _counted(
        meant,
        name=name or swap,
        **_notes(meant, caught),
        rtmidi=spread(1e3 * (item.at - due) for due, _, item in match_notes(meant, caught, RTMIDI)),
        stamps=spread(stamp_errors(meant, turned)),
        clock=spread(late),
        clock_jitter=spread(jitter),
        knob=spread(knob_latencies(meant, turned)),
        turns=len(turned),
    )


def _measure_follow(server: str, seconds: float) -> Timing:
    case = json.dumps(asdict(PlayCase(clock="midi", swap="bar")))
    with ExitStack() as stack:
        listener = stack.enter_context(_listener(server))
        stop = stack.enter_context(_program("play", case, server=server, seconds=seconds))
        clock = subprocess.Popen(  # noqa: S603 - the user's own
            [MIDI_CLOCK, "-b", str(FOLLOWED_TEMPO)],
            env={**os.environ, "JACK_DEFAULT_SERVER": server},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(clock.wait)
        stack.callback(clock.terminate)
        listener.transport("stop")
        listener.transport("locate", 0)
        listener.connect(NOTES, "nesvae_live_out")
        listener.connect(SOURCE, MIDI_CLOCK)
        listener.connect(KNOBS, "nesvae_live_in")
        _connect(server, f"{MIDI_CLOCK}:mclk_out", "nesvae_live_in:nesvae_live in")
        time.sleep(SETTLE_SECONDS)  # what is sent while ports are being connected gets lost
        listener.transport("start")
        listener.turn(TURNS_PER_SECOND)
        time.sleep(seconds)
        listener.turn(0)
        caught, turned = listener.collect()
        listener.transport("stop")
        meant = _to_meant(stop())
    signed = phases(meant, caught, SAMPLE_RATE)
    middle = spread(signed)
    return _counted(
        meant,
        name="follow",
        **_notes(meant, caught),
        phase=spread(abs(phase) for phase in signed),
        phase_p50=middle.p50 if middle else None,
        turns=len(turned),
    )


def _measure_usual(server: str, way: str, seconds: float) -> Timing:
    with (
        _listener(server) as listener,
        _program("usual", way, server=server, seconds=seconds) as stop,
    ):
        listener.connect(NOTES, "usual_out")
        listener.connect(KNOBS, "usual_in")
        time.sleep(SETTLE_SECONDS)
        listener.collect()
        listener.turn(TURNS_PER_SECOND)
        time.sleep(seconds)
        listener.turn(0)
        caught, turned = listener.collect()
        said = stop()
    meant = Meant(notes=tuple((*note,) for note in said["notes"]))
    return Timing(name=way, **_notes(meant, caught), turns=len(turned))


def _notes(meant: Meant, caught: Sequence[Caught]) -> dict[str, Any]:
    """How late notes came, and how many never did."""
    matched = match_notes(meant, caught)
    late = spread(1e3 * (item.at - due) for due, _, item in matched)
    off = spread(abs(item.frames_behind(due)) for due, _, item in matched)
    return {"notes": late, "frames": off, "lost": count_lost(meant, matched)}


def _to_meant(said: dict[str, Any]) -> Meant:
    lists = {
        name: tuple(tuple(item) if isinstance(item, list) else item for item in value)
        for name, value in said.items()
        if isinstance(value, list)
    }
    return Meant(**said | lists)


def _counted(meant: Meant, **measured: Any) -> Timing:
    """What was measured, together with what the instrument counted."""
    names = ("missed", "splices", "splices_late", "events_late", "underruns")
    return Timing(**measured, **{name: getattr(meant, name) for name in names})


def _connect(server: str, source: str, target: str) -> None:
    command = ["jack_connect", "-s", server, source, target]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - JACK's own
    if done.returncode:
        raise BenchError(f"{source} can't be connected to {target}: {done.stderr.decode().strip()}")
