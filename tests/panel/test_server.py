"""The panel's server: what pages are told, what they may say, and who is kept out."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from nesvae_live.control.gestureinputs import ClearSnapshot, SetPoint, StorePoint
from nesvae_live.control.inputs import GetLearning, Learn, SetKnob, Stop
from nesvae_live.panel import drop
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.panel.messages import AT_ONCE, LARGEST
from tests.support.panels import BarePage, Told, serving, some_facts
from tests.support.waiting import wait_until


@pytest.fixture
def facts(tmp_path: Path) -> PanelFacts:
    return some_facts(tmp_path)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with Told(tmp_path) as told:
        yield told


@pytest.fixture
def port(facts: PanelFacts, told: Told) -> Iterator[int]:
    with serving(facts) as port:
        yield port


def get(port: int, path: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("GET", path, skip_host="host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def post(port: int, path: str, body: bytes) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", path, body, {"Origin": f"http://127.0.0.1:{port}"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


ADOPTS = """
import sys
from pathlib import Path
_, verb, file, out, name = sys.argv
assert (verb, out) == ("adopt", "--out") and Path(file).read_bytes() == b"MThd"
assert Path(file).stem == name
if name == "noise":
    sys.exit(f"{file}: drums only")
sys.stderr.write("a style\\n")
"""


def test_a_file_that_is_dropped_becomes_a_style_under_a_name_that_is_free(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "styles"
    there.mkdir()
    (there / "My tune.style.json").touch()
    monkeypatch.setattr(drop, "user_styles_dir", lambda: there)
    monkeypatch.setattr(drop, "own_command", lambda _: ([sys.executable, "-c", ADOPTS], {}))
    status, text = post(port, "/adopt?name=My%20tune%3a.mid", b"MThd")
    assert (status, json.loads(text)) == (200, {"style": "My tune 2", "said": ["a style"]})
    status, text = post(port, "/adopt?name=..%2Fnoise.mid", b"MThd")
    assert json.loads(text) == {"error": "noise.mid: drums only"}
    assert json.loads(post(port, "/adopt", b"MThd")[1])["style"] == "dropped"


def test_a_page_is_told_the_table_and_how_everything_stands(port: int) -> None:
    with BarePage(port) as page:
        page.wait_for(lambda: "recording" in page.things and "density" in page.targets)
    rows = {row["name"]: row for row in page.hello["table"]}
    assert rows["density"]["release"]
    assert rows["style1"]["more"] == "brighter"
    assert rows["swap"]["choices"] == ["bar", "beat", "now"]
    assert "style6" not in rows  # this checkpoint has five axes
    assert page.targets == {"swap": 1.0, "density": 0.25}
    assert page.things["place"]
    assert page.things["gone"] is False


def test_a_page_is_told_only_what_has_changed(port: int, told: Told) -> None:
    with BarePage(port) as page:
        page.wait_for(lambda: page.pictures > 1)
        told.targets = {"swap": 0.5}
        told.played = [[0, 1.0, "on", "P1", 60, 100]]
        page.wait_for(lambda: page.targets.get("density", 0.0) is None)
        assert page.targets["swap"] == 0.5
        page.wait_for(lambda: page.played == [[0, 1.0, "on", "P1", 60, 100]])
        told.status = told.status | {"beat": 2.0}
        page.wait_for(lambda: page.hear() == {"beat": 2.0})


def test_a_page_that_comes_later_gets_the_last_bars(port: int, told: Told) -> None:
    told.played = [[0, 0.5, "on", "P1", 60, 100], [1, 0.9, "off", "P1", 60]]
    with BarePage(port) as first:
        first.wait_for(lambda: len(first.played) == 2)
    with BarePage(port) as second:
        second.wait_for(lambda: second.played == first.played)


def test_what_a_page_says_reaches_the_instrument(port: int, told: Told, facts: PanelFacts) -> None:
    with BarePage(port) as page:
        page.say(do="move", target="density", value=0.75)
        page.say(do="move", target="release-density")
        page.say(do="place", x=0.25, y=0.5)
        page.say(do="clear", slot=3)
        page.say(do="keep", slot=3, tuples=[[60, 0, 36, 12]])
        page.say(do="learn", target="focus")
        page.say(do="stop", sure=True)
        page.wait_for(lambda: "learning" in page.things)
    said = [item for item in told.heard if not isinstance(item, GetLearning)]
    assert [type(item) for item in said] == [
        *(SetKnob, SetKnob, SetPoint, ClearSnapshot, StorePoint, Learn, Stop)
    ]
    first, second, point = said[:3]
    assert isinstance(first, SetKnob)
    assert (first.knob, first.value) == ("density", 0.75)
    assert isinstance(second, SetKnob)
    assert second.value is None
    assert isinstance(point, SetPoint)
    assert facts.atlas is not None
    assert point.z == pytest.approx(facts.atlas.blend(0.25, 0.5), abs=1e-4)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("no json", "not a message"),
        ('{"do": "dance"}', "not a message"),
        ('{"do": "move", "target": "density", "value": 2}', "`float` <= 1.0"),
        ('{"do": "move", "target": "volume"}', "no target 'volume'"),
        ('{"do": "move", "target": "stop"}', "sure"),
        ('{"do": "stop"}', "sure"),
        ('{"do": "stop", "sure": false}', "sure"),
        ('{"do": "move", "target": "' + "x" * 60 + '"}', "length <= 40"),
        ('{"do": "clear", "slot": 99}', "<= 64"),
        ('{"do": "set", "knob": "density", "value": 1}', "not a message"),
        ('{"do": "place", "x": 0, "y": 0, "file": "/etc/passwd"}', "unknown field"),
        ('{"do": "again", "take": "../x"}', "matching regex"),
        ('{"do": "choose", "what": "jams", "name": "/"}', "Invalid enum"),
        ("[" * 500, "not a message"),
    ],
)
def test_what_is_no_message_is_refused_and_does_nothing(
    port: int, told: Told, message: str, reason: str
) -> None:
    with BarePage(port) as page:
        page.socket.send(message)
        page.wait_for(lambda: bool(page.errors))
        assert reason in page.errors[0]
        page.say(do="move", target="density", value=0.5)  # and the page is not sent off
        assert wait_until(lambda: len(told.heard) == 1)


def test_takes_and_choices_are_asked_of_the_instrument(port: int, told: Told) -> None:
    with BarePage(port) as page:
        page.say(do="again", take="2026-11-26_12-00-00")
        page.say(do="again", take=None)
        page.say(do="choose", what="preset", name="mine")
        assert wait_until(lambda: len(told.asked) == 3)
    assert told.asked == ["2026-11-26_12-00-00", None, ("preset", "mine")]
    status, body = get(port, "/choices.json")
    assert (status, json.loads(body)["preset"]["now"]) == (200, "default")
    assert told.heard == []


def test_what_the_instrument_refuses_the_page_is_told(port: int, told: Told) -> None:
    told.refuses = "the tempo is the clock's that is followed"
    with BarePage(port) as page:
        page.say(do="move", target="tempo", value=0.5)
        page.wait_for(lambda: page.errors == [told.refuses])


def test_a_message_that_is_too_long_ends_the_connection(port: int, told: Told) -> None:
    with BarePage(port) as page:
        page.socket.send("x" * (LARGEST + 1))
        with pytest.raises(ConnectionClosed) as caught:
            page.wait_for(lambda: False)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009
    assert not told.heard


def test_10000_messages_at_once_end_the_connection_and_others_go_on(port: int, told: Told) -> None:
    with BarePage(port) as flood, BarePage(port) as page:
        try:
            for i in range(10_000):
                flood.say(do="move", target="density", value=(i % 100) / 100)
        except ConnectionClosed:
            pass
        with pytest.raises(ConnectionClosed) as caught:
            flood.wait_for(lambda: False)
        assert caught.value.rcvd is not None
        assert "200 messages a second" in caught.value.rcvd.reason
        assert len(told.heard) < 2 * AT_ONCE
        before = page.pictures
        page.wait_for(lambda: page.pictures > before + 3)


def test_a_page_that_does_not_read_costs_the_others_nothing(port: int, told: Told) -> None:
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    with socket.create_connection(("127.0.0.1", port)) as deaf, BarePage(port) as page:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.sendall(
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        began, before = time.monotonic(), page.pictures
        for i in range(40):
            told.status = {**told.status, "beat": float(i), "filler": str(i) * 3000}
            page.hear()
        assert page.pictures - before >= 30
        assert time.monotonic() - began < 10


def test_a_page_says_that_the_instrument_is_gone_and_that_it_is_back(
    tmp_path: Path, facts: PanelFacts
) -> None:
    with serving(facts) as port, BarePage(port) as page:
        page.wait_for(lambda: page.things.get("gone") is True)
        page.say(do="move", target="density")
        page.wait_for(lambda: bool(page.errors))
        assert "nothing plays" in page.errors[0] or "No such file" in page.errors[0]
        with Told(tmp_path):
            page.wait_for(lambda: page.things["gone"] is False)
        page.wait_for(lambda: page.things["gone"] is True)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "[::1]:{port}"]
)
def test_another_host_is_refused(port: int, host: str) -> None:
    status, body = get(port, "/", host=host.format(port=port))
    assert status == 403
    assert b"only" in body


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "null", None],
)
def test_a_websocket_of_another_origin_is_refused(
    port: int, told: Told, origin: str | None
) -> None:
    with pytest.raises(InvalidStatus) as caught:
        BarePage(port, origin=None if origin is None else origin.format(port=port)).__enter__()
    assert caught.value.response.status_code == 403
    assert b"the panel's own page" in (caught.value.response.body or b"")
    assert not told.heard


def test_another_sites_page_may_not_load_our_files_but_a_link_to_us_opens(port: int) -> None:
    assert get(port, "/main.js", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")[0] == 403
    assert get(port, "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0] == 200
    assert get(port, "/main.js", Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/../server.py", "/%2e%2e/server.py", "/..%2fserver.py", "//etc/passwd", "/take/.."),
        *("/take/..%2fsecret.mid", "/take/%2fetc%2fpasswd", "/take/take.jsonl", "/take/take.wav"),
        *("/take/link.mid/..", "/take/.hidden.mid", "/take/folder.mid"),
    ],
)
def test_nothing_outside_is_served(port: int, tmp_path: Path, path: str) -> None:
    (tmp_path.parent / "secret.mid").write_text("secret")
    for name in ("take.jsonl", "take.wav", ".hidden.mid"):
        (tmp_path / name).write_text("secret")
    (tmp_path / "folder.mid").mkdir()
    status, body = get(port, path)
    assert status in {404, 405}
    assert b"secret" not in body
    assert b"root:" not in body


def test_kept_bars_are_listed_and_served(port: int, tmp_path: Path) -> None:
    (tmp_path / "bars 5-12.mid").write_bytes(b"MThd")
    with BarePage(port) as page:
        page.wait_for(lambda: page.things.get("recording", {}).get("files") == ["bars 5-12.mid"])
    assert get(port, "/take/bars%205-12.mid") == (200, b"MThd")


def test_the_map_is_served_as_the_page_reads_it(port: int, facts: PanelFacts) -> None:
    status, body = get(port, "/map.bin")
    assert status == 200
    assert facts.atlas is not None
    n = len(facts.atlas.z)
    assert struct.unpack("<I", body[:4]) == (n,)
    xy = np.frombuffer(body[4 : 4 + 4 * n], "<u2").reshape(n, 2) / 65_535
    assert np.abs(xy - facts.atlas.xy).max() < 1e-4
    assert len(body) == 4 + 4 * n + 8 * n


def test_a_checkpoint_without_a_map_has_none(tmp_path: Path, told: Told) -> None:
    with serving(some_facts(tmp_path, has_map=False)) as port, BarePage(port) as page:
        page.say(do="place", x=0.5, y=0.5)
        page.wait_for(lambda: page.errors == ["this checkpoint has no map"])
        assert page.hello["has_map"] is False
    assert not told.heard


@pytest.mark.slow
def test_nobody_who_watches_is_watched_seldom(port: int, told: Told) -> None:
    with BarePage(port) as page:
        page.wait_for(lambda: page.pictures > 5)
    before = len(told.looked)
    assert wait_until(lambda: len(told.looked) >= before + 4)  # the page has left by the first two
    # A look that comes late to us is sooner followed by the next one: but not two of them.
    assert max(later - look for look, later in pairwise(told.looked[-3:])) > 0.9


def test_every_file_of_the_page_is_whole_and_fetched_from_here(port: int) -> None:
    page = Path(__file__).parents[2] / "nesvae_live" / "panel" / "page"
    assert json.loads((page / "manifest.webmanifest").read_text())["start_url"] == "/"
    for file in page.iterdir():
        status, body = get(port, f"/{file.name}")
        assert (status, body) == (200, file.read_bytes())
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text
        assert len(text.splitlines()) < 450
