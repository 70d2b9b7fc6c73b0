"""How well it goes, in words that a performer can act on: what was late in the last minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

MINUTE = 60.0
ALL_WELL = "all on time"
UNHEARD = "no sound device"
WAITS = {
    "stopped": "waits for the clock to start",
    "armed": "armed: the next clock starts it",
    "lost": "the clock is lost: waiting for it",
    "coasting": "the clock is lost: carrying on at its last tempo",
}


class Health:
    """Counts what goes wrong, over the last minute."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, dict[str, int]]] = deque()

    def words(self, status: Mapping[str, Any], now: float) -> list[str]:
        """What is wrong, as of `now` seconds, by the instrument's status; empty if all is well."""
        is_heard = status.get("audio", "none") != "none"
        counted = {
            "late": status["events_late"] + (status.get("audio_late", 0) if is_heard else 0),
            "missed": status["decodes_missed"],
            "underruns": status.get("underruns", 0),
        }
        self._counts.append((now, counted))
        while now - self._counts[0][0] > MINUTE:
            self._counts.popleft()
        before = self._counts[0][1]
        since = {name: number - before[name] for name, number in counted.items()}
        words = []
        waits = "" if status["clock"] == "internal" else WAITS.get(status["motion"], "")
        clock = (status.get("clock_waiting") or waits, status.get("clock_warning"))
        words += [str(trouble) for trouble in clock if trouble]
        if n := since["underruns"]:
            words.append(f"the sound broke off {_times(n)}: try --block-frames 512")
        if n := since["late"]:
            words.append(f"{n} notes came late: close other programs")
        if n := since["missed"]:
            words.append(f"the network was too slow {_times(n)}: a phrase was repeated")
        return words


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"
