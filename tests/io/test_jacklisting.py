"""A port that goes away while ports are listed is no error."""

from __future__ import annotations

from typing import Any

import pytest

from nesvae_live.io.jacklisting import TRIES, list_ports

pytestmark = pytest.mark.jack  # the error is JACK-Client's


class Restless:
    """A client among whose ports one goes away so many times, just as they are listed."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.asked: list[dict[str, bool]] = []

    def get_ports(self, **kinds: bool) -> list[Any]:
        self.asked.append(kinds)
        if len(self.asked) <= self.times:
            import jack

            raise jack.JackError("Port 'knobs:midi_in' not available")
        return ["synth:in"]


@pytest.mark.parametrize(
    ("times", "found"), [(0, ["synth:in"]), (3, ["synth:in"]), (2 * TRIES, [])]
)
def test_ports_are_listed_again_until_all_of_them_are_there(times: int, found: list[str]) -> None:
    client = Restless(times)
    assert list_ports(client, is_midi=True) == found
    assert client.asked == [{"is_midi": True}] * min(times + 1, TRIES)
