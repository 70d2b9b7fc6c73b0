"""The page's colours can be read, in the light and in the dark (WCAG 2.2, level AA)."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

STYLE = Path(__file__).parents[2] / "nesvae_live" / "panel" / "page" / "style.css"
READABLE, VISIBLE = 4.5, 3.0
THEMES = re.findall(r"color-scheme: (\w+);((?:\s*--\w+: [^;]+;)+)", STYLE.read_text())


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_there_is_a_dark_theme_and_a_light_one_which_is_the_same_by_either_way() -> None:
    assert [name for name, _ in THEMES] == ["dark", "light", "light"]
    assert colours(THEMES[1][1]) == colours(THEMES[2][1])


@pytest.mark.parametrize("block", [THEMES[0][1], THEMES[1][1]], ids=["dark", "light"])
def test_letters_and_voices_stand_out(block: str) -> None:
    theme = colours(block)
    for letters, ground in product(("ink", "faint", "accent", "trouble"), ("panel", "paper")):
        assert contrast(theme[letters], theme[ground]) >= READABLE, (letters, ground)
    for letters in ("ink", "faint"):
        assert contrast(theme[letters], theme["raised"]) >= READABLE, letters
    for voice in ("P1", "P2", "TR", "NO"):
        assert contrast(theme[voice], theme["panel"]) >= VISIBLE, voice
