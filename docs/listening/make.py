"""Make the listening page's files: a tune written for it, its renders, and pictures of them.

    python docs/listening/make.py

Everything is written beside this file. The oracle's score and samples are those of the tests.
"""

# ruff: noqa: INP001 - a script

from __future__ import annotations

import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nesvae_live.nesmdb import ExprScore, SeprScore, expressive_to_separated
from nesvae_live.npzscore import loads_npz
from nesvae_live.render import RenderOptions, render
from nesvae_live.vgm import VGM_RATE
from nesvae_live.voices import Voice
from nesvae_live.wav import wav_head

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "tests" / "golden" / "oracle"
ORACLE = "held_note_changes"

RATE = 24.0
STEPS = 128  # 4 bars, a sixteenth is 2 steps

# Lead: (first step, steps, note). A minor; the last bar is its dominant, and home.
LEAD = (
    *((0, 6, 69), (6, 2, 71), (8, 6, 72), (14, 2, 71), (16, 4, 69), (20, 4, 76), (24, 8, 74)),
    *((32, 6, 72), (38, 2, 71), (40, 6, 69), (46, 2, 67), (48, 4, 69), (52, 4, 64), (56, 8, 67)),
    *((64, 6, 77), (70, 2, 76), (72, 6, 74), (78, 2, 72), (80, 4, 71), (84, 4, 74), (88, 8, 76)),
    *((96, 4, 76), (100, 4, 80), (104, 4, 83), (108, 4, 80), (112, 14, 81)),
)
BASS = ((0, 45), (32, 41), (64, 38), (80, 43), (96, 40), (112, 45))  # first step, root
ECHO_STEPS = 3
LEAD_DECAY = (13, 12, 11, 10, 9, 8, 7, 7, 6, 6, 5, 5, 4, 4)  # velocity by the note's age
ECHO_DECAY = (6, 5, 4, 4, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1)
HAT, SNARE = 15, 8  # noise notes
HAT_DECAY, SNARE_DECAY = (5, 2), (11, 7, 4, 2)

LOWEST_HZ, HIGHEST_HZ = 50.0, 16_000.0
FLOOR_DB = -70.0
ROWS = 120


def tune() -> ExprScore:
    """Four bars: a lead that decays and changes its duty, its echo, a bouncing bass, drums."""
    score = np.zeros((STEPS, 4, 3), dtype=np.uint8)
    for first, steps, note in LEAD:
        for age in range(steps):
            score[first + age, Voice.P1] = (note, LEAD_DECAY[age], 2 if age < 2 else 1)
            if first + age + ECHO_STEPS < STEPS:
                score[first + age + ECHO_STEPS, Voice.P2] = (note, ECHO_DECAY[age], 0)
    for step in range(0, STEPS, 4):
        root = [note for first, note in BASS if first <= step][-1]
        score[step : step + 3, Voice.TR, 0] = root + 12 * (step // 4 % 2)
    for step in range(0, STEPS, 4):
        note, decay = (SNARE, SNARE_DECAY) if step % 16 == 8 else (HAT, HAT_DECAY)
        for age, velocity in enumerate(decay):
            score[step + age, Voice.NO] = (note, velocity, 0)
    return ExprScore(RATE, round(STEPS / RATE * VGM_RATE), score)


def save(score: ExprScore | SeprScore, name: str) -> Path:
    """Write the score as an npz."""
    path = HERE / f"{name}.npz"
    np.savez_compressed(path, rate=score.rate, nsamps=score.nsamps, score=score.score)
    return path


def read_wav(path: Path) -> npt.NDArray[np.float64]:
    """Samples of a 16-bit mono file, in its units."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64)


def draw(ax: Axes, samples: npt.NDArray[np.float64], title: str) -> Any:
    """A spectrogram: 23 ms windows, decibels below a full-scale sine."""
    window, hop = 1024, 384
    padded = np.pad(samples / 32768.0, window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    shape = np.hanning(window)
    power = np.abs(np.fft.rfft(frames * shape, n=4 * window)) / (shape.sum() / 2)
    hz = np.geomspace(LOWEST_HZ, HIGHEST_HZ, ROWS)
    bins = np.round(hz * 4 * window / VGM_RATE).astype(int)
    decibels = np.round(20 * np.log10(np.maximum(power[:, bins], 1e-9))).T
    seconds = np.arange(len(frames)) * hop / VGM_RATE
    image = ax.pcolormesh(
        seconds, hz, decibels, cmap="magma", vmin=FLOOR_DB, vmax=-10, rasterized=True
    )
    ax.set_yscale("log")
    ax.set_yticks([100, 1000, 10_000], labels=["100 Hz", "1 kHz", "10 kHz"])
    ax.set_title(title, loc="left", fontsize=10)
    return image


def picture(panels: list[tuple[npt.NDArray[np.float64], str]], name: str) -> None:
    """Spectrograms one above the other, on one scale of time and level."""
    figure = Figure(figsize=(9, 0.6 + 2.1 * len(panels)), layout="constrained")
    axes = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for ax, (samples, title) in zip(axes, panels, strict=True):
        image = draw(ax, samples, title)
    axes[-1].set_xlabel("seconds")
    figure.colorbar(image, ax=axes, label="dB below full scale", fraction=0.03)
    figure.savefig(HERE / f"{name}.png", dpi=80)


def oracle() -> None:
    """Render the oracle's score, and put the genuine renderer's samples beside it."""
    with np.load(GOLDEN / f"{ORACLE}.npz") as golden:
        genuine = golden["samples"].astype("<i2")
    score = loads_npz((GOLDEN / f"{ORACLE}.npz").read_bytes())
    source, ours = save(score, "oracle"), HERE / "oracle-ours.wav"
    render(RenderOptions(source, ours, dc=True), print)
    theirs = HERE / "oracle-vgm2wav.wav"
    theirs.write_bytes(wav_head(2 * len(genuine), VGM_RATE) + genuine.tobytes())
    mine, other = read_wav(ours), read_wav(theirs)
    print(f"largest difference between ours and vgm2wav's: {np.abs(mine - other).max():.0f}")
    mean = mine.mean()
    picture(
        [
            (mine - mean, "nesvae_live"),
            (other - mean, "VGMPlay's vgm2wav, as nesmdb calls it"),
            (mine - other, "the difference"),
        ],
        "oracle",
    )


def main() -> int:
    """Make everything."""
    expressive = tune()
    flat = expressive_to_separated(expressive)
    panels = []
    for score, name, title in (
        (flat, "tune-flat", "separated: every note at full volume, 12.5 % duty"),
        (expressive, "tune-expressive", "expressive: velocities and duties as written"),
    ):
        wav = HERE / f"{name}.wav"
        render(RenderOptions(save(score, name), wav), print)
        panels.append((read_wav(wav), title))
    picture(panels, "tune")
    oracle()
    return 0


if __name__ == "__main__":
    sys.exit(main())
