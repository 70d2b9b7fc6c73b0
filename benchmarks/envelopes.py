"""How NES-MDB's notes sound: duty, volume over a note's age, the noise. Statistics, no music.

    python benchmarks/envelopes.py ARCHIVE [--split train] [--clusters 12]

ARCHIVE holds exprsco pickles, which say 24 times a second each voice's note, volume (0-15) and
timbre: the patches that ship were written after these figures. Vibrato, slides and arpeggios
can't be seen at that rate, nor can a patch's release: a note ends where its volume does.
"""

from __future__ import annotations

import argparse
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.nesmdb import loads_exprsco
from nesvae_live.music.voices import Voice

STEPS = 8
"""Envelopes are compared over so many steps of 1/24 s: a third of a second."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def read_songs(archive: Path, split: str) -> Iterator[Ints]:
    """Each song's score `[n, 4, 3]`: note, volume, timbre of P1, P2, TR, NO."""
    with tarfile.open(archive) as files:
        for member in files:
            if f"/{split}/" in f"/{member.name}" and member.name.endswith(".exprsco.pkl"):
                file = files.extractfile(member)
                assert file is not None  # it is a file by its name
                yield loads_exprsco(file.read()).score.astype(np.int64)


def notes_of(voice: Ints) -> Iterator[Ints]:
    """Each note's steps `[n, 3]` of one voice `[N, 3]`."""
    borders = np.flatnonzero(np.diff(voice[:, 0])) + 1
    for note in np.split(voice, borders):
        if len(note) and note[0, 0]:
            yield note


def cluster(envelopes: Floats, n_clusters: int) -> tuple[Floats, Floats]:
    """k-means from a fixed seed: centres `[k, STEPS]` and their shares `[k]`, greatest first."""
    rng = np.random.default_rng(0)
    centres = envelopes[rng.choice(len(envelopes), n_clusters, replace=False)]
    nearest = np.zeros(len(envelopes), np.int64)
    for _ in range(40):
        for part in np.array_split(np.arange(len(envelopes)), 1 + len(envelopes) // 20_000):
            apart = envelopes[part][:, None] - centres[None]
            nearest[part] = np.square(apart).sum(-1).argmin(1)
        for k in range(n_clusters):
            if (nearest == k).any():
                centres[k] = envelopes[nearest == k].mean(0)
    shares = np.bincount(nearest, minlength=n_clusters) / len(envelopes)
    order = np.argsort(-shares)
    return centres[order], shares[order]


def shares(counts: Mapping[Any, int]) -> str:
    """Counts as percentages, in the order of their keys."""
    total = sum(counts.values())
    return "  ".join(f"{key}: {100 * counts[key] / total:.1f}" for key in sorted(counts))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, usage="%(prog)s ARCHIVE [options]")
    parser.add_argument("archive", type=Path)
    parser.add_argument("--split", default="train")
    parser.add_argument("--clusters", type=int, default=12)
    arguments = parser.parse_args()

    duty: Counter[int] = Counter()
    orders: Counter[str] = Counter()
    noise: Counter[int] = Counter()
    hit_steps: Counter[int] = Counter()
    long_notes: list[Ints] = []
    n_notes = n_shaped = n_duties = n_white = n_songs = n_drummed = 0
    lengths: Counter[int] = Counter()
    for song in read_songs(arguments.archive, arguments.split):
        n_songs += 1
        for voice in (Voice.P1, Voice.P2):
            for note in notes_of(song[:, voice]):
                n_notes += 1
                duty.update(note[:, 2].tolist())
                n_shaped += bool((note[:, 1] != note[0, 1]).any())
                changed = note[:, 2][np.diff(note[:, 2], prepend=-1) != 0]
                if len(changed) > 1:
                    n_duties += 1
                    orders["-".join(map(str, changed[:4]))] += 1
                if len(note) >= STEPS:
                    long_notes.append(note[:STEPS, 1])
        lengths.update(min(len(note), 9) for note in notes_of(song[:, Voice.TR]))
        hits = list(notes_of(song[:, Voice.NO]))
        n_drummed += bool(hits)
        for hit in hits:
            noise[int(hit[0, 0])] += 1
            n_white += int(hit[0, 2] == 0)
            hit_steps[min(len(hit), 6)] += 1

    print(f"{n_songs} songs, {n_notes} notes of the pulses")
    print(f"duty, % of the time: {shares(duty)}")
    print(f"notes whose volume changes: {100 * n_shaped / n_notes:.1f} %")
    print(f"notes whose duty changes: {100 * n_duties / n_notes:.1f} %, the commonest orders:")
    print("  " + "  ".join(f"{order}: {n}" for order, n in orders.most_common(6)))
    envelopes = np.array(long_notes, np.float64)
    envelopes /= envelopes.max(1, keepdims=True)
    print(
        f"volume of {len(envelopes)} notes of {STEPS} steps and more, {arguments.clusters} kinds:"
    )
    for centre, share in zip(*cluster(envelopes, arguments.clusters), strict=True):
        print(f"  {100 * share:4.1f} %  " + " ".join(f"{level:.2f}" for level in centre))
    print(f"the triangle's notes last, steps (9: and more): {shares(lengths)}")
    print(f"songs with noise: {n_drummed}; its notes: {shares(noise)}")
    print(f"hits of the white mode: {100 * n_white / sum(noise.values()):.1f} %")
    print(f"hits last, steps (6: and more): {shares(hit_steps)}")


if __name__ == "__main__":
    main()
