"""A take played again to files: log, MIDI file and WAV, each by the code that made it live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import Apu
from nesvae_live.engine.protocols import Decode
from nesvae_live.log.codec import JamError, entry_to_line, line_to_entry, line_to_opened
from nesvae_live.log.entries import Entry, Opened
from nesvae_live.log.tally import Tally
from nesvae_live.take.folder import LOG, MIDI, SOUND, make_files
from nesvae_live.take.midifile import write_midi
from nesvae_live.take.replay import Replay, ReplayError
from nesvae_live.take.sound import SoundReplay
from nesvae_live.take.wav import wav_head

Count = Callable[[int], object]
"""Told how many bytes of the log were read."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The files that were made, and what a person should know, a line each.

    `difference` is the first one that the network made, if it ran: then there are no files.
    """

    files: tuple[Path, ...]
    faults: tuple[str, ...]
    difference: str = ""


def read_entries(log: BinaryIO, faults: list[str], count: Count) -> Iterator[Entry]:
    """A log's entries after the first; lines that are none are told of in `faults`."""
    for number, line in enumerate(log, 2):
        count(len(line))
        try:
            yield line_to_entry(line)
        except ValueError as error:
            faults.append(f"line {number} could not be read: {error}")


def replay_take(
    log: Path, out: Path, count: Count = lambda _: None, *, decoder: Decode | None = None
) -> Replayed:
    """Play the log again and write what comes of it into the folder `out`.

    Args:
        log: a take's log.
        out: a folder without a take, which is made if it isn't there.
        count: told how many bytes of the log were read.
        decoder: the network, to be compared with the log's decodes; None takes the log's word.

    Raises:
        JamError: it is no log of ours.
        ReplayError: it can't be played again, or `out` can't be written.
    """
    names = (LOG, SOUND, MIDI)
    if taken := [name for name in names if (out / name).exists()]:
        raise ReplayError(f"{out / taken[0]} is there already: name another folder")
    faults: list[str] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            lines = stack.enter_context(log.open("rb"))
            first = lines.readline()
            opened = line_to_opened(first)
            writer = stack.enter_context(_Writer(out, opened, first))
            played = Replay(opened, writer, decoder=decoder)
            for entry in read_entries(lines, faults, count):
                played.take(entry)
                if played.difference:
                    break
            played.end()
            faults += played.gaps
            writer.keep = not played.difference
    except JamError as error:
        raise JamError(f"{log}: {error}") from None
    except ReplayError as error:
        raise ReplayError(f"{log}: {'; '.join([*faults[:1], str(error)])}") from None
    except OSError as error:
        raise ReplayError(f"{error.filename or out}: {error.strerror or error}") from None
    if played.difference:
        return Replayed((), tuple(faults), played.difference)
    faults += make_files(out, {MIDI: write_midi})
    return Replayed(tuple(out / name for name in names if (out / name).exists()), tuple(faults))


def write_sound(log: Path, wav: Path) -> int:
    """Write a log's sound anew, from what it says was sent; returns how many samples there are.

    Raises:
        JamError, OSError: it is no log of ours; the file can't be written.
    """
    with log.open("rb") as lines, _Wav(wav, line_to_opened(lines.readline())) as sound:
        for entry in read_entries(lines, [], lambda _: None):
            sound.put(entry)
        sound.keep = True
    return sound.samples


class _Wav:
    """A WAV of the entries that are put; nothing is left of it unless `keep`."""

    def __init__(self, wav: Path, opened: Opened) -> None:
        self.keep = False
        self.samples = 0
        self._wav = wav
        self._rate = opened.sample_rate
        self._part = wav.with_name(f".{wav.name}.part")
        self._file = self._part.open("wb")
        self._file.write(wav_head(0, self._rate))
        self._sound = SoundReplay(Apu(self._rate), self._tap)
        self.put = self._sound.put

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sound.end()
        self._file.seek(0)
        self._file.write(wav_head(2 * self.samples, self._rate))
        self._file.close()
        if self.keep:
            self._part.replace(self._wav)
        else:
            self._part.unlink()

    def _tap(self, samples: npt.NDArray[np.int16]) -> None:
        self.samples += len(samples)
        self._file.write(samples.astype("<i2", copy=False).tobytes())


class _Writer:
    """A journal that writes the replay's log and sound; nothing is left of them unless `keep`."""

    def __init__(self, out: Path, opened: Opened, first: bytes) -> None:
        self.keep = False
        self._path = out / LOG
        self._part = out / f".{LOG}.part"
        self._origin = opened.origin
        self._tally = Tally(replace(opened, at=opened.origin))
        self._log = self._part.open("wb")
        self._log.write(first)
        self._wav = _Wav(out / SOUND, opened)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wav.keep = self.keep
        self._wav.__exit__()
        self._log.close()
        if self.keep:
            self._part.replace(self._path)
        else:
            self._part.unlink()

    def put(self, entry: Entry) -> None:
        barred = self._tally.begins(entry)
        self._tally.take(entry)
        for each in [barred, entry] if barred else [entry]:
            self._log.write(entry_to_line(each, self._origin))
        self._wav.put(entry)
