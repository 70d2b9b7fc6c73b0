"""A MIDI file that somebody drops on the page: its phrases, each of which can be played from; its style."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from nesvae_live.io.ownprocess import own_command
from nesvae_live.music.phrase import N_VOICES, TUPLES_PER_PHRASE
from nesvae_live.paths import STYLE_SUFFIX, user_styles_dir

LARGEST = 1 << 20
"""Bytes of a file: more is no piece of music."""

MOST_PHRASES = 200
"""Phrases that are shown, from the beginning."""

LONGEST_NAME = 40
"""Letters of a style's name."""
ADOPT_SECONDS = 120.0


def read_phrases(data: bytes) -> dict[str, Any]:
    """The phrases of a MIDI file, any tempo and any instruments.

    Returns:
        `phrases`, each up to 13 tuples (the notes of P1, P2 and TR, 0 for none, and how many ticks
        they last, 12 a beat); `more`, how many there are beyond those; `said`, a line each, what
        was left out of the file or changed.

    Raises:
        ValueError: it is no MIDI file, or has no note of P1, P2 or TR in it; one line.
    """
    from nesvae_live.chip.smf.reading import midi_to_tuples

    said: list[str] = []
    tuples = midi_to_tuples(data, said.append)
    if not (tuples[:, :N_VOICES] > 0).any():
        raise ValueError("it has no notes for P1, P2 or TR")
    rows = tuples.tolist()
    phrases = [rows[i : i + TUPLES_PER_PHRASE] for i in range(0, len(rows), TUPLES_PER_PHRASE)]
    return {
        "phrases": phrases[:MOST_PHRASES],
        "more": max(len(phrases) - MOST_PHRASES, 0),
        "said": said,
    }


def adopt(data: bytes, file_name: str, checkpoint: str) -> dict[str, Any]:
    """Make a style of a MIDI file, as `nesvae-live adopt` does, in a process of its own that has to wait.

    Args:
        data: the file.
        file_name: its name, after which the style is called.
        checkpoint: the checkpoint's name or file; "" for the shipped one.

    Returns:
        `style`, its name, under which it can be chosen; `said`, what there is to say of it, a line each.

    Raises:
        ValueError: no style can be made of it; one line.
    """
    name = style_name(file_name)
    command, environment = own_command("__main__")
    if (nice := shutil.which("nice")) is not None:
        command = [nice, "-n", "10", *command]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.mid"
        file.write_bytes(data)
        command += ["adopt", str(file), "--out", name]
        command += ["--checkpoint", checkpoint] if checkpoint else []
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                command,
                env=environment,
                capture_output=True,
                text=True,
                timeout=ADOPT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ValueError(f"it took longer than {ADOPT_SECONDS:.0f} s to adopt it") from None
        lines = [line.replace(f"{folder}/", "") for line in done.stderr.splitlines()]
    if done.returncode != 0:
        raise ValueError(lines[-1] if lines else "it could not be adopted")
    return {"style": name, "said": lines}


def style_name(file_name: str) -> str:
    """A name for the style of a file, as near to the file's as can be; no style has it yet."""
    stem = re.sub(r"[^\w .-]+", "", Path(file_name).stem).strip(" .-")[:LONGEST_NAME] or "dropped"
    taken = {path.name for path in user_styles_dir().glob(f"*{STYLE_SUFFIX}")}
    names = (stem, *(f"{stem} {n}" for n in range(2, len(taken) + 3)))
    return next(name for name in names if f"{name}{STYLE_SUFFIX}" not in taken)
