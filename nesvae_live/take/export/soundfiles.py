"""A take's sound as WAVs: the mix, its stems, what was heard, and the chip's own samples.

`base` is the path of what is made, without its ending. All are 16-bit, at the take's own rate.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from math import inf
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import Apu
from nesvae_live.log.reader import REPLAY_ONLY, entries_of
from nesvae_live.music.voices import Voice
from nesvae_live.take.export.cutsound import CutSound, HeardSound, heard_balances
from nesvae_live.take.export.selection import Selection
from nesvae_live.take.folder import LOG_NAME, SOUND_NAME
from nesvae_live.take.sound import SoundReplay
from nesvae_live.take.wav import HEAD_BYTES, wav_file

COPY_FRAMES = 1 << 19
"""How many frames of a WAV are copied at once."""

SOUNDLESS = tuple(f'{{"kind":"{kind}"'.encode() for kind in ("heard", "barred", "turned", "placed"))
"""The beginnings of lines that don't concern the sound."""


def write_wav(selection: Selection, base: Path) -> list[Path]:
    """Write the take's sound as it was heard, in mono and at its full level."""
    return _cut(selection, [base.with_name(base.name + ".wav")])


def write_raw(selection: Selection, base: Path) -> list[Path]:
    """Copy the chip's own samples, DC and all."""
    path = base.with_name(base.name + ".raw.wav")
    with wav_file(path, selection.jam.opened.sample_rate) as out:
        _read(selection, out.write, selection.first_frame)
    return [path]


def write_raw_stems(selection: Selection, base: Path) -> list[Path]:
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


def write_stems(selection: Selection, base: Path) -> list[Path]:
    """Write each voice's share of the mix: they add up to the WAV."""
    return _cut(selection, [base.with_name(f"{base.name}.{voice.name}.wav") for voice in Voice])


def write_stereo(selection: Selection, base: Path) -> list[Path]:
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


def write_tracks(selection: Selection, folder: Path) -> list[tuple[str, Path]]:
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
