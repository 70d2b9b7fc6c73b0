"""Weights of 8 bits, for the matrices that the live decoder reads again with every tuple.

A step of the decoder takes as long as reading its matrices does, and in 8 bits they stay in a
core's own cache. Each row has a scale, by which its largest weight is 127. Checkpoints are saved
with these matrices rounded, in float32, so that the reference and the live decoder have the same
weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
MOST = 127


def pack(w: F32) -> tuple[NDArray[np.int8], F32]:
    """Weights `[..., in]` to int8 of the same shape and each row's scale `[...]`; 0 stays 0."""
    scale = np.abs(w).max(-1) / np.float32(MOST)
    scale = np.where(scale > 0, scale, 1.0).astype(np.float32)
    return np.rint(w / scale[..., None]).astype(np.int8), scale


def unpack(packed: NDArray[np.int8], scale: F32) -> F32:
    """The inverse of `pack`."""
    return np.asarray(packed * scale[..., None], np.float32)
