"""NES-MDB's pickles, as Python 2's numpy wrote them, read safely.

Scores are `(rate, nsamps, array)`, blended ones `(rate, nsamps, lists)`, commands a list of pairs.

Nothing that a pickle names is ever imported or called: the few names that such files need become
inert records here, and any other name is refused.
"""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

DTYPES = ("u1", "i4", "i8", "u4", "u8", "f4", "f8", "b1")
"""The types of arrays and numbers that these files may have; objects are not among them."""

MOST_ITEMS = 1 << 28

BYTE = range(256)


class _Record:
    """Stands in for a name of numpy's: it keeps its arguments and does nothing."""

    arguments: tuple[Any, ...] = ()  # a pickle can make an object without calling __init__
    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array(_Record):
    """numpy's `_reconstruct`."""


class _Buffer(_Record):
    """numpy's `_frombuffer`, with which it writes arrays from protocol 5 on."""


class _Scalar(_Record):
    """numpy's `scalar`."""


class _Dtype(_Record):
    """numpy's `dtype`."""


class _Bytes(_Record):
    """`_codecs.encode`, with which Python 3 writes bytes for Python 2."""


NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.numeric", "_frombuffer"): _Buffer,
    ("numpy._core.numeric", "_frombuffer"): _Buffer,
    ("numpy.core.multiarray", "scalar"): _Scalar,
    ("numpy._core.multiarray", "scalar"): _Scalar,
    ("numpy", "ndarray"): _Record,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _Bytes,
}


class _Unpickler(pickle._Unpickler):  # noqa: SLF001
    """The unpickler in Python: the one in C allocates gigabytes for a forged memo index."""

    def find_class(self, module: str, name: str, /) -> Any:
        if (module, name) not in NAMES:
            raise ValueError(f"pickle names {module}.{name}, which no score needs: refused")
        return NAMES[module, name]


def loads_triple(data: bytes) -> tuple[float, int, npt.NDArray[Any]]:
    """Read a pickle of (rate, nsamps, array).

    Raises ValueError, in one line, for anything else, be it truncated, foreign or hostile.
    """
    rate, nsamps, array = _loads_three(data)
    if not isinstance(array, np.ndarray):
        raise ValueError(f"score is a {_kind(array)}, not an array")  # noqa: TRY004
    return rate, nsamps, array


def loads_lists(data: bytes) -> tuple[float, int, list[list[int]]]:
    """Read a pickle of (rate, nsamps, lists of small numbers).

    Raises ValueError, in one line, for anything else.
    """
    rate, nsamps, lists = _loads_three(data)
    if not isinstance(lists, list | tuple):
        raise ValueError(f"score is a {_kind(lists)}, not a list")  # noqa: TRY004
    found = []
    for step, notes in enumerate(lists):
        if not isinstance(notes, list | tuple):
            raise ValueError(f"step {step} is a {_kind(notes)}, not a list")  # noqa: TRY004
        values = [_value(note) for note in notes]
        if not all(isinstance(value, int) and value in BYTE for value in values):
            raise ValueError(f"step {step} has {_short(values)}, not notes")
        found.append([value for value in values if isinstance(value, int)])
    return rate, nsamps, found


def loads_pairs(data: bytes) -> list[tuple[str, int]]:
    """Read a pickle of a list of (word, whole number).

    Raises ValueError, in one line, for anything else.
    """
    loaded = _loads(data)
    if not isinstance(loaded, list | tuple):
        raise ValueError(f"pickle holds {_kind(loaded)}, not a list of commands")  # noqa: TRY004
    pairs = []
    for i, command in enumerate(loaded):
        if not isinstance(command, list | tuple) or len(command) != 2:
            raise ValueError(f"command {i} is {_short(command)}, not a word and a number")
        word, value = command[0], _value(command[1])
        if not isinstance(word, str) or not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"command {i} is {_short(command)}, not a word and a number")  # noqa: TRY004
        pairs.append((word, value))
    return pairs


def _loads(data: bytes) -> Any:
    """Unpickle, with records in place of everything that has a name."""
    try:
        return _Unpickler(io.BytesIO(data), encoding="latin1").load()
    except ValueError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    except (
        pickle.UnpicklingError,
        struct.error,
        AssertionError,
        AttributeError,
        EOFError,
        ImportError,
        IndexError,
        KeyError,
        MemoryError,
        OverflowError,
        RecursionError,
        TypeError,
    ) as error:
        raise ValueError(f"pickle is damaged: {str(error) or type(error).__name__}") from None


