"""Which beat of a jam a time is, by what was sent last before it."""

from __future__ import annotations

from nesvae_live.log.entries import Sent
from nesvae_live.log.jam import Jam


def beat_at(jam: Jam, stamp: float) -> float:
    """The beat of a jam without swing that falls on a stamp, in seconds.

    By its tempo from what was sent last: where the machine stood still, time went on from there.
    """
    sent = [entry for entry in jam.entries if isinstance(entry, Sent)]
    last = [entry for entry in sent if entry.at + jam.opened.origin < stamp][-1]
    return last.beat + (stamp - last.at - jam.opened.origin) * jam.opened.tempo / 60
