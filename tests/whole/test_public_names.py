"""The package's face: what its docstring shows can be run, and what it names is there."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import nesvae_live

HEAVY = ("torch", "numba", "pyo", "rtmidi", "mido", "matplotlib", "msgspec", "numpy")


@pytest.mark.parametrize("name", nesvae_live.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(nesvae_live, name)
    assert name in dir(nesvae_live)
    assert name == "__version__" or found.__doc__


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = nesvae_live.Nothing


def test_the_package_alone_loads_no_library() -> None:
    code = f"import sys, nesvae_live; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not done.stdout.split()


@pytest.mark.slow
def test_the_tour_in_the_docstring_plays_eight_bars_and_decodes_a_phrase(tmp_path: Path) -> None:
    lines = str(nesvae_live.__doc__).splitlines()
    tour = textwrap.dedent("\n".join(line for line in lines if not line or line.startswith("    ")))
    assert len([line for line in tour.splitlines() if line]) <= 12
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_MUSIC_DIR", "XDG_RUNTIME_DIR")
    home = dict.fromkeys(names, str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", tour],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        cwd=tmp_path,
        env=os.environ | home,
    )
    assert done.returncode == 0, done.stderr
    head, *rest = done.stdout.splitlines()
    assert head.startswith("8 bars [")
    assert len(rest) == 13