def _loads_three(data: bytes) -> tuple[float, int, object]:
    """A pickle of (rate, nsamps, something), the first two checked."""
    loaded = _loads(data)
    if not isinstance(loaded, tuple) or len(loaded) != 3:
        raise ValueError(f"pickle holds {_kind(loaded)}, not (rate, nsamps, array)")
    rate, nsamps, third = (_value(part) for part in loaded)
    if isinstance(rate, int) and not isinstance(rate, bool):
        rate = float(rate)
    if isinstance(nsamps, float) and nsamps.is_integer():
        nsamps = int(nsamps)
    if not isinstance(rate, float):
        raise ValueError(f"rate is a {_kind(rate)}, not a number")  # noqa: TRY004
    if not isinstance(nsamps, int) or isinstance(nsamps, bool):
        raise ValueError(f"nsamps is a {_kind(nsamps)}, not a whole number")  # noqa: TRY004
    return rate, nsamps, third


def dumps_triple(rate: float, nsamps: int, array: npt.NDArray[np.uint8]) -> bytes:
    """Pickle (rate, nsamps, array) as Python 2 does (protocol 2, byte strings), for Python 2 and 3.

    Python 3's pickler can't write byte strings of Python 2's kind, so the opcodes are written here.
    """
    raw = np.ascontiguousarray(array, dtype=np.uint8).tobytes()
    dtype = b"cnumpy\ndtype\n" + _string(b"u1") + b"K\x00K\x01\x87R(K\x03" + _string(b"|")
    dtype += b"NNN" + 2 * _integer(-1) + b"K\x00tb"
    return b"".join(
        (
            b"\x80\x02(G" + struct.pack(">d", rate) + _integer(nsamps),
            b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85",
            _string(b"b") + b"\x87R(K\x01(",
            b"".join(_integer(size) for size in array.shape) + b"t",
            dtype,
            b"\x89" + _string(raw) + b"tbt.",
        )
    )


def _string(raw: bytes) -> bytes:
    return b"T" + struct.pack("<i", len(raw)) + raw


def _integer(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _value(part: object) -> object:
    """A part of the triple: a number as it is, or the array or number that a record stands for."""
    if isinstance(part, _Array):
        if not isinstance(part.state, tuple) or len(part.state) != 5:
            raise ValueError("pickle is damaged: an array without its contents")
        _, shape, dtype, fortran, raw = part.state
        return _array(shape, dtype, raw, "F" if fortran else "C")
    if isinstance(part, _Buffer):
        if len(part.arguments) != 4:
            raise ValueError("pickle is damaged: an array without its contents")
        raw, dtype, shape, order = part.arguments
        return _array(shape, dtype, raw, "F" if order == "F" else "C")
    if isinstance(part, _Scalar):
        if len(part.arguments) != 2:
            raise ValueError("pickle is damaged: a number of numpy's without its bytes")
        number = np.frombuffer(_bytes(part.arguments[1]), dtype=_dtype(part.arguments[0]))
        if number.shape != (1,):
            raise ValueError("pickle is damaged: a number of numpy's of the wrong size")
        return number[0].item()
    return part


def _array(shape: object, dtype: object, raw: object, order: Literal["C", "F"]) -> npt.NDArray[Any]:
    kind = _dtype(dtype)
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("pickle is damaged: an array without a shape")
    items = 1
    for size in shape:
        items = min(items * size, MOST_ITEMS + 1)
    contents = _bytes(raw)
    if len(shape) > 8 or items * kind.itemsize != len(contents):
        raise ValueError(f"array of shape {_short(shape)} has {len(contents)} bytes of contents")
    flat = np.frombuffer(contents, dtype=kind)
    return flat.reshape(shape, order=order).copy(order="C")


def _dtype(record: object) -> np.dtype[Any]:
    name = record.arguments[0] if isinstance(record, _Dtype) and record.arguments else None
    if not isinstance(name, str) or name not in DTYPES:
        raise ValueError(f"array is of type {_short(name)}, which no score is made of: refused")
    state = record.state if isinstance(record, _Dtype) else None
    order = state[1] if isinstance(state, tuple) and len(state) > 1 else "|"
    return np.dtype(name).newbyteorder(">" if order == ">" else "<")


def _bytes(raw: object) -> bytes:
    """The bytes, as Python 2 (read as latin1 text) or Python 3 wrote them."""
    if isinstance(raw, _Bytes) and len(raw.arguments) == 2 and raw.arguments[1] == "latin1":
        raw = raw.arguments[0]
    if isinstance(raw, bytes | bytearray):
        return bytes(raw)
    if isinstance(raw, str):
        try:
            return raw.encode("latin1")
        except UnicodeEncodeError:
            pass
    raise ValueError(f"pickle is damaged: contents are {_kind(raw)}, not bytes")


def _kind(value: object) -> str:
    return type(value).__name__.lstrip("_").lower()


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
