"""What is compiled beside the decoder at the first start, and never again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nesvae_live.app.start import beside
from nesvae_live.model.song.songcheckpoint import save_song_checkpoint
from tests.support.tiny import tiny_checkpoint

FIRST = """
import sys
from pathlib import Path
from nesvae_live.app.start.beside import compiled_beside, is_kept
from nesvae_live.chip.kernel import render_chip
from nesvae_live.model.encoder import _run
print(is_kept(render_chip), is_kept(_run))
with compiled_beside(Path(sys.argv[1])):
    print("the decoder")
print(is_kept(render_chip), is_kept(_run))
"""


@pytest.mark.slow
def test_at_the_first_start_the_chip_and_the_encoder_are_kept_when_the_decoder_is_compiled(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tiny.safetensors"
    save_song_checkpoint(path, tiny_checkpoint())
    done = subprocess.run(
        [sys.executable, "-c", FIRST, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=110,
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")},
    )
    assert done.stdout.splitlines() == ["False False", "the decoder", "True True"]


def test_what_is_kept_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "is_kept", lambda _: True)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    with beside.compiled_beside(Path("any.safetensors")):
        pass


def test_what_goes_wrong_beside_costs_nothing_but_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "is_kept", lambda _: False)
    with beside.compiled_beside(Path("/nowhere/none.safetensors")):
        done = True
    assert done


def test_after_an_update_it_compiles_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kernel.render_chip-1.nbi"
    kept.touch()
    monkeypatch.setattr(beside, "kept", lambda _: iter((kept,)))
    assert not beside.compiles_first()
    os.utime(kept, (0, 0))
    assert beside.compiles_first()
    monkeypatch.setattr(beside, "kept", lambda _: iter(()))
    assert beside.compiles_first()
