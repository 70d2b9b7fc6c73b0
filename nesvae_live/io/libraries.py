"""The shared libraries that this process has loaded, as the system lists them."""

from __future__ import annotations

from pathlib import Path

MAPS = Path("/proc/self/maps")
"""Where Linux lists what is mapped into a process: the sixth field of a line is a file, if any."""


def loaded_libraries(*prefixes: str) -> list[Path]:
    """The files of loaded libraries whose names begin with one of `prefixes`, each once.

    Wheels bring a libjack each, so there may be several. Empty where the system doesn't say (there
    is no /proc).
    """
    try:
        lines = MAPS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    files = dict.fromkeys(Path(line.split(maxsplit=5)[5]) for line in lines if "/" in line)
    return [file for file in files if file.name.startswith(prefixes)]
