"""`nesvae-live bench`: how well this machine keeps time."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType
from typing import Any

from nesvae_live.cli.play.devicearguments import BLOCKS
from nesvae_live.cli.reading.arguments import SWAPS, number
from nesvae_live.music.ranges import Range

SECONDS = Range(0.5, 3600.0, "s")
ROUNDS = Range(1, 1_000)


def add_bench(commands: Any) -> None:
    """Add the command, with all that it measures."""
    commands.add_parser("bench", help="measure how well this machine keeps time", fill=_bench)


def _bench(p: argparse.ArgumentParser) -> None:
    what = p.add_subparsers(dest="what", required=True, metavar="WHAT")
    timing = "whether notes, clocks and knobs are on time, through real ports"
    what.add_parser("timing", help=timing, fill=_timing)
    audio = "whether the sound keeps its time through JACK, alone and under load"
    what.add_parser("audio", help=audio, fill=_audio)


def _timing(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_timing)
    _add_shared(p, 20.0)
    p.add_argument(
        "--swap", choices=SWAPS, action="append", help="can be repeated; default: all of them"
    )
    p.add_argument(
        "--beside",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also measure jack_midi_clock, and the usual Python way (needs torch)",
    )
    p.add_argument(
        "--frames",
        type=number("a period", BLOCKS, whole=True),
        default=256,
        metavar="N",
        help="frames of the server's period; default: 256",
    )


def _audio(p: argparse.ArgumentParser) -> None:
    from nesvae_live.bench.audio import FRAMES
    from nesvae_live.bench.case import ENGINES

    p.set_defaults(run=_run_audio)
    _add_shared(p, 5.0)
    p.add_argument(
        "--rounds",
        type=number("a number of rounds", ROUNDS, whole=True),
        default=1,
        metavar="N",
        help="measure each case in this many parts, alternating; default: 1",
    )
    p.add_argument(
        "--frames",
        type=number("a block size", BLOCKS, whole=True),
        action="append",
        metavar="N",
        help=f"frames a block; can be repeated; default: {', '.join(map(str, FRAMES))}",
    )
    p.add_argument(
        "--engine", choices=ENGINES, action="append", help="can be repeated; default: all of them"
    )
    p.add_argument(
        "--loaded",
        action=argparse.BooleanOptionalAction,
        help="measure only the cases under load, or only the others; default: both",
    )
    p.add_argument(
        "--realtime",
        action=argparse.BooleanOptionalAction,
        help="run the server, and so its clients, in real time; default: if the system grants it",
    )
    p.add_argument(
        "--server", metavar="NAME", help="a running JACK server; default: one of its own"
    )


def _add_shared(p: argparse.ArgumentParser, seconds: float) -> None:
    p.add_argument("--json", action="store_true", help="print JSON")
    p.add_argument(
        "--seconds",
        type=number("a time", SECONDS),
        default=seconds,
        metavar="S",
        help=f"how long each case is measured; default: {seconds:g}",
    )


def _run_audio(arguments: argparse.Namespace) -> int:
    from nesvae_live.bench.audio import FRAMES, HEAD, bench_audio, bench_to_json, bench_to_text
    from nesvae_live.bench.case import ENGINES

    signal.signal(signal.SIGTERM, _end)
    print(HEAD, file=sys.stderr)
    bench = bench_audio(
        arguments.seconds,
        arguments.frames or FRAMES,
        arguments.engine or ENGINES,
        loads=(False, True) if arguments.loaded is None else (arguments.loaded,),
        rounds=arguments.rounds,
        realtime=arguments.realtime,
        server=arguments.server,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    print(bench_to_json(bench) if arguments.json else bench_to_text(bench))
    return 0


def _run_timing(arguments: argparse.Namespace) -> int:
    from nesvae_live.bench.table import HEAD, timings_to_json, timings_to_text
    from nesvae_live.bench.timing import SWAPS as IN_ORDER
    from nesvae_live.bench.timing import bench_timing

    signal.signal(signal.SIGTERM, _end)
    print(HEAD, file=sys.stderr)
    bench = bench_timing(
        arguments.seconds,
        arguments.swap or IN_ORDER,
        beside=arguments.beside,
        frames=arguments.frames,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    print(timings_to_json(bench) if arguments.json else timings_to_text(bench))
    return 0


def _end(number: int, _frame: FrameType | None) -> None:
    """End by an exception, and not at once: a server that we started must not outlive us."""
    raise SystemExit(128 + number)
