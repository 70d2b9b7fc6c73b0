"""Render: scores, VGM and MIDI files and logs of jams, to the chip's sound, VGM, MIDI or a score.

What comes in is an exprsco or a seprsco, a VGM file's register log, a MIDI file's timeline, or a
jam; what can be made of each is in `to_log`, `to_vgm`, `to_midi` and `to_exprsco`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from nesvae_live.apu import Apu, DcBlocker
from nesvae_live.io.midireader import midi_to_timeline
from nesvae_live.io.midiwriter import timeline_to_midi
from nesvae_live.io.smf import jam_to_midi
from nesvae_live.jam import Jam
from nesvae_live.jamlog import JamError
from nesvae_live.jamsound import jam_to_timeline
from nesvae_live.nesmdb import (
    LONGEST,
    ExprScore,
    SeprScore,
    dumps_exprsco,
    loads_exprsco,
    loads_seprsco,
    score_to_vgm,
    score_to_writes,
    separated_to_expressive,
    vgm_to_exprsco,
)
from nesvae_live.npzscore import loads_npz
from nesvae_live.takefolder import read_jam
from nesvae_live.timeline import Timeline, log_to_timeline, score_to_timeline, timeline_to_log
from nesvae_live.vgm import VGM_RATE, RegisterLog, features_left_out, vgm_to_writes, writes_to_vgm
from nesvae_live.voices import Voice
from nesvae_live.wav import wav_head

Source = ExprScore | SeprScore | RegisterLog | Timeline | Jam

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

SCORE_RATE = 24.0
"""Steps a second of NES-MDB's scores, in which what has none of its own is written."""

CHUNK_SECONDS = 1
LONG_SECONDS = 60
"""What lasts longer gets a progress bar."""

Say = Callable[[str], None]


class RenderError(Exception):
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
    source = _read(path, warn)
    try:
        if kind == ".wav":
            return _write_wavs(source, options)
        if kind == SCORE:
            data = dumps_exprsco(to_exprsco(source, options.rate))
        else:
            data = to_vgm(source) if kind == ".vgm" else to_midi(source)
    except ValueError as error:
        raise RenderError(f"{path}: {error}") from None
    with _replacing([out]) as (file,):
        file.write(data)
    return [out]


def to_log(source: Source) -> tuple[int, RegisterLog]:
    """The chip's writes, and the samples a second that they are stamped in."""
    if isinstance(source, RegisterLog):
        return VGM_RATE, source
    if isinstance(source, ExprScore | SeprScore):
        return VGM_RATE, score_to_writes(source)
    timeline = jam_to_timeline(source) if isinstance(source, Jam) else source
    if timeline.nsamps > LONGEST:
        raise ValueError(f"it would last {timeline.nsamps / VGM_RATE / 3600:.0f} hours")
    return timeline.rate, timeline_to_log(timeline)


def to_vgm(source: Source) -> bytes:
    """A VGM file; a score's is nesmdb's to the byte."""
    if isinstance(source, ExprScore | SeprScore):
        return score_to_vgm(source)
    rate, log = to_log(source)
    writes = log.writes.copy()
    writes[:, 0] = writes[:, 0] * VGM_RATE // rate
    return writes_to_vgm(RegisterLog(log.nsamps * VGM_RATE // rate, writes))


def to_midi(source: Source) -> bytes:
    """A MIDI file: a jam's on its grid of bars, every other in NES-MDB's convention."""
    if isinstance(source, Jam):
        written = BytesIO()
        jam_to_midi(source).save(file=written)
        return written.getvalue()
    if isinstance(source, RegisterLog):
        source = log_to_timeline(source)
    elif not isinstance(source, Timeline):
        source = score_to_timeline(source)
    return timeline_to_midi(source)


def to_exprsco(source: Source, rate: float | None = None) -> ExprScore:
    """A score of `rate` steps a second: at a score's own rate the score, else what sounded longest.

    Bends between notes are lost, a score has none; and so is what is shorter than a step.
    """
    if isinstance(source, SeprScore):
        source = separated_to_expressive(source)
    if isinstance(source, ExprScore) and rate in {None, source.rate}:
        return source
    return vgm_to_exprsco(to_vgm(source), SCORE_RATE if rate is None else rate)


def log_to_blocks(
    rate: int, log: RegisterLog, chip: Apu, *, stems: bool
) -> Iterator[tuple[npt.NDArray[np.int16], npt.NDArray[np.int16] | None]]:
    """Render writes stamped at `rate`, block by block: the mix `[n]` and the stems `[n, 4]`.

    At 44.1 kHz these are the samples of nesmdb's renderer, DC and all.
    """
    chip.reset()
    for stamp, address, value in log.writes.tolist():
        chip.write(address, value, max(stamp - 1, 0) * chip.sample_rate // rate)
    frames = max(log.nsamps - 1, 0) * chip.sample_rate // rate
    while (left := frames - chip.position) > 0:
        mix = np.empty(min(left, CHUNK_SECONDS * chip.sample_rate), dtype=np.int16)
        if stems:
            yield mix, chip.render_stems(len(mix), mix=mix)
        else:
            yield chip.render(len(mix), mix), None


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


def _read(path: Path, warn: Say) -> Source:
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
