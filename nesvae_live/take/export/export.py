"""Exports a take, or some bars of it, to files that other programs read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from nesvae_live.chip.console.cartridge import to_cartridge
from nesvae_live.chip.console.vgmfile import to_vgm_file
from nesvae_live.chip.convert import to_exprsco
from nesvae_live.chip.nesmdb import dumps_exprsco
from nesvae_live.chip.tracker.module import Module
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import JamError
from nesvae_live.paths import make_dir, replacing
from nesvae_live.take.export.dawfiles import export_ardour, export_dawproject, export_rpp
from nesvae_live.take.export.release import (
    RELEASE,
    TRACKED,
    Release,
    credits_for,
    jam_to_edition,
    loop_bar,
    vgm_options,
)
from nesvae_live.take.export.selection import Selection
from nesvae_live.take.export.soundfiles import (
    write_raw,
    write_raw_stems,
    write_stems,
    write_stereo,
    write_wav,
)
from nesvae_live.take.export.tracked import jam_to_module
from nesvae_live.take.midifile import write_midi
from nesvae_live.take.recover import write_picture
from nesvae_live.take.sound import jam_to_timeline
from nesvae_live.take.takes import TakeError

EXPORT_KINDS = (
    *(
        "mid",
        "wav",
        "stems",
        "stereo",
        "raw",
        "rawstems",
        "vgm",
        "vgz",
        "nsf",
        "nes",
        *TRACKED,
        "exprsco",
        "png",
    ),
    *("dawproject", "rpp", "ardour"),
)
"""What a take can be exported to."""

Done = Callable[[str], object]
"""Called with each kind that is done."""


def export(
    selection: Selection,
    kinds: Sequence[str],
    out: Path,
    done: Done = str,
    release: Release = RELEASE,
    tell: Done = str,
    midi_cc: str | None = None,
) -> list[Path]:
    """Write files of the `kinds` into the folder `out`, which is made if need be.

    No file is written over another, and each one appears when it is whole (see `replacing`).
    `tell` is told, a line each, what there is to say of a file. `midi_cc` as in `jam_to_midi`.

    Raises:
        TakeError: one can't be made or written; the line names it.
    """
    makers: dict[str, Callable[[Selection, Path], list[Path]]] = {
        "mid": _writer(".mid", partial(write_midi, midi_cc=midi_cc)),
        "wav": write_wav,
        "raw": write_raw,
        "rawstems": write_raw_stems,
        "stems": write_stems,
        "stereo": write_stereo,
        "vgm": _vgm(".vgm", release),
        "vgz": _vgm(".vgz", release),
        "nsf": _cartridge(".nsf", release, tell),
        "nes": _cartridge(".nes", release, tell),
        **{kind: _tracked(*TRACKED[kind], release, tell) for kind in TRACKED},
        "exprsco": _writer(
            ".exprsco.pkl",
            lambda jam, path: path.write_bytes(dumps_exprsco(to_exprsco(jam_to_timeline(jam)))),
        ),
        "png": _writer(".png", write_picture),
        "dawproject": export_dawproject,
        "rpp": export_rpp,
        "ardour": export_ardour,
    }
    files: list[Path] = []
    try:
        make_dir(out)
        base = _free_base(out, selection.name)
        for kind in kinds:
            files += makers[kind](selection, base)
            done(kind)
    except OSError as error:
        raise TakeError(f"{error.filename or out}: {error.strerror or error}") from None
    except (JamError, ValueError) as error:
        raise TakeError(f"{selection.take}: {kind}: {error}") from None
    return files


def _free_base(out: Path, name: str) -> Path:
    """The name, with a number behind it if a file of that name is there already."""
    names = {path.name.split(".")[0] for path in out.iterdir()}
    for n in count(1):
        base = name if n == 1 else f"{name}_{n}"
        if base not in names:
            return out / base
    raise AssertionError


def _writer(
    suffix: str, write: Callable[[Jam, Path], object]
) -> Callable[[Selection, Path], list[Path]]:
    def make(selection: Selection, base: Path) -> list[Path]:
        path = base.with_name(base.name + suffix)
        with replacing(path) as new:
            write(selection.jam, new)
        return [path]

    return make


def _vgm(suffix: str, release: Release) -> Callable[[Selection, Path], list[Path]]:
    def make(selection: Selection, base: Path) -> list[Path]:
        path = base.with_name(base.name + suffix)
        options = vgm_options(selection.jam, selection.first_bar, release)
        data = to_vgm_file(jam_to_timeline(selection.jam), suffix, options)
        with replacing(path) as new:
            new.write_bytes(data)
        return [path]

    return make


def _cartridge(
    suffix: str, release: Release, tell: Done
) -> Callable[[Selection, Path], list[Path]]:
    def make(selection: Selection, base: Path) -> list[Path]:
        path = base.with_name(base.name + suffix)
        made = to_cartridge(
            jam_to_timeline(selection.jam),
            suffix,
            jam_to_edition(selection.jam, selection.first_bar, release),
        )
        with replacing(path) as new:
            new.write_bytes(made.data)
        tell(f"{path.name}: {made.line}")
        return [path]

    return make


def _tracked(
    suffix: str, write: Callable[[Module], bytes], release: Release, tell: Done
) -> Callable[[Selection, Path], list[Path]]:
    def make(selection: Selection, base: Path) -> list[Path]:
        path = base.with_name(base.name + suffix)
        loop = loop_bar(selection.jam, selection.first_bar, release)
        about = credits_for(selection.jam, release)
        made = jam_to_module(selection.jam, about, loop)
        with replacing(path) as new:
            new.write_bytes(write(made.module))
        for notice in made.notices:
            tell(f"{path.name}: {notice}")
        return [path]

    return make
