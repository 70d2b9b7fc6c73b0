"""A controller for `bench audio`: its knobs never rest, and it plays through a real JACK port."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from nesvae_live.io.midi.ports import IN_CLIENT, make_client

CLIENT, PORT = "nesvae_bench_knobs", "knobs"
CC_PER_SECOND = 200
FIRST_CC, KNOBS = 20, 8
"""The controls that it turns: the default preset's attributes."""

JOIN_SECONDS = 5.0
"""How long connecting may take."""


class Controller:
    """Sends evenly spaced control changes during a `with`; nobody gets them until `join`."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._port: Any = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._turn, name="knobs", daemon=True)

    def __enter__(self) -> Self:
        with _default_server(self._server):
            self._port = make_client("jack", "MidiOut", CLIENT)
            self._port.open_virtual_port(PORT)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._port.close_port()
        self._port.delete()

    def join(self, client: Any) -> bool:
        """Connect it with the instrument's input, through `client`; returns whether it worked."""
        last = time.monotonic() + JOIN_SECONDS
        while time.monotonic() < last:
            ours = client.get_ports(f"^{CLIENT}:", is_output=True)
            theirs = client.get_ports(f"^{IN_CLIENT}:", is_input=True)
            if ours and theirs:
                client.connect(ours[0], theirs[0])
                return True
            time.sleep(0.01)
        return False

    def _turn(self) -> None:
        """The loop of the thread, until the controller is closed."""
        due, count = time.perf_counter(), 0
        while not self._over.wait(max(0.0, due - time.perf_counter())):
            self._port.send_message((0xB0, FIRST_CC + count % KNOBS, count // KNOBS % 128))
            count += 1
            due += 1 / CC_PER_SECOND


@contextmanager
def _default_server(name: str) -> Iterator[None]:
    """Make a server the default one: RtMidi can't be told which server to use."""
    key = "JACK_DEFAULT_SERVER"
    before = os.environ.get(key)
    os.environ[key] = name
    try:
        yield
    finally:
        os.environ.pop(key)
        if before is not None:
            os.environ[key] = before
