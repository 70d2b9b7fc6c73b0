"""Types and choices of arguments that several commands take.

A type raises `argparse.ArgumentTypeError`, which argparse makes one line and exit status 2.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

SWAPS = ("bar", "beat", "now")


def whole(low: int, high: int) -> Callable[[str], int]:
    """The type of a whole number, both bounds in."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, {low} to {high}")
        return value

    return convert


def within(low: float, high: float) -> Callable[[str], float]:
    """The type of a number, both bounds in."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not within {low:g} to {high:g}")
        return value

    return convert


def text_to_level(text: str) -> float:
    """How loud, in dB."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -90.0 <= value <= 12.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a level, -90 (silent) to 12 dB")
    return value


def text_to_tempo(text: str) -> float:
    """Quarter notes a minute."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 20.0 <= value <= 400.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a tempo, 20 to 400 BPM")
    return value
