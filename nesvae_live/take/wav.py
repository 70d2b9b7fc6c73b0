"""The head of a WAV file of 16-bit mono samples, for a file that grows while it is played."""

from __future__ import annotations

import struct

HEAD_BYTES = 80
"""Always as long, so that it can be written anew over itself."""

LARGEST = 2**32 - 1


def wav_head(n_bytes: int, sample_rate: int) -> bytes:
    """Write the head for `n_bytes` of samples that follow it, at `sample_rate` Hz.

    Up to 4 GiB (12 hours at 48 kHz) it is a plain WAV with room reserved; beyond that the room
    holds the sizes in 64 bits and the file is an RF64 (EBU Tech 3306), which players know too.
    """
    riff_bytes = HEAD_BYTES - 8 + n_bytes
    if riff_bytes <= LARGEST:
        start = struct.pack("<4sI4s4sI28x", b"RIFF", riff_bytes, b"WAVE", b"JUNK", 28)
        data = struct.pack("<4sI", b"data", n_bytes)
    else:
        sizes = struct.pack("<4sIQQQI", b"ds64", 28, riff_bytes, n_bytes, n_bytes // 2, 0)
        start = struct.pack("<4sI4s", b"RF64", LARGEST, b"WAVE") + sizes
        data = struct.pack("<4sI", b"data", LARGEST)
    return (
        start
        + struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16)
        + data
    )
