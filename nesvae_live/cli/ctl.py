"""`nesvae-live ctl`: commands to the instrument that plays."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from nesvae_live.cli.arguments import SWAPS, text_to_level, text_to_tempo, whole
from nesvae_live.cli.ctlgestures import add_gestures

HEARD = ("P1", "P2", "TR", "NO")


def add_ctl(commands: Any) -> None:
    """Add it, with every verb."""
    p = commands.add_parser("ctl", help="send a command to the instrument that plays")
    p.set_defaults(run=_run_ctl)
    p.add_argument("--control", type=Path, metavar="SOCKET", help="the control socket's path")
    verbs = p.add_subparsers(dest="verb", required=True, metavar="VERB")
    set_ = verbs.add_parser("set", help="set a knob to 0..1, or let it go")
    set_.add_argument("knob")
    set_.add_argument("value", type=_text_to_knob_value, metavar="0..1|off")
    for name, text in (("mute", "silence a voice"), ("unmute", "let a voice sound again")):
        verbs.add_parser(name, help=text).add_argument("voice", choices=HEARD)
    level = verbs.add_parser("level", help="how loud a voice, or all, is heard")
    level.add_argument("voice", choices=(*HEARD, "all"))
    level.add_argument("level", type=text_to_level, metavar="DB")
    for name, text in (("solo", "hear a voice alone"), ("unsolo", "take a voice out of solo")):
        verbs.add_parser(name, help=text).add_argument("voice", choices=HEARD)
    verbs.add_parser("swap", help="from when on a turned knob is heard").add_argument(
        "mode", choices=SWAPS
    )
    verbs.add_parser("tempo", help="the internal clock's").add_argument(
        "tempo", type=text_to_tempo, metavar="BPM"
    )
    verbs.add_parser("tap", help="tap the tempo, on a beat")
    add_gestures(verbs)
    verbs.add_parser("page", help="put a page of the controls up").add_argument(
        "page", type=whole(1, 99), metavar="N"
    )
    verbs.add_parser("refresh", help="send the controller everything that it shows")
    verbs.add_parser("panic", help="end every note now, whatever sounds")
    verbs.add_parser("stop", help="end the performance")
    verbs.add_parser("status", help="what the status line shows, as JSON")


def _run_ctl(arguments: argparse.Namespace) -> int:
    from nesvae_live.io.remote.server import send_command

    command: dict[str, Any] = {"do": arguments.verb}
    if arguments.verb == "set":
        command |= {"knob": arguments.knob, "value": arguments.value}
    elif arguments.verb in {"mute", "unmute"}:
        command = {"do": "mute", "voice": arguments.voice, "on": arguments.verb == "mute"}
    elif arguments.verb == "level":
        command |= {"voice": arguments.voice, "level": arguments.level}
    elif arguments.verb in {"solo", "unsolo"}:
        command = {"do": "solo", "voice": arguments.voice, "on": arguments.verb == "solo"}
    elif arguments.verb in {"swap", "tempo", "page"}:
        name = "mode" if arguments.verb == "swap" else arguments.verb
        command |= {name: getattr(arguments, name)}
    elif "command_of" in arguments:
        command = dict(arguments.command_of(arguments))
    answer = send_command(command, arguments.control)
    if not answer.pop("ok"):
        print(f"nesvae-live: {answer['error']}", file=sys.stderr)
        return 1
    if arguments.verb == "status":
        print(json.dumps(answer, indent=2))
    return 0


def _text_to_knob_value(text: str) -> float | None:
    if text == "off":
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a value, 0 to 1, or off to let it go")
    return value
