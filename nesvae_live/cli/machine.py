"""`nesvae-live ports` and `doctor`: what this machine offers."""

from __future__ import annotations

import argparse
import json
from typing import Any


def add_machine(commands: Any) -> None:
    """Add both commands."""
    commands.add_parser("ports", help="list the MIDI ports and audio outputs", fill=_ports)
    commands.add_parser(
        "doctor", help="report what this machine offers, and what is missing", fill=_doctor
    )


def _ports(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_ports)
    p.add_argument("--json", action="store_true", help="print JSON")


def _doctor(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_doctor)
    p.add_argument("--json", action="store_true", help="print JSON")


def _run_ports(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.doctor import examine_ports
    from nesvae_live.app.doctorreport import ports_to_text

    ports = examine_ports()
    print(json.dumps(ports, indent=2) if arguments.json else ports_to_text(ports))
    return 0


def _run_doctor(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.doctor import examine
    from nesvae_live.app.doctorreport import to_text

    report = examine()
    print(json.dumps(report, indent=2) if arguments.json else to_text(report))
    return 0
