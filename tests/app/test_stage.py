"""What comes in while no session plays yet waits for it; nothing is lost as it begins."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Any

from nesvae_live.app.stage import Inlet

COUNT = 2_000


def test_what_waits_is_passed_on_and_what_comes_then_goes_on_at_once() -> None:
    inlet, first, second = Inlet(), SimpleQueue[Any](), SimpleQueue[Any]()
    inlet.put(1)
    inlet.lead_to(first)
    inlet.put(2)
    inlet.lead_to(second)
    inlet.put(3)
    assert [first.get_nowait(), first.get_nowait(), second.get_nowait()] == [1, 2, 3]
    assert first.empty()
    assert second.empty()


def test_nothing_is_left_behind_that_comes_while_a_session_begins() -> None:
    for _ in range(20):
        inlet, inbox = Inlet(), SimpleQueue[Any]()

        def send(inlet: Inlet = inlet) -> None:
            for item in range(COUNT):
                inlet.put(item)

        threads = [threading.Thread(target=send) for _ in range(2)]
        for thread in threads:
            thread.start()
        inlet.lead_to(inbox)
        for thread in threads:
            thread.join()
        assert inbox.qsize() == 2 * COUNT
