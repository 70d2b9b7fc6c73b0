"""A sound in the music's place: heard sample by sample, faded in and out, and the take unchanged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import Apu
from nesvae_live.io.audio.insert import FADE_SECONDS, Insert
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.music.events import NoteOn
from nesvae_live.music.voices import Voice
from tests.support.fakes import ListJournal, ManualTime

RATE = 48_000
FADE = round(FADE_SECONDS * RATE)
Floats = npt.NDArray[np.float32]


def heard_through(insert: Insert, music: float, *, frames: int, level: float = 0.0) -> Floats:
    """What is heard, `[frames, 6]`, when the music is a constant, in blocks of many sizes."""
    parts = []
    while frames > 0:
        count = min(frames, 1 + frames % 700)
        parts.append(insert.through(np.full((count, 6), music, np.float32), level))
        frames -= count
    return np.concatenate(parts)


def test_it_fades_to_the_sound_and_back_to_the_music() -> None:
    insert = Insert(RATE)
    sound = np.linspace(-0.5, 0.5, 5 * FADE, dtype=np.float32)
    insert.begin()
    for block in np.array_split(sound, 7):
        insert.put(block)
    heard = heard_through(insert, 0.25, frames=4 * FADE)
    np.testing.assert_allclose(heard[FADE:, 0], sound[FADE : 4 * FADE], atol=1e-6)
    np.testing.assert_array_equal(heard[:, 0], heard[:, 1])
    assert not heard[FADE:, 2:].any()
    assert np.abs(np.diff(heard[:, 2])).max() < 0.25 / FADE * 1.01, "nothing clicks"
    assert (insert.frames, insert.missing) == (4 * FADE, 0)
    insert.end()
    assert insert.on
    heard = heard_through(insert, 0.25, frames=2 * FADE)
    np.testing.assert_array_equal(heard[FADE + 1 :], np.float32(0.25))
    assert not insert.on


def test_it_is_as_loud_as_the_whole_is_and_what_comes_too_late_is_counted() -> None:
    insert = Insert(RATE)
    insert.begin()
    insert.put(np.ones(3 * FADE, np.float32))
    heard = heard_through(insert, 0.0, frames=4 * FADE, level=-20.0)
    np.testing.assert_allclose(heard[FADE : 3 * FADE, 0], 0.1, rtol=1e-5)
    assert not heard[3 * FADE :].any()
    assert insert.missing == FADE


def test_the_take_has_the_music_whatever_is_heard() -> None:
    takes = []
    for inserted in (False, True):
        time, chunks, insert = ManualTime(0.0), list[npt.NDArray[np.int16]](), Insert(RATE)
        renderer = Renderer(Apu(RATE), time, ListJournal(), chunks.append, insert=insert)
        renderer.prepare(0.0)
        renderer.send(NoteOn(Voice.P1, 60), 0.1)
        if inserted:
            insert.begin()
            insert.put(np.ones(RATE, np.float32))
        while time.value < 0.5:
            time.value += 0.005
            renderer.step()
        renderer.stop(0.5)
        takes.append(np.concatenate(chunks))
        assert (insert.frames > RATE // 3) is inserted, "its time goes on though nobody hears"
    np.testing.assert_array_equal(takes[0], takes[1])
