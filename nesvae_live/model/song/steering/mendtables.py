"""The tables of log odds that ship, in `mends.json`: found on the train split (`benchmarks/marginals.py`).

What was chosen beside says docs/model.md, "What comes back".
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from nesvae_live.model.song.steering.marginals import (
    UNMENDED,
    Marginals,
    Mends,
    by_length,
    by_place,
)

WIDENED = {"place": by_place, "hold": by_length}
"""Tables that are kept smaller than they are used."""


def to_marginals(tables: dict[str, list[float]]) -> Marginals:
    """Tables by their names; one that isn't there says nothing."""
    known = {name: np.array(table, np.float64) for name, table in tables.items()}
    return UNMENDED._replace(
        **{
            name: WIDENED[name](table) if name in WIDENED else table.astype(np.float32)
            for name, table in known.items()
        }
    )


def read_mends(file: Path) -> dict[str, Mends]:
    """All of a file: of each sampling the tables of music in a metre, and of free music."""
    kept = json.loads(file.read_text(encoding="utf-8"))
    return {
        name: Mends(to_marginals(kinds["metre"]), to_marginals(kinds["free"]))
        for name, kinds in kept.items()
    }


MENDS_FILE = Path(__file__).with_name("mends.json")
_SHIPPED = read_mends(MENDS_FILE)
MENDS = _SHIPPED["recalls"]
"""Those of now."""
OF_METRE = _SHIPPED["heeds_metre"]
"""Those of takes whose sampling heeds the metre, and doesn't recall (`Sampling.recalls`)."""
OF_BEFORE = _SHIPPED["calibrated"]
"""Those of takes whose sampling heeds the metre neither."""
