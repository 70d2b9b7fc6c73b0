"""Ableton Link with a second peer on this machine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from nesvae_live.clock.linkclocks import LINK_PORT
from nesvae_live.control.inputs import MidiIn
from nesvae_live.io.remote.link import LinkError, LinkSession
from tests.support.daemon import Daemon
from tests.support.fakes import RealTime
from tests.support.following import Follower
from tests.support.linkpeer import beat_and_time
from tests.support.waiting import wait_until

PEER_SECONDS = 20.0


@pytest.fixture
def peer() -> Iterator[Any]:
    """Another member of the session, at 97 beats a minute, which it has had for a while."""
    aalink = pytest.importorskip("aalink", reason="aalink is not installed (the link extra)")

    async def join() -> Any:
        return aalink.Link(97.0)

    loop = asyncio.new_event_loop()
    link = loop.run_until_complete(join())
    link.enabled = True
    yield link
    link.enabled = False
    loop.close()


class LinkFollower(Follower):
    """The instrument in a Link session; it has started when it answers."""

    def plays(self) -> bool:
        try:
            return bool(self.ctl(do="status")["clock"] == "link")
        except Exception:  # noqa: BLE001 - not yet
            return False


def test_without_aalink_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)
    with pytest.raises(LinkError, match=r"pip install -c constraints.txt -e '\.\[link\]'"):
        LinkSession(120.0, 4.0, start_stop=False, inbox=SimpleQueue(), time=RealTime())


@pytest.mark.timeout(120)
def test_two_peers_share_tempo_and_bar_lines(peer: Any) -> None:
    inbox: SimpleQueue[MidiIn] = SimpleQueue()
    with LinkSession(120.0, 4.0, start_stop=False, inbox=inbox, time=RealTime()) as session:
        if not wait_until(lambda: session.peers > 0, PEER_SECONDS):
            pytest.skip("two Link peers don't find one another here: no multicast")
        peer.quantum = 4.0
        assert wait_until(lambda: abs(session._link.tempo - peer.tempo) < 0.01)
        while not inbox.empty():
            inbox.get()
        heard: list[MidiIn] = []

        def came() -> bool:
            while not inbox.empty():
                heard.append(inbox.get())
            return sum(item.data == (0xF8,) for item in heard) > 48

        assert wait_until(came)
        beat, now = beat_and_time(peer)
    assert session.error is None
    assert {item.port for item in heard} == {LINK_PORT}
    starts = [i for i, item in enumerate(heard) if item.data == (0xFA,)]
    clocks = [item.at for item in heard[starts[-1] if starts else 0 :] if item.data == (0xF8,)]
    # Every clock lies on one of the peer's: a 24th of its beats.
    off = [(beat - (now - at) * peer.tempo / 60.0) * 24 for at in clocks]
    late = [abs(x - round(x)) * 60e3 / peer.tempo / 24 for x in off]
    assert sorted(late)[len(late) // 2] < 5.0, "milliseconds"


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_instrument_plays_in_the_session_and_starts_and_stops_with_it(
    peer: Any, tmp_path: Path
) -> None:
    peer.start_stop_sync_enabled = True
    options = ("--midi-api", "none", "--audio", "none", "--clock", "link", "--link-start-stop")
    with LinkFollower(tmp_path, *options) as daemon:
        if not wait_until(lambda: peer.num_peers > 0, PEER_SECONDS):
            pytest.skip("two Link peers don't find one another here: no multicast")

        def status() -> dict[str, Any]:
            return daemon.ctl(do="status")

        assert status()["motion"] == "stopped"
        peer.playing = True
        assert wait_until(lambda: status()["motion"] == "running")
        assert wait_until(lambda: abs(status()["tempo"] - peer.tempo) < 0.5)
        peer.playing = False
        assert wait_until(lambda: status()["motion"] == "stopped")
        assert daemon.end() == 0
    assert not daemon.said


def test_leading_in_a_session_is_one_line(tmp_path: Path) -> None:
    options = ("--midi-api", "none", "--audio", "none", "--clock", "link", "--clock-out")
    daemon = Daemon(tmp_path, *options)
    assert daemon.wait() == 1
    assert "can't go with --clock link" in daemon.said
