"""`nesvae-live ctl`: commands to the instrument that plays."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nesvae_live.cli.arguments import SWAPS, text_to_level, text_to_tempo, whole
from nesvae_live.music.phrase import TUPLES_PER_PHRASE

Command = Mapping[str, Any]
VOICES = ("P1", "P2", "TR", "all")


@dataclass(frozen=True, slots=True)
class VerbSpec:
    """A verb: what it does, its arguments (name -> options of argparse), and its command."""

    name: str
    more: str
    arguments: Mapping[str, Mapping[str, Any]]
    command: Callable[[argparse.Namespace], Command]


def add_gestures(verbs: Any) -> None:
    """Add the verbs to argparse's `verbs`."""
    for spec in VERBS:
        parser = verbs.add_parser(spec.name, help=spec.more)
        for name, options in spec.arguments.items():
            parser.add_argument(name, **options)
        parser.set_defaults(command_of=spec.command)


def _plain(*names: str) -> Callable[[argparse.Namespace], Command]:
    """The command that is called like its verb, with arguments called like its fields."""
    return lambda given: {"do": given.verb, **{name: getattr(given, name) for name in names}}


def _switch(given: argparse.Namespace) -> Command:
    return {"do": given.verb, "on": given.on == "on"}


def _round(given: argparse.Namespace) -> Command:
    return {**_switch(given), "bars": given.bars}


def _back(given: argparse.Namespace) -> Command:
    return {"do": "back", "phrases": given.phrases if given.verb == "back" else -given.phrases}


def _seed(given: argparse.Namespace) -> Command:
    return {"do": "seed", "seed": None if given.seed == "next" else int(given.seed)}


def _key(given: argparse.Namespace) -> Command:
    text = " ".join(given.key)
    return {"do": "key", "key": None if text == "off" else text}


def _capture(given: argparse.Namespace) -> Command:
    """What was played on the input, or what a file has."""
    if given.file is None:
        return {"do": "capture"}
    from nesvae_live.app.encode import read_tuples

    tuples = read_tuples(given.file, lambda text: print(f"nesvae-live: {text}", file=sys.stderr))
    first = (given.phrase - 1) * TUPLES_PER_PHRASE
    return {"do": "capture-phrase", "tuples": tuples[first : first + TUPLES_PER_PHRASE].tolist()}


def _seed_text(text: str) -> str:
    if text != "next" and not (text.isdecimal() and int(text) < 2**31):
        raise argparse.ArgumentTypeError(f"{text!r} is no seed: 0 to {2**31 - 1}, or next")
    return text


def _number(low: float, high: float, kind: Callable[[str], float] = float) -> dict[str, Any]:
    """Options of an argument that is a number within a range."""

    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not within {low:g} to {high:g}")
        return value

    return {"type": number, "metavar": f"{low:g}..{high:g}"}


SLOT = {**_number(1, 64, int), "metavar": "N"}
SHARE = _number(0.0, 1.0)
ON = {"choices": ("on", "off")}
BARS = {**_number(0.25, 256.0), "nargs": "?", "metavar": "BARS"}
PHRASES = {**_number(1, 64, int), "metavar": "PHRASES", "nargs": "?", "default": 1}

VERBS = (
    VerbSpec(
        "move",
        "move any target (docs/controllers.md) by 0..1",
        {"target": {}, "value": {**SHARE, "nargs": "?", "default": 1.0}},
        _plain("target", "value"),
    ),
    VerbSpec("release", "let every knob go", {}, _plain()),
    VerbSpec("store", "keep how everything stands as a snapshot", {"slot": SLOT}, _plain("slot")),
    VerbSpec("clear", "forget a snapshot", {"slot": SLOT}, _plain("slot")),
    VerbSpec("recall", "let everything stand as in a snapshot", {"slot": SLOT}, _plain("slot")),
    VerbSpec(
        "morph",
        "go to a snapshot over some bars",
        {"slot": SLOT, "bars": BARS},
        _plain("slot", "bars"),
    ),
    VerbSpec(
        "between",
        "put the fader between two snapshots",
        {"low": SLOT, "high": SLOT},
        _plain("low", "high"),
    ),
    VerbSpec("fade", "move the fader", {"value": SHARE}, _plain("value")),
    VerbSpec("back", "play and hold what was played before", {"phrases": PHRASES}, _back),
    VerbSpec("forward", "the other way; past the newest it goes on", {"phrases": PHRASES}, _back),
    VerbSpec("hold", "let the phrase that plays go round", {"on": ON}, _switch),
    VerbSpec("auto", "let the knobs wander by themselves", {"on": ON}, _switch),
    VerbSpec(
        "round", "go round the snapshots, some bars to each", {"on": ON, "bars": BARS}, _round
    ),
    VerbSpec(
        "chance",
        "let chance move the knobs, each by at most so much",
        {"amount": {**SHARE, "nargs": "?"}},
        _plain("amount"),
    ),
    VerbSpec(
        "temperature",
        "below 1 safer, above wilder",
        {"temperature": _number(0.05, 4.0)},
        _plain("temperature"),
    ),
    VerbSpec(
        "seed",
        "other notes at the same place of the map",
        {"seed": {"type": _seed_text, "metavar": "N|next"}},
        _seed,
    ),
    VerbSpec(
        "transpose",
        "a voice, or all, by semitones",
        {"voice": {"choices": VOICES}, "semitones": _number(-24, 24, int)},
        _plain("voice", "semitones"),
    ),
    VerbSpec(
        "key",
        "keep the voices in a key, as in D minor",
        {"key": {"nargs": "+", "metavar": "KEY|off"}},
        _key,
    ),
    VerbSpec(
        "capture",
        "go on from what was played on the MIDI input, or from a file",
        {
            "file": {"nargs": "?", "type": Path, "metavar": "FILE.mid"},
            "--phrase": {**_number(1, 100_000, int), "metavar": "N", "default": 1},
        },
        _capture,
    ),
    VerbSpec(
        "mark", "a mark in the take's log", {"text": {"nargs": "?", "default": ""}}, _plain("text")
    ),
)


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
