"""Scores as NumPy's npz: `rate`, `nsamps` and `score`, an exprsco or a seprsco by its shape."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.nesmdb import ExprScore, SeprScore

FIELDS = ("rate", "nsamps", "score")


def loads_npz(data: bytes) -> ExprScore | SeprScore:
    """Read a score without running any code; objects in the file are refused.

    Raises ValueError, in one line, if the file is no npz file or its score is wrong.
    """
    rate, nsamps, score = _load(data)
    if rate.shape or rate.dtype.kind not in "iuf":
        raise ValueError(f"rate is {_kind(rate)}, not a number")
    if nsamps.shape or nsamps.dtype.kind not in "iuf" or not float(nsamps).is_integer():
        raise ValueError(f"nsamps is {_kind(nsamps)}, not a whole number")
    kind = SeprScore if score.ndim == 2 else ExprScore
    return kind(float(rate), int(nsamps), score)


def read_arrays(data: bytes, names: Iterable[str]) -> dict[str, npt.NDArray[Any]]:
    """Those arrays of an npz file that are there, of numbers only: reading one runs nothing.

    Raises:
        ValueError: it is damaged; one line says how.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in names if name in file}
    except (  # all that NumPy and zipfile raise for a damaged file
        *(ValueError, OSError, EOFError, KeyError, IndexError, TypeError, SyntaxError),
        *(NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error, OverflowError),
        MemoryError,
    ) as error:
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from None


def _load(data: bytes) -> list[npt.NDArray[Any]]:
    if not data.startswith(b"PK"):
        raise ValueError("not an npz file: it doesn't begin as a zip does")
    try:
        found = read_arrays(data, FIELDS)
    except ValueError as error:
        raise ValueError(f"npz file is damaged: {error}") from None
    for name in FIELDS:
        if name not in found:
            raise ValueError(f"npz file has no {name} (it needs {', '.join(FIELDS)})")
    return [found[name] for name in FIELDS]


def _kind(array: npt.NDArray[Any]) -> str:
    return f"{array.dtype} {array.shape}" if array.shape else repr(array.item())
