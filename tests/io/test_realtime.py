"""Real-time scheduling is asked for by the thread that wants it, and a refusal harms nothing."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from nesvae_live.io.realtime import PRIORITY, ask_for_realtime, realtime_granted

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux grants it by thread")


def in_a_thread(do: object) -> list[object]:
    found: list[object] = []
    assert callable(do)
    thread = threading.Thread(target=lambda: found.extend(do()))
    thread.start()
    thread.join()
    return found


@linux
def test_only_the_asking_thread_becomes_real_time_and_what_it_starts_does_not() -> None:
    def ask() -> list[object]:
        granted = ask_for_realtime()
        own = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        (child,) = in_a_thread(lambda: [os.sched_getscheduler(0)])
        return [granted, own, os.sched_getparam(0).sched_priority, child]

    before = os.sched_getscheduler(0)
    granted, own, priority, child = in_a_thread(ask)
    assert granted == realtime_granted()
    assert (own, priority) == ((os.SCHED_FIFO, PRIORITY) if granted else (before, 0))
    assert child == (os.SCHED_OTHER if granted else before)
    assert os.sched_getscheduler(0) == before


@linux
def test_what_another_has_made_real_time_stays_as_it_is() -> None:
    if not realtime_granted():
        pytest.skip("the system grants no real-time scheduling here")

    def ask() -> list[object]:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(3))
        return [ask_for_realtime(), os.sched_getscheduler(0), os.sched_getparam(0).sched_priority]

    assert in_a_thread(ask) == [True, os.SCHED_RR, 3]


@linux
def test_a_refusal_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert not realtime_granted()
