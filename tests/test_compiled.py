"""Where neither the installation nor the home can be written, it runs all the same."""

from __future__ import annotations

import ast
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nesvae_live
from nesvae_live import compiled
from nesvae_live.compiled import COMPILED, OURS, SOURCES, VARIABLE, forget_outdated, keep_compiled

PACKAGE = Path(nesvae_live.__file__).parent


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A copy of the package, and an environment for it, in which nothing can be kept.

    Where there must be a folder there is a file: that keeps out who may write anywhere, too.
    """
    site = tmp_path / "site"
    site.mkdir()
    for name in ("presets", "checkpoints"):
        (site / name).symlink_to(PACKAGE.parent / name)
    shutil.copytree(PACKAGE, site / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    for room in COMPILED:
        (site / PACKAGE.name / room / "__pycache__").write_text("")
    home = tmp_path / "home"
    home.write_text("")
    there = {"HOME": str(home), "PYTHONPATH": str(site), "TMPDIR": str(tmp_path)}
    kept = {k: v for k, v in os.environ.items() if k not in {VARIABLE, OURS, "XDG_CACHE_HOME"}}
    return site, kept | there


def run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=environment["TMPDIR"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_command_runs_where_nothing_can_be_kept(
    sealed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    site, environment = sealed
    assert "korg" in run(environment, "-m", "nesvae_live", "presets", "list")
    code = "import nesvae_live.chip.kernel as k; print(k.__file__, k.render_chip.stats.cache_path)"
    file, kept = run(environment, "-c", code).split()
    assert Path(file).is_relative_to(site)
    folder = tmp_path / f"nesvae_live-{os.getuid()}"
    assert Path(kept).is_relative_to(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert run(environment, "-c", code).split() == [file, kept]


def test_a_folder_of_somebody_else_s_is_not_used(
    sealed: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """Who can put files there could have us run what he likes."""
    _, environment = sealed
    folder = tmp_path / f"nesvae_live-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    code = "import os, nesvae_live; print(os.environ['NUMBA_CACHE_DIR'])"
    assert Path(run(environment, "-c", code).strip()) != folder
    folder.rmdir()
    folder.symlink_to(tmp_path)
    assert Path(run(environment, "-c", code).strip()) != folder


def test_what_can_be_kept_where_it_belongs_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(OURS, raising=False)
    for writable in (PACKAGE / "chip" / "__pycache__", compiled._home_cache()):
        monkeypatch.setattr(
            compiled,
            "_can_write",
            lambda folder, w=writable: PACKAGE in folder.parents or folder == w,
        )
        keep_compiled()
        assert VARIABLE not in os.environ
    assert not compiled.is_temporary()


def test_matplotlib_has_a_folder_too(sealed: tuple[Path, dict[str, str]]) -> None:
    _, environment = sealed
    code = "import nesvae_live.take.picture"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=environment["TMPDIR"],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert done.stderr == ""


def test_what_somebody_names_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/somewhere")
    monkeypatch.setattr(compiled, "_can_write", lambda _: False)
    keep_compiled()
    assert os.environ[VARIABLE] == "/somewhere"


def constants_of(file: Path) -> set[str]:
    """The modules of ours from which a file imports constants."""
    return {
        node.module.removeprefix("nesvae_live.").replace(".", "/")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ImportFrom)
        and node.module is not None
        and node.module.startswith("nesvae_live.")
        and any(alias.name.isupper() for alias in node.names)
    }


def test_all_that_is_compiled_and_its_constants_are_known() -> None:
    compiled_files = [f for f in PACKAGE.rglob("*.py") if "\n@njit" in f.read_text()]
    names = {f.relative_to(PACKAGE).with_suffix("").as_posix() for f in compiled_files}
    assert {name.rpartition("/")[0] for name in names} == set(COMPILED)
    read = names.union(*(constants_of(f) for f in compiled_files))
    assert read == {f"{room}/{name}" for room, files in SOURCES.items() for name in files}


def test_what_was_compiled_before_a_source_changed_is_forgotten(tmp_path: Path) -> None:
    now = time.time()
    for room, files in SOURCES.items():
        (tmp_path / room / "__pycache__").mkdir(parents=True)
        for name in files:
            (tmp_path / room / f"{name}.py").write_text("")
            os.utime(tmp_path / room / f"{name}.py", (now - 100, now - 100))
    kept = [
        tmp_path / "model/song/__pycache__" / f"songkernel.spell.{end}" for end in ("nbi", "nbc")
    ]
    other = tmp_path / "model/song/__pycache__/songkernel.pyc"
    for file in (*kept, other):
        file.write_text("")
        os.utime(file, (now - 50, now - 50))
    forget_outdated(tmp_path)
    assert all(file.exists() for file in kept)
    ahead = now + 3600
    os.utime(tmp_path / "model/gru.py", (ahead, ahead))
    forget_outdated(tmp_path)
    assert all(file.exists() for file in kept)
    os.utime(tmp_path / "model/song/steering/quote.py", (now - 10, now - 10))
    forget_outdated(tmp_path)
    assert [file.exists() for file in (*kept, other)] == [False, False, True]
