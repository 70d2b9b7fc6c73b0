"""The control socket: what its lines mean, who may open it, and that no client can hurt it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.app.options import PlayOptions
from nesvae_live.app.play import play
from nesvae_live.control.gestureinputs import StorePoint
from nesvae_live.control.inputs import (
    GetLearning,
    GetStatus,
    Learn,
    Panic,
    Refresh,
    SetKnob,
    SetMute,
    Stop,
    TurnPage,
    Unlearn,
)
from nesvae_live.control.reply import ignore
from nesvae_live.io.remote import client
from nesvae_live.io.remote import server as control
from nesvae_live.io.remote.asides import Desk
from nesvae_live.io.remote.client import ControlError, connect, send_command
from nesvae_live.io.remote.commands import COMMANDS, parse_command
from nesvae_live.io.remote.server import (
    LONGEST_LINE,
    ControlServer,
    nobody_to_look_at,
    refuse_a_second,
)
from nesvae_live.music.voices import Voice
from tests.support.fakes import ManualTime
from tests.support.waiting import wait_until

KINDS = [
    pytest.param(
        True,
        id="unix",
        marks=pytest.mark.skipif(not control.HAS_UNIX_SOCKETS, reason="no AF_UNIX here"),
    ),
    pytest.param(False, id="loopback"),
]


class Answering:
    """Stands for the engine: answers every input, and keeps it."""

    def __init__(self) -> None:
        self.inbox: SimpleQueue[Any] = SimpleQueue()
        self.heard: list[Any] = []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        while (item := self.inbox.get()) is not None:
            self.heard.append(item)
            if isinstance(item, SetKnob) and item.knob != "density":
                item.reply({"ok": False, "error": f"no knob {item.knob!r}"})
            elif isinstance(item, GetStatus):
                item.reply({"ok": True, "bar": 3})
            else:
                item.reply({"ok": True})

    def end(self) -> None:
        self.inbox.put(None)
        self.thread.join()


@pytest.fixture
def engine() -> Iterator[Answering]:
    engine = Answering()
    yield engine
    engine.end()


@pytest.fixture(params=KINDS)
def unix(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "run" / "control"


@pytest.fixture
def server(engine: Answering, unix: bool, place: Path) -> Iterator[ControlServer]:
    server = ControlServer(engine.inbox, ManualTime(12.5), place, unix=unix)
    server.open()
    yield server
    server.close()


@contextlib.contextmanager
def talk(place: Path) -> Iterator[Callable[[bytes], dict[str, Any]]]:
    """A client that says what it likes."""
    with connect(place) as client, client.makefile("rb") as lines:

        def say(line: bytes) -> dict[str, Any]:
            client.sendall(line)
            answer: dict[str, Any] = json.loads(lines.readline())
            return answer

        yield say


def test_each_command_is_its_input_with_its_stamp(engine: Answering, server: ControlServer) -> None:
    commands: list[dict[str, Any]] = [
        {"do": "set", "knob": "density", "value": 0.5},
        {"do": "set", "knob": "density", "value": None},
        {"do": "mute", "voice": "TR", "on": True},
        {"do": "mute", "voice": "P1", "on": False},
        {"do": "page", "page": 2},
        {"do": "refresh"},
        {"do": "learn", "target": "density"},
        {"do": "learn", "target": None},
        {"do": "learning"},
        {"do": "unlearn"},
        {"do": "panic"},
        {"do": "stop"},
    ]
    for command in commands:
        assert send_command(command, server.path) == {"ok": True}
    assert send_command({"do": "status"}, server.path) == {"ok": True, "bar": 3}
    assert {item.at for item in engine.heard} == {12.5}
    assert [
        (type(i), *(getattr(i, s) for s in i.__slots__ if s not in {"at", "reply", "why"}))
        for i in engine.heard
    ] == [
        (SetKnob, "density", 0.5),
        (SetKnob, "density", None),
        (SetMute, Voice.TR, True),
        (SetMute, Voice.P1, False),
        (TurnPage, 1, 0),
        (Refresh, None),
        (Learn, "density"),
        (Learn, None),
        (GetLearning,),
        (Unlearn,),
        (Panic,),
        (Stop,),
        (GetStatus,),
    ]


def test_what_the_engine_refuses_is_an_error_answer(server: ControlServer) -> None:
    answer = send_command({"do": "set", "knob": "loudness", "value": 1}, server.path)
    assert answer == {"ok": False, "error": "no knob 'loudness'"}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"nope", "not a line of JSON"),
        (b"\xff\xfe", "not a line of JSON"),
        (b'{"x":' + b"[" * 30000, "not a line of JSON"),
        (b"[1]", "Expected `object`"),
        (
            b"{}",
            f"missing required field `do` (one of {', '.join(COMMANDS)})",
        ),
        (
            b'{"do": "dance"}',
            f"'dance' - at `$.do` (one of {', '.join(COMMANDS)})",
        ),
        (b'{"do": "set", "knob": "density"}', "missing required field `value`"),
        (b'{"do": "set", "knob": "density", "value": 1.5}', "<= 1.0 - at `$.value`"),
        (b'{"do": "set", "knob": "density", "value": -1}', ">= 0.0 - at `$.value`"),
        (b'{"do": "set", "knob": 3, "value": 1}', "Expected `str`"),
        (b'{"do": "mute", "voice": "P3", "on": true}', "no voice 'P3': one of P1, P2, TR, NO"),
        (b'{"do": "mute", "voice": "P1", "on": 1}', "Expected `bool`"),
        (b'{"do": "panic", "now": true}', "unknown field `now`"),
    ],
)
def test_a_bad_line_is_told_in_one_line_and_the_next_one_works(
    server: ControlServer, line: bytes, error: str
) -> None:
    with talk(server.path) as say:
        answer = say(line + b"\n")
        assert answer["ok"] is False
        assert error in answer["error"]
        assert "\n" not in answer["error"]
        assert say(b'{"do": "status"}\n') == {"ok": True, "bar": 3}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_command_or_a_value_error(line: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert parse_command(line, 0.0, ignore)


def test_a_line_that_is_too_long_is_told_and_ends_the_talk(server: ControlServer) -> None:
    with talk(server.path) as say:
        assert say(b" " * LONGEST_LINE)["error"] == "a line is longer than 65536 bytes"
    assert send_command({"do": "panic"}, server.path) == {"ok": True}


def test_an_engine_that_does_not_answer_is_told(
    unix: bool, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "REPLY_SECONDS", 0.05)
    server = ControlServer(SimpleQueue(), ManualTime(), place, unix=unix)
    server.open()
    assert send_command({"do": "status"}, place)["error"].startswith("no answer within")
    server.close()


def test_an_answer_that_is_no_json_is_an_error_answer() -> None:
    assert b"no JSON" in control._answer({"ok": True, "strange": object()})


def test_many_clients_are_answered_and_one_too_many_is_told(
    server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.ExitStack() as stack:
        says = [stack.enter_context(talk(server.path)) for _ in range(control.MOST_CLIENTS)]
        for say in reversed(says):
            assert say(b'{"do": "panic"}\n') == {"ok": True}
        assert send_command({"do": "panic"}, server.path)["error"] == "too many clients"
    assert wait_until(lambda: not server._clients)
    assert send_command({"do": "panic"}, server.path) == {"ok": True}


def test_a_client_that_hangs_up_hurts_nobody(engine: Answering, server: ControlServer) -> None:
    for rude in (b"", b'{"do": "st', b'{"do": "panic"}\n' * 50):
        with connect(server.path) as client:
            client.sendall(rude)
    assert send_command({"do": "panic"}, server.path) == {"ok": True}
    assert wait_until(lambda: not server._clients)


def test_a_command_without_newline_counts_when_the_client_has_finished(
    engine: Answering, server: ControlServer
) -> None:
    with connect(server.path) as client:
        client.sendall(b'{"do": "panic"}')
        client.shutdown(socket.SHUT_WR)
        assert json.loads(client.recv(1000)) == {"ok": True}


def test_closing_takes_the_socket_away_and_hangs_up(server: ControlServer) -> None:
    with connect(server.path) as client:
        client.sendall(b'{"do": "panic"}\n')
        assert client.recv(100)
        server.close()
        assert client.recv(100) == b""
    assert not server.path.exists()
    server.close()
    with pytest.raises(ControlError, match="nothing plays here"):
        send_command({"do": "status"}, server.path)


def test_a_second_instrument_leaves_the_first_its_socket(
    engine: Answering, server: ControlServer, unix: bool
) -> None:
    second = ControlServer(engine.inbox, ManualTime(), server.path, unix=unix)
    with pytest.raises(ControlError, match="another nesvae-live is playing already"):
        second.open()
    second.close()
    assert send_command({"do": "status"}, server.path) == {"ok": True, "bar": 3}


def test_a_second_play_is_refused_before_it_opens_or_says_anything(
    server: ControlServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jams = tmp_path / "jams"
    options = PlayOptions(control=server.path, jams=jams, checkpoint="there is none")
    with pytest.raises(ControlError, match="another nesvae-live is playing already"):
        play(options)
    assert not jams.exists()
    assert not "".join(capsys.readouterr())
    server.close()
    refuse_a_second(server.path)


def test_a_dead_instruments_socket_is_replaced(engine: Answering, unix: bool, place: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from queue import SimpleQueue\n"
        "from tests.support.fakes import ManualTime\n"
        "from nesvae_live.io.remote.server import ControlServer\n"
        f"ControlServer(SimpleQueue(), ManualTime(), Path(sys.argv[1]), unix={unix}).open()\n"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, place], check=True, timeout=60)
    assert place.exists()
    with pytest.raises(ControlError, match="nothing plays here"):
        send_command({"do": "status"}, place)
    server = ControlServer(engine.inbox, ManualTime(), place, unix=unix)
    server.open()
    assert send_command({"do": "status"}, place) == {"ok": True, "bar": 3}
    server.close()


def test_a_loopback_port_that_went_to_another_program_is_not_ours(
    engine: Answering, place: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def be_rude() -> None:
            client, _ = other.accept()
            with client:
                client.recv(1000)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n")

        thread = threading.Thread(target=be_rude)
        thread.start()
        place.parent.mkdir()
        place.write_text(json.dumps({"port": other.getsockname()[1], "token": "old"}))
        server = ControlServer(engine.inbox, ManualTime(), place, unix=False)
        server.open()
        thread.join()
    assert send_command({"do": "status"}, place) == {"ok": True, "bar": 3}
    server.close()


def test_what_is_no_socket_is_left_alone(unix: bool, place: Path) -> None:
    place.parent.mkdir()
    place.write_text("my diary")
    server = ControlServer(SimpleQueue(), ManualTime(), place, unix=unix)
    with pytest.raises(ControlError, match="in the way"):
        server.open()
    assert place.read_text() == "my diary"


def test_a_place_that_cannot_be_used_is_one_line(unix: bool, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    server = ControlServer(SimpleQueue(), ManualTime(), tmp_path / "file" / "control", unix=unix)
    with pytest.raises(ControlError, match=r"no control socket at .*file/control: "):
        server.open()


def test_closing_leaves_a_successors_socket_alone(
    engine: Answering, server: ControlServer, unix: bool
) -> None:
    server.path.rename(server.path.with_name("moved"))
    second = ControlServer(engine.inbox, ManualTime(), server.path, unix=unix)
    second.open()
    server.close()
    assert send_command({"do": "status"}, second.path) == {"ok": True, "bar": 3}
    second.close()


def test_a_loopback_client_without_the_token_is_turned_away(engine: Answering, place: Path) -> None:
    server = ControlServer(engine.inbox, ManualTime(), place, unix=False)
    server.open()
    port = json.loads(place.read_text())["port"]
    for first in (b"\n", b"POST / HTTP/1.1\r\n", b"0" * 64 + b"\n", b'{"do": "stop"}\n'):
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(first + b'{"do": "stop"}\n')
            client.shutdown(socket.SHUT_WR)
            with client.makefile("rb") as lines:
                assert json.loads(lines.readline())["error"] == "the token is wrong"
    server.close()
    assert not engine.heard


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX'")
def test_the_socket_is_the_users_alone(server: ControlServer) -> None:
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX'")
def test_our_own_folder_is_made_private_and_another_users_is_refused(
    engine: Answering, unix: bool, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (client, control):
        monkeypatch.setattr(module, "default_path", lambda: place)
    place.parent.mkdir(mode=0o755)
    server = ControlServer(engine.inbox, ManualTime(), unix=unix)
    server.open()
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert send_command({"do": "status"}) == {"ok": True, "bar": 3}
    server.close()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ControlError, match="belongs to another user"):
        ControlServer(engine.inbox, ManualTime(), unix=unix).open()


@pytest.mark.skipif(
    os.name != "posix" or os.getuid() != 0, reason="only root can become another user"
)
def test_another_user_is_kept_out(engine: Answering, unix: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = ControlServer(engine.inbox, ManualTime(), Path(folder) / "control", unix=unix)
        server.open()
        code = (
            "import socket, sys\n"
            "try:\n"
            "    if sys.argv[2] == 'True':\n"
            "        socket.socket(socket.AF_UNIX).connect(sys.argv[1])\n"
            "    else:\n"
            "        open(sys.argv[1])\n"
            "except PermissionError:\n"
            "    print('kept out')\n"
        )
        done = subprocess.run(
            ["/usr/bin/env", "python3", "-c", code, server.path, str(unix)],
            user=65534,
            group=65534,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout == "kept out\n", done.stderr
        assert send_command({"do": "status"}, server.path) == {"ok": True, "bar": 3}
        server.close()


def test_what_is_answered_beside_the_music_is_no_input_and_a_fault_is_one_line(
    engine: Answering, place: Path, unix: bool
) -> None:
    asked: list[object] = []

    def again(name: str | None) -> dict[str, Any]:
        if name == "none":
            raise ValueError("there is no take 'none'")
        asked.append(name)
        return {"seconds": 3.0}

    def choose(what: str, name: str | None) -> dict[str, Any]:
        asked.append((what, name))
        return {"said": "so be it"}

    desk = Desk(lambda tuples: [float(len(tuples)), 0.5], again, lambda: {"preset": 1}, choose)
    time = ManualTime(12.5)
    server = ControlServer(engine.inbox, time, place, nobody_to_look_at, desk, unix=unix)
    server.open()
    with talk(server.path) as say:
        assert say(b'{"do": "again", "take": "a"}\n') == {"ok": True, "seconds": 3.0}
        assert say(b'{"do": "again", "take": null}\n')["ok"]
        assert say(b'{"do": "again", "take": "none"}\n')["error"] == "there is no take 'none'"
        assert say(b'{"do": "choices"}\n') == {"ok": True, "preset": 1}
        assert say(b'{"do": "choose", "what": "preset", "name": "mine"}\n')["said"] == "so be it"
        assert engine.heard == []
        phrase = b'{"do": "store-phrase", "slot": 3, "tuples": [[60, 0, 36, 12], [0, 0, 0, 4]]}\n'
        assert say(phrase) == {"ok": True}
        assert engine.heard == [StorePoint(3, (2.0, 0.5), at=12.5, reply=engine.heard[0].reply)]
        assert "<= 64" in say(phrase.replace(b"3,", b"99,"))["error"]
    assert asked == ["a", None, ("preset", "mine")]
    server.close()


def test_an_instrument_without_a_desk_says_that_there_is_none(server: ControlServer) -> None:
    for command in (b'"again", "take": null', b'"choices"', b'"choose", "what": "a", "name": null'):
        with talk(server.path) as say:
            assert " here" in say(b'{"do": ' + command + b"}\n")["error"]
