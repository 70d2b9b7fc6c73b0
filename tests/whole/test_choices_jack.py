"""On JACK, while it plays: ports and the sound device are chosen, and an earlier take is heard."""

from __future__ import annotations

import lzma
import os
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.log.entries import Sent
from nesvae_live.music.events import NoteOn
from nesvae_live.music.voices import CHANNELS
from nesvae_live.take.folder import LOG_NAME, SOUND_NAME, read_jam
from tests.support.daemon import Daemon
from tests.support.jack import JackServer
from tests.support.notes import notes_on
from tests.support.places import RELEASE
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.jack, pytest.mark.timeout(180)]
JACK = ("--midi-api", "jack", "--audio", "jack", "--no-status", "--seed", "3")
EARLIER = "2020-01-01_12-00-00"
TONE_HZ, SECONDS = 220.0, 3
OURS = "nesvae_live_audio"
AUDIBLE = 1e-4
LONGEST_SILENCE = 8.0
"""In seconds, on a machine that others use as well."""


def an_earlier_take(folder: Path, rate: int) -> list[tuple[int, int]]:
    """One whose sound is a pure tone; the channels and the notes of its first seconds."""
    folder.mkdir()
    (folder / LOG_NAME).write_bytes(lzma.decompress((RELEASE / "led.jsonl.xz").read_bytes()))
    tone = 8000 * np.sin(2 * np.pi * TONE_HZ * np.arange(SECONDS * rate) / rate)
    with wave.open(str(folder / SOUND_NAME), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(tone.astype("<i2").tobytes())
    return [
        (CHANNELS[e.event.voice], e.event.note)
        for e in read_jam(folder).entries
        if isinstance(e, Sent) and isinstance(e.event, NoteOn) and e.at < SECONDS - 0.5
    ]


def share_of_the_tone(audio: npt.NDArray[np.float32], rate: int) -> float:
    """How much of the power of a sound lies within 3 Hz of the tone."""
    power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
    near = np.abs(np.fft.rfftfreq(len(audio), 1 / rate) - TONE_HZ) < 3
    return float(power[near].sum() / max(power.sum(), 1e-12))


def longest_silence(audio: npt.NDArray[np.float32], rate: int) -> float:
    """For how many seconds there was no sound, from one sample that is heard to the next."""
    return float(np.diff(np.flatnonzero(np.abs(audio) > AUDIBLE)).max()) / rate


def test_ports_and_device_are_chosen_and_a_take_is_heard_and_the_music_goes_on(
    jack_server: JackServer, tmp_path: Path
) -> None:
    assert os.environ["JACK_DEFAULT_SERVER"] == jack_server.name
    with JackProbe() as probe, Daemon(tmp_path, *JACK) as daemon:
        take = daemon.ctl(do="status")["take"]
        wanted = an_earlier_take(daemon.jams / EARLIER, probe.sample_rate)

        # The notes go to who is chosen.
        def offered() -> list[str]:
            there = daemon.ctl(do="choices")["midi-out"]["there"]
            return [name for name in there if name.startswith("probe")]

        assert wait_until(lambda: offered() != [])
        assert daemon.ctl(do="choose", what="midi-out", name=offered()[0])["ok"]
        assert wait_until(lambda: len(notes_on(probe.midi)) > 3)

        # Another device, of which there is one here under two names; and how long nothing is heard.
        probe.connect_audio_from(OURS)
        assert daemon.ctl(do="choices")["audio"]["now"] == "jack"
        began = len(probe.audio)
        assert daemon.ctl(do="choose", what="audio", name="jack: system")["ok"]
        assert wait_until(lambda: not any(OURS in name for name in probe.port_names()))
        probe.connect_audio_from(OURS)
        assert wait_until(lambda: daemon.ctl(do="choices")["audio"]["now"] == "jack: system")
        assert wait_until(lambda: bool(np.any(probe.audio[-probe.sample_rate // 2 :])), every=0.3)
        silence = longest_silence(probe.audio[began:], probe.sample_rate)
        print(f"another sound device: nothing is heard for {silence:.2f} s")
        assert silence < LONGEST_SILENCE
        daemon.ctl(do="choose", what="audio", name="jack: none")
        assert wait_until(lambda: "no sound device 'jack: none'" in daemon.said)

        # A take is heard: its notes alone at the port, its sound at the device.
        before = len(notes_on(probe.midi))
        assert daemon.ctl(do="again", take=EARLIER)["seconds"] == SECONDS
        began = len(probe.audio)
        assert wait_until(lambda: daemon.ctl(do="status")["again"] is None)
        heard = [(channel, note) for _, channel, note in notes_on(probe.midi)[before:]]
        audio = probe.audio[began:]
        first = next(i for i in range(len(heard)) if heard[i : i + 8] == wanted[:8])
        assert first < 12, "what had been sent already of the music, and nothing else"
        assert heard[first : first + len(wanted)] == wanted
        middle = audio[probe.sample_rate : 2 * probe.sample_rate]
        assert share_of_the_tone(middle, probe.sample_rate) > 0.9

        # And the music has gone on, and is heard again, in the same take.
        assert wait_until(lambda: len(notes_on(probe.midi)) > before + len(heard) + 3)
        status = daemon.ctl(do="status")
        assert (status["take"], status["bar"] > 2) == (take, True)
        assert daemon.end() == 0
    assert "the sound is played on jack: system now" in daemon.said
