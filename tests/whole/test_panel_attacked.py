"""The panel under attack beside an instrument that plays: refused with a reason, and the music goes on."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from nesvae_live.panel.door import own_address
from nesvae_live.panel.drop import LARGEST as LARGEST_FILE
from nesvae_live.panel.messages import LARGEST, PER_SECOND
from tests.support.daemon import Daemon
from tests.support.panels import BarePage, free_port
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("jack"),  # with those that have to be in time: they aren't niced
    pytest.mark.skipif(own_address() is None, reason="this machine is on no network"),
]
QUIET = ("--audio", "none", "--midi-api", "none", "--no-status", "--seed", "3")
PATIENCE = 60.0
FLOOD = 10_000
UNMASKED = bytes(4)
"""A mask that leaves a frame as it is."""


class Target:
    """An instrument whose panel is open to the network, and what its owner's browser has."""

    def __init__(self, daemon: Daemon, port: int) -> None:
        said = daemon.said
        found = re.search(r"with its token: (http://([^:/]+):(\d+)/\?token=(\S+))", said)
        assert found, said
        self.daemon, self.host, self.port = daemon, found[2], port
        assert int(found[3]) == port
        self.token = found[4]
        self.cookie = f"nesvae_panel_{port}={self.token}"

    def page(self, **options: str) -> BarePage:
        """Its owner's page, unless it is said otherwise."""
        own = {"host": self.host, "cookie": self.cookie}
        return BarePage(self.port, open_timeout=PATIENCE, **(own | options))

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: bytes, **headers: str) -> tuple[int, str]:
        return self._ask("POST", path, body, headers)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it need not hear all
            connection.request(method, path, body, headers={"Cookie": self.cookie} | headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, text


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    port = free_port()
    options = ("--panel-port", str(port), "--panel-host", "0.0.0.0", *QUIET)
    with Daemon(tmp_path_factory.mktemp("attacked"), *options) as daemon:
        yield Target(daemon, port)
        assert daemon.end() == 0
        assert target_is_kept(daemon)


def target_is_kept(daemon: Daemon) -> bool:
    """Whether the take was finished, and says the token nowhere."""
    found = re.search(r"token=(\S+)", daemon.said)
    assert found
    files = {path.name: path for path in daemon.take.iterdir()}
    return "take.mid" in files and found[1] not in files["take.jsonl"].read_text()


def refused(attack: Callable[[], BarePage]) -> str:
    """The reason for which a WebSocket was refused."""
    with pytest.raises(InvalidStatus) as caught:
        attack().__enter__()
    assert caught.value.response.status_code == 403
    return (caught.value.response.body or b"").decode()


def other_host(target: Target) -> str:
    assert target.get("/", Host=f"evil.example:{target.port}")[0] == 403
    return target.get("/live", Host="evil.example")[1]


def other_origin(target: Target) -> str:
    return refused(lambda: target.page(origin="http://evil.example"))


def other_site(target: Target) -> str:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    return target.get("/main.js", **headers)[1]


def no_token(target: Target) -> str:
    assert "token" in refused(lambda: target.page(cookie="a=b"))
    return target.get("/", Cookie="a=b")[1]


def wrong_token(target: Target) -> str:
    wrong = f"nesvae_panel_{target.port}=wrong"
    assert "token" in refused(lambda: target.page(cookie=wrong))
    assert target.get("/?token=wrong", Cookie="a=b")[0] == 403
    return target.get("/", Cookie=wrong)[1]


def too_long(target: Target) -> str:
    with target.page() as page:
        page.socket.send("x" * (LARGEST + 1))
        return ending(page)


def no_message(target: Target) -> str:
    with target.page() as page:
        for said in ("{", "[" * 1000, '{"do": "set", "knob": "density", "value": 1}', b"\xff\x00"):
            page.errors.clear()
            page.socket.send(said)
            page.wait_for(lambda: bool(page.errors))
        return page.errors[0]


def flood(target: Target) -> str:
    """Ten thousand messages within a second, and a page that comes again at once, and again."""
    said = b'{"do":"move","target":"density","value":0.5}'
    frames = (b"\x81" + bytes([0x80 | len(said)]) + UNMASKED + said) * FLOOD
    with target.page() as page:
        began = time.monotonic()
        with contextlib.suppress(OSError):  # it is sent off before it has said all
            page.socket.socket.sendall(frames)
        assert time.monotonic() - began < 1.0
        reason = ending(page)
    with target.page() as again:
        assert "try again" in ending(again)
    return reason


def paths(target: Target) -> str:
    for path in ("/../child.py", "/%2e%2e/child.py", "/take/..%2ftake.jsonl", "//etc/passwd"):
        status, text = target.get(path)
        assert status in {404, 405}, path
        assert "import" not in text
        assert "root:" not in text
    return target.get("/take/take.jsonl")[1]


def too_large_a_file(target: Target) -> str:
    own = {"Origin": f"http://{target.host}:{target.port}"}
    assert target.post("/midi", b"MThd")[0] == 403  # without an origin
    assert target.post("/midi", b"MThd", **own, Cookie="a=b")[0] == 403
    assert "error" in target.post("/midi", b"MThd" * 100, **own)[1]
    return target.post("/midi", bytes(LARGEST_FILE + 1), **own)[1]


def no_http(target: Target) -> str:
    with socket.create_connection((target.host, target.port), timeout=PATIENCE) as wire:
        wire.sendall(b"\x00\xff\r\n\r\n" * 100)
        return wire.recv(4096).decode(errors="replace")


def comes_in(target: Target) -> bool:
    with target.page() as page:
        try:
            page.wait_for(lambda: bool(page.hello))
        except ConnectionClosed:
            return False
    return True


def ending(page: BarePage) -> str:
    """Why the server hung up; a wire that was cut while it was written to has no reason any more."""
    with pytest.raises(ConnectionClosed) as caught:
        page.wait_for(lambda: False)
    return caught.value.rcvd.reason if caught.value.rcvd else "cut"


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (other_host, "the panel is at http://"),
        (other_origin, "only the panel's own page may play"),
        (other_site, "another site's page may not load the panel's files"),
        (no_token, "the panel needs its token"),
        (wrong_token, "this is not the panel's token"),
        (too_long, "too big|exceeds|over size|frame"),
        (no_message, "not a message"),
        (flood, f"more than {PER_SECOND:.0f} messages a second|cut"),
        (paths, "no such file"),
        (too_large_a_file, "no piece of music"),
        (no_http, "400"),
    ],
)
def test_it_is_refused_with_a_reason_and_the_music_goes_on(
    target: Target, attack: Callable[[Target], str], reason: str
) -> None:
    before = target.daemon.ctl(do="status")
    assert re.search(reason, attack(target))
    assert wait_until(lambda: comes_in(target), PATIENCE)
    with target.page() as page:  # its owner is served as before
        page.say(do="move", target="focus", value=0.25)
        page.wait_for(lambda: page.targets.get("focus") == 0.25, PATIENCE)
        page.say(do="move", target="release-focus")
        page.wait_for(lambda: page.targets.get("focus", 0.0) is None, PATIENCE)
    after = target.daemon.ctl(do="status")
    assert after["beat"] > before["beat"]
    for figure in ("events_late", "decodes_missed", "underruns"):
        assert after[figure] == before[figure], figure
