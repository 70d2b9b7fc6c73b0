"""A cue: what is to change together on a line."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.engine.inference import Result
from nesvae_live.engine.placedphrase import Book
from nesvae_live.latent.setting import Setting


@dataclass(frozen=True, slots=True)
class Cue:
    """From beat `line` on everything stands as in `setting`, because of `why`.

    `phrase` is what plays from there: one that came from the decoder, or one that was played
    before; None: what would have.
    """

    line: float
    setting: Setting
    why: str
    phrase: Result | Book | None = None
