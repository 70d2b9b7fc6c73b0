"""The hash of some hundred decodes of all kinds, states included: did a change leave every float as it was?

    python benchmarks/samefloats.py [--runs 8] [--decodes 40] [--checkpoint FILE] [--json FILE]

Run it before and after; on one machine, since another's compiler adds in another order. Each run is a
performance in bars of four or three or in none: what comes is asked for by hands, left alone,
composed, led by a harmony, written to given voices, brought back, ended, cut to cells, or drawn in other
ways than usual. Every other run has a long past from its middle on. With `--json` each decode's hash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from nesvae_live.engine.phrases.inference import draws
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import SAMPLING, Asked, Ending, Joint, Sampling, Stretch
from nesvae_live.latent.given import OPEN, Given
from nesvae_live.latent.harmony import Harmony
from nesvae_live.model.song.memory import SongDecoded, SongState
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songconfig import PAST
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.metre.place import FREE, place_of
from nesvae_live.music.phrase import N_VOICES, SLOT_TABLE, TUPLES_PER_PHRASE
from nesvae_live.paths import find_checkpoint

BEATS = (4, 3, 4, 0)
KINDS = (
    *("hand", "hand", "free", "free", "composed", "given", "enters", "harmony", "ending", "back"),
    *("cell", "drawn", "ends"),
)
MAJOR = (0, 2, 4, 5, 7, 9, 11)


@dataclass
class Wish:
    """One decode: what is asked for, from what, and how it is drawn."""

    z: NDArray[np.float32]
    mask: NDArray[np.float32]
    asked: dict[str, Any]
    sampling: Sampling = SAMPLING
    by_hand: bool = True
    composed: bool = False
    known: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))


def wish(
    kind: str, start: SongState, theme: Stretch | None, rng: np.random.Generator, latent: int
) -> Wish:
    """What a decode of a kind is asked for."""
    mask = (rng.random(N_ATTRIBUTES) < 0.6).astype(np.float32)
    asked: dict[str, Any] = {
        "place": start.place,
        "quote": float(rng.choice([0.0, 0.3, 0.6, 0.8, 1.0])),
        "whole": bool(rng.random() < 0.7),
    }
    found = Wish(rng.standard_normal(latent).astype(np.float32), mask, asked)
    nobody = np.zeros(latent, np.float32)
    if kind != "hand" and rng.random() < 0.5:
        asked["hands"] = nobody
    if kind in {"free", "composed"}:
        asked["hands"], found.by_hand = nobody, bool(rng.random() < 0.7)
        found.sampling = replace(SAMPLING, calibrated=bool(rng.random() < 0.75))
        found.mask = mask * (rng.random() < 0.75)
        found.composed = kind == "composed"
        found.known = np.zeros(latent, np.bool_)
        found.known[:N_ATTRIBUTES] = (mask > 0) & (rng.random() < 0.5)
    elif kind == "given":
        asked["given"] = _given(rng)
    elif kind == "enters":
        asked["enters"] = tuple(int(x) for x in rng.choice([-1, 0, 6, 12], N_VOICES))
    elif kind == "harmony":
        root, tick = int(rng.integers(12)), int(rng.integers(12))
        chord, scale = (tuple((root + k) % 12 for k in row) for row in (MAJOR[::2][:3], MAJOR))
        shift = (0, 0, int(rng.integers(-3, 3)))
        asked["harmony"] = Harmony(chord, scale, shift, None if rng.random() < 0.3 else tick)
    elif kind == "ending":
        asked["ending"] = Ending(int(rng.integers(30, 120)), 24)
    elif kind == "back" and theme is not None:
        asked["back"] = replace(theme, shift=int(rng.integers(-2, 3)))
        asked["forget"] = bool(rng.random() < 0.2)
    elif kind == "cell":
        asked["cell"] = int(rng.choice([2, 3, 6, 12]))
    elif kind == "drawn":
        found.sampling = Sampling(
            float(rng.choice([0.5, 0.9, 1.3])),
            float(rng.choice([1.0, 0.8])),
            float(rng.choice([1.0, 1.5, 3.0])),
            *(int(rng.integers(1, 6)), bool(rng.random() < 0.5), bool(rng.random() < 0.5)),
        )
    elif kind == "ends":
        found.z[:N_ATTRIBUTES] = rng.choice([-2.0, 2.0], N_ATTRIBUTES)
    return found


def _given(rng: np.random.Generator) -> Given:
    """One or two voices that somebody plays."""
    notes = np.full((int(rng.integers(1, 120)), N_VOICES), OPEN, np.int64)
    for voice in rng.choice(N_VOICES, int(rng.integers(1, N_VOICES)), replace=False):
        slot = SLOT_TABLE[voice]
        for tick in range(len(notes)):
            if tick > 0 and rng.random() < 0.85:
                notes[tick, voice] = notes[tick - 1, voice]
            else:
                note = int(rng.integers(slot.first, slot.first + slot.n_symbols - 1))
                notes[tick, voice] = 0 if rng.random() < 0.2 else note
    return Given(notes, np.full(N_VOICES, rng.random() < 0.5))


def decodes(critic: SongCritic, run: int, count: int) -> Iterator[str]:
    """The hashes of one performance's decodes."""
    rng = np.random.default_rng((run, 1))
    beats = BEATS[run % len(BEATS)]
    start, theme = critic.initial_state(place_of(0, beats) if beats else FREE), None
    for step in range(count):
        one = wish(str(rng.choice(KINDS)), start, theme, rng, critic.latent)
        tuples = int(rng.choice([1, 4, 9, *[TUPLES_PER_PHRASE] * 5]))
        asked, z = start.asked(Asked(**one.asked)), one.z
        if one.composed:
            asked, z = critic.compose(asked, z, one.known, (run, step), one.sampling)
        uniforms = draws(run, step)[:tuples]
        found = critic.decode(z, one.mask, asked, uniforms, one.sampling, by_hand=one.by_hand)
        start = found.state(tuples if rng.random() < 0.7 else int(rng.integers(1, tuples + 1)))
        if start.previous[3] > 2 and rng.random() < 0.1:
            start = start.held(int(rng.integers(1, start.previous[3])))
        yield digest(found, start)
        if step % 9 == 5:
            joint = cast("Joint", _Joint(start))
            theme = Stretch(joint, min(26, len(start.memory)), z, one.mask)
        while step == count // 2 and run % 2 and len(start.memory) < PAST:
            uniforms = draws(run, len(start.memory), 1)
            start = critic.decode(one.z, one.mask, start, uniforms, SAMPLING).state(len(uniforms))


