"""Completes takes that were cut off by a crash or a power failure, as far as they go."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from nesvae_live.log.codec import entry_to_line
from nesvae_live.log.entries import Closed
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import JamError
from nesvae_live.take.folder import (
    LOG_NAME,
    MIDI_NAME,
    PICTURE_NAME,
    SOUND_NAME,
    Maker,
    make_files,
    read_jam,
)
from nesvae_live.take.midifile import write_midi
from nesvae_live.take.replay import ReplayError
from nesvae_live.take.replayfiles import write_sound
from nesvae_live.take.takes import TakeError, TakeInfo, TakeState, find_takes, inspect_take
from nesvae_live.take.wav import HEAD_BYTES, wav_head


def write_picture(jam: Jam, path: Path) -> None:
    """Write the picture; what draws it is loaded only when the music is over."""
    from nesvae_live.take import picture

    picture.write_picture(jam, path)


FILES: Mapping[str, Maker] = {MIDI_NAME: write_midi, PICTURE_NAME: write_picture}
"""What is made from a take's log when it ends."""


def cut_takes(jams: Path) -> list[TakeInfo]:
    """The takes in `jams` that were cut off, and that no process is recording."""
    try:
        takes = find_takes(jams)
    except TakeError:
        return []
    return [info for take in takes if (info := inspect_take(take)).state is TakeState.CUT]


def recover(info: TakeInfo) -> str:
    """Complete a take that was cut off: close its log, mend its WAV's head, make the other files.

    What could be read of the log stays as it was written; where a line was cut, it ends there.

    Returns:
        The result, in one line.

    Raises:
        TakeError: nothing can be made of it; the line says what can still be had.
    """
    folder = info.folder
    try:
        if info.opened is None:
            return _without_log(folder, info.fault)
        jam = read_jam(folder)
        _close_log(folder / LOG_NAME, jam)
        seconds = _mend_sound(folder, info.opened.sample_rate)
        faults = make_files(folder, FILES)
    except (JamError, ReplayError) as error:
        raise TakeError(f"{folder}: {error}") from None
    except OSError as error:
        raise TakeError(f"{folder}: can't be completed: {error.strerror or error}") from None
    if faults:
        raise TakeError(f"{folder}: {'; '.join(faults)}")
    bars = read_jam(folder).bars()
    return f"{folder}: completed: {bars} bars, {seconds:.1f} s of sound"


def _without_log(folder: Path, fault: str) -> str:
    """Deal with a take whose log never began: nothing sounded, or only the sound is left."""
    wav = folder / SOUND_NAME
    if not (folder / LOG_NAME).stat().st_size and (
        not wav.exists() or wav.stat().st_size <= HEAD_BYTES
    ):
        shutil.rmtree(folder)
        return f"{folder}: nothing had been played; removed"
    raise TakeError(f"{folder}: {fault}; its {SOUND_NAME} plays up to where it was cut")


def _close_log(log: Path, jam: Jam) -> None:
    if any(isinstance(entry, Closed) for entry in jam.entries):
        return
    beat = jam.end_beat()
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    closed = Closed(jam.time_of(beat), beat, f"it was cut off; completed {now}")
    with log.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        whole = file.read(1) == b"\n"
        file.seek(0, os.SEEK_END)
        file.write(b"" if whole else b"\n")
        file.write(entry_to_line(closed))
        file.flush()
        os.fsync(file.fileno())


def _mend_sound(folder: Path, sample_rate: int) -> float:
    """Make the WAV's head true, or make a WAV from the log; returns how many seconds it has."""
    wav = folder / SOUND_NAME
    if not wav.exists() or wav.stat().st_size < HEAD_BYTES:
        return write_sound(folder / LOG_NAME, wav) / sample_rate
    with wav.open("rb+") as file:
        n_bytes = (file.seek(0, os.SEEK_END) - HEAD_BYTES) // 2 * 2
        file.truncate(HEAD_BYTES + n_bytes)
        file.seek(0)
        file.write(wav_head(n_bytes, sample_rate))
        file.flush()
        os.fsync(file.fileno())
    return n_bytes / 2 / sample_rate
