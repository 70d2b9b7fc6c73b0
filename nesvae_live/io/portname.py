"""A port's name without what the system numbers: by it a port is known again when it comes back.

Systems number clients in the order in which they came, so a controller that is plugged in again is
often there under another full name:

| system | a port's name there | the system's part |
| --- | --- | --- |
| ALSA, through RtMidi | `nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0` | ` 20:0` |
| a2jmidid | `a2j:nanoKONTROL2 [28] (capture): nanoKONTROL2 MIDI 1` | ` [28]` |
| PipeWire | `Midi-Bridge:nanoKONTROL2 2:(capture_0) nanoKONTROL2 MIDI 1` | ` 2` |
| PipeWire, of two alike | `Midi-Bridge:KEYS at usb-0000:00:14-0-2- full speed:(capture_0) …` | ` at usb-…` |
| FluidSynth | `FLUID Synth (1415):Synth input port (1415:0) 128:0` | its process's number |
| JACK | `synth-01:midi in` | `-01` |

What a maker numbers (`MIDI 1`, `Port 10`) is the port's own, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection

SYSTEM_PARTS = tuple(
    re.compile(pattern)
    for pattern in (
        r" \d+:\d+$",
        r" \[\d+\](?= \((?:capture|playback)\):)",
        r"(?<=:)(?P<kept>.+?) at usb-.*? speed(?=:\((?:capture|playback)_\d+\))",
        r"^(?P<kept>Midi-Bridge:.+?) \d+(?=:\((?:capture|playback)_\d+\))",
        r" \(\d+(?::\d+)?\)",
        r"^(?P<kept>[^:]+)-\d\d(?=:)",
    )
)


INDEXED = ("winmm",)
"""MIDI systems whose ports RtMidi numbers: `loop 1 0` is port `loop 1`, the first of all."""

INDEX = re.compile(r" \d+$")


def plain_name(name: str, *, indexed: bool = False) -> str:
    """A port's name without the system's numbers; `indexed`: its last word is one."""
    for pattern in (*SYSTEM_PARTS, *([INDEX] if indexed else [])):
        name = pattern.sub(lambda found: found.groupdict().get("kept") or "", name)
    return name


class KnownPort:
    """A port of another program, known by its name whatever the system's numbers in it become.

    Of ports that are alike but for those numbers it is the one that was not there beside it.

    Args:
        name: its full name, as it is or was; a plain one, if nobody has seen it yet.
        indexed: see `plain_name`.
    """

    def __init__(self, name: str, *, indexed: bool = False) -> None:
        self.name = name
        self._indexed = indexed
        self._beside: set[str] = set()  # others like it, which were there while it was

    def find(self, names: Collection[str], taken: Collection[str] = ()) -> str | None:
        """Its full name among `names`, of which `taken` are others; None: it can't be told.

        Ask each time that names are listed: who was there beside it is remembered.
        """
        like_it = self._like_it(names)
        if self.name not in like_it:
            left = self.alike(names, taken)
            self._beside.intersection_update(like_it)
            if len(left) != 1:
                return None
            self.name = left[0]
        self._beside = like_it - {self.name}
        return self.name

    def alike(self, names: Collection[str], taken: Collection[str] = ()) -> list[str]:
        """Those of `names` that it may be: none that was there beside it."""
        return sorted(self._like_it(names) - self._beside - set(taken))

    def _like_it(self, names: Collection[str]) -> set[str]:
        plain = plain_name(self.name, indexed=self._indexed)
        return {name for name in names if plain_name(name, indexed=self._indexed) == plain}


def which_of(name: str, alike: Collection[str]) -> str:
    """The line that says that a port may be one of several that are alike."""
    these = ", ".join(map(repr, alike))
    return f"{name!r} may be back as one of {these}: unplug all but one of them for a moment"
