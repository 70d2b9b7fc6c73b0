"""`nesvae-live learn` and `presets`: what a controller's knobs move."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nesvae_live.presets.preset import Preset


def add_learn(commands: Any) -> None:
    """Add both commands."""
    commands.add_parser(
        "learn", help="teach it which control moves what, while it plays", fill=_learn
    )
    commands.add_parser("presets", help="list, show, check or reset the presets", fill=_presets)


def _learn(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_learn)
    p.add_argument(
        "targets", nargs="*", metavar="TARGET", help="what to assign a control to; default: it asks"
    )
    p.add_argument("--control", type=Path, metavar="SOCKET", help="the path of the control socket")


def _presets(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_presets)
    verbs = p.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="one line for each preset")
    verbs.add_parser(
        "show", help="a picture of the controller, and what each control moves"
    ).add_argument(
        "preset", nargs="?", metavar="NAME|FILE", help="default: it says which there are"
    )
    midnam = verbs.add_parser(
        "midnam", help="write a file from which a DAW knows the controllers by name"
    )
    midnam.add_argument("preset", metavar="NAME|FILE")
    midnam.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="default: the preset's name and .midnam"
    )
    verbs.add_parser(
        "reset", help="go back to a shipped preset; your copy goes into the system's bin"
    ).add_argument("preset", metavar="NAME")
    verbs.add_parser("check", help="check presets for errors").add_argument(
        "presets", nargs="*", metavar="NAME|FILE", help="default: all presets"
    )


def _run_learn(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.learnsession import LearnSession, typed_lines
    from nesvae_live.io.remote.client import send_command

    session = LearnSession(
        lambda command: send_command(command, arguments.control),
        sys.stdout,
        typed_lines(sys.stdin),
    )
    send_command({"do": "status"}, arguments.control)  # if nothing plays, that is said at once
    if arguments.targets:
        return 0 if session.learn(arguments.targets) else 1
    session.converse()
    return 0


def _run_presets(arguments: argparse.Namespace) -> int:
    from nesvae_live.presets.catalogue import check_presets, preset_to_text, presets_to_text
    from nesvae_live.presets.preset import load_preset

    if arguments.verb == "list":
        print(presets_to_text())
    elif arguments.verb == "show" and arguments.preset is None:
        print(f"{presets_to_text()}\n\n`nesvae-live presets show NAME` draws one of them")
    elif arguments.verb == "show":
        print(preset_to_text(load_preset(arguments.preset)))
    elif arguments.verb == "midnam":
        print(_write_midnam(load_preset(arguments.preset), arguments.out))
    elif arguments.verb == "reset":
        from nesvae_live.io.bin import discard
        from nesvae_live.presets.catalogue import own_copy

        aside = discard(own_copy(arguments.preset))
        print(f"{arguments.preset} is the shipped one again; your copy is in {aside}")
    else:
        text, fine = check_presets(arguments.presets)
        print(text)
        return 0 if fine else 1
    return 0


def _write_midnam(preset: Preset, out: Path | None) -> Path:
    from nesvae_live.paths import ConfigError
    from nesvae_live.presets.midnam import preset_to_midnam

    path = out or Path(f"{preset.name}.midnam")
    try:
        path.write_text(preset_to_midnam(preset), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    return path
