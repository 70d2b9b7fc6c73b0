"""Who may come in: a browser on this machine, with a page that came from here.

The server listens on the loopback only. A page of another site could still reach it from the same
browser: by its own name for this address (DNS rebinding, which `Host` gives away), by a WebSocket
(which carries its `Origin`), or by loading things from here (which `Sec-Fetch-Site` tells). All
three are refused with a reason, before anything else looks at the request.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
"""The names under which this machine may be spoken to."""


class Guard:
    """Lets in what `reason_to_refuse` has nothing against, and tells browsers to be strict.

    Args:
        app: what is guarded.
        port: on which it is served.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._port = port
        places = [f"{host}:{port}" for host in HOSTS]
        sockets = " ".join(f"ws://{place}" for place in places)
        self._headers = {
            "content-security-policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                f"manifest-src 'self'; connect-src 'self' {sockets}; base-uri 'none'; "
                "form-action 'none'; frame-ancestors 'none'"
            ),
            "cross-origin-resource-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cache-control": "no-cache",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        headers = Headers(scope=scope)
        reason = reason_to_refuse(headers, self._port, is_socket=scope["type"] == "websocket")
        if reason is not None:
            await _refuse(scope, send, reason)
            return

        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_strictly)


def reason_to_refuse(headers: Mapping[str, str], port: int, *, is_socket: bool) -> str | None:
    """Why a request may not come in, in one line; None if it may.

    Args:
        headers: of the request, by their lower-case names.
        port: on which it is served.
        is_socket: whether it asks for a WebSocket, through which something can be done.
    """
    places = [f"{host}:{port}" for host in HOSTS]
    if headers.get("host") not in places:
        return f"the panel is at http://{places[0]} only"
    if is_socket and headers.get("origin") not in [f"http://{place}" for place in places]:
        return "only the panel's own page may play"
    site, mode = headers.get("sec-fetch-site"), headers.get("sec-fetch-mode")
    if site in {"cross-site", "same-site"} and mode != "navigate":
        return "another site's page may not load the panel's files"
    return None


async def _refuse(scope: Scope, send: Send, reason: str) -> None:
    kind = "websocket.http" if scope["type"] == "websocket" else "http"
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": f"{kind}.response.start", "status": 403, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": reason.encode() + b"\n"})
