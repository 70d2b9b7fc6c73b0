"""WAV files of 16-bit samples: a head of fixed length, and a file written whole."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from nesvae_live.paths import replacing

HEAD_BYTES = 80
"""The length of every head, so that it can be written over while the file grows."""

LARGEST = 2**32 - 1


def wav_head(n_bytes: int, sample_rate: int, channels: int = 1) -> bytes:
    """Make the head for `n_bytes` of samples that follow it, at `sample_rate` Hz.

    Up to 4 GiB (12 hours at 48 kHz) the file is a plain WAV with some bytes reserved. Beyond that
    the reserved bytes hold the sizes in 64 bits and the file is an RF64 (EBU Tech 3306), which
    players read too.
    """
    riff_bytes, frame = HEAD_BYTES - 8 + n_bytes, 2 * channels
    if riff_bytes <= LARGEST:
        start = struct.pack("<4sI4s4sI28x", b"RIFF", riff_bytes, b"WAVE", b"JUNK", 28)
        data = struct.pack("<4sI", b"data", n_bytes)
    else:
        sizes = struct.pack("<4sIQQQI", b"ds64", 28, riff_bytes, n_bytes, n_bytes // frame, 0)
        start = struct.pack("<4sI4s", b"RF64", LARGEST, b"WAVE") + sizes
        data = struct.pack("<4sI", b"data", LARGEST)
    return (
        start
        + struct.pack(
            *("<4sIHHIIHH", b"fmt ", 16, 1, channels, sample_rate, frame * sample_rate, frame, 16)
        )
        + data
    )


class WavWriter:
    """Writes samples behind the head of a WAV; made by `wav_file`."""

    def __init__(self, file: BinaryIO) -> None:
        self.samples = 0
        """How many samples have been written."""
        self._file = file

    def write(self, samples: npt.NDArray[np.int16]) -> None:
        """Append samples `[n]`, or `[n, channels]`."""
        self.samples += samples.size
        self._file.write(samples.astype("<i2", copy=False).tobytes())


@contextmanager
def wav_file(path: Path, sample_rate: int, channels: int = 1) -> Iterator[WavWriter]:
    """Write a WAV that takes the place of `path` when the block ends well (see `replacing`).

    Raises:
        OSError: it can't be written; the old file stays.
    """
    with replacing(path) as part, part.open("wb") as file:
        file.write(wav_head(0, sample_rate, channels))
        writer = WavWriter(file)
        yield writer
        file.seek(0)
        file.write(wav_head(2 * writer.samples, sample_rate, channels))