@dataclass
class _Joint:
    """What a stretch that comes back ends with, as far as the decoder asks."""

    state: SongState


def digest(found: SongDecoded, after: SongState) -> str:
    """The hash of what was decoded, and of where it goes on from."""
    memory, form = after.memory, after.form
    arrays = [found.symbols, found.hidden, found.keys, after.hidden]
    arrays += [memory.symbols, memory.places, memory.ticks, memory.keys.rows()]
    arrays += [] if found.said is None else [found.said.z, found.said.mask]
    arrays += [] if form is None else [form.state, form.z, form.keys, form.ticks]
    out = hashlib.sha256()
    for array in arrays:
        out.update(np.ascontiguousarray(array).tobytes())
    return out.hexdigest()


def main() -> None:
    """Decode, and print the hash of all hashes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--decodes", type=int, default=40)
    parser.add_argument("--checkpoint")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    critic = make_decoder(load_song_checkpoint(find_checkpoint(given.checkpoint)))
    hashes = [one for run in range(given.runs) for one in decodes(critic, run, given.decodes)]
    if given.json is not None:
        given.json.write_text(json.dumps(hashes, indent=1), encoding="utf-8")
    print(f"{len(hashes)} decodes: {hashlib.sha256(''.join(hashes).encode()).hexdigest()}")


if __name__ == "__main__":
    main()
