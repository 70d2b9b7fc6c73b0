"""Steer a neural map of NES music with the knobs of a MIDI controller."""

__version__ = "0.1.0"


class NesvaeError(Exception):
    """What a person can put right; its text is one line: what is wrong, where, and what to do."""
