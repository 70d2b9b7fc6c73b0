"""What a person is told during play: a status line, and notices above it and in the log."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TextIO

from nesvae_live.app.say import Say, say
from nesvae_live.clock.hosttime import Time
from nesvae_live.log.entries import Journal, Noted


class Notices:
    """Tells a person things, from any thread; the log, once there is one, gets them too."""

    def __init__(self, time: Time) -> None:
        self.journal: Journal | None = None
        """The log, as soon as it is open; the session sets it."""
        self.tell: Say = say
        """How a person is told; by the terminal's view, while there is one."""
        self.last: tuple[int, str] | None = None
        """How many lines were told, and the newest; for who looks on."""
        self._time = time
        self._warned: set[str] = set()

    def say(self, text: str) -> None:
        """Tell a person `text`, which is one line."""
        self.tell(text)
        self.last = (0 if self.last is None else self.last[0] + 1, text)
        if self.journal is not None:
            self.journal.put(Noted(self._time.now(), text))

    def warn(self, text: str) -> None:
        """The same, but each text only once, until `forget`."""
        if text not in self._warned:
            self._warned.add(text)
            self.say(text)

    def forget(self) -> None:
        """Let each warning be said once more."""
        self._warned.clear()


class StatusLine:
    """Shows the status of the engine.

    On a terminal it is one line that is rewritten; elsewhere it is a new line once a bar.

    Args:
        stream: where it is written to.
        wanted: whether it is shown; None: on a terminal only.
    """

    def __init__(self, stream: TextIO, wanted: bool | None) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._wanted = self._terminal if wanted is None else wanted
        self._bar = 0
        self._is_shown = False

    def show(self, status: Callable[[], Mapping[str, Any]]) -> None:
        """Show what `status` returns."""
        if not self._wanted:
            return
        figures = status()
        self._is_shown = True
        try:
            if self._terminal:
                width = shutil.get_terminal_size().columns - 1
                self._stream.write("\r" + to_line(figures)[:width].ljust(width))
            elif figures["bar"] != self._bar:
                self._bar = figures["bar"]
                self._stream.write(to_line(figures) + "\n")
            self._stream.flush()
        except OSError:  # nobody reads it any more: the music goes on
            self._wanted = False

    def end(self) -> None:
        """End the line, so that what is printed next begins a new one."""
        if self._is_shown and self._terminal:
            with suppress(OSError):
                self._stream.write("\n")
                self._stream.flush()


def to_line(figures: Mapping[str, Any]) -> str:
    """The engine's status as one line, without what isn't in use."""
    decode = figures["decode_ms"]
    parts = [
        f"{figures['bar']:>3}.{figures['count']}",
        f"{figures['tempo']:g} BPM",
        f"decode {decode['p50']:.1f}/{decode['p95']:.1f}/{decode['max']:.1f} ms",
        f"late {figures['events_late'] + figures.get('audio_late', 0)}",
        f"underruns {figures.get('underruns', 0)}",
    ]
    if figures.get("clock", "internal") != "internal":
        waiting = figures.get("clock_waiting")
        parts.insert(2, waiting or f"{figures['clock']} {figures['motion']}")
    if figures.get("splices_late"):
        parts.append(f"swaps late {figures['splices_late']}")
    if figures["decodes_missed"]:
        parts.append(f"missed {figures['decodes_missed']}")
    parts += [name for name in ("hold", "auto", "round") if figures.get(name)]
    if figures.get("key"):
        parts.append(figures["key"])
    if morph := figures.get("morph"):
        parts.append(f"to {morph[0]} {morph[1]:.0%}")
    if figures["muted"]:
        parts.append("muted " + " ".join(figures["muted"]))
    knobs = " ".join(f"{knob} {value:.2f}" for knob, value in figures["knobs"].items())
    return "  ".join([*parts, knobs or "no knob touched"])
