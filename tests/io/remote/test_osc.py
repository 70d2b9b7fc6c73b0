"""OSC: what messages ask for, and values that come back through real sockets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from nesvae_live.cli import main as cli
from nesvae_live.control.gestureinputs import RecallSnapshot, SetHold, SetKey, StoreSnapshot
from nesvae_live.control.inputs import Panic, SetKnob, SetSwap
from nesvae_live.control.target import Kind
from nesvae_live.control.targets import TARGETS
from nesvae_live.engine.sequencer import Sequencer
from nesvae_live.io.remote.osc import OscError, OscServer
from nesvae_live.io.remote.osclayout import session
from nesvae_live.io.remote.oscmap import ROOT, message_to_input, state_to_values
from nesvae_live.music.key import Key
from nesvae_live.paths import shipped_dir
from tests.support.rig import Rig

ANSWER_SECONDS = 5.0


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize(
    ("address", "arguments", "asked"),
    [
        ("density", [0.25], SetKnob("density", 0.25, at=2.0)),
        ("density", [1], SetKnob("density", 1.0, at=2.0)),
        ("density", ["off"], SetKnob("density", None, at=2.0)),
        ("panic", [], Panic(at=2.0)),
        ("panic", [1.0], Panic(at=2.0)),
        ("panic", [0.0], None),
        ("hold", [1], SetHold(True, at=2.0)),
        ("hold", [False], SetHold(False, at=2.0)),
        ("hold", [], SetHold(True, at=2.0)),
        ("key", ["Eb minor"], SetKey(Key(3, "minor"), at=2.0)),
        ("key", ["off"], SetKey(None, at=2.0)),
        ("swap", [0.0], SetSwap),
        ("recall-7", [], RecallSnapshot(7, at=2.0)),
    ],
)
def test_a_message_asks_for_its_targets_input(
    rig: Rig, address: str, arguments: list[Any], asked: Any
) -> None:
    item = message_to_input(ROOT + address, arguments, 2.0, rig.live)
    assert isinstance(item, asked) if isinstance(asked, type) else item == asked


@pytest.mark.parametrize(
    ("address", "arguments", "error"),
    [
        ("/nesvae/volume", [1.0], "nothing is at /nesvae/volume"),
        ("/density", [1.0], "nothing is at /density"),
        ("/nesvae/density", [], "needs a number"),
        ("/nesvae/density", [1.5], "1.5: a number in 0..1"),
        ("/nesvae/density", [float("nan")], "nan: a number"),
        ("/nesvae/density", ["high"], "'high': a number in 0..1"),
        ("/nesvae/density", [0.1, 0.2], "takes one argument, not 2"),
        ("/nesvae/swap", ["soon"], "'soon': bar, beat, now"),
        ("/nesvae/tempo", ["off"], "'off': a number"),
        ("/nesvae/panic", [b"x"], "b'x': a number"),
    ],
)
def test_what_asks_for_nothing_is_one_line(
    rig: Rig, address: str, arguments: list[Any], error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        message_to_input(address, arguments, 0.0, rig.live)


@pytest.mark.slow
@given(st.text(max_size=30), st.lists(st.one_of(st.none(), st.floats(), st.text(), st.binary())))
def test_any_message_is_an_input_or_one_line(address: str, arguments: list[Any]) -> None:
    live = Rig().live
    for where in (address, ROOT + address, f"{ROOT}key"):
        told = ""
        try:
            message_to_input(where, arguments, 0.0, live)
        except ValueError as error:
            told = str(error)
        assert "\n" not in told


class Client:
    """A program that speaks OSC, on a port of its own."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.02)
        self.server = ("127.0.0.1", port)
        self.values: dict[str, Any] = {}
        self.heard: list[tuple[str, Any]] = []

    def send(self, address: str, *arguments: Any) -> None:
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        self.socket.sendto(builder.build().dgram, self.server)

    def listen(self) -> None:
        try:
            data = self.socket.recv(65_536)
        except TimeoutError:
            return
        for timed in OscPacket(data).messages:
            (value,) = timed.message.params
            self.values[timed.message.address] = value
            self.heard.append((timed.message.address, value))

    def wait_for(self, address: str, value: Any) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while self.values.get(address) != value:
            assert time.monotonic() < deadline, (address, self.values.get(address), value)
            self.listen()


