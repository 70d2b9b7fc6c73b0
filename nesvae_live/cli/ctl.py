"""`nesvae-live ctl`: commands to the instrument that is playing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from nesvae_live import NesvaeError
from nesvae_live.app.say import say
from nesvae_live.cli.arguments import SWAPS, CommandParser, number, span
from nesvae_live.latent.given import ANSWERS, SOURCES, Source
from nesvae_live.latent.knobs import KNOBS, SOUND_KNOBS
from nesvae_live.latent.themes import LETTERS
from nesvae_live.music.key import ROOTS, SCALES
from nesvae_live.music.ranges import (
    KEYS_BEATS,
    KEYS_SPLITS,
    LEVEL,
    MORPH_BARS,
    QUOTES,
    SEEDS,
    SHARE,
    SNAPSHOTS,
    TEMPERATURE,
    TEMPO,
    TRANSPOSE,
    Range,
)
from nesvae_live.music.voices import VOICES, Voice

Command = Mapping[str, Any]
Given = argparse.Namespace


def plain(given: Given) -> Command:
    """The command that has the verb's name, and whose fields have the arguments' names."""
    fields = {name: value for name, value in vars(given).items() if name in given.fields}
    return {"do": given.verb, **fields}


@dataclass(frozen=True, slots=True)
class VerbSpec:
    """A verb: what it does, its arguments (name -> argparse's options), and its command."""

    name: str
    more: str
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    command: Callable[[Given], Command] = plain


def _switch(given: Given) -> Command:
    return {**plain(given), "on": None if given.on is None else given.on == "on"}


def _mute(given: Given) -> Command:
    return {"do": "mute", "voice": given.voice, "on": given.verb == "mute"}


def _solo(given: Given) -> Command:
    return {"do": "solo", "voice": given.voice, "on": given.verb == "solo"}


def _back(given: Given) -> Command:
    return {"do": "back", "phrases": given.phrases if given.verb == "back" else -given.phrases}


def _key(given: Given) -> Command:
    text = " ".join(given.key)
    return {"do": "key", "key": None if text == "off" else text}


def _capture(given: Given) -> Command:
    """What was played on the input, or a phrase of a file."""
    if given.file is None:
        return {"do": "capture"}
    from nesvae_live.app.encode import read_tuples
    from nesvae_live.io.remote.client import ControlError
    from nesvae_live.music.phrase import TUPLES_PER_PHRASE

    first = (given.phrase - 1) * TUPLES_PER_PHRASE
    tuples = read_tuples(given.file, say)
    there = -(-len(tuples) // TUPLES_PER_PHRASE)
    if given.phrase > there:
        raise ControlError(f"{given.file}: there is no phrase {given.phrase}, only {there}")
    tuples = tuples[first : first + TUPLES_PER_PHRASE]
    return {"do": "capture-phrase", "tuples": tuples.tolist()}


def _style(given: Given) -> Command:
    return {"do": "choose", "what": "style", "name": given.style}


def _adopt(given: Given) -> Command:
    """Adopt files here, beside the music, and play in that style."""
    from nesvae_live.cli.yours import make_style

    return {"do": "choose", "what": "style", "name": make_style(given)[1]}


def _given(given: Given) -> Command:
    """Who plays a voice, or a file's line for it."""
    if given.file is None:
        return {"do": "voice", "voice": given.voice, "source": given.source}
    from nesvae_live.app.encode import read_line
    from nesvae_live.io.remote.client import ControlError

    if given.source != str(Source.FILE):
        raise ControlError(f"a file is for `ctl voice {given.voice} file FILE`")
    line = read_line(given.file, Voice[given.voice], say)
    return {"do": "line", "voice": given.voice, "line": line}


def _store(given: Given) -> Command:
    named = {} if given.name is None else {"name": given.name}
    return {"do": "store", "slot": given.slot, **named}


def _number(what: str, within: Range, *, whole: bool = False) -> dict[str, Any]:
    return {"type": number(what, within, whole=whole), "metavar": span(within)}


ALL = "all"


def _steady(given: Given) -> Command:
    names = [name.lower() for name in ",".join(given.knobs).split(",") if name]
    return {"do": "steady", "names": [] if names == ["none"] else names}


def _voice(text: str) -> str:
    """A voice's name, however it is written."""
    return ALL if text.lower() == ALL else text.upper()


PHRASES = Range(1, 64)
"""How far one can go back at a time."""

FILE_PHRASES = Range(1, 100_000)
PAGES = Range(1, 99)
CHANNELS = Range(1, 16)

NAMES = tuple(voice.name for voice in Voice)
HEARD = {"choices": NAMES, "type": _voice}
WRITTEN = {"choices": (*(spec.voice.name for spec in VOICES), ALL), "type": _voice}


def _slot(text: str) -> int | str:
    """A snapshot's number, or its name."""
    if text.lstrip("+-").isdecimal():
        return int(number("a snapshot's number", SNAPSHOTS, whole=True)(text))
    return text


SLOT = {"type": _slot, "metavar": "N|NAME"}
THEME = {"choices": tuple(LETTERS), "type": str.upper}
SHARED = _number("a value", SHARE)
ON = {"choices": ("on", "off"), "nargs": "?"}
"""Without it, it is turned over."""
BARS = {"type": number("a number of bars", MORPH_BARS), "nargs": "?", "metavar": "BARS"}
PHRASE = {"type": number("a number of phrases", PHRASES, whole=True), "nargs": "?", "default": 1}
PHRASE |= {"metavar": "PHRASES"}

VERBS = (
    VerbSpec(
        "set",
        "set a knob, or release it",
        {
            "knob": {},
            "value": {
                "type": number("a value", SHARE, word="off"),
                "metavar": f"{span(SHARE)}|off",
            },
        },
    ),
    VerbSpec("mute", "silence a voice", {"voice": HEARD}, _mute),
    VerbSpec("unmute", "let a voice sound again", {"voice": HEARD}, _mute),
    VerbSpec(
        "level",
        f"set the level of a voice, or of all of them: {LEVEL}",
        {
            "voice": {"choices": (*NAMES, ALL), "type": _voice},
            "level": {"type": number("a level", LEVEL), "metavar": "DB"},
        },
    ),
    VerbSpec("solo", "hear a voice alone", {"voice": HEARD}, _solo),
    VerbSpec("unsolo", "take a voice out of solo", {"voice": HEARD}, _solo),
    VerbSpec("swap", "choose when a knob change takes effect", {"mode": {"choices": SWAPS}}),
    VerbSpec(
        "tempo",
        f"set the tempo of the internal clock, {TEMPO}",
        {"tempo": {"type": number("a tempo", TEMPO), "metavar": "BPM"}},
    ),
    VerbSpec("tap", "tap the tempo, on a beat"),
    VerbSpec("one", "say, on the first beat, that a bar of the followed clock begins now"),
    VerbSpec(
        "move",
        "move any target (`list` in `nesvae-live learn` shows them), as a control does",
        {"target": {}, "value": {**SHARED, "nargs": "?", "default": 1.0}},
    ),
    VerbSpec("release", "release every knob"),
    VerbSpec(
        "store",
        "store everything as a snapshot, with a name if you like",
        {"slot": SLOT, "name": {"nargs": "?", "metavar": "NAME"}},
        _store,
    ),
    VerbSpec("snapshots", "list the snapshots and what is in them"),
    VerbSpec("clear", "delete a snapshot", {"slot": SLOT}),
    VerbSpec("recall", "recall a snapshot", {"slot": SLOT}),
    VerbSpec("morph", "morph to a snapshot over some bars", {"slot": SLOT, "bars": BARS}),
    VerbSpec("between", "put the crossfader between two snapshots", {"low": SLOT, "high": SLOT}),
    VerbSpec("fade", "move the crossfader", {"value": SHARED}),
    VerbSpec("back", "play an earlier phrase again, and hold it", {"phrases": PHRASE}, _back),
    VerbSpec(
        "forward", "play a later phrase again, towards the newest", {"phrases": PHRASE}, _back
    ),
    VerbSpec("hold", "loop the current phrase", {"on": ON}, _switch),
    VerbSpec("auto", "let the music wander by itself", {"on": ON}, _switch),
    VerbSpec("round", "go round the snapshots", {"on": ON, "bars": BARS}, _switch),
    VerbSpec(
        "chance",
        "nudge the map's knobs at random, each by at most this much",
        {"amount": {**SHARED, "nargs": "?"}},
    ),
    VerbSpec(
        "temperature",
        "set how freely the network draws: below 1 safer, above 1 wilder",
        {"temperature": _number("a temperature", TEMPERATURE)},
    ),
    VerbSpec(
        "quote",
        "set how much of what was played comes back: 0 nothing, 0.5 as the network learnt it",
        {"quote": _number("quote", QUOTES)},
    ),
    VerbSpec(
        "steady",
        "choose the attributes that stay where they are when you turn another knob",
        {"knobs": {"nargs": "+", "metavar": "KNOB|none"}},
        _steady,
    ),
    VerbSpec(
        "voice",
        "choose who plays a voice; the network writes the others to fit",
        {
            "voice": {"choices": tuple(spec.voice.name for spec in VOICES), "type": _voice},
            "source": {"choices": tuple(str(source) for source in SOURCES)},
            "file": {"nargs": "?", "type": Path, "metavar": "FILE.mid"},
        },
        _given,
    ),
    VerbSpec(
        "keys-return",
        "set how many beats without a key until the network plays a voice again",
        {
            "beats": {
                "type": number("a number of beats", KEYS_BEATS, word="never"),
                "metavar": f"{span(KEYS_BEATS)}|never",
            }
        },
    ),
    VerbSpec(
        "keys-split",
        "set the MIDI note at which one keyboard is split between voices",
        {"note": _number("the split", KEYS_SPLITS, whole=True)},
    ),
    VerbSpec(
        "answer",
        "let the network answer what you play: for as long as you played, or by so many bars",
        {"answer": {"choices": tuple(str(answer) for answer in ANSWERS)}},
    ),
    VerbSpec(
        "chords",
        "choose the MIDI channel on which the keys you hold are the harmony",
        {
            "channel": {
                "type": number("a channel", CHANNELS, whole=True, word="off"),
                "metavar": f"{span(CHANNELS)}|off",
            }
        },
    ),
    VerbSpec("theme", "mark what is playing as a theme", {"theme": THEME}),
    VerbSpec(
        "return", "bring a theme back, whichever knobs you have turned since", {"theme": THEME}
    ),
    VerbSpec("forget", "drop the themes; nothing played so far comes back"),
    VerbSpec(
        "seed",
        "play other notes at the same place on the map",
        {
            "seed": {
                "type": number("a seed", SEEDS, whole=True, word="next"),
                "metavar": "N|next",
            }
        },
    ),
    VerbSpec(
        "transpose",
        "transpose a voice, or all of them, by semitones",
        {"voice": WRITTEN, "semitones": _number("a transposition", TRANSPOSE, whole=True)},
    ),
    VerbSpec(
        "key",
        "keep the voices in a key, such as D minor",
        {"key": {"nargs": "+", "metavar": "KEY|off"}},
        _key,
    ),
    VerbSpec(
        "capture",
        "go on from what you played on the MIDI input, or from a file",
        {
            "file": {"nargs": "?", "type": Path, "metavar": "FILE.mid"},
            "--phrase": {
                "type": number("the number of a phrase", FILE_PHRASES, whole=True),
                "metavar": "N",
                "default": 1,
                "help": "which phrase of the file; default: 1",
            },
        },
        _capture,
    ),
    VerbSpec(
        "style",
        "go on in an adopted style, in a new take; mine:.5 is half-way",
        {"style": {"metavar": "NAME[:AMOUNT]|none"}},
        _style,
    ),
    VerbSpec(
        "adopt",
        "make a style from files, as `nesvae-live adopt` does, and go on in it",
        {
            "sources": {"nargs": "+", "type": Path, "metavar": "FILE"},
            "--out": {"required": True, "metavar": "NAME", "help": "the style's name"},
            "--themes": {"action": "store_true", "help": "fill the themes A to H"},
            "--checkpoint": {
                "metavar": "NAME|FILE",
                "help": "the checkpoint that plays; default: the shipped one",
            },
        },
        _adopt,
    ),
    VerbSpec("mark", "put a mark into the take's log", {"text": {"nargs": "?", "default": ""}}),
    VerbSpec(
        "page",
        "go to a page of the controls",
        {"page": {"type": number("a page", PAGES, whole=True), "metavar": "N"}},
    ),
    VerbSpec("refresh", "send the controller all its values again"),
    VerbSpec("panic", "end every note now, whatever is sounding"),
    VerbSpec("stop", "end the performance"),
    VerbSpec("status", "print the whole state, as JSON"),
)


def listed(snapshots: Sequence[Mapping[str, Any]], standing: int | None) -> Iterable[str]:
    """The lines of a list of snapshots; the one in which all stands as now is marked."""
    if not snapshots:
        return [
            "there are none: `nesvae-live ctl store 1` makes one, `ctl store chorus` with a name"
        ]
    width = max(len(kept["name"]) for kept in snapshots)
    return [
        f"{'*' if kept['slot'] == standing else ' '} {kept['slot']:>2}  {kept['name']:{width}}  "
        f"{_contents(kept)}"
        for kept in snapshots
    ]


def _contents(kept: Mapping[str, Any]) -> str:
    from nesvae_live.latent.decoding import SAMPLING

    parts = [f"{name} {value:.2f}" for name, value in kept["knobs"].items()]
    parts += [f"mute {voice}" for voice in kept["muted"]]
    voices = (spec.voice.name for spec in VOICES)
    parts += [f"{v} {by:+d}" for v, by in zip(voices, kept["transpose"], strict=True) if by]
    parts += [f"key {kept['key']}"] if kept["key"] else []
    if kept["temperature"] != SAMPLING.temperature:
        parts.append(f"temperature {kept['temperature']:g}")
    return ", ".join(parts) or "no knob is set"


def add_ctl(commands: Any) -> None:
    """Add the command, with every verb."""
    commands.add_parser("ctl", help="send commands to the instrument while it plays", fill=_ctl)


def _ctl(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_ctl)
    p.add_argument("--control", type=Path, metavar="SOCKET", help="the path of the control socket")
    verbs = p.add_subparsers(
        dest="verb", metavar="VERB", description="without a verb, a prompt that stays open"
    )
    for spec in VERBS:
        verb = verbs.add_parser(spec.name, help=spec.more)
        for name, options in spec.arguments.items():
            verb.add_argument(name, **options)
        verb.set_defaults(command_of=spec.command, fields=tuple(spec.arguments))


def completions(before: Sequence[str], control: Path | None = None) -> Iterable[str]:
    """The words that may come after others in a line of the prompt."""
    if not before:
        return [*(spec.name for spec in VERBS), "help", "quit"]
    spec = next((spec for spec in VERBS if spec.name == before[0]), None)
    if spec is None:
        return []
    asked = [name for name in spec.arguments if not name.startswith("-")]
    place = min(len(before) - 1, len(asked) - 1)
    if place < 0 or len(before) > max(len(asked), 2):
        return []
    name, options = asked[place], spec.arguments[asked[place]]
    if name == "knob":
        return [*(knob.name for knob in KNOBS), *(knob.name for knob in SOUND_KNOBS)]
    if name in {"slot", "low", "high"}:
        from nesvae_live.cli.prompt import snapshot_names

        return snapshot_names(control)
    if name == "target":
        from nesvae_live.control.targets import TARGET_BY_NAME

        return TARGET_BY_NAME
    if name == "key":
        return ("off", *ROOTS) if len(before) == 1 else SCALES
    return tuple(options.get("choices", ()))


def _converse(arguments: argparse.Namespace) -> int:
    from nesvae_live.cli.prompt import converse, typed_lines
    from nesvae_live.io.remote.client import send_command
    from nesvae_live.paths import history_path

    send_command({"do": "status"}, arguments.control)  # if nothing plays, that is said at once
    parser = CommandParser(prog="nesvae-live ctl", fill=_ctl)

    def run(given: argparse.Namespace) -> int:
        given.control = arguments.control
        try:
            return _run_ctl(given)
        except NesvaeError as error:
            say(str(error))
            return 1

    converse(
        parser.parse_args,
        run,
        typed_lines("ctl> ", partial(completions, control=arguments.control), history_path()),
    )
    return 0


def _run_ctl(arguments: argparse.Namespace) -> int:
    if arguments.verb is None:
        return _converse(arguments)
    from nesvae_live.io.remote.client import send_command

    command = dict(arguments.command_of(arguments))
    if command.get("on", True) is None:
        status = send_command({"do": "status"}, arguments.control)
        command["on"] = not status.get(arguments.verb, False)
    answer = send_command(command, arguments.control)
    if not answer.pop("ok"):
        say(str(answer["error"]))
        return 1
    if arguments.verb == "status":
        print(json.dumps(answer, indent=2))
    elif arguments.verb == "store" and answer.get("name"):
        print(f"snapshot {answer['slot']} is {answer['name']!r} now")
    elif arguments.verb == "snapshots":
        standing = send_command({"do": "status"}, arguments.control).get("standing")
        print("\n".join(listed(answer["snapshots"], standing)))
    return 0
