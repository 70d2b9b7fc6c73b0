"""Make the page's eight minutes: untouched, the auto mode, and knobs turned every eight bars.

    python docs/listening/minutes.py

Played by the live decoder at 120 BPM as the instrument plays, from a bar line, nothing chosen among several
tries: `minutes-NAME.opus` (the notes alone, on the chip, without patches or drums), `minutes-NAME.png` and
`minutes-NAME.mid` beside this file. It needs opusenc (Debian: opus-tools).
"""

# ruff: noqa: INP001, S603 - a script

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from nesvae_live.app.files.piece import Piece, write_piece_midi, write_piece_picture
from nesvae_live.app.files.render import RenderOptions, render
from nesvae_live.engine.phrases.inference import draws
from nesvae_live.latent.attributes import ATTRIBUTES, N_ATTRIBUTES
from nesvae_live.latent.decoding import QUOTE, SAMPLING, Asked
from nesvae_live.latent.space import value_to_coordinate
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.metre.place import TICKS_PER_BEAT, place_of
from nesvae_live.music.phrase import TUPLES_PER_PHRASE, Ints, symbols_to_tuples
from nesvae_live.paths import find_checkpoint

HERE = Path(__file__).parent
SEEDS = {"untouched": 1, "auto": 2, "knobs": 3}
MINUTES = 8
TICKS = MINUTES * 120 * TICKS_PER_BEAT
EIGHT_BARS = 8 * 4 * TICKS_PER_BEAT
KBITS = 28
TURNS: tuple[dict[str, float], ...] = (
    {},
    {"density": 0.85},
    {"density": 0.2},
    {"density": 0.5, "register": 0.85},
    {"register": 0.2},
    {"regularity": 0.9},
    {"regularity": 0.9, "consonance": 0.9},
    {"polyphony": 0.15},
    {"polyphony": 0.9, "bass": 0.9},
    {"motion": 0.85},
    {"motion": 0.15, "focus": 0.8},
    {},
)
"""What is set for eight bars each, by turns; everything else is released."""


def play(checkpoint: SongCheckpoint, critic: SongCritic, how: str) -> tuple[Ints, list[str]]:
    """`[n, 13, 4]`: eight minutes of phrases, and what was turned with each."""
    reach = checkpoint.quantiles.reach()
    state, seed = critic.initial_state(place_of(0, 4)), SEEDS[how]
    phrases, marks, played, before = [], [], 0, ""
    while played < TICKS:
        knobs = TURNS[played // EIGHT_BARS % len(TURNS)] if how == "knobs" else {}
        hands = np.zeros(critic.latent, np.float32)
        z = np.zeros(critic.latent, np.float32)
        for i, spec in enumerate(ATTRIBUTES):
            if spec.name in knobs:
                hands[i], z[i] = 1.0, value_to_coordinate(knobs[spec.name], *reach[i])
        quote = float(checkpoint.about.get("quote", QUOTE))
        start = state.asked(Asked(state.place, quote, hands=hands))
        start, z = critic.compose(start, z, hands > 0, (seed, len(phrases)))
        mask = hands[:N_ATTRIBUTES] if how == "knobs" else np.ones(N_ATTRIBUTES, np.float32)
        decoded = critic.decode(z, mask, start, draws(seed, len(phrases)), SAMPLING)
        state = decoded.state(TUPLES_PER_PHRASE)
        phrases.append(symbols_to_tuples(decoded.symbols))
        played += int(phrases[-1][:, 3].sum())
        now = ", ".join(f"{name} {value:g}" for name, value in knobs.items())
        marks.append(now if now != before else "")
        before = now
    return np.stack(phrases), marks


def main() -> int:
    """Play, draw, render, encode."""
    checkpoint = load_song_checkpoint(find_checkpoint(None))
    critic = make_decoder(checkpoint)
    for how in ("untouched", "auto", "knobs"):
        phrases, marks = play(checkpoint, critic, how)
        piece = Piece(
            phrases, marks, title=f"{MINUTES} minutes at 120 BPM: {how}, seed {SEEDS[how]}"
        )
        path = HERE / f"minutes-{how}"
        write_piece_midi(piece, path.with_suffix(".mid"))
        write_piece_picture(piece, path.with_suffix(".png"), line_seconds=60.0)
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "sound.wav"
            render(RenderOptions(path.with_suffix(".mid"), wav), print)
            command = ["opusenc", "--quiet", "--bitrate", str(KBITS), "--hard-cbr"]
            subprocess.run([*command, str(wav), str(path.with_suffix(".opus"))], check=True)
        print(path.with_suffix(".opus"), path.with_suffix(".opus").stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
