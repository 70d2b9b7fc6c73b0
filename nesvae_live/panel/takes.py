"""The takes beside the one that is being recorded, for who wants to hear and to have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, PICTURE_NAME, SOUND_NAME
from nesvae_live.take.takes import TakeError, TakeState, find_takes, inspect_take

FILES = (MIDI_NAME, SOUND_NAME, PICTURE_NAME, LOG_NAME)
MOST = 100
"""Takes that are listed, the newest."""


def list_takes(playing: Path) -> list[dict[str, Any]]:
    """What there is to say of each take in the folder where `playing` is, the newest first.

    Returns:
        `name`, `state`, `seconds`, `bars`, `tempo`, `megabytes`, and `files` that can be had: of one
        that is being recorded there are none.
    """
    try:
        found = find_takes(playing.parent)
    except TakeError:
        return []
    listed = []
    for folder in reversed(found[-MOST:]):
        info = inspect_take(folder)
        recorded = info.state is not TakeState.PLAYING
        listed.append(
            {
                "name": folder.name,
                "state": str(info.state),
                "seconds": round(info.seconds, 1),
                "bars": info.bars,
                "tempo": None if info.opened is None else round(info.opened.tempo),
                "megabytes": round(info.n_bytes / 1e6, 1),
                "files": [f for f in FILES if recorded and (folder / f).is_file()],
            }
        )
    return listed


def find_file(playing: Path, take: str, name: str) -> Path | None:
    """A file of a take in the folder where `playing` is; None if there is none that can be had."""
    jams = playing.parent
    if name not in FILES or Path(take).name != take or take in {"", ".", ".."}:
        return None
    folder = jams / take
    if not (folder / LOG_NAME).is_file() or inspect_take(folder).state is TakeState.PLAYING:
        return None
    path = folder / name
    return path if path.is_file() else None
