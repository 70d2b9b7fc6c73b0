"""The sound of a take, cut for others: without DC, with both ends faded, and adding up.

The chip's voices are unipolar: `take.wav` has their DC, some 15 % of full scale, which nobody heard
(what is heard passes a high-pass first). A loop cut out of it would begin and end with a thump.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import DcBlocker
from nesvae_live.io.audio.mixer import Mixer
from nesvae_live.log.entries import Opened
from nesvae_live.log.reader import line_to_opened
from nesvae_live.music.balance import Balance
from nesvae_live.take.replay import Replay
from nesvae_live.take.replayfiles import read_entries
from nesvae_live.take.wav import WavWriter

IN_SECONDS, OUT_SECONDS = 0.001, 0.005
"""How long the ramps at the beginning and at the end take."""

PRIME_SECONDS = 0.25
"""For how long the high-pass listens before the first frame; it forgets within a tenth of that."""

SHORT_SECONDS = 60.0
"""What is shorter is made free of DC to the last bit; in what is longer the high-pass suffices."""

TOP = 32767.0

Samples = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]


class CutSound:
    """Takes the chip's samples from some frame on, and writes those of a cut.

    What it is given is `[n]`, the mix, or `[n, 1 + voices]`, the mix and its stems. With one file
    the mix is written, with more the stems are: as they are rounded, they add up to the mix that
    would be written, to the bit.

    Args:
        files: where the tracks go.
        sample_rate: in Hz.
        first: the cut's first frame; the first sample that `put` gets is that of `needed_from`.
    """

    def __init__(self, files: Sequence[WavWriter], sample_rate: int, first: int = 0) -> None:
        self._files = files
        self._columns = 1 if len(files) == 1 else 1 + len(files)
        self._blocker = DcBlocker(sample_rate, self._columns)
        self._prime = round(PRIME_SECONDS * sample_rate)
        self._ramps = [max(2, round(s * sample_rate)) for s in (IN_SECONDS, OUT_SECONDS)]
        self._short = round(SHORT_SECONDS * sample_rate)
        self._first = first
        self._at = self.needed_from = max(0, first - self._prime)
        self._last: Samples | None = None
        self._held: list[Floats] = []
        self._frames = 0  # in `_held`
        self._begun = False

    def put(self, samples: Samples) -> None:
        """Take the next samples."""
        if not len(samples):
            return
        block, at = samples.reshape(len(samples), -1), self._at
        self._at += len(samples)
        if self._last is None:  # as if it had stood where it begins for as long as one can hear
            self._blocker.process(np.repeat(block[:1], self._prime, axis=0))
        self._last = block[-1:]
        heard = self._blocker.process(block).astype(np.float64)
        self._hold(heard[max(0, self._first - at) :])

    def stretch(self, until: int) -> None:
        """Go on as it stands up to frame `until`, where the sound ended before."""
        missing = until - self._at
        if missing > 0:
            last = np.zeros((1, self._columns), np.int16) if self._last is None else self._last
            self.put(np.repeat(last, missing, axis=0))

    def end(self) -> None:
        """Write what is left, with its end faded."""
        held = self._joined()
        if not len(held):
            return
        if not self._begun:
            held -= held.mean(axis=0)
        over = min(self._ramps[1], len(held))
        self._write(held[:-over])
        self._write(held[-over:] * np.linspace(1.0, 0.0, over)[:, None])

    def _hold(self, heard: Floats) -> None:
        """Keep a cut that is short, and of a longer one what may yet have to be faded."""
        self._held.append(heard)
        self._frames += len(heard)
        if self._frames > self._short:
            held, keep = self._joined(), self._ramps[1]
            self._held, self._frames = [held[-keep:]], keep
            self._write(held[:-keep])

    def _joined(self) -> Floats:
        return np.concatenate(self._held) if self._held else np.zeros((0, self._columns))

    def _write(self, block: Floats) -> None:
        if not self._begun and len(block):
            self._begun = True
            ramp = min(self._ramps[0], len(block))
            block = block.copy()
            block[:ramp] *= np.linspace(0.0, 1.0, ramp)[:, None]
        mix = np.clip(np.rint(block[:, 0]), -TOP, TOP)
        if len(self._files) == 1:
            self._files[0].write(mix.astype(np.int16))
            return
        for file, track in zip(self._files, _rounded(block, mix).T, strict=True):
            file.write(track.astype(np.int16))


def _rounded(block: Floats, mix: Floats) -> Floats:
    """The stems in `block`, rounded so that they add up to `mix`.

    The chip's own stems differ from its mix by 3 at most; that is the loudest voice's.
    """
    stems = block[:, 1:].copy()
    loudest = np.abs(stems).argmax(axis=1)
    rows = np.arange(len(stems))
    stems[rows, loudest] += block[:, 0] - stems.sum(axis=1)
    whole = np.rint(stems)
    whole[rows, loudest] += mix - whole.sum(axis=1)
    return whole


class HeardSound:
    """Takes the chip's mix and stems from frame 0 on, and writes those of a cut as they were heard.

    That is in stereo, with levels, solos and spread as they stood; what is over full scale is clipped.

    Args:
        file: of two channels.
        sample_rate: in Hz.
        balances: (frame, balance), the first of frame 0, in order.
        cut: its first frame, and the one after its last (infinity: to the end).
    """

    def __init__(
        self,
        file: WavWriter,
        sample_rate: int,
        balances: Sequence[tuple[int, Balance]],
        cut: tuple[int, float] = (0, np.inf),
    ) -> None:
        self._file = file
        self._balances = list(balances)
        self._mixer = Mixer(sample_rate, 2, self._balances.pop(0)[1])
        self._first, self._end = cut
        self._prime = round(PRIME_SECONDS * sample_rate)
        self._ramps = [max(2, round(s * sample_rate)) for s in (IN_SECONDS, OUT_SECONDS)]
        self._at = 0
        self._held = np.zeros((0, 2), np.float64)
        self._begun = False

    def put(self, samples: Samples) -> None:
        """Take the next `[n, 5]`."""
        if not self._at and len(samples):  # as if it had stood where it begins
            still = np.repeat(samples[:1], self._prime, axis=0)
            self._mixer.process(still[:, 0], still[:, 1:])
        while len(samples):
            over = len(samples)
            if self._balances:
                over = min(max(self._balances[0][0] - self._at, 0), over)
            if not over:
                self._mixer.set_balance(self._balances.pop(0)[1])
                continue
            part, samples = samples[:over], samples[over:]
            heard = self._mixer.process(part[:, 0], part[:, 1:])
            low = max(0, self._first - self._at)
            high = int(min(max(self._end - self._at, 0), len(part)))
            self._at += len(part)
            self._keep(heard[low:high])

    def stretch(self, until: int) -> None:
        """Go on in silence up to frame `until`, where the sound ended before."""
        if until > self._at:
            self._keep(np.zeros((until - max(self._at, self._first), 2)))
            self._at = until

    def end(self) -> None:
        """Write what is left, with its end faded."""
        self._write(self._held * np.linspace(1.0, 0.0, len(self._held))[:, None])

    def _keep(self, heard: npt.NDArray[np.floating]) -> None:
        """Hold back what may have to be faded."""
        held = np.concatenate((self._held, heard))
        keep = min(self._ramps[1], len(held))
        self._held = held[len(held) - keep :]
        self._write(held[: len(held) - keep])

    def _write(self, block: Floats) -> None:
        if not self._begun and len(block):
            self._begun = True
            ramp = min(self._ramps[0], len(block))
            block = block.copy()
            block[:ramp] *= np.linspace(0.0, 1.0, ramp)[:, None]
        self._file.write(np.clip(np.rint(block * TOP), -TOP, TOP).astype(np.int16))


def heard_balances(log: Path) -> list[tuple[int, Balance]]:
    """(frame, balance) of a take, as its voices were heard: what it began with, and each change.

    Controls, commands and OSC all change it, so the take is played again for it, without its sound.

    Raises:
        ReplayError, JamError, OSError: that can't be done.
    """
    with log.open("rb") as lines:
        opened = line_to_opened(lines.readline())
        found = [(0, _first_balance(opened))]
        step = opened.origin

        def hear(balance: Balance) -> None:
            frame = round((step - opened.origin) * opened.sample_rate)
            found.append((max(frame, found[-1][0]), balance))

        def pace(now: float) -> None:
            nonlocal step
            step = now

        played = Replay(opened, _Nowhere(), balance=found[0][1], hear=hear, pace=pace)
        for entry in read_entries(lines, [], lambda _: None):
            played.take(entry)
        played.end()
    return found


def _first_balance(opened: Opened) -> Balance:
    """What `--level` and `--spread` said."""
    level, spread = (float(opened.settings.get(name, "0")) for name in ("level", "spread"))
    return Balance(level, spread)


class _Nowhere:
    """A journal that keeps nothing."""

    def put(self, entry: object) -> None:
        """Drop an entry."""
