"""The sound for pages: the ring between the processes, and the pieces that a page gets."""

from __future__ import annotations

import multiprocessing
import struct
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from nesvae_live.chip.apu import Apu
from nesvae_live.io.audio.renderer import LEAD_SECONDS, Renderer
from nesvae_live.music.balance import Balance
from nesvae_live.music.events import NoteOn
from nesvae_live.music.voices import Voice
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.panel.soundring import (
    CHANNELS,
    LOUDEST,
    RING_FRAMES,
    SPARE_FRAMES,
    STEREO,
    Samples,
    SoundRing,
)
from tests.support.fakes import ManualTime
from tests.support.panels import RATE, BarePage, Told, serving, some_facts
from tests.support.waiting import wait_until

BLOCK = 441


def put(ring: SoundRing, first: int, frames: int = BLOCK) -> None:
    """A block in which each sample says its number and its channel."""
    numbers = np.arange(first, first + frames)[:, None]
    heard = (numbers % 1000 + np.arange(STEREO)) / LOUDEST
    stems = (numbers % 1000 + np.arange(CHANNELS - STEREO) + 10).astype(np.int16)
    ring.put(first, heard.astype(np.float32), stems)


def numbers(first: int, end: int, channel: int) -> list[int]:
    return [n % 1000 + channel for n in range(first, end)]


def read_there(ring: SoundRing, first: int, end: int, pipe: Connection) -> None:
    pipe.send(ring.read(first, end, slice(STEREO)))


def test_what_is_written_is_read_in_another_process() -> None:
    ring = SoundRing(RATE, LEAD_SECONDS)
    put(ring, 0)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=read_there, args=(ring, 100, 200, theirs))
    process.start()
    found: Samples = ours.recv()
    process.join()
    assert np.abs(found[:, 1] - numbers(100, 200, 1)).max() <= 1  # they were floats


def test_the_ring_goes_round_and_says_what_is_gone() -> None:
    ring = SoundRing(RATE, LEAD_SECONDS)
    for first in range(0, 2 * RING_FRAMES, BLOCK):
        put(ring, first)
    end = ring.end
    oldest = end - RING_FRAMES + SPARE_FRAMES
    frames = ring.read(oldest, end, slice(STEREO, CHANNELS))
    assert frames is not None
    assert frames[:, 3].tolist() == numbers(oldest, end, 13)
    assert ring.read(oldest - 1, end, slice(STEREO)) is None


def test_what_was_there_before_nobody_wanted_it_is_gone() -> None:
    ring = SoundRing(RATE, LEAD_SECONDS)
    put(ring, 0)
    put(ring, 5 * BLOCK)
    assert ring.read(BLOCK - 10, 5 * BLOCK + 10, slice(STEREO)) is None
    assert ring.read(5 * BLOCK, 5 * BLOCK + 10, slice(STEREO)) is not None


class Heard:
    """Keeps what a renderer gives to who listens."""

    def __init__(self) -> None:
        self.wanted = False
        self.blocks: list[tuple[int, NDArray[np.float32], Samples]] = []

    def put(self, first: int, heard: NDArray[np.float32], stems: Samples) -> None:
        self.blocks.append((first, heard.copy(), stems.copy()))


def rendered(*, listened: bool, balance: Balance | None = None) -> tuple[Samples, Heard]:
    """The take of a note, while somebody listens in between, and what they heard."""
    heard, time = Heard(), ManualTime(0.0)
    take: list[Samples] = []
    renderer = Renderer(Apu(RATE), time, Journalled(), take.append, monitor=heard)
    if balance is not None:
        renderer.mixer.set_balance(balance)
    renderer.prepare(0.0)
    renderer.send(NoteOn(Voice.P1, 60, 100), 0.05)
    for step in range(60):
        time.value = step * 0.005
        heard.wanted = listened and 20 <= step < 40
        renderer.step()
    renderer.stop(0.4)
    return np.concatenate(take), heard


