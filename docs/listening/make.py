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

from nesvae_live.app.files.render import RenderOptions, render
from nesvae_live.chip.nesmdb import ExprScore, SeprScore
from nesvae_live.chip.npzscore import loads_npz
from nesvae_live.chip.vgm.registerlog import VGM_RATE
from nesvae_live.latent.performing import Passage, Touch
from nesvae_live.log.codec import entry_to_line
from nesvae_live.log.entries import Closed, Entry, Opened, Sent
from nesvae_live.model.performer.performer import Performer
from nesvae_live.model.performer.performerfile import load_performer
from nesvae_live.music.drums import DRUM_PATCHES
from nesvae_live.music.events import Event, NoteEvent, NoteOff, NoteOn
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, steps_to_tuples
from nesvae_live.music.shaper import Shaper
from nesvae_live.music.voices import Voice
from nesvae_live.paths import find_performer
from nesvae_live.presets.preset import load_preset
from nesvae_live.take.wav import wav_head

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "tests" / "golden" / "oracle"
ORACLE = "held_note_changes"

RATE = 24.0
STEPS = 128  # 4 bars, a sixteenth is 2 steps
TEMPO = 180.0
PATCHES = {Voice.P1: "lead", Voice.P2: "comp", Voice.TR: "bass"}  # hand-made

# Lead: (first step, steps, note). A minor; the last bar is its dominant, and home.
LEAD = (
    *((0, 6, 69), (6, 2, 71), (8, 6, 72), (14, 2, 71), (16, 4, 69), (20, 4, 76), (24, 8, 74)),
    *((32, 6, 72), (38, 2, 71), (40, 6, 69), (46, 2, 67), (48, 4, 69), (52, 4, 64), (56, 8, 67)),
    *((64, 6, 77), (70, 2, 76), (72, 6, 74), (78, 2, 72), (80, 4, 71), (84, 4, 74), (88, 8, 76)),
    *((96, 4, 76), (100, 4, 80), (104, 4, 83), (108, 4, 80), (112, 14, 81)),
)
BASS = ((0, 45), (32, 41), (64, 38), (80, 43), (96, 40), (112, 45))  # first step, root
ECHO_STEPS = 3
SEED = 1
"""Of the performer's draws."""
KICK, SNARE, HAT = 4, 12, 15  # noise notes

GALLERY = (
    *("steady", "lead", "flute", "trumpet", "strings", "pluck"),
    *("piano", "bell", "echo", "tremolo", "siren", "minor"),
)
MOTIF = ((0.0, 0.15, 69), (0.15, 0.3, 72), (0.3, 0.85, 76))  # seconds: begin, end, note
MOTIF_SECONDS = 1.0

Timed = tuple[float, NoteEvent]

LOWEST_HZ, HIGHEST_HZ = 50.0, 16_000.0
FLOOR_DB = -70.0
ROWS = 120


