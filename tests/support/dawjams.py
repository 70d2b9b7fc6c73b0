"""Simulated jams of which DAWs' files are made."""

from __future__ import annotations

from tests.support.simulated import SimulatedJam
from tests.support.simulatedtransport import MetresJam

SECONDS = 14.0


def jam_that_is(kind: str) -> SimulatedJam:
    """One that is `led`: at its own tempo, which changes; `followed`: behind a clock that stops and

    goes on; `metres`: behind a transport whose metre and tempo change.
    """
    if kind == "metres":
        return MetresJam(4, SECONDS)
    follows = kind == "followed"
    return SimulatedJam(5 if follows else 10, SECONDS, follows=follows)
