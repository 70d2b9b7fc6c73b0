"""The panel's door: its port, and who may come in over a network."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from nesvae_live.control.inputs import SetKnob
from nesvae_live.panel.door import Door, PanelError, open_door, own_address
from tests.support.panels import BarePage, Told, free_port, serving_at, some_facts
from tests.support.waiting import wait_until

EVERYWHERE = "0.0.0.0"
OTHER = own_address()
needs_network = pytest.mark.skipif(OTHER is None, reason="this machine is on no network")


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with Told(tmp_path) as told:
        yield told


@contextmanager
def open_to_network(folder: Path) -> Iterator[Door]:
    with serving_at(some_facts(folder), EVERYWHERE) as door:
        assert door.token
        yield door


def get(door: Door, path: str, **headers: str) -> http.client.HTTPResponse:
    """What a browser gets at the door's address; its body is in `text`."""
    connection = http.client.HTTPConnection(door.host, door.port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def test_a_port_that_is_taken_gets_the_next_one() -> None:
    first, taken = open_door(free_port())
    with taken:
        second, listener = open_door(first.port)
        with listener:
            assert first.port < second.port < first.port + 16
            assert listener.getsockname() == ("127.0.0.1", second.port)


def test_without_a_free_port_one_line_says_so() -> None:
    with socket.create_server(("127.0.0.1", 65_535)) as _, pytest.raises(PanelError) as caught:
        open_door(65_535)
    assert "--no-panel" in str(caught.value)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_a_host_that_is_not_this_machine_is_one_line(host: str) -> None:
    with pytest.raises(PanelError, match=rf"no panel at {host}:"):
        open_door(free_port(), host)


def test_without_a_host_there_is_no_token_and_only_this_machine_reaches_it() -> None:
    door, listener = open_door(free_port())
    with listener:
        assert door.token is None
        assert door.url == f"http://127.0.0.1:{door.port}/"
        if OTHER is not None:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((OTHER, door.port), timeout=5)


def test_every_session_has_a_token_of_its_own() -> None:
    doors = [open_door(free_port(), "127.0.0.1") for _ in range(3)]
    for _, listener in doors:
        listener.close()
    tokens = {door.token for door, _ in doors}
    assert len(tokens) == 3
    assert all(token and len(token) >= 22 for token in tokens)  # 128 bits


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_a_host_may_be_a_name_or_an_address_of_either_kind(host: str) -> None:
    try:
        door, listener = open_door(free_port(), host)
    except PanelError as error:
        pytest.skip(str(error))
    with listener, socket.create_connection((host, door.port), timeout=5):
        assert door.address in {f"http://localhost:{door.port}/", f"http://[::1]:{door.port}/"}


@needs_network
def test_the_address_lets_a_browser_in_and_a_cookie_keeps_it_in(tmp_path: Path, told: Told) -> None:
    with open_to_network(tmp_path) as door:
        assert door.host == OTHER
        there = door.url.removeprefix(f"http://{OTHER}:{door.port}")
        answer = get(door, there)
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite" in cookie
        kept = cookie.split(";")[0]
        assert get(door, "/", Cookie=kept).status == 200
        assert get(door, "/main.js", Cookie=f"theme=dark; {kept}").status == 200
        with BarePage(door.port, host=OTHER, cookie=kept) as page:
            page.say(do="move", target="density", value=0.5)
            assert wait_until(lambda: [type(item) for item in told.heard] == [SetKnob])
            page.wait_for(lambda: bool(page.hello))


@needs_network
@pytest.mark.parametrize("path", ["/", "/main.js", "/map.bin", "/take/bars.mid", "/live"])
@pytest.mark.parametrize("wrong", [None, "", "x", "ä"])
def test_who_has_no_token_or_a_wrong_one_gets_nothing_but_a_reason(
    tmp_path: Path, told: Told, path: str, wrong: str | None
) -> None:
    (tmp_path / "bars.mid").write_text("MThd")
    with open_to_network(tmp_path) as door:
        headers = {} if wrong is None else {"Cookie": f"{door.cookie}={wrong}"}
        answer = get(door, path, **{k: v.encode().decode("latin-1") for k, v in headers.items()})
        assert answer.status == 403
        assert "token" in answer.text  # type: ignore[attr-defined]
        assert "the terminal" in answer.text  # type: ignore[attr-defined]
        assert "Set-Cookie" not in answer.headers
    assert not told.heard


@needs_network
@pytest.mark.parametrize("said", ["/?token=", "/?token=x", "/?token=%ff", "/?token=x&token=y"])
def test_a_wrong_token_in_the_address_opens_nothing(tmp_path: Path, said: str) -> None:
    with open_to_network(tmp_path) as door:
        assert get(door, said).status == 403
        assert get(door, f"/main.js?token={door.token}").status == 403  # only the page brings it


@needs_network
@pytest.mark.parametrize("kept", [None, "nesvae_panel_{port}=x", "nesvae_panel_1={token}"])
def test_a_websocket_without_the_token_is_refused(
    tmp_path: Path, told: Told, kept: str | None
) -> None:
    with open_to_network(tmp_path) as door:
        cookie = kept and kept.format(port=door.port, token=door.token)
        with pytest.raises(InvalidStatus) as caught:
            BarePage(door.port, host=door.host, cookie=cookie)
    assert caught.value.response.status_code == 403
    assert b"token" in (caught.value.response.body or b"")
    assert not told.heard


@needs_network
@pytest.mark.parametrize("host", ["evil.example:{port}", "127.0.0.2:{port}", "{here}", "[::]:1"])
def test_another_host_is_refused_over_the_network_too(tmp_path: Path, host: str) -> None:
    with open_to_network(tmp_path) as door:
        kept = f"{door.cookie}={door.token}"
        named = host.format(port=door.port, here=door.host)
        answer = get(door, "/", Host=named, Cookie=kept)
        assert answer.status == 403
        assert door.address in answer.text  # type: ignore[attr-defined]


@needs_network
def test_another_origin_with_the_cookie_is_refused(tmp_path: Path, told: Told) -> None:
    with open_to_network(tmp_path) as door, pytest.raises(InvalidStatus) as caught:
        BarePage(
            door.port,
            host=door.host,
            cookie=f"{door.cookie}={door.token}",
            origin="http://evil.example",
        ).__enter__()
    assert b"the panel's own page" in (caught.value.response.body or b"")
    assert not told.heard


def test_on_a_machine_that_is_shared_the_loopback_can_have_a_token_too(tmp_path: Path) -> None:
    with serving_at(some_facts(tmp_path), "127.0.0.1") as door:
        assert door.is_local
        assert get(door, "/").status == 403
        assert get(door, "/", Cookie=f"{door.cookie}={door.token}").status == 200
