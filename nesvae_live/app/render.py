"""Render: scores, VGM and MIDI files and logs of jams, to the chip's sound, VGM, MIDI or a score.

What comes in is an exprsco or a seprsco, a VGM file's register log, a MIDI file's timeline, or a
jam; what can be made of each is in `convert`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nesvae_live import NesvaeError
from nesvae_live.chip.apu import Apu, DcBlocker
from nesvae_live.chip.convert import Source, log_to_blocks, to_exprsco, to_log, to_midi, to_vgm
from nesvae_live.chip.midireader import midi_to_timeline
from nesvae_live.chip.nesmdb import (
    dumps_exprsco,
    loads_exprsco,
    loads_seprsco,
)
from nesvae_live.chip.npzscore import loads_npz
from nesvae_live.chip.vgm import RegisterLog, features_left_out, vgm_to_writes
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import JamError
from nesvae_live.music.voices import Voice
from nesvae_live.take.folder import read_jam
from nesvae_live.take.midifile import jam_to_midi
from nesvae_live.take.sound import jam_to_timeline
from nesvae_live.take.wav import wav_head

READERS: dict[str, Callable[[bytes], Source]] = {
    ".exprsco.pkl": loads_exprsco,
    ".seprsco.pkl": loads_seprsco,
    ".npz": loads_npz,
    ".vgm": vgm_to_writes,
    ".mid": midi_to_timeline,
}
"""How a file's name ends, and what reads it; a jam's log is read by `read_jam`."""

LOG = ".jsonl"
SCORE = ".exprsco.pkl"
OUTPUTS = (".wav", ".vgm", ".mid", SCORE)

LONG_SECONDS = 60
"""What lasts longer gets a progress bar."""

Say = Callable[[str], None]


class RenderError(NesvaeError):
    """What cannot be read, rendered or written, in one line."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What to render, and how its WAV should be.

    `sample_rate` in Hz, None for the jam's own or 44100; `dc` leaves the DC in that the chip's
    voices have; `stems` writes each voice's share of the mix beside it, `OUT.P1.wav` and so on.
    `rate` is an exprsco's in steps a second, None for a score's own or NES-MDB's.
    """

    source: Path
    out: Path
    stems: bool = False
    dc: bool = False
    sample_rate: int | None = None
    rate: float | None = None
    progress: bool = False


def render(options: RenderOptions, warn: Say) -> list[Path]:
    """Make the files; returns them. `warn` is told, a line each, of what was left out.

    Each is written under a temporary name first: what was there stays until the new one is whole.

    Raises:
        RenderError: something is wrong with what is read, asked for or written.
    """
    path, out = options.source, options.out
    kind = _suffix(out, OUTPUTS)
    if kind != ".wav" and (options.stems or options.dc or options.sample_rate is not None):
        raise RenderError(f"{out}: --stems, --dc and --sample-rate are for a WAV")
    if kind != SCORE and options.rate is not None:
        raise RenderError(f"{out}: --rate is for an {SCORE}")
    if out.resolve() == path.resolve():
        raise RenderError(f"{out}: it would take the place of what is rendered; name another")
    read = _read(path, warn)
    try:
        if kind == ".mid":
            data = _to_midi(read)
        else:
            source = jam_to_timeline(read) if isinstance(read, Jam) else read
            if kind == ".wav":
                return _write_wavs(source, options)
            score = kind == SCORE
            data = dumps_exprsco(to_exprsco(source, options.rate)) if score else to_vgm(source)
    except ValueError as error:
        raise RenderError(f"{path}: {error}") from None
    with _replacing([out]) as (file,):
        file.write(data)
    return [out]


def _to_midi(source: Source | Jam) -> bytes:
    """A MIDI file: a jam's on its grid of bars, every other in NES-MDB's convention."""
    if not isinstance(source, Jam):
        return to_midi(source)
    written = BytesIO()
    jam_to_midi(source).save(file=written)
    return written.getvalue()


def _write_wavs(source: Source, options: RenderOptions) -> list[Path]:
    rate, log = to_log(source)
    sample_rate = options.sample_rate or rate
    frames = max(log.nsamps - 1, 0) * sample_rate // rate
    if frames == 0:
        raise ValueError("there is nothing to render: it lasts no sample")
    chip = Apu(sample_rate)
    paths = [options.out]
    if options.stems:
        paths += [options.out.with_suffix(f".{voice.name}.wav") for voice in Voice]
    blockers = [DcBlocker(sample_rate) for _ in paths]
    with _replacing(paths) as files, _bar(options, frames, sample_rate) as count:
        for file in files:
            file.write(wav_head(2 * frames, sample_rate))
        for mix, stems in log_to_blocks(rate, log, chip, stems=options.stems):
            tracks = [mix] if stems is None else [mix, *stems.T]
            for file, track, blocker in zip(files, tracks, blockers, strict=True):
                # A high-pass leaves [0, top] within [-top, top], and the chip's top is 0.55.
                samples = track if options.dc else np.rint(blocker.process(track))
                file.write(samples.astype("<i2").tobytes())
            count(len(mix))
    return paths


@contextmanager
def _bar(options: RenderOptions, frames: int, sample_rate: int) -> Iterator[Callable[[int], Any]]:
    """A progress bar on standard error, where it is wanted and there is much to do."""
    if not options.progress or frames < LONG_SECONDS * sample_rate:
        yield lambda _: None
        return
    from tqdm import tqdm

    bar_format = "{desc} {percentage:3.0f}% |{bar}| {remaining} left"
    with tqdm(total=frames, desc=options.out.name, bar_format=bar_format) as bar:
        yield bar.update


@contextmanager
def _replacing(paths: list[Path]) -> Iterator[list[BinaryIO]]:
    """Files to write, which take their places only when the block ends well."""
    parts = [path.with_name(f".{path.name}.part") for path in paths]
    try:
        with ExitStack() as stack:
            yield [stack.enter_context(part.open("wb")) for part in parts]
        for path, part in zip(paths, parts, strict=True):
            part.replace(path)
    except OSError as error:
        why = error.strerror or error
        raise RenderError(f"{paths[0]}: cannot be written: {why}") from None
    finally:
        for part in parts:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _read(path: Path, warn: Say) -> Source | Jam:
    kind = _suffix(path, (*READERS, LOG))
    try:
        if kind == LOG:
            jam = read_jam(path)
            if jam.cut:
                warn(f"{path}: {jam.cut}")
            return jam
        source = READERS[kind](path.read_bytes())
    except JamError as error:
        raise RenderError(str(error)) from None
    except OSError as error:
        raise RenderError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise RenderError(f"{path}: {error}") from None
    if isinstance(source, RegisterLog) and (left_out := features_left_out(source)):
        warn(f"{path}: rendered without what it uses of {', '.join(left_out)}")
    return source


def _suffix(path: Path, known: tuple[str, ...]) -> str:
    for suffix in known:
        if path.name.lower().endswith(suffix):
            return suffix
    raise RenderError(f"{path}: its name must end in one of {', '.join(known)}")