class Playing:
    """A sequencer that carries out what comes, as fast as it comes."""

    def __init__(self) -> None:
        self.rig = Rig()
        self.server = OscServer(
            self.rig.inbox,
            self.rig.time,
            self.rig.live,
            lambda: {"bar": 3, "hold": True, "key": "", "other": 1},
            ("127.0.0.1", 0),
        )
        self.server.open()
        self.clients: list[Client] = []

    @property
    def sequencer(self) -> Sequencer:
        return self.rig.sequencer

    def client(self) -> Client:
        self.clients.append(Client(self.server.port))
        return self.clients[-1]

    def until(self, client: Client, address: str, value: Any) -> None:
        """Play until a value has come back."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while client.values.get(address) != pytest.approx(value, abs=1e-6):
            assert time.monotonic() < deadline, (address, client.values.get(address), value)
            self.rig.play(0.06)
            client.listen()


@pytest.fixture
def playing() -> Iterator[Playing]:
    playing = Playing()
    yield playing
    playing.server.close()
    for client in playing.clients:
        client.socket.close()


def test_who_says_hello_is_told_where_everything_stands(playing: Playing) -> None:
    client = playing.client()
    client.send("/nesvae/hello")
    playing.until(client, "/nesvae/info/bar", 3)
    playing.until(client, "/nesvae/tempo", dict(state_to_values(playing.rig.live))["/nesvae/tempo"])
    expected = {address for address, _ in state_to_values(playing.rig.live)}
    assert expected <= set(client.values)
    assert client.values["/nesvae/swap"] == "now"
    assert client.values["/nesvae/density/set"] == 0
    assert client.values["/nesvae/info/hold"] == 1
    assert "/nesvae/info/other" not in client.values


def test_a_value_that_is_set_comes_back_to_everyone_but_who_set_it(playing: Playing) -> None:
    one, two = playing.client(), playing.client()
    for client in (one, two):
        client.send("/nesvae/hello")
        playing.until(client, "/nesvae/density/set", 0)
    one.send("/nesvae/density", 0.25)
    playing.until(two, "/nesvae/density", 0.25)
    assert playing.rig.live.knobs.values["density"] == 0.25
    playing.until(one, "/nesvae/density/set", 1)
    assert "/nesvae/density" not in one.values
    playing.rig.inbox.put(SetKnob("density", 0.75, at=0.0))
    playing.until(one, "/nesvae/density", 0.75)
    playing.until(two, "/nesvae/density", 0.75)


def test_a_recall_sends_the_values_of_the_snapshot(playing: Playing) -> None:
    client = playing.client()
    client.send("/nesvae/density", 0.5)
    playing.until(client, "/nesvae/density/set", 1)
    client.send("/nesvae/store-1")
    playing.until(client, "/nesvae/recall-1", 1.0)
    client.send("/nesvae/density", 1.0)
    client.send("/nesvae/hold", 1)
    playing.until(client, "/nesvae/density/set", 1)
    client.send("/nesvae/recall-1", 1.0)
    playing.until(client, "/nesvae/density", 0.5)


def test_what_is_wrong_comes_back_in_one_line_and_the_next_message_works(playing: Playing) -> None:
    client = playing.client()
    client.send("/nesvae/recall-9")
    playing.until(client, "/nesvae/error", "no snapshot 9; there are: none")
    client.send("/nesvae/volume", 1.0)
    playing.until(
        client,
        "/nesvae/error",
        "nothing is at /nesvae/volume: targets are /nesvae/NAME, as in /nesvae/density",
    )
    client.socket.sendto(b"\x00\x01 no osc", client.server)
    playing.until(client, "/nesvae/error", "not an OSC packet")
    client.send("/nesvae/density", 0.125)
    playing.until(client, "/nesvae/density/set", 1)


def test_values_go_where_hello_says(playing: Playing) -> None:
    asks, hears = playing.client(), playing.client()
    asks.send("/nesvae/hello", hears.socket.getsockname()[1])
    playing.until(hears, "/nesvae/info/bar", 3)
    assert not asks.heard


def test_any_bytes_are_survived(playing: Playing) -> None:
    client = playing.client()
    good = OscMessageBuilder("/nesvae/density")
    good.add_arg(0.5)
    whole = good.build().dgram
    for i in range(len(whole)):
        client.socket.sendto(whole[:i], client.server)
        client.socket.sendto(whole[:i] + b"\xff" + whole[i + 1 :], client.server)
    client.socket.sendto(b"#bundle\x00" + b"\xff" * 12, client.server)
    client.send("/nesvae/focus", 0.5)
    playing.until(client, "/nesvae/focus/set", 1)


def test_a_server_that_fails_says_so_and_ends_nothing_else() -> None:
    rig = Rig()

    def broken() -> dict[str, Any]:
        raise RuntimeError("no status")

    server = OscServer(rig.inbox, rig.time, rig.live, broken, ("127.0.0.1", 0))
    server.open()
    assert server.lost() is None
    client = Client(server.port)
    client.send("/nesvae/hello")
    deadline = time.monotonic() + ANSWER_SECONDS
    while server.lost() is None:
        assert time.monotonic() < deadline
        rig.time.value += 0.1
        client.listen()
    assert server.lost() == "OSC has ended (RuntimeError: no status)"
    server.close()
    client.socket.close()


def test_a_port_that_is_taken_is_one_line(playing: Playing) -> None:
    rig = playing.rig
    place = ("127.0.0.1", playing.server.port)
    second = OscServer(SimpleQueue(), rig.time, rig.live, dict, place)
    with pytest.raises(OscError, match=rf"no OSC on 127\.0\.0\.1:{playing.server.port}: "):
        second.open()
    second.close()


def test_without_a_host_it_is_the_loopback(capsys: pytest.CaptureFixture[str]) -> None:
    given_ = cli.parser().parse_args(["play", "--osc", "9000", "--osc-to", "10.0.0.5:9001"])
    assert (given_.osc, given_.osc_to) == (("127.0.0.1", 9000), ("10.0.0.5", 9001))
    with pytest.raises(SystemExit):
        cli.main(["play", "--osc", "70000"])
    assert "'70000' is not a port: 1 to 65535, or HOST:PORT" in capsys.readouterr().err


def widgets(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for child in (*node.get("tabs", ()), *node.get("widgets", ())):
        yield child
        yield from widgets(child)


def test_the_layout_has_every_target_but_those_of_the_controllers_pages(rig: Rig) -> None:
    path = Path(shipped_dir("presets")) / "osc" / "open-stage-control.json"
    assert path.read_text() == session(), (
        "a target is new or gone: write nesvae_live.io.remote.osclayout.session() to the file again"
    )
    shown = {
        w["address"].removeprefix(ROOT): w
        for w in widgets(json.loads(session())["content"])
        if "address" in w
    }
    left_out = {spec.name for spec in TARGETS} - set(shown)
    assert {name for name in left_out if not name.startswith("page-")} == {
        "refresh",
        "store-to",
        "morph-to",
    }
    for spec in TARGETS:
        if spec.name in shown:
            value = spec.choices[-1] if spec.kind is Kind.CHOICE else 1
            assert message_to_input(ROOT + spec.name, [value], 0.0, rig.live) is not None
    places = [
        (tab["id"], w["left"], w["top"])
        for tab in json.loads(session())["content"]["tabs"]
        for w in tab["widgets"]
    ]
    assert len(set(places)) == len(places)


def test_a_stored_snapshot_lights_its_button(rig: Rig) -> None:
    rig.inbox.put(StoreSnapshot(5, at=0.0))
    rig.play(0.01)
    values = dict(state_to_values(rig.live))
    assert (values["/nesvae/recall-5"], values["/nesvae/recall-6"]) == (1.0, 0.0)
