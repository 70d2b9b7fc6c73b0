"""Programs of ours that run in a process of their own: how Python is started for them, whom they watch."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def own_command(module: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs one of our modules as a program, and the environment for it.

    The package is found there, wherever this process found it.
    """
    environment = dict(os.environ)
    package = str(Path(__file__).resolve().parents[2])
    path = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = package + (os.pathsep + path if path else "")
    return [sys.executable, "-m", f"nesvae_live.{module}"], environment


def is_stopped(process: int) -> bool:
    """Whether a process is stopped, by a signal or a debugger; never where /proc doesn't say so."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state in {"T", "t"}
