"""`nesvae-live play` and `demo`."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from nesvae_live.cli.arguments import SWAPS, text_to_level, text_to_tempo, whole, within
from nesvae_live.clock.timing import CLOCK_LOST, Meter

MIDI_APIS = ("auto", "alsa", "jack", "coremidi", "winmm", "none")
AUDIO_APIS = ("auto", "portaudio", "jack", "none")
WAYS = ("walk", "round")
DEMO_BARS = 16
DEMO_SEED = 21


def add_playing(commands: Any) -> None:
    """Add both."""
    _play(commands.add_parser("play", help="play, until Ctrl-C or for some bars"))
    _demo(commands.add_parser("demo", help="hear it with no hardware: 16 bars, recorded"))


def _play(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_play, demo=False)
    p.add_argument("--preset", default="default", metavar="NAME|FILE")
    p.add_argument("--midi-api", choices=MIDI_APIS, default="auto")
    p.add_argument("--midi-in", action="append", default=[], metavar="NAME", help="can be repeated")
    p.add_argument("--midi-out", metavar="NAME")
    p.add_argument(
        "--feedback", metavar="NAME", help="the controller's port that takes values back"
    )
    p.add_argument("--bars", type=whole(1, 1_000_000), help="end after so many bars")
    p.add_argument("--clock", choices=("internal", "midi", "link"), default="internal")
    p.add_argument("--clock-in", metavar="NAME", help="the input whose MIDI clock is followed")
    p.add_argument(
        "--clock-lost",
        choices=CLOCK_LOST,
        help="without a clock wait for it, or go on at its last tempo after 1 s; default: hold",
    )
    p.add_argument("--clock-out", action="store_true", help="send MIDI clock, on a port of its own")
    p.add_argument(
        "--link-start-stop", action="store_true", help="start and stop with the Link session"
    )
    _performance(p)


def _demo(p: argparse.ArgumentParser) -> None:
    p.set_defaults(
        run=_run_play, demo=True, preset="default", midi_api="none", midi_in=[], midi_out=None
    )
    p.add_argument("--bars", type=whole(1, 1_000_000), default=DEMO_BARS)
    _performance(p)
    p.set_defaults(seed=DEMO_SEED)


def _performance(p: argparse.ArgumentParser) -> None:
    p.add_argument("--checkpoint", metavar="FILE")
    p.add_argument("--audio", choices=AUDIO_APIS, default="auto")
    p.add_argument("--audio-device", metavar="NAME")
    p.add_argument("--sample-rate", type=whole(8_000, 192_000), default=44_100, metavar="HZ")
    p.add_argument("--block-frames", type=whole(16, 8_192), default=256, metavar="N")
    p.add_argument("--level", type=text_to_level, default=0.0, metavar="DB", help="-90 to 12")
    p.add_argument(
        "--spread",
        type=_text_to_share,
        default=0.0,
        metavar="0..1",
        help="P1 to the left, P2 to the right",
    )
    p.add_argument("--voice-ports", action="store_true", help="a JACK output for each voice too")
    p.add_argument("--tempo", type=text_to_tempo, metavar="BPM")
    p.add_argument("--meter", type=_text_to_meter, default=Meter(), metavar="4/4")
    p.add_argument(
        "--grid", choices=("native", "clock", "bars"), help="what sets the speed of phrases"
    )
    p.add_argument(
        "--quantise", type=int, choices=(4, 8, 16, 32), help="cells of 1/N; default: off"
    )
    p.add_argument("--swing", type=within(50.0, 75.0), default=50.0, metavar="50..75")
    p.add_argument(
        "--bars-per-phrase", type=float, choices=(0.5, 1.0, 2.0, 4.0), help="default: by density"
    )
    p.add_argument(
        "--swap", choices=SWAPS, help="from when on a turned knob is heard; default: now, or bar"
    )
    for name in ("midi", "audio"):
        p.add_argument(
            f"--offset-{name}",
            type=within(-250.0, 250.0),
            default=0.0,
            metavar="MS",
            help="later by so much, or earlier",
        )
    p.add_argument("--seed", type=whole(0, 2**31 - 1), metavar="N")
    p.add_argument(
        "--osc",
        type=_text_to_place,
        metavar="[HOST:]PORT",
        help="listen to OSC; without HOST on loopback",
    )
    p.add_argument(
        "--osc-to",
        type=_text_to_place,
        metavar="[HOST:]PORT",
        help="send values there, beside who sends",
    )
    p.add_argument(
        "--auto",
        nargs="?",
        const=WAYS[0],
        choices=WAYS,
        help="let the knobs wander by themselves, or go round the preset's snapshots",
    )
    p.add_argument("--jams", type=Path, metavar="DIR", help="where takes go")
    p.add_argument(
        "--patch",
        action="append",
        default=[],
        metavar="VOICE=NAME|off",
        help="a voice's patch, as P1=lead or TR=off; off: all voices flat; can be repeated",
    )
    p.add_argument("--status", action=argparse.BooleanOptionalAction, default=None)
    p.add_argument("--control", type=Path, metavar="SOCKET", help="the control socket's path")


def _run_play(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.options import PlayOptions
    from nesvae_live.app.play import play

    fields = PlayOptions.__dataclass_fields__
    options = PlayOptions(
        **{name: value for name, value in vars(arguments).items() if name in fields}
        | {"midi_in": tuple(arguments.midi_in), "patch": tuple(arguments.patch)}
    )
    take = play(options)
    if take is not None:
        print("\n".join(str(file) for file in take.files))
    return 0


def _text_to_share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not within 0 to 1")
    return value


def _text_to_place(text: str) -> tuple[str, int]:
    """`9000` or `HOST:9000`; the loopback's where no host is named."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535, or HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _text_to_meter(text: str) -> Meter:
    try:
        return Meter.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
