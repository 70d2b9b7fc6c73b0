"""`nesvae-live bench`: how well this machine keeps time."""

from __future__ import annotations

import argparse
import math
import signal
import sys
from types import FrameType
from typing import Any

from nesvae_live.cli.arguments import SWAPS, whole

BENCHED = ("empty", "osc", "chip")


def add_measuring(commands: Any) -> None:
    """Add it, with both that it measures."""
    p = commands.add_parser("bench", help="measure this machine")
    what = p.add_subparsers(dest="what", required=True, metavar="WHAT")
    timing = what.add_parser(
        "timing", help="whether notes, clocks and knobs are in time, through real ports"
    )
    timing.set_defaults(run=_run_bench_timing)
    timing.add_argument("--json", action="store_true")
    timing.add_argument(
        "--seconds", type=_text_to_seconds, default=20.0, metavar="S", help="a case"
    )
    timing.add_argument(
        "--swap", choices=SWAPS, action="append", help="can be repeated; default: all three"
    )
    timing.add_argument(
        "--beside",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also behind jack_midi_clock, and the usual Python way (needs torch)",
    )
    audio = what.add_parser(
        "audio", help="whether the sound keeps its time through JACK, alone and under load"
    )
    audio.set_defaults(run=_run_bench)
    audio.add_argument("--json", action="store_true")
    audio.add_argument("--seconds", type=_text_to_seconds, default=5.0, metavar="S", help="a case")
    audio.add_argument(
        "--rounds", type=whole(1, 1_000), default=1, metavar="N", help="in so many parts, by turns"
    )
    audio.add_argument(
        "--frames",
        type=whole(16, 8_192),
        action="append",
        metavar="N",
        help="can be repeated; default: 64, 128, 256 and 512",
    )
    audio.add_argument(
        "--engine", choices=BENCHED, action="append", help="can be repeated; default: all three"
    )
    audio.add_argument(
        "--loaded",
        action=argparse.BooleanOptionalAction,
        help="only the cases under load, or only those without; default: both",
    )
    audio.add_argument(
        "--realtime",
        action=argparse.BooleanOptionalAction,
        help="the server, and so its clients; default: where the system grants it",
    )
    audio.add_argument("--server", metavar="NAME", help="a running JACK server; default: its own")


def _run_bench(arguments: argparse.Namespace) -> int:
    from nesvae_live.bench.audio import FRAMES, HEAD, bench_audio, bench_to_json, bench_to_text

    signal.signal(signal.SIGTERM, _end)
    print(HEAD, file=sys.stderr)
    bench = bench_audio(
        arguments.seconds,
        arguments.frames or FRAMES,
        arguments.engine or BENCHED,
        loads=(False, True) if arguments.loaded is None else (arguments.loaded,),
        rounds=arguments.rounds,
        realtime=arguments.realtime,
        server=arguments.server,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    print(bench_to_json(bench) if arguments.json else bench_to_text(bench))
    return 0


def _run_bench_timing(arguments: argparse.Namespace) -> int:
    from nesvae_live.bench.table import HEAD, timings_to_json, timings_to_text
    from nesvae_live.bench.timing import bench_timing

    signal.signal(signal.SIGTERM, _end)
    print(HEAD, file=sys.stderr)
    bench = bench_timing(
        arguments.seconds,
        arguments.swap or ("now", "beat", "bar"),
        beside=arguments.beside,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    print(timings_to_json(bench) if arguments.json else timings_to_text(bench))
    return 0


def _end(number: int, _frame: FrameType | None) -> None:
    """End as a program does, and not at once: a server of ours must not go on without us."""
    raise SystemExit(128 + number)


def _text_to_seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.5 <= value <= 3600.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time, 0.5 to 3600 s")
    return value
