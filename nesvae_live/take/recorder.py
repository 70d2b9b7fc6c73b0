"""The recorder: writes a jam into a take's folder while it is played.

`take.jsonl` (the log) and `take.wav` (the chip's own samples) grow while the music plays;
`take.mid` and `take.png` are made from the log when it ends. The recorder drops nothing and makes
nobody wait: what the disk refuses waits in memory.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from nesvae_live import NesvaeError
from nesvae_live.clock.hosttime import Time
from nesvae_live.log.entries import Clocked, Entry, Noted, Sent
from nesvae_live.log.tally import LogLines
from nesvae_live.take.folder import (
    LOG_NAME,
    SOUND_NAME,
    Maker,
    make_files,
    make_folder,
)
from nesvae_live.take.growing import ENOUGH_SECONDS, GrowingFile, in_words, seconds_left
from nesvae_live.take.wav import wav_head

WRITE_SECONDS = 0.25
"""How often what is queued is written: a process that is killed loses no more."""
SYNC_SECONDS = 0.75
"""How often it is forced to the disk too: a power cut costs a second at most."""
CHECK_SECONDS = 10.0
"""How often the recorder checks how much room there is."""
KEEP_BYTES = 64 << 20
"""How much of each file may wait in memory while the disk refuses: 12 minutes of sound."""


class RecordError(NesvaeError):
    """A take can't begin; one line says why."""


@dataclass(frozen=True, slots=True)
class Take:
    """What was recorded: its folder, the files in it, and what is missing, a line each."""

    folder: Path
    files: tuple[Path, ...]
    faults: tuple[str, ...]


