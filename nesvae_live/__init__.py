"""Steer a neural map of NES music with the knobs of a MIDI controller."""

__version__ = "0.1.0"
