"""Clips get into Ableton Live's Session view through AbletonOSC, beside what is there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nesvae_live.io.remote import ableton
from nesvae_live.io.remote.ableton import AbletonLive, Clip, LiveError
from tests.conftest import find_ableton_osc
from tests.support.live import OurServer, StubSong, serving, their_server

CLIPS = (
    Clip("P1", "take_bars1-4", 16.0, tuple((60 + i % 12, i / 16, 0.05, 100) for i in range(250))),
    Clip("TR", "take_bars1-4", 16.0, ((36, 0.0, 1.5, 100), (38, 15.5, 0.5, 1))),
)


def free_ports(n: int) -> list[int]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(n)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(params=["ours", pytest.param("theirs", marks=pytest.mark.ableton)])
def servers(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def live_beside(song: StubSong, whose: str) -> Iterator[AbletonLive]:
    ask, answer = free_ports(2)
    if whose == "ours":
        server = OurServer(song, ask, answer)
    else:
        server = their_server(find_ableton_osc(), song, ask, answer)
    with serving(server), AbletonLive("127.0.0.1", ask, answer) as live:
        yield live


def notes_in(song: StubSong, track: int, scene: int) -> list[tuple[int, float, float, float]]:
    clip = song.tracks[track].clip_slots[scene].clip
    assert clip is not None
    return [(n.pitch, n.start_time, n.duration, n.velocity) for n in clip.notes]


def test_every_note_is_in_a_clip_on_the_track_of_its_voice(servers: str) -> None:
    song = StubSong(["Drums", "P1"], scenes=2)
    with live_beside(song, servers) as live:
        assert live.put(CLIPS) == 1
        assert [track.name for track in song.tracks] == ["Drums", "P1", "TR"]
        for track, clip in zip((1, 2), CLIPS, strict=True):
            put = song.tracks[track].clip_slots[0].clip
            assert put is not None
            assert (put.name, put.length) == (clip.name, clip.beats)
            for theirs, ours in zip(notes_in(song, track, 0), clip.notes, strict=True):
                assert theirs == pytest.approx(ours, abs=1e-6)
        assert live.put(CLIPS) == 2, "what is there stays"
        assert live.put(CLIPS) == 3, "a scene is added"
        assert len(song.scenes) == 3
        assert not song.tracks[0].clip_slots[0].has_clip
        assert len(notes_in(song, 1, 0)) == 250


def test_a_scene_in_which_one_of_the_tracks_has_a_clip_is_passed_over(servers: str) -> None:
    song = StubSong(["P1", "TR"], scenes=2)
    song.tracks[1].clip_slots[0].create_clip(4.0)
    with live_beside(song, servers) as live:
        assert live.put(CLIPS) == 2


def test_who_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ableton, "ANSWER_SECONDS", 0.02)
    ask, answer = free_ports(2)
    with AbletonLive("127.0.0.1", ask, answer) as live:
        with pytest.raises(LiveError, match="choose AbletonOSC as a control surface"):
            live.put(CLIPS)
        with pytest.raises(LiveError, match=f"UDP port {answer}"):
            AbletonLive("127.0.0.1", ask, answer)


def test_notes_that_get_lost_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    song = StubSong(["P1", "TR"], scenes=1)
    with live_beside(song, "ours") as live:
        monkeypatch.setattr("tests.support.live.StubClip.get_notes_extended", lambda *_: [])
        tell = live._tell

        def lossy(address: str, *arguments: float | str) -> None:
            if address != "/live/clip/add/notes":
                tell(address, *arguments)

        monkeypatch.setattr(live, "_tell", lossy)
        with pytest.raises(LiveError, match="P1, scene 1: 0 of 250 notes arrived"):
            live.put(CLIPS)
