"""Sound that is heard in place of the music: the music goes on under it, into the take.

Who has the sound puts it here in blocks, ahead of time; the renderer's thread takes as much as it
renders. It fades in and out, so that nothing clicks.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue

import numpy as np

from nesvae_live.music.balance import Floats, amplitude

FADE_SECONDS = 0.02
STEREO = 2


class Insert:
    """One sound at a time, in mono; `begin`, `put` and `end` are for one thread.

    Args:
        sample_rate: of the blocks and of the renderer, in Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.frames = 0
        """How many frames of it were heard."""
        self.missing = 0
        """How many frames weren't there in time."""
        self.on = False
        """Whether it is heard, or still fades."""
        self._step = 1.0 / (FADE_SECONDS * sample_rate)
        self._share = 0.0  # of the insert in what is heard
        self._wanted = False
        self._queue: SimpleQueue[Floats] = SimpleQueue()
        self._block = np.empty(0, np.float32)

    def begin(self) -> None:
        """Fade over to what is put from now on."""
        self._queue = SimpleQueue()
        self._block = np.empty(0, np.float32)
        self.frames = self.missing = 0
        self._wanted = self.on = True

    def put(self, block: Floats) -> None:
        """Append mono samples `[n]`, in about -1..1."""
        self._queue.put(block)

    def end(self) -> None:
        """Fade back to the music."""
        self._wanted = False

    def through(self, heard: Floats, level: float) -> Floats:
        """What is heard when the music is `heard`, `[frames, outputs]`; in the renderer's thread.

        Left and right get the insert, at `level` dB; the outputs of the voices get nothing.
        """
        count = len(heard)
        ramp = np.arange(1, count + 1, dtype=np.float32) * np.float32(self._step)
        share = self._share + (ramp if self._wanted else -ramp)
        share = np.clip(share, 0.0, 1.0).astype(np.float32)[:, None]
        mixed: Floats = heard * (1 - share)
        mixed[:, :STEREO] += self._next(count)[:, None] * share * np.float32(amplitude(level))
        self._share = float(share[-1, 0]) if count else self._share
        self.on = self._wanted or self._share > 0.0
        return mixed

    def _next(self, count: int) -> Floats:
        taken = np.zeros(count, np.float32)
        filled = 0
        while filled < count:
            if not len(self._block):
                try:
                    self._block = self._queue.get_nowait()
                except Empty:
                    self.missing += (count - filled) if self._wanted else 0
                    break
            part = self._block[: count - filled]
            taken[filled : filled + len(part)] = part
            self._block = self._block[len(part) :]
            filled += len(part)
        self.frames += filled
        return taken
