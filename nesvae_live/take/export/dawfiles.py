"""A take as the session of a DAW: its MIDI, and each voice's share of the mix as a WAV.

`base` is the path of what is made, without its ending; each maker returns the files that it made.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from nesvae_live.paths import replacing
from nesvae_live.take.daw.ardour import write_ardour
from nesvae_live.take.daw.arrangement import jam_to_arrangement
from nesvae_live.take.daw.dawproject import write_dawproject
from nesvae_live.take.daw.reaper import write_rpp
from nesvae_live.take.export.selection import Selection
from nesvae_live.take.export.soundfiles import write_tracks
from nesvae_live.take.wav import HEAD_BYTES


def export_dawproject(selection: Selection, base: Path) -> list[Path]:
    """Write a DAWproject, with the stems inside."""
    path = base.with_name(base.name + ".dawproject")
    rate = selection.jam.opened.sample_rate
    arrangement = jam_to_arrangement(selection.jam)
    with TemporaryDirectory(prefix=".stems-", dir=base.parent) as folder, replacing(path) as new:
        sounds = write_tracks(selection, Path(folder))
        seconds = (sounds[0][1].stat().st_size - HEAD_BYTES) / 2 / rate
        write_dawproject(arrangement, sounds, rate, seconds, new)
    return [path]


def export_rpp(selection: Selection, base: Path) -> list[Path]:
    """Write a project for Reaper, with the stems in a folder beside it."""
    path = base.with_name(base.name + ".RPP")
    media = base.with_name(base.name + "_media")
    media.mkdir()
    sounds = write_tracks(selection, media)
    with replacing(path) as new:
        write_rpp(jam_to_arrangement(selection.jam), sounds, new)
    return [path, *(file for _, file in sounds)]


def export_ardour(selection: Selection, base: Path) -> list[Path]:
    """Write the folder of a session for Ardour, which the stems become a part of."""
    folder = base.with_name(base.name + "_ardour")
    folder.mkdir()
    rate = selection.jam.opened.sample_rate
    with TemporaryDirectory(prefix=".stems-", dir=base.parent) as stems:
        sounds = write_tracks(selection, Path(stems))
        return [write_ardour(jam_to_arrangement(selection.jam), sounds, rate, folder)]
