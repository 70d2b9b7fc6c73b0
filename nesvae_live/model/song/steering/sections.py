"""How earlier sections come again by themselves: how likely, for how long, and with which voices."""

from __future__ import annotations

from typing import NamedTuple


class Sections(NamedTuple):
    """How sections come again.

    Attributes:
        again: the probability, 0..1, that one does when a phrase or a section is over.
        again_free: the same where music is free.
        along: log odds that speak for quoting the voices that don't lead.
        phrases: how many phrases come again together.
    """

    again: float
    again_free: float
    along: float
    phrases: int


SECTIONS = Sections(0.028, 0.014, 0.0, 8)
"""Nearly all that a section had comes again: so songs repeat what they repeat."""
OF_BEFORE = Sections(0.08, 0.08, -2.0, 4)
"""Of takes whose sampling doesn't recall, and where nothing is mended."""
