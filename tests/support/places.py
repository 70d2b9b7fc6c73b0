"""Where the repository's folders are, for tests."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PRESETS = ROOT / "presets"
GOLDEN = ROOT / "tests" / "golden"
ORACLE = GOLDEN / "oracle"
"""Scores, with nesmdb's VGM and the samples of its renderer."""

RELEASE = GOLDEN / "release"
"""What release 0.1.0 wrote and understood."""
