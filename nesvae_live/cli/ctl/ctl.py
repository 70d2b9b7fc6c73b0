"""`nesvae-live ctl`: commands to the instrument that is playing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from nesvae_live import NesvaeError
from nesvae_live.app.say import say
from nesvae_live.cli.ctl.verbs import VERBS
from nesvae_live.cli.reading.parser import CommandParser
from nesvae_live.latent.knobs import KNOBS, SOUND_KNOBS
from nesvae_live.music.key import ROOTS, SCALES
from nesvae_live.music.voices import VOICES


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
        from nesvae_live.cli.ctl.prompt import snapshot_names

        return snapshot_names(control)
    if name == "target":
        from nesvae_live.control.targets import TARGET_BY_NAME

        return TARGET_BY_NAME
    if name == "key":
        return ("off", *ROOTS) if len(before) == 1 else SCALES
    return tuple(options.get("choices", ()))


def _converse(arguments: argparse.Namespace) -> int:
    from nesvae_live.cli.ctl.prompt import converse, typed_lines
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


def stored(answer: Mapping[str, Any]) -> str:
    """What a snapshot is called that was stored, and whether another was there; "": neither."""
    name, replaced = answer.get("name"), answer.get("replaced")
    if not name and not replaced:
        return ""
    over = ", in place of what was stored there" if replaced else ""
    return f"snapshot {answer['slot']} is {repr(name) if name else 'how it stands'} now{over}"


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
    elif arguments.verb == "store" and (text := stored(answer)):
        print(text)
    elif arguments.verb == "snapshots":
        standing = send_command({"do": "status"}, arguments.control).get("standing")
        print("\n".join(listed(answer["snapshots"], standing)))
    return 0
