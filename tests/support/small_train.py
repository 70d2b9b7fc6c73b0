"""The command line with a small network: what torchrun starts in tests/test_ranks.py."""

from __future__ import annotations

import sys

from nesvae_live.cli.main import main
from nesvae_live.model.checkpoint import ModelConfig

SMALL = ModelConfig(embedding=6, encoder_hidden=12, hidden=16, layers=2, head_hidden=12, style=4)

if __name__ == "__main__":
    from nesvae_live.training import train

    train.ModelConfig = lambda: SMALL  # type: ignore[assignment,attr-defined,misc]
    raise SystemExit(main(sys.argv[1:]))
