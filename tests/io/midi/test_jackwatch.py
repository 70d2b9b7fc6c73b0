"""The watcher of a JACK server, where libjack does not do its part."""

from __future__ import annotations

import threading
import time

import pytest

from nesvae_live.io.midi.jackwatch import CLOSE_SECONDS, JackWatch
from tests.support.fakes import ManualTime


@pytest.mark.jack
def test_leaving_returns_though_libjack_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import jack

    entered, over = threading.Event(), threading.Event()

    class Stuck:
        last_frame_time = 0

        def __init__(self, name: str, *, no_start_server: bool) -> None:
            assert no_start_server, name

        def set_shutdown_callback(self, callback: object) -> None:
            """Take it."""

        def set_xrun_callback(self, callback: object) -> None:
            """Take it."""

        def set_port_rename_callback(self, callback: object) -> None:
            """Take it."""

        def activate(self) -> None:
            """Be active."""

        def close(self) -> None:
            entered.set()
            over.wait()

    monkeypatch.setattr(jack, "Client", Stuck)
    watch = JackWatch(ManualTime())
    try:
        began = time.monotonic()
        watch.close()
        assert entered.is_set()
        assert time.monotonic() - began < 20 * CLOSE_SECONDS
        watch.close()  # again is harmless
    finally:
        over.set()
