"""A take played again to files: log, MIDI file and WAV, each by the code that made it live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from nesvae_live.apu import Apu
from nesvae_live.io.record import LOG, MIDI, SOUND, make_files
from nesvae_live.io.smf import write_midi
from nesvae_live.jamlog import JamError, entry_to_line, line_to_entry, line_to_opened
from nesvae_live.journal import Entry, Opened
from nesvae_live.protocols import Decode
from nesvae_live.replay import Replay, ReplayError
from nesvae_live.soundreplay import SoundReplay
from nesvae_live.wav import wav_head

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


class _Writer:
    """A journal that writes the replay's log and sound; nothing is left of them unless `keep`."""

    def __init__(self, out: Path, opened: Opened, first: bytes) -> None:
        self.keep = False
        self._out = out
        self._origin = opened.origin
        self._rate = opened.sample_rate
        self._n_bytes = 0
        self._log = (out / f".{LOG}.part").open("wb")
        self._log.write(first)
        self._wav = (out / f".{SOUND}.part").open("wb")
        self._wav.write(wav_head(0, self._rate))
        self._sound = SoundReplay(Apu(self._rate), self._tap)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sound.end()
        self._wav.seek(0)
        self._wav.write(wav_head(self._n_bytes, self._rate))
        for file, name in ((self._log, LOG), (self._wav, SOUND)):
            file.close()
            part = self._out / f".{name}.part"
            if self.keep:
                part.replace(self._out / name)
            else:
                part.unlink()

    def put(self, entry: Entry) -> None:
        self._log.write(entry_to_line(entry, self._origin))
        self._sound.put(entry)

    def _tap(self, samples: npt.NDArray[np.int16]) -> None:
        data = samples.astype("<i2", copy=False).tobytes()
        self._n_bytes += len(data)
        self._wav.write(data)
