"""What a performance begins with, as if somebody asked for it first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any

from nesvae_live.control.gestureinputs import GoRound, SetAnswer, SetAuto, SetChords
from nesvae_live.control.reply import Reply
from nesvae_live.engine.phrases.request import Item
from nesvae_live.latent.given import Answer

WALK, ROUND = "walk", "round"
"""What `--auto` does: walk over the map, or go round the snapshots."""


def begin_with(
    inbox: SimpleQueue[Item],
    now: float,
    warn: Callable[[str], None],
    *,
    auto: str | None,
    answer: str | None,
    chords: int | None,
) -> None:
    """Ask at `now` seconds for the auto mode, for answers, and for chords on a MIDI channel, from 1.

    `warn` is told why something can't be had.
    """

    def warned(what: str) -> Reply:
        def told(answer: Mapping[str, Any]) -> None:
            if not answer["ok"]:
                warn(f"{what}: {answer['error']}")

        return told

    if auto == WALK:
        inbox.put(SetAuto(on=True, at=now))
    elif auto == ROUND:
        inbox.put(GoRound(on=True, bars=None, at=now, reply=warned(f"--auto {ROUND}")))
    if answer is not None:
        inbox.put(SetAnswer(Answer(answer), at=now, reply=warned(f"answer {answer}")))
    if chords is not None:
        inbox.put(SetChords(chords - 1, at=now, reply=warned(f"chords {chords}")))
