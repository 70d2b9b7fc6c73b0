"""The usual Python way, which `bench timing` compares with, in a process of its own.

A thread sleeps between messages and sends them through mido; another decodes phrases with the same
network in torch whenever knobs were turned. There are two ways to sleep: `usual` sleeps for the
time between two messages, `file` for what is left until the next one, counted from the start, as
mido plays a file. Both are measured against the time of the music from its start. It makes no
sound, and torch has one thread.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import replace
from typing import Any

import mido
import numpy as np
import torch

from nesvae_live.engine.phrases.inference import draws
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.model.song.song import SongVae
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songsampling import nothing_played, sample_songs
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.phrase import Ints, symbols_to_tuples
from nesvae_live.music.voices import SILENCE
from nesvae_live.paths import find_checkpoint

STEP_SECONDS = 1 / 24
ONE = replace(SAMPLING, candidates=1)
IDLE_SECONDS = 0.1
"""How often the decoder checks for the end while nobody turns a knob."""


class Usual:
    """Plays phrases in one of the two ways, and keeps the times at which its notes were due."""

    def __init__(self, way: str) -> None:
        self._sleeps = way == "usual"
        checkpoint = load_song_checkpoint(find_checkpoint(None))
        self._model = SongVae(checkpoint.config).eval()
        self._model.load_state_dict({k: torch.from_numpy(v) for k, v in checkpoint.weights.items()})
        self._units = checkpoint.config.style
        self._knobs = np.zeros(N_ATTRIBUTES, np.float32)
        backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
        self._out: Any = backend.open_output("usual out", virtual=True, client_name="usual_out")
        self._in: Any = backend.open_input(
            "usual in", virtual=True, client_name="usual_in", callback=self._turn
        )
        self.notes: list[tuple[float, float, int, int]] = []
        self.decodes = 0
        self._stopping = threading.Event()
        self._turned = threading.Event()
        self._phrase = self._decode(0)

    def run(self) -> None:
        """Play until told to stop."""
        threads = [threading.Thread(target=f) for f in (self._play, self._decode_on)]
        for thread in threads:
            thread.start()
        print("ready", flush=True)
        sys.stdin.readline()
        self._stopping.set()
        for thread in threads:
            thread.join()
        self._out.close()
        self._in.close()

    def _turn(self, message: Any) -> None:
        if message.type == "control_change" and 20 <= message.control < 20 + N_ATTRIBUTES:
            self._knobs[message.control - 20] = (message.value - 63.5) / 25.4
            self._turned.set()

    def _decode(self, index: int) -> Ints:
        """Decode a phrase `[13, 4]` from the knobs as they are."""
        style, set_ = np.zeros(self._units, np.float32), np.ones(N_ATTRIBUTES, np.float32)
        zm = torch.from_numpy(np.concatenate((self._knobs, style, set_)))[None]
        uniforms = torch.from_numpy(draws(7, index))[None]
        origin = nothing_played(self._model, 1, torch.tensor([FREE]))
        symbols, _ = sample_songs(self._model, zm, origin, uniforms, ONE)
        return symbols_to_tuples(symbols[0].numpy())

    def _decode_on(self) -> None:
        while not self._stopping.is_set():
            if not self._turned.wait(IDLE_SECONDS):
                continue
            self._turned.clear()
            self.decodes += 1
            self._phrase = self._decode(self.decodes)

    def _play(self) -> None:
        """Sleep and send by turns."""
        due = time.perf_counter()
        sounding: dict[int, int] = {}
        while not self._stopping.is_set():
            for row in self._phrase:
                for channel, note in enumerate(map(int, row[:3])):
                    if note == sounding.get(channel, SILENCE):
                        continue
                    if channel in sounding:
                        self._say("note_off", channel, sounding.pop(channel))
                    if note != SILENCE:
                        self.notes.append((due, 0.0, channel, note))
                        self._say("note_on", channel, note)
                        sounding[channel] = note
                held = int(row[3]) * STEP_SECONDS
                due += held
                wait = held if self._sleeps else due - time.perf_counter()
                if wait > 0:
                    time.sleep(wait)
        for channel, note in sounding.items():
            self._say("note_off", channel, note)

    def _say(self, kind: str, channel: int, note: int) -> None:
        self._out.send(mido.Message(kind, channel=channel, note=note))


def main(way: str) -> None:
    """Run it; then print as JSON when its notes were due."""
    torch.set_num_threads(1)
    usual = Usual(way)
    usual.run()
    print(json.dumps({"notes": usual.notes, "decodes": usual.decodes}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
