"""Exports a take, or some bars of it, to files that other programs read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.console.cartridge import to_cartridge
from nesvae_live.chip.console.vgmfile import to_vgm_file
from nesvae_live.chip.convert import to_exprsco
from nesvae_live.chip.nesmdb import dumps_exprsco
from nesvae_live.chip.tracker.module import Module
from nesvae_live.log.excerpt import read_excerpt
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import REPLAY_ONLY, JamError, entries_of
from nesvae_live.music.voices import Voice
from nesvae_live.paths import replacing
from nesvae_live.take.cutsound import CutSound, HeardSound, heard_balances
from nesvae_live.take.daw.ardour import write_ardour
from nesvae_live.take.daw.arrangement import jam_to_arrangement
from nesvae_live.take.daw.dawproject import write_dawproject
from nesvae_live.take.daw.reaper import write_rpp
from nesvae_live.take.folder import LOG_NAME, SOUND_NAME, read_jam
from nesvae_live.take.midifile import write_midi
from nesvae_live.take.recover import write_picture
from nesvae_live.take.release import (
    RELEASE,
    TRACKED,
    Release,
    credits_for,
    jam_to_edition,
    loop_bar,
    vgm_options,
)
from nesvae_live.take.sound import SoundReplay, jam_to_timeline
from nesvae_live.take.takes import TakeError
from nesvae_live.take.tracked import jam_to_module
from nesvae_live.take.wav import HEAD_BYTES, wav_file

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

COPY_FRAMES = 1 << 19
"""How many frames of a WAV are copied at once."""

SOUNDLESS = tuple(f'{{"kind":"{kind}"'.encode() for kind in ("heard", "barred", "turned", "placed"))
"""The beginnings of lines that don't concern the sound."""

Done = Callable[[str], object]
"""Called with each kind that is done."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported: a jam, the frames of the take's WAV that it spans, and its name."""

    take: Path
    jam: Jam
    name: str
    first_frame: int = 0
    end_frame: float = inf
    first_bar: int = 1


def read_selection(take: Path, bars: tuple[int, int] | None) -> Selection:
    """Read a take, or bars `(first, last)` of it, counted from 1.

    Raises:
        JamError: its log can't be read, or has no such bars.
    """
    if bars is None:
        return Selection(take, read_jam(take), take.name)
    first, last = bars
    excerpt = read_excerpt(take / LOG_NAME, first, last)
    name = f"{take.name}_bars{first}-{last}"
    return Selection(take, excerpt.jam, name, excerpt.first_sample, excerpt.end_sample, first)


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
        "wav": _write_wav,
        "raw": _write_raw,
        "rawstems": _write_raw_stems,
        "stems": _write_stems,
        "stereo": _write_stereo,
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
        "dawproject": _write_dawproject,
        "rpp": _write_rpp,
        "ardour": _write_ardour,
    }
    files: list[Path] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
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


def _write_wav(selection: Selection, base: Path) -> list[Path]:
    """Write the take's sound as it was heard, in mono and at its full level."""
    return _cut(selection, [base.with_name(base.name + ".wav")])


def _write_raw(selection: Selection, base: Path) -> list[Path]:
    """Copy the chip's own samples, DC and all."""
    path = base.with_name(base.name + ".raw.wav")
    with wav_file(path, selection.jam.opened.sample_rate) as out:
        _read(selection, out.write, selection.first_frame)
    return [path]


def _write_raw_stems(selection: Selection, base: Path) -> list[Path]:
    """Write each voice's share of the chip's samples: they add up to them within 3 of 32768."""
    paths = [base.with_name(f"{base.name}.raw.{voice.name}.wav") for voice in Voice]
    with ExitStack() as stack:
        rate = selection.jam.opened.sample_rate
        files = [stack.enter_context(wav_file(path, rate)) for path in paths]

        def tap(samples: npt.NDArray[np.int16]) -> None:
            for file, track in zip(files, samples.T[1:], strict=True):
                file.write(track)

        _read(selection, tap, selection.first_frame, stems=True)
    return paths


def _write_stems(selection: Selection, base: Path) -> list[Path]:
    """Write each voice's share of the mix: they add up to the WAV."""
    return _cut(selection, [base.with_name(f"{base.name}.{voice.name}.wav") for voice in Voice])


