"""`render`: turns scores, VGM and MIDI files and jams into sound, VGM, MIDI or a score.

It reads an exprsco or a seprsco, the register log of a VGM file, the timeline of a MIDI file, or a
jam. `chip.convert` knows what can be made of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nesvae_live import NesvaeError
from nesvae_live.chip.apu import Apu, DcBlocker
from nesvae_live.chip.console.cartridge import SUFFIXES, Edition, to_cartridge
from nesvae_live.chip.console.nsf import NO_CREDITS, Credits
from nesvae_live.chip.console.vgmfile import VGM_SUFFIXES, VgmOptions, to_vgm_file
from nesvae_live.chip.convert import (
    READERS,
    Source,
    log_to_blocks,
    to_exprsco,
    to_log,
    to_midi,
    to_timeline,
)
from nesvae_live.chip.nesmdb import dumps_exprsco
from nesvae_live.chip.smf import reading
from nesvae_live.chip.smf.general import timeline_to_general
from nesvae_live.chip.smf.sound import midi_to_timeline
from nesvae_live.chip.vgm.registerlog import VGM_RATE, RegisterLog
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import JamError
from nesvae_live.music.dialect import GENERAL
from nesvae_live.music.voices import Voice
from nesvae_live.paths import read_whole, replacing
from nesvae_live.take.export.release import FIRST_BAR, Release, jam_to_edition
from nesvae_live.take.folder import read_jam
from nesvae_live.take.midifile import jam_to_midi
from nesvae_live.take.sound import jam_to_timeline
from nesvae_live.take.wav import wav_head

SOURCES = (*READERS, *reading.SUFFIXES)
"""The ends of the names of files that are read, beside `LOG_SUFFIX`."""

LOG_SUFFIX = ".jsonl"
SCORE_SUFFIX = ".exprsco.pkl"
OUTPUTS = (".wav", *VGM_SUFFIXES, ".mid", *SUFFIXES, SCORE_SUFFIX)

LONG_SECONDS = 60
"""Sound that lasts longer gets a progress bar."""


class RenderError(NesvaeError):
    """Something cannot be read, rendered or written; one line says what and why."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What to render, to which file, and how.

    Of a WAV: `sample_rate` is in Hz, None for that of a jam or 44100; `dc` leaves in the DC that
    the voices of the chip have; `stems` also writes the share of each voice in the mix, to
    `OUT.P1.wav` and so on. Of an exprsco: `rate` is in steps a second, None for that of a score or
    of NES-MDB. Of a MIDI file: `dialect`, general or nesmdb. Of a VGM: `fps` puts its writes on frames. Of an NSF, a ROM or a VGM: what it says
    `about` itself, and whether it begins anew at its end (None: an NSF and a ROM do, a VGM where
    its source does). `progress` allows a progress bar.
    """

    source: Path
    out: Path
    stems: bool = False
    dc: bool = False
    sample_rate: int | None = None
    rate: float | None = None
    progress: bool = False
    about: Credits = NO_CREDITS
    loops: bool | None = None
    fps: float | None = None
    dialect: str = GENERAL


def render(options: RenderOptions, warn: Callable[[str], None]) -> list[Path]:
    """Make the files and return them; `warn` is told, a line each, what was left out.

    What was there stays until the new file is whole.

    Raises:
        RenderError: something can't be read, made of it, or written.
    """
    path, out = options.source, options.out
    kind = _suffix(out, OUTPUTS)
    if kind != ".wav" and (options.stems or options.dc or options.sample_rate is not None):
        raise RenderError(f"{out}: --stems, --dc and --sample-rate are for a WAV")
    if kind != SCORE_SUFFIX and options.rate is not None:
        raise RenderError(f"{out}: --rate is for an {SCORE_SUFFIX}")
    if kind not in VGM_SUFFIXES and options.fps is not None:
        raise RenderError(f"{out}: --fps is for a VGM")
    if kind != ".mid" and options.dialect != GENERAL:
        raise RenderError(f"{out}: --dialect is for a MIDI file, .mid")
    if out.resolve() == path.resolve():
        raise RenderError(f"{out}: that would overwrite the input; name another file")
    read = read_source(path, warn)
    try:
        if kind == ".mid":
            data = _to_midi(read, options.dialect)
        else:
            source = jam_to_timeline(read) if isinstance(read, Jam) else read
            if kind == ".wav":
                return _write_wavs(source, options)
            if kind in SUFFIXES:
                made = to_cartridge(source, kind, _edition(read, options))
                warn(f"{out}: {made.line}")
                data = made.data
            elif kind == SCORE_SUFFIX:
                data = dumps_exprsco(to_exprsco(source, options.rate))
            else:
                data = to_vgm_file(source, kind, _vgm_options(options))
    except ValueError as error:
        raise RenderError(f"{path}: {error}") from None
    with _writing([out]) as (file,):
        file.write(data)
    return [out]


def _edition(source: Source | Jam, options: RenderOptions) -> Edition:
    """How it goes onto the console: a jam with its bars, a file named after itself."""
    loops = options.loops is not False
    if isinstance(source, Jam):
        return jam_to_edition(source, 1, Release(options.about, FIRST_BAR if loops else None))
    name = options.source.name.removesuffix(_suffix(options.source, SOURCES))
    about = replace(options.about, title=options.about.title or name)
    loop = 0.0
    if isinstance(source, RegisterLog):
        tags, given = source.tags, options.about
        about = replace(
            about, title=given.title or tags.title or name, artist=given.artist or tags.author
        )
        loop = (source.loop or 0) / VGM_RATE
    return Edition(about, loop=loop if loops else None)


def _vgm_options(options: RenderOptions) -> VgmOptions:
    """How it goes into a VGM; all of a jam begins on a bar line."""
    loop = {None: None, True: 0.0, False: None}[options.loops]
    return VgmOptions(options.about, loop, options.fps, keeps_loop=options.loops is not False)


def _to_midi(source: Source | Jam, dialect: str) -> bytes:
    """A MIDI file: of a jam on its grid of bars, of anything else to the sample."""
    if dialect != GENERAL:
        return to_midi(jam_to_timeline(source) if isinstance(source, Jam) else source)
    if not isinstance(source, Jam):
        return timeline_to_general(to_timeline(source))
    written = BytesIO()
    jam_to_midi(source).save(file=written)
    return written.getvalue()


def _write_wavs(source: Source, options: RenderOptions) -> list[Path]:
    rate, log = to_log(source)
    sample_rate = options.sample_rate or rate
    frames = max(log.nsamps - 1, 0) * sample_rate // rate
    if frames == 0:
        raise ValueError("there is nothing to render: it is shorter than a sample")
    chip = Apu(sample_rate)
    paths = [options.out]
    if options.stems:
        names = [voice.name for voice in Voice] + ["DM"] * log.uses_dmc
        paths += [options.out.with_suffix(f".{name}.wav") for name in names]
    blockers = [DcBlocker(sample_rate) for _ in paths]
    with _writing(paths) as files, _bar(options, frames, sample_rate) as count:
        for file in files:
            file.write(wav_head(2 * frames, sample_rate))
        for mix, stems in log_to_blocks(rate, log, chip, stems=options.stems):
            tracks = [mix] if stems is None else [mix, *stems.T]
            for file, track, blocker in zip(files, tracks, blockers, strict=True):
                # A high-pass leaves [0, top] within [-top, top], and the chip's top is 0.82.
                samples = track if options.dc else np.rint(blocker.process(track))
                file.write(samples.astype("<i2").tobytes())
            count(len(mix))
    return paths


@contextmanager
def _bar(options: RenderOptions, frames: int, sample_rate: int) -> Iterator[Callable[[int], Any]]:
    """A progress bar on standard error, if it is wanted and there is much to do."""
    if not options.progress or frames < LONG_SECONDS * sample_rate:
        yield lambda _: None
        return
    from tqdm import tqdm

    bar_format = "{desc} {percentage:3.0f}% |{bar}| {remaining} left"
    with tqdm(total=frames, desc=options.out.name, bar_format=bar_format) as bar:
        yield bar.update


@contextmanager
def _writing(paths: list[Path]) -> Iterator[list[BinaryIO]]:
    """Files to write, which take their places only when the block ends well.

    Raises:
        RenderError: they can't be written.
    """
    try:
        with ExitStack() as places, ExitStack() as files:
            parts = [places.enter_context(replacing(path)) for path in paths]
            yield [files.enter_context(part.open("wb")) for part in parts]
    except OSError as error:
        why = error.strerror or error
        raise RenderError(f"{paths[0]}: cannot be written: {why}") from None


def read_source(path: Path, warn: Callable[[str], None]) -> Source | Jam:
    """Read any file that can be rendered; `warn` is told what of it is left out.

    Raises:
        RenderError: it can't be read.
    """
    kind = _suffix(path, (*SOURCES, LOG_SUFFIX))
    try:
        if kind == LOG_SUFFIX:
            jam = read_jam(path)
            if jam.cut:
                warn(f"{path}: {jam.cut}")
            return jam
        if kind in reading.SUFFIXES:
            return midi_to_timeline(read_whole(path), lambda line: warn(f"{path}: {line}"))
        source = READERS[kind](read_whole(path))
    except JamError as error:
        raise RenderError(str(error)) from None
    except OSError as error:
        raise RenderError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise RenderError(f"{path}: {error}") from None
    for notice in source.notices if isinstance(source, RegisterLog) else ():
        warn(f"{path}: {notice}")
    return source


def _suffix(path: Path, known: tuple[str, ...]) -> str:
    for suffix in known:
        if path.name.lower().endswith(suffix):
            return suffix
    raise RenderError(f"{path}: its name must end in one of {', '.join(known)}")
