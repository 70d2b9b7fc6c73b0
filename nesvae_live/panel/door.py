"""The panel's door: where it listens, and who may come in.

It is open to this machine alone unless a host is named; then it is open to whoever reaches that
address of this machine and has the token, which is made anew for each session.
"""

from __future__ import annotations

import errno
import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass

from nesvae_live import NesvaeError

PORT = 0x2A03
"""The panel's, unless it is said otherwise: the name of the chip, in hexadecimal 10755."""

LOOPBACK = "127.0.0.1"
LOCAL_NAMES = (LOOPBACK, "localhost")
"""The names under which this machine speaks to itself."""

MORE_PORTS = 16
"""So many are tried, from the one that was asked for on."""

TOKEN_BYTES = 16
SOMEWHERE = ("192.0.2.1", 9)
"""An address that nobody has (RFC 5737): where packets to it would leave is our own."""


class PanelError(NesvaeError):
    """The panel's port can't be opened; the message is one line for a person."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where the panel is found, and what opens it.

    `host` is how this machine is called in the panel's address. Without a `token` whoever reaches
    the port may come in; with one, who says it. `names` are names that it may be spoken to by, on
    top of the address at which a connection arrives.
    """

    port: int
    host: str = LOOPBACK
    token: str | None = None
    names: tuple[str, ...] = LOCAL_NAMES

    @property
    def address(self) -> str:
        """Where the page is, without the token."""
        return f"http://{_in_url(self.host)}:{self.port}/"

    @property
    def url(self) -> str:
        """What a browser opens: the address, with the token if there is one."""
        return self.address + ("" if self.token is None else f"?token={self.token}")

    @property
    def cookie(self) -> str:
        """The name of the cookie that has the token; cookies don't tell ports apart."""
        return f"nesvae_panel_{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in LOCAL_NAMES or self.host == "::1"

    def places(self, arrived_at: str | None) -> tuple[str, ...]:
        """What `Host` may say of a connection that arrived at an address of this machine."""
        names = self.names
        if self.token is not None and arrived_at is not None:
            names = (*names, _plain(arrived_at))
        return tuple(f"{_in_url(name)}:{self.port}" for name in names)

    def opens(self, said: str | None) -> bool:
        """Whether somebody who says this may come in."""
        if self.token is None:
            return True
        return said is not None and hmac.compare_digest(said.encode(), self.token.encode())


def open_door(port: int, host: str | None = None) -> tuple[Door, socket.socket]:
    """Listen on `port`, or on the next one that is free; on the loopback unless a `host` is named.

    Raises:
        PanelError: all that were tried are taken, or may not be used, or the host isn't here.
    """
    try:
        listener = _listen(port, LOOPBACK if host is None else host)
    except OSError as error:
        raise PanelError(
            f"no panel at {host or LOOPBACK}:{port}: {error.strerror or error}; "
            "another port with --panel-port, none with --no-panel"
        ) from None
    there = int(listener.getsockname()[1])
    if host is None:
        return Door(there), listener
    own = socket.gethostname()
    bound = str(listener.getsockname()[0])
    shown = own_address() or own if ipaddress.ip_address(bound).is_unspecified else host
    names = dict.fromkeys((*LOCAL_NAMES, own.lower(), f"{own.lower()}.local", host.lower()))
    return Door(there, shown, secrets.token_urlsafe(TOKEN_BYTES), tuple(names)), listener


def own_address() -> str | None:
    """The address of this machine that others on its network reach it by; None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nothing:
        try:
            nothing.connect(SOMEWHERE)  # sends nothing
        except OSError:
            return None
        return str(nothing.getsockname()[0])


def _listen(port: int, host: str) -> socket.socket:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    taken: OSError | None = None
    for number in range(port, min(port + MORE_PORTS, 65_536)):
        try:
            return socket.create_server((str(address[0]), number), family=family)
        except OSError as refused:
            if refused.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            taken = refused
    assert taken is not None  # there is at least one to try
    raise taken


def _plain(address: str) -> str:
    """An address as a browser writes it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return str(getattr(found, "ipv4_mapped", None) or found)


def _in_url(host: str) -> str:
    """A name or an address as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
