"""`nesvae-live ports`, `doctor`, `align` and `completion`: what this machine offers, and how late it is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add_machine(commands: Any) -> None:
    """Add the commands."""
    commands.add_parser("ports", help="list the MIDI ports and audio outputs", fill=_ports)
    commands.add_parser(
        "doctor", help="report what this machine offers, and what is missing", fill=_doctor
    )
    commands.add_parser(
        "completion", help="print what a shell needs so that Tab completes", fill=_completion
    )
    commands.add_parser(
        "align", help="measure how late sound and notes come back, and set the offsets", fill=_align
    )


def _align(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_align)
    for name, what in (
        ("audio-to", "clicks go to"),
        ("audio-from", "sound comes back from"),
        ("midi-to", "notes go to"),
        ("midi-from", "notes come back from"),
    ):
        p.add_argument(f"--{name}", metavar="PORT", help=f"part of the name of the port {what}")
    p.add_argument(
        "--preset", default="default", metavar="NAME|FILE", help="where the offsets are saved"
    )
    p.add_argument("--dry-run", action="store_true", help="measure, but save nothing")


def _run_align(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.daw.align import align
    from nesvae_live.io.audio.loop import Route
    from nesvae_live.presets.preset import load_preset

    route = Route(arguments.audio_to, arguments.audio_from, arguments.midi_to, arguments.midi_from)
    align(route, load_preset(arguments.preset), print, save=not arguments.dry_run)
    return 0


def _completion(p: argparse.ArgumentParser) -> None:
    from nesvae_live.cli.ctl.prompt import SHELLS

    p.set_defaults(run=_run_completion)
    p.add_argument("shell", choices=SHELLS, metavar="SHELL", help=" or ".join(SHELLS))


def _run_completion(arguments: argparse.Namespace) -> int:
    from nesvae_live.cli.ctl.prompt import shell_script

    print(shell_script(arguments.shell))
    return 0


def _ports(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_ports)
    p.add_argument("--json", action="store_true", help="print JSON")


def _doctor(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_doctor)
    p.add_argument("--json", action="store_true", help="print JSON")
    p.add_argument(
        "--report",
        action="store_true",
        help="print it to be pasted into a bug report: as Markdown, without your home folder's name",
    )


def _run_ports(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.doctor import examine_ports
    from nesvae_live.app.doctorreport import ports_to_text

    ports = examine_ports()
    print(json.dumps(ports, indent=2) if arguments.json else ports_to_text(ports))
    return 0


def _run_doctor(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.doctor import examine
    from nesvae_live.app.doctorreport import to_markdown, to_text

    report = examine()
    if arguments.report:
        print(to_markdown(report, Path.home()))
        return 0
    print(json.dumps(report, indent=2) if arguments.json else to_text(report))
    return 0
