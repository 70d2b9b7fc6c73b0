"""What `play` and `demo` take about the outside: ports, a clock, sound, the panel, where takes go."""

from __future__ import annotations

import argparse
from pathlib import Path

from nesvae_live.cli.reading.arguments import Group, number, span
from nesvae_live.clock.joining import CLOCK_JOIN
from nesvae_live.clock.timing import CLOCK_LOST
from nesvae_live.io.midi.ports import APIS
from nesvae_live.io.midi.wiring import CONNECT
from nesvae_live.music.ranges import LEVEL, SHARE, Range

SAMPLE_RATES = Range(8_000, 192_000, "Hz")
BLOCKS = Range(16, 8_192, "frames")
PORTS = Range(1, 65_535)
LOOPBACK = "127.0.0.1"


def add_ports(p: Group) -> None:
    """Add which MIDI ports are opened, and what they are connected to."""
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


def add_clock(p: Group) -> None:
    """Add whose clock is followed, and to whom ours is given."""
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


def add_sound(p: Group) -> None:
    """Add the sound device, and how the voices sound."""
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
    p.add_argument(
        "--drums",
        metavar="learnt|rule|FILE",
        help="who plays the noise, once its knob is up: as learnt from the corpus (the default), a "
        "rule, or another drummer's file",
    )


def add_panel(p: Group) -> None:
    """Add the panel, OSC, the control socket and the status line."""
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
        "--status",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show a status line; default: on a terminal",
    )


def add_take(p: Group) -> None:
    """Add where takes go, and what is written into their files."""
    p.add_argument("--jams", type=Path, metavar="DIR", help="where takes go")
    p.add_argument(
        "--midi-cc",
        choices=("off", "patch"),
        help="write the patches' volume and duty into take.mid, as CC 11 and 12; default: off, "
        "unless the preset's dialect is for a chip",
    )


def _text_to_address(text: str) -> tuple[str, int]:
    """`9000` or `HOST:9000`; the loopback's where no host is named."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) not in PORTS.whole:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: {PORTS}, or HOST:PORT")
    return host.strip("[]") or LOOPBACK, int(port)
