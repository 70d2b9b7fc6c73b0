"""Replays a take to files: log, WAV and MIDI file, each by the code that made it live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from nesvae_live.chip.apu import Apu
from nesvae_live.control.reply import ignore
from nesvae_live.engine.live.protocols import Decode
from nesvae_live.log.codec import line_to_entry
from nesvae_live.log.entries import Entry, Opened
from nesvae_live.log.reader import JamError, line_to_opened
from nesvae_live.log.tally import LogLines
from nesvae_live.paths import make_dir, replacing
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, SOUND_NAME, make_files
from nesvae_live.take.midifile import write_midi
from nesvae_live.take.replay import Replay, ReplayError
from nesvae_live.take.sound import SoundReplay
from nesvae_live.take.wav import WavWriter, wav_file

Count = Callable[[int], object]
"""Called with how many bytes of the log were read."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The files that were made, and what a person should know, a line each.

    `difference` says where the network's answers first differ from the log, if they were compared
    and do: then there are no files.
    """

    files: tuple[Path, ...]
    faults: tuple[str, ...]
    difference: str = ""


class _DiffersError(Exception):
    """The network's answers differ from the log: what was written is given up."""


def read_entries(log: BinaryIO, faults: list[str], count: Count) -> Iterator[Entry]:
    """Read a log's entries after the first; lines that can't be read are reported in `faults`."""
    for number, line in enumerate(log, 2):
        count(len(line))
        try:
            yield line_to_entry(line)
        except ValueError as error:
            faults.append(f"line {number} could not be read: {error}")


def replay_take(
    log: Path, out: Path, count: Count = ignore, *, decoder: Decode | None = None
) -> Replayed:
    """Play the log again and write what comes of it into the folder `out`.

    Args:
        log: a take's log.
        out: a folder without a take, which is made if it isn't there.
        count: called with how many bytes of the log were read.
        decoder: the network, to be compared with the answers in the log; None trusts the log.

    Raises:
        JamError: it is no log of ours.
        ReplayError: it can't be played again, or `out` can't be written.
    """
    names = (LOG_NAME, SOUND_NAME, MIDI_NAME)
    if taken := [name for name in names if (out / name).exists()]:
        raise ReplayError(f"{out / taken[0]} is there already: name another folder")
    faults: list[str] = []
    try:
        _write_replay(log, out, faults, count, decoder)
    except _DiffersError as error:
        return Replayed((), tuple(faults), str(error))
    except JamError as error:
        raise JamError(f"{log}: {error}") from None
    except ReplayError as error:
        raise ReplayError(f"{log}: {'; '.join([*faults[:1], str(error)])}") from None
    except OSError as error:
        raise ReplayError(f"{error.filename or out}: {error.strerror or error}") from None
    faults += make_files(out, {MIDI_NAME: write_midi})
    return Replayed(tuple(out / name for name in names if (out / name).exists()), tuple(faults))


def _write_replay(
    log: Path, out: Path, faults: list[str], count: Count, decoder: Decode | None
) -> None:
    """Write the log and the WAV; what a person should know goes into `faults`.

    Raises:
        _DiffersError: the network's answers differ from the log.
    """
    make_dir(out)
    with log.open("rb") as lines:
        first = lines.readline()
        opened = line_to_opened(first)
        with _writer(out, opened, first) as writer:
            played = Replay(opened, writer, decoder=decoder)
            for entry in read_entries(lines, faults, count):
                played.take(entry)
                if played.difference:
                    break
            played.end()
            faults += played.gaps
            if played.difference:
                raise _DiffersError(played.difference)


def write_sound(log: Path, wav: Path) -> int:
    """Write a log's sound anew, from the events it holds; returns how many samples there are.

    Raises:
        JamError, OSError: it is no log of ours; the file can't be written.
    """
    with log.open("rb") as lines:
        rate = line_to_opened(lines.readline()).sample_rate
        with wav_file(wav, rate) as file:
            sound = SoundReplay(Apu(rate), file.write)
            for entry in read_entries(lines, [], ignore):
                sound.put(entry)
            sound.end()
    return file.samples


class _Writer:
    """A journal that writes the replay's log, by the recorder's own `LogLines`, and its sound.

    The first line is copied from the log that is replayed; every other one is made anew.
    """

    def __init__(self, log: BinaryIO, wav: WavWriter, opened: Opened, first: bytes) -> None:
        log.write(first)
        self._log = log
        self._lines = LogLines(replace(opened, at=opened.origin))
        self._sound = SoundReplay(Apu(opened.sample_rate), wav.write)

    def put(self, entry: Entry) -> None:
        self._log.writelines(self._lines.take(entry))
        self._sound.put(entry)

    def end(self) -> None:
        self._sound.end()


@contextmanager
def _writer(out: Path, opened: Opened, first: bytes) -> Iterator[_Writer]:
    """A journal that writes the log and the WAV in `out`, which appear if the block ends well."""
    with (
        replacing(out / LOG_NAME) as part,
        part.open("wb") as log,
        wav_file(out / SOUND_NAME, opened.sample_rate) as wav,
    ):
        writer = _Writer(log, wav, opened, first)
        yield writer
        writer.end()
