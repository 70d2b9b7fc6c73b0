"""Whether PipeWire runs here, and what a person does to use it as a JACK server."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def runs() -> bool:
    """Whether a PipeWire of this user's answers, by its socket."""
    folder = os.environ.get("PIPEWIRE_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR")
    name = os.environ.get("PIPEWIRE_REMOTE") or "pipewire-0"
    return folder is not None and (Path(folder) / name).is_socket()


def remedy() -> str:
    """How to reach its JACK from here."""
    install = "" if shutil.which("pw-jack") else "sudo apt install pipewire-jack, then "
    return f"PipeWire runs, and is a JACK server: {install}start with pw-jack nesvae-live play"