def tune() -> SeprScore:
    """Four bars, notes alone: a lead, its echo, a bouncing bass, drums."""
    score = np.zeros((STEPS, 4), dtype=np.uint8)
    for first, steps, note in LEAD:
        score[first : first + steps, Voice.P1] = note
        score[first + ECHO_STEPS : first + ECHO_STEPS + steps, Voice.P2] = note
    for step in range(0, STEPS, 4):
        root = [note for first, note in BASS if first <= step][-1]
        score[step : step + 3, Voice.TR] = root + 12 * (step // 4 % 2)
        drum = {0: KICK, 8: SNARE}.get(step % 16, HAT)
        score[step : step + 3, Voice.NO] = drum
    return SeprScore(RATE, round(STEPS / RATE * VGM_RATE), score)


def score_to_events(score: SeprScore) -> list[Timed]:
    """Where notes begin and end, in seconds."""
    events: list[Timed] = []
    for voice in Voice:
        held = 0
        for step, note in enumerate([*score.score[:, voice].tolist(), 0]):
            if note == held:
                continue
            if held:
                events.append((step / RATE, NoteOff(voice, held)))
            if note:
                events.append((step / RATE, NoteOn(voice, note)))
            held = note
    return sorted(events, key=lambda timed: (timed[0], isinstance(timed[1], NoteOn)))


def shape(events: list[Timed], patches: dict[Voice, str]) -> list[tuple[float, Event]]:
    """What the patches make of notes, as they do while playing."""
    bank = load_preset().bank
    shaper = Shaper({v: bank.patches[name] for v, name in patches.items()}, DRUM_PATCHES)
    shaped: list[tuple[float, Event]] = []
    for at in sorted({at for at, _ in events}):
        shaped += shaper.due(at, {})
        together = [event for when, event in events if when == at]
        shaped += [(at, event) for event in shaper.take(together, at, {})]
    return shaped + shaper.due(events[-1][0] + 10.0, {})


def perform(score: SeprScore) -> list[tuple[float, Event]]:
    """What the performer makes of the pulses, with the default patches' vibrato; the bass as there.

    Its steps are told as ticks of no metre; one seed, nothing chosen among several.
    """
    bank = load_preset().bank
    shaper = Shaper({v: bank.patches[name] for v, name in PATCHES.items()}, DRUM_PATCHES)
    performer = Performer(load_performer(find_performer()))
    rows = steps_to_tuples(score.score[:, :3])
    tuples = [(int(a), int(b), int(c), int(d)) for a, b, c, d in rows]
    touches: dict[int, list[Touch]] = {}
    past: tuple[Any, ...] = ()
    step, before = 0, (0, 0, 0)
    for i in range(0, len(tuples), TUPLES_PER_PHRASE):
        phrase = tuple(tuples[i : i + TUPLES_PER_PHRASE])
        played = performer.perform(Passage(phrase, FREE, step, before, past, (SEED, i)))
        starts = np.cumsum([0, *(held for *_, held in phrase)]) + step
        for touch in played.touches:
            touches.setdefault(int(starts[touch.number]), []).append(touch)
        past, step, before = played.until(len(phrase)), int(starts[-1]), phrase[-1][:3]
    events = score_to_events(score)
    shaped: list[tuple[float, Event]] = []
    for at in sorted({at for at, _ in events}):
        shaped += shaper.due(at, {})
        for touch in touches.get(round(at * RATE), []):
            shaper.touch(touch.voice, touch.volume, touch.duty)
        together = [event for when, event in events if when == at]
        shaped += [(at, event) for event in shaper.take(together, at, {})]
    return shaped + shaper.due(events[-1][0] + 10.0, {})


def save_jam(events: list[tuple[float, Event]], seconds: float, name: str) -> Path:
    """Write events as the log of a jam."""
    beats = seconds * TEMPO / 60
    opened = Opened(
        at=0.0,
        started="2026-11-23T12:00:00",
        tempo=TEMPO,
        meter="4/4",
        beats_per_bar=4.0,
        sample_rate=VGM_RATE,
        seed=0,
        checkpoint="",
        checkpoint_sha256="",
        preset="default",
        settings={},
        versions={},
    )
    sent = [
        Sent(at, at * TEMPO / 60, event, number)
        for number, (at, event) in enumerate(events)
        if at < seconds
    ]
    path = HERE / f"{name}.jsonl"
    entries: tuple[Entry, ...] = (opened, *sent, Closed(seconds, beats, "written for this page"))
    path.write_bytes(b"".join(entry_to_line(entry) for entry in entries))
    return path


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


def flat_and_patched() -> None:
    """Render the tune as a separated score, and as the default patches play it."""
    score = tune()
    seconds = STEPS / RATE
    sources = (
        (save(score, "tune-flat"), "flat: every note at full volume, 12.5 % duty"),
        (
            save_jam(shape(score_to_events(score), PATCHES), seconds, "tune-patched"),
            "patched: lead, comp, bass and the drums' own",
        ),
        (
            save_jam(perform(score), seconds, "tune-performed"),
            "performed: both pulses by the performer, the rest as above",
        ),
    )
    panels = []
    for source, title in sources:
        wav = source.with_suffix(".wav")
        render(RenderOptions(source, wav), print)
        panels.append((read_wav(wav), title))
    picture(panels, "tune")


def gallery() -> None:
    """One motif in one patch after the other."""
    shaped: list[tuple[float, Event]] = []
    for i, name in enumerate(GALLERY):
        events: list[Timed] = []
        for begin, end, note in MOTIF:
            at = i * MOTIF_SECONDS
            events += [(at + begin, NoteOn(Voice.P1, note)), (at + end, NoteOff(Voice.P1, note))]
        last = (i + 1) * MOTIF_SECONDS
        shaped += [
            (at, e)
            for at, e in shape(events, {Voice.P1: name})
            if at < last or isinstance(e, NoteOff)
        ]
    source = save_jam(shaped, len(GALLERY) * MOTIF_SECONDS, "gallery")
    wav = source.with_suffix(".wav")
    render(RenderOptions(source, wav), print)
    half = len(GALLERY) // 2
    cut = round(half * MOTIF_SECONDS * VGM_RATE)
    samples = read_wav(wav)
    rows = [
        (samples[:cut], " · ".join(GALLERY[:half])),
        (samples[cut : 2 * cut], " · ".join(GALLERY[half:])),
    ]
    picture(rows, "gallery")


def main() -> int:
    """Make everything."""
    flat_and_patched()
    gallery()
    oracle()
    return 0


if __name__ == "__main__":
    sys.exit(main())
