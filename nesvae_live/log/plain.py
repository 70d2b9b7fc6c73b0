"""Frozen values as plain data that JSON holds, and back: exactly, arrays too."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np


def to_data(value: Any) -> Any:
    """Dataclasses as objects, an array as `{"float32": [...]}`; numbers come back exactly.

    Raises:
        TypeError: JSON has no form for some of the content.
    """
    return msgspec.to_builtins(value, enc_hook=_array_to_data, str_keys=True)


def to_value(data: Any, kind: Any) -> Any:
    """The inverse of `to_data`.

    Args:
        data: what `to_data` gave, after JSON or not.
        kind: the type of the value, as annotated.

    Raises:
        msgspec.ValidationError: the data are none of that type; one line.
    """
    return msgspec.convert(data, kind, dec_hook=_data_to_array, str_keys=True)


def _array_to_data(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {str(value.dtype): value.tolist()}
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot stand in a log")


def _data_to_array(kind: Any, data: Any) -> Any:
    del kind
    if not isinstance(data, dict) or len(data) != 1:
        raise ValueError("no array")
    ((name, values),) = data.items()
    return np.array(values, name)
