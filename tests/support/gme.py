"""libgme (Debian: libgme0), which plays NSF in many players: loaded as it is, and asked for sound."""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from typing import Any

import numpy as np
import numpy.typing as npt

RATE = 44_100


class _Equalizer(ctypes.Structure):
    """`gme_equalizer_t`: treble in dB, bass in Hz, and eight that are reserved."""

    _fields_ = [
        ("treble", ctypes.c_double),
        ("bass", ctypes.c_double),
        ("more", ctypes.c_double * 8),
    ]


def why_no_gme() -> str | None:
    return None if find_library("gme") else "no libgme found (Debian: libgme0)"


def play_nsf(data: bytes, seconds: float) -> npt.NDArray[np.float64]:
    """The sound of an NSF's first song, mono, without the player's tone control."""
    gme: Any = ctypes.CDLL(find_library("gme"))
    for name in ("gme_open_data", "gme_start_track", "gme_play"):
        getattr(gme, name).restype = ctypes.c_char_p
    emulator = ctypes.c_void_p()
    fault = gme.gme_open_data(data, ctypes.c_long(len(data)), ctypes.byref(emulator), RATE)
    assert fault is None, fault
    try:
        gme.gme_ignore_silence(emulator, 1)
        gme.gme_set_equalizer(emulator, ctypes.byref(_Equalizer(0.0, 1.0)))
        fault = gme.gme_start_track(emulator, 0)
        assert fault is None, fault
        samples = np.empty(2 * round(seconds * RATE), np.int16)
        fault = gme.gme_play(emulator, len(samples), samples.ctypes.data_as(ctypes.c_void_p))
        assert fault is None, fault
    finally:
        gme.gme_delete(emulator)
    return np.asarray(samples.reshape(-1, 2).mean(1))
