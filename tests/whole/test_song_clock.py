"""What is played in ticks lies in the bars of a real MIDI clock: `jack_midi_clock`, captured by JACK."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.clock.follower import Status
from nesvae_live.log.entries import Decoded
from nesvae_live.log.jam import Jam
from nesvae_live.music.phrase import tokens_to_tuples
from tests.support.barlines import MARGIN_SECONDS, Hearing, heard_by
from tests.support.following import FOLLOW, Follower, connect, midi_clock, needs_clock
from tests.support.jack import JackServer, own_server
from tests.support.probe import JackProbe
from tests.support.tickplaces import BAR_TICKS, HeardPlaces, heard_places
from tests.support.waiting import wait_until

NEAR_MS = 10.0
SEEDS = range(3, 17)
SONGS_NEAR, APART = 0.908, 0.05
"""The share of the valid songs' onsets that lie on a sixteenth or a triplet (`bar.songs_on_line` in
docs/model.md); half of the ticks are such. From jam to jam it varies as from song to song, so that many are
put beside them."""
SONGS_STRUCK, STRUCK_APART = 0.918, 0.08
"""The same of bar lines on which something begins."""
ROLL_SECONDS = 45.0


@contextmanager
def followed(
    folder: Path, tempo: float, *options: str, seed: int = 3
) -> Iterator[tuple[Follower, JackProbe]]:
    """The instrument behind a clock that a probe leads; the probe hears both."""
    play = ("--seed", str(seed), *options)
    with Follower(folder, *FOLLOW, *play) as daemon, JackProbe() as probe:
        probe.transport("stop")
        probe.transport("locate", 0)
        probe.lead(tempo)
        with midi_clock():
            probe.connect_midi_from("nesvae_live_out")
            probe.connect_midi_from("jack_midi_clock")
            connect("jack_midi_clock:mclk_out", "nesvae_live_in:nesvae_live in")
            let_pass(probe, 0.25)  # what is sent while ports are being connected gets lost
            yield daemon, probe


def let_pass(probe: JackProbe, seconds: float) -> None:
    until = probe.frames + seconds * probe.sample_rate
    assert probe.wait_until(lambda: probe.frames > until, seconds + 60.0)


def roll(daemon: Follower, probe: JackProbe, beat: float, seconds: float) -> None:
    """From a stop: go to a beat, roll for so long, and stop again."""
    probe.transport("locate", probe.frame_of(beat))
    let_pass(probe, 0.1)  # the source forgets to say start if it comes at the same moment
    probe.transport("start")
    assert wait_until(lambda: daemon.motion == "running"), daemon.said
    let_pass(probe, seconds)
    probe.transport("stop")
    assert wait_until(lambda: daemon.motion == "stopped")


def end(daemon: Follower, probe: JackProbe) -> tuple[Jam, Hearing]:
    assert daemon.end() == 0
    jam, hearing = daemon.jam(), Hearing(probe)
    assert heard_by(jam) == hearing.said
    return jam, hearing


def rolls(hearing: Hearing) -> list[HeardPlaces]:
    """What was heard from each start of the source to the next."""
    begins = [f for f, data in hearing.midi if data[0] in {Status.START, Status.CONTINUE}]
    ends: Sequence[int | None] = [*begins[1:], None]
    return [heard_places(hearing, a, b) for a, b in zip(begins, ends, strict=True)]


def most_ms(server: JackServer) -> float:
    """How far a note may lie from where it belongs: a period of the server, and a margin."""
    return 1000 * (server.period / server.sample_rate + MARGIN_SECONDS)


def tell(name: str, places: HeardPlaces) -> tuple[float, float]:
    """Print what is asked for; the share near a line, and that of the bar lines struck."""
    near = float((places.off_line_ms() <= NEAR_MS).mean())
    sixteenth = float((places.off_sixteenth_ms() <= NEAR_MS).mean())
    lines, struck = places.lines_struck()
    print(
        f"{name}: {len(places)} notes; within 10 ms of a sixteenth or triplet {near:.3f}, of a "
        f"sixteenth {sixteenth:.3f}; off their tick by at most {places.off_tick_ms().max():.2f} ms; "
        f"bar lines struck {struck} of {lines}; by tick of the bar "
        f"{places.by_tick_of_the_bar().tolist()}"
    )
    return near, struck / max(lines, 1)


@own_server
@needs_clock
@pytest.mark.jack
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_after_a_locate_every_note_lies_on_a_tick_of_the_sources_bar_from_the_first_one_on(
    jack_server: JackServer, tmp_path: Path
) -> None:
    beats = (0.0, 4.25, 10.75, 17.5)
    with followed(tmp_path, 174.0) as (daemon, probe):
        for beat in beats:
            roll(daemon, probe, beat, 3.0)
        _, hearing = end(daemon, probe)
    check_locates(beats, rolls(hearing), jack_server)


@needs_clock
@pytest.mark.jack
@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("tempo", [90.0, 120.0, 174.0])
def test_after_a_locate_to_any_sixteenth_of_the_bar_the_place_is_right(
    jack_server: JackServer, tmp_path: Path, tempo: float
) -> None:
    beats = [4.0 * k + k / 4 for k in range(16)]
    with followed(tmp_path, tempo) as (daemon, probe):
        for beat in beats:
            roll(daemon, probe, beat, 3.0)
        _, hearing = end(daemon, probe)
    check_locates(beats, rolls(hearing), jack_server)


def check_locates(beats: Sequence[float], heard: Sequence[HeardPlaces], server: JackServer) -> None:
    """After each locate there are notes, and all lie on ticks, none before where it went."""
    assert len(heard) == len(beats)
    for beat, places in zip(beats, heard, strict=True):
        assert len(places) > 0, f"nothing was heard after a locate to beat {beat}"
        assert places.off_tick_ms().max() <= most_ms(server)
        assert places.tick[0] >= beat * BAR_TICKS / 4 - 0.5


@needs_clock
@pytest.mark.jack
@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [3, 4, 5, 6])
@pytest.mark.parametrize("tempo", [90.0, 120.0, 174.0])
def test_onsets_lie_on_the_sources_ticks(
    jack_server: JackServer, tmp_path: Path, tempo: float, seed: int
) -> None:
    with followed(tmp_path, tempo, seed=seed) as (daemon, probe):
        roll(daemon, probe, 0.0, ROLL_SECONDS)
        _, hearing = end(daemon, probe)
    (places,) = rolls(hearing)
    _, struck = tell(f"{tempo:g} BPM, seed {seed}", places)
    assert np.quantile(places.off_tick_ms(), 0.99) <= most_ms(jack_server)
    assert struck > 0


@needs_clock
@pytest.mark.jack
@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_in_many_jams_as_many_onsets_lie_on_sixteenths_and_triplets_as_in_songs(
    jack_server: JackServer, tmp_path: Path
) -> None:
    near = notes = struck = lines = 0
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        with followed(folder, 120.0, seed=seed) as (daemon, probe):
            roll(daemon, probe, 0.0, ROLL_SECONDS)
            _, hearing = end(daemon, probe)
        (places,) = rolls(hearing)
        tell(f"120 BPM, seed {seed}", places)
        assert np.quantile(places.off_tick_ms(), 0.99) <= most_ms(jack_server)
        near += int((places.off_line_ms() <= NEAR_MS).sum())
        notes += len(places)
        passed, here = places.lines_struck()
        struck, lines = struck + here, lines + passed
    print(f"{near} of {notes} notes near a line, {struck} of {lines} bar lines struck")
    assert abs(near / notes - SONGS_NEAR) <= APART
    assert abs(struck / lines - SONGS_STRUCK) <= STRUCK_APART


@needs_clock
@pytest.mark.jack
@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("tempo", [90.0, 120.0, 174.0])
def test_quantised_every_note_lies_on_a_sixteenth_of_the_source(
    jack_server: JackServer, tmp_path: Path, tempo: float
) -> None:
    with followed(tmp_path, tempo, "--quantise", "16") as (daemon, probe):
        roll(daemon, probe, 0.0, ROLL_SECONDS)
        jam, hearing = end(daemon, probe)
    (places,) = rolls(hearing)
    tell(f"{tempo:g} BPM, quantised", places)
    assert len(places) > 100
    assert np.quantile(places.off_sixteenth_ms(), 0.99) <= most_ms(jack_server)
    decoded = [e for e in jam.entries if isinstance(e, Decoded)]
    assert all(held % 3 == 0 for e in decoded for *_, held in tokens_to_tuples(np.array(e.tokens)))
