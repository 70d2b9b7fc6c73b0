"""Who may come in: a browser that found the door, with a page that came from here.

A page of another site could reach the server from the same browser: by its own name for this address
(DNS rebinding, which `Host` gives away), by a WebSocket (which carries its `Origin`), or by loading
things from here (which `Sec-Fetch-Site` tells). All three are refused with a reason, before anything
else looks at the request. Where the door has a token, the page's address brings it, and a cookie
keeps it: everything else is given only to who has that cookie.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nesvae_live.panel.door import Door

NO_TOKEN = "the panel needs its token: open the address that the terminal shows"  # noqa: S105
WRONG_TOKEN = "this is not the panel's token: open the address that the terminal shows now"  # noqa: S105


class Guard:
    """Lets in what `reason_to_refuse` has nothing against, and tells browsers to be strict.

    Args:
        app: what is guarded.
        door: at which it is served.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        headers = Headers(scope=scope)
        arrived_at = scope["server"][0] if scope.get("server") else None
        is_socket = scope["type"] == "websocket"
        acts = is_socket or scope["method"] not in {"GET", "HEAD"}
        reason = reason_to_refuse(headers, self._door, arrived_at, acts=acts)
        if reason is not None:
            await _answer(scope, send, 403, reason)
            return
        if self._door.token is not None:
            said = parse_qs(scope["query_string"].decode("latin-1")).get("token")
            if said is not None and scope["path"] == "/" and not is_socket:
                await self._take_token(scope, send, said[0])
                return
            kept = cookie_parser(headers.get("cookie", "")).get(self._door.cookie)
            if not self._door.opens(kept):
                await _answer(scope, send, 403, NO_TOKEN if kept is None else WRONG_TOKEN)
                return
        strictness = _strictness(headers["host"])

        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(strictness)
            await send(message)

        await self._app(scope, receive, send_strictly)

    async def _take_token(self, scope: Scope, send: Send, said: str) -> None:
        """Turn the token of the address into a cookie, so that it is seen nowhere any more."""
        if not self._door.opens(said):
            await _answer(scope, send, 403, WRONG_TOKEN)
            return
        cookie = f"{self._door.cookie}={said}; Path=/; HttpOnly; SameSite=Lax"
        await _answer(scope, send, 303, "come in", {"location": "/", "set-cookie": cookie})


def reason_to_refuse(
    headers: Mapping[str, str], door: Door, arrived_at: str | None, *, acts: bool
) -> str | None:
    """Why a request may not come in, whoever sent it, in one line; None if it may.

    Args:
        headers: of the request, by their lower-case names.
        door: at which it arrived.
        arrived_at: the address of this machine that it was sent to.
        acts: whether something can be done by it: it sends something, or asks for a WebSocket.
    """
    host = headers.get("host", "").lower()
    if host not in door.places(arrived_at):
        return f"the panel is at {door.address} only"
    if acts and headers.get("origin") != f"http://{host}":
        return "only the panel's own page may play"
    site, mode = headers.get("sec-fetch-site"), headers.get("sec-fetch-mode")
    if site in {"cross-site", "same-site"} and mode != "navigate":
        return "another site's page may not load the panel's files"
    return None


def _strictness(host: str) -> dict[str, str]:
    """The headers that tell a browser how little a page of ours needs."""
    return {
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"media-src 'self'; manifest-src 'self'; connect-src 'self' ws://{host}; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        ),
        "cross-origin-resource-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cache-control": "no-cache",
    }


async def _answer(
    scope: Scope, send: Send, status: int, text: str, more: Mapping[str, str] | None = None
) -> None:
    kind = "websocket.http" if scope["type"] == "websocket" else "http"
    headers = {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        **(more or {}),
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": f"{kind}.response.start", "status": status, "headers": raw})
    await send({"type": f"{kind}.response.body", "body": text.encode() + b"\n"})