class Recorder:
    """Writes a take in a thread of its own; a `Journal`.

    Args:
        jams: the folder in which each take gets its own.
        sample_rate: of the samples that `tap` gets, in Hz.
        time: the clock, of which only differences matter here.
        warn: told one line, from the recorder's thread when the disk first refuses, and from
            `close` about what came of it. The log gets the same lines.
        makers: by file name, what makes each file from the jam when it ends.
        keep: how many bytes of each file may wait in memory.
    """

    def __init__(
        self,
        jams: Path,
        sample_rate: int,
        *,
        time: Time,
        warn: Callable[[str], None],
        makers: Mapping[str, Maker],
        keep: int = KEEP_BYTES,
    ) -> None:
        self._jams = jams
        self._sample_rate = sample_rate
        self._time = time
        self._warn = warn
        self._makers = makers
        self._keep = keep
        self._queue: SimpleQueue[Entry | NDArray[np.int16]] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._log: GrowingFile | None = None
        self._sound: GrowingFile | None = None
        self._lines = LogLines()
        self._synced_at = 0.0
        self._checked_at = -inf
        self._is_short = False
        self._troubles: list[str] = []  # each told once
        self._error: Exception | None = None
        self._take: Take | None = None
        self._waited = self._rolled = False  # a clock that was held, and whether it ever ran

    def start(self, started: datetime) -> Path:
        """Make the take's folder, named by the local time `started`, and start the thread.

        Raises:
            RecordError: nothing can be written there; one line that says why.
        """
        folder = self.open(started)
        self._thread.start()
        return folder

    def open(self, started: datetime) -> Path:
        """Make the take's folder without a thread, for a caller of `step`.

        Raises:
            RecordError: nothing can be written there; one line that says why.
        """
        folder: Path | None = None
        try:
            folder = make_folder(self._jams, f"{started:%Y-%m-%d_%H-%M-%S}")
            self._log = GrowingFile(folder / LOG_NAME, keep=self._keep)
            self._sound = GrowingFile(folder / SOUND_NAME, keep=self._keep, head=self._head)
        except OSError as error:
            if self._log:
                self._log.close()
                self._log = None
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            raise RecordError(
                f"cannot record into {self._jams}: {error.strerror}; "
                "name a folder that can be written with --jams"
            ) from None
        self._synced_at = self._time.now()
        return folder

    def _head(self, n_bytes: int) -> bytes:
        return wav_head(n_bytes, self._sample_rate)

    def put(self, entry: Entry) -> None:
        """Queue an entry; what comes before `Opened` is written after it. From any thread."""
        self._queue.put(entry)

    def tap(self, samples: NDArray[np.int16]) -> None:
        """Append samples `[n]` to the sound; the array is handed over. From any one thread."""
        self._queue.put(samples)

    def check(self) -> None:
        """Raise again what ended the recorder's thread, if anything."""
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._closing.wait(WRITE_SECONDS):
                self.step()
        except Exception as error:  # noqa: BLE001 - told, and raised again by check()
            self._error = error
            self._tell(f"the recorder failed ({error!r})")

    def step(self) -> None:
        """Write what is queued; force it to the disk after each bar, and about every second."""
        now = self._time.now()
        bar = self._lines.bar
        self._drain()
        due = self._lines.bar != bar or now - self._synced_at >= SYNC_SECONDS
        self._flush(sync=due)
        if due:
            self._synced_at = now
        if now - self._checked_at >= CHECK_SECONDS:
            self._checked_at = now
            self._check_room()

    def _check_room(self) -> None:
        """Warn when the disk runs short of room, once each time."""
        left = seconds_left(self._jams, self._sample_rate)
        is_short = left is not None and left < ENOUGH_SECONDS
        if is_short and not self._is_short:
            assert left is not None
            text = f"{self._jams}: there is room for {in_words(left)} of recording; make more"
            self.put(Noted(self._time.now(), text))
            self._warn(text)
        self._is_short = is_short

    def _drain(self) -> None:
        assert self._log
        assert self._sound
        lines, samples = [], []
        try:
            for _ in range(self._queue.qsize()):  # not until it is empty: that may never be
                item = self._queue.get_nowait()
                if isinstance(item, np.ndarray):
                    samples.append(item.astype("<i2", copy=False).tobytes())
                    continue
                self._waited |= isinstance(item, Clocked) and not item.runs
                self._rolled |= isinstance(item, Sent) or (isinstance(item, Clocked) and item.runs)
                lines += self._lines.take(item)
        finally:
            self._log.append(b"".join(lines))
            self._sound.append(b"".join(samples))

    def _flush(self, *, sync: bool) -> None:
        for file in (self._log, self._sound):
            assert file
            trouble = file.flush(sync=sync)
            if trouble:
                self._tell(trouble)

    def _tell(self, trouble: str) -> None:
        if trouble in self._troubles:
            return
        self._troubles.append(trouble)
        self.put(Noted(self._time.now(), trouble))
        if len(self._troubles) == 1:
            self._warn(
                f"{trouble}; the music goes on, and what can't be written waits in memory "
                f"(up to {self._keep >> 20} MB a file)"
            )

    def close(self, *, finish: bool = True) -> Take | None:
        """End the thread, write what is left and make the other files; harmless when closed.

        Not to `finish` leaves those to a recovery.

        Returns:
            The take; None if nothing was ever recorded, or the clock that was followed never rolled;
            then no folder is left either.
        """
        if self._log is None or self._sound is None or self._take:
            return self._take
        if self._thread.is_alive():
            self._closing.set()
            self._thread.join()
        self._drain()
        self._flush(sync=True)
        self._drain()  # what the flush reported
        self._flush(sync=True)
        folder = self._log.path.parent
        log, sound, self._log, self._sound = self._log, self._sound, None, None
        never_rolled = self._waited and not self._rolled
        if never_rolled:
            self._warn("the clock that was followed never rolled: no take is kept")
        if never_rolled or (not self._lines.begun and sound.size == 0):
            log.close()
            sound.close()
            shutil.rmtree(folder, ignore_errors=True)
            return None
        faults = [fault for file in (log, sound) if (fault := file.fault())]
        faults += make_files(folder, self._makers if finish else {})
        log.close()  # only now: a recovery passes over takes whose files are locked
        sound.close()
        for fault in faults:
            self._warn(fault)
        files = [folder / name for name in (LOG_NAME, SOUND_NAME, *self._makers)]
        self._take = Take(folder, tuple(f for f in files if f.exists()), tuple(faults))
        return self._take
