"""The ports of a server, though some go away while they are listed."""

from __future__ import annotations

from typing import Any

TRIES = 20


def list_ports(client: Any, **kinds: bool) -> list[Any]:
    """List the ports that a client's `get_ports` finds; none if the server doesn't come to rest.

    JACK-Client asks for the names first, and then for each port: one that went away in between is an
    error there.
    """
    import jack

    for _ in range(TRIES):
        try:
            return list(client.get_ports(**kinds))
        except jack.JackError:
            pass
    return []