def _write_stereo(selection: Selection, base: Path) -> list[Path]:
    """Write what was heard: levels, solos and spread as they stood, in stereo."""
    path = base.with_name(base.name + ".stereo.wav")
    rate = selection.jam.opened.sample_rate
    balances = heard_balances(selection.take / LOG_NAME)
    with wav_file(path, rate, channels=2) as file:
        cut = selection.first_frame, selection.end_frame
        sound = HeardSound(file, rate, balances, cut)
        _read(selection, sound.put, 0, stems=True)
        if selection.end_frame < inf:
            sound.stretch(int(selection.end_frame))
        sound.end()
    return [path]


def _write_dawproject(selection: Selection, base: Path) -> list[Path]:
    path = base.with_name(base.name + ".dawproject")
    rate = selection.jam.opened.sample_rate
    arrangement = jam_to_arrangement(selection.jam)
    with TemporaryDirectory(prefix=".stems-", dir=base.parent) as folder, replacing(path) as new:
        sounds = _stems(selection, Path(folder))
        seconds = (sounds[0][1].stat().st_size - HEAD_BYTES) / 2 / rate
        write_dawproject(arrangement, sounds, rate, seconds, new)
    return [path]


def _write_rpp(selection: Selection, base: Path) -> list[Path]:
    path = base.with_name(base.name + ".RPP")
    media = base.with_name(base.name + "_media")
    media.mkdir()
    sounds = _stems(selection, media)
    with replacing(path) as new:
        write_rpp(jam_to_arrangement(selection.jam), sounds, new)
    return [path, *(file for _, file in sounds)]


def _write_ardour(selection: Selection, base: Path) -> list[Path]:
    folder = base.with_name(base.name + "_ardour")
    folder.mkdir()
    rate = selection.jam.opened.sample_rate
    with TemporaryDirectory(prefix=".stems-", dir=base.parent) as stems:
        sounds = _stems(selection, Path(stems))
        return [write_ardour(jam_to_arrangement(selection.jam), sounds, rate, folder)]


def _stems(selection: Selection, folder: Path) -> list[tuple[str, Path]]:
    """Write each voice's share of the mix into a folder: a DAW's track's name, and its file."""
    names = [f"{voice.name} chip" for voice in Voice]
    paths = [folder / f"{voice.name}.wav" for voice in Voice]
    return list(zip(names, _cut(selection, paths), strict=True))


def _cut(selection: Selection, paths: list[Path]) -> list[Path]:
    """Write the mix to one path, or the voices' shares of it to four."""
    rate, stems = selection.jam.opened.sample_rate, len(paths) > 1
    with ExitStack() as stack:
        files = [stack.enter_context(wav_file(path, rate)) for path in paths]
        sound = CutSound(files, rate, selection.first_frame)
        _read(selection, sound.put, sound.needed_from, stems=stems)
        if selection.end_frame < inf:
            sound.stretch(int(selection.end_frame))
        sound.end()
    return paths


def _read(
    selection: Selection,
    tap: Callable[[npt.NDArray[np.int16]], object],
    first: int,
    *,
    stems: bool = False,
) -> None:
    """Give `tap` the chip's samples from frame `first` of the take on, to the selection's end.

    They are those of the take's WAV; stems, or where it is gone, are computed from the log, from
    its beginning on.
    """
    source = selection.take / SOUND_NAME
    if stems or not source.exists():
        _render(selection, tap, first, stems=stems)
        return
    with source.open("rb") as wav:
        frames = (wav.seek(0, 2) - HEAD_BYTES) // 2
        first = min(max(first, 0), frames)
        left = int(min(selection.end_frame, frames)) - first
        wav.seek(HEAD_BYTES + 2 * first)
        while left > 0 and (data := wav.read(2 * min(left, COPY_FRAMES))):
            tap(np.frombuffer(data, "<i2"))
            left -= len(data) // 2


def _render(
    selection: Selection,
    tap: Callable[[npt.NDArray[np.int16]], object],
    first: int,
    *,
    stems: bool,
) -> None:
    rate, at = selection.jam.opened.sample_rate, first

    def take(samples: npt.NDArray[np.int16]) -> None:
        nonlocal at
        left = int(min(selection.end_frame - at, len(samples)))
        at += len(samples)
        if left > 0:
            tap(samples[:left])

    sound = SoundReplay(Apu(rate), take, stems=stems, first=first)
    with (selection.take / LOG_NAME).open("rb") as lines:
        lines.readline()
        for entry in entries_of(lines, (*REPLAY_ONLY, *SOUNDLESS)):
            sound.put(entry)
            if at >= selection.end_frame:
                return
    sound.end()
