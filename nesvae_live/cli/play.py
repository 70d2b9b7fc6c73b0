"""`nesvae-live play` and `demo`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from nesvae_live.cli.arguments import COUNT, SWAPS, number, span
from nesvae_live.clock.joining import CLOCK_JOIN
from nesvae_live.clock.timing import CLOCK_LOST, Meter
from nesvae_live.io.midi.ports import APIS
from nesvae_live.io.midi.wiring import CONNECT
from nesvae_live.music.ranges import LEVEL, OFFSET, SEEDS, SHARE, TEMPO, Range

SAMPLE_RATES = Range(8_000, 192_000, "Hz")
BLOCKS = Range(16, 8_192, "frames")
PORTS = Range(1, 65_535)
LOOPBACK = "127.0.0.1"
DEMO_BARS = 16
DEMO_SEED = 21

Group = argparse._ArgumentGroup  # noqa: SLF001 - argparse has no public name for what it returns


def add_play(commands: Any) -> None:
    """Add both commands."""
    commands.add_parser("play", help="play until Ctrl-C, or for some bars", fill=_play)
    demo = f"hear it without any hardware: {DEMO_BARS} bars, recorded"
    commands.add_parser("demo", help=demo, fill=_demo)


def _play(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_play, demo=False)
    preset = "which controls move what; `presets list` lists them"
    p.add_argument("--preset", default="default", metavar="NAME|FILE", help=preset)
    p.add_argument("--bars", type=_BARS, metavar="N", help="stop after this many bars")
    _ports(p.add_argument_group("MIDI ports"))
    _clock(p.add_argument_group("clock"))
    _performance(p)


def _ports(p: Group) -> None:
    apis = ("auto", *APIS, "none")
    p.add_argument("--midi-api", choices=apis, default="auto", help="which MIDI system")
    p.add_argument(
        "--midi-in",
        action="append",
        default=[],
        metavar="NAME",
        help="part of the name of a port to read; can be repeated",
    )
    p.add_argument(
        "--midi-out", metavar="NAME", help="part of the name of the port that notes go to"
    )
    p.add_argument(
        "--feedback",
        metavar="NAME",
        help="part of the name of the controller's port that takes values back",
    )
    p.add_argument(
        "--connect",
        choices=CONNECT,
        default="ask",
        help="on JACK, connect controller, clock and synths: ask on a terminal, yes to everything "
        "found, or no; the preset remembers your answers; default: ask",
    )


def _clock(p: Group) -> None:
    clocks = ("internal", "midi", "jack", "link")
    p.add_argument("--clock", choices=clocks, default="internal", help="the clock to follow")
    p.add_argument(
        "--clock-in", metavar="NAME", help="part of the name of the input whose clock to follow"
    )
    p.add_argument(
        "--clock-lost",
        choices=CLOCK_LOST,
        help="when the clock is lost, hold (wait for it), or coast (carry on at its last tempo after "
        "1 s); default: hold",
    )
    p.add_argument(
        "--clock-join",
        choices=CLOCK_JOIN,
        help="when the clock is already running: wait for its next start, join now, at your tap on the "
        "one, or on the bars of a Link session; default: wait",
    )
    p.add_argument(
        "--clock-out", action="store_true", help="send MIDI clock, from a port of its own"
    )
    p.add_argument(
        "--clock-lead",
        choices=("jack",),
        help="be the timebase master of JACK's transport, which rolls while this plays",
    )
    p.add_argument(
        "--link-start-stop", action="store_true", help="start and stop with the Link session"
    )


def _demo(p: argparse.ArgumentParser) -> None:
    p.set_defaults(
        run=_run_play, demo=True, preset="default", midi_api="none", midi_in=[], midi_out=None
    )
    p.add_argument(
        "--bars", type=_BARS, default=DEMO_BARS, metavar="N", help=f"default: {DEMO_BARS}"
    )
    _performance(p)
    p.set_defaults(seed=DEMO_SEED)


def _performance(p: argparse.ArgumentParser) -> None:
    """Add what `play` and `demo` share."""
    _music(p.add_argument_group("music"))
    _time(p.add_argument_group("time"))
    _sound(p.add_argument_group("sound"))
    _panel(p.add_argument_group("panel and remote control"))
    _take(p.add_argument_group("take"))


def _music(p: Group) -> None:
    from nesvae_live.app.during.beginning import ROUND, WALK
    from nesvae_live.app.options import STEADY
    from nesvae_live.latent.given import ANSWERS, Answer

    network = "the network that plays; default: the shipped one"
    p.add_argument("--checkpoint", metavar="NAME|FILE", help=network)
    p.add_argument(
        "--style",
        metavar="NAME|FILE[:AMOUNT]",
        help="play in a style that `adopt` made of your files; mine:.5 is half-way",
    )
    p.add_argument(
        "--snapshots",
        type=Path,
        metavar="FILE",
        help="recall from this file instead of the preset's: snapshots, or a piece (anything that "
        "encode reads), whose phrases become the snapshots",
    )
    seed = "the same seed and the same knobs give the same music; default: another each time"
    p.add_argument("--seed", type=number("a seed", SEEDS, whole=True), metavar="N", help=seed)
    p.add_argument(
        "--auto",
        nargs="?",
        const=WALK,
        choices=(WALK, ROUND),
        help="let the music wander by itself, or go round the preset's snapshots",
    )
    p.add_argument(
        "--answer",
        nargs="?",
        const=str(Answer.PLAYED),
        choices=[str(answer) for answer in ANSWERS if answer is not Answer.OFF],
        help="play P1 on the keys and be answered: for as long as you played, or by so many bars",
    )
    p.add_argument(
        "--steady",
        type=_text_to_steady,
        default=STEADY,
        metavar="KNOB,...|none",
        help="attributes that stay where they are when you turn another knob; "
        f"default: {','.join(STEADY) or 'none'}",
    )


def _time(p: Group) -> None:
    from nesvae_live.music import grid

    p.add_argument(
        "--tempo",
        type=number("a tempo", TEMPO),
        metavar="BPM",
        help=f"{TEMPO}; default: the preset's, or 120",
    )
    p.add_argument("--meter", type=_text_to_meter, default=Meter(), metavar="4/4")
    p.add_argument(
        "--grid", choices=[str(mode) for mode in grid.Mode], help="how phrases lie in time"
    )
    p.add_argument(
        "--quantise",
        type=int,
        choices=grid.QUANTISE,
        help="start every note on a line of 1/N; default: off",
    )
    p.add_argument(
        "--swing",
        type=number("a swing", grid.SWING),
        default=grid.SWING.low,
        metavar=span(grid.SWING),
        help="where in a pair of cells the second one begins, in percent",
    )
    p.add_argument(
        "--bars-per-phrase",
        type=float,
        choices=grid.BARS,
        help="with --grid bars; default: by the density",
    )
    p.add_argument(
        "--swap",
        choices=SWAPS,
        help="when a knob change takes effect; default: now, or bar when following a clock",
    )
    for name in ("midi", "audio"):
        p.add_argument(
            f"--offset-{name}",
            type=number("an offset", OFFSET),
            metavar="MS",
            help=f"shift by this much (negative: earlier); {OFFSET}; default: the preset's, or 0",
        )


def _sound(p: Group) -> None:
    from nesvae_live.app.options import BLOCK_FRAMES, SAMPLE_RATE
    from nesvae_live.io.audio import opening

    audio = "which sound system; none: the sound goes into the take and to the panel"
    p.add_argument("--audio", choices=opening.APIS, default="auto", help=audio)
    p.add_argument("--audio-device", metavar="NAME", help="part of the name of a sound device")
    p.add_argument(
        "--sample-rate",
        type=number("a sample rate", SAMPLE_RATES, whole=True),
        default=SAMPLE_RATE,
        metavar="HZ",
        help=f"default: {SAMPLE_RATE}; JACK decides it itself",
    )
    p.add_argument(
        "--block-frames",
        type=number("a block size", BLOCKS, whole=True),
        default=BLOCK_FRAMES,
        metavar="N",
        help=f"frames a block; default: {BLOCK_FRAMES}; JACK decides it itself",
    )
    p.add_argument(
        "--level",
        type=number("a level", LEVEL),
        default=0.0,
        metavar="DB",
        help=f"loudness; {LEVEL}",
    )
    p.add_argument(
        "--spread",
        type=number("a spread", SHARE),
        default=0.0,
        metavar=span(SHARE),
        help="P1 to the left, P2 to the right",
    )
    p.add_argument("--voice-ports", action="store_true", help="a JACK output for each voice, too")
    p.add_argument(
        "--patch",
        action="append",
        default=[],
        metavar="VOICE=NAME|performer|off",
        help="the patch of a voice, such as P1=lead or TR=off; performer (default): P1 and P2 as learnt from "
        "the games; off: every voice flat; can be repeated",
    )
    p.add_argument(
        "--performer", metavar="NAME|FILE", help="which performer to use, if a voice has one"
    )


def _panel(p: Group) -> None:
    from nesvae_live.panel.door import PORT as PANEL_PORT

    p.add_argument(
        "--panel-port",
        type=number("a port", PORTS, whole=True),
        default=PANEL_PORT,
        metavar="N",
        help=f"where browsers on this machine find the panel; default: {PANEL_PORT}, or the next "
        "free one",
    )
    p.add_argument(
        "--panel-host",
        metavar="HOST",
        help="let other machines open the panel, at this address of this machine (0.0.0.0: any), "
        "with the token that is shown; default: this machine only",
    )
    p.add_argument(
        "--no-panel",
        dest="panel_port",
        action="store_const",
        const=None,
        help="play without the panel",
    )
    p.add_argument(
        "--open", dest="open_panel", action="store_true", help="open the panel in a browser"
    )
    p.add_argument(
        "--osc",
        type=_text_to_address,
        metavar="[HOST:]PORT",
        help="receive OSC; without HOST, from this machine only",
    )
    p.add_argument(
        "--osc-to",
        type=_text_to_address,
        metavar="[HOST:]PORT",
        help="send values to this address, and not only to those that send messages",
    )
    p.add_argument("--control", type=Path, metavar="SOCKET", help="the path of the control socket")
    p.add_argument(
        "--drums",
        metavar="learnt|rule|FILE",
        help="who plays the noise, once its knob is up: as learnt from the corpus (the default), a "
        "rule, or another drummer's file",
    )
    p.add_argument(
        "--status",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show a status line; default: on a terminal",
    )


def _take(p: Group) -> None:
    p.add_argument("--jams", type=Path, metavar="DIR", help="where takes go")
    p.add_argument(
        "--midi-cc",
        choices=("off", "patch"),
        help="write the patches' volume and duty into take.mid, as CC 11 and 12; default: off, "
        "unless the preset's dialect is for a chip",
    )


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


def _text_to_steady(text: str) -> tuple[str, ...]:
    from nesvae_live.latent.steady import text_to_steady

    try:
        return text_to_steady(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


_BARS = number("a number of bars", COUNT, whole=True)


def _text_to_address(text: str) -> tuple[str, int]:
    """`9000` or `HOST:9000`; the loopback's where no host is named."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) not in PORTS.whole:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: {PORTS}, or HOST:PORT")
    return host.strip("[]") or LOOPBACK, int(port)


def _text_to_meter(text: str) -> Meter:
    try:
        return Meter.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
