"""What an evaluation leaves behind: its figures as JSON, and the report; part by part, if wanted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from nesvae_live import NesvaeError
from nesvae_live.evaluation.bootstrap import to_json
from nesvae_live.evaluation.song.songevaluate import EVERYTHING, SongEvaluation
from nesvae_live.evaluation.song.songreport import write_song_report


def write_evaluation(
    evaluation: SongEvaluation, out: Path | None, report: Path | None
) -> Path | None:
    """Write the figures to `out` (None: print them), and the report into the folder `report`.

    If only some parts were measured the figures of the others that `out` has stay there.

    Returns:
        The report's page; None if none was asked for, or parts are missing for it.

    Raises:
        NesvaeError: the figures that `out` has are no such figures, or of something else; or
            something cannot be written.
    """
    try:
        if evaluation.parts != EVERYTHING and out is not None and out.exists():
            before = json.loads(out.read_text(encoding="utf-8"))
            evaluation = replace(evaluation, figures=join_parts(before, evaluation.figures))
        text = to_json(evaluation.figures)
        if out is None:
            print(text, end="")
        else:
            out.write_text(text, encoding="utf-8")
        return None if report is None else write_song_report(evaluation, report)
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise NesvaeError(f"{out} has no figures; name another file for --json") from None
    except OSError as error:
        raise NesvaeError(f"{error.filename}: {error.strerror}") from None


def join_parts(before: Any, now: dict[str, Any]) -> dict[str, Any]:
    """The figures of parts that were measured before, and of those that are measured now.

    Raises:
        NesvaeError: they are of another checkpoint, of other songs, or measured otherwise.
    """
    earlier = before.get("about") if isinstance(before, dict) else None
    about = now["about"]
    if not isinstance(earlier, dict) or not earlier.keys() >= about.keys():
        raise NesvaeError("there are no such figures to go on from; name another file for --json")
    for name, value in about.items():
        if name not in {TRAIN, PLAN} and earlier[name] != value:
            raise NesvaeError(
                f"the figures there are of another {name} ({earlier[name]}, now {value}); name "
                "another file for --json"
            )
    figures: dict[str, Any] = before | now
    of_both = {TRAIN: about[TRAIN] or earlier[TRAIN], PLAN: earlier[PLAN] | about[PLAN]}
    return figures | {"about": about | of_both}


TRAIN, PLAN = "train_sha256", "plan"
"""Of the songs that only one part needs; and how much was measured of each part."""
