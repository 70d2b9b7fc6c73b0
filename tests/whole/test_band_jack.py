"""Through real ports: somebody plays a voice, and pulls out the cable with a key down."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from benchmarks.band import BAR, TOGETHER, Floats, Tune, fit, strokes, tunes
from nesvae_live.chip.tickcorpus import read_ticks
from nesvae_live.control.inputs import MidiIn
from nesvae_live.log.entries import Answered, Heard, Placed, Replied, Sent, Spliced, Stepped
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import lines_to_jam
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.metre.place import tick_of_bar
from nesvae_live.music.phrase import N_VOICES, STEPS_PER_SECOND, Ints
from nesvae_live.music.voices import Voice
from nesvae_live.take.replayfiles import replay_take
from tests.support.daemon import Daemon, plug
from tests.support.jack import JackServer
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.jack, pytest.mark.slow]
BARS, TUNES, PARTS = 6, 40, 8
BEAT = 0.5
BAR_SECONDS = 4 * BEAT

PLAY = ("--midi-api", "jack", "--audio", "none", "--seed", "5", "--tempo", "120")
TUNE = (76, 74, 72, 74, 76, 79)


def knows_after(log: Path) -> list[float]:
    """From each key to the first tuple of the others that knows it, in seconds.

    A phrase or a tail knows the keys that were taken in before its decoding began.
    """
    with log.open("rb") as lines:
        jam = lines_to_jam(lines, leave_out=())
    taken = 0.0
    keys: list[tuple[float, float]] = []
    began: dict[tuple[int, int], float] = {}
    known: list[tuple[float, float]] = []
    for entry in jam.entries:
        match entry:
            case Stepped():
                taken = entry.at
            case Heard() if is_key(entry):
                keys.append((entry.at, taken))
            case Answered():
                began[entry.index, entry.splice] = entry.at - entry.seconds
            case Spliced():
                known.append((began[entry.index, entry.splice], jam.time_of(entry.beat)))
            case Placed(repeat=False):
                known.append((began[entry.index, 0], jam.time_of(entry.beat)))
    waits = []
    for key, then in keys:
        waits += [sounds - key for at, sounds in known if at >= then][:1]
    return waits


@pytest.mark.timeout(120)
def test_who_plays_is_heard_and_followed_and_nothing_hangs_without_them(
    jack_server: JackServer, tmp_path: Path
) -> None:
    del jack_server
    with Daemon(tmp_path, *PLAY) as daemon, JackProbe() as ear:
        ear.connect_midi_from("nesvae_live_out")
        with JackProbe("keys", speaks_as="keys_out") as keys:
            plug(keys, daemon, 20, "density")
            assert daemon.ctl(do="release")["ok"]
            assert daemon.ctl(do="voice", voice="P1", source="keys")["ok"]
            assert daemon.ctl(do="keys-return", beats=2)["ok"]
            for note in TUNE:
                keys.send_midi((0x90, note, 90))
                time.sleep(0.3)
                keys.send_midi((0x80, note, 0))
                time.sleep(0.05)
            keys.send_midi((0x90, 81, 90))
            assert wait_until(lambda: (0x90, 81) in [(m[0], m[1]) for _, m in ear.midi])
        # The cable is out, with a key down.
        assert wait_until(lambda: (0x80, 81) in [(m[0], m[1]) for _, m in ear.midi], 10.0)
        before = len(ear.midi)
        assert wait_until(
            lambda: any(m[0] == 0x90 and m[2] > 0 for _, m in ear.midi[before:]), 15.0
        ), "the network plays on"
        assert daemon.ctl(do="status")["given"] == {"P1": "keys"}
        assert daemon.end() == 0
    jam = daemon.jam()
    sent = [e.event for e in jam.entries if isinstance(e, Sent)]
    played = [e.note for e in sent if isinstance(e, NoteOn) and e.voice is Voice.P1]
    at = played.index(TUNE[0])
    assert played[at : at + len(TUNE) + 1] == [*TUNE, 81]
    assert NoteOff(Voice.P1, 81) in sent
    waits = knows_after(daemon.take / "take.jsonl")
    assert len(waits) >= len(TUNE)
    print(
        "from the key to the first tuple that knows it:", *np.percentile(waits, (50, 95)).round(3)
    )
    done = replay_take(daemon.take / "take.jsonl", tmp_path / "again")
    assert not done.faults
    assert (tmp_path / "again" / "take.mid").read_bytes() == (daemon.take / "take.mid").read_bytes()


def next_bar(daemon: Daemon) -> float:
    """When a bar begins, by our clock; two beats from now at the earliest."""
    asked = time.perf_counter()
    beat = float(daemon.ctl(do="status")["beat"])
    now = (asked + time.perf_counter()) / 2
    return now + (math.ceil((beat + 2.0) / 4.0) * 4.0 - beat) * BEAT


def upbeat(tune: Tune) -> float:
    """How many seconds of a bar are over when a tune begins."""
    return float(tick_of_bar(np.array(tune.place))) / STEPS_PER_SECOND


def play(keys: JackProbe, daemon: Daemon, tune: Tune, voice: Voice, seed: int) -> float:
    """Play a voice of a tune on the keyboard from the next bar on, as a person does.

    Returns:
        When the tune began, by our clock.
    """
    begins = next_bar(daemon) + upbeat(tune)
    for item in strokes(tune.notes[:, voice], begins, seed):
        time.sleep(max(item.at - time.perf_counter(), 0.0))
        keys.send_midi(item.data)
    return begins


def sounded(jam: Jam, begins: float) -> Ints:
    """What the take has from a time of its own on, `[n, 3]`."""
    steps = np.zeros((BARS * BAR, N_VOICES), np.int64)
    for entry in jam.entries:
        if isinstance(entry, Sent) and isinstance(entry.event, NoteOn | NoteOff):
            event, at = entry.event, round((entry.at - begins) * STEPS_PER_SECOND)
            if event.voice < N_VOICES and at < len(steps):
                steps[max(at, 0) :, event.voice] = event.note if isinstance(event, NoteOn) else 0
    return steps


@dataclass
class Followed:
    """What of a voice was followed: seconds from key to tuple, and how tunes and ours fit, `[3]` each."""

    waits: list[float] = field(default_factory=list)
    songs: list[Floats] = field(default_factory=list)
    ours: list[Floats] = field(default_factory=list)

    def add(self, other: Followed) -> None:
        """Take in what was followed in another part."""
        self.waits += other.waits
        self.songs += other.songs
        self.ours += other.ours

    def __str__(self) -> str:
        ms = (np.percentile(self.waits, (50, 95, 99)) * 1000).round()
        tunes, figures = (np.nanmedian(rows, 0).round(2) for rows in (self.songs, self.ours))
        return (
            f"{len(self.songs)} tunes, {len(self.waits)} keys, known after {ms} ms (50, 95, 99 %);"
            f" consonance, onsets, others: songs {tunes}, ours {figures}"
        )


@pytest.fixture(scope="module")
def followed() -> Iterator[dict[Voice, Followed]]:
    """What was followed in the parts that are played: at the end it is told of all together."""
    voices = {Voice.P1: Followed(), Voice.TR: Followed()}
    yield voices
    for voice, all_parts in voices.items():
        if all_parts.songs:
            print(f"\n{voice.name} {all_parts}")


@pytest.mark.soak
@pytest.mark.corpus
@pytest.mark.timeout(400)
@pytest.mark.parametrize("voice", [Voice.P1, Voice.TR], ids=lambda voice: voice.name)
@pytest.mark.parametrize("part", range(PARTS))
def test_held_out_tunes_that_somebody_plays_are_followed_and_answered(
    jack_server: JackServer,
    corpus_archive: Path,
    tmp_path: Path,
    followed: dict[Voice, Followed],
    part: int,
    voice: Voice,
) -> None:
    del jack_server
    found = tunes(read_ticks(corpus_archive, "valid"), voice, BARS * BAR, TUNES, (4,))[part::PARTS]
    with Daemon(tmp_path, *PLAY) as daemon, JackProbe("keys", speaks_as="keys_out") as keys:
        plug(keys, daemon, 20, "density")
        assert daemon.ctl(do="release")["ok"]
        assert daemon.ctl(do="voice", voice=voice.name, source="keys")["ok"]
        began = [play(keys, daemon, tune, voice, seed) for seed, tune in enumerate(found)]
        assert daemon.ctl(do="answer", answer="played")["ok"]
        play(keys, daemon, found[0], voice, 99)
        time.sleep(3 * BAR_SECONDS)
        assert daemon.end() == 0
    jam = daemon.jam()
    here = Followed(knows_after(daemon.take / "take.jsonl"))
    for tune, at in zip(found, began, strict=True):
        bar = BAR_SECONDS * round((at - upbeat(tune) - jam.opened.origin) / BAR_SECONDS)
        here.songs.append(fit(tune.notes, voice, TOGETHER))
        here.ours.append(fit(sounded(jam, bar + upbeat(tune)), voice, TOGETHER))
    print(f"\n{voice.name}, part {part}: {here}")
    followed[voice].add(here)
    replies = [e for e in jam.entries if isinstance(e, Replied)]
    assert replies
    for reply in replies:
        assert reply.beat == round(reply.beat)
        assert any(
            isinstance(e, Sent)
            and isinstance(e.event, NoteOn)
            and e.event.voice is voice
            and abs(e.beat - reply.beat) < 0.01
            for e in jam.entries
        )
    done = replay_take(daemon.take / "take.jsonl", tmp_path / "again")
    assert not done.faults
    assert (tmp_path / "again" / "take.mid").read_bytes() == (daemon.take / "take.mid").read_bytes()


def is_key(entry: Heard) -> bool:
    """Whether a key went down."""
    item = entry.input
    return isinstance(item, MidiIn) and item.data[0] == 0x90 and item.data[2] > 0