class Journalled:
    def put(self, entry: object) -> None:
        pass


def test_the_take_is_the_same_whether_somebody_listens_or_not() -> None:
    alone, _ = rendered(listened=False)
    beside, heard = rendered(listened=True)
    assert np.array_equal(alone, beside)
    first = heard.blocks[0][0]
    stems = np.concatenate([stems for _, _, stems in heard.blocks])
    assert len(stems) == pytest.approx(20 * 0.005 * RATE, abs=2)
    mix = beside[first : first + len(stems)].astype(int)
    assert np.abs(stems.astype(int).sum(axis=1) - mix).max() <= 3


def test_levels_count_for_who_listens() -> None:
    _, full = rendered(listened=True)
    _, none = rendered(listened=True, balance=Balance().with_level(Voice.P1, -60.0))
    assert np.abs(full.blocks[-1][1]).max() > 0.02
    assert np.abs(none.blocks[-1][1]).max() < 0.001


@pytest.fixture
def facts(tmp_path: Path) -> PanelFacts:
    return some_facts(tmp_path)


def piece(page: ClientConnection) -> tuple[int, Samples]:
    data = page.recv(10.0)
    assert isinstance(data, bytes)
    return int(struct.unpack("<d", data[:8])[0]), np.frombuffer(data[8:], "<i2").reshape(-1, STEREO)


def opened(port: int, path: str, origin: str = "") -> ClientConnection:
    """A WebSocket of the panel's, from its own page unless another origin is given."""
    own = f"http://127.0.0.1:{port}"
    return connect(f"ws://127.0.0.1:{port}/{path}", origin=Origin(origin or own))


def test_a_page_gets_each_frame_once_and_the_instrument_gives_only_while_it_listens(
    facts: PanelFacts,
) -> None:
    ring = SoundRing(RATE, LEAD_SECONDS)
    with serving(facts, ring) as port:
        assert not ring.wanted
        with opened(port, "sound") as page:
            assert '"rate":44100' in str(page.recv(10.0))
            assert wait_until(lambda: ring.wanted)
            put(ring, 0)
            first, frames = piece(page)
            got = [(first, frames)]
            for block in range(1, 8):
                put(ring, block * BLOCK)
            while got[-1][0] + len(got[-1][1]) < 8 * BLOCK:
                got.append(piece(page))
        assert [at for at, _ in got[1:]] == [at + len(f) for at, f in got[:-1]]
        left = np.concatenate([frames for _, frames in got])[:, 0]
        assert np.abs(left - numbers(0, 8 * BLOCK, 0)).max() <= 1
        assert wait_until(lambda: not ring.wanted)


def test_a_page_gets_the_voices_waves_beside_the_news_if_it_asks(
    tmp_path: Path, facts: PanelFacts
) -> None:
    ring = SoundRing(RATE, LEAD_SECONDS)
    saw = np.where(np.arange(4096) % 100 < 50, 4000, 0).astype(np.int16)
    stems = np.stack([saw, saw * 0, saw * 2, saw // 2], axis=1)
    ring.put(0, np.zeros((4096, STEREO), np.float32), stems)
    with Told(tmp_path), serving(facts, ring) as port:
        with opened(port, "live?waves") as page:
            waves = None
            while waves is None:
                data = page.recv(10.0)
                waves = data if isinstance(data, bytes) else None
            assert ring.wanted
        voices = np.frombuffer(waves, np.uint8).reshape(4, -1)
        spans = np.ptp(voices.astype(int), axis=1).tolist()
        assert spans == [125, 0, 250, 63]
        assert wait_until(lambda: not ring.wanted)
        with BarePage(port) as bare:
            bare.wait_for(lambda: bare.pictures > 2)  # all that it gets is text
            assert not ring.wanted


def test_another_sites_page_does_not_hear(facts: PanelFacts) -> None:
    with serving(facts) as port, pytest.raises(InvalidStatus, match="403"):
        opened(port, "sound", "http://elsewhere.example")
