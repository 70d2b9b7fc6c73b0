"""Two NES emulators, fceux and mednafen, without a screen or a sound card: what they show and play."""

from __future__ import annotations

import os
import shutil

PROGRAMS = {"fceux": "fceux", "mednafen": "mednafen", "Xvfb": "xvfb", "import": "imagemagick"}
"""Each program, and Debian's package that has it."""

PATH = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/games"


def why_no_emulator() -> str | None:
    missing = [package for name, package in PROGRAMS.items() if not shutil.which(name, path=PATH)]
    return f"no {missing[0]} found (Debian: {' '.join(missing)})" if missing else None
