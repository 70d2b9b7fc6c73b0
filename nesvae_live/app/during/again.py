"""An earlier take is heard in place of the music: its sound, and its notes at the MIDI port.

The music goes on meanwhile, unheard, and is recorded. What is heard is the take's own `take.wav`,
sample by sample, and the events that its log says were sent, so it is as it was played.
"""

from __future__ import annotations

import threading
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nesvae_live.app.during.gate import Gate
from nesvae_live.chip.apu import FULL_SCALE, DcBlocker
from nesvae_live.clock.hosttime import Time
from nesvae_live.io.audio.insert import Insert
from nesvae_live.log.codec import line_to_entry
from nesvae_live.log.entries import Sent
from nesvae_live.music.balance import Floats
from nesvae_live.take.folder import LOG_NAME, SOUND_NAME
from nesvae_live.take.takes import TakeState, inspect_take

BEFORE_SECONDS = 0.25
"""Silence before the take: after that it is known when its samples sound, and its notes can be
placed by them."""

AHEAD_SECONDS = 1.0
"""So much of the sound is read ahead."""

NOTES_SECONDS = 0.3
"""So long before they are due notes are handed on."""

LOOK_SECONDS = 0.02
SURE_SECONDS = 0.003
"""A look that took longer says nothing of when the sound began."""

BLOCK_FRAMES = 4096
SENT = b'{"kind":"sent"'


@dataclass(frozen=True)
class _Playing:
    """A take that is heard: its thread, and what ends it. `seconds` is how long it is."""

    name: str
    seconds: float
    over: threading.Event
    thread: threading.Thread


class Again:
    """Lets takes be heard, one at a time; any thread may ask.

    Args:
        playing: the folder of the take that is recorded; the others lie beside it.
        insert: takes the sound.
        gate: takes the notes; None: there is no MIDI port.
        time: the clock of the port.
        lead_seconds: how long before it sounds a sample is taken from the insert.
    """

    def __init__(
        self, playing: Path, insert: Insert, gate: Gate | None, time: Time, lead_seconds: float
    ) -> None:
        self._playing = playing
        self._insert = insert
        self._gate = gate
        self._time = time
        self._lead_seconds = lead_seconds
        self._before = round(BEFORE_SECONDS * insert.sample_rate)  # frames
        self._lock = threading.Lock()
        self._now: _Playing | None = None

    @property
    def status(self) -> dict[str, Any] | None:
        """Which take is heard, its second `at` and how many it has; None: the music is."""
        now = self._now
        if now is None or now.over.is_set():
            return None
        at = self._insert.frames / self._insert.sample_rate - BEFORE_SECONDS
        return {"take": now.name, "at": round(max(at, 0.0), 1), "of": round(now.seconds, 1)}

    def hear(self, name: str | None) -> dict[str, Any]:
        """Let the take of that name be heard from its beginning; None: the music again.

        Raises:
            ValueError: there is no such take, or it has no sound; one line.
        """
        with self._lock:
            if name is None:
                self._end()
                return {}
            sound = _Sound(self._find(name), self._insert.sample_rate)
            self._end()
            over = threading.Event()
            thread = threading.Thread(
                target=self._run, args=(sound, over), name="take again", daemon=True
            )
            self._now = _Playing(name, sound.seconds, over, thread)
            self._insert.begin()
            self._insert.put(np.zeros(self._before, np.float32))
            if self._gate is not None:
                self._gate.shut()
            thread.start()
            return {"take": name, "seconds": round(sound.seconds, 1)}

    def close(self) -> None:
        """Let the music be heard, and wait for the thread."""
        self.hear(None)

    def _end(self) -> None:
        if self._now is not None:
            self._now.over.set()
            self._now.thread.join()
            self._now = None

    def _find(self, name: str) -> Path:
        folder = self._playing.parent / name
        if Path(name).name != name or name in {"", ".", ".."} or not (folder / LOG_NAME).is_file():
            raise ValueError(f"there is no take {name!r} beside this one")
        if inspect_take(folder).state is TakeState.PLAYING:
            raise ValueError(f"{name} is being recorded")
        if not (folder / SOUND_NAME).is_file():
            raise ValueError(f"{name} has no {SOUND_NAME}: `nesvae-live jam recover` makes it")
        return folder

    def _run(self, sound: _Sound, over: threading.Event) -> None:
        """The thread: sound and notes ahead of their time, until the take or somebody ends it."""
        insert, rate = self._insert, self._insert.sample_rate
        before = self._before
        put, begins, is_read = before, 0.0, False
        blocks, notes = sound.blocks(), sound.notes()
        note = next(notes, None)
        try:
            while not over.wait(LOOK_SECONDS):
                looked = self._time.now()
                done = insert.frames
                now = self._time.now()
                while not is_read and put - done < AHEAD_SECONDS * rate:
                    block = next(blocks, None)
                    is_read = block is None
                    if block is not None:
                        insert.put(block)
                        put += len(block)
                if not begins and done and now - looked < SURE_SECONDS:
                    begins = now + self._lead_seconds + (before - done) / rate
                heard = (done - before) / rate
                while begins and note is not None and note.at < heard + NOTES_SECONDS:
                    if self._gate is not None:
                        self._gate.send_instead(note.event, begins + note.at)
                    note = next(notes, None)
                if is_read and done >= put:
                    return
        finally:
            over.set()
            insert.end()
            if self._gate is not None:
                self._gate.open()
            sound.close()


class _Sound:
    """A take's sound at a rate, a block at a time, and what its log says was sent.

    Raises:
        ValueError: its files can't be read; one line.
    """

    def __init__(self, folder: Path, sample_rate: int) -> None:
        self._folder = folder
        self._rate = sample_rate
        try:
            self._file = wave.open(str(folder / SOUND_NAME), "rb")  # noqa: SIM115 - see `close`
        except (OSError, EOFError, wave.Error) as error:
            raise ValueError(f"{folder.name}/{SOUND_NAME} can't be read: {error}") from None
        self._own_rate = self._file.getframerate()
        self.seconds = self._file.getnframes() / self._own_rate
        self._log = (folder / LOG_NAME).open("rb")

    def close(self) -> None:
        """Close its files."""
        self._file.close()
        self._log.close()

    def blocks(self) -> Iterator[Floats]:
        """Float32 samples in about -1..1, without DC."""
        blocker = DcBlocker(self._own_rate)
        last = np.zeros(1, np.float32)
        place, step = 1.0, self._own_rate / self._rate  # in `block`, whose first is the last one's
        while data := self._file.readframes(BLOCK_FRAMES):
            samples = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(FULL_SCALE)
            block = np.concatenate((last, blocker.process(samples)))
            count = int(np.ceil((len(block) - 1 - place) / step + 1e-9))
            places = place + step * np.arange(max(count, 0))
            yield np.interp(places, np.arange(len(block)), block).astype(np.float32)
            place += step * len(places) - (len(block) - 1)
            last = block[-1:]

    def notes(self) -> Iterator[Sent]:
        """The events, in their order; a line that can't be read is passed over."""
        for line in self._log:
            if line.startswith(SENT):
                try:
                    entry = line_to_entry(line)
                except ValueError:
                    continue
                if isinstance(entry, Sent):
                    yield entry
