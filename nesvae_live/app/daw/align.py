"""`align`: what comes back late is sent earlier from then on, and both outputs are heard together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from nesvae_live.io.audio.clicks import Way
from nesvae_live.io.audio.loop import HEARS, SPEAKS, JackLoop, LoopError, Measured, Route
from nesvae_live.music.ranges import OFFSET
from nesvae_live.presets.preset import Preset
from nesvae_live.presets.presetfile import PresetFile

POLL_SECONDS = 0.2
SPREAD_MS = 1.0
"""A way whose delay varies by more than that is said to be unsteady."""


def align(route: Route, preset: Preset, say: Callable[[str], None], *, save: bool) -> None:
    """Measure the loop, say what came of it, and keep the offsets in the preset.

    Args:
        route: the ports that are named; where none is, the person connects ours.
        preset: where the offsets go.
        say: takes a line for a person.
        save: whether to keep them at all.

    Raises:
        LoopError: nothing can be measured.
        ConfigError: the preset can't be written.
    """
    with JackLoop(route) as loop:
        if not loop.connected:
            say(
                f"connect {SPEAKS} to what you want to measure, and its output to {HEARS}; "
                "measuring starts then, and Ctrl-C stops it"
            )
            while not loop.connected:
                time.sleep(POLL_SECONDS)
        measured = loop.measure()
    offsets = offsets_of(measured)
    for way in (measured.audio, measured.midi):
        if way is not None:
            say(told(way, measured))
    if not offsets:
        raise LoopError(
            "nothing came back: is everything connected and loud enough, and does the DAW monitor "
            "its input?"
        )
    words = ", ".join(f"{name} = {value:g}" for name, value in offsets.items())
    if save:
        path = PresetFile(preset).set_play(offsets)
        say(f"{words}: kept in [play] of {path}")
    else:
        say(words)


def offsets_of(measured: Measured) -> Mapping[str, float]:
    """The offsets in milliseconds, by their names in a preset; of what came back.

    Raises:
        LoopError: one is out of range.
    """
    offsets = {}
    for name, way in (("offset_audio", measured.audio), ("offset_midi", measured.midi)):
        if way is not None:
            offset = round(-way.median / measured.sample_rate * 1e3, 3)
            if offset not in OFFSET:
                raise LoopError(f"{way.what} come back {-offset:g} ms late: offsets are {OFFSET}")
            offsets[name] = offset
    return offsets


def told(way: Way, measured: Measured) -> str:
    """What was measured of a way, in one line."""
    scale = 1e3 / measured.sample_rate
    spread = way.spread * scale
    line = (
        f"{way.what} back after {way.median:g} frames, {way.median * scale:.2f} ms "
        f"({len(way.frames)} times, within {way.spread} frames; a period is {measured.period})"
    )
    return f"{line}; that is unsteady: measure again" if spread > SPREAD_MS else line
