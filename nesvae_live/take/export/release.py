"""What a chip player, a cartridge or a tracker is told of a take: credits, bars, the loop.

`first_bar` is the first bar that is exported, as the take counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from nesvae_live.chip.console.cartridge import Edition
from nesvae_live.chip.console.nsf import NO_CREDITS, Credits
from nesvae_live.chip.console.vgmfile import VgmOptions
from nesvae_live.chip.tracker.famistudio import module_to_famistudio
from nesvae_live.chip.tracker.ftm import module_to_ftm
from nesvae_live.chip.tracker.ftmtext import module_to_text
from nesvae_live.chip.tracker.module import Module
from nesvae_live.log.jam import Jam

FIRST_BAR = 0
"""In place of a bar: the first one that is exported."""


@dataclass(frozen=True, slots=True)
class Release:
    """What a chip player or a cartridge says about the music, and where it goes on at its end.

    `loop` is a bar of the take, counted from 1, `FIRST_BAR`, or None for silence. `fps` puts a
    VGM's writes on frames, so many a second; None leaves them where they were.
    """

    about: Credits = NO_CREDITS
    loop: int | None = FIRST_BAR
    fps: float | None = None


RELEASE = Release()


TRACKED: dict[str, tuple[str, Callable[[Module], bytes]]] = {
    "ftm": (".ftm", module_to_ftm),
    "ftmtxt": (".famitracker.txt", lambda module: module_to_text(module).encode()),
    "famistudio": (".famistudio.txt", lambda module: module_to_famistudio(module).encode()),
}
"""What a tracker reads: the kind, the end of its name, and what writes it."""


def loop_bar(jam: Jam, first_bar: int, release: Release) -> int | None:
    """The bar of what is exported, from 0, where it goes on at its end.

    Raises:
        ValueError: it isn't among those that are exported.
    """
    if release.loop is None:
        return None
    index = 0 if release.loop == FIRST_BAR else release.loop - first_bar
    n_bars = jam.bars()
    if not 0 <= index < n_bars:
        last = first_bar + n_bars - 1
        raise ValueError(f"it can't loop from bar {release.loop}: it has {first_bar} to {last}")
    return index


def credits_for(jam: Jam, release: Release) -> Credits:
    """What a release says, with a title if it has none."""
    title = release.about.title or f"Jam of {jam.opened.started[:10]}"
    return replace(release.about, title=title)


def vgm_options(jam: Jam, first_bar: int, release: Release) -> VgmOptions:
    """A release as a VGM: plain, unless it says something, names a bar for its loop, or frames.

    Raises:
        ValueError: that bar isn't among those that are exported.
    """
    if release.loop in {None, FIRST_BAR}:
        return VgmOptions(release.about, fps=release.fps)
    bar = loop_bar(jam, first_bar, release) or 0
    at = jam.time_of(bar * jam.opened.beats_per_bar)
    return VgmOptions(credits_for(jam, release), at, release.fps)


def jam_to_edition(jam: Jam, first_bar: int, release: Release) -> Edition:
    """A release on the time of what is exported.

    Raises:
        ValueError: the bar at which it goes on isn't among those that are exported.
    """
    bars = [jam.time_of(bar * jam.opened.beats_per_bar) for bar in range(jam.bars())]
    loop = loop_bar(jam, first_bar, release)
    return Edition(credits_for(jam, release), bars, None if loop is None else bars[loop])
