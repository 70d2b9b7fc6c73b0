"""An earlier take in the music's place: its own samples and notes, and nothing of the music."""

from __future__ import annotations

import lzma
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.app.during.again import BEFORE_SECONDS, Again
from nesvae_live.app.during.gate import Gate
from nesvae_live.chip.apu import FULL_SCALE, DcBlocker
from nesvae_live.io.audio.insert import FADE_SECONDS, Insert
from nesvae_live.log.entries import Sent
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from nesvae_live.take.folder import LOG_NAME, SOUND_NAME, read_jam
from nesvae_live.take.growing import GrowingFile
from tests.support.fakes import CapturingOutput, ManualTime
from tests.support.places import RELEASE
from tests.support.waiting import wait_until

RATE = 44_100
SECONDS = 3
EARLIER, NOW = "2026-11-26_12-00-00", "2026-11-27_12-00-00"
LIVE = NoteOn(Voice.P1, 71)
Floats = npt.NDArray[np.float32]


@pytest.fixture
def jams(tmp_path: Path) -> Path:
    (tmp_path / NOW).mkdir()
    return tmp_path


def a_take(folder: Path, rate: int = RATE) -> npt.NDArray[np.int16]:
    """A take of an earlier release, with a sound of its own; its samples."""
    folder.mkdir()
    (folder / LOG_NAME).write_bytes(lzma.decompress((RELEASE / "led.jsonl.xz").read_bytes()))
    seconds = np.arange(SECONDS * rate) / rate
    samples = (6000 * np.sin(440 * np.pi * seconds)).astype(np.int16)
    with wave.open(str(folder / SOUND_NAME), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return samples


class Listener:
    """Hears what the renderer would be given, a block at a time, while its time goes on."""

    def __init__(self, jams: Path) -> None:
        self.time = ManualTime(100.0)
        self.insert = Insert(RATE)
        self.output = CapturingOutput()
        self.gate = Gate(self.output)
        self.again = Again(jams / NOW, self.insert, self.gate, self.time, 0.035)
        self.heard: list[Floats] = []

    def listen(self) -> bool:
        """Hear what is there already, a block at most; whether the take is over."""
        insert = self.insert
        frames = min(512, len(insert._block) + (512 if insert._queue.qsize() else 0))
        if frames:
            self.time.value += frames / RATE
            self.heard.append(insert.through(np.zeros((frames, 2), np.float32), 0.0)[:, 0])
        return self.again.status is None

    def to_the_end(self) -> Floats:
        assert wait_until(self.listen, every=0.001)
        return np.concatenate(self.heard)


@pytest.mark.parametrize("rate", [RATE, 48_000])
def test_the_takes_samples_are_heard_and_its_notes_are_sent_with_them(
    jams: Path, rate: int
) -> None:
    samples = a_take(jams / EARLIER, rate)
    listener = Listener(jams)
    listener.gate.send(LIVE, 99.9)
    assert listener.again.hear(EARLIER) == {"take": EARLIER, "seconds": SECONDS}
    listener.gate.send(NoteOn(Voice.P2, 50), 100.0)  # the music's, unheard
    heard = listener.to_the_end()
    assert listener.insert.missing == 0
    wanted = DcBlocker(rate).process(samples.astype(np.float32) / FULL_SCALE)
    places = np.arange(SECONDS * RATE) * rate / RATE
    wanted = np.interp(places, np.arange(len(wanted)), wanted).astype(np.float32)
    first = round(BEFORE_SECONDS * RATE)
    fade = round(FADE_SECONDS * RATE) + 512
    got = heard[first : first + len(wanted) - fade]
    np.testing.assert_allclose(got, wanted[: len(got)], atol=1e-6 if rate == RATE else 2e-3)
    sent = [
        e
        for e in read_jam(jams / EARLIER).entries
        if isinstance(e, Sent) and e.at < SECONDS  # the sound ends before the log here
    ]
    assert len(sent) > 10
    live, *again = listener.output.sent
    assert live == (99.9, LIVE)
    assert [event for _, event in again[: len(sent)]] == [e.event for e in sent]
    begins = 100.035 + BEFORE_SECONDS
    assert again[0][0] - sent[0].at == pytest.approx(begins, abs=0.03)
    apart = [at - e.at for (at, _), e in zip(again, sent, strict=False)]
    assert max(apart) - min(apart) < 1e-6, "as far apart as they were played"
    assert listener.output.silences == [False, False]
    listener.gate.send(LIVE, 104.0)
    assert listener.output.sent[-1] == (104.0, LIVE)


def test_a_gate_that_ends_lets_no_note_begin_and_every_note_end() -> None:
    output = CapturingOutput()
    gate = Gate(output)
    gate.end_at(10.0)
    off = NoteOff(Voice.P1, 71)
    for at, event in ((9.9, LIVE), (10.0, LIVE), (10.2, off)):
        gate.send(event, at)
    assert output.sent == [(9.9, LIVE), (9.999, off)]


def test_it_ends_when_that_is_asked_for_and_another_begins_from_its_beginning(jams: Path) -> None:
    a_take(jams / EARLIER)
    listener = Listener(jams)
    listener.again.hear(EARLIER)
    wait_until(lambda: listener.listen() or listener.insert.frames > RATE, every=0.001)
    status = listener.again.status
    assert status is not None
    assert (status["take"], status["of"]) == (EARLIER, SECONDS)
    assert status["at"] > 0.5
    listener.again.hear(EARLIER)
    assert listener.insert.frames < RATE
    listener.again.close()
    assert listener.again.status is None
    listener.insert.through(np.zeros((RATE, 2), np.float32), 0.0)
    assert not listener.insert.on


@pytest.mark.parametrize("name", ["none", "..", "../x", "", NOW, "2026-11-25_12-00-00"])
def test_what_is_no_take_with_a_sound_is_refused_with_a_reason(jams: Path, name: str) -> None:
    (jams / "2026-11-25_12-00-00").mkdir()
    (jams / "2026-11-25_12-00-00" / LOG_NAME).write_text("{}")
    playing = GrowingFile(jams / NOW / LOG_NAME, keep=1 << 20)
    listener = Listener(jams)
    with pytest.raises(ValueError, match=r"no take|recorded|no take\.wav"):
        listener.again.hear(name)
    assert listener.again.status is None
    playing.close()
