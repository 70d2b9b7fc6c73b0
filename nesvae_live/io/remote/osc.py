"""OSC: messages move targets, and the values of all targets are sent back to whoever sent one.

One thread has one UDP socket. What comes is put into the inbox, as from the controllers; the live
state is read twenty times a second, and what has changed is sent to the listeners.
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

UPDATE_SECONDS = 0.05
"""Seconds between two updates of the listeners."""

LARGEST_BYTES = 65_536
MOST_BUNDLED = 24
"""Messages in a bundle, so that a datagram is small enough for any network."""

MOST_LISTENERS = 16
SAME = 5e-5
"""Values that differ by less than this are the same."""

SocketAddress = tuple[Any, ...]


class OscError(NesvaeError):
    """The OSC port can't be opened; one line for a person says why."""


class OscServer:
    """Listens on `place` (host, port); sends values to `tell` and to whoever sends a message.

    `view` and `status` are read from the server's thread. Port 0 takes a free port.
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
        self._errors: SimpleQueue[tuple[SocketAddress, str]] = SimpleQueue()
        self._known: dict[SocketAddress, dict[str, Any]] = {}  # what each listener was sent
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._stopped = threading.Event()
        self._error: BaseException | None = None

    @property
    def port(self) -> int:
        """The port on which it listens, once it is open."""
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
            self._socket.settimeout(UPDATE_SECONDS)
            if self._tell is not None:
                found = socket.getaddrinfo(*self._tell, family, socket.SOCK_DGRAM)
                self._known[found[0][4]] = {}
        except OSError as error:
            self.close()
            raise OscError(f"no OSC on {host}:{port}: {error.strerror or error}") from None
        self._thread.start()

    def attend(self, view: StateView, status: Callable[[], Mapping[str, Any]]) -> None:
        """Show another state from now on; from any thread."""
        self._view, self._status = view, status

    def lost(self) -> str | None:
        """Why it no longer listens, in one line; None while it does."""
        error = self._error
        return None if error is None else f"OSC has ended ({type(error).__name__}: {error})"

    def close(self) -> None:
        """Stop listening; harmless when it isn't open."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=2.0)
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        updated = float("-inf")
        try:
            while not self._stopped.is_set():
                with suppress(OSError):  # nothing came, or the port of a listener is closed
                    assert self._socket is not None  # open() made it
                    self._receive(*self._socket.recvfrom(LARGEST_BYTES))
                if (now := self._time.now()) >= updated + UPDATE_SECONDS:
                    updated = now
                    self._update_listeners()
        except BaseException as error:  # noqa: BLE001 - kept for lost(), the music goes on
            self._error = error

    def _receive(self, data: bytes, sender: SocketAddress) -> None:
        assert self._socket is not None  # it came from there
        if sender == self._socket.getsockname():
            return  # our own values came back
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

    def _carry_out(self, message: OscMessage, sender: SocketAddress) -> None:
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
            self._known[sender][address] = number  # the sender knows it
        self._inbox.put(answered(item, self._reply_to(sender)))

    def _welcome(self, listener: SocketAddress, *, anew: bool) -> None:
        if listener not in self._known and len(self._known) >= MOST_LISTENERS:
            oldest = next(iter(self._known))
            del self._known[oldest]
        if anew or listener not in self._known:
            self._known[listener] = {}

    def _reply_to(self, sender: SocketAddress) -> Reply:
        def reply(answer: Mapping[str, Any]) -> None:
            if not answer.get("ok", True):
                self._errors.put((sender, str(answer.get("error"))))

        return reply

    def _update_listeners(self) -> None:
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

    def _send(self, listener: SocketAddress, news: list[tuple[str, Any]]) -> None:
        assert self._socket is not None  # open() made it
        for datagram in _bundles(news):
            with suppress(OSError):  # it no longer listens
                self._socket.sendto(datagram, listener)


def _same(known: Any, value: Any) -> bool:
    if isinstance(known, int | float) and isinstance(value, int | float):
        return abs(known - value) < SAME
    return bool(known == value)


def _bundles(news: list[tuple[str, Any]]) -> Iterator[bytes]:
    for first in range(0, len(news), MOST_BUNDLED):
        bundle = OscBundleBuilder(IMMEDIATELY)
        for address, value in news[first : first + MOST_BUNDLED]:
            builder = OscMessageBuilder(address)
            builder.add_arg(value)
            bundle.add_content(builder.build())
        yield bundle.build().dgram
