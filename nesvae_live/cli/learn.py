"""`nesvae-live learn` and `presets`: what a controller's knobs move."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add_learning(commands: Any) -> None:
    """Add both."""
    _learn(commands.add_parser("learn", help="teach it which control moves what, while it plays"))
    _presets(commands.add_parser("presets", help="the presets there are: list, show, check"))


def _learn(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_learn)
    p.add_argument("targets", nargs="*", metavar="TARGET", help="default: it asks")
    p.add_argument("--control", type=Path, metavar="SOCKET", help="the control socket's path")


def _presets(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_presets)
    verbs = p.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="a line a preset")
    verbs.add_parser(
        "show", help="a picture of the controller, and what each control moves"
    ).add_argument("preset", metavar="NAME|FILE")
    verbs.add_parser("check", help="whether they are sound").add_argument(
        "presets", nargs="*", metavar="NAME|FILE", help="default: all"
    )


def _run_learn(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.learnsession import LearnSession, typed_lines
    from nesvae_live.io.remote.server import send_command

    session = LearnSession(
        lambda command: send_command(command, arguments.control),
        sys.stdout,
        typed_lines(sys.stdin),
    )
    if arguments.targets:
        return 0 if session.learn(arguments.targets) else 1
    session.converse()
    return 0


def _run_presets(arguments: argparse.Namespace) -> int:
    from nesvae_live.presets.catalogue import check_presets, preset_to_text, presets_to_text
    from nesvae_live.presets.preset import load_preset

    if arguments.verb == "list":
        print(presets_to_text())
    elif arguments.verb == "show":
        print(preset_to_text(load_preset(arguments.preset)))
    else:
        text, fine = check_presets(arguments.presets)
        print(text)
        return 0 if fine else 1
    return 0
