"""How far our sound of an NSF lies from those of libgme and mednafen, and theirs from one another.

    python -m benchmarks.witnesses [takes] [scores]

Takes are by chance, scores those of NES-MDB's validation split (NESVAE_CORPUS), 10 s of each. For
each pair the distance of the log-mel spectra in dB, with the sounds laid over each other. It needs
libgme, mednafen and Xvfb, and takes 12 s a piece.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.console import play
from nesvae_live.chip.apu import Apu
from nesvae_live.chip.console.frames import frames_to_log, log_to_frames
from nesvae_live.chip.console.nsf import NO_CREDITS, NSF_HZ, frames_to_nsf
from nesvae_live.chip.convert import Source, queue_writes, to_log
from nesvae_live.chip.corpus import read_files
from nesvae_live.chip.nesmdb import loads_exprsco
from nesvae_live.evaluation.performing.logmel import distance
from nesvae_live.take.sound import jam_to_timeline
from tests.conftest import find_corpus
from tests.support.emulators import run_mednafen
from tests.support.gme import RATE, play_nsf

SECONDS = 10.0
Sound = npt.NDArray[np.float64]


def laid_over(sound: Sound, other: Sound) -> tuple[Sound, Sound]:
    """Two sounds, moved so that they fit best."""
    n = 1 << 20
    spectra = [np.fft.rfft(np.diff(s), n) for s in (sound, other)]
    fit = np.fft.irfft(spectra[1] * np.conj(spectra[0]))
    reach = RATE // 4
    lag = int(np.argmax(np.concatenate((fit[-reach:], fit[:reach])))) - reach
    return sound[max(0, -lag) :], other[max(0, lag) :]


def sounds_of(source: Source) -> dict[str, Sound]:
    """The first seconds of an NSF: ours, libgme's and mednafen's."""
    frames = log_to_frames(*to_log(source), NSF_HZ)
    data = frames_to_nsf(frames, NO_CREDITS, None).data
    chip = Apu(RATE)
    ours = chip.render(queue_writes(*frames_to_log(frames), chip))[: round(SECONDS * RATE)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tune.nsf"
        file.write_bytes(data)
        theirs, rate, _ = run_mednafen(file, Path(folder), SECONDS)
    at = np.arange(0, len(theirs) - 1, rate / RATE)
    resampled = np.interp(at, np.arange(len(theirs)), theirs)
    return {
        "ours": ours.astype(np.float64),
        "libgme": play_nsf(data, SECONDS),
        "mednafen": resampled[: round(SECONDS * RATE)],
    }


def main() -> None:
    """Print the table."""
    takes, scores = (int(sys.argv[i]) if len(sys.argv) > i else 20 for i in (1, 2))
    sources: list[tuple[str, Source]] = [
        (f"take {seed}", jam_to_timeline(play(seed, 12.0))) for seed in range(1, takes + 1)
    ]
    names = list(combinations(("ours", "libgme", "mednafen"), 2))
    print("piece", *("-".join(pair) for pair in names), sep="\t")
    if scores:
        files, _ = read_files(find_corpus(), "valid")
        chosen = files[:: max(1, len(files) // scores)][:scores]
        sources += [(f"score {i + 1}", loads_exprsco(data)) for i, (_, data) in enumerate(chosen)]
    rows = []
    for name, source in sources:
        sounds = sounds_of(source)
        row = [distance(*laid_over(sounds[a], sounds[b]), RATE) for a, b in names]
        rows.append(row)
        print(name, *(f"{value:.2f}" for value in row), sep="\t", flush=True)
    print("median", *(f"{value:.2f}" for value in np.median(rows, axis=0)), sep="\t")


if __name__ == "__main__":
    main()
