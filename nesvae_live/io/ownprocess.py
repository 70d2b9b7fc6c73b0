"""Programs of ours that run in a process of their own: how Python is started for them."""

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
