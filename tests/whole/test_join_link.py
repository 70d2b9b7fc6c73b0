"""A MIDI clock that rolls already is joined on the bars of an Ableton Link session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nesvae_live.clock.follower import Status
from nesvae_live.control.inputs import LinkBar
from nesvae_live.log.entries import Heard
from tests.support.following import FOLLOW, Follower, connect, midi_clock, needs_clock
from tests.support.jack import JackServer
from tests.support.linkpeer import beat_and_time
from tests.support.notes import notes_on
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

TEMPO = 120.0
CLOCK_SECONDS = 60.0 / TEMPO / 24
PEER_SECONDS = 20.0


@pytest.fixture
def peer() -> Iterator[Any]:
    """Somebody else in a session, at the tempo of the clock; not there until `enabled`."""
    aalink = pytest.importorskip("aalink", reason="aalink is not installed (the link extra)")

    async def join() -> Any:
        return aalink.Link(TEMPO)

    loop = asyncio.new_event_loop()
    link = loop.run_until_complete(join())
    link.quantum = 4.0
    yield link
    link.enabled = False
    loop.close()


@needs_clock
@pytest.mark.jack
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_clock_that_rolls_is_joined_on_the_bars_of_a_link_session(
    jack_server: JackServer, tmp_path: Path, peer: Any
) -> None:
    with Follower(tmp_path, *FOLLOW, "--clock-join", "link") as daemon, JackProbe() as probe:
        probe.transport("stop")
        probe.transport("locate", 0)
        probe.lead(TEMPO)
        with midi_clock():
            probe.connect_midi_from("nesvae_live_out")
            probe.connect_midi_from("jack_midi_clock")
            probe.transport("start")
            clock = bytes([Status.CLOCK])
            assert probe.wait_until(lambda: sum(d == clock for _, d in probe.midi) > 40)
            connect("jack_midi_clock:mclk_out", "nesvae_live_in:nesvae_live in")
            waiting = "waiting for a start, or somebody in a Link session"
            assert wait_until(lambda: waiting in daemon.ctl(do="status")["clock_waiting"])
            assert not notes_on(probe.midi)
            peer.enabled = True
            if not wait_until(lambda: daemon.motion == "running", PEER_SECONDS):
                assert not peer.num_peers, "they found one another"
                pytest.skip("two Link peers don't find one another here: no multicast")
            beat, now = beat_and_time(peer)
            assert probe.wait_until(lambda: len(notes_on(probe.midi)) > 10)
            assert wait_until(lambda: not peer.num_peers), "it took the bar, and left"
            assert daemon.end() == 0
    jam = daemon.jam()
    assert any(isinstance(e.input, LinkBar) for e in jam.entries if isinstance(e, Heard))
    (line,) = [line for line in jam.lines if line.runs][:1]
    bar = 4.0 * line.beat_seconds
    ours = line.at + jam.opened.origin - line.beat % 4.0 * line.beat_seconds
    theirs = now - beat % 4.0 * 60.0 / TEMPO
    off = (ours - theirs + bar / 2) % bar - bar / 2
    print(f"the jam's bars lie {1e3 * off:.1f} ms behind the session's")
    assert abs(off) < CLOCK_SECONDS, "to the nearest clock"
