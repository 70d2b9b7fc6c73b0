"""OSC: targets are moved by messages, and values sent back to whoever sent one.

One thread, one UDP socket: what comes is put on the inbox, as from the controllers; where things
stand is looked at twenty times a second, and sent where it has changed.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket, ParseError

from nesvae_live import NesvaeError
from nesvae_live.clock.hosttime import Time
from nesvae_live.control.inputs import Refresh, answered
from nesvae_live.control.reply import Reply
from nesvae_live.control.target import StateView
from nesvae_live.io.remote.oscmap import (
    ERROR,
    HELLO,
    message_to_input,
    state_to_values,
    status_to_values,
)

EVERY = 0.05
"""Seconds from one look at the values to the next."""

LARGEST = 65_536
BUNDLED = 24
"""Messages in a bundle: a datagram stays small enough for any network."""

MOST_LISTENERS = 16
CLOSE = 5e-5
"""Values that differ by less are the same."""

Address = tuple[Any, ...]


class OscError(NesvaeError):
    """The OSC port can't be opened; one line says why."""


class OscServer:
    """Listens on `place` (host, port) and tells `tell`, and everyone it hears, how things stand.

    `view` and `status` are read from the server's thread. Port 0 takes a free one.
    """

    def __init__(
        self,
        inbox: SimpleQueue[Any],
        time: Time,
        view: StateView,
        status: Callable[[], Mapping[str, Any]],
        place: tuple[str, int],
        tell: tuple[str, int] | None = None,
    ) -> None:
        self._inbox = inbox
        self._time = time
        self._view = view
        self._status = status
        self._place = place
        self._tell = tell
        self._errors: SimpleQueue[tuple[Address, str]] = SimpleQueue()
        self._known: dict[Address, dict[str, Any]] = {}  # what each listener was told
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._stopped = threading.Event()
        self._error: BaseException | None = None

    @property
    def port(self) -> int:
        """The port it listens on, once open."""
        assert self._socket is not None  # it is open
        return int(self._socket.getsockname()[1])

    def open(self) -> None:
        """Listen.

        Raises:
            OscError: the port is taken, or there is no such host.
        """
        host, port = self._place
        try:
            family, kind, proto, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_DGRAM
            )[0]
            self._socket = socket.socket(family, kind, proto)
            self._socket.bind(address)
            self._socket.settimeout(EVERY)
            if self._tell is not None:
                found = socket.getaddrinfo(*self._tell, family, socket.SOCK_DGRAM)
                self._known[found[0][4]] = {}
        except OSError as error:
            self.close()
            raise OscError(f"no OSC on {host}:{port}: {error.strerror or error}") from None
        self._thread.start()

    def lost(self) -> str | None:
        """Why it does not listen any more, in one line; None while it does."""
        error = self._error
        return None if error is None else f"OSC has ended ({type(error).__name__}: {error})"

    def close(self) -> None:
        """Hang up; harmless when it isn't open."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=2.0)
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        looked = float("-inf")
        try:
            while not self._stopped.is_set():
                with suppress(OSError):  # nothing came, or a listener's port was closed
                    assert self._socket is not None  # open() made it
                    self._take(*self._socket.recvfrom(LARGEST))
                if (now := self._time.now()) >= looked + EVERY:
                    looked = now
                    self._tell_everyone()
        except BaseException as error:  # noqa: BLE001 - kept for lost(), the music goes on
            self._error = error

    def _take(self, data: bytes, sender: Address) -> None:
        assert self._socket is not None  # it came from there
        if sender == self._socket.getsockname():
            return  # somebody had us told what we tell
        try:
            messages = [timed.message for timed in OscPacket(data).messages]
        except (ParseError, ValueError, IndexError, RecursionError):
            self._errors.put((sender, "not an OSC packet"))
            return
        for message in messages:
            try:
                self._carry_out(message, sender)
            except ValueError as error:
                self._errors.put((sender, str(error)))

    def _carry_out(self, message: OscMessage, sender: Address) -> None:
        address, arguments = message.address, list(message.params)
        if address == HELLO:
            if arguments and not (isinstance(arguments[0], int) and 1 <= arguments[0] <= 65_535):
                raise ValueError(f"{HELLO} {arguments[0]!r}: a port, 1 to 65535")
            self._welcome(
                (sender[0], *arguments[:1], *sender[2:]) if arguments else sender, anew=True
            )
            return
        item = message_to_input(address, arguments, self._time.now(), self._view)
        self._welcome(sender, anew=isinstance(item, Refresh))
        if item is None:
            return
        number = arguments[0] if arguments else None
        if isinstance(number, int | float):
            self._known[sender][address] = number  # who moves it knows
        self._inbox.put(answered(item, self._told(sender)))

    def _welcome(self, listener: Address, *, anew: bool) -> None:
        if listener not in self._known and len(self._known) >= MOST_LISTENERS:
            oldest = next(iter(self._known))
            del self._known[oldest]
        if anew or listener not in self._known:
            self._known[listener] = {}

    def _told(self, sender: Address) -> Reply:
        def reply(answer: Mapping[str, Any]) -> None:
            if not answer.get("ok", True):
                self._errors.put((sender, str(answer.get("error"))))

        return reply

    def _tell_everyone(self) -> None:
        with suppress(Empty):
            while True:
                listener, error = self._errors.get_nowait()
                self._send(listener, [(ERROR, error)])
        if not self._known:
            return
        values = [*state_to_values(self._view), *status_to_values(self._status())]
        for listener, known in list(self._known.items()):
            news = [(a, v) for a, v in values if not _same(known.get(a), v)]
            known.update(news)
            self._send(listener, news)

    def _send(self, listener: Address, news: list[tuple[str, Any]]) -> None:
        assert self._socket is not None  # open() made it
        for datagram in _bundles(news):
            with suppress(OSError):  # who does not listen any more is told nothing
                self._socket.sendto(datagram, listener)


def _same(known: Any, value: Any) -> bool:
    if isinstance(known, int | float) and isinstance(value, int | float):
        return abs(known - value) < CLOSE
    return bool(known == value)


def _bundles(news: list[tuple[str, Any]]) -> Iterator[bytes]:
    for first in range(0, len(news), BUNDLED):
        bundle = OscBundleBuilder(IMMEDIATELY)
        for address, value in news[first : first + BUNDLED]:
            builder = OscMessageBuilder(address)
            builder.add_arg(value)
            bundle.add_content(builder.build())
        yield bundle.build().dgram
